"""A type under contract, and one resource of it to try things with: what the checks of the contract kit stand on.

`Contract` is what an author gives; `Trial` takes the steps of a worker that takes over from a dead one. The functions
below raise ContractViolation with words that help, or unittest.SkipTest where a check is not for this type.
"""

import contextlib
import json
import sys
import traceback
import unittest
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import ModuleType
from typing import Any, NoReturn

from firebrick.diagnostics import InvalidInput
from firebrick.resources.base import Context, Done, Live, Poll, ResourceType
from firebrick.resources.schema import schema_of
from firebrick.testing.crashes import Crash, Crashes
from firebrick.testing.rehearsal import Rehearsal

FIND = "find_by_key must see an object from the moment it exists; or the create, repeated under its key, must give it."


class ContractViolation(AssertionError):
    """The type does what no type may do, or not what each must; the text says what, and what to do."""


@dataclass(frozen=True)
class Contract:
    """A type and what its checks need.

    properties: to create an object with. existing: names or ids of all that exists at the provider; an object counts
    once. changed: all properties after an update in place; a type with UPDATABLE ones needs it. refused: properties
    that pass the schema and that the provider must refuse. secrets: texts that must not be in an error. crash_in:
    further modules whose lines are steps of the type's work; its own module always is. blind: the provider can neither
    find an object by a key nor take a client token; then a lost answer leaves it to a person, and is not checked.
    every: where each place to die at takes an object of its own, and those take long: 3 tries every third place.
    """

    kind: ResourceType
    properties: Mapping[str, Any]
    existing: Callable[[], Collection[str]]
    changed: Mapping[str, Any] | None = None
    refused: Mapping[str, Any] | None = None
    secrets: Sequence[str] = ()
    crash_in: Sequence[ModuleType] = ()
    blind: bool = False
    every: int = 1

    @property
    def recovers(self) -> bool:
        """Whether the type says that an object is never made twice."""
        resource = Rehearsal(self.kind, self.properties)
        return resource.can_find or resource.can_repeat_create

    def crashes(self, *, every: int = 1) -> Crashes:
        return Crashes([sys.modules[type(self.kind).__module__], *self.crash_in], every=every)

    def wrong(self, text: str) -> NoReturn:
        raise ContractViolation(f"{self.kind.type_name}: {text}")

    @contextlib.contextmanager
    def trial(self) -> Iterator["Trial"]:
        """A resource to try something with. What it leaves behind at the provider is deleted, as far as that works."""
        trial = Trial(self)
        try:
            yield trial
        finally:
            with contextlib.suppress(Exception):
                trial.delete_whatever_there_is()


@dataclass
class Trial:
    """One resource, what existed before it, and the steps of a worker that takes over from a dead one."""

    contract: Contract
    resource: Rehearsal = field(init=False)
    before: frozenset[str] = field(init=False)

    def __post_init__(self) -> None:
        token = uuid.uuid4().hex
        self.before = frozenset(self.contract.existing())
        self.resource = Rehearsal(self.contract.kind, self.contract.properties, key=token, short_id=token[:12])

    def expect(self, number: int, when: str, advice: str = "") -> None:
        """So many objects must exist at the provider that did not exist before."""
        new = sorted(set(self.contract.existing()) - self.before)
        if len(new) != number:
            listed = f": {', '.join(new)}" if new else ""
            self.contract.wrong(f"{when}, {len(new)} new objects exist at the provider, not {number}{listed}. {advice}")

    def expect_at_most_one(self, when: str) -> None:
        if len(set(self.contract.existing()) - self.before) > 1:
            self.expect(1, when, FIND)

    def take_over(self) -> Done:
        """What the next worker does with a create of which no answer was stored."""
        resource = self.resource
        if resource.physical_id is not None:
            answer: Any = Poll(after=0)
        elif resource.can_find and (found := resource.find()) is not None:
            answer = Poll(after=0, physical_id=found.physical_id)
        else:
            answer = resource.start("CREATE")
        return resource.created(resource.finish("CREATE", answer))

    def delete_unsettled(self) -> None:
        """What a worker does to delete a resource of whose create no answer was stored."""
        resource = self.resource
        if resource.physical_id is None:
            if resource.can_find:
                found = resource.find("DELETE")
                resource.physical_id = None if found is None else found.physical_id
            elif resource.can_repeat_create:
                resource.physical_id = resource.start("CREATE").physical_id
        if resource.physical_id is not None:
            resource.delete()

    def delete_whatever_there_is(self) -> None:
        if set(self.contract.existing()) - self.before:
            self.delete_unsettled()


