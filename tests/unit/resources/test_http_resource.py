"""Firebrick::HTTP::Resource speaks to a real API on the loopback, and to no host that the operator has not allowed."""

import email.utils
import time
from collections.abc import Iterator
from typing import Any

import pytest

from firebrick.diagnostics import InvalidInput
from firebrick.elapsed import elapsed
from firebrick.resources.allowed_hosts import demand_allowed
from firebrick.resources.base import Done, Found, Poll
from firebrick.resources.errors import (
    ConflictError,
    PermanentError,
    QuotaError,
    Replace,
    ResourceError,
    ThrottledError,
    TransientError,
    is_late,
    surely_without_effect,
)
from firebrick.resources.firebrick.http_resource import HttpResource
from firebrick.resources.http_requests import UnreadableAnswer
from firebrick.testing.contract_kit import Contract, ContractTests
from firebrick.testing.dev_server import free_ports
from firebrick.testing.rehearsal import NeedsAnother, Rehearsal
from tests.unit.resources.http_world import Api

SECRET = "hunter2-hunter2"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[Api]:
    with Api() as server:
        monkeypatch.setenv("FIREBRICK_HTTP_HOSTS", f"127.0.0.1:{server.port}")
        yield server


def properties(api: Api, **other: Any) -> dict[str, Any]:
    return {
        "url": api.url,
        "secret_headers": {"Authorization": f"Bearer {SECRET}"},
        "body": {"name": "{name}", "colour": "red"},
        "update": {"method": "PATCH", "path": "/{id}"},
        "id": "data.id",
        "find": {"path": "?name={name}", "id": "items.0.id"},
        **other,
    }


def contract_of(api: Api, **other: Any) -> Contract:
    given = properties(api, **other)
    return Contract(
        HttpResource(),
        given,
        changed=given | {"body": {"name": "{name}", "colour": "blue"}},
        refused=given | {"body": {"name": "{name}", "colour": SECRET + "2"}},
        secrets=[SECRET],
        existing=lambda: list(api.things),
    )


class TestContractWithALookup(ContractTests):
    @pytest.fixture
    def contract(self, api: Api) -> Contract:
        return contract_of(api)


class TestContractWithATokenAndThingsThatTakeTheirTime(ContractTests):
    @pytest.fixture
    def contract(self, api: Api) -> Contract:
        api.building = 2
        ready = {"path": "state", "values": ["ACTIVE"], "failed": ["ERROR"], "interval": 5}
        return contract_of(api, find=None, idempotency_header="X-Token", ready=ready)

    test_find_by_key_finds_its_own_object_only = None  # a token is looked up by making it again


def thing(api: Api, **other: Any) -> Rehearsal:
    return Rehearsal(HttpResource(), properties(api, **other), name="web")


def test_each_action_is_the_request_that_was_asked_for(api: Api) -> None:
    resource = thing(api, headers={"X-Team": "blue"})
    resource.create()
    resource.update(properties(api, headers={"X-Team": "blue"}, body={"name": "n", "colour": "blue"}))
    resource.delete()
    assert [(method, path, body) for method, path, _, body in api.seen] == [
        ("POST", "/v1/things", {"name": "stack-web-abcdefghijkl", "colour": "red"}),
        ("PATCH", "/v1/things/t%2F1", {"name": "n", "colour": "blue"}),
        ("DELETE", "/v1/things/t%2F1", None),
    ]
    for _, _, headers, _ in api.seen:
        assert headers["Authorization"] == f"Bearer {SECRET}" and headers["X-Team"] == "blue"
    assert resource.attribute("id") == "t/1" and resource.attribute("url") == f"{api.url}/t%2F1"
    assert resource.attribute("body")["colour"] == "blue"


def test_it_polls_until_it_is_ready_and_stops_where_it_never_will_be(api: Api) -> None:
    api.building = 3
    ready = {"path": "state", "values": ["ACTIVE"], "failed": ["ERROR"], "interval": 7}
    resource = thing(api, ready=ready)
    resource.create()
    assert resource.pauses == [7, 7, 7]
    other = thing(api, ready=ready)
    answer = other.start("CREATE")
    assert isinstance(answer, Poll) and answer.physical_id == "t/2"
    api.orders.append((200, {}, {"state": "ERROR"}))
    with pytest.raises(PermanentError, match="the object t/2 went into the state ERROR"):
        other.finish("CREATE", answer)
    assert HttpResource().replace_failed(other.context("UPDATE", "k"))


def test_a_lost_create_with_no_way_to_find_it_says_where_to_look(api: Api) -> None:
    resource = thing(api, find=None)
    api.orders.append(Api.DROP)
    with pytest.raises(TransientError, match="the answer was lost") as lost:
        resource.create()
    assert not lost.value.not_sent and len(api.things) == 1
    assert not resource.can_find and not resource.can_repeat_create
    where = HttpResource().made_by(resource.context("CREATE", "key"))
    assert where.startswith("an object of stack-web-abcdefghijkl (")


