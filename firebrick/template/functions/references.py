"""get_resource, get_attr: what other resources have come to. They always wait for run time."""

from collections.abc import Iterator
from typing import Any, ClassVar

from firebrick.template.functions.base import Function, Lookup, Misuse, Reference, Scope
from firebrick.template.problems import kind_of


def select(value: Any, path: list[Any]) -> Any:
    """The part of an attribute at a path, or None: keys in maps; whole numbers, not text, in lists (as in Heat)."""
    for part in path:
        if isinstance(value, dict) and isinstance(part, str):
            if part not in value:
                return None
            value = value[part]
        elif isinstance(value, list | str) and isinstance(part, int) and -len(value) <= part < len(value):
            value = value[part]
        else:
            return None
    return value


def _waiting(what: str) -> Misuse:
    return Misuse(
        f"{what} must be known before anything is created",
        detail="Name it outright, or by a parameter: what depends on what must be known in advance.",
        code="late-reference",
    )


class GetResource(Function):
    """``get_resource: name``: the reference id, by default the physical id."""

    __slots__ = ()
    name: ClassVar[str] = "get_resource"
    key: ClassVar[str] = "get_resource"
    waits: ClassVar[bool] = True

    def enter(self, scope: Scope) -> None:
        if isinstance(self.arguments, Function):
            raise _waiting("the name of the resource")
        scope.refer(self.arguments, None)

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        return lookup.reference_id(arguments)

    def references(self) -> Iterator[Reference]:
        yield Reference(self.arguments)


class GetAttr(Function):
    """``get_attr: [resource, attribute, path...]``; a path that misses gives null."""

    __slots__ = ()
    name: ClassVar[str] = "get_attr"
    key: ClassVar[str] = "get_attr"
    waits: ClassVar[bool] = True
    least: ClassVar[int] = 2

    @classmethod
    def check(cls, arguments: Any) -> None:
        if not isinstance(arguments, list) or len(arguments) < cls.least:
            raise Misuse(
                "get_attr needs a list with the resource's name and the attribute's",
                heat='Arguments to "get_attr" must be of the form [resource_name, attribute, (path), ...]',
                detail=f"It is {kind_of(arguments)}.",
            )

    def enter(self, scope: Scope) -> None:
        if isinstance(self.arguments, Function) or isinstance(self.arguments[0], Function):
            raise _waiting("the name of the resource")
        attribute = self.arguments[1] if len(self.arguments) > 1 else ""
        if isinstance(attribute, Function):
            raise _waiting("the name of the attribute")
        if not isinstance(attribute, str):
            raise Misuse(f"the name of an attribute is text, and this is {kind_of(attribute)}", inside=(1,))
        scope.refer(self.arguments[0], attribute)

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        attribute = arguments[1] if len(arguments) > 1 else ""
        return select(lookup.attribute(arguments[0], attribute), arguments[2:])

    def references(self) -> Iterator[Reference]:
        yield Reference(self.arguments[0], self.arguments[1] if len(self.arguments) > 1 else "")


class GetAttrAll(GetAttr):
    """From 2015-10-15: ``[resource]`` alone gives a map of all attributes."""

    __slots__ = ()
    key: ClassVar[str] = "get_attr.all"
    least: ClassVar[int] = 1
