"""Parameters: their section in a template, and the values they have in one stack.

Precedence (Heat's): what the request gives, the environment's parameters, its parameter_defaults, the template's
default. A null counts as not given.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from firebrick.arns import stack_arn
from firebrick.template.constraints import CFN_CONSTRAINTS, Custom, Rule, read_cfn_constraints, read_constraints
from firebrick.template.dialect import Dialect
from firebrick.template.document import json_tree
from firebrick.template.environment import Environment
from firebrick.template.parameter_types import CONVERT, ITEM, TEXT
from firebrick.template.patterns import Patience
from firebrick.template.problems import Path, Problems, Source, kind_of, shorten
from firebrick.template.yaml_text import key_text

SHOWN_HIDDEN = "******"
_KEYS = ("type", "default", "description", "label", "hidden", "constraints", "immutable", "tags", "schema")


@dataclass(frozen=True, slots=True)
class StackIdentity:
    """Who the stack is: what OS::stack_name, OS::stack_id and OS::project_id give."""

    name: str
    id: str
    project: str


@dataclass(frozen=True, slots=True)
class ParameterValue:
    """A parameter with its value. type: as in HOT (``comma_delimited_list``). value: of the type. text: Heat's text
    form of it. hidden: never to be shown. given: the value came from outside, not from the template's default."""

    name: str
    type: str
    value: Any
    text: str
    hidden: bool = False
    given: bool = False


@dataclass(frozen=True, slots=True)
class Foresight:
    """What is known of parameters before a stack is there, for plans. unknown: names (pseudo parameters, too) of those
    that have values which nobody knows yet. secret: of those that are to be treated as hidden, although the template
    does not say so."""

    unknown: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()


EVERYTHING_KNOWN = Foresight()


@dataclass(frozen=True, slots=True)
class ParameterSchema:
    """What a template says of one parameter. default: None when there is none. immutable: an update may not change its
    value. description and label: as written, or None. tags: None when there are none."""

    name: str
    type: str
    default: Any
    hidden: bool
    rules: tuple[Rule, ...]
    immutable: bool = False
    description: Any = None
    label: Any = None
    tags: tuple[Any, ...] | None = None


def read_schemas(section: Mapping[str, Any], dialect: Dialect, problems: Problems) -> dict[str, ParameterSchema | None]:
    """The parameters section. None stands for one that is there and wrong."""
    patience = Patience()
    read = _cfn_schema if dialect.cfn else _schema
    return {name: read(name, body, dialect, problems, patience) for name, body in section.items()}


def _schema(name: str, body: Any, dialect: Dialect, problems: Problems, patience: Patience) -> ParameterSchema | None:
    path: Path = ("parameters", name)
    shown = shorten(name)
    before = len(problems)

    def wrong(code: str, summary: str, where: Path, heat: str = "", detail: str = "") -> None:
        problems.add(code, summary, where, detail=detail, heat=heat, heat_type="InvalidSchemaError")

    if not isinstance(body, dict):
        wrong(
            "bad-parameter",
            f"the parameter {shown} must be a map with at least a type, and is {kind_of(body)}",
            path,
            f"Invalid schema for parameter {shown}, expected a mapping",
        )
        return None
    if name.startswith(("OS::", "AWS::")):
        wrong(
            "reserved-name", f"the parameter name {shown} is reserved", path, detail="Names with :: are the system's."
        )
    known = [key for key in _KEYS if key != "tags" or dialect.tags]
    for key in body:
        if key not in known:
            detail = problems.suggest(key, known, f"There are: {', '.join(known)}.")
            heat = f"Invalid key '{shorten(key)}' for parameter ({shown})"
            wrong("unknown-key", f"a parameter has no key {shorten(key)}", (*path, key), heat, detail)
    kind = body.get("type")
    if "type" not in body:
        detail = f"There are: {', '.join(CONVERT)}."
        wrong(
            "missing-type",
            f"the parameter {shown} has no type",
            path,
            f"Missing parameter type for parameter: {shown}",
            detail,
        )
        return None
    if not isinstance(kind, str) or kind not in CONVERT:
        detail = problems.suggest(kind, CONVERT, f"There are: {', '.join(CONVERT)}.")
        wrong(
            "unknown-type",
            f"there is no parameter type {shorten(kind)}",
            (*path, "type"),
            f"Invalid type ({shorten(kind)})",
            detail,
        )
        return None
    if not isinstance(body.get("tags", []), list):
        wrong(
            "bad-parameter",
            "tags must be a list",
            (*path, "tags"),
            f"Tags property should be a list for parameter: {shown}",
        )
    rules = read_constraints(
        body.get("constraints"),
        kind=kind,
        convert=ITEM[kind],
        modulo=dialect.modulo,
        problems=problems,
        path=(*path, "constraints"),
        patience=patience,
    )
    tags = body.get("tags")
    schema = ParameterSchema(
        name,
        kind,
        body.get("default"),
        _flag(body.get("hidden")),
        rules,
        _flag(body.get("immutable")),
        body.get("description"),
        body.get("label"),
        tuple(tags) if isinstance(tags, list) else None,
    )
    if schema.default is not None:
        _check_default(schema, (*path, "default"), problems)
    return schema if len(problems) == before else None


