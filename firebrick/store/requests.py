"""What the store is asked to keep: stacks, what they are to become, operations.

Frozen dataclasses, no database types, no ORM instances. Times are seconds since the epoch, UTC.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from firebrick.contract import Action


@dataclass(frozen=True, slots=True)
class NewResource:
    """A resource of a stack to be created. requires: names of resources of the same stack. definition: frozen.

    type: as the template says; implementation: the type that serves it (after resource_registry); "": the same.
    base, prunable: see firebrick.selection.Wanted. observe: the step that converges it looks at the live object, too.
    """

    name: str
    type: str
    uuid: str
    definition: Mapping[str, Any]
    requires: Sequence[str] = ()
    instant: bool = False
    concurrency: str = ""
    implementation: str = ""
    base: str = ""
    prunable: bool = True
    observe: bool = False


@dataclass(frozen=True, slots=True)
class NewTarget:
    """What a stack is to be brought to. id: of the operation that asks. The rest is as in NewStack."""

    id: str
    template: str
    environment: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    shown_parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Sequence[Mapping[str, Any]] = ()
    resources: Sequence[NewResource] = ()
    description: str = ""


@dataclass(frozen=True, slots=True)
class NewStack:
    """A stack to be created. template, environment: text as it came. parameters: name -> value, hidden ones too.
    shown_parameters: Heat's text forms, hidden ones as asterisks. outputs: frozen output definitions. owner_id,
    owner_row, root_id, depth: of a nested stack: the stack it is in, the row there, the outermost stack, how deep it
    is in that.
    """

    id: str
    name: str
    template: str
    environment: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)
    shown_parameters: Mapping[str, str] = field(default_factory=dict)
    outputs: Sequence[Mapping[str, Any]] = ()
    resources: Sequence[NewResource] = ()
    description: str = ""
    timeout_mins: int | None = None
    disable_rollback: bool = True
    tags: Sequence[str] = ()
    owner: str = ""
    owner_id: str | None = None
    owner_row: int | None = None
    root_id: str = ""
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """What a stack must still be for a plan to be carried out: its revision, and the last operation's seq. nested:
    revisions of the living stacks that are nested in it, at any depth, by their ids."""

    revision: int
    seq: int
    nested: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NewOperation:
    """A request to act on a stack. id: a UUID, the request's idempotency token. timeout: seconds from its beginning.
    request: options without secrets. requested_by: contract.Requester as JSON. accepted_at: now. owner_operation,
    owner_stack: of a nested stack: who asks, and whose that is. expected: of an update that was planned. fingerprint:
    see firebrick.fingerprint; "" when the request is not to be compared with another of its id."""

    id: str
    action: Action
    workflow_id: str
    timeout: float
    accepted_at: float
    request: Mapping[str, Any] = field(default_factory=dict)
    requested_by: Mapping[str, Any] = field(default_factory=dict)
    owner_operation: str = ""
    owner_stack: str = ""
    expected: Expected | None = None
    fingerprint: str = ""
