"""Nothing is made twice and nothing is left behind by providers that are slow and workers that are stopped or killed.

The provider is a REST API that keeps books (Firebrick::HTTP::Resource), or commands of a template (Firebrick::Exec).
"""

import contextlib
import os
import signal
import sqlite3
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import Action
from firebrick.testing.dev_server import DevServer
from tests.integration.rig import PLUGINS, Rig, WorkerProcess, until
from tests.unit.resources.http_world import Api

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def api() -> Iterator[Api]:
    with Api() as server:
        yield server


def things(api: Api, number: int, **properties: Any) -> dict[str, Any]:
    thing = {
        "url": api.url,
        "body": {"name": "{name}", "colour": "red"},
        "id": "data.id",
        "find": {"path": "?name={name}", "id": "items.0.id"},
        **properties,
    }
    resources = {f"r{one}": {"type": "Firebrick::HTTP::Resource", "properties": thing} for one in range(number)}
    return {"heat_template_version": "2018-08-31", "resources": resources}


def rig_for(folder: Path, server: DevServer, api: Api) -> Rig:
    return Rig(folder, server, settings={"FIREBRICK_HTTP_HOSTS": f"127.0.0.1:{api.port}", "FIREBRICK_EXEC": "enabled"})


def posted(api: Api) -> "Counter[str]":
    """How often each name was asked for."""
    return Counter(body["name"] for method, _, _, body in api.seen if method == "POST")


def stop_outside_a_transaction(worker: WorkerProcess, database: Path) -> None:
    """A process that stands still while it writes would keep SQLite's lock: no other could even start."""
    while True:
        os.kill(worker.pid, signal.SIGSTOP)
        with contextlib.closing(sqlite3.connect(database, timeout=0.5, isolation_level=None)) as connection:
            try:
                connection.execute("BEGIN IMMEDIATE")
            except sqlite3.OperationalError:
                os.kill(worker.pid, signal.SIGCONT)
                continue
            connection.execute("ROLLBACK")
            return


async def test_a_worker_that_was_stopped_and_goes_on_makes_nothing_twice(
    dev_server: DevServer, tmp_path: Path, api: Api
) -> None:
    api.takes = 0.5
    async with rig_for(tmp_path, dev_server, api) as rig:
        stopped = await rig.worker()
        operation = await rig.create(things(api, 60, timeout=1))

        async def begun() -> bool:
            return len(api.seen) > 5

        await until(begun, "calls are on their way")
        stop_outside_a_transaction(stopped, rig.directory / "firebrick.db")
        await rig.worker()
        await rig.done(operation)
        made = sorted(one["name"] for one in api.things.values())
        os.kill(stopped.pid, signal.SIGCONT)
        await stopped.stop()  # it ends what it is at
        assert len(made) == 60 and sorted(one["name"] for one in api.things.values()) == made
        await rig.done(await rig.delete())
        assert not api.things


async def test_a_provider_that_is_slower_than_it_may_be_makes_nothing_twice(
    dev_server: DevServer, tmp_path: Path, api: Api
) -> None:
    """Its answers come after the time limit, and so do its effects: they are waited for before anything is repeated."""
    api.takes = 4.5
    async with rig_for(tmp_path, dev_server, api) as rig:
        await rig.worker()
        await rig.done(await rig.create(things(api, 30, timeout=4)))
        assert len(api.things) == 30 and set(posted(api).values()) == {1}
        await rig.done(await rig.delete())
        assert not api.things


async def test_a_delete_waits_for_what_a_create_that_was_given_up_may_still_make(
    dev_server: DevServer, tmp_path: Path, api: Api
) -> None:
    api.takes = 4.5
    async with rig_for(tmp_path, dev_server, api) as rig:
        await rig.worker()
        await rig.create(things(api, 3, timeout=4))

        async def begun() -> bool:
            return len(posted(api)) == 3

        await until(begun, "the creates are on their way")
        await rig.done(await rig.delete())
        assert not api.things and set(posted(api).values()) == {1}


SLOW = "echo $$ > $FOLDER/pid; exec sleep 600"


