"""All resource types that templates can name: those of this package, of plug-ins, of tests.

A type of this package is a file under a folder listed in PACKAGES; nobody keeps a list. Others come from packages of
providers (firebrick.resources.plugins), of which a broken one costs its own types only.
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
from typing import Any

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.resources.base import ResourceType
from firebrick.resources.plugins import PLUGINS, compiled, plugins, refused
from firebrick.resources.schema import TypeSchema

PACKAGES = ("firebrick.resources.heat", "firebrick.resources.firebrick")
MOST_TOLD = 3
"""Faults of packages that are told to somebody who asks for a type that is not there."""


__all__ = ["PACKAGES", "PLUGINS", "Registry", "package_types"]


class Registry:
    """A catalogue of types by name; it answers the language (`find`, `names`) and the activities (`type`)."""

    def __init__(self, types: Iterable[type[ResourceType]]) -> None:
        """ValueError: two classes claim one name. TypeError: a class whose schema cannot be read."""
        self._schemas: dict[str, TypeSchema] = {}
        self._names: list[str] = []
        self.faults: list[Diagnostic] = []
        for type_ in types:
            self._add(TypeSchema.of(type_))
        self._settle()

    def _add(self, schema: TypeSchema) -> None:
        """All its names or none."""
        type_ = type(schema.implementation)
        names = (type_.type_name, *type_.aliases)
        for name in names:
            other = self._schemas.get(name)
            if other is not None and type(other.implementation) is not type_:
                both = f"{_where(type(other.implementation))} and by {_where(type_)}"
                raise ValueError(f"resource type {name} is defined by {both}")
        for name in names:
            self._schemas[name] = replace(schema, name=name)
        if not type_.hidden:
            self._names.append(type_.type_name)

    def _settle(self) -> None:
        self._names = sorted(set(self._names))
        self.implementations: AbstractSet[str] = frozenset(self._schemas)
        self.secret_attributes: Mapping[str, frozenset[str]] = {
            one.implementation.type_name: one.implementation.secret_attributes
            for one in self._schemas.values()
            if one.implementation.secret_attributes
        }

    @classmethod
    def default(cls, environ: Mapping[str, str] = os.environ) -> "Registry":
        """This package's types, and those of providers' packages. `faults` has what is wrong with those: what cannot be
        used is left out."""
        registry = cls(package_types())
        for plugin in plugins(environ):
            registry.faults += plugin.faults
            for type_ in plugin.types:
                try:
                    registry._add(compiled(type_))
                except Exception as error:  # it is somebody's class, and making one of it runs his code
                    registry.faults.append(refused(plugin, type_, error))
        registry._settle()
        return registry

    @property
    def unloaded(self) -> str:
        """What to say to somebody who asks for a type that is not there, while a package could not be loaded."""
        if not self.faults:
            return ""
        return "Or is it of a package that is broken? " + " ".join(f"{one.summary}." for one in self.faults[:MOST_TOLD])

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
            meant = f"Did you mean {near[0]}?" if near else "Is the package that has it installed?"
            raise InvalidInput(
                Diagnostic(
                    code="unknown-type",
                    summary=f"The Resource Type ({name}) could not be found.",
                    detail=" ".join([meant, self.unloaded]).rstrip(),
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


def _where(type_: type[ResourceType]) -> str:
    return f"{type_.__module__}.{type_.__qualname__}"
