"""Requests that are refused: Heat's body, our diagnostics, and nothing stored."""

import json
from typing import Any

import httpx2
import pytest
from structlog.testing import capture_logs

from starter.rest import create_app
from tests.unit.rest.test_stacks import TEMPLATE, complete
from tests.unit.rest.world import World

MALFORMED = "The server could not comply with the request since it is either malformed or otherwise incorrect."


async def test_a_name_in_use_is_a_conflict(world: World) -> None:
    await world.create("main", TEMPLATE)
    body = await world.refused(409, stack_name="main", template=TEMPLATE)
    assert body.pop("diagnostics")[0]["code"] == "name-in-use"
    assert body == {
        "code": 409,
        "title": "Conflict",
        "explanation": "There was a conflict when trying to complete your request.",
        "error": {"type": "StackExists", "traceback": None, "message": "The Stack (main) already exists."},
    }


@pytest.mark.parametrize(
    ("fields", "kind", "message"),
    [
        ({"template": TEMPLATE}, "HTTPBadRequest", "No stack name specified"),
        ({"stack_name": "x"}, "HTTPBadRequest", "No template specified"),
        (
            {"stack_name": "x", "template": TEMPLATE, "timeout_mins": "abc"},
            "HTTPBadRequest",
            "Only integer is acceptable by 'timeout_mins'.",
        ),
        (
            {"stack_name": "x", "template": TEMPLATE, "disable_rollback": "maybe"},
            "HTTPBadRequest",
            'Unrecognized value "maybe" for "disable_rollback", acceptable values are: true, false.',
        ),
        (
            {"stack_name": "x", "template": TEMPLATE, "parameters": {"nope": "1"}},
            "UnknownUserParameter",
            "The Parameter (nope) was not defined in template.",
        ),
        (
            {"stack_name": "1 bad name", "template": TEMPLATE},
            "StackValidationFailed",
            'Invalid stack name 1 bad name must contain only alphanumeric or "_-." characters, must start with alpha '
            "and must be 255 characters or less.",
        ),
        (
            {"stack_name": "x", "template": {"heat_template_version": "2021-04-16", "resources": {"a": {}}}},
            "StackValidationFailed",
            "Each resource must contain a type key.",
        ),
    ],
)
async def test_heats_words_are_kept(world: World, fields: dict[str, Any], kind: str, message: str) -> None:
    body = await world.refused(400, **fields)
    assert body["error"] == {"type": kind, "traceback": None, "message": message}
    assert (body["title"], body["explanation"]) == ("Bad Request", MALFORMED)
    assert all(one["code"] and one["summary"] for one in body["diagnostics"])


@pytest.mark.parametrize(
    "fields",
    [
        {"stack_name": "a/b"},
        {"stack_name": 7},
        {"stack_name": ["x"]},
        {"template": 7},
        {"template": []},
        {"template": "a: [1"},
        {"template": "a: 1\na: 2\n"},
        {"template": "[" * 3000},
        {"template": "a: " + "[" * 3000 + "]" * 3000},
        {"parameters": "x"},
        {"parameters": []},
        {"files": {"a": 7}},
        {"environment": 7},
        {"environment": "parameters: ["},
        {"environment_files": ["missing"]},
        {"environment_files": "x"},
        {"environment_files": ["a"], "files": {"a": "parameters: ["}},
        {"timeout_mins": -1},
        {"timeout_mins": 10**30},
        {"timeout_mins": 1.5},
        {"timeout_mins": True},
        {"tags": 7},
        {"tags": "x" * 81},
        {"on_failure": "nothing"},
        {"on_failure": ["keep"]},
        {"continue_independent": "maybe"},
        {"adopt_stack_data": "{}"},
        {"template": None, "template_url": "http://127.0.0.1/t.yaml"},
        {"operation_id": "not-a-uuid"},
    ],
    ids=lambda fields: json.dumps(fields)[:40],
)
async def test_a_wrong_field_is_refused_and_says_so(world: World, fields: dict[str, Any]) -> None:
    body = await world.refused(400, **({"stack_name": "x", "template": TEMPLATE} | fields))
    assert body["error"]["message"] and body["diagnostics"][0]["code"]


