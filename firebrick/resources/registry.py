"""All resource types that templates can name: those of this package, of plug-ins, of tests.

A type of this package is a file under a folder listed in PACKAGES; nobody keeps a list. Others come from modules
named in FIREBRICK_PLUGINS (comma list) and from entry points of the group ``firebrick.resource_types``; each module
has ``RESOURCE_TYPES``, a list of classes.
"""

import difflib
import importlib
import inspect
import os
import pkgutil
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import replace
from functools import cache
from importlib.metadata import entry_points
from typing import Any

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.resources.base import ResourceType
from firebrick.resources.schema import TypeSchema

PACKAGES = ("firebrick.resources.heat", "firebrick.resources.firebrick")
ENTRY_POINTS = "firebrick.resource_types"
PLUGINS = "FIREBRICK_PLUGINS"


class Registry:
    """A catalogue of types by name; it answers the language (`find`, `names`) and the activities (`type`)."""

    def __init__(self, types: Iterable[type[ResourceType]]) -> None:
        """ValueError: two classes claim one name. TypeError: a class whose schema cannot be read."""
        self._schemas: dict[str, TypeSchema] = {}
        self._names: list[str] = []
        for type_ in types:
            schema = TypeSchema.of(type_)
            for name in (type_.type_name, *type_.aliases):
                other = self._schemas.get(name)
                if other is not None and type(other.implementation) is not type_:
                    both = f"{_where(type(other.implementation))} and by {_where(type_)}"
                    raise ValueError(f"resource type {name} is defined by {both}")
                self._schemas[name] = replace(schema, name=name)
            if not type_.hidden:
                self._names.append(type_.type_name)
        self._names = sorted(set(self._names))
        self.implementations: AbstractSet[str] = frozenset(self._schemas)
        self.secret_attributes: Mapping[str, frozenset[str]] = {
            one.implementation.type_name: one.implementation.secret_attributes
            for one in self._schemas.values()
            if one.implementation.secret_attributes
        }

    @classmethod
    def default(cls, environ: Mapping[str, str] = os.environ) -> "Registry":
        """This package's types, FIREBRICK_PLUGINS and entry points. InvalidInput names a plug-in that fails."""
        types = list(package_types())
        for name in (part.strip() for part in environ.get(PLUGINS, "").split(",")):
            if name:
                types += _plugin_types(name, f"{PLUGINS} names {name}")
        for point in sorted(entry_points(group=ENTRY_POINTS), key=lambda one: (one.name, one.value)):
            types += _plugin_types(point.value, f"the entry point {point.name} = {point.value}")
        return cls(types)

    def find(self, name: str, *, declared: str = "", resource: str = "") -> TypeSchema | None:
        return self._schemas.get(name)

    def names(self) -> Sequence[str]:
        """Names to list, sorted; without hidden types and aliases."""
        return self._names

    def schema(self, name: str) -> TypeSchema:
        """The schema of a type. InvalidInput, in Heat's words, when there is none."""
        found = self._schemas.get(name)
        if found is None:
            near = difflib.get_close_matches(name, self._names, n=1)
            raise InvalidInput(
                Diagnostic(
                    code="unknown-type",
                    summary=f"The Resource Type ({name}) could not be found.",
                    detail=f"Did you mean {near[0]}?" if near else "Is the plug-in that has it loaded?",
                )
            )
        return found

    def type(self, name: str) -> ResourceType:
        """The implementation of a type. InvalidInput when there is none."""
        return self.schema(name).implementation

    def validate(self, name: str, properties: Mapping[str, Any], *, resource: str = "") -> Any:
        """See TypeSchema.validate."""
        return self.schema(name).validate(properties, resource=resource)


@cache
def package_types() -> tuple[type[ResourceType], ...]:
    """The types of this package: every one that a module under PACKAGES defines, sorted by name."""
    found: list[type[ResourceType]] = []
    for package in PACKAGES:
        for module in pkgutil.iter_modules(importlib.import_module(package).__path__, f"{package}."):
            for value in vars(importlib.import_module(module.name)).values():
                if inspect.isclass(value) and issubclass(value, ResourceType) and value.__module__ == module.name:
                    found.append(value)
    return tuple(sorted(found, key=lambda type_: type_.type_name))


def _plugin_types(module: str, said: str) -> list[type[ResourceType]]:
    try:
        types = list(importlib.import_module(module).RESOURCE_TYPES)
    except Exception as error:  # whatever a stranger's module does while it loads, say which one it was
        raise InvalidInput(
            Diagnostic(
                code="plugin-broken",
                summary=f"{said}, which cannot be loaded: {type(error).__name__}: {error}",
                detail="It must be an importable module with a list RESOURCE_TYPES.",
            )
        ) from error
    for one in types:
        if not (inspect.isclass(one) and issubclass(one, ResourceType)):
            raise InvalidInput(
                Diagnostic(code="plugin-broken", summary=f"{said}: RESOURCE_TYPES has {one!r}, not a resource type")
            )
    return types


def _where(type_: type[ResourceType]) -> str:
    return f"{type_.__module__}.{type_.__qualname__}"
