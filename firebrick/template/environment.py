"""Environments: parameters, their defaults, and which type a template's type name really means.

Source of the rules: Heat's environment format and its resource registry.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from typing import Any

from firebrick.template.document import Document, parse_document
from firebrick.template.problems import Path, Problems, kind_of, shorten

SECTIONS: Mapping[str, type] = {
    "parameters": dict,
    "parameter_defaults": dict,
    "parameter_merge_strategies": dict,
    "resource_registry": dict,
    "event_sinks": list,
    "encrypted_param_names": list,
}
HOOKS = ("pre-create", "pre-update", "pre-delete", "post-create", "post-update", "post-delete")
RESTRICTED_ACTIONS = ("update", "replace")
_MOST_RESOURCE_LEVELS = 20


@dataclass(frozen=True, slots=True)
class Mapped:
    """One entry of the registry. pattern: a type name, or a prefix and ``*``. target: likewise, or a template's name.
    resource: the name of the only resource it is for, or ""."""

    pattern: str
    target: str
    resource: str
    path: Path

    def matches(self, type_name: str) -> bool:
        if self.pattern.endswith("*"):
            return type_name != self.target and type_name.startswith(self.pattern[:-1])
        return type_name == self.pattern

    def apply(self, type_name: str) -> str:
        if self.pattern.endswith("*") and self.target.endswith("*"):
            return self.target[:-1] + type_name[len(self.pattern) - 1 :]
        return self.target

    @property
    def order(self) -> tuple[bool, str]:
        """Per-resource entries first, then by name (``*`` comes before letters)."""
        return not self.resource, self.pattern


@dataclass(frozen=True)
class Environment:
    """A parsed environment. registry: (resource or "", pattern) -> entry. hooks: where the document asks for some.
    resources: what the registry says of resources alone, by name or pattern of names."""

    document: Document
    parameters: Mapping[str, Any] = field(default_factory=dict)
    parameter_defaults: Mapping[str, Any] = field(default_factory=dict)
    registry: Mapping[tuple[str, str], Mapped] = field(default_factory=dict)
    hooks: tuple[Path, ...] = ()
    event_sinks: tuple[Any, ...] = ()
    resources: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    encrypted_param_names: tuple[Any, ...] = ()

    @property
    def file(self) -> str:
        return self.document.file

    def locate(self, path: Path) -> tuple[int, int] | None:
        return self.document.locate(path)

    def mentions(self, resource: str) -> bool:
        """Whether the registry has entries for this resource alone."""
        return resource in self._resources

    @cached_property
    def _resources(self) -> frozenset[str]:
        return frozenset(resource for resource, _ in self.registry)

    def hooks_of(self, resource: str) -> frozenset[str]:
        """The moments at which a resource of this stack waits for somebody: some of HOOKS."""
        return self._words_of(resource, "hooks")

    def restricted_actions_of(self, resource: str) -> frozenset[str]:
        """What an update may not do to a resource of this stack: some of RESTRICTED_ACTIONS."""
        return self._words_of(resource, "restricted_actions")

    def _words_of(self, resource: str, key: str) -> frozenset[str]:
        """Of every entry whose name or pattern (``*``, ``?``, ``[ab]``) fits."""
        found: set[str] = set()
        for pattern, body in self.resources.items():
            if key in body and fnmatchcase(resource, pattern):
                found.update([body[key]] if isinstance(body[key], str) else body[key])
        return frozenset(found)

    def below(self, resource: str, type_name: str) -> "Environment":
        """The environment of the stack that stands for a resource of this type: the registry, with what is said of that
        resource's own resources; parameter_defaults and event_sinks; no parameters.

        The entry that made a template of the type is left out (Heat's rule): in that template, the type is what it
        would be without the entry, so that a template can wrap the type that it is mapped to.
        """
        resources: dict[str, Any] = {}
        for body in self._said_of(resource):
            resources.update((name, inner) for name, inner in body.items() if isinstance(inner, dict))
        registry = dict(self.document.tree.get("resource_registry") or {})
        entry = self._to_template(type_name, resource)
        if entry is not None and not entry.resource:
            del registry[entry.pattern]
        tree = {
            "resource_registry": {**registry, "resources": resources},
            "parameter_defaults": dict(self.parameter_defaults),
            "event_sinks": list(self.event_sinks),
        }
        return parse_environment(tree, file=self.file)

    def says_below(self, resource: str) -> bool:
        """Whether it says anything of the resources inside this one."""
        return any(isinstance(one, dict) for body in self._said_of(resource) for one in body.values())

    def facade(self, type_name: str, resource: str) -> str:
        """The type whose outside a template takes over that stands for a resource of this type: what the resource would
        be without the entry that leads to the template. "" where there is no such entry, or no other way to read the
        type."""
        chosen = self._to_template(type_name, resource)
        if chosen is None:
            return ""
        for entry in self._entries(type_name, resource):
            target, used = self.resolve_type(entry.apply(type_name), resource)
            if chosen not in (entry, *used):
                return target
        return type_name

    def _to_template(self, type_name: str, resource: str) -> Mapped | None:
        """The entry that makes a template of a type."""
        _, used = self.resolve_type(type_name, resource)
        return used[-1] if used and is_template_name(used[-1].target) else None

    def _said_of(self, resource: str) -> list[Mapping[str, Any]]:
        """Patterns in their order, the name itself last."""
        fitting = [body for pattern, body in self.resources.items() if fnmatchcase(resource, pattern)]
        return [*fitting, self.resources[resource]] if resource in self.resources else fitting

    def _entries(self, type_name: str, resource: str) -> list[Mapped]:
        """Those that are for a type, in Heat's order: looked up by the name and by each of its prefixes."""
        patterns = [type_name, *(type_name[:end] + "*" for end in range(len(type_name) + 1))] if self.registry else []
        found: list[Mapped] = []
        for owner in {"": 1, resource: 1}:
            entries = (self.registry.get((owner, pattern)) for pattern in patterns)
            found += (one for one in entries if one is not None and one.matches(type_name))
        return sorted(found, key=lambda one: one.order)

    def resolve_type(self, type_name: str, resource: str) -> tuple[str, list[Mapped]]:
        """The type a name stands for, and the entries that led there. A circle ends where it closes: the type is ""."""
        used: list[Mapped] = []
        seen = {type_name}
        while True:
            entries = self._entries(type_name, resource)
            if not entries:
                return type_name, used
            entry = entries[0]
            used.append(entry)
            type_name = entry.apply(type_name)
            if type_name in seen or len(type_name) > 1000:
                return "", used
            seen.add(type_name)


def is_template_name(type_name: str) -> bool:
    """Whether a type is a template among the stack's files."""
    return type_name.endswith((".yaml", ".template"))


def parse_environment(source: str | bytes | Mapping[str, Any], *, file: str = "environment") -> Environment:
    """Read an environment's text or take one that is parsed already. An empty text is an empty environment.

    InvalidInput: what parse_template refuses, and sections that Heat does not know, that are empty or of a wrong form.
    """
    text = "The environment is not a valid YAML mapping data type."
    document = parse_document(source, file=file, not_a_map=text)
    problems = Problems(document)
    sections = {name: _section(name, body, problems) for name, body in document.tree.items()}
    registry, hooks = _registry(sections.get("resource_registry") or {}, problems)
    problems.raise_if_any()
    return Environment(
        document=document,
        parameters=sections.get("parameters") or {},
        parameter_defaults=sections.get("parameter_defaults") or {},
        registry=registry,
        hooks=tuple(hooks),
        event_sinks=tuple(sections.get("event_sinks") or ()),
        resources=(sections.get("resource_registry") or {}).get("resources") or {},
        encrypted_param_names=tuple(sections.get("encrypted_param_names") or ()),
    )


def _section(name: str, body: Any, problems: Problems) -> Any:
    shown = shorten(name)
    if name not in SECTIONS:
        problems.add(
            "unknown-section",
            f"an environment has no section {shown}",
            (name,),
            detail=problems.suggest(name, SECTIONS, f"There are: {', '.join(SECTIONS)}."),
            heat=f'environment has wrong section "{shown}"',
            heat_type="HTTPBadRequest",
        )
    elif body is None:
        problems.add(
            "empty-section",
            f"the section {shown} is empty",
            (name,),
            detail="Fill it, or remove it.",
            heat=f'environment has empty section "{shown}"',
            heat_type="HTTPBadRequest",
        )
    elif not isinstance(body, SECTIONS[name]):
        wanted = "a map" if SECTIONS[name] is dict else "a list"
        problems.add(
            "bad-section",
            f"the section {shown} must be {wanted}, and is {kind_of(body)}",
            (name,),
            heat_type="HTTPBadRequest",
        )
    else:
        return body
    return None


def _registry(section: Mapping[str, Any], problems: Problems) -> tuple[dict[tuple[str, str], Mapped], list[Path]]:
    entries: dict[tuple[str, str], Mapped] = {}
    hooks: list[Path] = []
    for name, target in section.items():
        path: Path = ("resource_registry", name)
        if name == "resources":
            _per_resource(target, path, entries, hooks, problems)
        elif name == "base_url":
            continue
        else:
            _entry(entries, name, target, "", path, problems)
    return entries, hooks


def _entry(
    entries: dict[tuple[str, str], Mapped], name: str, target: Any, resource: str, path: Path, problems: Problems
) -> None:
    """Add one mapping; null removes it, or with ``*`` all that begin so, among those before it."""
    if target is None:
        for known in [key for key in entries if key[0] == resource and _removes(name, key[1])]:
            del entries[known]
    elif not isinstance(target, str) or not target or not name:
        problems.add(
            "bad-registry-entry",
            f"a type must be mapped to the name of a type, and not to {kind_of(target) if target else 'nothing'}",
            path,
            detail="Write the name of a type, of a template, or null to remove the mapping.",
            heat_type="HTTPBadRequest",
        )
    else:
        entries[resource, name] = Mapped(name, target, resource, path)


def _removes(pattern: str, name: str) -> bool:
    return name.startswith(pattern[:-1]) if pattern.endswith("*") else name == pattern


def _per_resource(
    section: Any, path: Path, entries: dict[tuple[str, str], Mapped], hooks: list[Path], problems: Problems
) -> None:
    if section is None:
        return
    if not isinstance(section, dict):
        problems.add("bad-registry-entry", f"resources must be a map, and is {kind_of(section)}", path)
        return
    for resource, body in section.items():
        here = (*path, resource)
        if not isinstance(body, dict):
            text = f"what is said of one resource must be a map, and is {kind_of(body)}"
            problems.add("bad-registry-entry", text, here)
            continue
        for key, value in body.items():
            if key == "hooks":
                _words(value, HOOKS, "hook", (*here, key), problems)
                hooks.append((*here, key))
            elif key == "restricted_actions":
                _words(value, RESTRICTED_ACTIONS, "restricted_action", (*here, key), problems)
            elif isinstance(value, dict):
                _check_levels_below(value, (*here, key), problems)
            else:
                _entry(entries, key, value, resource, (*here, key), problems)


def _check_levels_below(body: Mapping[str, Any], path: Path, problems: Problems) -> None:
    """What is meant for resources of nested stacks: checked here, used by the nested stack."""
    if len(path) > _MOST_RESOURCE_LEVELS:
        problems.add("bad-registry-entry", "there are too many levels of nested stacks", path)
        return
    for key, value in body.items():
        here = (*path, key)
        if key == "hooks":
            _words(value, HOOKS, "hook", here, problems)
        elif key == "restricted_actions":
            _words(value, RESTRICTED_ACTIONS, "restricted_action", here, problems)
        elif isinstance(value, dict):
            _check_levels_below(value, here, problems)
        elif value is not None and not isinstance(value, str):
            problems.add("bad-registry-entry", f"this must be a type's name, and is {kind_of(value)}", here)


def _words(value: Any, known: tuple[str, ...], what: str, path: Path, problems: Problems) -> None:
    for word in value if isinstance(value, list) else [value]:
        if isinstance(word, str) and word in known:
            continue
        shown = shorten(word)
        if what == "hook":
            heat = f'Invalid hook type "{shown}" for resource breakpoint, acceptable hook types are: {known}'
        else:
            heat = f'Invalid restricted_action type "{shown}" for resource, '
            heat += f"acceptable restricted_action types are: {known}"
        problems.add(
            "bad-registry-entry",
            f"there is no {what} {shown}",
            path,
            detail=problems.suggest(word, known, f"There are: {', '.join(known)}."),
            heat=heat,
            heat_type="InvalidBreakPointHook" if what == "hook" else "StackValidationFailed",
        )
