"""Addresses: versions, methods there are and are not, addresses there are not."""

import pytest

from tests.unit.rest.world import World

VERSIONS = {
    "versions": [
        {
            "id": "v1.0",
            "status": "CURRENT",
            "links": [{"rel": "self", "href": "http://heat.test:8004/v1/"}],
        }
    ]
}


@pytest.mark.parametrize("path", ["/", "/v9/", "/v9/p1/stacks"])
async def test_an_unknown_version_answers_the_versions_there_are(world: World, path: str) -> None:
    answer = await world.http.get(path)
    assert (answer.status_code, answer.json()) == (300, VERSIONS)


async def test_a_method_that_is_not_there_names_those_that_are(world: World) -> None:
    answer = await world.http.delete("/v1/p1/stacks")
    message = "The server could not comply with the request since it is either malformed or otherwise incorrect."
    assert answer.status_code == 405 and answer.headers["allow"] == "GET, POST"
    assert answer.json() == {
        "code": 405,
        "title": "Method Not Allowed",
        "explanation": message,
        "error": {"type": "HTTPMethodNotAllowed", "traceback": None, "message": message},
    }
    options = await world.http.options("/v1/p1/stacks")
    assert (options.status_code, options.headers["allow"], options.content) == (204, "GET, POST", b"")


@pytest.mark.parametrize("path", ["/v1/p1/nothing", "/v1/", "/v1", "/v1/p1/stacks/a/b/c/actions"])
async def test_an_address_that_is_not_there_is_the_plain_404_of_heats_front(world: World, path: str) -> None:
    answer = await world.http.post(path, json={"suspend": None})
    assert answer.status_code == 404
    assert answer.json() == {
        "message": "The resource could not be found.<br /><br />\n\n\n",
        "code": "404 Not Found",
        "title": "Not Found",
    }


async def test_every_answer_names_its_request(world: World) -> None:
    answers = [await world.http.get(path) for path in ("/v1/p1/stacks", "/v1/p1/stacks/none", "/v9/")]
    ids = [answer.headers["x-openstack-request-id"] for answer in answers]
    assert all(one.startswith("req-") for one in ids) and len(set(ids)) == 3


async def test_health_is_that_of_temporal(world: World) -> None:
    answer = await world.http.get("/healthcheck")
    assert (answer.status_code, answer.json()) == (200, {"detailed": False, "reasons": []})


async def test_head_is_get_without_a_body(world: World) -> None:
    answer = await world.http.head("/v1/p1/stacks")
    assert answer.status_code == 200
