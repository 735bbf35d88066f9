"""The contract of a resource type, as tests that its author runs against the real provider, or a fake that keeps books.

    class TestServer(ContractTests):                    # pytest and unittest collect it
        @pytest.fixture
        def contract(self, cloud) -> Contract:
            return Contract(
                Server(),
                {"size": 1},                            # properties to create it with
                changed={"size": 2},                    # to update it to, in place
                existing=lambda: cloud.server_ids(),    # what there is at the provider now
            )

Each check makes objects of its own and takes them away again. It does with the handlers what a worker does, and what
happens to workers: an answer is lost, the process dies at each line of the type's code in turn, a step is repeated.
What counts is what exists at the provider afterwards. A check that is not for this type is skipped (unittest.SkipTest).
Outside pytest, ``for check in CHECKS: check(contract)`` does the same. Broken contracts raise ContractViolation.
"""

import contextlib
import json
import re
import sys
import traceback
import unittest
import uuid
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from types import ModuleType
from typing import Any, NoReturn

from firebrick.diagnostics import InvalidInput
from firebrick.resources.base import Context, Done, Found, Live, Poll, ResourceType
from firebrick.resources.schema import NOTHING, schema_of
from firebrick.testing.crashes import Crash, Crashes
from firebrick.testing.rehearsal import Rehearsal


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
    """

    kind: ResourceType
    properties: Mapping[str, Any]
    existing: Callable[[], Collection[str]]
    changed: Mapping[str, Any] | None = None
    refused: Mapping[str, Any] | None = None
    secrets: Sequence[str] = ()
    crash_in: Sequence[ModuleType] = ()
    blind: bool = False

    @property
    def recovers(self) -> bool:
        """Whether the type says that an object is never made twice."""
        return self.kind.find_by_key is not None or self.kind.idempotent_create

    def crashes(self) -> Crashes:
        return Crashes([sys.modules[type(self.kind).__module__], *self.crash_in])

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
            self.expect(1, when, _FIND)

    def take_over(self) -> Done:
        """What the next worker does with a create of which no answer was stored."""
        resource, kind = self.resource, self.resource.kind
        if resource.physical_id is not None:
            answer: Any = Poll(after=0)
        elif kind.find_by_key is not None and (found := resource.find()) is not None:
            answer = Poll(after=0, physical_id=found.physical_id)
        else:
            answer = resource.start("CREATE")
        return resource.created(resource.finish("CREATE", answer))

    def delete_unsettled(self) -> None:
        """What a worker does to delete a resource of whose create no answer was stored."""
        resource, kind = self.resource, self.resource.kind
        if resource.physical_id is None:
            if kind.find_by_key is not None:
                found = resource.find("DELETE")
                resource.physical_id = None if found is None else found.physical_id
            elif kind.idempotent_create:
                resource.physical_id = resource.start("CREATE").physical_id
        if resource.physical_id is not None:
            resource.delete()

    def delete_whatever_there_is(self) -> None:
        if set(self.contract.existing()) - self.before:
            self.delete_unsettled()


# --- the outside of the type --------------------------------------------------------------------------------------


def schema_is_sound(contract: Contract) -> None:
    """Names, descriptions, defaults and required properties are what templates and the REST API can work with."""
    kind, schema = contract.kind, schema_of(contract.kind)
    if not re.fullmatch(r"[A-Za-z0-9]+(::[A-Za-z0-9]+)+", kind.type_name):
        contract.wrong("type_name must be words joined by '::', as in Example::Server")
    _json(contract, schema.shown(), "the schema (a property's default, perhaps)")
    for name, description in kind.attributes.items():
        if not description:
            contract.wrong(f"attribute {name} has no description")
    if lacking := [name for name, one in schema.properties.items() if one.required and name not in contract.properties]:
        contract.wrong(f"Contract.properties lacks the required {', '.join(lacking)}")
    for name, one in schema.properties.items():
        if one.default is not NOTHING and one.default is not None:
            given = {key: value for key, value in contract.properties.items() if key != name}
            _accepted(contract, {**given, name: one.default}, f"with the default of property {name} written out")
        if one.required:
            with contextlib.suppress(InvalidInput):
                schema.validate({key: value for key, value in contract.properties.items() if key != name})
                contract.wrong(f"property {name} is required, and its absence passes")
    _accepted(contract, contract.properties, "with Contract.properties")
    with contextlib.suppress(InvalidInput):
        schema.validate({**contract.properties, "no_such_property": 1})
        contract.wrong('an unknown property passes; Properties must keep extra="forbid"')


def updatable_properties_have_an_update(contract: Contract) -> None:
    """What says UPDATABLE can be updated, and Contract.changed shows how."""
    updatable = _updatable(contract)
    if type(contract.kind).update is ResourceType.update:
        contract.wrong(f"{', '.join(updatable)} say UPDATABLE, and the type has no update: changes would be lost")
    if contract.changed is None:
        contract.wrong(f"Contract.changed is missing: {', '.join(updatable)} say UPDATABLE")
    with contract.trial() as trial:
        trial.resource.create()
        if not trial.resource.changing(contract.changed).changed:
            contract.wrong("Contract.changed changes nothing")


# --- create -------------------------------------------------------------------------------------------------------


def create_makes_one_object(contract: Contract) -> None:
    """After a create there is one object more, with a physical id and the attributes that the type names."""
    with contract.trial() as trial:
        done = trial.resource.create()
        trial.expect(1, "after a create")
        if not trial.resource.physical_id:
            contract.wrong("the create gave no physical_id: nothing could ever delete the object")
        _attributes_are_sound(contract, trial.resource, done)


def repeated_polls_change_nothing(contract: Contract) -> None:
    """A poll whose answer is lost is asked again: before and between all polls there is one object."""
    with contract.trial() as trial:
        resource = trial.resource
        answer = resource.start("CREATE")
        if isinstance(answer, Done):
            raise unittest.SkipTest("its create never polls")
        while not isinstance(answer, Done):
            resource.note(answer)
            if resource.physical_id is None:
                contract.wrong("its create polls without a physical_id: the object is lost if the worker dies now")
            resource.call(resource.kind.poll_create, resource.context("CREATE", resource.key))
            answer = resource.call(resource.kind.poll_create, resource.context("CREATE", resource.key))
        resource.created(answer)
        trial.expect(1, "after a create whose polls were repeated")


def a_create_whose_answer_is_lost_makes_one_object(contract: Contract) -> None:
    """The call was made, and nobody heard the answer: the next attempt finds the object, or gets the same one."""
    _recovers(contract)
    with contract.trial() as trial:
        trial.resource.start("CREATE")
        done = _again(contract, "an attempt after a create whose answer was lost", trial.take_over)
        trial.expect(1, "after a create whose answer was lost and the attempt that followed", _FIND)
        if not trial.resource.physical_id:
            contract.wrong("after a create whose answer was lost, the attempt that followed gave no physical_id")
        _attributes_are_sound(contract, trial.resource, done)
        trial.resource.delete()
        trial.expect(0, "after the delete of an object whose create was lost once")


def a_create_that_dies_anywhere_makes_one_object(contract: Contract) -> None:
    """The process dies at each line of the create, its polls and what the next attempts do, until one gets through."""
    _recovers(contract)
    crashes = contract.crashes()
    with contract.trial() as trial:
        died = _dies(crashes, trial.resource.create)
        while died:
            trial.expect_at_most_one(f"after a create that died at {crashes.last}")
            attempt = f"an attempt after a create that died at {crashes.last}"
            died = _again(contract, attempt, partial(_dies, crashes, trial.take_over))
        trial.expect(1, f"after attempts to create that died at each line, at last at {crashes.last}", _FIND)
        if contract.kind.read is not None:
            _is_as_wanted(contract, trial.resource, "after a create whose attempts died at each line")
        trial.resource.delete()
        trial.expect(0, "after the delete of an object whose create died at each line")
    if not crashes.places:
        contract.wrong("no line of its module ran in a create: name the modules that do the work in Contract.crash_in")


def find_by_key_finds_its_own_object_only(contract: Contract) -> None:
    """None before the create and for another key; the physical id afterwards."""
    if contract.kind.find_by_key is None:
        raise unittest.SkipTest("it has no find_by_key")
    with contract.trial() as trial:
        resource = trial.resource
        if (found := resource.find()) is not None:
            contract.wrong(f"find_by_key finds {found.physical_id} before anything was created: not by the key")
        resource.create()
        found = resource.find()
        if not isinstance(found, Found) or found.physical_id != resource.physical_id:
            contract.wrong(f"after a create of {resource.physical_id}, find_by_key gives {found!r}")
        another = Rehearsal(contract.kind, contract.properties, key=uuid.uuid4().hex, short_id="anotheranoth")
        if (found := another.find()) is not None:
            contract.wrong(f"find_by_key finds {found.physical_id} under the key of another resource")


# --- read ---------------------------------------------------------------------------------------------------------


def read_sees_what_was_created(contract: Contract) -> None:
    """A healthy object with the properties it was created with, and nothing changes by looking."""
    _reads(contract)
    with contract.trial() as trial:
        trial.resource.create()
        _is_as_wanted(contract, trial.resource, "after a create")
        trial.expect(1, "after a create and reads")


def read_of_a_gone_object_gives_none(contract: Contract) -> None:
    _reads(contract)
    with contract.trial() as trial:
        trial.resource.create()
        trial.resource.delete()
        if (live := _read(contract, trial.resource, "of a deleted object")) is not None:
            contract.wrong(f"read of a deleted object gives {live!r}, not None")


# --- update -------------------------------------------------------------------------------------------------------


def update_changes_the_object_in_place(contract: Contract) -> None:
    """The same object with the new properties and all its attributes; once more changes nothing."""
    changed = _changed(contract)
    with contract.trial() as trial:
        resource = trial.resource
        resource.create()
        made, names = resource.physical_id, set(resource.stored)
        context = resource.changing(changed)
        done = resource.update(changed)
        trial.expect(1, "after an update in place")
        if resource.physical_id != made:
            contract.wrong(
                f"an update made {resource.physical_id} of {made}: raise Replace where it takes another object"
            )
        if lost := sorted(names - set(done.attributes)):
            contract.wrong(f"the update's Done lacks attributes that the create gave: {', '.join(lost)}")
        _attributes_are_sound(contract, resource, done)
        _is_as_wanted(contract, resource, "after an update")
        _again(contract, "a repeated update", _updating(resource, context))
        trial.expect(1, "after an update that was repeated")
        _is_as_wanted(contract, resource, "after an update that was repeated")


def an_update_that_dies_anywhere_can_be_repeated(contract: Contract) -> None:
    """The process dies at each line of the update and its polls; the update is made again until it gets through."""
    changed = _changed(contract)
    crashes = contract.crashes()
    with contract.trial() as trial:
        resource = trial.resource
        resource.create()
        context = resource.changing(changed)
        updating = _updating(resource, context)
        while _again(contract, f"an update after one that died at {crashes.last}", partial(_dies, crashes, updating)):
            trial.expect(1, f"after an update that died at {crashes.last}")
        resource.properties = context.properties
        trial.expect(1, "after an update that died at each line and was repeated")
        _is_as_wanted(contract, resource, "after an update that died at each line and was repeated")


# --- delete -------------------------------------------------------------------------------------------------------


def delete_leaves_nothing_and_can_be_repeated(contract: Contract) -> None:
    with contract.trial() as trial:
        trial.resource.create()
        trial.resource.delete()
        trial.expect(0, "after a delete")
        _again(
            contract,
            "a second delete (the answer to the first may be lost; not found is success)",
            trial.resource.delete,
        )
        trial.expect(0, "after a second delete")


def a_delete_that_dies_anywhere_can_be_repeated(contract: Contract) -> None:
    """The process dies at each line of the delete and its polls; the delete is made again until it gets through."""
    crashes = contract.crashes()
    with contract.trial() as trial:
        trial.resource.create()
        delete = partial(_dies, crashes, trial.resource.delete)
        while _again(contract, f"a delete after one that died at {crashes.last}", delete):
            pass
        trial.expect(0, f"after a delete that died at each line, at last at {crashes.last}, and was repeated")


def a_delete_after_a_lost_create_leaves_nothing(contract: Contract) -> None:
    """A create dies at each line in turn, and the stack is deleted before it is tried again."""
    _recovers(contract)
    crashes, more = contract.crashes(), True
    while more:
        with contract.trial() as trial:
            more = _dies(crashes, partial(trial.resource.start, "CREATE"))
            _again(contract, f"a delete after a create that died at {crashes.last}", trial.delete_unsettled)
            trial.expect(0, f"after a create that died at {crashes.last} and a delete", _FIND)


# --- errors -------------------------------------------------------------------------------------------------------


def a_refused_create_leaves_nothing_and_tells_no_secret(contract: Contract) -> None:
    """Of Contract.refused: an error, no object, and none of Contract.secrets in it or in what caused it."""
    if contract.refused is None:
        raise unittest.SkipTest("Contract.refused is not given")
    with contract.trial() as trial:
        resource = Rehearsal(contract.kind, contract.refused, key=trial.resource.key, short_id="refusedrefus")
        trial.resource = resource
        try:
            resource.create()
        except Exception as error:
            _no_secret(contract, error)
        else:
            contract.wrong("a create with Contract.refused succeeds")
        if resource.physical_id is not None:
            resource.delete()
        trial.expect(0, "after a refused create and a delete: without a physical id, nothing would look for it")


CHECKS: tuple[Callable[[Contract], None], ...] = (
    schema_is_sound,
    updatable_properties_have_an_update,
    create_makes_one_object,
    repeated_polls_change_nothing,
    a_create_whose_answer_is_lost_makes_one_object,
    a_create_that_dies_anywhere_makes_one_object,
    find_by_key_finds_its_own_object_only,
    read_sees_what_was_created,
    read_of_a_gone_object_gives_none,
    update_changes_the_object_in_place,
    an_update_that_dies_anywhere_can_be_repeated,
    delete_leaves_nothing_and_can_be_repeated,
    a_delete_that_dies_anywhere_can_be_repeated,
    a_delete_after_a_lost_create_leaves_nothing,
    a_refused_create_leaves_nothing_and_tells_no_secret,
)


class ContractTests:
    """The checks as tests. A subclass has a pytest fixture ``contract``; its name begins with Test."""

    def __init_subclass__(cls) -> None:
        for check in CHECKS:
            if not hasattr(cls, name := f"test_{check.__name__}"):
                setattr(cls, name, _test(check))


def _test(check: Callable[[Contract], None]) -> Callable[[Any, Contract], None]:
    def test(self: Any, contract: Contract) -> None:
        check(contract)

    test.__doc__ = check.__doc__
    return test


# --- what the checks share ----------------------------------------------------------------------------------------

_FIND = "find_by_key must see an object from the moment it exists; or the create, repeated under its key, must give it."


def _recovers(contract: Contract) -> None:
    if contract.blind:
        raise unittest.SkipTest("its provider is said to be blind")
    if not contract.recovers:
        contract.wrong(
            "it has neither find_by_key nor idempotent_create: a lost answer leaves an object that nobody knows. "
            "If the provider really has no way, say so: Contract(blind=True)"
        )


def _reads(contract: Contract) -> None:
    if contract.kind.read is None:
        raise unittest.SkipTest("it has no read")


def _updatable(contract: Contract) -> list[str]:
    names = [name for name, one in schema_of(contract.kind).properties.items() if one.update_allowed]
    if not names:
        raise unittest.SkipTest("none of its properties is UPDATABLE")
    return names


def _changed(contract: Contract) -> Mapping[str, Any]:
    _updatable(contract)
    if contract.changed is None:
        raise unittest.SkipTest("Contract.changed is not given")
    return contract.changed


def _accepted(contract: Contract, properties: Mapping[str, Any], how: str) -> None:
    try:
        schema_of(contract.kind).validate(properties)
    except InvalidInput as refused:
        contract.wrong(f"its own schema refuses a resource {how}: {refused}")


def _dies(crashes: Crashes, action: Callable[[], Any]) -> bool:
    """Whether it died; where it did not, every line has had its turn."""
    try:
        with crashes.next():
            action()
    except Crash:
        return True
    return False


def _again(contract: Contract, what: str, action: Callable[[], Any]) -> Any:
    """Its answer; what it raises is the type's fault, since a worker would have to do the same."""
    try:
        return action()
    except ContractViolation:
        raise
    except Exception as error:
        raise ContractViolation(f"{contract.kind.type_name}: {what} raises {type(error).__name__}: {error}") from error


