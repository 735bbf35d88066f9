"""Why an operation failed, as the API tells it, walked down into nested stacks to what failed there by itself.

For the command line and for starter.client, which show people the root cause first, however deep it lies.
"""

from collections.abc import Iterator, Mapping
from typing import Any

FailureBody = Mapping[str, Any]


def root_causes(failure: FailureBody | None, stack: str, within: str = "") -> Iterator[dict[str, Any]]:
    """Causes as the API has them, in the order they happened, but for those of nested stacks: in their place come the
    causes in these. Each with path (``outer.inner``), and stack: the name of the one that the resource belongs to.

    A nested stack in which nothing failed by itself (its time was over, for one) is its own cause.
    """
    for cause in (failure or {}).get("causes") or ():
        path = within + cause["resource"]
        inner = cause.get("inner")
        deeper = list(root_causes(inner, inner["stack"], f"{path}.")) if inner else []
        yield from deeper or [{**cause, "path": path, "stack": stack}]


def left(failure: FailureBody | None, key: str, within: str = "") -> Iterator[str]:
    """Paths of the resources that were aborted or not_started (the key), those of nested stacks that failed first."""
    for cause in (failure or {}).get("causes") or ():
        yield from left(cause.get("inner"), key, f"{within}{cause['resource']}.")
    yield from (within + name for name in (failure or {}).get(key) or ())
