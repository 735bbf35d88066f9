"""A stack's whole life by the command, against a real server: changed, replaced, failed, brought back, gone on with."""

import re
from pathlib import Path

import pytest

from tests.acceptance.bad_templates import VERSION
from tests.acceptance.command_line import CommandLine, until
from tests.acceptance.terminal import Terminal

TEMPLATE = (
    VERSION
    + """\
parameters:
  word: {type: string, default: one}
  kind: {type: string, default: first}
resources:
  base: {type: OS::Heat::TestResource, properties: {value: {get_param: word}, action_wait_secs: {delete: 600}}}
  whole: {type: OS::Heat::TestResource, properties: {value: x, update_replace_value: {get_param: kind}}}
  user: {type: OS::Heat::Value, properties: {value: [{get_attr: [base, output]}, {get_resource: whole}]}}
outputs:
  user: {value: {get_attr: [user, value]}}
"""
)
MORE = "  {name}: {{type: OS::Heat::TestResource, properties: {{{properties}}}}}\n"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("templates")

    def write(name: str, **more: str) -> None:
        lines = "".join(MORE.format(name=key, properties=properties) for key, properties in more.items())
        (folder / name).write_text(TEMPLATE.replace("outputs:\n", lines + "outputs:\n"))

    write("first.yaml")
    write("failing.yaml", extra="value: y", bad="value: z, fail: true")
    write("later.yaml", later="value: l")
    (folder / "hooks.yaml").write_text("resource_registry: {resources: {base: {hooks: pre-update}}}\n")
    write("never.yaml", never="action_wait_secs: {create: 600}")
    return folder


def said(text: str) -> list[str]:
    """``[stack.resource]: STATUS`` of each event, in order."""
    return re.findall(r"\[[^\]]+\]: [A-Z_]+", text)


def test_a_stack_is_changed_brought_back_gone_on_with_and_deleted(firebrick: CommandLine, folder: Path) -> None:
    wait = ("--wait", "-f", "value", "-c", "stack_status")
    update = ("stack", "update", "life")
    stack_id = firebrick("stack", "create", "life", "-t", folder / "first.yaml", "--wait", "-f", "value", "-c", "id")
    made = firebrick.resources("life")

    # In place, and what uses it; nothing else.
    done = firebrick.run(*update, "--existing", "--parameter", "word=two", *wait)
    assert (done.code, done.out) == (0, "UPDATE_COMPLETE\n"), done
    assert sorted({line.split("]")[0] for line in said(done.err)}) == ["[life", "[life.base", "[life.user"]
    typo = firebrick.run(*update, "--existing", "--parameter", "wrod=two", "--dry-run")
    assert (typo.code, typo.err.count("warning: the template has no parameter wrod; what was given for it is not")) == (
        0,
        1,
    )
    firebrick(*update, "--existing", "--parameter", "wrod=two", *wait)
    assert "wrod" not in firebrick("stack", "environment", "show", "life")
    changed = firebrick.resources("life")
    assert {name: one["physical_resource_id"] for name, one in changed.items() if name != "user"} == {
        name: one["physical_resource_id"] for name, one in made.items() if name != "user"
    }

    # Another takes its place, and the terminal shows both.
    terminal = {**firebrick.environment, "TERM": "xterm-256color"}
    with Terminal(terminal, *update, "-t", folder / "first.yaml", "--parameter", "kind=second", *wait) as seen:
        assert seen.end() == 0
        lines = [line for line in seen.screen if line]
    assert re.fullmatch(r"life  UPDATE_COMPLETE  4 of 4 changes done  \d+ s", lines[0])
    assert lines[1:5] == [
        "├─ base  UPDATE_COMPLETE  OS::Heat::TestResource",
        "├─ whole (replaced)  DELETE_COMPLETE  OS::Heat::TestResource",
        "├─ whole  CREATE_COMPLETE  OS::Heat::TestResource",
        "└─ user  UPDATE_COMPLETE  OS::Heat::Value",
    ]
    whole = firebrick.resources("life")["whole"]["physical_resource_id"]
    assert whole != made["whole"]["physical_resource_id"]
    assert firebrick.outputs("life")["user"] == ["one", whole]

    # What fails is rolled back, and is no success.
    done = firebrick.run(*update, "--existing", "-t", folder / "failing.yaml", "--on-failure", "rollback", *wait)
    assert (done.code, done.out) == (1, "ROLLBACK_COMPLETE\n"), done
    told = done.err[done.err.index("Stack life UPDATE_FAILED") :]
    assert "  root cause: bad (OS::Heat::TestResource" in told.splitlines()[1]
    assert re.search(r"^  rolled back: .*\bextra DELETE_COMPLETE\b", told, re.MULTILINE)
    assert sorted(firebrick.resources("life")) == ["base", "user", "whole"]
    back, failed = firebrick.rows("operation", "list", "life")[:2]
    assert (back["action"], back["state"], back["follows"]) == ("ROLLBACK", "DONE", failed["id"])

    # Or stays, and is brought back by hand.
    done = firebrick.run(*update, "--existing", "-t", folder / "failing.yaml", *wait)
    assert (done.code, done.out) == (1, "UPDATE_FAILED\n"), done
    assert "go back: firebrick stack rollback life" in done.err
    assert firebrick("stack", "rollback", "life", *wait) == "ROLLBACK_COMPLETE\n"

    # Stopped and brought back; stopped where it is, then gone on with.
    firebrick(*update, "--existing", "-t", folder / "never.yaml")
    until(lambda: "never" in firebrick.resources("life"), "the update has begun")
    asked = firebrick.run("stack", "cancel", "life")
    assert asked.code == 0 and "go on without them: firebrick stack cancel life --now" in asked.err
    assert firebrick.rows("operation", "list", "life")[0]["state"] == "RUNNING", "it waits for what never ends"
    assert firebrick("stack", "cancel", "life", "--now", *wait) == "ROLLBACK_COMPLETE\n"
    assert sorted(firebrick.resources("life")) == ["base", "user", "whole"]

    def waits() -> bool:
        return bool(firebrick.rows("stack", "hook", "poll", "life"))

    firebrick(*update, "--existing", "-t", folder / "later.yaml", "-e", folder / "hooks.yaml")
    until(waits, "the update waits at the hook")
    assert firebrick("stack", "cancel", "life", "--no-rollback", *wait) == "UPDATE_FAILED\n"
    firebrick("stack", "continue", "life")
    until(waits, "what goes on waits at the hook")
    firebrick("stack", "hook", "clear", "life", "base", "--pre-update")
    assert firebrick("stack", "wait", "life", *wait[1:]) == "UPDATE_COMPLETE\n"
    assert sorted(firebrick.resources("life")) == ["base", "later", "user", "whole"]

    # Deleted, but for one, whose own deletion would take ten minutes.
    done = firebrick.run("stack", "delete", "life", "--yes", "--retain", "base", "--wait")
    assert done.code == 0 and "[life.whole]: DELETE_COMPLETE" in done.err, done
    assert firebrick.record("stack", "show", stack_id.strip())["stack_status"] == "DELETE_COMPLETE"