_CFN_KEYS = (
    "Type",
    "Default",
    "NoEcho",
    *CFN_CONSTRAINTS,
    "ConstraintDescription",
    "Description",
    "Label",
)
_CFN_TYPES: Mapping[str, str] = {
    "String": "string",
    "Number": "number",
    "CommaDelimitedList": "comma_delimited_list",
    "Json": "json",
    "Boolean": "boolean",
}


def _cfn_schema(
    name: str, body: Any, dialect: Dialect, problems: Problems, patience: Patience
) -> ParameterSchema | None:
    """A parameter as CloudFormation writes it."""
    path: Path = (dialect.sections["parameters"], name)
    shown = shorten(name)
    before = len(problems)

    def wrong(code: str, summary: str, where: Path, heat: str, detail: str = "") -> None:
        problems.add(code, summary, where, detail=detail, heat=heat, heat_type="InvalidSchemaError")

    if not isinstance(body, dict):
        text = f"the parameter {shown} must be a map with at least a Type, and is {kind_of(body)}"
        wrong("bad-parameter", text, path, f"Invalid schema for parameter {shown}, expected a mapping")
        return None
    for key in body:
        if key not in _CFN_KEYS:
            detail = problems.suggest(key, _CFN_KEYS, f"There are: {', '.join(_CFN_KEYS)}.")
            heat = f"Invalid key '{shorten(key)}' for parameter ({shown})"
            wrong("unknown-key", f"a parameter has no key {shorten(key)}", (*path, key), heat, detail)
    if name.startswith(("OS::", "AWS::")):
        heat = f"Invalid parameter name {shown}"
        wrong("reserved-name", f"the parameter name {shown} is reserved", path, heat, "Names with :: are the system's.")
    kind = body.get("Type")
    known = f"There are: {', '.join(_CFN_TYPES)}."
    if "Type" not in body:
        heat = f"Missing parameter type for parameter: {shown}"
        wrong("missing-type", f"the parameter {shown} has no Type", path, heat, known)
        return None
    if not isinstance(kind, str) or kind not in _CFN_TYPES:
        detail = problems.suggest(kind, _CFN_TYPES, known)
        summary = f"there is no parameter type {shorten(kind)}"
        wrong("unknown-type", summary, (*path, "Type"), f"Invalid type ({shorten(kind)})", detail)
        return None
    ours = _CFN_TYPES[kind]
    rules = read_cfn_constraints(body, kind=ours, convert=ITEM[ours], problems=problems, path=path, patience=patience)
    hidden = str(body.get("NoEcho", "false")).lower() == "true"
    schema = ParameterSchema(
        name, ours, body.get("Default"), hidden, rules, description=body.get("Description"), label=body.get("Label")
    )
    if schema.default is not None:
        _check_default(schema, (*path, "Default"), problems)
    return schema if len(problems) == before else None


