"""The value of a hidden parameter, and what is computed or drawn, stays with those who may see it.

It may be shown where the owner asks for it, as Heat does (SHOWN); never in a message, an event, a list, a log, in
Temporal's histories or its UI, or in the clear in a database. What the stacks are and where is looked: canaries.py.
"""

import asyncio
from collections.abc import Iterable

import pytest

from tests.acceptance.canaries import INLINE, SECRETS, Aviary, Sight
from tests.acceptance.command_line import CommandLine

SHOWN = {
    # Where a secret may be seen, since the owner asks for just that: route -> the key of the body that holds it.
    "GET /stacks/{name}/{id}": "outputs",
    "GET /stacks/{name}/{id}/outputs/{key}": "output_value",
    "GET /stacks/{name}/{id}/resources": "attributes",  # with_detail=True only
    "GET /stacks/{name}/{id}/resources/{resource}": "attributes",
    "GET /stacks/{name}/{id}/resources/{resource}/metadata": "metadata",
    "GET /stacks/{name}/{id}/resources/{resource}/events/{event}": "resource_properties",
    "GET /stacks/{name}/{id}/files": "secret.sh",
    "GET /stacks/{name}/{id}/template": "default",  # the template as it was given
}


@pytest.fixture(scope="module")
def aviary(firebrick: CommandLine) -> Aviary:
    made = Aviary(firebrick)
    asyncio.run(made.fill())
    return made


def leaks(sights: Iterable[Sight], secrets: Iterable[str]) -> list[str]:
    """Where which secrets are seen; those without a name of their own were drawn."""
    names = {secret: secret if secret.startswith("canary") else "drawn" for secret in secrets}
    return sorted({f"{one.place}: {name}" for one in sights for secret, name in names.items() if one.holds(secret)})


async def test_secrets_are_shown_to_who_asks_for_them_and_nowhere_else(aviary: Aviary) -> None:
    secrets = [*SECRETS, *aviary.drawn]
    assert len(aviary.drawn) >= 10
    seen = aviary.http()
    for route, key in SHOWN.items():
        holding = [sight for sight in seen if sight.place == route and leaks([sight], secrets)]
        assert holding, f"{route} shows nothing: is it not looked at, or not there any more?"
        seen = [sight.without(key) if sight.place == route else sight for sight in seen]
    assert leaks(seen, secrets) == []
    assert leaks(aviary.commands(), secrets) == []
    assert leaks(aviary.refusals, [*secrets, INLINE]) == []

    aviary.delete_all()
    seen = [sight.without(SHOWN.get(sight.place, "")) for sight in aviary.http()]
    assert leaks(seen, secrets) == []

    seen = await aviary.temporal()
    assert all(sum(sight.place.startswith(kind) for sight in seen) >= 20 for kind in ("history", "description"))
    assert leaks(seen, secrets) == []

    files = aviary.files()
    names = {sight.place for sight in files}
    assert names >= {"firebrick.db", "temporal.db", "logs/worker.log", "logs/http.log", "logs/temporal.log"}
    stack = aviary.ids["complete"]
    assert {sight.place.partition("-")[0] for sight in files if sight.holds(stack)} >= {"firebrick.db", "temporal.db"}
    assert leaks(files, secrets) == []


async def test_what_came_inline_is_where_its_sender_put_it_and_nowhere_else(aviary: Aviary) -> None:
    """Without a codec a history holds what it is started with, whatever becomes of that: the refusal says so."""
    inputs = {"workflow_execution_started_event_attributes", "activity_task_scheduled_event_attributes"}
    events = [
        Sight(event.WhichOneof("attributes"), event.SerializeToString()) for event in await aviary.inline_events()
    ]
    assert {one.place for one in events if one.holds(INLINE)} == inputs
    assert leaks([one for one in aviary.files() if not one.place.startswith("temporal.db")], [INLINE]) == []
    assert "hidden" in str(aviary.refusals[-1].body)
