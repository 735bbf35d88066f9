"""From a template, an environment and parameters to the definition of one stack.

The order of the steps is Heat's order of validation, so that the first problem is the one Heat would name; unlike Heat
this goes on and reports the others too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from firebrick import collector
from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template.catalogue import TypeCatalogue
from firebrick.template.conditions import Conditions
from firebrick.template.definition import StackDefinition
from firebrick.template.dialect import DIALECTS, Dialect
from firebrick.template.document import Document
from firebrick.template.environment import Environment
from firebrick.template.evaluation import Evaluation
from firebrick.template.outputs import read_outputs
from firebrick.template.parameter_types import EMPTY
from firebrick.template.parameters import (
    EVERYTHING_KNOWN,
    Foresight,
    ParameterSchema,
    StackIdentity,
    check_groups,
    parameter_values,
    read_schemas,
)
from firebrick.template.problems import Problems, kind_of, shorten
from firebrick.template.resources import ResourceSection
from firebrick.template.versions import CFN, CONDITIONS_SINCE, HOT, read_version

_MAPS = ("parameters", "mappings", "conditions", "resources", "outputs")
_STACK_NAME = re.compile(r"[a-zA-Z][a-zA-Z0-9_.-]{0,254}")


def check_stack_name(name: object) -> None:
    """InvalidInput, with Heat's text, unless it begins with a letter and has at most 255 of letters, digits, _ . -"""
    if isinstance(name, str) and _STACK_NAME.fullmatch(name):
        return
    shown = shorten(name) if isinstance(name, str) else kind_of(name)
    raise InvalidInput(
        Diagnostic(
            code="bad-stack-name",
            summary=f"{shown or 'an empty text'} cannot be the name of a stack",
            detail="A name begins with a letter and has at most 255 letters, digits, and the characters _ . -",
            path="stack_name",
            heat_message=f'Invalid stack name {shown} must contain only alphanumeric or "_-." characters, '
            "must start with alpha and must be 255 characters or less.",
        )
    )


def define(
    document: Document,
    environment: Environment,
    *,
    parameters: Mapping[str, Any],
    identity: StackIdentity,
    types: TypeCatalogue,
    files: Mapping[str, str] | None = None,
    facade: Mapping[str, Any] | None = None,
    foresight: Foresight = EVERYTHING_KNOWN,
) -> StackDefinition:
    """The definition of one stack.

    parameters: what the request gives, before the environment's. files: name -> content, for get_file. facade: of a
    stack that stands for a resource, what resource_facade gives. foresight: of a plan; what depends on an unknown
    parameter is UNKNOWN then. InvalidInput lists every problem found, the one that Heat would name first. An output
    whose value cannot be computed is no problem: its value stays a function, which says so when it is resolved; the
    definition's warnings tell it now.
    """
    reading = read(
        document,
        environment,
        parameters=parameters,
        identity=identity,
        types=types,
        files=files or {},
        facade=facade,
        foresight=foresight,
    )
    reading.problems.raise_if_any()
    return reading.definition


@dataclass(frozen=True)
class Reading:
    """Everything that was found in a template, complete or not: problems say what is wrong with it.

    schemas: None for a parameter that is wrong. conditions: None for one that is wrong. late_problems: by output, why
    its value cannot be computed.
    """

    definition: StackDefinition
    problems: Problems
    schemas: Mapping[str, ParameterSchema | None]
    conditions: Mapping[str, bool | None]
    late_problems: Mapping[str, tuple[Diagnostic, ...]]


def read(
    document: Document,
    environment: Environment,
    *,
    parameters: Mapping[str, Any],
    identity: StackIdentity,
    types: TypeCatalogue,
    files: Mapping[str, str] | None,
    facade: Mapping[str, Any] | None = None,
    complete: bool = True,
    foresight: Foresight = EVERYTHING_KNOWN,
) -> Reading:
    """define() without the refusal; InvalidInput only when the version is wrong, so that nothing can be read.

    complete: whether every parameter needs a value. Without, conditions are decided as if those not known were empty
    ("", 0, false, [], {}), and nothing else is said of their values. files: None when they are not known either.
    """
    with collector.paused():
        return _read(document, environment, parameters, identity, types, files, facade, complete, foresight)


