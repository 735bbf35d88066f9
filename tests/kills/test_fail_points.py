"""A worker is killed between any two steps of a resource's or an operation's life; nothing is done twice or lost.

Each point of firebrick.failpoints is hit once in a create and once in a delete; test_update_fail_points has updates.
The worker must really die there, by SIGKILL; another one carries on. Then the operation ends DONE, its workflow ends,
the provider's ledger has each effect once, nothing is left behind, and the events are in legal order.
"""

import signal
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import Action, OperationState
from firebrick.failpoints import POINTS
from firebrick.store.rows import OperationRow
from firebrick.testing.dev_server import DevServer
from tests.integration.history import (
    Requires,
    check_created_once,
    check_deleted_once,
    check_events,
    check_stack,
    required_by_name,
)
from tests.integration.rig import Rig
from tests.integration.side_by_side import Outcomes, side_by_side

pytestmark = pytest.mark.timeout(400)  # the first test waits for all cases

KILLED = -signal.SIGKILL

# Objects that take a moment, a token under them, in-engine types before and after, one instant type upon another.
TEMPLATE = """
heat_template_version: 2021-04-16
resources:
  word: {type: OS::Heat::RandomString, properties: {length: 8}}
  said: {type: OS::Heat::Value, properties: {value: {get_attr: [word, value]}}}
  below:
    type: Firebrick::Test::Object
    properties: {ready_after: 0.3, gone_after: 0.3, value: {get_attr: [said, value]}}
  plain: {type: OS::Heat::TestResource, properties: {value: {get_resource: below}}}
  middle: {type: Firebrick::Test::Token, depends_on: plain}
  above: {type: Firebrick::Test::Object, properties: {value: {get_attr: [middle, name]}}}
  last: {type: OS::Heat::Value, properties: {value: {get_attr: [above, value]}}}
"""
OUTSIDE = ("below", "middle", "above")
REQUIRES: Requires = {
    "word": (),
    "said": ("word",),
    "below": ("said",),
    "plain": ("below",),
    "middle": ("plain",),
    "above": ("middle",),
    "last": ("above",),
}

# Nothing takes another's place in a create or a delete: tests/kills/test_update_fail_points.py has these.
UPDATES_ONLY = ("step.before-stand-in", "step.after-stand-in")
# What is armed; more than the points themselves, since a provider's answer may be lost in more than one way. A point
# that cannot be reached in the usual way has a case of its own below.
USUAL = {
    point: {"step.after-progress": "below:step.after-progress"}.get(point, point)
    for point in POINTS
    if point not in ("begin.after-accept", "step.after-find", *UPDATES_ONLY)
}
FURTHER = {
    "step.after-call of a token": "middle:step.after-call",
    "step.after-record of the last object": "above:step.after-record",
    "batch.after-claim, second batch": "batch.after-claim@2",
}
ARMED = {**USUAL, **FURTHER}


async def _carry_through(rig: Rig, point: str, request: Callable[[], Awaitable[OperationRow]]) -> OperationRow:
    """The operation, DONE, though the worker that began it dies at the point."""
    armed = await rig.replace_workers(failpoint=point)
    operation = await request()
    assert await armed.death() == KILLED
    await rig.worker()
    return await rig.done(operation)


async def _create_and_delete(rig: Rig, point: str) -> None:
    created = await _carry_through(rig, point, lambda: rig.create(TEMPLATE))
    await _check_created(rig, created)
    deleted = await _carry_through(rig, point, rig.delete)
    await _check_deleted(rig, deleted)


