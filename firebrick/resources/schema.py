"""The schema of a resource type: read from its pydantic model, checked and converted by Heat's rules.

``TypeSchema.of(type)`` compiles once. ``check`` is for templates: it reports everything that is wrong and lets
values pass that are not known before run time. ``validate`` is for the moment of the action: it gives the model
that handlers get, or raises. ``shown`` is what the REST API's resource type show prints.

Codes of problems: unknown-property, property-required, property-type (no such value of that kind),
property-constraint, property-rule (several properties together), property-invalid (the author's own validators).
"""

import hashlib
import json
import types
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Annotated, Any, Literal, Union, cast, get_args, get_origin

import annotated_types
from pydantic import Field, ValidationError, create_model
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.resources.base import ResourceProperties, ResourceType
from firebrick.resources.errors import PropertyMissing
from firebrick.resources.kinds import READERS, Kind, zero
from firebrick.resources.vocabulary import Constraint, Length, Marker, OneOf, Range, Rule
from firebrick.template.catalogue import PropertyProblem

Path = tuple[str | int, ...]
NOT_SHOWN = "The value (computed, and so not shown)"
CONCEALED = "******"  # stands for the value of a property that is SECRET
NOTHING: Any = PydanticUndefined  # no default; also: no value could be read
SCALARS: dict[Any, Kind] = {
    Any: Kind.ANY,
    object: Kind.ANY,
    bool: Kind.BOOLEAN,
    int: Kind.INTEGER,
    float: Kind.NUMBER,
    str: Kind.STRING,
}
BASE_ATTRIBUTES = {"show": "Raw data of the object behind the resource."}


@dataclass(frozen=True, slots=True)
class PropertySchema:
    """One property. fields: of a map whose keys are fixed; item: of a list; default: JSON, or NOTHING."""

    kind: Kind
    required: bool = False
    default: Any = NOTHING
    description: str = ""
    update_allowed: bool = False
    immutable: bool = False
    hidden: bool = False
    secret: bool = False
    write_only: bool = False
    constraints: tuple[Constraint, ...] = ()
    fields: Mapping[str, "PropertySchema"] | None = None
    item: "PropertySchema | None" = None

    def concealed(self, value: Any) -> Any:
        """A value as it may be shown: what is secret in it is hidden, at any depth."""
        if self.secret and value is not None:
            return CONCEALED
        if self.fields is not None and isinstance(value, Mapping):
            return {name: one.concealed(value[name]) for name, one in self.fields.items() if name in value}
        if self.item is not None and isinstance(value, list):
            return [self.item.concealed(one) for one in value]
        return value

    def shown(self) -> dict[str, Any]:
        """The REST API's form. Private ones of a map are left out."""
        body: dict[str, Any] = {"type": self.kind.value}
        if self.description:
            body["description"] = self.description
        if self.default is not NOTHING and self.default is not None:
            body["default"] = self.default
        if self.fields is not None:
            body["schema"] = {name: one.shown() for name, one in self.fields.items() if not one.hidden}
        if self.item is not None and (self.item.fields is not None or self.item.kind is not Kind.ANY):
            body["schema"] = {"*": self.item.shown()}
        body["required"] = self.required
        if self.constraints:
            body["constraints"] = [one.shown() for one in self.constraints]
        return body | {"update_allowed": self.update_allowed, "immutable": self.immutable}


# --- from annotations -----------------------------------------------------------------------------------------


def _pydantic_constraints(metadata: Sequence[Any]) -> list[Constraint]:
    """Pydantic's own words in ours."""
    low = high = shortest = longest = None
    for word in metadata:
        if isinstance(word, annotated_types.Ge):
            low = word.ge
        elif isinstance(word, annotated_types.Le):
            high = word.le
        elif isinstance(word, annotated_types.MinLen):
            shortest = word.min_length
        elif isinstance(word, annotated_types.MaxLen):
            longest = word.max_length
    found: list[Constraint] = []
    if low is not None or high is not None:
        found.append(Range(low, high))  # type: ignore[arg-type]
    if shortest is not None or longest is not None:
        found.append(Length(shortest, longest))
    return found


