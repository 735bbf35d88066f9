"""Creates whose answers were lost: what a delete does about them, and what is told."""

import asyncio
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from temporalio.client import WorkflowFailureError

from activities import steps
from firebrick import contract
from firebrick.contract import OperationState
from firebrick.resources.firebrick.exec import Exec
from firebrick.store.database import unavailable
from tests.unit.resources.http_world import Api
from tests.workflow.conftest import Lab, Started


def template(kind: str, **properties: Any) -> str:
    return json.dumps(
        {"heat_template_version": "2018-08-31", "resources": {"it": {"type": kind, "properties": properties}}}
    )


async def taken_over(lab: Lab, created: Started, calls: Callable[[], int]) -> Started:
    """By a delete, of which the create's run is told when three calls of the create have failed and the fourth is two
    seconds away: in the moment in which a step ends, the time-skipping server is confused by it for good."""
    while calls() < 3 or not (await created.handle.query(contract.PROGRESS, result_type=contract.Progress)).parked:
        await asyncio.sleep(0.01)
    deleted = await lab.delete("s")
    await created.handle.signal(contract.TAKE_OVER, deleted.accepted.seq)
    return deleted


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    with Api() as server:
        monkeypatch.setenv("FIREBRICK_HTTP_HOSTS", f"127.0.0.1:{server.port}")
        yield server


@pytest.mark.parametrize("deletes", [False, True], ids=["no delete command", "a delete command"])
async def test_a_delete_runs_no_create_command(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deletes: bool
) -> None:
    """It did, to learn what a create had made that was killed: and made an object that had never been, and left it."""
    monkeypatch.setenv("FIREBRICK_EXEC", "enabled")
    calls = tmp_path / "calls"
    say = f'echo "$FIREBRICK_ACTION $FIREBRICK_ID" >> {calls}'
    commands = {"create": ["/bin/sh", "-c", f"{say}; exit 75"]}
    if deletes:
        commands["delete"] = ["/bin/sh", "-c", f"{say}; exit 3"]
    created = await lab.create(template("Firebrick::Exec", **commands), name="s")
    deleted = await taken_over(lab, created, lambda: len(calls.read_text().splitlines()) if calls.exists() else 0)
    await created.handle.result()
    assert (await deleted.operation()).state is OperationState.DONE
    # Creates, and nothing after them but the delete of what they were told to make.
    first, *others = calls.read_text().splitlines()
    told = [line for line in others if line != first]
    assert first.startswith("CREATE s-it-") and told == ([first.replace("CREATE", "DELETE")] if deletes else [])
    assert not told or others[-1] == told[0]
    assert not any(event.action == "DELETE" and "attempt" in event.reason for event in await deleted.events())


async def test_what_nobody_can_look_up_is_unknown_in_the_providers_own_words(lab: Lab, api: Api) -> None:
    api.orders.append((500, {}, {"error": "out of cheese"}))
    created = await lab.create(template("Firebrick::HTTP::Resource", url=api.url), name="s")
    with pytest.raises(WorkflowFailureError):
        await created.handle.result()
    ended = await created.operation()
    assert ended.failure is not None and [one.error_class for one in ended.failure.causes] == ["unknown"]
    reason = (await created.resources())["it"].status_reason
    assert reason.startswith(
        "UnknownOutcome: resources.it: the answer to CREATE was lost, and Firebrick::HTTP::Resource"
    )
    assert "Look at the provider for an object of s-it-" in reason
    assert "The call ended with: POST" in reason and "500: out of cheese" in reason


async def test_a_refusal_under_the_same_token_ends_the_looking(lab: Lab, api: Api) -> None:
    """The stack could neither be deleted nor rolled back: each attempt asked for the create once more, and was told
    no."""
    api.orders += [(503, {}, None), *[(422, {}, {"error": "no"})] * 100]
    it = template("Firebrick::HTTP::Resource", url=api.url, idempotency_header="X-Token", body={"colour": "red"})
    created = await lab.create(it, name="s")
    with pytest.raises(WorkflowFailureError):
        await created.handle.result()
    reason = (await created.resources())["it"].status_reason
    assert "422: no" in reason and "look at the provider for an object of s-it-" in reason
    deleted = await lab.delete("s")
    await deleted.handle.result()
    assert [method for method, *_ in api.seen] == ["POST", "POST"]