async def test_problems_in_a_text_have_their_place(world: World) -> None:
    text = "heat_template_version: 2021-04-16\nresources:\n  a:\n    type: OS::Heat::RandomString\n    properties:\n"
    body = await world.refused(400, stack_name="x", template=text + "      nope: 1\n")
    (problem,) = body["diagnostics"]
    assert (problem["file"], problem["line"], problem["column"]) == ("template", 6, 7)
    assert problem["path"] == "resources.a.properties.nope"


async def test_environment_files_are_named_where_they_are_wrong(world: World) -> None:
    files = {"good.yaml": "parameters: {}", "bad.yaml": "parameters:\n  a: 1\n  b: !x 2\n"}
    body = await world.refused(400, stack_name="x", template=TEMPLATE, environment_files=list(files), files=files)
    (problem,) = body["diagnostics"]
    assert (problem["file"], problem["line"], problem["column"]) == ("bad.yaml", 3, 6)


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        (b"{not json", "Expecting property name enclosed in double quotes: line 1 column 2 (char 1)"),
        (b"[1]", "The request body must be a JSON object."),
        (b'{"a": NaN}', "NaN is not JSON"),
        (b'{"a": 1e999}', "a number is too large"),
        (b'{"a": "\\ud800"}', "The body has half of a surrogate pair in a text."),
        (b"[" * 100_000, "The body is nested deeper than 200 levels."),
        (b'{"a":' * 500 + b"1" + b"}" * 500, "The body is nested deeper than 200 levels."),
    ],
)
async def test_a_body_that_is_no_json_object_is_refused(world: World, raw: bytes, message: str) -> None:
    answer = await world.http.post("/v1/p1/stacks", content=raw)
    assert answer.status_code == 400
    assert answer.json()["error"]["message"] == message


@pytest.mark.parametrize("raw", [b"\xff\xfe", b'{"a": ' + b"9" * 5000 + b"}"])
async def test_bytes_that_json_chokes_on_are_refused(world: World, raw: bytes) -> None:
    answer = await world.http.post("/v1/p1/stacks", content=raw)
    assert answer.status_code == 400 and answer.json()["diagnostics"][0]["code"] == "bad-json"


@pytest.mark.parametrize("size", [1_048_577, 10_000_000, 40_000_000])
@pytest.mark.parametrize("declared", [True, False])
async def test_a_body_too_large_is_refused_before_it_is_parsed(world: World, size: int, declared: bool) -> None:
    async def chunks() -> Any:
        for start in range(0, size, 100_000):
            yield b"x" * min(100_000, size - start)

    headers = {"content-length": str(size)} if declared else {}
    answer = await world.http.post("/v1/p1/stacks", content=chunks(), headers=headers)
    assert answer.status_code == 400
    assert answer.json()["error"]["type"] == "RequestLimitExceeded"


async def test_the_limit_of_a_body_is_a_setting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    files = {f"file{number}": "x" * 400_000 for number in range(4)}
    fields: dict[str, Any] = {"stack_name": "x", "template": TEMPLATE, "files": files}
    body = await world.refused(400, **fields)
    assert "exceeds maximum allowed size (1048576 bytes)" in body["error"]["message"]
    assert "FIREBRICK_MAX_BODY_SIZE" in body["diagnostics"][0]["detail"]
    monkeypatch.setenv("FIREBRICK_MAX_BODY_SIZE", "2000000")
    made = await world.create("x", TEMPLATE, files=files)
    assert await world.body(f"{made.path}/files") == files
    monkeypatch.setenv("FIREBRICK_MAX_BODY_SIZE", "100")
    body = await world.refused(400, **fields)
    assert "exceeds maximum allowed size (100 bytes)" in body["error"]["message"]


async def test_a_template_too_large_is_refused(world: World) -> None:
    body = await world.refused(400, stack_name="x", template="#" * 524_289)
    assert body["error"]["type"] == "RequestLimitExceeded"