def test_a_lost_create_is_looked_up(api: Api) -> None:
    resource = thing(api)
    assert resource.find() is None
    api.orders.append(Api.DROP)
    with pytest.raises(TransientError):
        resource.create()
    assert resource.find() == Found(physical_id="t/1")


IN_A_WHILE = email.utils.formatdate(time.time() + 3600, usegmt=True)


@pytest.mark.parametrize(
    ("status", "headers", "error", "not_sent", "delay"),
    [
        (429, {"Retry-After": "7"}, ThrottledError, True, (7, 7)),
        (429, {"Retry-After": IN_A_WHILE}, ThrottledError, True, (1, 3600)),
        (429, {"Retry-After": "soon"}, ThrottledError, True, None),
        (409, {}, ConflictError, True, None),
        (423, {}, ConflictError, True, None),
        (507, {}, QuotaError, False, None),
        (503, {"Retry-After": "3"}, TransientError, False, (3, 3)),
        (500, {}, TransientError, False, None),
        (408, {}, TransientError, False, None),
    ],
)
def test_an_answer_that_may_be_another_one_later_is_tried_again(
    api: Api, status: int, headers: dict[str, str], error: Any, not_sent: bool, delay: tuple[float, float] | None
) -> None:
    api.orders.append((status, headers, {"detail": "not now"}))
    with pytest.raises(error, match=f"POST {api.url}: {status}: not now") as caught:
        thing(api).create()
    assert type(caught.value) is error and caught.value.not_sent is not_sent
    if delay is None:
        assert caught.value.delay is None
    else:
        assert delay[0] <= caught.value.delay <= delay[1]


@pytest.mark.parametrize("status", [400, 401, 403, 405, 422])
def test_an_answer_that_stays_is_permanent(api: Api, status: int) -> None:
    api.orders.append((status, {}, b"<html>no</html>"))
    with pytest.raises(PermanentError, match=f": {status}$"):
        thing(api).create()


def test_a_redirect_is_not_followed(api: Api) -> None:
    api.orders.append((302, {"Location": "http://169.254.169.254/latest/meta-data"}, None))
    with pytest.raises(PermanentError, match="302: redirects are not followed"):
        thing(api).create()
    assert len(api.seen) == 1