async def test_a_command_dies_with_its_worker_and_its_row_is_held_no_longer_than_it_may_take(
    dev_server: DevServer, tmp_path: Path, api: Api
) -> None:
    """The next worker goes on when the resource's own time is over, not its type's longest."""
    folder = tmp_path / "made"
    folder.mkdir()
    script = f'if mkdir $FOLDER/begun; then {SLOW}; fi; touch "$FOLDER/$FIREBRICK_ID"'
    template = {
        "heat_template_version": "2018-08-31",
        "resources": {
            "it": {
                "type": "Firebrick::Exec",
                "properties": {
                    "create": ["/bin/sh", "-c", script],
                    "delete": ["/bin/sh", "-c", 'rm "$FOLDER/$FIREBRICK_ID" || exit 3'],
                    "env": {"FOLDER": str(folder)},
                    "timeout": 3,
                },
            }
        },
    }
    async with rig_for(tmp_path / "rig", dev_server, api) as rig:
        worker = await rig.worker()
        operation = await rig.create(template)

        async def begun() -> bool:
            return (folder / "pid").exists() and bool((folder / "pid").read_text())

        await until(begun, "the command runs")
        command = int((folder / "pid").read_text())
        worker.kill()

        async def gone() -> bool:
            return not Path(f"/proc/{command}").exists()

        await until(gone, "the command is gone")
        assert rig.lease_of(operation.stack_id) - rig.store.clock() <= 3 + 10 + 2
        await rig.worker()
        await rig.done(operation)
        assert len(list(folder.glob("demo-it-*"))) == 1
        await rig.done(await rig.delete())
        assert not list(folder.glob("demo-it-*"))


@pytest.mark.parametrize("ends", ["delete", "rollback", "replacement"])
async def test_what_a_command_made_before_it_failed_is_taken_away(
    dev_server: DevServer, tmp_path: Path, api: Api, ends: str
) -> None:
    folder = tmp_path / "made"
    folder.mkdir()

    def template(code: int) -> dict[str, Any]:
        properties = {
            "create": ["/bin/sh", "-c", f'touch "$FOLDER/$FIREBRICK_ID"; exit {code}'],
            "delete": ["/bin/sh", "-c", 'rm "$FOLDER/$FIREBRICK_ID" || exit 3'],
            "env": {"FOLDER": str(folder)},
        }
        return {
            "heat_template_version": "2018-08-31",
            "resources": {"it": {"type": "Firebrick::Exec", "properties": properties}},
        }

    async with rig_for(tmp_path / "rig", dev_server, api) as rig:
        await rig.worker()
        created = await rig.create(template(1), on_failure="rollback" if ends == "rollback" else "keep")
        await rig.ended(created)
        if ends == "rollback":
            await rig.done(await rig.operation_of("demo", Action.ROLLBACK))
        elif ends == "replacement":
            (left,) = folder.iterdir()
            await rig.done(await rig.update(template(0)))
            assert [one.name for one in folder.iterdir()] != [left.name] and len(list(folder.iterdir())) == 1
        if ends != "rollback":
            await rig.done(await rig.delete())
        assert not list(folder.iterdir())


async def test_a_worker_whose_clock_is_an_hour_ahead_holds_nothing_for_an_hour(
    dev_server: DevServer, tmp_path: Path, api: Api
) -> None:
    """It is killed inside a call; another one goes on when the call's time is over. And what it parks wakes in time."""
    api.takes = 2.0
    settings = {
        "FIREBRICK_HTTP_HOSTS": f"127.0.0.1:{api.port}",
        "FIREBRICK_PLUGINS": f"{PLUGINS},tests.integration.fast_clock",
    }
    ready = {"path": "state", "values": ["ACTIVE"], "interval": 6}
    async with Rig(tmp_path, dev_server, settings=settings) as rig:
        ahead = await rig.worker()
        operation = await rig.create(things(api, 1, timeout=3, ready=ready))

        async def called() -> bool:
            return len(posted(api)) == 1

        await until(called, "it is inside its call")
        assert abs(rig.lease_of(operation.stack_id) - rig.store.clock()) < 60
        ahead.kill()
        await rig.worker()
        done = await rig.done(operation)
        assert abs((done.ended_at or 0.0) - rig.store.clock()) < 60 and len(api.things) == 1
