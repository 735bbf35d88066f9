"""get_resource, get_attr: what other resources have come to. They always wait for run time."""

from collections.abc import Iterator
from typing import Any, ClassVar

from firebrick.template.catalogue import INNER, split_inner
from firebrick.template.functions.base import Function, Lookup, Misuse, Reference, Scope
from firebrick.template.problems import kind_of, shorten


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


def inner_path(attribute: Any, path: list[Any]) -> tuple[Any, list[Any]]:
    """The name of an attribute and the path into it. Of one that names a resource inside a nested stack
    (``resource.NAME``), what follows is that resource's attribute and becomes a part of the name."""
    while path and isinstance(path[0], str) and _names_inner_resource(attribute):
        attribute, path = f"{attribute}.{path[0]}", path[1:]
    return attribute, path


def _names_inner_resource(attribute: Any) -> bool:
    """Whether it ends with the name of a resource, at any depth: ``resource.a``, ``resource.a.resource.b``."""
    while isinstance(attribute, str) and attribute.startswith(INNER):
        _, attribute = split_inner(attribute)
        if not attribute:
            return True
    return False


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
    late_reference: ClassVar[bool] = True

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
    written_out: ClassVar[bool] = True
    least: ClassVar[int] = 2

    @classmethod
    def check(cls, arguments: Any) -> None:
        if not isinstance(arguments, list) or len(arguments) < cls.least:
            raise Misuse(
                "get_attr needs a list with the resource's name and the attribute's",
                heat='Arguments to "get_attr" must be of the form [resource_name, attribute, (path), ...]',
                detail=f"It is {kind_of(arguments)}.",
            )
        cls.check_path(arguments[2:])

    @classmethod
    def check_path(cls, path: list[Any]) -> None:
        for index, part in enumerate(path, 2):
            if isinstance(part, dict | list):
                raise Misuse(
                    f"a part of a path is a key or an index, and this is {kind_of(part)}",
                    heat=f"unhashable type: '{type(part).__name__}'",
                    inside=(index,),
                )

    @classmethod
    def attribute(cls, arguments: list[Any]) -> Any:
        """The name of the attribute; "" is all of them."""
        name = arguments[1]
        if name == "":
            raise Misuse(
                "the name of the attribute is empty",
                heat=f"The Referenced Attribute ({shorten(arguments[0])} ) is incorrect.",
                code="unknown-attribute",
                inside=(1,),
            )
        return name

    def enter(self, scope: Scope) -> None:
        if isinstance(self.arguments, Function) or isinstance(self.arguments[0], Function):
            raise _waiting("the name of the resource")
        attribute = self.attribute(self.arguments)
        if isinstance(attribute, Function):
            raise _waiting("the name of the attribute")
        if not isinstance(attribute, str):
            raise Misuse(f"the name of an attribute is text, and this is {kind_of(attribute)}", inside=(1,))
        scope.refer(self.arguments[0], attribute)

    @classmethod
    def enter_unknown(cls, arguments: Any, scope: Scope) -> None:
        """The resource is usually named outright, also where the attribute or the path is computed."""
        if isinstance(arguments, list) and arguments and isinstance(arguments[0], str):
            named = arguments[1] if len(arguments) > 1 and isinstance(arguments[1], str) else None
            scope.refer(arguments[0], named)

    @classmethod
    def compute(cls, arguments: Any, lookup: Lookup) -> Any:
        attribute, path = cls.places(arguments)
        return select(lookup.attribute(arguments[0], attribute), path)

    @classmethod
    def places(cls, arguments: list[Any]) -> tuple[Any, list[Any]]:
        """The name of the attribute and the path into its value."""
        return inner_path(cls.attribute(arguments), arguments[2:])

    def references(self) -> Iterator[Reference]:
        yield Reference(self.arguments[0], self.places(self.arguments)[0])


class GetAttrThenSelect(GetAttr):
    """In 2013-05-23: a path may have anything in it, and then finds nothing."""

    __slots__ = ()
    key: ClassVar[str] = "get_attr.then_select"

    @classmethod
    def check_path(cls, path: list[Any]) -> None:
        pass

    @classmethod
    def places(cls, arguments: list[Any]) -> tuple[Any, list[Any]]:
        return cls.attribute(arguments), arguments[2:]


class GetAttrAll(GetAttr):
    """From 2015-10-15: ``[resource]`` alone, or with null, gives a map of all attributes."""

    __slots__ = ()
    key: ClassVar[str] = "get_attr.all"
    least: ClassVar[int] = 1

    @classmethod
    def attribute(cls, arguments: list[Any]) -> Any:
        return "" if len(arguments) < 2 or arguments[1] is None else super().attribute(arguments)
