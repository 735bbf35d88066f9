"""get_param and get_file: what the stack was given."""

from functools import reduce
from typing import Any, ClassVar

from firebrick.template.functions.base import UNKNOWN, VANISHED, Function, Lookup, Misuse, Scope, put_off
from firebrick.template.problems import kind_of


def select(value: Any, path: list[Any]) -> Any:
    """The part of a parameter at a path, or "": an index into a list may be text (as in Heat)."""

    def step(below: Any, key: Any) -> Any:
        if isinstance(below, dict) and isinstance(key, str | int):
            return below[key]
        if isinstance(below, list | str) and isinstance(key, str | int):
            return below[int(key)]
        raise KeyError

    try:
        return reduce(step, path, value)
    except (KeyError, IndexError, ValueError):
        return ""


class GetParam(Function):
    """``get_param: name`` or ``[name, key, ...]``. Static, unless a key waits for a resource: then it takes the values
    along: its arguments are ``[{name: value}, name, key, ...]``."""

    __slots__ = ()
    name: ClassVar[str] = "get_param"
    key: ClassVar[str] = "get_param"

    @classmethod
    def build(cls, raw: Any, scope: Scope) -> Any:
        unknown, left = scope.mark()
        arguments = scope.reduce(raw)
        if arguments is VANISHED or not isinstance(arguments, list):
            arguments = [None if arguments is VANISHED else arguments]
        unknown_now, left_now = scope.mark()
        if unknown_now != unknown:
            return UNKNOWN
        if not arguments or arguments == [None] or arguments == [""]:
            nameless = Misuse(
                f"{cls.name} needs the name of a parameter", heat=f'Function "{cls.name}" must have arguments'
            )
            return put_off(nameless, cls.name, scope)
        name = arguments[0]
        if isinstance(name, Function):
            return cls([scope.all_parameters(), *arguments])
        try:
            value = scope.parameter(name)
        except Misuse as error:
            if scope.postponed(error):
                return cls([{}, *arguments])
            raise
        if value is UNKNOWN:
            return UNKNOWN
        if left_now != left:
            return cls([{name: scope.spend(value)}, *arguments])
        return scope.spend(select(value, arguments[1:]))

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        values, name, *path = arguments
        if not isinstance(name, str) or name not in values:
            raise Misuse(
                "there is no such parameter",
                heat="The Parameter ({}) was not provided.",
                value=name,
                code="unknown-parameter",
                heat_type="UserParameterMissing",
            )
        return select(values[name], path)


class GetFile(Function):
    """``get_file: key``: a text sent along with the template."""

    __slots__ = ()
    name: ClassVar[str] = "get_file"
    key: ClassVar[str] = "get_file"

    @classmethod
    def build(cls, raw: Any, scope: Scope) -> Any:
        unknown, left = scope.mark()
        arguments = scope.reduce(raw)
        unknown_now, left_now = scope.mark()
        if unknown_now != unknown:
            return UNKNOWN
        try:
            if left_now != left:
                raise Misuse("the name of a file must be known before anything is created", code="late-reference")
            if not isinstance(arguments, str):
                raise Misuse(
                    f"get_file needs the name of a file, and this is {kind_of(arguments)}",
                    heat='Argument to "get_file" must be a string',
                )
            return scope.spend(scope.file(arguments))
        except Misuse as error:
            return put_off(error, cls.name, scope)
