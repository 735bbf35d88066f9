"""The resources section: what each resource is, whether it is enabled, and what it needs.

Two passes: first who there is (keys, condition, type), since references need to know; then what is in them.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from firebrick.template.catalogue import FACADE, PropertyProblem, TypeCatalogue, TypeSchema
from firebrick.template.conditions import Conditions
from firebrick.template.cycles import find_cycles
from firebrick.template.definition import DeletionPolicy, ResourceDefinition
from firebrick.template.environment import Environment, is_template_name
from firebrick.template.evaluation import Evaluation
from firebrick.template.functions.base import UNKNOWN, Function
from firebrick.template.problems import MOST_NAMED, Path, dotted, kind_of, named, shorten
from firebrick.template.versions import CONDITIONS_SINCE

_LATE_KEYS = ("condition", "external_id")
_POLICIES: Mapping[str, DeletionPolicy] = {"Delete": "Delete", "Retain": "Retain", "Snapshot": "Snapshot"}
_LATE_POLICIES: Mapping[str, DeletionPolicy] = {name.lower(): policy for name, policy in _POLICIES.items()}

_FACADE_DETAIL = "A template that is mapped to a type has its properties as parameters, and its attributes as outputs."
_KINDS: Mapping[str, str] = {
    "properties": "object",
    "metadata": "object",
    "update_policy": "object",
    "depends_on": "list or string",
    "deletion_policy": "string",
    "description": "string",
    "external_id": "string",
    "condition": "string or boolean",
}
"""What each key holds, in Heat's words."""


@dataclass(slots=True)
class _Header:
    """An enabled resource after the first pass. schema: None when its type is reported as wrong. referred: resources
    that its values name. external: it stands for an object that exists already."""

    name: str
    body: Mapping[str, Any]
    declared_type: str
    type: str
    schema: TypeSchema | None
    referred: set[str] = field(default_factory=set)
    external: bool = False