async def _check_created(rig: Rig, operation: OperationRow) -> None:
    check_created_once(rig.provider.ledger, "demo", OUTSIDE)
    stack = await rig.project.stack(operation.stack_id)
    assert stack.state == "CREATE_COMPLETE"
    rows = await rig.project.resources(operation.stack_id)
    assert required_by_name(rows) == REQUIRES
    assert {row.name: row.state for row in rows} == dict.fromkeys(REQUIRES, "CREATE_COMPLETE")
    living = {effect.label: effect.id for effect in rig.provider.ledger.living()}
    assert {row.name: row.physical_id for row in rows if row.name in OUTSIDE} == living
    values: dict[str, Any] = {row.name: row.attributes for row in rows}
    assert values["word"]["value"] == values["said"]["value"] == values["below"]["value"]
    assert values["last"]["value"] == values["above"]["value"] == values["middle"]["name"]
    await check_stack(rig, operation.stack_id, REQUIRES)


async def _check_deleted(rig: Rig, operation: OperationRow) -> None:
    check_deleted_once(rig.provider.ledger, "demo", OUTSIDE)
    stack = await rig.project.stack(operation.stack_id, include_deleted=True)
    assert stack.state == "DELETE_COMPLETE" and stack.deleted_at is not None
    assert await rig.project.stacks() == [] and await rig.project.resources(operation.stack_id) == []
    events = await check_stack(rig, operation.stack_id, REQUIRES)
    for action in (Action.CREATE, Action.DELETE):
        complete = [one.resource_name for one in events if one.resource_id and one.state == f"{action}_COMPLETE"]
        assert sorted(complete) == sorted(REQUIRES)


async def _inline_request(rig: Rig) -> None:
    """begin.after-accept: the request came with the workflow, and is stored when the worker dies."""

    async def create() -> OperationRow:
        await rig.client.start_workflow(
            "CreateStack",
            {"name": "demo", "template": TEMPLATE},
            id=f"by-hand-{rig.task_queue}",
            task_queue=rig.task_queue,
        )
        return await rig.operation_of("demo", Action.CREATE)

    async def delete() -> OperationRow:
        stack = await rig.project.stack("demo")
        await rig.client.start_workflow(
            "DeleteStack", {"stack": "demo"}, id=f"by-hand-too-{rig.task_queue}", task_queue=rig.task_queue
        )
        return await rig.operation_of(stack.id, Action.DELETE)

    await _check_created(rig, await _carry_through(rig, "begin.after-accept", create))
    await _check_deleted(rig, await _carry_through(rig, "begin.after-accept", delete))


async def _find_in_create(rig: Rig) -> None:
    """step.after-find: the create's answer is lost, the object is found, and the worker dies before it is stored."""
    rig.provider.fault("drop-after-effect", method="POST", match="above")
    created = await _carry_through(rig, "above:step.after-find", lambda: rig.create(TEMPLATE))
    await _check_created(rig, created)
    assert len(rig.provider.ledger.requests("above", method="POST")) == 1
    await rig.done(await rig.delete())
    check_deleted_once(rig.provider.ledger, "demo", OUTSIDE)


async def _find_in_delete(rig: Rig) -> None:
    """step.after-find: nobody has stored the object that a create made; the delete finds it, and its worker dies."""
    await rig.worker(failpoint="below:step.after-call")
    created = await rig.create(TEMPLATE)
    await rig.reached(created, lambda events: bool(rig.provider.ledger.living()), "the object is made")
    deleted = await _carry_through(rig, "below:step.after-find", rig.delete)
    assert (await rig.state(created)).state is OperationState.SUPERSEDED
    check_deleted_once(rig.provider.ledger, "demo", ["below"])
    check_events(await rig.project.events(deleted.stack_id), REQUIRES)


def never_told(resource: str, made: Sequence[str]) -> Callable[[Rig], Awaitable[None]]:
    """An object was made, its worker died before it could store that, and nothing of the create runs any more: the
    delete finds out what there is to delete."""

    async def case(rig: Rig) -> None:
        armed = await rig.worker(failpoint=f"{resource}:step.after-call")
        created = await rig.create(TEMPLATE)
        assert await armed.death() == KILLED
        await rig.client.get_workflow_handle(created.workflow_id).terminate("somebody pulled the plug")
        await rig.worker()
        assert (await rig.ended(created)).state is OperationState.FAILED
        row = await rig.project.resource(created.stack_id, resource)
        assert row.physical_id is None and row.create_unsettled
        await rig.done(await rig.delete())
        check_deleted_once(rig.provider.ledger, "demo", made)
        check_events(await rig.project.events(created.stack_id), REQUIRES)

    return case


