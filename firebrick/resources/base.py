"""The provider SDK: what the author of a resource type writes.

A type is one class. Its handlers say what they want next and never sleep, never touch the store, never know
Temporal::

    class Server(ResourceType):
        type_name = "Example::Server"
        attributes = {"address": "Where it answers."}

        class Properties(ResourceProperties):
            size: Annotated[int, Range(min=1), UPDATABLE] = 1   # words: firebrick.resources.vocabulary

        def create(self, context: Context) -> Next:
            answer = post("/servers", token=context.key, size=context.properties.size)
            return Poll(after=2, physical_id=answer["id"])

        def poll_create(self, context: Context) -> Next: ...
        def update(self, context: Context) -> Next: ...        # from context.previous to context.properties
        def delete(self, context: Context) -> Next: ...
        def find_by_key(self, context: Context) -> Found | None: ...
        def read(self, context: Context) -> Live | None: ...   # what the object is like now

Handlers may be ``def`` (run in a thread) or ``async def`` (run on a loop apart from the worker's own). A call
that outlives ``call_timeout`` is abandoned and counts as lost. Errors: see :mod:`firebrick.resources.errors`.
"""

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict

from firebrick.resources.vocabulary import Rule

# --- what a handler returns ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Done:
    """The action is complete.

    physical_id: None keeps what is stored. reference_id: what get_resource gives; None: the physical id.
    attributes: name -> JSON value, stored encrypted. data: private to the type, stored encrypted.
    """

    physical_id: str | None = None
    attributes: Mapping[str, Any] = field(default_factory=dict)
    reference_id: str | None = None
    data: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Poll:
    """Not yet: ask again (``poll_create``, ``poll_delete``) after so many seconds.

    physical_id and progress are stored at once, before anything else happens.
    """

    after: float
    physical_id: str | None = None
    progress: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class WaitUntil:
    """Nothing to ask before this time (seconds since the epoch)."""

    time: float
    physical_id: str | None = None
    progress: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class WaitSignal:
    """Nothing to ask before a signal comes for the resource `key` (mostly context.name), or so many seconds are over.

    The poll may be asked earlier: it looks at context.signals and says again what it waits for, with what is left of
    its time (keep the time it ends in progress).
    """

    key: str
    timeout: float
    physical_id: str | None = None
    progress: Mapping[str, Any] | None = None


Next = Done | Poll | WaitUntil | WaitSignal


@dataclass(frozen=True, slots=True)
class Found:
    """What find_by_key saw: the object that a lost create made."""

    physical_id: str


@dataclass(frozen=True, slots=True)
class Live:
    """What ``read`` saw. properties: current values of those properties that can be seen, under the names that
    templates use; what is left out is taken to be as it should. healthy: false: it exists and does not work; why says
    how. attributes: current values of those that Done gives, as far as they can be seen: an attribute that a later
    version of the type adds gets its value for older resources from here."""

    properties: Mapping[str, Any] = field(default_factory=dict)
    healthy: bool = True
    why: str = ""
    attributes: Mapping[str, Any] = field(default_factory=dict)


# --- what a handler gets ------------------------------------------------------------------------------------------

P = TypeVar("P", bound="ResourceProperties")


