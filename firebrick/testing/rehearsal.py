"""One resource, its actions run through by hand on a virtual clock: for tests of resource types.

    resource = Rehearsal(Delay(), {"min_wait": 300})
    resource.create()
    assert resource.now - resource.started == 300

It does what a worker does with a type's handlers, but stores nothing, retries nothing and takes no time.
"""

import asyncio
import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from firebrick.resources.base import Context, Done, Poll, ResourceType, WaitSignal
from firebrick.resources.schema import schema_of

PHYSICAL_NAME = "stack-{name}-abcdefghijkl"


class StillWaiting(Exception):
    """The action did not end within the time it was given."""


class Rehearsal:
    """A resource of a type, with what a store would know of it.

    key: of the create; the delete's is another. now: the virtual clock, seconds since the epoch; started: where it
    was when the running or last action began. others: the project's readable resources, physical id -> attributes, of
    which a handler sees those it asks for. InvalidInput: the properties do not fit.
    """

    def __init__(
        self,
        kind: ResourceType,
        properties: Mapping[str, Any] | None = None,
        *,
        name: str = "a",
        key: str = "key",
        now: float = 1_000_000_000.0,
        others: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.kind = kind
        self.others = others or {}
        self.name = name
        self.key = key
        self.now = self.started = now
        self.properties = schema_of(kind).validate(properties or {}, resource=name)
        self.physical_id: str | None = None
        self.reference_id: str | None = None
        self.stored: dict[str, Any] = {}
        self.data: dict[str, Any] = {}
        self.progress: dict[str, Any] = {}
        self.pauses: list[float] = []

    def create(self, *, within: float = 86_400.0 * 365) -> Done:
        """Run the create to its end. StillWaiting when that is more than `within` virtual seconds away."""
        done = self._run("CREATE", self.key, self.kind.create, self.kind.poll_create, within)
        if done.physical_id is not None:
            self.physical_id = done.physical_id
        self.reference_id = done.reference_id or self.physical_id
        self.stored = dict(done.attributes)
        self.data = dict(done.data or {})
        return done

    def delete(self, *, within: float = 86_400.0 * 365) -> Done:
        return self._run("DELETE", f"{self.key}-delete", self.kind.delete, self.kind.poll_delete, within)

    def attribute(self, name: str) -> Any:
        return self.kind.attribute(name, self.context("CREATE", self.key), self.stored)

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
            physical_name=PHYSICAL_NAME.format(name=self.name),
            properties=self.properties,
            physical_id=self.physical_id,
            data=self.data,
            progress=self.progress,
            now=self.now,
            signals=signals,
            others={one: self.others[one] for one in self.kind.reads(self.properties) if one in self.others},
        )

    def _run(self, action: str, key: str, first: Callable[..., Any], poll: Callable[..., Any], within: float) -> Done:
        self.started, self.progress, self.pauses = self.now, {}, []
        answer = _answer(first, self.context(action, key))
        while not isinstance(answer, Done):
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
            answer = _answer(poll, self.context(action, key))
        return answer


def _answer(handler: Callable[..., Any], context: Context) -> Any:
    said = handler(context)
    return asyncio.run(_awaited(said)) if inspect.isawaitable(said) else said


async def _awaited(said: Any) -> Any:
    return await said
