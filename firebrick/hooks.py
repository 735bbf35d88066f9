"""Hooks: where a resource waits until somebody says that it may go on (Heat's breakpoints). The rules, pure.

An environment sets them (``resource_registry.resources.NAME.hooks``), a resource's frozen definition carries them. What
became of them in the operation that runs is a row's HookState, stored with it: the row is claimed, found to be at a
hook, and parked; a signal clears the hook in the store and wakes whoever walks. Source of the rules: Heat's life cycle.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from firebrick.contract import Action

LOOK = 60.0
"""Seconds after which a waiting resource looks whether it was told, in case that the news was lost."""


@dataclass(frozen=True, slots=True)
class HookState:
    """Of one row in the operation `seq`. waiting: the hooks that it waits at. cleared: those it need not wait at again.
    result: a StepResult as JSON: the action is done, and its end is told when the hook after it is cleared."""

    seq: int = 0
    waiting: tuple[str, ...] = ()
    cleared: tuple[str, ...] = ()
    result: Mapping[str, Any] | None = None

    @classmethod
    def of(cls, stored: Mapping[str, Any] | None, seq: int) -> "HookState":
        """Of a row's column, for the operation seq: what an earlier one met does not count."""
        if not stored or stored["seq"] != seq:
            return cls(seq)
        return cls(seq, tuple(stored["waiting"]), tuple(stored["cleared"]), stored.get("result"))

    def as_json(self) -> dict[str, Any]:
        stored: dict[str, Any] = {"seq": self.seq, "waiting": list(self.waiting), "cleared": list(self.cleared)}
        return stored if self.result is None else stored | {"result": dict(self.result)}

    def at(self, hook: str, result: Mapping[str, Any] | None = None) -> "HookState":
        """It waits at this hook, too."""
        if hook in self.waiting:
            return self
        return replace(self, waiting=(*self.waiting, hook), result=self.result if result is None else result)

    def past(self, hook: str) -> "HookState":
        waiting = tuple(one for one in self.waiting if one != hook)
        return replace(self, waiting=waiting, cleared=(*self.cleared, hook))


def before(action: str) -> str:
    return f"pre-{action.lower()}"


def after(action: str) -> str:
    return f"post-{action.lower()}"


def stops(definition: Mapping[str, Any], hook: str, state: HookState, operation: Action, *, made: bool = True) -> bool:
    """Whether a resource with this frozen definition has to wait at a hook, in an operation of this action.

    Those of a create and of a delete count only when that is what the whole stack does; those of an update always. None
    counts where the action does nothing: the delete of what was never made (made: False), the create and updates of an
    object that exists already.
    """
    if hook not in definition.get("hooks", ()) or hook in state.cleared:
        return False
    deletes = hook.endswith("-delete")
    if (deletes and not made) or (not deletes and definition.get("external_id") is not None):
        return False
    return hook.endswith(("-update", f"-{operation.lower()}"))


def paused(hook: str) -> str:
    """The event's reason, in Heat's words."""
    return f"{hook.partition('-')[2].upper()} paused until Hook {hook} is cleared"


def cleared(hook: str) -> str:
    return f"Hook {hook} is cleared"


NOT_CLEARED = "Failure occurred while waiting."
"""The event's reason, when the operation ends while a resource waits."""
