"""map_merge, map_replace: maps made of maps."""

import json
from typing import Any, ClassVar

from firebrick.template.functions.base import Function, Lookup, Misuse
from firebrick.template.problems import kind_of, shorten


def text_key(key: Any) -> str:
    """A computed key as JSON has it: keys of maps are text."""
    return key if isinstance(key, str) else json.dumps(key)


class MapMerge(Function):
    """``map_merge: [map, map...]``: shallow, later ones win, null is nothing."""

    __slots__ = ()
    name: ClassVar[str] = "map_merge"
    key: ClassVar[str] = "map_merge"

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        if not isinstance(arguments, list) and arguments != "":
            raise Misuse(
                f"map_merge needs a list of maps, and this is {kind_of(arguments)}",
                heat='Incorrect arguments to "map_merge" should be: "map_merge" : [ { "key1": "val1" }, ...]',
            )
        made: dict[str, Any] = {}
        for index, one in enumerate(arguments):
            if one is None:
                continue
            if not isinstance(one, dict):
                raise Misuse(
                    f"only maps can be merged, and this is {kind_of(one)}",
                    heat=f"Incorrect arguments: Items to merge must be maps. {{}} is type {type(one)} "
                    "instead of a dict",
                    value=one,
                    inside=(index,),
                )
            made.update(one)
        return made


class MapReplace(Function):
    """``map_replace: [map, {keys: {old: new}, values: {old: new}}]``: renames keys and exchanges whole values."""

    __slots__ = ()
    name: ClassVar[str] = "map_replace"
    key: ClassVar[str] = "map_replace"

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        form = "map_replace: [map, {keys: {old: new}, values: {old: new}}]"
        if not isinstance(arguments, list) or len(arguments) != 2:
            raise Misuse(
                f"map_replace needs a map and what to replace in it, and this is {kind_of(arguments)}",
                heat=f'Incorrect arguments to "map_replace" should be: {form}',
                detail=f"Write {form}.",
            )
        source = cls._map(arguments[0], (0,))
        replacements = cls._map(arguments[1], (1,))
        for key in replacements:
            if key not in ("keys", "values"):
                raise Misuse(
                    f"map_replace has no {shorten(key)}",
                    heat=f'Incorrect arguments to "map_replace" should be: {form}',
                    detail="There are keys and values.",
                    inside=(1, key),
                )
        keys = cls._map(replacements.get("keys"), (1, "keys"))
        values = cls._map(replacements.get("values"), (1, "values"))
        made: dict[Any, Any] = {}
        for old, value in source.items():
            key = cls._key(old, keys.get(old), source, made)
            made[key] = values.get(value, value) if isinstance(value, str) else value
        return {text_key(key): value for key, value in made.items()}

    @staticmethod
    def _map(value: Any, inside: tuple[str | int, ...]) -> dict[str, Any]:
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        raise Misuse(
            f"this must be a map, and is {kind_of(value)}",
            heat='Incorrect arguments: to "map_replace", arguments must be a list of maps. Example:  '
            '"map_replace" : [ { "key1": "val1" }, {"keys": {"key1": "key2"}, "values": {"val1": "val2"}} ]',
            inside=inside,
        )

    @staticmethod
    def _key(old: str, new: Any, source: dict[str, Any], made: dict[Any, Any]) -> Any:
        if new is None:
            return old
        if isinstance(new, dict | list):
            raise Misuse(
                f"{kind_of(new)} cannot be a key",
                heat=f"unhashable type: '{type(new).__name__}'",
                inside=(1, "keys", old),
            )
        for there, which in ((source, "input"), (made, "output")):
            if new in there and (which == "output" or new != old):
                raise Misuse(
                    f"the new key for {shorten(old)} is in the {which} map already",
                    heat=f"key replacement {{}} collides with a key in the {which} map",
                    value=new,
                    inside=(1, "keys", old),
                )
        return new