def _schema(annotation: Any, metadata: Sequence[Any]) -> PropertySchema:
    """The kind, constraints and inner schemas of an annotation. TypeError where it has no meaning in templates."""
    if get_origin(annotation) is Annotated:
        inner, *more = get_args(annotation)
        return _schema(inner, (*more, *metadata))
    constraints = [word for word in metadata if hasattr(word, "problem") and hasattr(word, "shown")]
    constraints += _pydantic_constraints(metadata)
    base = PropertySchema(
        kind=Kind.ANY,
        update_allowed=Marker.UPDATABLE in metadata,
        immutable=Marker.IMMUTABLE in metadata,
        hidden=Marker.HIDDEN in metadata,
        secret=Marker.SECRET in metadata,
        write_only=Marker.WRITE_ONLY in metadata,
        constraints=tuple(constraints),
    )
    origin, arguments = get_origin(annotation), get_args(annotation)
    if annotation in SCALARS:
        return replace(base, kind=SCALARS[annotation])
    if isinstance(annotation, type) and issubclass(annotation, ResourceProperties):
        return replace(base, kind=Kind.MAP, fields=_fields(annotation))
    if annotation is list or origin in (list, Sequence):
        return replace(base, kind=Kind.LIST, item=_schema(arguments[0], ()) if arguments else None)
    if annotation is dict or origin in (dict, Mapping):
        return replace(base, kind=Kind.MAP)
    if origin is Literal and all(isinstance(one, str) for one in arguments):
        return replace(base, kind=Kind.STRING, constraints=(OneOf(*arguments), *constraints))
    if origin in (Union, types.UnionType):
        rest = [one for one in arguments if one is not types.NoneType]
        if set(rest) == {int, float}:
            return replace(base, kind=Kind.NUMBER)
        if len(rest) == 1:
            return _schema(rest[0], metadata)
    raise TypeError(f"no kind of property is written {annotation!r}; see firebrick.resources.vocabulary")


def _field(info: FieldInfo) -> PropertySchema:
    default = NOTHING
    if not info.is_required():
        default = _jsonable(info.get_default(call_default_factory=True, validated_data={}))
    return replace(
        _schema(info.annotation, info.metadata),
        required=info.is_required(),
        default=default,
        description=info.description or "",
    )


def _jsonable(value: Any) -> Any:
    if isinstance(value, ResourceProperties):
        return value.model_dump(mode="json", by_alias=True)
    if isinstance(value, list | tuple):
        return [_jsonable(one) for one in value]
    return value


def _fields(model: type[ResourceProperties]) -> dict[str, PropertySchema]:
    return {info.alias or name: _field(info) for name, info in model.model_fields.items()}


# --- checking -------------------------------------------------------------------------------------------------