def _updating(resource: Rehearsal, context: Context) -> Callable[[], Done]:
    """An update as a worker makes it that knows nothing of an earlier attempt."""

    def update() -> Done:
        resource.progress = {}
        answer = resource.call(resource.kind.update, context)
        return resource.created(resource.finish("UPDATE", answer, context=context))

    return update


def _read(contract: Contract, resource: Rehearsal, when: str) -> Live | None:
    try:
        return resource.read()
    except Exception as error:
        contract.wrong(f"read {when} raises {type(error).__name__}: {error}")


def _is_as_wanted(contract: Contract, resource: Rehearsal, when: str) -> None:
    if contract.kind.read is None:
        return
    live = _read(contract, resource, when)
    if not isinstance(live, Live):
        contract.wrong(f"read {when} gives {live!r}, not a Live")
    if not live.healthy:
        contract.wrong(f"read {when} says that the object does not work: {live.why}")
    wanted = resource.properties.model_dump(mode="json", by_alias=True)
    _json(contract, dict(live.properties), "what read gives")
    for name, value in live.properties.items():
        if name not in wanted:
            contract.wrong(f"read gives {name}, which is none of its properties")
        if value != wanted[name]:
            contract.wrong(
                f"read {when} gives another value of {name} than the one asked for: it would be called drift. "
                "Leave out of Live what cannot be seen as templates write it"
            )


def _attributes_are_sound(contract: Contract, resource: Rehearsal, done: Done) -> None:
    known = schema_of(contract.kind).attributes
    if not contract.kind.any_attribute and (unknown := sorted(set(done.attributes) - set(known))):
        contract.wrong(f"it gives attributes that it does not name in `attributes`: {', '.join(unknown)}")
    _json(contract, dict(done.attributes), "its attributes")
    _json(contract, dict(done.data or {}), "its data")
    for name in contract.kind.attributes:
        _json(contract, resource.attribute(name), f"attribute {name}")


def _json(contract: Contract, value: Any, what: str) -> None:
    try:
        json.dumps(value, allow_nan=False)
    except (TypeError, ValueError) as error:
        contract.wrong(f"{what} cannot be written as JSON, and so not be stored: {error}")


def _no_secret(contract: Contract, error: Exception) -> None:
    whole = "".join(traceback.format_exception(error))
    for secret in contract.secrets:
        if secret in whole:
            contract.wrong(
                f"a secret is in {type(error).__name__} or in what caused it; raise an error of one's own `from None`"
            )
