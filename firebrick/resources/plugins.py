"""Types of other packages: found, loaded, and checked as far as they can be without being used.

They come from modules that FIREBRICK_PLUGINS names (a comma list), and from entry points of the group
``firebrick.resource_types``; each module has ``RESOURCE_TYPES``, a list of classes. What somebody else's package does
wrong is told as that package's, with its place and what to do, and costs its own types only: everything else works.
"""

import importlib
import inspect
import json
import math
import os
import traceback
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Any

from firebrick.diagnostics import Diagnostic
from firebrick.json_values import is_whole, whole
from firebrick.resources.base import ResourceType
from firebrick.resources.schema import TypeSchema

ENTRY_POINTS = "firebrick.resource_types"
PLUGINS = "FIREBRICK_PLUGINS"
MOST_NAME = 255  # characters of a type's name
MOST_TEXT = 500  # characters of an error that are repeated
MEND = "Mend the package, or uninstall it. Until then its types are missing, and everything else works."


@dataclass(frozen=True, slots=True)
class Plugin:
    """A module with types. said: how people know it (``the package acme 1.0 (entry point acme)``). again: how it is put
    right where the module is not there. types: those that can be used, as far as that is known. faults: why others
    cannot."""

    said: str
    again: str
    types: tuple[type[ResourceType], ...] = ()
    faults: tuple[Diagnostic, ...] = field(default=())

    def fault(self, text: str, detail: str = MEND, place: tuple[str, int | None] = ("", None)) -> Diagnostic:
        summary = whole(f"{self.said} {text}")
        return Diagnostic(code="plugin-broken", summary=summary, detail=detail, file=place[0], line=place[1])


def plugins(environ: Mapping[str, str] = os.environ) -> Iterator[Plugin]:
    """Those that the environment names, then those that are installed, each once. Raises nothing."""
    seen: set[str] = set()
    for module in (part.strip() for part in environ.get(PLUGINS, "").split(",")):
        if module and module not in seen:
            seen.add(module)
            again = f"Correct ${PLUGINS}, or put the module where Python finds it ($PYTHONPATH)."
            yield _loaded(Plugin(f"the module {module} of ${PLUGINS}", again), module)
    try:
        points = sorted(entry_points(group=ENTRY_POINTS), key=lambda one: (one.name, one.value))
    except Exception as error:  # some installed package's metadata cannot be read
        broken = Plugin("the list of installed packages", "")
        text = f"cannot be read: {_said(error)}"
        yield Plugin(broken.said, "", faults=(broken.fault(text, "Look for a package whose installation is broken."),))
        return
    for point in points:
        if point.value not in seen:
            seen.add(point.value)
            yield _loaded(_of(point), point.value)


def refused(plugin: Plugin, type_: type[ResourceType], error: BaseException) -> Diagnostic:
    """Of a class that cannot be taken up."""
    return plugin.fault(f"has {_name_of(type_)}, which is left out: {_said(error)}", place=_place_of_class(type_))


def compiled(kind: type[ResourceType]) -> TypeSchema:
    """The schema of somebody's class. TypeError, ValueError, or whatever his code raises: what it says of its type
    cannot be used, or not be shown to anybody."""
    if not isinstance(getattr(kind, "type_name", None), str):
        raise TypeError("it has no type_name, a text such as Acme::Note")
    schema = TypeSchema.of(kind)
    for name in (kind.type_name, *kind.aliases):
        if not isinstance(name, str) or not name.strip() or len(name) > MOST_NAME or not is_whole(name):
            raise ValueError(f"type_name and aliases are texts of 1 to {MOST_NAME} characters, such as Acme::Note")
    for name, description in kind.attributes.items():
        if not isinstance(name, str) or not isinstance(description, str):
            raise TypeError("attributes is a map of names to descriptions")
    seconds: Any = kind.call_timeout
    if isinstance(seconds, bool) or not isinstance(seconds, int | float) or not 0 < seconds < math.inf:
        raise ValueError("call_timeout is a number of seconds above 0")
    json.dumps([schema.shown(), schema.fingerprint], allow_nan=False, ensure_ascii=False).encode()
    return schema


