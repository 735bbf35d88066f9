"""Resource types as a recorded Heat shows them, and the build."""

import re
from typing import Any

import pytest

from tests.processor import processor_time
from tests.unit.rest.world import World

VALUE_TYPES = ["string", "number", "comma_delimited_list", "json", "boolean"]


async def test_types_are_listed_by_name(world: World) -> None:
    names = (await world.body("/resource_types"))["resource_types"]
    assert {"OS::Heat::RandomString", "OS::Heat::TestResource", "OS::Heat::Value"} <= set(names)
    assert names == sorted(names)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({"name": "OS::Heat::(Value|None)$"}, ["OS::Heat::None", "OS::Heat::Value"]),
        ({"name": "Heat::Value"}, []),  # matched from the start
        ({"name": "("}, []),
        ({"name": "OS::Heat::Value", "support_status": "SUPPORTED"}, ["OS::Heat::Value"]),
        ({"support_status": "DEPRECATED"}, []),
        ({"name": "OS::Heat::(Value|None)$", "version": "7.0.0"}, ["OS::Heat::Value"]),
        ({"version": "0.0.1"}, []),
    ],
)
async def test_types_can_be_filtered(world: World, query: dict[str, str], names: list[str]) -> None:
    assert await world.body("/resource_types", **query) == {"resource_types": names}


async def test_types_can_be_listed_with_descriptions(world: World) -> None:
    (one,) = (await world.body("/resource_types", name="OS::Heat::Value", with_description="true"))["resource_types"]
    assert one["resource_type"] == "OS::Heat::Value" and one["description"]


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"support_status": "OLD"},
            "Data supplied was not valid: Invalid support status and should be one of "
            "('UNKNOWN', 'SUPPORTED', 'DEPRECATED', 'UNSUPPORTED', 'HIDDEN')",
        ),
        ({"name": "(.+)+x"}, "The pattern of `name` is too complex."),
        ({"name": ".*.*.*.*.*x"}, "The pattern of `name` is too complex."),
    ],
)
async def test_filters_that_cannot_be_are_refused(world: World, query: dict[str, str], message: str) -> None:
    answer = await world.get("/resource_types", **query)
    assert (answer.status_code, answer.json()["error"]["message"]) == (400, message)


async def test_the_hardest_pattern_that_is_taken_is_done_soon(world: World) -> None:
    began = processor_time()
    assert await world.body("/resource_types", name=".*.*.*.*#") == {"resource_types": []}
    assert processor_time() - began < 20


async def test_a_type_is_shown_field_by_field(world: World) -> None:
    shown = await world.body("/resource_types/OS::Heat::Value")
    texts = [shown["properties"][name].pop("description") for name in ("value", "type")]
    texts += [one.pop("description") for one in shown["attributes"].values()]
    assert all(texts)
    always: dict[str, Any] = {"update_allowed": True, "immutable": False}
    assert shown == {
        "resource_type": "OS::Heat::Value",
        "properties": {
            "value": {"type": "any", "required": True} | always,
            "type": {"type": "string", "required": False, "constraints": [{"allowed_values": VALUE_TYPES}]} | always,
        },
        "attributes": {"value": {}, "show": {"type": "map"}},
        "support_status": {"status": "SUPPORTED", "message": None, "version": "7.0.0", "previous_status": None},
    }
    assert "description" in await world.body("/resource_types/OS::Heat::Value", with_description="true")


async def test_a_type_that_is_not_there_is_heats_404(world: World) -> None:
    answer = await world.get("/resource_types/OS::No::Such")
    assert answer.status_code == 404
    assert answer.json()["error"] == {
        "type": "EntityNotFound",
        "traceback": None,
        "message": "The Resource Type (OS::No::Such) could not be found.",
    }


async def test_the_build_says_its_version(world: World) -> None:
    info = await world.body("/build_info")
    assert info["api"] == info["engine"] and re.fullmatch(r"\d+\.\d+\.\d+.*", info["api"]["revision"])
