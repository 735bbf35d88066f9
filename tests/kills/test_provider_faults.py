"""The provider dies, drops the line, refuses or takes its time; the worker lives. Effects happen once all the same."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import pytest

from firebrick.contract import OperationState
from firebrick.store.rows import EventRow, OperationRow
from firebrick.testing.dev_server import DevServer
from firebrick.testing.ledger import CREATED
from tests.integration.history import check_created_once, check_deleted_once, check_events, check_no_orphans
from tests.integration.rig import Rig, until
from tests.integration.side_by_side import Outcomes, side_by_side

pytestmark = pytest.mark.timeout(300)  # the first test waits for all cases

OBJECT, TOKEN, BLIND = "Firebrick::Test::Object", "Firebrick::Test::Token", "Firebrick::Test::Blind"


def one(kind: str, **properties: Any) -> Mapping[str, Any]:
    return {"heat_template_version": "2021-04-16", "resources": {"it": {"type": kind, "properties": properties}}}


def told(events: list[EventRow], action: str) -> list[str]:
    """Reasons of the resource's events of an action, after the first."""
    return [event.reason for event in events if event.resource_id and event.action == action][1:]


async def _create(rig: Rig, kind: str, **properties: Any) -> tuple[OperationRow, list[str]]:
    """A create of one resource, DONE with one effect; with what its events say."""
    created = await rig.done(await rig.create(one(kind, **properties)))
    check_created_once(rig.provider.ledger, "demo", ["it"])
    events = await rig.project.events(created.stack_id)
    check_events(events, {"it": ()})
    return created, told(events, "CREATE")


async def _delete(rig: Rig) -> list[str]:
    deleted = await rig.done(await rig.delete())
    check_deleted_once(rig.provider.ledger, "demo", ["it"])
    events = await rig.project.events(deleted.stack_id)
    check_events(events, {"it": ()})
    return told(events, "DELETE")


async def _provider_dies(rig: Rig, request: Callable[[], Awaitable[Any]]) -> Any:
    """What the request gives, while the provider dies on order once and is started again."""
    going = asyncio.ensure_future(request())
    await asyncio.to_thread(rig.provider.wait_for_death)
    await asyncio.to_thread(rig.provider.start)
    return await going


def dies(kind: str) -> Callable[[Rig], Awaitable[None]]:
    async def case(rig: Rig) -> None:
        rig.provider.fault("die-after-effect", method="POST")
        _, said = await _provider_dies(rig, lambda: _create(rig, kind))
        assert "(transient)" in said[0]
        rig.provider.fault("die-after-effect", method="DELETE")
        said = await _provider_dies(rig, lambda: _delete(rig))
        assert "(transient)" in said[0]

    return case


def drops(kind: str) -> Callable[[Rig], Awaitable[None]]:
    async def case(rig: Rig) -> None:
        rig.provider.fault("drop-after-effect", method="POST", times=2 if kind == TOKEN else 1)
        rig.provider.fault("drop-after-effect", method="DELETE", times=2)
        _, said = await _create(rig, kind)
        assert said[0].startswith("attempt 1 of 8 failed (transient): the provider's answer was lost")
        said = await _delete(rig)
        assert said[1].startswith("attempt 2 of 8 failed (transient): the provider's answer was lost")

    return case


async def _stalls(rig: Rig) -> None:
    """The answer comes after the call's time limit: it counts as lost, and is looked for."""
    rig.provider.fault("stall-after-effect", method="POST", seconds=4)
    _, said = await _create(rig, OBJECT)
    assert "(transient)" in said[0]
    await _delete(rig)


async def _refused_while_looking(rig: Rig) -> None:
    """A lost create stays lost while the search for its object is throttled, broken or turned away."""
    rig.provider.fault("drop-after-effect", method="POST")
    rig.provider.fault("fail", method="GET", status=429, retry_after=0.2)
    rig.provider.fault("fail", method="GET", status=409, nth=2)
    rig.provider.fault("fail", method="GET", status=503, nth=3)
    _, said = await _create(rig, OBJECT)
    assert [part.split("(")[1].split(")")[0] for part in said[:-1]] == [
        "transient",
        "throttled",
        "conflict",
        "transient",
    ]
    assert len(rig.provider.ledger.requests(method="POST")) == 1
    await _delete(rig)


