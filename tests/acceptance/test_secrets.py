"""The value of a hidden parameter, and what is computed or drawn, stays with those who may see it.

It may be shown where the owner asks for it, as Heat does (SHOWN); never in a message, an event, a list, a log, in
Temporal's histories or its UI, or in the clear in a database. What the stacks are and where is looked: canaries.py.
"""

import asyncio
import base64
import json
import subprocess
import urllib.error
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import pytest
from temporalio.client import Client

from starter.payloads import DATA_CONVERTER
from tests.acceptance.canaries import INLINE, SECRETS, Aviary, Sight
from tests.acceptance.command_line import BIN, CommandLine, running_server

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
    """Where which secrets are seen, and what stands around the first; those without a name of their own were drawn."""
    names = {secret: secret if secret.startswith("canary") else "drawn" for secret in secrets}
    found = {
        f"{one.place}: {name}": one.around(secret)
        for one in sights
        for secret, name in names.items()
        if one.holds(secret)
    }
    return [f"{where}: {context!r}" for where, context in sorted(found.items())]


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
        Sight(str(event.WhichOneof("attributes")), event.SerializeToString()) for event in await aviary.inline_events()
    ]
    assert {one.place for one in events if one.holds(INLINE)} == inputs
    assert leaks([one for one in aviary.files() if not one.place.startswith("temporal.db")], [INLINE]) == []
    assert "hidden" in str(aviary.refusals[-1].body)


CODED = """
heat_template_version: 2018-08-31
parameters: {word: {type: string, hidden: true}}
resources: {a: {type: OS::Heat::Value, properties: {value: {get_param: word}}}}
"""


def _status(asked: urllib.request.Request) -> int:
    try:
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return int(answer.status)
    except urllib.error.HTTPError as refused:
        return refused.code


async def test_with_a_codec_the_cluster_stores_nothing_readable_and_the_ui_can_read_it(tmp_path: Path) -> None:
    """A stack by the command line, and one by `temporal` with a hidden value inline, which a codec allows."""
    state, template = tmp_path / "state", tmp_path / "template.yaml"
    state.mkdir()
    template.write_text(CODED)
    options = ("--payload-keyring", str(tmp_path / "payload-keyring"), "--allowed-host", "Proxy.Example")
    with running_server(state, *options) as firebrick:
        firebrick("stack", "create", "coded", "-t", template, "--parameter", f"word={SECRETS[0]}", "--wait")
        address = firebrick.told["temporal_address"]
        client = await Client.connect(address, data_converter=DATA_CONVERTER)
        stack = firebrick.record("stack", "show", "coded")["id"]
        history = await client.get_workflow_handle(f"stack/default/coded/{stack}").fetch_history()
        raw = b"".join(event.SerializeToString() for event in history.events)
        readable = [word for word in (b"OS::Heat::Value", b"operation_id", b"heat_template") if word in raw]
        assert b"binary/encrypted" in raw and not readable

        with urllib.request.urlopen(f"{firebrick.told['ui_url']}/api/v1/settings", timeout=60) as answer:
            endpoint = json.load(answer)["Codec"]["Endpoint"]
        assert endpoint == f"{firebrick.told['api_url']}/codec"
        (payload,) = history.events[0].workflow_execution_started_event_attributes.input.payloads
        metadata = {name: base64.b64encode(value).decode() for name, value in payload.metadata.items()}
        body = {"payloads": [{"metadata": metadata, "data": base64.b64encode(payload.data).decode()}]}
        headers = {"Origin": firebrick.told["ui_url"], "X-Namespace": "default", "Content-Type": "application/json"}
        asked = urllib.request.Request(f"{endpoint}/decode", json.dumps(body).encode(), headers)
        with urllib.request.urlopen(asked, timeout=60) as answer:
            assert answer.headers["Access-Control-Allow-Origin"] == firebrick.told["ui_url"]
            (shown,) = json.load(answer)["payloads"]
        assert json.loads(base64.b64decode(shown["data"]))["stack_id"] == stack

        # By a proxy's name, when everybody is this machine: the API, which was allowed it, and no decryption.
        api = firebrick.told["api_url"]
        for host, answers in (("proxy.example", (200, 403)), ("evil.example", (403, 403)), ("127.0.0.1", (200, 200))):
            stacks = _status(urllib.request.Request(f"{api}/v1/default/stacks", headers={"Host": host}))
            json_of = {"Host": host, "Content-Type": "application/json"}
            decoded = _status(urllib.request.Request(f"{endpoint}/decode", json.dumps(body).encode(), json_of))
            assert (stacks, decoded) == answers, host

        stored = [one for one in _files(state) if one.place.startswith("temporal.db")]
        assert any(one.holds(stack) for one in stored)  # ids are not encrypted
        assert leaks(stored, ["OS::Heat::Value", SECRETS[0]]) == []

        # Last: who starts a workflow without the codec has the request itself stored in the clear.
        request = json.dumps({"name": "by-hand", "template": CODED, "parameters": {"word": INLINE}})
        line = ["workflow", "execute", "--type", "CreateStack", "--task-queue", "firebrick", "--workflow-id", "by-hand"]
        done = subprocess.run(
            [BIN / "temporal", *line, "--input", request, "--address", address, "-o", "json"],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.returncode == 0 and "COMPLETED" in done.stdout, done
        assert firebrick.record("stack", "show", "by-hand")["stack_status"] == "CREATE_COMPLETE"
        ours = [one for one in _files(state) if not one.place.startswith("temporal.db")]
        assert leaks(ours, [INLINE, SECRETS[0]]) == []


def _files(folder: Path) -> list[Sight]:
    return [Sight(file.name, file.read_bytes()) for file in folder.rglob("*") if file.is_file()]