def is_known(value: Any, unknown: object) -> bool:
    """Whether the sentinel stands nowhere in a value, at any depth."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if one is unknown:
            return False
        if isinstance(one, Mapping):
            waiting.extend(one.values())
        elif isinstance(one, list | tuple):
            waiting.extend(one)
    return True


@dataclass(slots=True)
class _Reading:
    """One walk over the properties of one resource: converted values come back, problems gather here."""

    unknown: object
    problems: list[PropertyProblem] = field(default_factory=list)

    def add(self, path: Path, code: str, message: str, discreet: str = "") -> None:
        self.problems.append(PropertyProblem(path, code, message, discreet))

    def map(self, fields: Mapping[str, PropertySchema], given: Mapping[Any, Any], path: Path) -> dict[str, Any]:
        """A map with fixed keys. Keys not given stay away: pydantic puts the defaults in."""
        read: dict[str, Any] = {}
        for name in given:
            if name not in fields:
                self.add(path, "unknown-property", f"Unknown Property {name}")
        for name, schema in fields.items():
            if name not in given:
                if schema.required:
                    self.add(path, "property-required", f"Property {name} not assigned")
                continue
            value = given[name]
            if value is None:
                if not schema.required:
                    continue
                value = zero(schema.kind)  # Heat: null counts as given, and is read as the kind's zero
            value = self.value(schema, value, (*path, name))
            if value is not NOTHING:
                read[name] = value
        return read

    def value(self, schema: PropertySchema, value: Any, path: Path) -> Any:
        if value is self.unknown:
            return value
        try:
            value = READERS[schema.kind](value)
        except ValueError as error:
            self.add(path, "property-type", str(error), f"{NOT_SHOWN} is not of type {schema.kind.value}")
            return NOTHING
        before = len(self.problems)
        if schema.item is not None:
            value = [self._item(schema.item, one, (*path, index)) for index, one in enumerate(value)]
        elif schema.fields is not None:
            value = self.map(schema.fields, value, path)
        if len(self.problems) != before:
            return NOTHING
        if schema.constraints and is_known(value, self.unknown):
            for constraint in schema.constraints:
                if (message := constraint.problem(value)) is not None:
                    rule = json.dumps(constraint.shown())
                    self.add(path, "property-constraint", message, f"{NOT_SHOWN} is not allowed by {rule}")
        return value if len(self.problems) == before else NOTHING

    def _item(self, schema: PropertySchema, value: Any, path: Path) -> Any:
        return self.value(schema, zero(schema.kind) if value is None else value, path)


@dataclass(frozen=True)
class TypeSchema:
    """The outside of a type: what templates may say about it and what they may ask of it.

    name: as asked for (an alias keeps its name). implementation: serves all resources of the type. attributes:
    with those every type has.
    """

    name: str
    implementation: ResourceType
    properties: Mapping[str, PropertySchema]
    attributes: Mapping[str, str]
    any_attribute: bool
    rules: tuple[Rule, ...]

    @staticmethod
    def of(type_: type[ResourceType]) -> "TypeSchema":
        """Compile the schema of a type; do it once. TypeError: an annotation has no meaning."""
        try:
            properties = _fields(type_.Properties)
        except TypeError as error:
            raise TypeError(f"{type_.type_name}: {error}") from None
        return TypeSchema(
            name=type_.type_name,
            implementation=type_(),
            properties=properties,
            attributes=dict(type_.attributes) | BASE_ATTRIBUTES,
            any_attribute=type_.any_attribute,
            rules=tuple(type_.rules),
        )

    def check(self, properties: Mapping[str, Any], *, unknown: object) -> list[PropertyProblem]:
        """All problems of a resource's properties, first those that Heat would tell first.

        properties: name -> JSON value, `unknown` (a sentinel, at any depth) where a run-time value will be.
        """
        return self._read(properties, unknown)[1]

    def converted(self, properties: Mapping[str, Any], unknown: object = NOTHING) -> dict[str, Any]:
        """Properties read by the type's rules, with its defaults, for comparing; what is wrong stays as it is given."""
        reading = _Reading(unknown)
        values: dict[str, Any] = {}
        for name, schema in self.properties.items():
            value = properties.get(name)
            if value is None:
                value = zero(schema.kind) if name in properties and schema.required else schema.default
                values[name] = None if value is NOTHING else value
                continue
            read = reading.value(schema, value, (name,))
            values[name] = _with_defaults(schema, value if read is NOTHING else read)
        for rule in self.rules:
            if is_known([values.get(name) for name in rule.needs], unknown):
                try:
                    values |= rule.apply({name: one for name, one in values.items() if one is not None}) or {}
                except ValueError:  # said by whoever validates
                    pass
        return values

    @property
    def nested(self) -> bool:
        return self.implementation.nested

    @cached_property
    def fingerprint(self) -> str:
        """Changes when what the type makes of the same properties may change: its name, schema, attributes or
        schema_version."""
        shown = {name: one.shown() for name, one in self.properties.items()}
        kind = type(self.implementation)
        text = json.dumps(
            [kind.type_name, kind.schema_version, shown, sorted(kind.attributes)], sort_keys=True, default=str
        )
        return hashlib.sha256(text.encode()).hexdigest()[:16]

    def check_timeout(self, properties: Mapping[str, Any], *, timeout: float, unknown: object) -> list[PropertyProblem]:
        """A problem when the resource may by its own will wait longer than the stack's timeout (seconds); none while
        its properties are not all known, or wrong in another way."""
        model, _ = self._read(properties, unknown)
        longest = 0.0 if model is None else self.implementation.longest(model)
        if longest <= timeout:
            return []
        message = f"{self.name} maximum delay {longest:g} exceeds stack timeout {timeout:g}."
        return [PropertyProblem((), "property-rule", message)]

    def validate(self, properties: Mapping[str, Any], *, resource: str = "", quoting: bool = True) -> Any:
        """The type's model of these properties: ``context.properties``.

        InvalidInput with every problem, in Heat's words, under the name of the resource. quoting: whether the messages
        may have values in them.
        """
        model, problems = self._read(properties, NOTHING)
        if problems:
            raise InvalidInput([_diagnostic(problem, resource, quoting) for problem in problems])
        return model

    def stored(self, model: ResourceProperties) -> dict[str, Any]:
        """JSON of a model, for the store: what was given, so that `restore` and comparisons see the same."""
        return model.model_dump(mode="json", by_alias=True, exclude_unset=True)

    def concealed(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Properties as they may be shown to people: values of those that are SECRET are hidden."""
        known = self.properties
        return {name: known[name].concealed(value) if name in known else value for name, value in properties.items()}

    def compared(self, live: Mapping[str, Any]) -> dict[str, Any]:
        """What read saw, without the properties that are not compared with the live object (WRITE_ONLY)."""
        known = self.properties
        return {name: value for name, value in live.items() if name not in known or not known[name].write_only}

    def restore(self, stored: Mapping[str, Any]) -> Any:
        """The model of stored properties, which a newer schema may not take any more: what was once made must
        still be deletable, so what does not fit is taken as it is."""
        model, problems = self._read(stored, NOTHING)
        if not problems:
            return model
        names = {info.alias or name: name for name, info in self.implementation.Properties.model_fields.items()}
        return self.implementation.Properties.model_construct(
            **{names[key]: value for key, value in stored.items() if key in names}
        )

    def partial(self, given: Mapping[str, Any]) -> Any:
        """The model of an external resource's properties: those that are there and fit. A handler that asks for a
        required one that is not gets PropertyMissing."""
        if self.implementation.any_property:
            return self.implementation.Properties()
        reading = _Reading(NOTHING)
        known = {name: value for name, value in given.items() if name in self.properties}
        values = {name: one for name, one in reading.map(self.properties, known, ()).items() if one is not NOTHING}
        names = {info.alias or name: name for name, info in self.implementation.Properties.model_fields.items()}
        missing = {name for name, one in self.properties.items() if one.required and name not in values}
        try:
            model = self._partial_model.model_validate(values)
        except ValidationError:  # the author's own rules, which look at what is not there
            model = self._partial_model.model_construct(**{names[key]: value for key, value in values.items()})
        for name in missing:
            model.__dict__.pop(names[name], None)
        return model

    @cached_property
    def _partial_model(self) -> type[ResourceProperties]:
        """The type's model with no field required; an attribute that is not there raises PropertyMissing."""
        model, kind = self.implementation.Properties, self.name
        fields: dict[str, Any] = {
            name: (info.rebuild_annotation(), Field(default=None, alias=info.alias))
            for name, info in model.model_fields.items()
            if info.is_required()
        }
        made = create_model(model.__name__, __base__=model, **fields)
        shown = {name: info.alias or name for name, info in model.model_fields.items()}
        otherwise = model.__getattr__  # type: ignore[attr-defined]

        def missing(properties: Any, name: str) -> Any:
            if name in shown:
                raise PropertyMissing(
                    f"{kind} cannot be looked at without the property {shown[name]}: give it beside external_id"
                )
            return otherwise(properties, name)

        setattr(made, "__getattr__", missing)  # noqa: B010
        return cast(type[ResourceProperties], made)

    def shown(self) -> dict[str, Any]:
        """Body of the REST API's resource type show, in its order."""
        kinds = self.implementation.attribute_kinds
        attributes: dict[str, Any] = {}
        for name, description in self.attributes.items():
            kind = "map" if name == "show" else kinds.get(name, "")
            attributes[name] = {"description": description} | ({"type": kind} if kind else {})
        status = self.implementation.support_status
        return {
            "resource_type": self.name,
            "properties": {name: one.shown() for name, one in self.properties.items() if not one.hidden},
            "attributes": attributes,
            "support_status": {
                "status": status.status,
                "message": status.message,
                "version": status.version,
                "previous_status": None,
            },
        }

    def _read(self, properties: Mapping[str, Any], unknown: object) -> tuple[Any, list[PropertyProblem]]:
        """The model (None while anything is unknown or wrong) and all problems."""
        if self.implementation.any_property:
            return self.implementation.Properties(), []
        reading = _Reading(unknown)
        values = reading.map(self.properties, properties, ())
        wrong = {problem.path[0] for problem in reading.problems if problem.path}
        for rule in self.rules:
            if wrong.isdisjoint(rule.needs) and is_known([values.get(name) for name in rule.needs], unknown):
                try:
                    values |= rule.apply(values) or {}
                except ValueError as error:
                    reading.add((rule.at,) if rule.at else (), "property-rule", str(error))
        if reading.problems or not is_known(values, unknown):
            return None, reading.problems
        try:
            return self.implementation.Properties.model_validate(values), []
        except ValidationError as error:
            for one in error.errors(include_url=False, include_context=False):
                reading.add(one["loc"], "property-invalid", one["msg"].removeprefix("Value error, "))
            return None, reading.problems


def _with_defaults(schema: PropertySchema, value: Any) -> Any:
    """A converted value with the defaults of maps inside it."""
    if schema.fields is not None and isinstance(value, Mapping):
        filled = {name: one.default for name, one in schema.fields.items() if one.default is not NOTHING}
        given = {name: _with_defaults(schema.fields[name], one) for name, one in value.items() if name in schema.fields}
        return filled | given
    if schema.item is not None and isinstance(value, list):
        return [_with_defaults(schema.item, one) for one in value]
    return value


_compiled: dict[type[ResourceType], TypeSchema] = {}


def schema_of(kind: ResourceType) -> TypeSchema:
    """The schema of a type, compiled at the first question."""
    found = _compiled.get(type(kind))
    if found is None:
        found = _compiled[type(kind)] = TypeSchema.of(type(kind))
    return found


def validate(kind: ResourceType, properties: Mapping[str, Any], *, name: str = "", quoting: bool = True) -> Any:
    """See TypeSchema.validate; name: of the resource. Without quoting when it is made: what the template has was
    checked before, so what is wrong then was computed, perhaps from something secret."""
    return schema_of(kind).validate(properties, resource=name, quoting=quoting)


def partial(kind: ResourceType, given: Mapping[str, Any]) -> Any:
    """See TypeSchema.partial; for external resources."""
    return schema_of(kind).partial(given)


def restore(kind: ResourceType, stored: Mapping[str, Any]) -> Any:
    """See TypeSchema.restore; for deletes."""
    return schema_of(kind).restore(stored)


def dotted(path: Path) -> str:
    """``character_classes[0].min``: a path as Heat writes it."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def _diagnostic(problem: PropertyProblem, resource: str, quoting: bool) -> Diagnostic:
    head: Path = ("resources", resource, "properties") if resource else ("properties",)
    path = dotted((*head, *problem.path))
    message = problem.message_for(resource, quoting=quoting)
    return Diagnostic(code=problem.code, summary=message, path=path, heat_message=f"Property error: {path}: {message}")