async def _blind(rig: Rig) -> None:
    """A create that can neither be looked up nor repeated is not repeated: a person has to look."""
    template = {
        "heat_template_version": "2021-04-16",
        "resources": {
            "dark": {"type": "Firebrick::Test::Blind"},
            "after": {"type": "OS::Heat::TestResource", "depends_on": "dark"},
        },
    }
    armed = await rig.worker(failpoint="dark:step.after-call")
    operation = await rig.create(template)
    assert await armed.death() == KILLED
    await rig.worker()
    ended = await rig.ended(operation)
    assert ended.state is OperationState.FAILED
    assert "the answer to CREATE was lost" in ended.reason and "resources.dark" in ended.reason
    assert len(rig.provider.ledger.requests("dark", method="POST")) == 1
    row = await rig.project.resource(operation.stack_id, "dark")
    assert row.state == "CREATE_FAILED" and row.create_unsettled
    assert (await rig.project.resource(operation.stack_id, "after")).state == "INIT_COMPLETE"
    check_events(await rig.project.events(operation.stack_id), {"dark": (), "after": ("dark",)})


SPECIAL: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "begin.after-accept": _inline_request,
    "step.after-find in a create": _find_in_create,
    "step.after-find in a delete": _find_in_delete,
    "step.after-call of an object, then a delete": never_told("below", ["below"]),
    "step.after-call of a token, then a delete": never_told("middle", ["below", "middle"]),
    "step.after-call of a blind create": _blind,
}


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    def case(name: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            directory = tmp_path_factory.mktemp("rig")
            async with Rig(directory, module_server) as rig:
                await (SPECIAL[name](rig) if name in SPECIAL else _create_and_delete(rig, ARMED[name]))

        return run

    return side_by_side(request, {name: case(name) for name in (*SPECIAL, *ARMED)})


@pytest.mark.parametrize("point", ARMED)
def test_a_kill_at_this_point_of_create_and_delete_changes_nothing(outcomes: Outcomes, point: str) -> None:
    outcomes.check(point)


@pytest.mark.parametrize("name", ["begin.after-accept"])
def test_a_kill_after_an_inline_request_is_stored_changes_nothing(outcomes: Outcomes, name: str) -> None:
    outcomes.check(name)


@pytest.mark.parametrize("name", ["step.after-find in a create", "step.after-find in a delete"])
def test_a_kill_after_a_lost_object_was_found_changes_nothing(outcomes: Outcomes, name: str) -> None:
    outcomes.check(name)


@pytest.mark.parametrize(
    "name", ["step.after-call of an object, then a delete", "step.after-call of a token, then a delete"]
)
def test_an_object_that_nobody_was_told_about_goes_with_the_stack(outcomes: Outcomes, name: str) -> None:
    outcomes.check(name)


@pytest.mark.parametrize("name", ["step.after-call of a blind create"])
def test_a_create_that_nobody_can_look_up_is_not_done_again(outcomes: Outcomes, name: str) -> None:
    outcomes.check(name)


def test_every_fail_point_has_a_case() -> None:
    special = {name.split(" ")[0] for name in SPECIAL}
    assert set(POINTS) == set(USUAL) | (special & set(POINTS)) | set(UPDATES_ONLY)


def test_every_fail_point_in_the_code_is_known() -> None:
    """A point that is passed but not listed would be a gap in this proof."""
    source = "".join(path.read_text() for path in sorted(Path(__file__).parents[2].glob("activities/*.py")))
    passed = {part.split('"')[0] for part in source.split('failpoint("')[1:]}
    assert passed == set(POINTS)
