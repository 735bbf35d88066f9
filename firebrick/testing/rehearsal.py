"""One resource, its actions run through by hand on a virtual clock: for tests of resource types.

    resource = Rehearsal(Server(), {"size": 1})
    resource.create()
    resource.update({"size": 2})          # in place; NeedsAnother where that cannot be
    assert resource.read().properties["size"] == 2
    resource.delete()
    assert resource.read() is None
    assert resource.now - resource.started == 300    # virtual seconds that the delete waited

It does what a worker does with a type's handlers, but stores nothing, retries nothing and takes no time.
"""

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from firebrick.resources.base import Context, Done, Found, Live, Next, Poll, ResourceType, WaitSignal
from firebrick.resources.schema import schema_of

PHYSICAL_NAME = "stack-{name}-{short_id}"
EVER = 86_400.0 * 365  # seconds


class StillWaiting(Exception):
    """The action did not end within the time it was given."""


class NeedsAnother(Exception):
    """The change cannot be made in place: an engine would create another object and delete this one."""


class Rehearsal:
    """A resource of a type, with what a store would know of it.

    key: of the create; each update and the delete have another. short_id: the end of the physical name. now: the
    virtual clock, seconds since the epoch; started: where it was when the running or last action began. others: the
    project's readable resources, physical id -> attributes, of which a handler sees those it asks for. model: of the
    properties, where it is made already. InvalidInput: the properties do not fit.
    """

    def __init__(
        self,
        kind: ResourceType,
        properties: Mapping[str, Any] | None = None,
        *,
        name: str = "a",
        key: str = "key",
        short_id: str = "abcdefghijkl",
        now: float = 1_000_000_000.0,
        others: Mapping[str, Mapping[str, Any]] | None = None,
        model: Any = None,
    ) -> None:
        self.kind = kind
        self.others = others or {}
        self.name = name
        self.key = key
        self.physical_name = PHYSICAL_NAME.format(name=name, short_id=short_id)
        self.updates = 0
        self.now = self.started = now
        self.properties = schema_of(kind).validate(properties or {}, resource=name) if model is None else model
        self.physical_id: str | None = None
        self.reference_id: str | None = None
        self.stored: dict[str, Any] = {}
        self.data: dict[str, Any] = {}
        self.progress: dict[str, Any] = {}
        self.pauses: list[float] = []

    def create(self, *, within: float = EVER) -> Done:
        """Run the create to its end. StillWaiting when that is more than `within` virtual seconds away."""
        done = self.finish("CREATE", self.start("CREATE"), within=within)
        return self.created(done)

    def update(self, properties: Mapping[str, Any], *, within: float = EVER) -> Done:
        """Bring it to these properties, in place. NeedsAnother: a property that is not UPDATABLE differs, or the type's
        forces_replacement says so. Replace: the type's update does. InvalidInput: the properties do not fit."""
        context = self.changing(properties)
        done: Done = self.finish("UPDATE", self.call(self.kind.update, context), within=within, context=context)
        self.updates += 1
        self.properties = context.properties
        self.created(done)
        return done

    def read(self) -> Live | None:
        """What the type's read sees. TypeError: it has none."""
        if self.kind.read is None:
            raise TypeError(f"{self.kind.type_name} has no read")
        live: Live | None = self.call(self.kind.read, self.context("CHECK", f"{self.key}-check"))
        return live

    @property
    def can_find(self) -> bool:
        """Whether its find_by_key can tell what a create has made."""
        return self.kind.can_find(self.properties)

    @property
    def can_repeat_create(self) -> bool:
        return self.kind.can_repeat_create(self.properties)

    def read_external(self, external_id: str, properties: Mapping[str, Any] | None = None) -> Live | None:
        """What the type's read sees of somebody else's object, as for a resource with `external_id`: with its id and
        these properties alone, any of which may be missing. TypeError: the type has no read."""
        if self.kind.read is None:
            raise TypeError(f"{self.kind.type_name} has no read")
        model = schema_of(self.kind).partial(properties or {})
        fresh = Rehearsal(self.kind, name=self.name, key=f"{self.key}-external", short_id="externalexte", model=model)
        context = replace(fresh.context("CHECK", fresh.key), physical_id=external_id, external=True)
        live: Live | None = self.call(self.kind.read, context)
        return live

    def find(self, action: str = "CREATE") -> Found | None:
        """What the type's find_by_key sees under the create's key. TypeError: it has none."""
        if self.kind.find_by_key is None:
            raise TypeError(f"{self.kind.type_name} has no find_by_key")
        found: Found | None = self.call(self.kind.find_by_key, self.context(action, self.key))
        return found

    def delete(self, *, within: float = EVER) -> Done:
        done: Done = self.finish("DELETE", self.start("DELETE"), within=within)
        return done

    def attribute(self, name: str) -> Any:
        return self.kind.attribute(name, self.context("CREATE", self.key), self.stored)

    # --- step by step: for tests that stop half-way ---------------------------------------------------------------

    def start(self, action: str) -> Next:
        """The first call of a CREATE or DELETE; its answer."""
        self.started, self.progress, self.pauses = self.now, {}, []
        first = self.kind.create if action == "CREATE" else self.kind.delete
        answer: Next = self.call(first, self.context(action, self.key_of(action)))
        return answer

    def finish(
        self, action: str, answer: Next, *, within: float = EVER, polls: int | None = None, context: Any = None
    ) -> Any:
        """Follow an answer to its Done, or to the last answer after so many polls. context: an update's."""
        poll = {"CREATE": self.kind.poll_create, "UPDATE": self.kind.poll_update, "DELETE": self.kind.poll_delete}[
            action
        ]
        while not isinstance(answer, Done) and polls != 0:
            self.note(answer, action, within)
            now = self.context(action, self.key_of(action))
            if context is not None:
                now = replace(now, properties=context.properties, previous=context.previous, changed=context.changed)
            answer = self.call(poll, now)
            polls = None if polls is None else polls - 1
        return answer

    def note(self, answer: Next, action: str = "", within: float = EVER) -> None:
        """Store what an answer that is no Done tells, and let the time pass that it asks for."""
        assert not isinstance(answer, Done)
        if answer.physical_id is not None:
            self.physical_id = answer.physical_id
        if answer.progress is not None:
            self.progress = dict(answer.progress)
        match answer:
            case Poll():
                until = self.now + answer.after
            case WaitSignal():
                until = self.now + answer.timeout
            case _:
                until = answer.time
        if until - self.started > within:
            raise StillWaiting(f"{self.name}: {action} waits {until - self.started} s and more")
        self.pauses.append(until - self.now)
        self.now = max(self.now, until)

    def created(self, done: Done) -> Done:
        """Store what the Done of a create or an update tells."""
        if done.physical_id is not None:
            self.physical_id = done.physical_id
        self.reference_id = done.reference_id or self.physical_id
        self.stored = dict(done.attributes)
        if done.data is not None:
            self.data = dict(done.data)
        return done

    def changing(self, properties: Mapping[str, Any]) -> Context:
        """What an update to these properties sees. Errors as of `update`."""
        schema = schema_of(self.kind)
        wanted = schema.validate(properties, resource=self.name)
        before, after = _whole(self.properties), _whole(wanted)
        changed = tuple(sorted(name for name in after if before.get(name) != after[name]))
        fixed = [name for name in changed if not schema.properties[name].update_allowed]
        context = replace(
            self.context("UPDATE", self.key_of("UPDATE")),
            properties=wanted,
            previous=self.properties,
            changed=changed,
        )
        if fixed:
            raise NeedsAnother(f"a change of {', '.join(fixed)} replaces the resource: not UPDATABLE")
        if self.kind.forces_replacement(context):
            raise NeedsAnother(f"forces_replacement says that a change of {', '.join(changed)} replaces the resource")
        self.started, self.progress, self.pauses = self.now, {}, []
        return replace(context, progress={})

    def key_of(self, action: str) -> str:
        """The idempotency key of an action."""
        return {"CREATE": self.key, "UPDATE": f"{self.key}-update-{self.updates}"}.get(action, f"{self.key}-delete")

    def call(self, handler: Callable[..., Any], context: Context) -> Any:
        """A handler's answer; a coroutine is run to its end."""
        said = handler(context)
        return asyncio.run(_awaited(said)) if inspect.isawaitable(said) else said

    def context(self, action: str, key: str, signals: Sequence[Any] = ()) -> Context:
        """What a handler sees of this resource now."""
        return Context(
            name=self.name,
            type_name=self.kind.type_name,
            stack_name="stack",
            stack_id="00000000-0000-0000-0000-000000000000",
            project="default",
            action=action,
            key=key,
            physical_name=self.physical_name,
            properties=self.properties,
            physical_id=self.physical_id,
            data=self.data,
            progress=self.progress,
            now=self.now,
            signals=signals,
            others={one: self.others[one] for one in self.kind.reads(self.properties) if one in self.others},
        )


def _whole(properties: Any) -> dict[str, Any]:
    """JSON of a model under the names of templates, defaults included."""
    whole: dict[str, Any] = properties.model_dump(mode="json", by_alias=True)
    return whole


async def _awaited(said: Any) -> Any:
    return await said
