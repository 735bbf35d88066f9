"""The versions of the language and their functions as a recorded Heat lists them."""

import pytest

from tests.unit.rest.world import World

CFN = ["AWSTemplateFormatVersion.2010-09-09", "HeatTemplateFormatVersion.2012-12-12"]
HOT = {
    "2013-05-23": [],
    "2014-10-16": [],
    "2015-04-30": [],
    "2015-10-15": [],
    "2016-04-08": [],
    "2016-10-14": ["newton"],
    "2017-02-24": ["ocata"],
    "2017-09-01": ["pike"],
    "2018-03-02": ["queens"],
    "2018-08-31": ["rocky"],
    "2021-04-16": ["wallaby"],
}
FIRST = (
    "Fn::Base64 Fn::GetAZs Fn::Join Fn::MemberListToMap Fn::Replace Fn::ResourceFacade Fn::Select Fn::Split Ref "
    "get_attr get_file get_param get_resource list_join resource_facade str_replace"
).split()
LAST = (
    "contains digest filter get_attr get_file get_param get_resource if list_concat list_concat_unique list_join "
    "make_url map_merge map_replace repeat resource_facade str_replace str_replace_strict str_replace_vstrict "
    "str_split yaql"
).split()
CONDITIONS = ["and", "equals", "not", "or"]


async def test_versions_are_listed_with_their_aliases(world: World) -> None:
    hot = [
        {
            "version": f"heat_template_version.{version}",
            "type": "hot",
            "aliases": [f"heat_template_version.{alias}" for alias in aliases],
        }
        for version, aliases in HOT.items()
    ]
    cfn = [{"version": version, "type": "cfn", "aliases": []} for version in CFN]
    assert await world.body("/template_versions") == {"template_versions": cfn + hot}


@pytest.mark.parametrize(
    ("version", "query", "names"),
    [
        ("heat_template_version.2013-05-23", {}, FIRST),
        ("heat_template_version.2013-05-23", {"with_condition_func": "true"}, FIRST),  # it has no conditions
        ("heat_template_version.2021-04-16", {}, LAST),
        ("heat_template_version.wallaby", {"with_condition_func": "False"}, LAST),
        ("heat_template_version.2021-04-16", {"with_condition_func": "true"}, sorted(LAST + CONDITIONS)),
    ],
)
async def test_functions_of_a_version_are_listed(
    world: World, version: str, query: dict[str, str], names: list[str]
) -> None:
    body = await world.body(f"/template_versions/{version}/functions", **query)
    assert list(body) == ["template_functions"]
    assert [one["functions"] for one in body["template_functions"]] == names
    assert all(list(one) == ["functions", "description"] and one["description"] for one in body["template_functions"])


@pytest.mark.parametrize("version", [f"heat_template_version.{one}" for one in HOT] + CFN)
async def test_each_function_says_in_a_sentence_of_its_own_what_it_does(world: World, version: str) -> None:
    body = await world.body(f"/template_versions/{version}/functions", with_condition_func="True")
    told = [one["description"] for one in body["template_functions"]]
    assert all(len(one.split()) > 4 and one.endswith(".") for one in told)
    twins = {"Fn::Join": "list_join", "Fn::Replace": "str_replace", "Fn::ResourceFacade": "resource_facade"}
    names = {one["functions"] for one in body["template_functions"]}
    assert len(set(told)) >= len(told) - sum(old in names and new in names for old, new in twins.items())


async def test_a_version_that_is_not_there_is_heats_404(world: World) -> None:
    answer = await world.get("/template_versions/heat_template_version.1999-01-01/functions")
    assert answer.status_code == 404
    body = answer.json()
    assert (body["code"], body["title"]) == (404, "Not Found")
    assert body["explanation"] == "The resource could not be found."
    assert body["error"] == {
        "type": "NotFound",
        "traceback": None,
        "message": "Template with version heat_template_version.1999-01-01 not found",
    }


async def test_a_wish_that_is_no_boolean_is_refused(world: World) -> None:
    answer = await world.get(
        "/template_versions/heat_template_version.2021-04-16/functions", with_condition_func="perhaps"
    )
    assert answer.status_code == 400
    assert 'Unrecognized value "perhaps" for "with_condition_func"' in answer.json()["error"]["message"]
