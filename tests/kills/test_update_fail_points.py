"""A worker is killed at each fail point of an update that changes, replaces, makes and deletes; nothing is lost or done
twice. The worker must really die there, by SIGKILL; another one carries on, and the update ends DONE.
"""

import signal
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from firebrick.contract import Action, OperationState
from firebrick.failpoints import POINTS
from firebrick.store.rows import OperationRow
from firebrick.testing.dev_server import DevServer
from firebrick.testing.ledger import CREATED, DELETED, UPDATED
from tests.integration.rig import Rig
from tests.integration.side_by_side import Outcomes, side_by_side

pytestmark = pytest.mark.timeout(400)  # the first test waits for all cases

KILLED = -signal.SIGKILL

HEAD = "heat_template_version: 2021-04-16\nresources:\n"
BEFORE = f"""{HEAD}
  word: {{type: OS::Heat::RandomString, properties: {{length: 8}}}}
  below: {{type: Firebrick::Test::Object, properties: {{size: 1}}}}
  above: {{type: Firebrick::Test::Object, properties: {{value: {{get_attr: [below, name]}}}}}}
  top: {{type: Firebrick::Test::Token, properties: {{value: {{get_attr: [above, name]}}}}}}
  old: {{type: OS::Heat::Value, properties: {{value: {{get_attr: [word, value]}}}}}}
"""
# below is changed in place, above is replaced, top is pointed to the new one, old goes, new comes, word stays.
AFTER = f"""{HEAD}
  word: {{type: OS::Heat::RandomString, properties: {{length: 8}}}}
  below: {{type: Firebrick::Test::Object, properties: {{size: 2}}}}
  above: {{type: Firebrick::Test::Object, properties: {{ready_after: 0.3, value: {{get_attr: [below, name]}}}}}}
  top: {{type: Firebrick::Test::Token, properties: {{value: {{get_attr: [above, name]}}}}}}
  new: {{type: OS::Heat::Value, properties: {{value: {{get_attr: [word, value]}}}}}}
"""
INLINE, FOUND = "begin.after-accept", "step.after-find"
ARMED = {
    **{point: point for point in POINTS},
    "step.after-progress": "above:step.after-progress",
    FOUND: f"above:{FOUND}",
    "step.after-call of a change": "below:step.after-call",
    "step.after-call of a replacement": "above:step.after-call",
    "step.after-record of the last change": "top:step.after-record",
}


async def _update(rig: Rig, name: str) -> None:
    await rig.worker()
    created = await rig.done(await rig.create(BEFORE))
    before = {row.name: row for row in await rig.project.resources(created.stack_id)}
    if name == FOUND:
        rig.provider.fault("drop-after-effect", method="POST", match="above")
    armed = await rig.replace_workers(failpoint=ARMED[name])
    updated = await (_inline(rig) if name == INLINE else rig.update(AFTER))
    assert await armed.death() == KILLED
    await rig.worker()
    assert (await rig.done(updated)).state is OperationState.DONE

    after = {row.name: row for row in await rig.project.resources(created.stack_id)}
    assert sorted(after) == ["above", "below", "new", "top", "word"]
    ids = {name: row.physical_id for name, row in after.items()}
    kept = [name for name, row in before.items() if ids.get(name) == row.physical_id and name not in ("old", "new")]
    assert sorted(kept) == ["below", "top", "word"]
    _check_ledger(rig, {name: ids[name] or "" for name in ("below", "above", "top")})
    assert after["top"].attributes["value"] == after["above"].attributes["name"] != before["above"].attributes["name"]
    events = await rig.project.events(created.stack_id)
    assert [event.seq for event in events] == list(range(1, len(events) + 1))
    ended = Counter((one.resource_id, one.state) for one in events if one.resource_id and one.status == "COMPLETE")
    assert set(ended.values()) == {1}
    assert not any(one.resource_name == "word" and one.action != Action.CREATE for one in events)


async def _inline(rig: Rig) -> OperationRow:
    """The request comes with the workflow, and is stored when the worker dies."""
    argument = {"stack": "demo", "template": AFTER}
    id_ = f"by-hand-{rig.task_queue}"
    await rig.client.start_workflow("UpdateStack", argument, id=id_, task_queue=rig.task_queue)
    return await rig.operation_of("demo", Action.UPDATE)


def _check_ledger(rig: Rig, ids: dict[str, str]) -> None:
    """One creation of each object, above's two; one deletion, of the old above; each change once; no other lives."""
    ledger = rig.provider.ledger
    assert {one.label: one.id for one in ledger.living()} == ids
    assert Counter(one.label for one in ledger.effects(what=CREATED)) == {"below": 1, "above": 2, "top": 1}
    assert [one.label for one in ledger.effects(what=DELETED)] == ["above"]
    assert Counter(one.label for one in ledger.effects(what=UPDATED)) == {"below": 1, "top": 1}


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    def case(name: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            async with Rig(tmp_path_factory.mktemp("rig"), module_server) as rig:
                await _update(rig, name)

        return run

    return side_by_side(request, {name: case(name) for name in ARMED})


@pytest.mark.parametrize("name", ARMED)
def test_a_kill_at_this_point_of_an_update_changes_nothing(outcomes: Outcomes, name: str) -> None:
    outcomes.check(name)
