"""The table of functions: which name means which class in which version of the language.

To add a function: write its class in the file of its family and put it into ROWS.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, Protocol

from firebrick.template.functions import cfn
from firebrick.template.functions.absent import removed
from firebrick.template.functions.base import Failing, Function, Scope
from firebrick.template.functions.branches import If, IfOrNothing
from firebrick.template.functions.digest import Digest
from firebrick.template.functions.facade import FnResourceFacade, ResourceFacade
from firebrick.template.functions.inputs import GetFile, GetParam
from firebrick.template.functions.lists import Contains, Filter, ListConcat, ListConcatUnique
from firebrick.template.functions.maps import MapMerge, MapReplace
from firebrick.template.functions.references import GetAttr, GetAttrAll, GetAttrThenSelect, GetResource
from firebrick.template.functions.repeat import Repeat, RepeatWithMaps, RepeatWithPermutations
from firebrick.template.functions.split import StrSplit
from firebrick.template.functions.strict import StrReplaceStrict, StrReplaceVeryStrict
from firebrick.template.functions.text import ListJoin, ListJoinMany, StrReplace, StrReplaceJson
from firebrick.template.functions.url import MakeUrl
from firebrick.template.functions.yaql_expression import Yaql
from firebrick.template.versions import AWS_VERSION, HEAT_VERSION, HOT_VERSIONS


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
_BOTH: Mapping[str, type[Builder]] = {
    "Ref": cfn.Ref,
    "Fn::GetAZs": cfn.FnGetAZs,
    "Fn::Join": cfn.FnJoin,
    "Fn::Split": cfn.FnSplit,
    "Fn::Replace": cfn.FnReplace,
    "Fn::Base64": cfn.FnBase64,
    "Fn::MemberListToMap": cfn.FnMemberListToMap,
    "Fn::ResourceFacade": FnResourceFacade,
}
"""Functions of CloudFormation templates that the first version of HOT has too."""

ROWS: tuple[Row, ...] = (
    Row("get_param", GetParam),
    Row("get_resource", GetResource),
    Row("get_file", GetFile),
    Row("get_attr", GetAttrThenSelect, until=_FIRST),
    Row("get_attr", GetAttr, since="2014-10-16", until="2015-04-30"),
    Row("get_attr", GetAttrAll, since="2015-10-15"),
    Row("list_join", ListJoin, until="2015-04-30"),
    Row("list_join", ListJoinMany, since="2015-10-15"),
    Row("str_replace", StrReplace, until="2015-04-30"),
    Row("str_replace", StrReplaceJson, since="2015-10-15"),
    Row("resource_facade", ResourceFacade),
    Row("repeat", Repeat, since="2015-04-30", until="2016-04-08"),
    Row("repeat", RepeatWithMaps, since="2016-10-14", until="2017-02-24"),
    Row("repeat", RepeatWithPermutations, since="2017-09-01"),
    Row("digest", Digest, since="2015-04-30"),
    Row("str_split", StrSplit, since="2015-10-15"),
    Row("map_merge", MapMerge, since="2016-04-08"),
    Row("if", If, since="2016-10-14", until="2018-08-31"),
    Row("if", IfOrNothing, since="2021-04-16"),
    Row("yaql", Yaql, since="2016-10-14"),
    Row("map_replace", MapReplace, since="2016-10-14"),
    Row("filter", Filter, since="2017-02-24"),
    Row("str_replace_strict", StrReplaceStrict, since="2017-02-24"),
    Row("make_url", MakeUrl, since="2017-09-01"),
    Row("list_concat", ListConcat, since="2017-09-01"),
    Row("list_concat_unique", ListConcatUnique, since="2017-09-01"),
    Row("str_replace_vstrict", StrReplaceVeryStrict, since="2017-09-01"),
    Row("contains", Contains, since="2017-09-01"),
    Row("Fn::Select", cfn.FnSelect, until="2015-04-30"),
    Row("Fn::Select", removed("Fn::Select", "a path in get_attr or get_param"), since="2015-10-15"),
    *(Row(name, builder, until=_FIRST) for name, builder in _BOTH.items()),
    *(Row(name, removed(name, _INSTEAD.get(name, "")), since="2014-10-16") for name in _BOTH),
)

_HEAT_CFN: Mapping[str, type[Builder]] = {
    **_BOTH,
    "Fn::GetAtt": cfn.FnGetAtt,
    "Fn::FindInMap": cfn.FnFindInMap,
    "Fn::Select": cfn.FnSelect,
}
_CFN: Mapping[str, Mapping[str, type[Builder]]] = {
    HEAT_VERSION: _HEAT_CFN,
    AWS_VERSION: {**_HEAT_CFN, "Fn::If": cfn.FnIf},
}
"""The functions of CloudFormation templates, by the name of the version."""

CONDITION_NAMES: Mapping[str, str] = {"equals": "equals", "not": "not", "and": "and", "or": "or"}
"""Functions of conditions, and what each does; everywhere else maps with these keys are data."""

CFN_CONDITION_NAMES: Mapping[str, str] = {"Fn::Equals": "equals", "Fn::Not": "not", "Fn::And": "and", "Fn::Or": "or"}

LATE_CONDITION_NAMES = ("yaql", "contains")
"""Other functions that conditions have, from 2017-09-01."""

ALL_NAMES = frozenset({row.name for row in ROWS} | {*CONDITION_NAMES, *CFN_CONDITION_NAMES} | set(_CFN[AWS_VERSION]))

_CLASSES: tuple[type[Builder], ...] = (
    *(row.builder for row in ROWS),
    *_CFN[AWS_VERSION].values(),
    cfn.RefResource,
    cfn.RefParameter,
    Failing,
)

FROZEN: Mapping[str, type[Function]] = {
    one.key: one for one in _CLASSES if isinstance(one, type) and issubclass(one, Function)
}
"""By Function.key: what a frozen definition is thawed with."""


@cache
def functions_of(version: str) -> Mapping[str, type[Builder]]:
    """name -> class, in one version: a date of HOT, or the name of a CloudFormation version."""
    if version in _CFN:
        return _CFN[version]
    return {row.name: row.builder for row in ROWS if row.since <= version <= row.until}


def first_version(name: str) -> str:
    """The version of HOT a function came with; "" when none has it."""
    return min((row.since for row in ROWS if row.name == name), default="")