def _flag(value: Any) -> bool:
    """Heat asks whether there is anything; only a text that says false is not taken for true."""
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    return bool(value)


def _check_default(schema: ParameterSchema, path: Path, problems: Problems) -> None:
    """The default must be of the type and keep the constraints (custom ones are for given values)."""
    shown = SHOWN_HIDDEN if schema.hidden else shorten(schema.default)
    reason = ""
    try:
        value = CONVERT[schema.type](schema.default)
        if value == [] and schema.default == "":
            value = [""]  # what Heat compares; the parameter's value is the empty list nevertheless
    except ValueError as error:
        reason = f"it is no {schema.type}" if schema.hidden else str(error)
    else:
        for rule in schema.rules:
            breach = None if isinstance(rule.constraint, Custom) else rule.problem(value)
            if breach is not None:
                reason = breach.hidden if schema.hidden else breach.shown
                break
    if reason:
        problems.add(
            "bad-default",
            f"the default of the parameter {shorten(schema.name)} is not allowed: {reason}",
            path,
            detail="Change the default or the constraint.",
            heat=f"Invalid default {shown} ({reason})",
            heat_type="InvalidSchemaError",
        )


@dataclass(frozen=True, slots=True)
class _Given:
    value: Any
    source: Source | None
    path: Path


class _Request:
    """Stands for the request's own parameters, which have no text."""

    file = ""

    def locate(self, path: Path) -> None:
        return None


def parameter_values(
    schemas: Mapping[str, ParameterSchema | None],
    environment: Environment,
    given: Mapping[str, Any],
    identity: StackIdentity,
    problems: Problems,
    *,
    dialect: Dialect,
    complete: bool = True,
    foresight: Foresight = EVERYTHING_KNOWN,
) -> dict[str, ParameterValue | None]:
    """Every parameter's value, pseudo parameters first; None stands for one that has no good value (reported).

    complete: whether every parameter must have one; otherwise None also stands for one that is not given. None stands
    for what is unknown to the foresight, too.
    """
    values: dict[str, ParameterValue | None] = {
        name: None if name in foresight.unknown else ParameterValue(name, "string", value, value)
        for name, value in _pseudo(identity, dialect)
    }
    found = _collect(schemas, environment, given, problems)
    section = dialect.sections["parameters"]
    for name, schema in schemas.items():
        given_value = found.get(name)
        missing = schema is None or (not complete and given_value is None and schema.default is None)
        if schema is None or missing or name in foresight.unknown:
            values[name] = None
            continue
        value = _value(schema, given_value, section, problems)
        values[name] = replace(value, hidden=True) if value is not None and name in foresight.secret else value
    return values


def _pseudo(identity: StackIdentity, dialect: Dialect) -> list[tuple[str, str]]:
    if dialect.cfn:
        arn = stack_arn(identity.project, identity.name, identity.id)
        return [("AWS::StackId", arn), ("AWS::StackName", identity.name), ("AWS::Region", "ap-southeast-1")]
    return [
        ("OS::stack_id", identity.id),
        ("OS::project_id", identity.project),
        ("OS::stack_name", identity.name),
    ]


