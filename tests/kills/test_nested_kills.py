"""The worker is killed in the middle of a nested stack that is being made, changed or deleted, and where the outer step
has asked for that and not yet written so. Another one carries on; nothing is lost or done twice.
"""

import json
import signal
from collections import Counter
from collections.abc import Awaitable, Callable

import pytest

from firebrick.contract import Action
from firebrick.store.rows import OperationRow
from firebrick.testing.dev_server import DevServer
from firebrick.testing.ledger import CREATED, DELETED, UPDATED
from tests.integration.rig import Rig
from tests.integration.side_by_side import Outcomes, side_by_side

pytestmark = pytest.mark.timeout(400)  # the first test waits for all cases

KILLED = -signal.SIGKILL
CASES = {
    "made": (Action.CREATE, "q:step.after-call"),
    "changed": (Action.UPDATE, "q:step.after-call"),
    "deleted": (Action.DELETE, "q:step.after-call"),
    "asked for": (Action.CREATE, "nest:step.after-call"),
}
HEAD = "heat_template_version: 2021-04-16\n"
INNER = f"""{HEAD}
parameters: {{size: {{type: number}}, ready: {{type: number}}}}
resources:
  p: {{type: Firebrick::Test::Object, properties: {{size: {{get_param: size}}}}}}
  q:
    type: Firebrick::Test::Token
    properties: {{ready_after: {{get_param: ready}}, value: {{get_attr: [p, size]}}}}
outputs:
  size: {{value: {{get_attr: [p, size]}}}}
"""


def outer(size: int, ready: float) -> str:
    """ready: a change of it replaces what is inside."""
    return f"""{HEAD}
resources:
  nest: {{type: inner.yaml, properties: {{size: {size}, ready: {ready}}}}}
  above: {{type: Firebrick::Test::Object, properties: {{value: {{get_attr: [nest, size]}}}}}}
"""


FILES = {"inner.yaml": INNER}


async def _life(rig: Rig, disturbed: Action, point: str) -> None:
    async def done(action: Action, ask: Callable[[], Awaitable[OperationRow]]) -> OperationRow:
        if action is not disturbed:
            return await rig.done(await ask())
        armed = await rig.replace_workers(failpoint=point)
        asked = await ask()
        assert await armed.death() == KILLED
        assert not (await rig.state(asked)).state.ended
        await rig.worker()
        return await rig.done(asked)

    await rig.worker()
    created = await done(Action.CREATE, lambda: rig.create(outer(1, 0.1), files=FILES))
    rows = {row.name: row for row in await rig.project.resources(created.stack_id)}
    assert rows["above"].attributes["value"] == "1"
    await done(Action.UPDATE, lambda: rig.update(outer(2, 0.2), files=FILES))
    rows = {row.name: row for row in await rig.project.resources(created.stack_id)}
    assert rows["above"].attributes["value"] == "2"
    inner = await rig.project.resources(str(rows["nest"].physical_id))
    ledger = rig.provider.ledger
    expected = {row.name: row.physical_id for row in (*inner, rows["above"])}
    assert {one.label: one.id for one in ledger.living()} == expected
    await done(Action.DELETE, lambda: rig.delete())

    assert ledger.living() == [] and await rig.project.stacks(include_nested=True) == []
    for what in (CREATED, DELETED):
        assert Counter(one.label for one in ledger.effects(what=what)) == {"p": 1, "q": 2, "above": 1}, what
    assert {json.dumps(one.properties["size"]) for one in ledger.effects("p", what=UPDATED)} == {"2"}
    operations = [one.action for one in await rig.project.operations(str(rows["nest"].physical_id))]
    assert operations == [Action.DELETE, Action.UPDATE, Action.CREATE], "each was asked for once"


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    def case(disturbed: Action, point: str) -> Callable[[], Awaitable[None]]:
        async def run() -> None:
            async with Rig(tmp_path_factory.mktemp("rig"), module_server) as rig:
                await _life(rig, disturbed, point)

        return run

    return side_by_side(request, {name: case(*disturbed) for name, disturbed in CASES.items()})


@pytest.mark.parametrize("name", CASES)
def test_a_kill_while_what_is_inside_is(outcomes: Outcomes, name: str) -> None:
    outcomes.check(name)
