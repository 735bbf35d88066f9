"""Functions of CloudFormation templates, some of which HOT 2013-05-23 has too."""

import itertools
import json
import re
from collections.abc import Mapping
from typing import Any, ClassVar

from firebrick.template.document import json_tree
from firebrick.template.functions.base import NO_LOOKUP, UNKNOWN, Function, Lookup, Misuse, Scope, must_be_written
from firebrick.template.functions.branches import If
from firebrick.template.functions.inputs import GetParam
from firebrick.template.functions.references import GetAttr, GetResource
from firebrick.template.functions.text import ListJoin, StrReplace
from firebrick.template.problems import Problems, kind_of, shorten


class Ref:
    """``Ref: name``: of a resource when there is one of that name, else of a parameter."""

    name: ClassVar[str] = "Ref"

    @classmethod
    def build(cls, raw: Any, scope: Scope) -> Any:
        if scope.is_call(raw):
            raise must_be_written(cls.name, "the name")
        unknown, _ = scope.mark()
        name = scope.reduce(raw)
        if scope.mark()[0] != unknown:
            return UNKNOWN
        if not isinstance(name, str):
            raise Misuse(f"Ref needs a name, and this is {kind_of(name)}", code="bad-reference")
        if scope.has_resource(name) and not scope.conditional:
            return RefResource.build(name, scope)
        if scope.has_parameter(name):
            return RefParameter.build(name, scope)
        missing = RefParameter([{}, name])
        return scope.computed(missing)


class RefResource(GetResource):
    __slots__ = ()
    name: ClassVar[str] = "Ref"
    key: ClassVar[str] = "Ref"


class RefParameter(GetParam):
    __slots__ = ()
    name: ClassVar[str] = "Ref"
    key: ClassVar[str] = "Ref.parameter"

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        values, name, *_ = arguments
        if name not in values:
            raise Misuse(
                "there is no resource and no parameter {}",
                heat='The specified reference "{}" (in unknown) is incorrect.',
                value=name,
                detail="Declare it, or correct the name.",
                code="unknown-reference",
                heat_type="InvalidTemplateReference",
                with_path=False,
            )
        return values[name]


class FnGetAtt(GetAttr):
    """``Fn::GetAtt: [resource, attribute]``."""

    __slots__ = ()
    name: ClassVar[str] = "Fn::GetAtt"
    key: ClassVar[str] = "Fn::GetAtt"

    @classmethod
    def check(cls, arguments: Any) -> None:
        if not isinstance(arguments, list) or len(arguments) != 2:
            raise Misuse(
                "Fn::GetAtt needs a list with the resource's name and the attribute's",
                heat='Arguments to "Fn::GetAtt" must be of the form [resource_name, attribute]',
                detail=f"It is {kind_of(arguments)}.",
            )


class FnIf(If):
    name: ClassVar[str] = "Fn::If"


class FnJoin(ListJoin):
    """``Fn::Join: [delimiter, list]``: items are text."""

    __slots__ = ()
    name: ClassVar[str] = "Fn::Join"
    key: ClassVar[str] = "Fn::Join"


class FnReplace(StrReplace):
    """``Fn::Replace: [{placeholder: value}, text]``."""

    __slots__ = ()
    name: ClassVar[str] = "Fn::Replace"
    key: ClassVar[str] = "Fn::Replace"

    @classmethod
    def check(cls, arguments: Any) -> None:
        _pair(cls.name, '[ {"$var1": "foo", "%var2%": "bar"}, "$var1 is %var2%"]', arguments)

    @classmethod
    def parts(cls, arguments: Any) -> tuple[Any, Any]:
        return arguments[1], arguments[0]


def _pair(name: str, example: str, arguments: Any) -> None:
    if not isinstance(arguments, list) or len(arguments) != 2:
        raise Misuse(
            f"{name} needs a list of two",
            heat=f'Incorrect arguments to "{name}" should be: "{name}" : {example}',
            detail=f"It is {kind_of(arguments)}; write {example}.",
        )


