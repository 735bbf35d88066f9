"""The table of functions: which name means which class in which version of the language.

To add a function: write its class in the file of its family and put it into ROWS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from firebrick.template.functions.absent import not_built, removed
from firebrick.template.functions.base import Function, Scope
from firebrick.template.functions.branches import If, IfOrNothing
from firebrick.template.functions.inputs import GetFile, GetParam
from firebrick.template.functions.references import GetAttr, GetAttrAll, GetResource
from firebrick.template.functions.text import ListJoin, ListJoinMany, StrReplace, StrReplaceJson
from firebrick.template.versions import HOT_VERSIONS


class Builder(Protocol):
    """What the table holds: something that makes a value of a call's arguments."""

    @classmethod
    def build(cls, raw: Any, scope: Scope) -> Any: ...


@dataclass(frozen=True, slots=True)
class Row:
    """name means builder from version `since` to version `until`, both included."""

    name: str
    builder: type[Builder]
    since: str = HOT_VERSIONS[0]
    until: str = HOT_VERSIONS[-1]


_INSTEAD = {"Ref": "get_resource or get_param", "Fn::Join": "list_join", "Fn::Replace": "str_replace"}
_FIRST = HOT_VERSIONS[0]
_CFN_NAMES = (
    "Ref",
    "Fn::GetAZs",
    "Fn::Join",
    "Fn::Split",
    "Fn::Replace",
    "Fn::Base64",
    "Fn::MemberListToMap",
    "Fn::ResourceFacade",
)

ROWS: tuple[Row, ...] = (
    Row("get_param", GetParam),
    Row("get_resource", GetResource),
    Row("get_file", GetFile),
    Row("get_attr", GetAttr, until="2015-04-30"),
    Row("get_attr", GetAttrAll, since="2015-10-15"),
    Row("list_join", ListJoin, until="2015-04-30"),
    Row("list_join", ListJoinMany, since="2015-10-15"),
    Row("str_replace", StrReplace, until="2015-04-30"),
    Row("str_replace", StrReplaceJson, since="2015-10-15"),
    Row("if", If, since="2016-10-14", until="2018-08-31"),
    Row("if", IfOrNothing, since="2021-04-16"),
    Row("resource_facade", not_built("resource_facade")),
    Row("repeat", not_built("repeat"), since="2015-04-30"),
    Row("digest", not_built("digest"), since="2015-04-30"),
    Row("str_split", not_built("str_split"), since="2015-10-15"),
    Row("map_merge", not_built("map_merge"), since="2016-04-08"),
    Row("yaql", not_built("yaql"), since="2016-10-14"),
    Row("map_replace", not_built("map_replace"), since="2016-10-14"),
    Row("filter", not_built("filter"), since="2017-02-24"),
    Row("str_replace_strict", not_built("str_replace_strict"), since="2017-02-24"),
    Row("make_url", not_built("make_url"), since="2017-09-01"),
    Row("list_concat", not_built("list_concat"), since="2017-09-01"),
    Row("list_concat_unique", not_built("list_concat_unique"), since="2017-09-01"),
    Row("str_replace_vstrict", not_built("str_replace_vstrict"), since="2017-09-01"),
    Row("contains", not_built("contains"), since="2017-09-01"),
    Row("Fn::Select", not_built("Fn::Select"), until="2015-04-30"),
    Row("Fn::Select", removed("Fn::Select", "a path in get_attr or get_param"), since="2015-10-15"),
    *(Row(name, not_built(name), until=_FIRST) for name in _CFN_NAMES),
    *(Row(name, removed(name, _INSTEAD.get(name, "")), since="2014-10-16") for name in _CFN_NAMES),
)

CONDITION_NAMES = ("equals", "not", "and", "or")
"""Functions of conditions; everywhere else maps with these keys are data."""

LATE_CONDITION_NAMES = ("yaql", "contains")
"""In conditions from 2017-09-01; not built yet."""

OTHER_NAMES = ("Fn::GetAtt", "Fn::FindInMap", "Fn::If", "Fn::Equals", "Fn::Not", "Fn::And", "Fn::Or")
"""Functions of CloudFormation templates only: data in HOT, as in Heat."""

ALL_NAMES = frozenset({row.name for row in ROWS} | set(CONDITION_NAMES) | set(OTHER_NAMES))

FROZEN: Mapping[str, type[Function]] = {
    row.builder.key: row.builder for row in ROWS if isinstance(row.builder, type) and issubclass(row.builder, Function)
}
"""By Function.key: what a frozen definition is thawed with."""


@cache
def functions_of(version: str) -> Mapping[str, type[Builder]]:
    """name -> class, in one version."""
    return {row.name: row.builder for row in ROWS if row.since <= version <= row.until}


def first_version(name: str) -> str:
    """The version a function came with."""
    return min((row.since for row in ROWS if row.name == name), default="")