class ResourceProperties(BaseModel):
    """The base of a type's properties: unknown ones are errors, values are converted by Heat's rules."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, validate_by_name=True, validate_by_alias=True
    )


@dataclass(frozen=True, slots=True)
class SupportStatus:
    """status: SUPPORTED, DEPRECATED, UNSUPPORTED. version: of Heat, since when. message: what to use instead."""

    status: str = "SUPPORTED"
    version: str | None = None
    message: str | None = None


@dataclass(frozen=True, slots=True)
class Context:
    """One resource at one moment.

    key: the idempotency key of the action that runs, the same in every attempt; pass it to the provider as its
    client token, or build the object's name from it. physical_name: ``STACK-RESOURCE-<12 characters>``.
    properties: the validated model (in delete: the values last stored). previous: in an update, the model of the
    properties that it has now; changed: the names (of templates) of those that differ, sorted. progress: what the last
    Poll / WaitUntil / WaitSignal gave. signals: JSON bodies received, oldest first. now: seconds since the epoch.
    others: what the type asked for with ``reads``: physical id -> attributes, without ids that name nothing readable.
    seconds_left: what this call may still take; a handler that asks a provider twice looks before the second request,
    and gives each no more time than that.
    external: the object exists already (``external_id``): only read is called, with the id and the properties that the
    template gives. Required ones may be missing; reading a missing one raises PropertyMissing.
    """

    name: str
    type_name: str
    stack_name: str
    stack_id: str
    project: str
    action: str
    key: str
    physical_name: str
    properties: Any
    physical_id: str | None
    data: Mapping[str, Any]
    progress: Mapping[str, Any]
    now: float
    attempt: int = 1
    signals: Sequence[Any] = ()
    metadata: Mapping[str, Any] = field(default_factory=dict)
    others: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    previous: Any = None
    changed: tuple[str, ...] = ()
    deletion_policy: str = "Delete"
    seconds_left: Callable[[], float] = lambda: math.inf
    external: bool = False


Handler = Callable[[Context], Next | Awaitable[Next]]


class ResourceType:
    """The base of a resource type. Stateless: one instance serves all resources of the type.

    type_name: as templates name it. Properties: its pydantic model. attributes: name -> description.
    instant: no outside call: runs in batches with others of its kind, must return Done at once.
    inline: handlers are pure computation and may run on the worker's own loop (types of this project only).
    call_timeout: seconds one handler call may take, see call_seconds.
    fenced: a call ends by itself when the row is not held any more (``context.seconds_left``), also when its process is
    stopped or dies. Then a long call is held for a minute at a time, and a dead worker is waited for no longer.
    any_property: properties are not checked (OS::Heat::None). concurrency: key of a limit shared with others.
    nested: its resources are stacks (types of this project only).
    rules: what several properties together must be. attribute_kinds: attribute -> string, list, map..., where told.
    slow_attributes: attribute() may wait or call out: it is called in a thread, never on the worker's loop.
    readable: other resources of the project that hold its physical id may read its attributes while they are created.
    schema_version: count it up when the type makes something else of the same properties: an update looks at resources
    made by an earlier one again. volatile: attributes that change by themselves: who refers to one is looked at in each
    update. snapshots: deletion_policy Snapshot is allowed; delete sees it in ``context.deletion_policy``.
    secret_attributes: names of attributes whose values are masked in texts of failures, whoever quotes them.
    replace_interrupted: an update that comes while its create is in progress replaces it, and waits for no end.
    takes_signals: signals for it are kept, and handlers get them in ``context.signals``.
    support_status, hidden, aliases: for lists of types; aliases are further names for it, not listed.
    """

    type_name: ClassVar[str]
    aliases: ClassVar[tuple[str, ...]] = ()
    description: ClassVar[str] = ""
    attributes: ClassVar[Mapping[str, str]] = {}
    instant: ClassVar[bool] = False
    inline: ClassVar[bool] = False
    any_property: ClassVar[bool] = False
    any_attribute: ClassVar[bool] = False
    nested: ClassVar[bool] = False
    call_timeout: ClassVar[float] = 30.0
    fenced: ClassVar[bool] = False
    concurrency: ClassVar[str] = ""
    hidden: ClassVar[bool] = False
    support_status: ClassVar[SupportStatus] = SupportStatus()
    rules: ClassVar[Sequence[Rule]] = ()
    attribute_kinds: ClassVar[Mapping[str, str]] = {}
    slow_attributes: ClassVar[bool] = False
    schema_version: ClassVar[int] = 1
    volatile: ClassVar[Sequence[str]] = ()
    snapshots: ClassVar[bool] = False
    takes_signals: ClassVar[bool] = False
    replace_interrupted: ClassVar[bool] = False
    readable: ClassVar[bool] = False
    secret_attributes: ClassVar[frozenset[str]] = frozenset()

    class Properties(ResourceProperties):
        pass

    def create(self, context: Context) -> Next | Awaitable[Next]:
        """Make it. Called once in effect; a retry after a lost answer asks find_by_key first."""
        return Done(physical_id=context.physical_name)

    def poll_create(self, context: Context) -> Next | Awaitable[Next]:
        """Is it there yet? Must be safe to repeat."""
        return Done()

    def update(self, context: Context) -> Next | Awaitable[Next]:
        """Bring it from ``context.previous`` to ``context.properties``, in place. Only called when properties differ
        and all that do are UPDATABLE. Must be safe to repeat. Its Done has all attributes anew. Raises Replace (see
        firebrick.resources.errors) when this change cannot be made in place: then another object is created, dependants
        are pointed to it, and this one is deleted."""
        return Done()

    def poll_update(self, context: Context) -> Next | Awaitable[Next]:
        """Is it as wanted yet? Must be safe to repeat."""
        return Done()

    def forces_replacement(self, context: Context) -> bool:
        """Whether this change needs another object, although all that differs is UPDATABLE. Decides from the two
        models, asks nobody: plans call it too."""
        return False

    def replace_failed(self, context: Context) -> bool | Awaitable[bool]:
        """Whether a FAILED one must be replaced by the next update, rather than updated in place. May ask the provider;
        plans take True for granted where it raises. Not called without a physical id: then it is replaced."""
        return True

    read: ClassVar[Callable[..., "Live | None | Awaitable[Live | None]"] | None] = None
    """Optional ``def read(self, context) -> Live | None``: look at the object behind ``context.physical_id``; None: it
    is gone. Must change nothing. Check, converge, drift and `external_id` need it; ``context.external`` says that the
    object was not made by this type, so that no mark or claim of it is to be expected."""

    def delete(self, context: Context) -> Next | Awaitable[Next]:
        """Unmake it. Must be safe to repeat; not found is success. Not called without a physical id unless
        find_by_key finds one."""
        return Done()

    def poll_delete(self, context: Context) -> Next | Awaitable[Next]:
        """Is it gone yet? Must be safe to repeat."""
        return Done()

    find_by_key: ClassVar[Callable[..., "Found | None | Awaitable[Found | None]"] | None] = None
    """Optional ``def find_by_key(self, context) -> Found | None``: look up the object made under context.key. A type
    that has it never makes an object twice. A type whose create is safe to repeat under one key (the provider takes
    a client token) sets idempotent_create instead; one with neither goes UNKNOWN when an answer is lost."""

    idempotent_create: ClassVar[bool] = False

    def can_find(self, properties: Any) -> bool:
        """Whether find_by_key can tell, for a resource with these properties (the model), what a create has made."""
        return self.find_by_key is not None

    def can_repeat_create(self, properties: Any) -> bool:
        """Whether a create of a resource with these properties (the model) is safe to repeat under its key."""
        return self.idempotent_create

    def call_seconds(self, properties: Any) -> float:
        """Seconds that one call for a resource with these properties (the model) may take, and for which it is held. A
        call that takes longer is given up and counts as lost; one whose worker died is waited for so long."""
        return self.call_timeout

    def made_by(self, context: Context) -> str:
        """What a person looks for at the provider, where nothing tells whether a create has made something."""
        return f"an object made with key {context.key}"

    def late_effects(self, properties: Any) -> float:
        """Seconds after a create was given up for which it may still take effect: so long it is looked for before it is
        repeated, or taken for not made."""
        return 0.0

    def provider(self, properties: Any) -> str:
        """Which provider a resource with these properties (the model) is on: calls to one that is slow leave room for
        those to others. By default all types with the same first words of their name are on one."""
        return self.concurrency or self.type_name.rpartition("::")[0]

    def signal_text(self, body: Any) -> str:
        """What the event of a signal says of it; "": what it says of any. Asks nobody."""
        return ""

    def longest(self, properties: Any) -> float:
        """Seconds that one action of a resource with these properties (the model) may wait of its own will; a stack
        whose timeout is shorter is refused."""
        return 0.0

    def reads(self, properties: Any) -> Sequence[str]:
        """Physical ids of other resources of the project, in this stack or another, that the create wants to look into:
        handlers get their attributes in ``context.others``. Only those of ``readable`` types are given."""
        return ()

    def attribute(self, name: str, context: Context, stored: Mapping[str, Any]) -> Any:
        """Value of an attribute, from what was stored; called when a reference or an output is resolved.

        context: of the resource that has the attribute: name, type_name, physical_id and data are set, the rest is
        empty."""
        return stored.get(name)