def _collect(
    schemas: Mapping[str, ParameterSchema | None],
    environment: Environment,
    given: Mapping[str, Any],
    problems: Problems,
) -> dict[str, _Given]:
    found: dict[str, _Given] = {}
    layers: list[tuple[str, Mapping[str, Any], Source, bool]] = [
        ("parameter_defaults", environment.parameter_defaults, environment, False),
        ("parameters", environment.parameters, environment, True),
        ("parameters", given, _Request(), True),
    ]
    for section, values, source, strict in layers:
        if not isinstance(values, Mapping):
            problems.add(
                "bad-parameters", f"parameters must be a map, and is {kind_of(values)}", (section,), source=source
            )
            continue
        for key, raw in values.items():
            name = key_text(key)
            if name is None:
                problems.add("key-not-text", "the name of a parameter is not text", (section,), source=source)
                continue
            if name not in schemas:
                if strict:
                    _undefined(name, schemas, section, source, problems)
                continue
            value = json_tree(raw, problems, (section, name)) if isinstance(source, _Request) else raw
            if value is not None:
                found[name] = _Given(value, source, (section, name))
    return found


def _undefined(
    name: str, schemas: Mapping[str, ParameterSchema | None], section: str, source: Source, problems: Problems
) -> None:
    shown = shorten(name)
    problems.add(
        "unknown-parameter",
        f"the template has no parameter {shown}",
        (section, name),
        detail=problems.suggest(name, schemas, "Leave it out, or put it into parameter_defaults."),
        heat=f"The Parameter ({shown}) was not defined in template.",
        heat_type="UnknownUserParameter",
        source=source,
    )


def _value(schema: ParameterSchema, given: _Given | None, section: str, problems: Problems) -> ParameterValue | None:
    name = shorten(schema.name)
    raw = schema.default if given is None else given.value
    if raw is None:
        problems.add(
            "missing-parameter",
            f"the parameter {name} has no value",
            (section, schema.name),
            detail="Give it with the request or in an environment; the template has no default for it.",
            heat=f"The Parameter ({name}) was not provided.",
            heat_type="UserParameterMissing",
        )
        return None
    reason = ""
    value = None
    try:
        value = CONVERT[schema.type](raw)
    except ValueError as error:
        reason = f"it is no {schema.type}" if schema.hidden else str(error)
    else:
        for rule in schema.rules:
            breach = rule.problem(value)
            if breach is not None:
                reason = breach.hidden if schema.hidden else breach.shown
                break
    if reason:
        problems.add(
            "bad-parameter-value",
            f"the value of the parameter {name} is not allowed: {reason}",
            given.path if given is not None else (section, schema.name, "default"),
            detail="Give another value.",
            heat=f"Parameter '{name}' is invalid: {reason}",
            source=given.source if given is not None else None,
        )
        return None
    return ParameterValue(schema.name, schema.type, value, TEXT[schema.type](value), schema.hidden, given is not None)


def check_groups(section: Any, schemas: Mapping[str, ParameterSchema | None], problems: Problems) -> None:
    """parameter_groups: presentation only, but each name must be a parameter and in one group."""

    def wrong(summary: str, path: Path, text: str, detail: str = "") -> None:
        heat = f"Parameter Groups error: parameter_groups.: {text}"
        problems.add("bad-parameter-group", summary, path, detail=detail, heat=heat)

    if section is None or section == {}:
        return
    if not isinstance(section, list):
        text = f"The parameter_groups should be a list, and is {kind_of(section)}"
        wrong(f"parameter_groups must be a list, and is {kind_of(section)}", ("parameter_groups",), text)
        return
    seen: set[str] = set()
    for index, group in enumerate(section):
        path: Path = ("parameter_groups", index)
        names = group.get("parameters") if isinstance(group, dict) else None
        if not isinstance(names, list):
            text = "parameters must be provided for each parameter group."
            wrong("a parameter group needs a list of parameters", path, text)
            continue
        for place, name in enumerate(names):
            here = (*path, "parameters", place)
            if not isinstance(name, str) or name not in schemas:
                text = f"The grouped parameter {shorten(name)} does not reference a valid parameter."
                wrong(f"{shorten(name)} is no parameter of this template", here, text, problems.suggest(name, schemas))
            elif name in seen:
                text = f"The {shorten(name)} parameter must be assigned to one parameter group only."
                wrong(f"the parameter {shorten(name)} is in two groups", here, text, "Keep one.")
            else:
                seen.add(name)