class FnSelect(Function):
    """``Fn::Select: [index, list or map or JSON text]``; what is not there is ""."""

    __slots__ = ()
    name: ClassVar[str] = "Fn::Select"
    key: ClassVar[str] = "Fn::Select"
    written_out: ClassVar[bool] = True

    @classmethod
    def check(cls, arguments: Any) -> None:
        if not isinstance(arguments, list) or len(arguments) != 2:
            text = 'Arguments to "Fn::Select" must be of the form [index, collection]'
            raise Misuse("Fn::Select needs an index and a collection", heat=text, detail=f"It is {kind_of(arguments)}.")

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        index, collection = arguments
        if collection is None or collection == "":
            return ""
        if isinstance(collection, str):
            collection = cls._parsed(collection)
        if isinstance(collection, dict):
            if not isinstance(index, str):
                text = 'Index to "Fn::Select" must be a string'
                raise Misuse(f"the key of a map is text, and this is {kind_of(index)}", heat=text, inside=(0,))
            return collection.get(index, "")
        try:
            place = int(index)
        except (ValueError, TypeError, OverflowError):
            text = 'Index to "Fn::Select" must be an integer'
            raise Misuse(
                f"the index of a list is a number, and this is {kind_of(index)}", heat=text, inside=(0,)
            ) from None
        if not isinstance(collection, list):
            text = "Arguments to Fn::Select not fully resolved"
            raise Misuse(
                f"Fn::Select works on lists and maps, and this is {kind_of(collection)}", heat=text, inside=(1,)
            )
        return collection[place] if -len(collection) <= place < len(collection) else ""

    @staticmethod
    def _parsed(text: str) -> Any:
        problems = Problems()
        try:
            found = json_tree(json.loads(text), problems)
        except RecursionError:
            raise Misuse("the JSON text is nested too deep", inside=(1,)) from None
        except ValueError as error:
            raise Misuse(f"the text is not JSON: {error}", heat=f'"Fn::Select": {error}', inside=(1,)) from None
        if len(problems):
            raise Misuse(f"the text is not JSON that can be used: {problems.diagnostics()[0].summary}", inside=(1,))
        return found


class FnSplit(Function):
    """``Fn::Split: [delimiter, text]``."""

    __slots__ = ()
    name: ClassVar[str] = "Fn::Split"
    key: ClassVar[str] = "Fn::Split"
    written_out: ClassVar[bool] = True

    @classmethod
    def check_form(cls, raw: Any, scope: Scope) -> None:
        super().check_form(raw, scope)
        if isinstance(raw, list) and raw and scope.is_call(raw[0]):
            raise must_be_written(cls.name, "the delimiter", (0,))

    @classmethod
    def check(cls, arguments: Any) -> None:
        _pair(cls.name, '[ ",", "str1,str2"]', arguments)

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        delimiter, text = arguments
        if not isinstance(delimiter, str):
            heat = "Delimiter for Fn::Split must be string"
            raise Misuse(f"the delimiter must be text, and is {kind_of(delimiter)}", heat=heat, inside=(0,))
        if not isinstance(text, str):
            heat = "String to split must be string; got {}"
            raise Misuse(
                f"only text can be split, and this is {kind_of(text)}",
                heat=heat,
                value=type(text).__name__,
                inside=(1,),
            )
        if not delimiter:
            raise Misuse("the delimiter is empty", heat="empty separator", inside=(0,))
        return text.split(delimiter)


class FnBase64(Function):
    """``Fn::Base64: text``: the text itself, as in Heat."""

    __slots__ = ()
    name: ClassVar[str] = "Fn::Base64"
    key: ClassVar[str] = "Fn::Base64"

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        if not isinstance(arguments, str):
            text = '"Fn::Base64" argument must be a string'
            raise Misuse(f"Fn::Base64 needs a text, and this is {kind_of(arguments)}", heat=text)
        return arguments


class FnGetAZs(Function):
    """``Fn::GetAZs: region``: the availability zones. There is no cloud to ask here, and one zone, ``nova``."""

    __slots__ = ()
    name: ClassVar[str] = "Fn::GetAZs"
    key: ClassVar[str] = "Fn::GetAZs"

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        return ["nova"]


_MEMBER = re.compile(r"\.member\.([0-9]{1,9})(.*)", re.DOTALL)


