"""What every refusal owes its reader: what is wrong, where, what to do; and what it must not leave behind."""

import re

from tests.acceptance.command_line import CommandLine, Finished

SOURCE_LINE = re.compile(r"  +\d* \| ")
CODE = re.compile(r"\[([a-z0-9-]+)\]$")


def advice(told: str) -> list[str]:
    """The lines that say what to do: those below an error that are not the document's."""
    return [line.strip() for line in told.splitlines() if line.startswith("  ") and not SOURCE_LINE.match(line)]


def codes(told: str) -> list[str]:
    return [found[1] for line in told.splitlines() if line.startswith("error: ") and (found := CODE.search(line))]


def check_refusal(done: Finished, code: str, *says: str) -> None:
    """Exit code 1, the code, the words, some advice; nothing on standard output and nothing of our insides."""
    assert done.code == 1, done
    assert code in codes(done.err), done
    for words in says:
        assert words in done.err, f"{words!r} is not in:\n{done.err}"
    assert advice(done.err), f"it does not say what to do:\n{done.err}"
    assert len(done.err.splitlines()) == len([line for line in done.err.splitlines() if line.strip()]), done.err
    assert max(map(len, done.err.splitlines())) < 1000, f"nobody reads such a line:\n{done.err}"
    for inside in ("Traceback", ".py", "object at 0x", "unexpected"):
        assert inside not in done.err, done
    assert done.out == ""


class NothingLeft:
    """As a context: whatever is asked inside leaves no stack, operation, resource or event in the store."""

    def __init__(self, firebrick: CommandLine) -> None:
        self._firebrick = firebrick

    def __enter__(self) -> None:
        self._before = self._firebrick.stored()

    def __exit__(self, *_: object) -> None:
        assert self._firebrick.stored() == self._before
