"""Several environment files made one, by the rules of Heat's `environment_files`.

parameters, parameter_defaults: the first map is taken whole; later ones change it name by name, leaving out null and
names that no template has; parameter_merge_strategies says how. resource_registry and other maps: the first is taken
whole; later ones replace entries (not deep), leaving out null. event_sinks, encrypted_param_names: the first list is
taken; a second file with one is refused.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template.document import parse_template
from firebrick.template.environment import SECTIONS, parse_environment
from firebrick.template.parameter_types import to_json, to_list, to_number
from firebrick.template.problems import Path, Problems, Source, kind_of, shorten

STRATEGIES = ("overwrite", "merge", "deep_merge")
_STRATEGY_SECTION = "parameter_merge_strategies"
_BY_NAME = ("parameters", "parameter_defaults")
_TYPES: Mapping[str, str] = {
    "String": "string",
    "Number": "number",
    "CommaDelimitedList": "comma_delimited_list",
    "Json": "json",
    "Boolean": "boolean",
}


def merge_environments(
    names: Sequence[str],
    files: Mapping[str, str],
    *,
    template: str | Mapping[str, Any] = "",
    parameters: Mapping[str, Any] | None = None,
    warned: Callable[[Sequence[Diagnostic]], object] | None = None,
) -> dict[str, Any]:
    """The sections of one environment, made of the files with these names, in this order.

    template: the root template; its parameters, and those of every template among the files, are the known ones.
    parameters: the request's, which the files overwrite. warned: told the warnings of each file. InvalidInput lists
    what is wrong with any of the files, and strategies that contradict each other or do not fit a parameter's type.
    """
    problems: list[Diagnostic] = []
    merger = _Merger(_schemata(template, files), dict(parameters or {}))
    for name in names:
        text = files.get(name)
        if not isinstance(text, str):
            problems.append(
                Diagnostic(
                    code="missing-file",
                    summary=f"the environment {shorten(name)} is not among the files sent along",
                    detail="Send its content in files, under the same name.",
                    heat_message=f'No content found in the "files" section for {shorten(name)}',
                    heat_type="HTTPBadRequest",
                )
            )
            continue
        try:
            document = parse_environment(text, file=name).document
        except InvalidInput as error:
            problems += error.diagnostics
            continue
        if warned is not None:
            warned(document.warnings)
        found = Problems(document)
        merger.add(document.tree, document, found)
        problems += found.diagnostics()
    if problems:
        raise InvalidInput(problems)
    return merger.merged


def _schemata(template: str | Mapping[str, Any], files: Mapping[str, str]) -> dict[str, str]:
    """The type of each parameter that any of the templates declares; the root's types win."""
    found: dict[str, str] = {}
    for text in [template, *files.values()]:
        if isinstance(text, str) and "arameters" not in text:
            continue
        try:
            tree = parse_template(text).tree
        except InvalidInput:  # most files are no templates; the template itself is refused elsewhere
            continue
        for section, key in (("parameters", "type"), ("Parameters", "Type")):
            declared = tree.get(section)
            for name, schema in declared.items() if isinstance(declared, dict) else ():
                if isinstance(schema, dict) and isinstance(schema.get(key), str):
                    found.setdefault(name, _TYPES.get(schema[key], schema[key]))
    return found


class _Refused(Exception):
    def __init__(self, code: str, summary: str, heat: str) -> None:
        super().__init__(summary)
        self.code = code
        self.summary = summary
        self.heat = heat