def test_hosts_that_the_operator_has_not_allowed_are_not_connected_to(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    resource = thing(api)
    for setting in ("", f"127.0.0.1:{api.port + 1}", "localhost", "*.0.0.1.example"):
        monkeypatch.setenv("FIREBRICK_HTTP_HOSTS", setting)
        with pytest.raises(PermanentError, match="the operator's setting FIREBRICK_HTTP_HOSTS does not name it"):
            resource.create()
    assert api.seen == []


@pytest.mark.parametrize(
    ("setting", "host", "port", "allowed"),
    [
        ("api.example", "api.example", 443, True),
        ("api.example", "API.example", 80, True),
        ("api.example:443", "api.example", 443, True),
        ("api.example:443", "api.example", 80, False),
        ("*.example", "a.b.example", 1, True),
        ("*.example", "example", 1, False),
        ("*.example", "badexample", 1, False),
        ("a, b ,c", "b", 1, True),
        ("*", "anything", 1, True),
        ("[::1]:80", "::1", 80, True),
        ("[::1]:80", "::1", 81, False),
        ("[::1]", "::1", 81, True),
        ("", "a", 1, False),
    ],
)
def test_the_allow_list(setting: str, host: str, port: int, allowed: bool) -> None:
    if allowed:
        demand_allowed(host, port, "HOSTS", {"HOSTS": setting})
    else:
        with pytest.raises(PermanentError, match=f"connect to {host}:{port}"):
            demand_allowed(host, port, "HOSTS", {"HOSTS": setting})


@pytest.mark.parametrize(
    "url", ["ftp://a/b", "/etc/passwd", "http://", "http://u:p@a/", "http://a/?x=1", "http://a:b/"]
)
def test_an_address_that_is_none_is_refused_by_the_schema(api: Api, url: str) -> None:
    with pytest.raises(InvalidInput, match="url"):
        thing(api, url=url)


def test_a_header_that_no_header_can_be_is_in_no_error(api: Api) -> None:
    with pytest.raises(PermanentError, match="a character that none may have") as caught:
        thing(api, secret_headers={"X": f"{SECRET}\r\nHost: evil"}).create()
    assert SECRET not in repr((caught.value, caught.value.__cause__)) and caught.value.__suppress_context__


def test_nobody_there_means_that_nothing_was_sent(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    (port,) = free_ports(1)
    monkeypatch.setenv("FIREBRICK_HTTP_HOSTS", "127.0.0.1")
    with pytest.raises(TransientError, match="no connection") as caught:
        thing(api, url=f"http://127.0.0.1:{port}/").create()
    assert caught.value.not_sent


DEEP = b"[" * 50_000 + b"]" * 50_000
UNREADABLE: dict[str, tuple[Any, str]] = {
    "no id": ({"data": {}}, "has no id at data.id"),
    "an id that is none": ({"data": {"id": ["t"]}}, "has no id at data.id"),
    "an empty id": ({"data": {"id": ""}}, "has no id at data.id"),
    "not JSON": (b"<html>made</html>", "has no id at data.id"),
    "nothing": (None, "has no id at data.id"),
    "too long": (b" " * 1_100_000, "larger than 1048576 bytes"),
    "too deep": (DEEP, "more than 100 lists and objects inside each other"),
    "deeper than a list should be": (b"[" * 200 + b"]" * 200, "more than 100 lists and objects inside each other"),
}


@pytest.mark.parametrize("case", UNREADABLE)
def test_a_create_whose_answer_does_not_say_what_it_made_is_looked_up(api: Api, case: str) -> None:
    answer, why = UNREADABLE[case]
    with pytest.raises(UnreadableAnswer, match=why) as caught:
        api.orders.append((201, {}, answer))
        thing(api, find=None).create()
    assert not surely_without_effect(caught.value)
    with pytest.raises(UnreadableAnswer, match=why):
        api.orders.append((201, {}, answer))
        thing(api).create()  # it made nothing, whatever it says
    resource = thing(api)
    api.orders.append(api.made_but((201, {}, answer)))
    assert resource.create().physical_id == "t/1"
    assert resource.attribute("body")["colour"] == "red"
    resource.delete()
    assert not api.things


@pytest.mark.parametrize("order", [(503, {}, None), Api.DROP, (403, {}, None)])
def test_whatever_follows_a_create_that_went_well_it_is_not_said_to_have_done_nothing(api: Api, order: Any) -> None:
    api.orders += [api.made_but((201, {}, {"data": {}})), order]
    with pytest.raises(ResourceError) as caught:
        thing(api).create()
    assert len(api.things) == 1 and not surely_without_effect(caught.value)


def test_half_an_answer_is_a_lost_one(api: Api) -> None:
    resource = thing(api)
    api.orders.append(Api.HALF)
    with pytest.raises(TransientError, match="the answer was lost: IncompleteRead") as caught:
        resource.create()
    assert not surely_without_effect(caught.value) and len(api.things) == 1
    assert resource.find() == Found(physical_id="t/1")


def test_an_answer_that_drips_is_bounded_as_a_whole(api: Api) -> None:
    """Each byte comes before a time-out between two bytes would end it."""
    for drip in (Api.DRIPS_HEADERS, Api.DRIPS):
        resource = thing(api, timeout=0.5)
        api.orders.append(drip)
        began = elapsed()
        with pytest.raises(TransientError, match="the answer was lost") as caught:
            resource.create()
        assert elapsed() - began < Api.DRIPPING / 2 and is_late(caught.value)


@pytest.mark.parametrize(
    ("header", "delay"),
    [
        ("²", None),
        ("-1", None),
        ("1e999", None),
        ("nan", None),
        ("9" * 400, 315_360_000.0),
        ("Fri, 31 Dec 9999 23:59:59 GMT", 315_360_000.0),
    ],
)
def test_a_wait_that_is_none_is_left_out_and_one_without_end_has_one(
    api: Api, header: str, delay: float | None
) -> None:
    api.orders.append((503, {"Retry-After": header}, None))
    with pytest.raises(TransientError) as caught:
        thing(api).create()
    assert caught.value.delay == delay


def test_drift_is_what_differs_in_what_was_asked_for(api: Api) -> None:
    resource = thing(api)
    made = resource.create()
    api.things["t/1"] |= {"colour": "green", "size": 5}
    live = resource.read()
    assert live is not None and live.properties == {"body": {"name": "{name}", "colour": "green"}}
    assert live.attributes == {**made.attributes, "body": api.things["t/1"]}


def test_what_is_to_be_ignored_of_the_body_is_no_drift(api: Api) -> None:
    body = {"name": "{name}", "colour": "red", "labels": {"who": "me", "for": "{name}"}, "rules": [{"port": 80}]}
    resource = thing(api, body=body, ignore_changes=["colour", "labels.etag", "rules.*.id"])
    resource.create()
    made = api.things["t/1"]
    made |= {"colour": "RED", "labels": {**made["labels"], "etag": "x1"}, "rules": [{"port": 80, "id": 7}]}
    live = resource.read()
    assert live is not None and live.properties == {"body": body}
    made["labels"]["who"] = "them"
    live = resource.read()
    assert live is not None
    assert live.properties["body"]["labels"] == {"who": "them", "for": made["name"]}
    assert live.properties["body"]["colour"] == "red"


def test_a_path_that_is_none_is_refused(api: Api) -> None:
    with pytest.raises(InvalidInput, match="is not a path"):
        thing(api, ignore_changes=["a..b"])


def test_without_an_update_another_body_takes_another_object(api: Api) -> None:
    resource = thing(api, update=None)
    resource.create()
    with pytest.raises(NeedsAnother, match="a change of body"):
        resource.update(properties(api, update=None, body={"name": "x", "colour": "blue"}))
    assert isinstance(resource.update(properties(api, update=None, timeout=5)), Done)
    del api.things["t/1"]
    with pytest.raises(Replace, match="t/1 is gone"):
        resource.update(properties(api, update=None, timeout=6))
