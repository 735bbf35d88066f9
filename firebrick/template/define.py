"""From a template, an environment and parameters to the definition of one stack.

The order of the steps is Heat's order of validation, so that the first problem is the one Heat would name; unlike Heat
this goes on and reports the others too.
"""

import re
from collections.abc import Mapping
from typing import Any

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.template.catalogue import TypeCatalogue
from firebrick.template.conditions import Conditions
from firebrick.template.definition import StackDefinition
from firebrick.template.document import Document
from firebrick.template.environment import Environment
from firebrick.template.evaluation import Evaluation
from firebrick.template.outputs import read_outputs
from firebrick.template.parameters import StackIdentity, check_groups, parameter_values, read_schemas
from firebrick.template.problems import Problems, kind_of, shorten
from firebrick.template.resources import ResourceSection
from firebrick.template.versions import CFN, CONDITIONS_SINCE, HOT, read_version

_SECTIONS = ("description", "parameter_groups", "parameters", "resources", "outputs")
_MAPS = ("parameters", "conditions", "resources", "outputs")
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
) -> StackDefinition:
    """The definition of one stack.

    parameters: what the request gives, before the environment's. files: name -> content, for get_file. InvalidInput
    lists every problem found, the one that Heat would name first.
    """
    problems = Problems(document)
    version = read_version(document.tree, problems)
    if version is None:
        problems.raise_if_any()
        raise AssertionError("no version and no problem")
    sections = _sections(document.tree, version, problems)
    schemas = read_schemas(sections["parameters"], version, problems)
    values = parameter_values(schemas, environment, parameters, identity, problems)
    check_groups(document.tree.get("parameter_groups"), schemas, problems)
    evaluation = Evaluation(version, values, files or {}, problems)
    conditions = Conditions(sections["conditions"])
    evaluation.conditions = conditions
    conditions.evaluate_all(evaluation)
    section = ResourceSection(sections["resources"], evaluation, conditions, environment, types)
    section.read_headers()
    _check_names(sections, problems)
    _check_hooks(environment, problems)
    resources = section.read_bodies()
    outputs = read_outputs(sections["outputs"], evaluation, conditions)
    problems.raise_if_any()
    return StackDefinition(
        version=version,
        description=_description(document.tree.get("description")),
        parameters={name: value for name, value in values.items() if value is not None},
        resources=resources,
        outputs=outputs,
        warnings=tuple(evaluation.warnings.diagnostics()),
    )


def _sections(tree: Mapping[str, Any], version: str, problems: Problems) -> dict[str, dict[str, Any]]:
    known = (*_SECTIONS, "conditions") if version >= CONDITIONS_SINCE else _SECTIONS
    for name in tree:
        if name not in known and name != HOT and name not in CFN:
            detail = problems.suggest(name, known, f"There are: {', '.join(sorted(known))}.")
            if name == "conditions":
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
    for name in _MAPS:
        body = tree.get(name) if name in known else None
        sections[name] = body if isinstance(body, dict) else {}
        if body is not None and not isinstance(body, dict):
            problems.add(
                "bad-section",
                f"the section {name} must be a map, and is {kind_of(body)}",
                (name,),
                detail="Write names, and below each what belongs to it.",
                heat=f'"{name}" must contain a map of {name[:-1]} maps. Found a [{type(body).__name__}] instead',
            )
    description = tree.get("description")
    if isinstance(description, dict | list):
        problems.add("bad-section", f"the description must be text, and is {kind_of(description)}", ("description",))
    return sections


def _description(raw: Any) -> str:
    return "No description" if raw is None else str(raw)


def _check_names(sections: Mapping[str, Mapping[str, Any]], problems: Problems) -> None:
    twice = [name for name in sections["resources"] if name in sections["parameters"]]
    for name in twice:
        problems.add(
            "duplicate-name",
            f"{shorten(name)} is the name of a parameter and of a resource",
            ("resources", name),
            detail="Rename one of them.",
            heat="Duplicate names {" + ", ".join(repr(shorten(one)) for one in sorted(twice)[:50]) + "}",
        )


def _check_hooks(environment: Environment, problems: Problems) -> None:
    for path in environment.hooks:
        problems.add(
            "hooks-not-supported",
            "hooks on resources are not supported yet",
            path,
            detail="Remove the hook: without support for it the resource would not pause.",
            source=environment,
        )