class ResourceSection:
    """Reads the section; problems go to the evaluation's."""

    def __init__(
        self,
        section: Mapping[str, Any],
        evaluation: Evaluation,
        conditions: Conditions,
        environment: Environment,
        types: TypeCatalogue,
    ) -> None:
        self._section = section
        self._evaluation = evaluation
        self._problems = evaluation.problems
        self._conditions = conditions
        self._environment = environment
        self._types = types
        self._dialect = evaluation.dialect
        self._place = self._dialect.sections["resources"]
        self._words = self._dialect.resource
        self._schemas: dict[tuple[str, str], tuple[str, TypeSchema | None]] = {}
        self._sorted: dict[frozenset[str], tuple[str, ...]] = {}  # resources of one layer often require the same
        # By the id of a list under depends_on, if nothing is wrong with it: the resources there are among its names.
        # Aliases of YAML are one list, named by many resources.
        self._listed: dict[int, frozenset[str]] = {}
        self._headers: dict[str, _Header] = {}
        self.undecided: set[str] = set()

    def read_headers(self) -> None:
        """First pass: tells the evaluation which resources are enabled and of which type."""
        self._evaluation.declared = self._section
        for name, body in self._section.items():
            header = self._header(name, body)
            if header is not None:
                self._headers[name] = header
                self._evaluation.types[name] = header.schema

    def read_bodies(self) -> dict[str, ResourceDefinition]:
        """Second pass."""
        made = {name: self._body(header) for name, header in self._headers.items()}
        self._check_cycles(made)
        return made

    def _wrong(self, code: str, summary: str, path: Path, heat: str = "", detail: str = "") -> None:
        self._problems.add(code, summary, path, detail=detail, heat=heat)

    # --- first pass -------------------------------------------------------------------------------------------------

    def _header(self, name: str, body: Any) -> _Header | None:
        path: Path = (self._place, name)
        shown = shorten(name)
        if "/" in name or not name:
            heat = 'Resource name may not contain "/"' if name else ""
            self._wrong("bad-resource-name", f"{shown or 'an empty text'} cannot be the name of a resource", path, heat)
        if not isinstance(body, dict):
            heat = f"Resources must contain Resource. Found a [{type(body).__name__}] instead"
            detail = "Give it at least a type."
            self._wrong(
                "bad-resource", f"the resource {shown} must be a map, and is {kind_of(body)}", path, heat, detail
            )
            self._evaluation.types[name] = None
            return None
        known = () if self._dialect.cfn else tuple(self._words.values())
        for key in body if known else ():  # CloudFormation's resources may have any keys, as in Heat
            if key not in known:
                heat = f'"{shorten(key)}" is not a valid keyword inside a resource definition'
                detail = self._problems.suggest(key, known, f"There are: {', '.join(known)}.")
                if key in _LATE_KEYS:
                    detail = f"It came with version {CONDITIONS_SINCE}."
                self._wrong("unknown-key", f"a resource has no key {shorten(key)}", (*path, key), heat, detail)
        self._check_nulls(name, body)
        if not self._enabled(name, body):
            return None
        declared = self._declared_type(name, body)
        if declared is None:
            return _Header(name, body, "", "", None)
        concrete, schema = self._schema(name, declared)
        return _Header(name, body, declared, concrete, schema)

    def _check_nulls(self, name: str, body: Mapping[str, Any]) -> None:
        """A key that is there needs a value: null, which YAML has where nothing is written, is none."""
        for field_name, wanted in _KINDS.items():
            key = self._words.get(field_name, "")
            if key in body and body[key] is None:
                heat = f"Resource {shorten(name)} {key} type must be {wanted}"
                self._wrong("bad-resource", f"{key} is empty", (self._place, name, key), heat, "Fill it, or remove it.")

    def _enabled(self, name: str, body: Mapping[str, Any]) -> bool:
        word = self._words.get("condition", "")
        if not word or body.get(word) is None:
            return True
        self._evaluation.begin(self._place, name, word)
        held = self._conditions.use(body[word], self._evaluation)
        if held is None:
            self.undecided.add(name)
        return held is not False

    def _declared_type(self, name: str, body: Mapping[str, Any]) -> str | None:
        path: Path = (self._place, name)
        shown = shorten(name)
        word = self._words["type"]
        kind = body.get(word)
        if word not in body:
            heat = f"Each resource must contain a {word} key."
            self._wrong("missing-type", f"the resource {shown} has no type", path, heat, f"Add a line {word}: ...")
        elif kind is None or kind == "":
            heat = f'Resource "{shown}" has no type'
            self._wrong("missing-type", f"the type of the resource {shown} is empty", (*path, word), heat)
        elif not isinstance(kind, str):
            heat = f"Resource {shown} {word} type must be string"
            self._wrong("bad-resource", f"a type must be text, and this is {kind_of(kind)}", (*path, word), heat)
        else:
            return kind
        return None

    def _schema(self, name: str, declared: str) -> tuple[str, TypeSchema | None]:
        own = self._environment.mentions(name) or self._environment.says_below(name)
        key = (declared, name if own else "")
        if key in self._schemas:
            concrete, schema = self._schemas[key]
            if schema is not None:
                return concrete, schema
        concrete, used = self._environment.resolve_type(declared, name)
        schema = self._types.find(concrete, declared=declared, resource=key[1]) if concrete else None
        self._schemas[key] = (concrete, schema)
        if schema is None:
            self._no_type(name, declared, concrete, [entry.path for entry in used])
            return concrete, None
        return concrete, schema

    def _no_type(self, name: str, declared: str, concrete: str, used: list[Path]) -> None:
        path: Path = (self._place, name, self._words["type"])
        heat = f"The Resource Type ({shorten(concrete or declared)}) could not be found."
        if not concrete:
            summary = f"the environment maps the type {shorten(declared)} in a circle"
            self._problems.add(
                "type-cycle", summary, used[-1], detail="Let one of them name a real type.", source=self._environment
            )
            return
        if is_template_name(concrete):
            summary = f"the template {shorten(concrete)}, which is named as a type, is not among the files sent along"
            self._wrong("missing-file", summary, path, heat, "Send its content in files, under the same name.")
            return
        detail = self._problems.suggest(concrete, self._types.names(), "Map it to a type there is, in the environment.")
        summary = f"there is no resource type {shorten(concrete)}"
        if concrete != declared:
            summary += f" (to which the environment maps {shorten(declared)})"
        self._wrong("unknown-type", summary, path, heat, detail)

    # --- second pass ------------------------------------------------------------------------------------------------

    def _body(self, header: _Header) -> ResourceDefinition:
        body, name = header.body, header.name
        dynamic = False
        secret: list[str] = []
        trees: dict[str, Any] = {}
        evaluation = self._evaluation
        external_id = self._text(name, "external_id", body) if "external_id" in self._words else None
        header.external = external_id is not None
        for key in ("metadata", "update_policy", "properties"):
            word = self._words[key]
            raw = body.get(word)
            if raw is None:
                trees[key] = {}
                continue
            evaluation.begin(self._place, name, word)
            value = evaluation.value(raw)
            if value is None:
                value = {}
            elif not isinstance(value, dict | Function) and value is not UNKNOWN:
                heat = f"Resource {shorten(name)} {word} type must be object"
                self._wrong(
                    "bad-resource", f"{word} must be a map, and is {kind_of(value)}", (self._place, name, word), heat
                )
                value = {}
            elif key == "properties" and isinstance(value, dict) and header.schema is not None:
                self._check_properties(header, header.schema, value)
            dynamic = dynamic or evaluation.waits
            header.referred |= evaluation.referred
            trees[key] = value
            secret += self._secret(key, value, (self._place, name, word))
        properties = self._words["properties"]
        if not body.get(properties) and header.schema is not None:
            evaluation.begin(self._place, name, properties)
            self._check_properties(header, header.schema, {})
        named = self._depends_on(header)
        required = named | header.referred if header.referred else named
        if required not in self._sorted:
            self._sorted[required] = tuple(sorted(required))
        policy = self._deletion_policy(name, body.get(self._words["deletion_policy"]))
        if external_id is not None:
            policy = "Retain"  # whatever is asked for: the object is somebody else's
            self._check_external(header, external_id)
        return ResourceDefinition(
            name=name,
            type=header.type,
            declared_type=header.declared_type,
            properties=trees["properties"],
            metadata=trees["metadata"],
            requires=self._sorted[required],
            deletion_policy=policy,
            update_policy=trees["update_policy"],
            description=self._text(name, "description", body) or "",
            external_id=external_id,
            dynamic=dynamic,
            secret=tuple(secret),
            hooks=tuple(sorted(self._environment.hooks_of(name))),
            restricted=tuple(sorted(self._environment.restricted_actions_of(name))),
        )

    def _secret(self, key: str, value: Any, path: Path) -> list[str]:
        """What of the value that was evaluated last came from a hidden parameter; see ResourceDefinition.secret."""
        if self._evaluation.landed(path) is None:
            return []
        if key != "properties" or not isinstance(value, dict):
            return [key]
        return [f"{key}.{one}" for one in value if self._evaluation.landed((*path, one)) is not None]

    def _check_external(self, header: _Header, external_id: str) -> None:
        word = self._words["depends_on"]
        if header.body.get(word):
            self._problems.add(
                "external-dependency",
                f"{shorten(header.name)} is an object that exists already: it waits for nothing",
                (self._place, header.name, word),
                detail=f"Remove {word}, or external_id.",
                heat=f"Invalid dependency with external {header.declared_type} resource: {shorten(external_id)}",
                heat_type="InvalidExternalResourceDependency",
            )

    def _depends_on(self, header: _Header) -> frozenset[str]:
        word = self._words["depends_on"]
        raw = header.body.get(word)
        path: Path = (self._place, header.name, word)
        if raw is None:
            return frozenset()
        if not isinstance(raw, str | list):
            heat = f"Resource {shorten(header.name)} {word} type must be list or string"
            detail = "Write the name of a resource, or a list of names; functions are not for here."
            self._wrong("bad-resource", f"{word} must name resources, and is {kind_of(raw)}", path, heat, detail)
            return frozenset()
        if (names := self._listed.get(id(raw))) is not None:
            return names
        found: set[str] = set()
        fine = True
        for index, name in enumerate([raw] if isinstance(raw, str) else raw):
            here = (*path, index) if isinstance(raw, list) else path
            if not isinstance(name, str):
                fine = False
                heat = f"Resource {shorten(header.name)} {word} type must be list or string"
                self._wrong("bad-resource", f"the name of a resource is text, and this is {kind_of(name)}", here, heat)
            elif name in self._headers:
                found.add(name)
            elif name not in self._section:
                fine = False
                self._problems.add(
                    "unknown-reference",
                    f"there is no resource {shorten(name)}",
                    here,
                    detail=self._problems.suggest(name, self._section, f"Declare it in the section {self._place}."),
                    heat=f'The specified reference "{shorten(name)}" (in {shorten(header.name)}) is incorrect.',
                    heat_type="InvalidTemplateReference",
                )
        names = frozenset(found)
        if fine and isinstance(raw, list):
            self._listed[id(raw)] = names
        return names

    def _static(self, name: str, key: str, raw: Any) -> Any:
        """A field that must be known before anything is created."""
        if isinstance(raw, str):
            return raw
        evaluation = self._evaluation
        evaluation.begin(self._place, name, key)
        value = evaluation.value(raw)
        if evaluation.waits:
            self._wrong("late-value", f"{key} must be known before anything is created", (self._place, name, key))
            return UNKNOWN
        return value

    def _text(self, name: str, field: str, body: Mapping[str, Any]) -> str | None:
        key = self._words[field]
        raw = body.get(key)
        if raw is None or isinstance(raw, str):
            return raw
        computed = field == "external_id" and isinstance(raw, dict)
        value = self._static(name, key, raw) if computed else raw
        if value is None or value is UNKNOWN or isinstance(value, str):
            return None if value is UNKNOWN else value
        if computed and isinstance(value, int | float):
            return str(value)
        heat = f"Resource {shorten(name)} {key} type must be string"
        self._wrong("bad-resource", f"{key} must be text, and is {kind_of(value)}", (self._place, name, key), heat)
        return None

    def _deletion_policy(self, name: str, raw: Any) -> DeletionPolicy:
        if raw is None:
            return "Delete"
        word = self._words["deletion_policy"]
        value = self._static(name, word, raw)
        known = {**_POLICIES, **_LATE_POLICIES} if self._dialect.lower_policies else _POLICIES
        if value is None or value is UNKNOWN:
            return "Delete"
        if isinstance(value, str) and value in known:
            return known[value]
        path: Path = (self._place, name, word)
        hidden = not isinstance(raw, str) and self._evaluation.landed(path) is not None
        shown = "******" if hidden else shorten(value)
        self._wrong(
            "bad-deletion-policy",
            f"there is no deletion policy {shown}",
            path,
            f'Invalid deletion policy "{shown}"',
            self._problems.suggest(value, known, f"There are: {', '.join(_POLICIES)}."),
        )
        return "Delete"

    # --- properties -------------------------------------------------------------------------------------------------

    def _check_properties(self, header: _Header, schema: TypeSchema, properties: dict[str, Any]) -> None:
        checked = _without_functions(properties) if self._evaluation.waits else properties
        for problem in schema.check(checked, unknown=UNKNOWN):
            self._property_problem(header, schema, problem)

    def _property_problem(self, header: _Header, schema: TypeSchema, problem: PropertyProblem) -> None:
        """Of an external resource nothing is made: what is missing is no problem, what does not fit is not used."""
        if header.external and problem.code == "property-required":
            return
        problems = self._evaluation.warnings if header.external else self._problems
        base: Path = (self._place, header.name, self._words["properties"])
        heat_path = (*base, *problem.path)
        path = heat_path
        message = shorten(problem.message_for(shorten(header.name)), 600)
        named = problem.message.removeprefix("Unknown Property ")
        if problem.code == "unknown-property":
            path = (*heat_path, named)
        read = self._evaluation.landed(path)
        if read is not None:
            path = path[: len(read)]
            heat_path = heat_path[: len(read)]
            message = "The value is not allowed (it comes from a hidden parameter and is not shown)"
        if problem.code == FACADE:
            place = (self._place, header.name, self._words["type"])
            self._problems.add(problem.code, f"{header.type}: {message}", place, detail=_FACADE_DETAIL, heat=message)
            return
        detail = "" if read is not None else self._evaluation.later_function(self._raw(header, problem.path))
        if problem.code == "unknown-property" and read is None and not detail:
            names = schema.properties
            detail = self._problems.suggest(named, names, f"Look at the properties of {header.type}.")
        problems.add(
            problem.code,
            f"{header.type}: {message}",
            path,
            detail=detail,
            heat=f"Property error: : {dotted(heat_path)}: : {message}",
        )

    def _raw(self, header: _Header, path: tuple[str | int, ...]) -> Any:
        """What the template has at a path below properties."""
        value: Any = header.body.get(self._words["properties"])
        for part in path:
            try:
                value = value[part]
            except (KeyError, IndexError, TypeError):
                return None
        return value

    # --- the whole --------------------------------------------------------------------------------------------------

    def _check_cycles(self, made: Mapping[str, ResourceDefinition]) -> None:
        for knot in find_cycles({name: one.requires for name, one in made.items()}):
            names = [shorten(name) for name in knot]
            circle = " -> ".join([*names, names[0]]) if len(names) <= MOST_NAMED else named(names)
            closed = all(knot[(place + 1) % len(knot)] in made[name].requires for place, name in enumerate(knot))
            summary = f"resources need each other in a circle: {circle}"
            if not closed:
                summary = f"resources need each other in circles: {named(names)}"
            self._problems.add(
                "dependency-cycle",
                summary,
                (self._place, knot[0]),
                detail="Take one reference or depends_on out of the circle.",
                heat=f"Circular Dependency Found: {circle if closed else named(names)}",
                heat_type="CircularDependencyException",
            )


def _without_functions(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _without_functions(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_without_functions(item) for item in value]
    return UNKNOWN if isinstance(value, Function) else value