async def test_without_temporal_a_request_is_unavailable_and_reads_go_on(world: World) -> None:
    made = await complete(world)
    world.starter.up = False
    body = await world.refused(503, stack_name="x", template=TEMPLATE)
    assert (body["title"], body["error"]["message"]) == (
        "Service Unavailable",
        "the Temporal server does not answer",
    )
    assert (await world.http.delete(f"/v1/p1{made.path}")).status_code == 503
    assert (await world.body(made.path))["stack"]["stack_status"] == "CREATE_COMPLETE"
    health = await world.http.get("/healthcheck")
    assert (health.status_code, health.json()["detailed"]) == (503, False)


async def test_a_database_that_is_gone_is_unavailable(world: World) -> None:
    await world.store.close()
    answer = await world.get("/stacks")
    assert answer.status_code == 503
    assert answer.json()["diagnostics"][0]["code"] == "store-unavailable"


async def test_an_unexpected_error_is_a_report_without_values(world: World) -> None:
    world.starter.broken = RuntimeError("password=s3cret")
    with capture_logs() as logs:
        answer = await world.http.post("/v1/p1/stacks", json={"stack_name": "x", "template": TEMPLATE})
    assert answer.status_code == 500
    body = answer.json()
    assert body["error"]["type"] == "InternalError" and "s3cret" not in answer.text
    (entry,) = [one for one in logs if one["log_level"] == "error"]
    assert entry["report"] in body["error"]["message"]
    assert "RuntimeError" in entry["places"][0] and "s3cret" not in json.dumps(entry)


async def test_every_stack_of_every_project_is_for_nobody(world: World) -> None:
    answer = await world.get("/stacks", global_tenant="True")
    assert answer.status_code == 403
    assert answer.json()["error"] == {
        "type": "Forbidden",
        "traceback": None,
        "message": "You are not authorized to use stacks:global_index.",
    }


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"sort_dir": "sideways"}, "ValueError"),
        ({"sort_keys": "size"}, "ValueError"),
        ({"limit": "many"}, "HTTPBadRequest"),
        ({"limit": "-1"}, "HTTPBadRequest"),
        ({"show_deleted": "perhaps"}, "HTTPBadRequest"),
    ],
)
async def test_wrong_queries_of_the_list_are_refused(world: World, query: dict[str, str], kind: str) -> None:
    answer = await world.get("/stacks", **query)
    assert answer.status_code == 400 and answer.json()["error"]["type"] == kind


async def test_a_marker_that_is_not_in_the_list_is_not_found(world: World) -> None:
    assert (await world.get("/stacks", marker="none")).status_code == 404


@pytest.mark.parametrize("project", ["a b", "%00", "-x", "x" * 256])
async def test_a_project_with_other_characters_is_refused(world: World, project: str) -> None:
    answer = await world.http.get(f"/v1/{project}/stacks")
    assert answer.status_code == 400 and answer.json()["diagnostics"][0]["code"] == "bad-project"


async def test_a_web_page_of_another_origin_cannot_send_requests(world: World) -> None:
    page = {"origin": "http://evil.test"}
    answer = await world.http.post("/v1/p1/stacks", json={"stack_name": "x", "template": TEMPLATE}, headers=page)
    assert answer.status_code == 403
    assert (await world.body("/stacks"))["stacks"] == []
    own = {"origin": "http://heat.test:8004"}
    answer = await world.http.post("/v1/p1/stacks", json={"stack_name": "x", "template": TEMPLATE}, headers=own)
    assert answer.status_code == 201


async def test_a_server_on_loopback_answers_to_loopback_names_only(world: World) -> None:
    app = create_app(world.store, world.starter, hosts=("127.0.0.1", "localhost", "::1"))
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url="http://evil.test") as http:
        refused = await http.get("/v1/p1/stacks")
        assert refused.status_code == 403 and "--allowed-host" in refused.json()["diagnostics"][0]["detail"]
        for host in ("127.0.0.1:8004", "localhost:8004", "[::1]:8004"):
            assert (await http.get("/v1/p1/stacks", headers={"host": host})).status_code == 200
