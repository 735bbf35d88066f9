"""Stacks named by their ARN, as a real Heat answers such requests."""

from typing import Any
from urllib.parse import quote

import pytest

from firebrick.arns import StackArn, read_arn, stack_arn
from firebrick.diagnostics import NotFound
from tests.unit.rest.test_stacks import BASE, TEMPLATE, complete
from tests.unit.rest.world import World


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("quoted", [True, False])
@pytest.mark.parametrize("inside", ["", "/resources", "/resources/val", "/actions"])
async def test_an_arn_leads_to_the_address_of_what_it_names(
    world: World, method: str, quoted: bool, inside: str
) -> None:
    made = await complete(world)
    arn = f"arn:openstack:heat::p1:stacks/main/{made.id}"
    path = (quote(arn, safe="") if quoted else arn) + inside
    answer = await world.http.request(method, f"/v1/p1/stacks/{path}", params={"a": "1"})
    assert answer.status_code == 302
    assert answer.headers["location"] == f"{BASE}/stacks/main/{made.id}{inside}?a=1"
    assert answer.json()["code"] == "302 Found"


async def test_whether_the_stack_is_there_is_seen_at_its_address(world: World) -> None:
    made = await complete(world)
    for arn, href in (
        (f"arn:openstack:heat::p1:stacks/other/{made.id}", f"{BASE}/stacks/other/{made.id}"),
        (f"arn:openstack:heat::p2:stacks/main/{made.id}", f"{BASE[:-2]}p2/stacks/main/{made.id}"),
    ):
        answer = await world.get(f"/stacks/{arn}")
        assert (answer.status_code, answer.headers["location"]) == (302, href)
        assert (await world.http.get(href)).status_code == 404


@pytest.mark.parametrize("text", ["arn:bogus", "arn:openstack:heat::p1:stacks/a", "arn:aws:s3::p1:stacks/a/b"])
async def test_what_is_no_arn_of_a_stack_is_no_stack(world: World, text: str) -> None:
    answer = await world.get(f"/stacks/{text}")
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "type": "EntityNotFound",
        "traceback": None,
        "message": f"The Stack ({text}) could not be found.",
    }


async def test_the_store_finds_a_stack_by_its_arn(world: World) -> None:
    made = await complete(world)
    arn = stack_arn("p1", "main", made.id)
    assert (await world.repository.stack(arn)).id == made.id
    for wrong in (stack_arn("p2", "main", made.id), stack_arn("p1", "other", made.id), f"{arn}/resources/val"):
        with pytest.raises(NotFound):
            await world.repository.stack(wrong)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("arn:openstack:heat::p:stacks/n/i", StackArn("p", "n", "i")),
        ("ARN:openstack:heat:region:a%3Ab%40c:stacks/n/i/resources/x", StackArn("a:b@c", "n", "i", "/resources/x")),
        (stack_arn("a:b@c", "n", "i"), StackArn("a:b@c", "n", "i")),
        ("arn:openstack:heat::p:stacks/n", None),
        ("n", None),
        ("", None),
    ],
)
def test_an_arn_is_read_as_it_is_written(text: str, read: Any) -> None:
    assert read_arn(text) == read


async def test_a_stack_may_be_called_nearly_like_an_arn(world: World) -> None:
    made = await world.create("arn", TEMPLATE)
    assert (await world.get("/stacks/arn")).headers["location"].endswith(f"/stacks/arn/{made.id}")