def _of(point: EntryPoint) -> Plugin:
    package, version = "?", ""
    if point.dist is not None:
        package, version = point.dist.name, point.dist.version
    said = f"the package {package} {version}".rstrip() + f" (entry point {point.name} = {point.value})"
    again = (
        f"It is installed without its module: install it again (pip install --force-reinstall {package}), or remove it "
        f"(pip uninstall {package})."
    )
    return Plugin(said, again)


def _loaded(plugin: Plugin, module: str) -> Plugin:
    name = module.partition(":")[0].strip()  # what stands behind it in an entry point is nothing that we ask for
    try:
        listed = importlib.import_module(name).RESOURCE_TYPES
        types = tuple(_listed(listed))
    except BaseException as error:  # whatever somebody's module does while it loads, sys.exit() too
        if isinstance(error, KeyboardInterrupt):
            raise
        return Plugin(plugin.said, plugin.again, faults=(_not_loaded(plugin, name, error),))
    faults = []
    good = []
    for one in types:
        if inspect.isclass(one) and issubclass(one, ResourceType):
            if one not in good:
                good.append(one)
        else:
            shown = getattr(one, "__qualname__", None) or f"a value of class {type(one).__name__}"
            text = f"has {whole(str(shown))[:100]} in RESOURCE_TYPES, which is no class of resource types"
            place = _place_of_class(one) if inspect.isclass(one) else (_file_of(name), None)
            detail = "List classes that derive from firebrick.resources.base.ResourceType."
            faults.append(plugin.fault(text, detail, place))
    return Plugin(plugin.said, plugin.again, tuple(good), tuple(faults))


def _listed(listed: Any) -> Iterable[Any]:
    if isinstance(listed, str | Mapping):
        raise TypeError("RESOURCE_TYPES is no list of classes")
    return listed  # type: ignore[no-any-return]


def _not_loaded(plugin: Plugin, module: str, error: BaseException) -> Diagnostic:
    detail = MEND
    if isinstance(error, ModuleNotFoundError) and error.name:
        if module == error.name or module.startswith(f"{error.name}."):
            return plugin.fault(f"cannot be loaded: there is no module {error.name}", plugin.again)
        detail = f"Install {error.name}, which it needs. {MEND}"
    elif isinstance(error, AttributeError) and error.name == "RESOURCE_TYPES":
        text = "has no RESOURCE_TYPES in its module"
        return plugin.fault(text, "It is a list of classes of resource types.", (_file_of(module), None))
    return plugin.fault(f"cannot be loaded: {_said(error)}", detail, _place_of(error))


def _said(error: BaseException) -> str:
    try:
        text = str(error)
    except Exception:  # its text is somebody's code, too
        text = ""
    return f"{type(error).__name__}: {text[:MOST_TEXT]}" if text else type(error).__name__


def _place_of(error: BaseException) -> tuple[str, int | None]:
    """File and line of somebody's code: the innermost that is neither Python's import system nor this file."""
    if isinstance(error, SyntaxError) and error.filename:
        return str(error.filename), error.lineno
    frames = [one for one in traceback.extract_tb(error.__traceback__) if not _is_ours(one.filename)]
    return (frames[-1].filename, frames[-1].lineno) if frames else ("", None)


def _is_ours(file: str) -> bool:
    return file.startswith("<frozen importlib") or file == __file__ or file == importlib.__file__


def _place_of_class(one: type) -> tuple[str, int | None]:
    try:
        file = inspect.getsourcefile(one) or ""
        return file, inspect.getsourcelines(one)[1]
    except (OSError, TypeError):
        return "", None


def _file_of(module: str) -> str:
    file = getattr(importlib.import_module(module), "__file__", None)
    return str(Path(file)) if file else ""


def _name_of(type_: type) -> str:
    return whole(f"{type_.__module__}.{type_.__qualname__}")[:200]
