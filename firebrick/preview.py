"""What an operation would do to each resource, computed from what is stored: nothing is asked, nothing is written.

Pure. It puts the engine's own questions in the engine's order: ``firebrick.selection`` chooses the rows,
``firebrick.resources.changes`` decides; ``firebrick.nested_preview`` does the same for what is nested. Two things
nobody can know before: what a provider says when it is asked (about a failed object, or an update that turns out to
need another object), and values that come to be on the way. Where the answer depends on them, a resource's preview is
not `certain`, and names the most that can happen to it.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from typing import Any, Protocol

from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.graph import Graph
from firebrick.plan import Role
from firebrick.preview_judgement import as_far_as_known, judge
from firebrick.preview_result import Inside, Preview, PropertyPreview, ResourcePreview, Will, doubted
from firebrick.preview_rows import candidate, is_kept, planned_upstream, upstream_of
from firebrick.preview_values import CHANGED_IN_PLACE, NEW, UNCHANGED, Known, Marks, Secrets, resolve_known
from firebrick.resolution import StoredLookup
from firebrick.resources.base import ResourceType
from firebrick.resources.changes import (
    Decision,
    Effect,
    PropertyChange,
    differing_rest,
    outright,
)
from firebrick.resources.heat.template_resource import TemplateResource
from firebrick.resources.registry import Registry
from firebrick.resources.schema import TypeSchema, is_known
from firebrick.selection import Wanted, select_rows
from firebrick.standing import Seen, lacks_attributes, standing_of
from firebrick.store.requests import NewResource
from firebrick.store.rows import ResourceRow, UpstreamRow
from firebrick.template import UNKNOWN, ResourceDefinition
from firebrick.template.catalogue import split_inner
from firebrick.template.functions.references import GetAttr, GetResource

PLANNED = "(planned)"
"""Stands for the id of a target that is not stored, and of an object that is not made; no row has it."""
UNDECIDED = "whether the template has it is known after apply"


class NestedStacks(Protocol):
    """What happens inside of the nested stacks of one stack. properties: resolved, UNKNOWN where they are not known.
    secret: names of properties that are not to be shown. InvalidInput: the nested stack would be refused."""

    def made(self, one: NewResource, properties: Mapping[str, Any], secret: frozenset[str]) -> Inside: ...

    def changed(
        self, one: NewResource, row: ResourceRow, properties: Mapping[str, Any], secret: frozenset[str]
    ) -> Inside | None:
        """None: there is no such stack any more."""
        ...

    def unmade(self, row: ResourceRow, secret: frozenset[str]) -> Inside | None: ...


def preview(
    rows: Sequence[ResourceRow],
    wanted: Sequence[NewResource],
    registry: Registry,
    *,
    nested: NestedStacks,
    stack_name: str,
    previous: str = "",
    look_at_all: bool = False,
    live: Mapping[int, Seen] | None = None,
    undecided: frozenset[str] = frozenset(),
    marks: Marks | None = None,
) -> Preview:
    """What bringing the rows of a stack to these resources would do. previous: id of the target that the stack has now.

    live: by row, what somebody saw of its object, where it is other than what is stored. undecided: names of resources
    of which nobody knows yet whether they are wanted. It may take a while where a type's attributes are slow to read.
    InvalidInput: a resource would be refused, since a value is wrong or a property that differs is immutable.
    CycleFound.
    """
    found = _Preview(rows, wanted, registry, nested, stack_name, previous, look_at_all, live or {}, undecided)
    return found.whole(marks or Marks())


@dataclass(slots=True)
class _Preview:
    rows: Sequence[ResourceRow]
    wanted: Sequence[NewResource]
    registry: Registry
    nested: NestedStacks
    stack_name: str
    previous: str
    look_at_all: bool
    live: Mapping[int, Seen]
    undecided: frozenset[str]
    known: dict[str, Known] = field(default_factory=dict)
    moved: set[str] = field(default_factory=set)  # what dependants see of these is, or may be, not what it was
    problems: list[Diagnostic] = field(default_factory=list)
    upstream: dict[str, UpstreamRow] = field(default_factory=dict)
    lookup: StoredLookup = field(init=False)
    secrets: Secrets = field(init=False)

    def whole(self, marks: Marks) -> Preview:
        selection = select_rows(
            [candidate(row) for row in self.rows],
            [Wanted(one.name, tuple(one.requires), one.base, one.prunable) for one in self.wanted],
            target=PLANNED,
            previous=self.previous,
            look_at_all=self.look_at_all,
        )
        by_id = {row.id: row for row in self.rows}
        serving = {name: by_id[row] for name, row in selection.serving.items()}
        self.upstream |= {name: upstream_of(row) for name, row in serving.items()}
        self.lookup = _PlannedLookup(self.upstream, self.registry, self.known)
        living = [row for row in self.rows if (row.action, row.status) != ("DELETE", "COMPLETE")]
        frozen = [row.definition for row in living] + [one.definition for one in self.wanted]
        self.secrets = Secrets(self.registry, [ResourceDefinition.thaw(one) for one in frozen], marks)
        seen: dict[str, ResourcePreview] = {}
        for one in _in_order(self.wanted):
            row = serving.get(one.name)
            role = Role.FRESH if row is None else selection.roles.get(row.id, Role.NONE)
            found = self._one(one, row, role)
            if row is not None and row.id in self.live:
                found = replace(found, unseen=self.live[row.id].failed)
            seen[one.name] = self._undecided(found) if one.name in self.undecided else found
            self._note(seen[one.name])
        for one in self.wanted:
            self._check_restricted(one, seen[one.name])
        if self.problems:
            raise InvalidInput(self.problems)
        removed = [by_id[row] for row, role in sorted(selection.roles.items()) if role is Role.REMOVED]
        going = [self._deleted(row) for row in removed]
        value_of = partial(resolve_known, lookup=self.lookup, known=self.known)
        return Preview((*(seen[one.name] for one in self.wanted), *going), self.secrets, value_of)

    def _note(self, found: ResourcePreview) -> None:
        """What resources that refer to this one will find."""
        name, inside, wanted = found.name, found.inside, found.wanted
        stays = found.will in (Will.NOTHING, Will.UPDATE)
        if (
            inside is None
            or wanted is None
            or wanted.implementation != TemplateResource.type_name
            or name in self.undecided
        ):
            if found.will is Will.NOTHING:
                self.known.setdefault(name, UNCHANGED)
                return
            self.known[name] = CHANGED_IN_PLACE if found.will is Will.UPDATE else NEW
            self.moved.add(name)
            return
        inner = partial(_value_inside, inside.preview)
        unknown = frozenset(key for key, value in inside.outputs.items() if not is_known(value, UNKNOWN))
        reference = inside.outputs.get("OS::stack_id")
        before = self.upstream.get(name)
        if stays and before is not None and before.attributes == inside.outputs:
            self.known[name] = replace(UNCHANGED, inner=inner)
            return
        self.moved.add(name)
        self.known[name] = Known(stays and reference is not UNKNOWN, attributes=True, unknown=unknown, inner=inner)
        if before is None:
            before = planned_upstream(wanted)
        physical_id = before.physical_id or PLANNED
        self.upstream[name] = replace(before, attributes=inside.outputs, data={}, physical_id=physical_id)
        if stays and "OS::stack_id" in inside.outputs:
            self.upstream[name] = replace(self.upstream[name], reference_id=reference)

    def _note_attributes(self, kind: ResourceType, row: ResourceRow) -> None:
        """Of a row that is left as it is: an update notes attributes that its object shows and that are not stored,
        and asks for those that the type did not have when it was made."""
        seen = self.live.get(row.id)
        attributes = {} if seen is None else seen.attributes
        unasked = not attributes and lacks_attributes(kind, row)
        missing = frozenset(kind.attributes.keys() - row.attributes.keys()) if unasked else frozenset()
        if attributes.items() <= row.attributes.items() and not missing:
            return
        self.moved.add(row.name)
        self.upstream[row.name] = replace(self.upstream[row.name], attributes={**row.attributes, **attributes})
        self.known[row.name] = Known(reference=True, attributes=True, unknown=missing)

    def _one(self, one: NewResource, row: ResourceRow | None, role: Role) -> ResourcePreview:
        if row is None or role is Role.FRESH:
            return self._created(one)
        untouched = role is Role.SKIPPABLE and self.moved.isdisjoint(one.requires)
        if role is Role.NONE or untouched:
            return ResourcePreview(one.name, one.type, Will.NOTHING, row=row, wanted=one)
        if row.action != "DELETE" and (_external_id(row.definition) or _external_id(one.definition)):
            return self._adopted(one, row)
        if (one.implementation, row.implementation) == (TemplateResource.type_name, TemplateResource.type_name):
            return self._nested(one, row)
        decision = outright(standing_of(row), one.implementation or one.type)
        if decision is not None:
            return self._replaced_outright(one, row, decision)
        return self._judged(one, row)

    def _created(self, one: NewResource) -> ResourcePreview:
        values = self._resolved(one)
        properties = tuple(self._property(one.name, name, None, value) for name, value in values.items())
        external = _external_id(one.definition) is not None
        because = "an object that exists already is adopted" if external else ""
        inside = None if external else self._made(one, values)
        return ResourcePreview(
            one.name, one.type, Will.CREATE, because=because, properties=properties, wanted=one, inside=inside
        )

    def _deleted(self, row: ResourceRow) -> ResourcePreview:
        properties = [self._property(row.name, name, value, None) for name, value in (row.properties or {}).items()]
        because = "another has taken its place" if row.replaced_by is not None else ""
        return ResourcePreview(
            row.name,
            row.type,
            Will.DELETE,
            True,
            because,
            is_kept(row),
            tuple(properties),
            row=row,
            inside=self._unmade(row),
        )

    def _adopted(self, one: NewResource, row: ResourceRow) -> ResourcePreview:
        """Somebody else's object is looked at and left alone; another cannot take its place."""
        known, asked = _external_id(row.definition), _external_id(one.definition)
        if row.action != "INIT" and known != asked:
            self._refuse(one, ["external_id"])
        if row.action != "INIT" and row.status == "COMPLETE":
            return ResourcePreview(one.name, one.type, Will.NOTHING, row=row, wanted=one)
        because = "it is looked for once more"
        return ResourcePreview(one.name, one.type, Will.UPDATE, because=because, row=row, wanted=one)

    def _undecided(self, found: ResourcePreview) -> ResourcePreview:
        """Of a resource that may not be wanted: the most that can happen to it; inside, both what happens if it stays,
        and what if it goes."""
        row = found.row
        if row is None:
            return replace(doubted(found), because=UNDECIDED)
        inside, old = found.inside, self._unmade(row)
        if found.will is not Will.REPLACE:
            inside = old if inside is None else inside.after(old)
        return ResourcePreview(
            found.name,
            found.type,
            Will.DELETE,
            False,
            UNDECIDED,
            is_kept(row),
            row=row,
            wanted=found.wanted,
            inside=inside and replace(inside, preview=inside.preview.doubted()),
        )

    # --- nested stacks --------------------------------------------------------------------------------------------

    def _nested(self, one: NewResource, row: ResourceRow) -> ResourcePreview:
        """A nested stack is updated whenever the outer one is, and decides by itself what changes (Heat's rule)."""
        before, after = row.properties or {}, self._resolved(one)
        after = {name: value for name, value in after.items() if value is not None}
        properties = self._differing(one.name, before, after)
        failed = row.status == "FAILED" and row.action in ("DELETE", "CHECK", "INIT")
        inside = None if failed or row.physical_id is None else self._changed_inside(one, row, before, after)
        if inside is None:
            because = "" if self.problems else "it is not there any more"
            made = self._made(one, after)
            return ResourcePreview(
                one.name,
                one.type,
                Will.REPLACE,
                True,
                because,
                is_kept(row),
                properties,
                row,
                one,
                made and made.after(self._unmade(row)),
            )
        because = _because_of_row(row, one)
        known = [each for each in properties if is_known(each.after, UNKNOWN)]
        happening = [each for each in inside.preview.resources if each.will is not Will.NOTHING]
        certain = bool(because or known or inside.stack_changes or any(each.certain for each in happening))
        if not certain and not properties and not happening:
            return ResourcePreview(one.name, one.type, Will.NOTHING, row=row, wanted=one, inside=inside)
        return ResourcePreview(one.name, one.type, Will.UPDATE, certain, because, False, properties, row, one, inside)

    def _made(self, one: NewResource, values: Mapping[str, Any]) -> Inside | None:
        if one.implementation != TemplateResource.type_name:
            return None
        given = {name: value for name, value in values.items() if value is not None}
        return self._inside(one.name, lambda: self.nested.made(one, given, self._secret_names(one.name, given)))

    def _changed_inside(
        self, one: NewResource, row: ResourceRow, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> Inside | None:
        secret = self._secret_names(one.name, {**before, **after})
        return self._inside(one.name, lambda: self.nested.changed(one, row, after, secret))

    def _unmade(self, row: ResourceRow) -> Inside | None:
        if row.implementation != TemplateResource.type_name or is_kept(row):
            return None
        secret = self._secret_names(row.name, row.properties or {})
        return self._inside(row.name, lambda: self.nested.unmade(row, secret))

    def _inside(self, name: str, look: Callable[[], Inside | None]) -> Inside | None:
        try:
            return look()
        except InvalidInput as error:
            self.problems += [
                replace(each, summary=f"{name}: {each.summary}", path=f"resources.{name}.{each.path}".rstrip("."))
                for each in error.diagnostics
            ]
            return None

    def _secret_names(self, resource: str, names: Iterable[str]) -> frozenset[str]:
        return frozenset(name for name in names if self.secrets.of_property(resource, name))

    # --- what an update does ----------------------------------------------------------------------------------------

    def _replaced_outright(self, one: NewResource, row: ResourceRow, decision: Decision) -> ResourcePreview:
        after = self._resolved(one)
        properties = self._differing(one.name, row.properties or {}, after)
        old, new = self._unmade(row), self._made(one, after)
        return ResourcePreview(
            one.name,
            one.type,
            Will.REPLACE,
            True,
            decision.because,
            is_kept(row),
            properties,
            row,
            one,
            new.after(old) if new is not None else old,
        )

    def _differing(
        self, resource: str, before: Mapping[str, Any], after: Mapping[str, Any]
    ) -> tuple[PropertyPreview, ...]:
        return tuple(
            self._property(resource, name, before.get(name), after.get(name))
            for name in {**before, **after}
            if name not in before or name not in after or before[name] != after[name]
        )

    def _judged(self, one: NewResource, row: ResourceRow) -> ResourcePreview:
        schema = self.registry.schema(one.implementation or one.type)
        sound = len(self.problems)
        properties = self._resolved(one, schema)
        if len(self.problems) != sound:  # the whole will be refused; what is wrong cannot be compared
            return ResourcePreview(one.name, one.type, Will.UPDATE, row=row, wanted=one)
        found = judge(schema, row, one, properties, self.live.get(row.id), self.stack_name)
        if found.refused:
            self._refuse(one, found.refused)
        if found.will is Will.NOTHING:
            self._note_attributes(schema.implementation, row)
        return ResourcePreview(
            one.name,
            one.type,
            found.will,
            found.certain,
            found.because,
            found.will is Will.REPLACE and is_kept(row),
            tuple(self._changed(one.name, each, drifted=each.name in found.drifted) for each in found.changes),
            row,
            one,
        )

    def _check_restricted(self, one: NewResource, found: ResourcePreview) -> None:
        """What the environment forbids is refused where it is certain."""
        asked = {Will.UPDATE: "update", Will.REPLACE: "replace"}.get(found.will, "")
        if found.inside is not None and found.will is Will.NOTHING:  # an operation passes through it all the same
            asked = "update"
        if found.certain and asked in one.definition.get("restricted", ()):
            self.problems.append(
                Diagnostic(
                    code="restricted-action",
                    summary=f"{one.name}: {asked} is restricted for resource.",
                    detail="The environment forbids it: take that out, or leave the resource as it is.",
                    path=f"resources.{one.name}",
                )
            )

    def _refuse(self, one: NewResource, names: Sequence[str]) -> None:
        listed = ", ".join(names)
        self.problems.append(
            Diagnostic(
                code="update-not-supported",
                summary=f"Update to properties {listed} of {one.name} ({one.type}) is not supported.",
                detail="They cannot be changed once the resource is made. Give them their old values, or give the "
                "resource another name: then it is made anew.",
                path=f"resources.{one.name}.properties",
                heat_type="NotSupported",
            )
        )

    def _resolved(self, one: NewResource, schema: TypeSchema | None = None) -> dict[str, Any]:
        """Properties as far as they are known; what is wrong with them is noted, without values, unless nothing is made
        of them."""
        schema = schema or self.registry.schema(one.implementation or one.type)
        value = resolve_known(ResourceDefinition.thaw(one.definition).properties, self.lookup, self.known)
        if not isinstance(value, Mapping):  # the whole of it is a function that must wait, or came to null
            return dict.fromkeys(schema.properties, UNKNOWN) if value is UNKNOWN else {}
        for problem in () if _external_id(one.definition) else schema.check(value, unknown=UNKNOWN):
            message = problem.message_for(one.name, quoting=False)
            path = ".".join(("resources", one.name, "properties", *map(str, problem.path)))
            self.problems.append(Diagnostic(code=problem.code, summary=f"{one.name}: {message}", path=path))
        return dict(value)

    def _changed(self, resource: str, change: PropertyChange, *, drifted: bool) -> PropertyPreview:
        forces = change.effect is Effect.REPLACE
        found = self._property(resource, change.name, change.before, change.after)
        return replace(found, forces_replacement=forces, secret=found.secret or change.hidden, drifted=drifted)

    def _property(self, resource: str, name: str, before: Any, after: Any) -> PropertyPreview:
        return PropertyPreview(name, before, after, secret=self.secrets.of_property(resource, name))


class _PlannedLookup(StoredLookup):
    """Over rows as they are planned. known: says what is inside of nested stacks."""

    def __init__(self, rows: Mapping[str, UpstreamRow], registry: Registry, known: Mapping[str, Known]) -> None:
        super().__init__(rows, registry)
        self._known = known

    def of_inner(self, resource: str, attribute: str) -> Any:
        inner = self._known[resource].inner
        return None if inner is None else inner(attribute)


def _value_inside(found: Preview, attribute: str) -> Any:
    """What an attribute that looks into a nested stack will be; UNKNOWN where nobody knows yet."""
    name, rest = split_inner(attribute)
    return found.value_of(GetAttr([name, rest]) if rest else GetResource(name))


def _because_of_row(row: ResourceRow, one: NewResource) -> str:
    """Why a nested stack's resource counts as updated, whatever happens inside."""
    if row.type != one.type:
        return "its type changes"
    if row.status != "COMPLETE":
        return "nobody knows how far its last action came"
    if row.drift:
        return "it is known to differ from its template"
    differing = differing_rest(row.definition, as_far_as_known(one, row))
    return f"its {' and '.join(differing)} changed" if differing else ""


def _external_id(definition: Mapping[str, Any]) -> Any:
    return definition.get("external_id")


def _in_order(wanted: Sequence[NewResource]) -> list[NewResource]:
    places = {one.name: place for place, one in enumerate(wanted)}
    order = Graph({places[one.name]: [places[name] for name in one.requires] for one in wanted}).order()
    return [wanted[place] for place in order]
