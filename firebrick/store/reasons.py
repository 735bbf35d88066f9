"""The texts of states: Heat's words, so that whoever reads or greps them today finds them tomorrow.

Each is a plain function from facts to text. Texts marked *summary* are free of values and may enter a history.
"""

import re
from datetime import UTC, datetime

from firebrick.store.rows import FailureTree

_INNER = re.compile(r"resources[.\[]")
_OF_RESOURCE = re.compile(r"Resource [A-Z]+ failed: (?:(?P<error>\w+): )?(?P<told>resources[.\[].*)", re.DOTALL)

STATE_CHANGED = "state changed"
UNTOLD = ""
"""Of a row IN_PROGRESS in a batch: its event is written with what follows, so that it comes after the events of what
it requires."""
TIMED_OUT = "Timed out"
USER_CANCEL = "user triggered cancel"

SKIPPED = "left as it is: a rollback was told to skip it"
HALF_UPDATED = "an update of it had begun when it turned out to need another object"
REPLACED = "another takes its place"
JUDGED_FINE = "Update status to COMPLETE for FAILED resource neither update nor replace."

SHOWN_CAUSES = 5
"""How many failed resources a summary names."""


def started(action: str) -> str:
    return f"Stack {action} started"


def completed(action: str) -> str:
    return f"Stack {action} completed successfully"


def cancelled(action: str) -> str:
    return f"Stack {action} cancelled"


def resource_failed(error: str, name: str, message: str) -> str:
    """Of a resource: ``ValueError: resources.web: no room``; of a nested stack, with the class of what failed in it:
    ``ValueError: resources.outer.resources.inner: no room``. error: "" where there is none."""
    told = f"{resource_path(name)}{'.' if _INNER.match(message) else ': '}{message}"
    return f"{error}: {told}" if error else told


def resource_path(name: str) -> str:
    """``resources.web``; a name of digits is written as an index: ``resources[0]``."""
    return f"resources[{name}]" if name.isdigit() else f"resources.{name}"


def inner_failure(reason: str) -> tuple[str, str]:
    """(error, message) of the resource that is a nested stack, from that stack's reason: the class, path and text of
    what failed in it. Of a stack that failed without a resource of its own (``Timed out``): no class and its reason."""
    found = _OF_RESOURCE.fullmatch(reason)
    return ("", reason) if found is None else (found["error"] or "", found["told"])


def stack_failed(action: str, resource_reason: str) -> str:
    """Of a stack, from its resource's reason."""
    return f"Resource {action} failed: {resource_reason}"


def split_failure(reason: str, name: str) -> tuple[str, str]:
    """(error, message) of what resource_failed made."""
    for end in (": ", "."):
        place = f"{resource_path(name)}{end}"
        if reason.startswith(place):
            return "", reason.removeprefix(place)
        error, found, message = reason.partition(f": {place}")
        if found:
            return error, message
    return "", reason


def needs_replacement(name: str) -> str:
    """Of a resource whose own update said so."""
    return f"The Resource {name} requires replacement."


def aborted(action: str, why: str) -> str:
    """Of a resource that was interrupted: ``CREATE aborted (Timed out)``."""
    return f"{action} aborted ({why})"


def retrying(attempt: int, attempts: int, error_class: str, message: str, seconds: float) -> str:
    wait = f"{seconds:.1f}".rstrip("0").rstrip(".")
    return f"attempt {attempt} of {attempts} failed ({error_class}): {message}; next in {wait} s"


def why_interrupted(cause: str) -> str:
    """What an aborted resource's reason says in its brackets, from the cause of the interrupt."""
    if cause == "deadline":
        return TIMED_OUT
    if cause in ("cancel", "takeover", "superseded"):
        return USER_CANCEL
    return "the operation ended"


def failure_summary(action: str, tree: FailureTree) -> str:
    """Summary of a failed operation: ``Resource CREATE failed: resources.web (permanent)``; of a nested stack, with the
    path to what failed in it: ``resources.outer.resources.inner (permanent)``."""
    causes = _innermost(tree)
    if not causes:
        return f"Stack {action} failed"
    named = ", ".join(f"{path} ({error_class})" for path, error_class in causes[:SHOWN_CAUSES])
    more = f" and {len(causes) - SHOWN_CAUSES} more" if len(causes) > SHOWN_CAUSES else ""
    return f"Resource {action} failed: {named}{more}"


def _innermost(tree: FailureTree, within: str = "") -> list[tuple[str, str]]:
    """(path, error class) of each cause; of a nested stack, of the causes in it."""
    found: list[tuple[str, str]] = []
    for cause in tree.causes:
        path = f"{within}{resource_path(cause.resource)}"
        inner = tree.inner.get(cause.resource)
        deeper = _innermost(inner.failure, f"{path}.") if inner is not None else []
        found += deeper or [(path, cause.error_class or "unknown")]
    return found


def timestamp(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
