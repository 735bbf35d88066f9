"""What an update may not change: values of parameters that its template calls immutable. Called by intake_update."""

from collections.abc import Callable, Mapping
from typing import Any

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template import StackDefinition, check_immutable


def immutable_problems(
    stored: Mapping[str, Any],
    given: Mapping[str, Any],
    definition: StackDefinition,
    before: Callable[[], StackDefinition],
) -> list[Diagnostic]:
    """What is wrong with the values of an update's definition. stored: those given when the stack was brought to what
    it is; given: those of the request. before: computes what the stack is; only asked when something is immutable.

    A value that is repeated as it was given is no change, whatever type it has.
    """
    if not any(one.immutable for one in definition.schemas.values()):
        return []
    try:
        known: Mapping[str, Any] = {name: one.value for name, one in before().parameters.items()}
    except InvalidInput:  # what it was made from is refused by now: a type that is gone, a tighter limit
        known = stored
    changed = {name: value for name, value in given.items() if name not in stored or stored[name] != value}
    return check_immutable(known, changed, definition.parameters, definition.schemas)