@pytest.mark.parametrize("answer", [b"<html>", b" " * 1_100_000, {"id": None}], ids=["not JSON", "too long", "no id"])
async def test_a_delete_takes_away_what_a_create_made_whose_answer_could_not_be_read(
    lab: Lab, api: Api, answer: Any
) -> None:
    """Nothing was asked of the provider, and the object stayed."""
    find = {"path": "?name={name}", "id": "items.0.id"}
    body = {"name": "{name}", "colour": "red"}
    api.orders += [api.made_but((201, {}, answer)), (200, {}, {"items": []})]  # the lookup comes too early
    created = await lab.create(template("Firebrick::HTTP::Resource", url=api.url, find=find, body=body), name="s")
    with pytest.raises(WorkflowFailureError):
        await created.handle.result()
    assert len(api.things) == 1
    deleted = await lab.delete("s")
    await deleted.handle.result()
    assert not api.things


async def test_a_delete_that_repeats_a_create_to_learn_its_id_says_so(lab: Lab, api: Api) -> None:
    api.orders += [(500, {}, {"error": "out of cheese"})] * 1_000
    it = template(
        "Firebrick::HTTP::Resource", url=api.url, idempotency_header="X-Token", id="data.id", body={"colour": "red"}
    )
    created = await lab.create(it, name="s")
    deleted = await taken_over(lab, created, lambda: len(api.seen))

    async def told() -> list[str]:
        return [event.reason for event in await deleted.events() if event.action == "DELETE"]

    while not any("looking for what a create made whose answer was lost" in one for one in await told()):
        await asyncio.sleep(0.01)
    assert any("out of cheese" in one for one in await told())
    api.orders.clear()
    await created.handle.result()
    assert (await deleted.operation()).state is OperationState.DONE and not api.things


@pytest.mark.parametrize("deletes", [False, True], ids=["no delete command", "a delete command"])
async def test_a_create_that_died_with_its_worker_is_taken_away_by_what_the_template_says(
    lab: Lab, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, deletes: bool
) -> None:
    """Its properties were not stored yet, and the lookup was given none."""
    monkeypatch.setenv("FIREBRICK_EXEC", "enabled")
    monkeypatch.setattr(Exec, "call_timeout", 0.2)  # and so the lease that the dead worker leaves
    dead = asyncio.Event()

    def dies(point: str, name: str = "") -> None:
        """The worker is gone after the call, and nobody has the step until the delete comes."""
        if point == "step.after-call":
            dead.set()
        if dead.is_set() and point in ("step.after-call", "step.before-claim"):
            raise unavailable("the worker is dead")

    monkeypatch.setattr(steps, "failpoint", dies)
    calls = tmp_path / "calls"
    say = ["/bin/sh", "-c", f'echo "$FIREBRICK_ACTION $FIREBRICK_ID" >> {calls}']
    commands = {"create": say, **({"delete": say} if deletes else {})}
    created = await lab.create(template("Firebrick::Exec", **commands), name="s")
    await dead.wait()
    deleted = await lab.delete("s")
    await created.handle.signal(contract.TAKE_OVER, deleted.accepted.seq)
    while (await deleted.operation()).state is OperationState.PENDING:
        await asyncio.sleep(0.01)
    monkeypatch.setattr(steps, "failpoint", lambda *_: None)
    await created.handle.result()
    assert (await deleted.operation()).state is OperationState.DONE
    first, *others = calls.read_text().splitlines()
    assert first.startswith("CREATE s-it-") and others == ([first.replace("CREATE", "DELETE")] if deletes else [])