class FnMemberListToMap(Function):
    """``Fn::MemberListToMap: [key name, value name, [".member.0.Name=k", ".member.0.Value=v"]]``."""

    __slots__ = ()
    name: ClassVar[str] = "Fn::MemberListToMap"
    key: ClassVar[str] = "Fn::MemberListToMap"
    written_out: ClassVar[bool] = True

    @classmethod
    def check_form(cls, raw: Any, scope: Scope) -> None:
        super().check_form(raw, scope)
        for index in (0, 1):
            if isinstance(raw, list) and len(raw) > 1 and scope.is_call(raw[index]):
                raise must_be_written(cls.name, "the names", (index,))

    @classmethod
    def check(cls, arguments: Any) -> None:
        form = "['Name', 'Value', ['.member.0.Name=key', '.member.0.Value=door']]"
        if not isinstance(arguments, list) or len(arguments) != 3:
            raise Misuse(
                "Fn::MemberListToMap needs two names and a list",
                heat=f'Wrong Arguments try: ""Fn::MemberListToMap" : {form}"',
                detail=f"It is {kind_of(arguments)}; write {form}.",
            )
        for index, what in ((0, "Key"), (1, "Value")):
            if not isinstance(arguments[index], str):
                raise Misuse(
                    f"the {what.lower()} name must be text, and is {kind_of(arguments[index])}",
                    heat=f"Fn::MemberListToMap {what} Name must be a string",
                    inside=(index,),
                )

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        key_name, value_name, members = arguments
        if not isinstance(members, list | dict | str):
            text = "Member list must be a list"
            raise Misuse(f"the members must be a list, and are {kind_of(members)}", heat=text, inside=(2,))
        pairs: dict[str, str] = {}
        for index, item in enumerate(members):
            if not isinstance(item, str):
                text = "Member list items must be strings"
                raise Misuse(f"a member must be text, and is {kind_of(item)}", heat=text, inside=(2, index))
            name, equals, value = item.partition("=")
            if not equals:
                heat = f"dictionary update sequence element #{index} has length 1; 2 is required"
                raise Misuse("a member has no '='", heat=heat, inside=(2, index))
            pairs[name] = value
        found = [
            (int(match[1]), match[2][1:], value) for name, value in pairs.items() if (match := _MEMBER.match(name))
        ]
        made: dict[str, Any] = {}
        for _, group in itertools.groupby(sorted(found, key=lambda one: one[0]), key=lambda one: one[0]):
            fields = {name: value for _, name, value in group}
            if key_name in fields and value_name in fields:
                made[fields[key_name]] = fields[value_name]
        return made


class FnFindInMap(Function):
    """``Fn::FindInMap: [map, key, key]``, of the section Mappings. When a key waits, it takes the maps along."""

    __slots__ = ()
    name: ClassVar[str] = "Fn::FindInMap"
    key: ClassVar[str] = "Fn::FindInMap"

    @classmethod
    def build(cls, raw: Any, scope: Scope) -> Any:
        unknown, left = scope.mark()
        arguments = scope.reduce(raw)
        unknown_now, left_now = scope.mark()
        if unknown_now != unknown:
            return UNKNOWN
        if not isinstance(arguments, list) or len(arguments) != 3:
            raise Misuse(
                "Fn::FindInMap needs a list of three: the map, a key, and a key in that",
                heat='Arguments to "Fn::FindInMap" must be of the form: [map_name, key, key]',
                detail=f"It is {kind_of(arguments)}.",
            )
        mappings = scope.mappings()
        if left_now == left:
            try:
                return scope.spend(cls.compute([mappings, *arguments], NO_LOOKUP))
            except Misuse as error:
                if error.code == "unknown-mapping" and scope.postponed(error):
                    return cls([{}, *arguments])  # which fails likewise
                raise
        name = arguments[0]
        carried = {name: mappings.get(name)} if isinstance(name, str) and name in mappings else mappings
        return cls([scope.spend(carried), *arguments])

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        found, *keys = arguments
        for index, key in enumerate(keys):
            if not isinstance(found, Mapping) or not isinstance(key, str) or key not in found:
                names = ", ".join(map(shorten, itertools.islice(found, 20))) if isinstance(found, Mapping) else ""
                raise Misuse(
                    "the mappings have no {}",
                    heat="{}",
                    value=key,
                    detail=f"There are: {names}." if names else "",
                    code="unknown-mapping",
                    inside=(index,),
                )
            found = found[key]
        return found