def _read(
    document: Document,
    environment: Environment,
    parameters: Mapping[str, Any],
    identity: StackIdentity,
    types: TypeCatalogue,
    files: Mapping[str, str] | None,
    facade: Mapping[str, Any] | None,
    complete: bool,
    foresight: Foresight,
) -> Reading:
    problems = Problems(document)
    name = read_version(document.tree, problems)
    if name is None:
        problems.raise_if_any()
        raise AssertionError("no version and no problem")
    dialect = DIALECTS[name]
    sections = _sections(document.tree, dialect, problems)
    schemas = read_schemas(sections["parameters"], dialect, problems)
    values = parameter_values(
        schemas,
        environment,
        parameters,
        identity,
        problems,
        dialect=dialect,
        complete=complete,
        foresight=foresight,
    )
    if "parameter_groups" in dialect.sections:
        check_groups(document.tree.get("parameter_groups"), schemas, problems)
    evaluation = Evaluation(
        dialect,
        values,
        files,
        problems,
        mappings=sections["mappings"],
        placeholders={} if complete else {one.name: EMPTY[one.type] for one in schemas.values() if one is not None},
        facade=facade,
    )
    conditions = Conditions(sections["conditions"], dialect)
    evaluation.conditions = conditions
    conditions.evaluate_all(evaluation)
    section = ResourceSection(sections["resources"], evaluation, conditions, environment, types)
    section.read_headers()
    _check_names(sections, dialect, problems)
    resources = section.read_bodies()
    outputs, late_problems = read_outputs(sections["outputs"], evaluation, conditions)
    conditions.warn_of_unused(evaluation)
    definition = StackDefinition(
        version=dialect.version,
        description=_description(document.tree.get(dialect.sections["description"])),
        parameters={name: value for name, value in values.items() if value is not None},
        resources=resources,
        outputs=outputs,
        schemas={name: one for name, one in schemas.items() if one is not None},
        undecided=frozenset(section.undecided),
        warnings=(
            *document.warnings,
            *environment.document.warnings,
            *evaluation.warnings.diagnostics(),
            *(one for many in late_problems.values() for one in many),
        ),
    )
    return Reading(definition, problems, schemas, conditions.known(), late_problems)


def _sections(tree: Mapping[str, Any], dialect: Dialect, problems: Problems) -> dict[str, dict[str, Any]]:
    """The sections that are maps, by our word; empty where there is none, or a wrong one."""
    known = tuple(dialect.sections.values())
    for name in tree:
        if name not in known and name != HOT and name not in CFN:
            detail = problems.suggest(name, known, f"There are: {', '.join(sorted(known))}.")
            if name == "conditions" and not dialect.cfn:
                detail = f"Conditions came with version {CONDITIONS_SINCE}."
            problems.add(
                "unknown-section",
                f"a template has no section {shorten(name)}",
                (name,),
                detail=detail,
                heat=f"The template section is invalid: {shorten(name)}",
                heat_type="InvalidTemplateSection",
            )
    sections: dict[str, dict[str, Any]] = {}
    for word in _MAPS:
        name = dialect.sections.get(word, "")
        body = tree.get(name) if name else None
        sections[word] = body if isinstance(body, dict) else {}
        nothing = body is None or body == []  # Heat takes both for an empty section, but for conditions
        if word == "conditions":
            nothing = name not in tree
        if not nothing and not isinstance(body, dict):
            found = type(body).__name__
            heat = f'"{name}" must contain a map of {name[:-1]} maps. Found a [{found}] instead'
            if word == "conditions":
                heat = f"Conditions validation error: Condition definitions must be a map. Found a {found} instead"
            problems.add(
                "bad-section",
                f"the section {name} must be a map, and is {kind_of(body)}",
                (name,),
                detail="Write names, and below each what belongs to it.",
                heat=heat,
            )
    return sections


def _description(raw: Any) -> str:
    return "No description" if raw is None else str(raw)


def _check_names(sections: Mapping[str, Mapping[str, Any]], dialect: Dialect, problems: Problems) -> None:
    twice = [name for name in sections["resources"] if name in sections["parameters"]]
    for name in twice:
        problems.add(
            "duplicate-name",
            f"{shorten(name)} is the name of a parameter and of a resource",
            (dialect.sections["resources"], name),
            detail="Rename one of them.",
            heat="Duplicate names {" + ", ".join(repr(shorten(one)) for one in sorted(twice)[:50]) + "}",
        )