class _Merger:
    def __init__(self, types: Mapping[str, str], parameters: dict[str, Any]) -> None:
        self.merged: dict[str, Any] = {"parameters": parameters} if parameters else {}
        self._types = types
        self._strategies: dict[str, str] = {}

    def add(self, tree: Mapping[str, Any], source: Source, problems: Problems) -> None:
        """One more file."""
        own = tree.get(_STRATEGY_SECTION)
        strategies = own if isinstance(own, dict) else {}
        for section, value in tree.items():
            if section == _STRATEGY_SECTION or not value:
                continue
            have = self.merged.get(section)
            if section in _BY_NAME:
                self.merged[section] = self._parameters(section, have or {}, value, strategies, source, problems)
            elif not have:
                self.merged[section] = value
            elif SECTIONS[section] is list:
                problems.add(
                    "cannot-merge",
                    f"{section} is in an earlier environment file already",
                    (section,),
                    detail="Keep it in one of the files.",
                    heat_type="HTTPBadRequest",
                )
            else:
                self.merged[section] = {**have, **{key: item for key, item in value.items() if item is not None}}

    def _parameters(
        self,
        section: str,
        have: Mapping[str, Any],
        given: Mapping[str, Any],
        strategies: Mapping[str, Any],
        source: Source,
        problems: Problems,
    ) -> dict[str, Any]:
        merged = dict(have)
        for name, value in given.items():
            if value is None or name not in self._types:  # such decide no strategy either
                if not have:
                    merged[name] = value
                continue
            path: Path = (section, name)
            try:
                strategy = self._strategy(name, strategies, source.file)
                if have and strategy != "overwrite" and self._types[name] == "boolean":
                    self._joined(name, value, value, deep=False)  # always refused
                elif strategy == "overwrite" or merged.get(name) is None:
                    merged[name] = value
                else:
                    merged[name] = self._joined(name, merged[name], value, deep=strategy == "deep_merge")
            except _Refused as error:
                if error.code == "conflicting-strategy" or strategies.get(name) is not None:
                    path = (_STRATEGY_SECTION, name)
                problems.add(error.code, error.summary, path, heat=error.heat, heat_type="HTTPBadRequest")
        return merged

    def _strategy(self, name: str, strategies: Mapping[str, Any], file: str) -> str:
        """The first file that has a parameter says how it is merged: by name, else by its default."""
        given = strategies.get(name)
        known = self._strategies.get(name)
        wanted = given if given is not None else known or strategies.get("default", "overwrite")
        if wanted not in STRATEGIES:
            wanted = "overwrite" if given is None else wanted
            if wanted not in STRATEGIES:
                text = f"there is no merge strategy {shorten(wanted)}; there are {', '.join(STRATEGIES)}"
                raise _Refused("bad-merge-strategy", text, f"Invalid merge strategy '{shorten(wanted)}'")
        if known is not None and wanted != known:
            text = f"an earlier file merges {shorten(name)} by {known}, and this one by {wanted}"
            heat = f"Conflicting merge strategy '{wanted}' for parameter '{shorten(name)}' in file '{shorten(file)}'."
            raise _Refused("conflicting-strategy", text, heat)
        self._strategies[name] = str(wanted)
        return str(wanted)

    def _joined(self, name: str, old: Any, new: Any, *, deep: bool) -> Any:
        kind = self._types.get(name, "string")
        try:
            if kind == "json":
                first, second = to_json(old), to_json(new)
                if isinstance(first, dict) and isinstance(second, dict):
                    return _maps(first, second, deep=deep)
            elif kind == "comma_delimited_list":
                return [*to_list(old), *to_list(new)]
            elif kind == "number":
                return to_number(old) + to_number(new)
            elif kind == "string" and isinstance(old, str) and isinstance(new, str):
                return old + new
        except ValueError as error:
            raise _Refused("cannot-merge", f"the values of {shorten(name)} cannot be merged", str(error)) from None
        if kind == "boolean":
            text = f"Invalid merge strategy 'merge' for parameter '{shorten(name)}'."
            raise _Refused("bad-merge-strategy", f"{shorten(name)} is a boolean, which cannot be merged", text)
        text = f"the values of {shorten(name)} cannot be merged: {kind_of(old)} and {kind_of(new)}"
        raise _Refused("cannot-merge", text, "")


def _maps(old: Mapping[str, Any], new: Mapping[str, Any], *, deep: bool) -> dict[str, Any]:
    """Null changes nothing; deep: maps in maps likewise, lists in them longer, texts put together."""
    made = dict(old)
    for key, value in new.items():
        have = made.get(key)
        if value is None:
            continue
        if deep and isinstance(value, dict) and isinstance(have, dict):
            made[key] = _maps(have, value, deep=True)
        elif deep and isinstance(value, list) and isinstance(have, list):
            made[key] = [*have, *value]
        elif deep and isinstance(value, str) and isinstance(have, str):
            made[key] = have + value
        else:
            made[key] = value
    return made