async def _throttled(rig: Rig) -> None:
    rig.provider.fault("fail", method="POST", status=429, retry_after=1.5)
    created, said = await _create(rig, OBJECT)
    assert said == ["attempt 1 of 20 failed (throttled): the provider says 429 to POST; next in 1.5 s", "state changed"]
    first, second = rig.provider.ledger.requests(method="POST")
    assert second.time - first.time >= 1.5
    rig.provider.fault("fail", method="DELETE", status=429, retry_after=0.2)
    said = await _delete(rig)
    assert said[0].startswith("attempt 1 of 20 failed (throttled): the provider says 429 to DELETE")


async def _broken(rig: Rig) -> None:
    rig.provider.fault("fail", method="POST", status=500, times=2)
    rig.provider.fault("fail", method="DELETE", status=503, times=2)
    _, said = await _create(rig, OBJECT)
    assert [reason.split(":")[0] for reason in said] == [
        "attempt 1 of 8 failed (transient)",
        "attempt 2 of 8 failed (transient)",
        "state changed",
    ]
    said = await _delete(rig)
    assert [reason.split(":")[0] for reason in said][:2] == [
        "attempt 1 of 8 failed (transient)",
        "attempt 2 of 8 failed (transient)",
    ]


async def _conflict(rig: Rig) -> None:
    rig.provider.fault("fail", method="POST", status=409)
    rig.provider.fault("fail", method="DELETE", status=409)
    _, said = await _create(rig, TOKEN)
    assert said[0].startswith("attempt 1 of 10 failed (conflict): the provider says 409 to POST")
    said = await _delete(rig)
    assert said[0].startswith("attempt 1 of 10 failed (conflict): the provider says 409 to DELETE")


async def _permanent(rig: Rig) -> None:
    """A refusal that no attempt helps against ends the create at the first; the delete has nothing to delete."""
    rig.provider.fault("fail", method="POST", status=403, times=100)
    ended = await rig.ended(await rig.create(one(OBJECT)))
    assert ended.state is OperationState.FAILED
    assert ended.reason == "Resource CREATE failed: PermanentError: resources.it: the provider says 403 to POST"
    assert len(rig.provider.ledger.requests(method="POST")) == 1
    await rig.done(await rig.delete())
    assert rig.provider.ledger.effects() == []


async def _error_state(rig: Rig) -> None:
    """An object that is made and then fails is known, and goes with the stack."""
    ended = await rig.ended(await rig.create(one(OBJECT, fail=True, ready_after=0.2)))
    assert ended.state is OperationState.FAILED and "went into ERROR" in ended.reason
    check_created_once(rig.provider.ledger, "demo", ["it"])
    await _delete(rig)


async def _blind_lost(rig: Rig) -> None:
    rig.provider.fault("drop-after-effect", method="POST")
    operation = await rig.create(one(BLIND))
    ended = await rig.ended(operation)
    assert ended.state is OperationState.FAILED
    row = await rig.project.resource(operation.stack_id, "it")
    assert ended.reason == (
        "Resource CREATE failed: UnknownOutcome: resources.it: the answer to CREATE was lost, and "
        "Firebrick::Test::Blind can neither find an object by its key nor be created twice safely. Look at the "
        f"provider for an object made with key {row.key}; if it is there, delete it there; then delete the stack. "
        "The call ended with: the provider's answer was lost: RemoteDisconnected"
    )
    assert ended.failure is not None and [one.error_class for one in ended.failure.causes] == ["unknown"]
    assert len(rig.provider.ledger.effects(what=CREATED)) == len(rig.provider.ledger.requests(method="POST")) == 1
    await rig.done(await rig.delete())
    assert [effect.label for effect in rig.provider.ledger.living()] == ["it"]  # theirs to delete, as they were told


async def _blind_refused(rig: Rig) -> None:
    """What surely had no effect may be tried again: throttled, busy, nobody there."""
    rig.provider.fault("fail", method="POST", status=429, retry_after=0.1)
    rig.provider.fault("fail", method="POST", status=409, nth=2)
    await _create(rig, BLIND)
    await _delete(rig)