# --- what checks demand -------------------------------------------------------------------------------------------


def demand_recovery(contract: Contract) -> None:
    if contract.blind:
        raise unittest.SkipTest("its provider is said to be blind")
    if not contract.recovers:
        contract.wrong(
            "it has neither find_by_key nor idempotent_create: a lost answer leaves an object that nobody knows. "
            "If the provider really has no way, say so: Contract(blind=True)"
        )


def demand_read(contract: Contract) -> None:
    if contract.kind.read is None:
        raise unittest.SkipTest("it has no read")


def updatable(contract: Contract) -> list[str]:
    names = [name for name, one in schema_of(contract.kind).properties.items() if one.update_allowed]
    if not names:
        raise unittest.SkipTest("none of its properties is UPDATABLE")
    return names


def demand_changed(contract: Contract) -> Mapping[str, Any]:
    updatable(contract)
    if contract.changed is None:
        raise unittest.SkipTest("Contract.changed is not given")
    return contract.changed


def demand_accepted(contract: Contract, properties: Mapping[str, Any], how: str) -> None:
    try:
        schema_of(contract.kind).validate(properties)
    except InvalidInput as refused:
        contract.wrong(f"its own schema refuses a resource {how}: {refused}")


def dies(crashes: Crashes, action: Callable[[], Any]) -> bool:
    """Whether it died; where it did not, every line has had its turn."""
    try:
        with crashes.next():
            action()
    except Crash:
        return True
    return False


def again(contract: Contract, what: str, action: Callable[[], Any]) -> Any:
    """Its answer; what it raises is the type's fault, since a worker would have to do the same."""
    try:
        return action()
    except ContractViolation:
        raise
    except Exception as error:
        raise ContractViolation(f"{contract.kind.type_name}: {what} raises {type(error).__name__}: {error}") from error


def updating(resource: Rehearsal, context: Context) -> Callable[[], Done]:
    """An update as a worker makes it that knows nothing of an earlier attempt."""

    def update() -> Done:
        resource.progress = {}
        answer = resource.call(resource.kind.update, context)
        return resource.created(resource.finish("UPDATE", answer, context=context))

    return update


def what_read_sees(contract: Contract, resource: Rehearsal, when: str) -> Live | None:
    try:
        return resource.read()
    except Exception as error:
        contract.wrong(f"read {when} raises {type(error).__name__}: {error}")


def demand_as_wanted(contract: Contract, resource: Rehearsal, when: str) -> None:
    if contract.kind.read is None:
        return
    live = what_read_sees(contract, resource, when)
    if not isinstance(live, Live):
        contract.wrong(f"read {when} gives {live!r}, not a Live")
    if not live.healthy:
        contract.wrong(f"read {when} says that the object does not work: {live.why}")
    wanted = resource.properties.model_dump(mode="json", by_alias=True)
    demand_json(contract, dict(live.properties), "what read gives")
    for name, value in live.properties.items():
        if name not in wanted:
            contract.wrong(f"read gives {name}, which is none of its properties")
        if value != wanted[name] and not schema_of(contract.kind).properties[name].write_only:
            contract.wrong(
                f"read {when} gives another value of {name} than the one asked for: it would be called drift. "
                "Leave out of Live what cannot be seen as templates write it, or make the property WRITE_ONLY"
            )


def demand_sound_attributes(contract: Contract, resource: Rehearsal, done: Done) -> None:
    known = schema_of(contract.kind).attributes
    if not contract.kind.any_attribute and (unknown := sorted(set(done.attributes) - set(known))):
        contract.wrong(f"it gives attributes that it does not name in `attributes`: {', '.join(unknown)}")
    demand_json(contract, dict(done.attributes), "its attributes")
    demand_json(contract, dict(done.data or {}), "its data")
    for name in contract.kind.attributes:
        demand_json(contract, resource.attribute(name), f"attribute {name}")


def demand_json(contract: Contract, value: Any, what: str) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        contract.wrong(f"{what} cannot be written as JSON, and so not be stored: {error}")


def demand_no_secret(contract: Contract, error: Exception) -> None:
    whole = "".join(traceback.format_exception(error))
    for secret in contract.secrets:
        if secret in whole:
            contract.wrong(
                f"a secret is in {type(error).__name__} or in what caused it; raise an error of one's own `from None`"
            )
