"""What a run is told while it works, whoever tells it.

Anybody who may operate Temporal can send any signal to any run, with anything in it. A handler that raised would fail
the run, beside the commands of the same moment, which the server refuses, and asks again for ever. So handlers take
whatever comes: what can be read counts, of all else the run keeps a note, which its current details show.
"""

import re
from collections.abc import Sequence
from typing import Any

from temporalio import workflow
from temporalio.common import RawValue
from temporalio.exceptions import ApplicationError

from workflows.shown import MOST_LINES

# A key under which a resource waits: ``signal.<resource>``, ``nested.<operation>``. Of others nobody is woken.
_KEY = re.compile(r"(signal|nested)\..{1,300}", re.DOTALL)
_NAME = re.compile(r"[A-Za-z0-9_.:-]{1,60}")
_LARGEST = 2**31


class Notes:
    """What was not taken, and how often each; in the order in which it first came, so many at most."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}

    def add(self, text: str) -> None:
        if text in self._counts or len(self._counts) < MOST_LINES:
            self._counts[text] = self._counts.get(text, 0) + 1

    def lines(self) -> list[str]:
        return [text if count == 1 else f"{text} ({count} times)" for text, count in self._counts.items()]


class Inbox:
    """What a run of a stack action was told. An operation is named by its number in its stack; 0: none was named."""

    def __init__(self) -> None:
        self.notes = Notes()
        self.nudged = False
        """Since the store was asked last."""
        self.unnamed = False
        """A newer operation, or a cancel, and it was not said of which operation: the store knows."""
        self.newest = 0
        """The newest operation that was named."""
        self.cancel_unnamed = False
        self.cancel_of = 0
        """The newest operation whose cancel was told."""
        self.at_once_unnamed = False
        self.at_once_of = 0
        """The newest operation whose cancel does not wait for what is in progress."""

    def take_over(self, given: Sequence[Any]) -> None:
        seq = _number(given)
        if seq is None:
            self.notes.add("A signal `take_over` does not give an operation's number: left aside")
            return
        self.nudged = True
        self.unnamed = self.unnamed or not seq
        self.newest = max(self.newest, seq)

    def cancel(self, given: Sequence[Any], *, at_once: bool = False) -> None:
        seq = _number(given)
        if seq is None:
            name = "cancel_at_once" if at_once else "cancel"
            self.notes.add(f"A signal `{name}` does not give an operation's number: left aside")
        elif not seq:
            self.cancel_unnamed = True
            self.at_once_unnamed = self.at_once_unnamed or at_once
        else:
            self.cancel_of = max(self.cancel_of, seq)
            self.at_once_of = max(self.at_once_of, seq if at_once else 0)

    def wake(self, given: Sequence[Any]) -> str:
        """The key; "" when there is none that anybody could wait for."""
        key = given[0] if len(given) == 1 else None
        if isinstance(key, str) and _KEY.fullmatch(key):
            return key
        self.notes.add("A signal `wake` does not give a key under which a resource waits: left aside")
        return ""


def _number(given: Sequence[Any]) -> int | None:
    """An operation's number, 0 where nothing is given; None: that is no number."""
    if not given:
        return 0
    value = given[0]
    if len(given) == 1 and isinstance(value, int) and not isinstance(value, bool) and 0 <= value < _LARGEST:
        return value
    return None


class TakesNoOther:
    """A workflow that says of messages it does not know that it does not know them. takes: those that it does."""

    takes = "nothing"

    def unknown(self, text: str) -> None:
        """Tell whoever looks at the run."""
        workflow.set_current_details(text)

    @workflow.signal(dynamic=True)
    def other_signal(self, name: str, given: Sequence[RawValue]) -> None:
        """Left aside, with a note."""
        shown = f"`{name}`" if _NAME.fullmatch(name) else "of another name"
        self.unknown(f"A signal {shown} is not known here: left aside")

    @workflow.query(dynamic=True)
    def other_query(self, name: str, given: Sequence[RawValue]) -> None:
        """Refused, saying what there is."""
        shown = f" `{name}`" if _NAME.fullmatch(name) else ""
        raise ApplicationError(
            f"This workflow does not know the query{shown}. It takes {self.takes}.", non_retryable=True
        )

    @workflow.update(dynamic=True)
    def other_update(self, name: str, given: Sequence[RawValue]) -> None:
        """Never begun: see the validator."""

    @other_update.validator
    def refuse_update(self, name: str, given: Sequence[RawValue]) -> None:
        raise ApplicationError(f"This workflow takes no updates. It takes {self.takes}.", non_retryable=True)