async def _blind_nobody_there(rig: Rig) -> None:
    rig.provider.kill()
    operation = await rig.create(one(BLIND))
    await rig.reached(operation, lambda events: bool(told(events, "CREATE")), "an attempt that reached nobody")
    rig.provider.start()
    await rig.done(operation)
    check_created_once(rig.provider.ledger, "demo", ["it"])
    await _delete(rig)


async def _parked_through_a_kill(rig: Rig) -> None:
    """What takes longer than a poll in place waits on a timer, holds no worker, and outlives one."""
    resources = {
        f"slow{number}": {"type": OBJECT, "properties": {"ready_after": 8, "gone_after": 7}} for number in "12"
    }
    resources["after"] = {"type": TOKEN, "depends_on": sorted(resources)}
    template = {"heat_template_version": "2021-04-16", "resources": resources}
    names = sorted(resources)

    async def killed_while_parked(operation: OperationRow) -> None:
        async def parked() -> bool:
            rows = [await rig.project.resource(operation.stack_id, name) for name in ("slow1", "slow2")]
            return all(row.polling and row.action == operation.action for row in rows)

        await until(parked, "both are parked")
        await rig.replace_workers()
        await rig.done(operation)

    created = await rig.create(template)
    await killed_while_parked(created)
    check_created_once(rig.provider.ledger, "demo", names)
    polls = len(rig.provider.ledger.requests("slow1", method="GET"))
    assert polls <= 3, f"{polls} polls: it was not parked"
    await killed_while_parked(await rig.delete())
    check_deleted_once(rig.provider.ledger, "demo", names)
    requires = {"slow1": (), "slow2": (), "after": ("slow1", "slow2")}
    check_events(await rig.project.events(created.stack_id), requires)
    check_no_orphans(rig.provider.ledger)


LOST: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "an object, the provider dies": dies(OBJECT),
    "a token, the provider dies": dies(TOKEN),
    "an object, the line drops": drops(OBJECT),
    "a token, the line drops": drops(TOKEN),
    "an object, the answer is late": _stalls,
    "an object, and looking for it is refused": _refused_while_looking,
}
REFUSED: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "throttled": _throttled,
    "transient": _broken,
    "conflict": _conflict,
    "permanent": _permanent,
    "in error": _error_state,
}
UNKNOWABLE: dict[str, Callable[[Rig], Awaitable[None]]] = {
    "lost": _blind_lost,
    "refused": _blind_refused,
    "nobody there": _blind_nobody_there,
}
PARKED: dict[str, Callable[[Rig], Awaitable[None]]] = {"parked": _parked_through_a_kill}
CASES = LOST | REFUSED | UNKNOWABLE | PARKED


@pytest.fixture(scope="module")
def outcomes(
    request: pytest.FixtureRequest, module_server: DevServer, tmp_path_factory: pytest.TempPathFactory
) -> Outcomes:
    def case(run: Callable[[Rig], Awaitable[None]]) -> Callable[[], Awaitable[None]]:
        async def with_worker() -> None:
            async with Rig(tmp_path_factory.mktemp("rig"), module_server) as rig:
                await rig.worker()
                await run(rig)

        return with_worker

    return side_by_side(request, {name: case(run) for name, run in CASES.items()})


@pytest.mark.parametrize("what", LOST)
def test_an_effect_whose_answer_is_lost_happens_once(outcomes: Outcomes, what: str) -> None:
    outcomes.check(what)


@pytest.mark.parametrize("error_class", REFUSED)
def test_a_refusal_is_tried_again_as_its_class_says_and_told(outcomes: Outcomes, error_class: str) -> None:
    outcomes.check(error_class)


@pytest.mark.parametrize("what", UNKNOWABLE)
def test_a_create_that_nobody_can_look_up_is_repeated_only_where_it_surely_had_no_effect(
    outcomes: Outcomes, what: str
) -> None:
    outcomes.check(what)


@pytest.mark.parametrize("what", PARKED)
def test_parked_resources_outlive_their_worker(outcomes: Outcomes, what: str) -> None:
    outcomes.check(what)
