"""The contract of a resource type, as tests that its author runs against the real provider, or a fake that keeps books.

    class TestServer(ContractTests):                    # pytest collects it
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
import re
import unittest
import uuid
from collections.abc import Callable
from functools import partial
from typing import Any

from firebrick.diagnostics import InvalidInput
from firebrick.resources.base import Done, Found, ResourceType
from firebrick.resources.errors import PropertyMissing
from firebrick.resources.schema import NOTHING, schema_of
from firebrick.testing.contract_trial import (
    FIND,
    Contract,
    ContractViolation,
    again,
    demand_accepted,
    demand_as_wanted,
    demand_changed,
    demand_json,
    demand_no_secret,
    demand_read,
    demand_recovery,
    demand_sound_attributes,
    dies,
    updatable,
    updating,
    what_read_sees,
)
from firebrick.testing.rehearsal import Rehearsal

__all__ = ["CHECKS", "Contract", "ContractTests", "ContractViolation"]


# --- the outside of the type --------------------------------------------------------------------------------------


def schema_is_sound(contract: Contract) -> None:
    """Names, descriptions, defaults and required properties are what templates and the REST API can work with."""
    kind, schema = contract.kind, schema_of(contract.kind)
    if not re.fullmatch(r"[A-Za-z0-9]+(::[A-Za-z0-9]+)+", kind.type_name):
        contract.wrong("type_name must be words joined by '::', as in Example::Server")
    demand_json(contract, schema.shown(), "the schema (a property's default, perhaps)")
    for name, description in kind.attributes.items():
        if not description:
            contract.wrong(f"attribute {name} has no description")
    if lacking := [name for name, one in schema.properties.items() if one.required and name not in contract.properties]:
        contract.wrong(f"Contract.properties lacks the required {', '.join(lacking)}")
    for name, one in schema.properties.items():
        if one.default is not NOTHING and one.default is not None:
            given = {key: value for key, value in contract.properties.items() if key != name}
            demand_accepted(contract, {**given, name: one.default}, f"with the default of property {name} written out")
        if one.required:
            with contextlib.suppress(InvalidInput):
                schema.validate({key: value for key, value in contract.properties.items() if key != name})
                contract.wrong(f"property {name} is required, and its absence passes")
    demand_accepted(contract, contract.properties, "with Contract.properties")
    with contextlib.suppress(InvalidInput):
        schema.validate({**contract.properties, "no_such_property": 1})
        contract.wrong('an unknown property passes; Properties must keep extra="forbid"')


def updatable_properties_have_an_update(contract: Contract) -> None:
    """What says UPDATABLE can be updated, and Contract.changed shows how."""
    names = updatable(contract)
    if type(contract.kind).update is ResourceType.update:
        contract.wrong(f"{', '.join(names)} say UPDATABLE, and the type has no update: changes would be lost")
    if contract.changed is None:
        contract.wrong(f"Contract.changed is missing: {', '.join(names)} say UPDATABLE")
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
        demand_sound_attributes(contract, trial.resource, done)


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
    demand_recovery(contract)
    with contract.trial() as trial:
        trial.resource.start("CREATE")
        done = again(contract, "an attempt after a create whose answer was lost", trial.take_over)
        trial.expect(1, "after a create whose answer was lost and the attempt that followed", FIND)
        if not trial.resource.physical_id:
            contract.wrong("after a create whose answer was lost, the attempt that followed gave no physical_id")
        demand_sound_attributes(contract, trial.resource, done)
        trial.resource.delete()
        trial.expect(0, "after the delete of an object whose create was lost once")


def a_create_that_dies_anywhere_makes_one_object(contract: Contract) -> None:
    """The process dies at each line of the create, its polls and what the next attempts do, until one gets through."""
    demand_recovery(contract)
    crashes = contract.crashes()
    with contract.trial() as trial:
        died = dies(crashes, trial.resource.create)
        while died:
            trial.expect_at_most_one(f"after a create that died at {crashes.last}")
            attempt = f"an attempt after a create that died at {crashes.last}"
            died = again(contract, attempt, partial(dies, crashes, trial.take_over))
        trial.expect(1, f"after attempts to create that died at each line, at last at {crashes.last}", FIND)
        if contract.kind.read is not None:
            demand_as_wanted(contract, trial.resource, "after a create whose attempts died at each line")
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
        if not resource.can_find:
            raise unittest.SkipTest("its find_by_key cannot tell with these properties")
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
    demand_read(contract)
    with contract.trial() as trial:
        trial.resource.create()
        demand_as_wanted(contract, trial.resource, "after a create")
        trial.expect(1, "after a create and reads")


def read_of_a_gone_object_gives_none(contract: Contract) -> None:
    demand_read(contract)
    with contract.trial() as trial:
        trial.resource.create()
        trial.resource.delete()
        if (live := what_read_sees(contract, trial.resource, "of a deleted object")) is not None:
            contract.wrong(f"read of a deleted object gives {live!r}, not None")


def read_sees_an_external_object(contract: Contract) -> None:
    """`external_id`: an object that another stack has made is found by its id; one that is gone is not."""
    demand_read(contract)
    with contract.trial() as trial:
        resource = trial.resource
        resource.create()
        id_ = str(resource.physical_id)
        for given, what in ((contract.properties, "its properties"), ({}, "no properties")):
            try:
                live = resource.read_external(id_, given)
            except Exception as error:
                if isinstance(error, PropertyMissing) and not given:
                    continue
                contract.wrong(f"read of an external object, with {what}, raises {type(error).__name__}: {error}")
            if live is None or not live.healthy:
                contract.wrong(
                    f"read of an external object, with {what}, gives {live!r}: with context.external there is no "
                    "context.data, and no mark of this resource"
                )
        trial.expect(1, "after reads of an external object")
        resource.delete()
        if (live := resource.read_external(id_, contract.properties)) is not None:
            contract.wrong(f"read of an external object that is gone gives {live!r}, not None")


# --- update -------------------------------------------------------------------------------------------------------


def update_changes_the_object_in_place(contract: Contract) -> None:
    """The same object with the new properties and all its attributes; once more changes nothing."""
    changed = demand_changed(contract)
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
        demand_sound_attributes(contract, resource, done)
        demand_as_wanted(contract, resource, "after an update")
        again(contract, "a repeated update", updating(resource, context))
        trial.expect(1, "after an update that was repeated")
        demand_as_wanted(contract, resource, "after an update that was repeated")


def an_update_that_dies_anywhere_can_be_repeated(contract: Contract) -> None:
    """The process dies at each line of the update and its polls; the update is made again until it gets through."""
    changed = demand_changed(contract)
    crashes = contract.crashes()
    with contract.trial() as trial:
        resource = trial.resource
        resource.create()
        context = resource.changing(changed)
        update = updating(resource, context)
        while again(contract, f"an update after one that died at {crashes.last}", partial(dies, crashes, update)):
            trial.expect(1, f"after an update that died at {crashes.last}")
        resource.properties = context.properties
        trial.expect(1, "after an update that died at each line and was repeated")
        demand_as_wanted(contract, resource, "after an update that died at each line and was repeated")


# --- delete -------------------------------------------------------------------------------------------------------


def delete_leaves_nothing_and_can_be_repeated(contract: Contract) -> None:
    with contract.trial() as trial:
        trial.resource.create()
        trial.resource.delete()
        trial.expect(0, "after a delete")
        again(
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
        delete = partial(dies, crashes, trial.resource.delete)
        while again(contract, f"a delete after one that died at {crashes.last}", delete):
            pass
        trial.expect(0, f"after a delete that died at each line, at last at {crashes.last}, and was repeated")


def a_delete_after_a_lost_create_leaves_nothing(contract: Contract) -> None:
    """A create dies at each line in turn, and the stack is deleted before it is tried again."""
    demand_recovery(contract)
    crashes, more = contract.crashes(every=contract.every), True
    while more:
        with contract.trial() as trial:
            more = dies(crashes, partial(trial.resource.start, "CREATE"))
            again(contract, f"a delete after a create that died at {crashes.last}", trial.delete_unsettled)
            trial.expect(0, f"after a create that died at {crashes.last} and a delete", FIND)


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
            demand_no_secret(contract, error)
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
    read_sees_an_external_object,
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
