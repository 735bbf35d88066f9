"""What an operation would do to each resource, computed from what is stored: nothing is asked, nothing is written.

Pure. It puts the engine's own questions in the engine's order: ``firebrick.selection`` chooses the rows,
``firebrick.resources.changes`` decides. Two things nobody can know before: what a provider says when it is asked (about
a failed object, or an update that turns out to need another object), and values that come to be on the way. Where the
answer depends on them, a resource's preview is not `certain`, and names the most that can happen to it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from firebrick.contract import Action
from firebrick.diagnostics import Diagnostic, InvalidInput
from firebrick.graph import Graph
from firebrick.plan import Role
from firebrick.preview_values import CHANGED_IN_PLACE, NEW, UNCHANGED, Known, Secrets, resolve_known
from firebrick.resolution import StoredLookup, physical_name
from firebrick.resources.base import Context, ResourceType
from firebrick.resources.changes import Decision, Effect, PropertyChange, Verdict, compare, decide, outright
from firebrick.resources.heat.template_resource import TemplateResource
from firebrick.resources.registry import Registry
from firebrick.resources.schema import TypeSchema, is_known, restore
from firebrick.selection import Candidate, Wanted, select_rows
from firebrick.standing import standing_of
from firebrick.store.requests import NewResource
from firebrick.store.rows import ResourceRow, UpstreamRow
from firebrick.template import UNKNOWN, ResourceDefinition

PLANNED = "(planned)"
"""Stands for the id of a target that is not stored; no row was ever brought to it."""


class Will(StrEnum):
    """What happens to a resource."""

    CREATE = "create"
    UPDATE = "update"
    REPLACE = "replace"
    DELETE = "delete"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True)
class PropertyPreview:
    """before, after: None where there is none; UNKNOWN stands in after where nobody knows yet. secret: neither is to be
    shown."""

    name: str
    before: Any
    after: Any
    forces_replacement: bool = False
    secret: bool = False


@dataclass(frozen=True, slots=True)
class ResourcePreview:
    """One resource, or (DELETE) one row of it. certain: false when it may turn out to be less, `will` being the most.
    because: why, where that is not for a property that is shown. kept: the object of the row that goes stays.
    properties: those that differ; all that are given of a CREATE or DELETE. row: what is there; wanted: what is to be.
    """

    name: str
    type: str
    will: Will
    certain: bool = True
    because: str = ""
    kept: bool = False
    properties: tuple[PropertyPreview, ...] = ()
    row: ResourceRow | None = None
    wanted: NewResource | None = None

    @property
    def old_type(self) -> str:
        return self.row.type if self.row is not None else self.type


@dataclass(frozen=True, slots=True)
class Preview:
    """resources: those of the template in its order, then the rows that go, in the order of their making."""

    resources: tuple[ResourcePreview, ...]
    secrets: Secrets

    def that(self, will: Will) -> list[ResourcePreview]:
        return [one for one in self.resources if one.will is will]

    @property
    def changes_nothing(self) -> bool:
        return all(one.will is Will.NOTHING for one in self.resources)


def preview(
    rows: Sequence[ResourceRow],
    wanted: Sequence[NewResource],
    registry: Registry,
    *,
    stack_name: str,
    previous: str = "",
    look_at_all: bool = False,
    hidden: Mapping[str, frozenset[str]] | None = None,
) -> Preview:
    """What bringing the rows of a stack to these resources would do. previous: id of the target that the stack has now.
    hidden: see Secrets.

    It may take a while where a type's attributes are slow to read. InvalidInput: a resource would be refused, since a
    value is wrong or a property that differs is immutable. CycleFound.
    """
    return _Preview(rows, wanted, registry, stack_name, previous, look_at_all, hidden).whole()


@dataclass(slots=True)
class _Preview:
    rows: Sequence[ResourceRow]
    wanted: Sequence[NewResource]
    registry: Registry
    stack_name: str
    previous: str
    look_at_all: bool
    hidden: Mapping[str, frozenset[str]] | None
    known: dict[str, Known] = field(default_factory=dict)
    problems: list[Diagnostic] = field(default_factory=list)
    lookup: StoredLookup = field(init=False)
    secrets: Secrets = field(init=False)

    def whole(self) -> Preview:
        selection = select_rows(
            [_candidate(row) for row in self.rows],
            [Wanted(one.name, tuple(one.requires), one.base, one.prunable) for one in self.wanted],
            target=PLANNED,
            previous=self.previous,
            look_at_all=self.look_at_all,
        )
        by_id = {row.id: row for row in self.rows}
        serving = {name: by_id[row] for name, row in selection.serving.items()}
        self.lookup = StoredLookup({name: _upstream(row) for name, row in serving.items()}, self.registry)
        living = [row for row in self.rows if (row.action, row.status) != ("DELETE", "COMPLETE")]
        frozen = [row.definition for row in living] + [one.definition for one in self.wanted]
        self.secrets = Secrets(self.registry, [ResourceDefinition.thaw(one) for one in frozen], self.hidden)
        seen: dict[str, ResourcePreview] = {}
        for one in _in_order(self.wanted):
            row = serving.get(one.name)
            role = Role.FRESH if row is None else selection.roles.get(row.id, Role.NONE)
            seen[one.name] = self._one(one, row, role, seen)
            self.known[one.name] = _known_after(seen[one.name].will)
        for one in self.wanted:
            self._check_restricted(one, seen[one.name])
        if self.problems:
            raise InvalidInput(self.problems)
        removed = [by_id[row] for row, role in sorted(selection.roles.items()) if role is Role.REMOVED]
        going = [self._deleted(row) for row in removed]
        return Preview((*(seen[one.name] for one in self.wanted), *going), self.secrets)

    def _one(
        self, one: NewResource, row: ResourceRow | None, role: Role, seen: Mapping[str, ResourcePreview]
    ) -> ResourcePreview:
        if row is None or role is Role.FRESH:
            return self._created(one)
        untouched = role is Role.SKIPPABLE and all(seen[name].will is Will.NOTHING for name in one.requires)
        if role is Role.NONE or untouched:
            return ResourcePreview(one.name, one.type, Will.NOTHING, row=row, wanted=one)
        if (one.implementation, row.implementation) == (TemplateResource.type_name, TemplateResource.type_name):
            return self._nested(one, row)
        decision = outright(standing_of(row), one.implementation or one.type)
        if decision is not None:
            return self._replaced_outright(one, row, decision)
        return self._judged(one, row)

    def _created(self, one: NewResource) -> ResourcePreview:
        properties = [self._property(one.name, name, None, value) for name, value in self._resolved(one).items()]
        return ResourcePreview(one.name, one.type, Will.CREATE, properties=tuple(properties), wanted=one)

    def _deleted(self, row: ResourceRow) -> ResourcePreview:
        properties = [self._property(row.name, name, value, None) for name, value in (row.properties or {}).items()]
        because = "another has taken its place" if row.replaced_by is not None else ""
        return ResourcePreview(
            row.name, row.type, Will.DELETE, True, because, _is_kept(row), tuple(properties), row=row, wanted=None
        )

    def _nested(self, one: NewResource, row: ResourceRow) -> ResourcePreview:
        """A nested stack is updated whenever the outer one is, and decides by itself what changes (Heat's rule)."""
        gone = row.physical_id is None or (row.status == "FAILED" and row.action in ("DELETE", "CHECK", "INIT"))
        before, after = row.properties or {}, self._resolved(one)
        properties = tuple(
            self._property(one.name, name, before.get(name), after.get(name))
            for name in {**before, **after}
            if before.get(name) != after.get(name) or not is_known(after.get(name), UNKNOWN)
        )
        if gone:
            return ResourcePreview(
                one.name, one.type, Will.REPLACE, True, "it is not there any more", _is_kept(row), properties, row, one
            )
        because = "a nested stack is updated with the stack it is in"
        return ResourcePreview(one.name, one.type, Will.UPDATE, True, because, False, properties, row, one)

    def _replaced_outright(self, one: NewResource, row: ResourceRow, decision: Decision) -> ResourcePreview:
        before, after = row.properties or {}, self._resolved(one)
        properties = [
            self._property(one.name, name, before.get(name), after.get(name))
            for name in {**before, **after}
            if name not in before or name not in after or before[name] != after[name]
        ]
        return ResourcePreview(
            one.name, one.type, Will.REPLACE, True, decision.because, _is_kept(row), tuple(properties), row, one
        )

    def _judged(self, one: NewResource, row: ResourceRow) -> ResourcePreview:
        """By properties: once with what is certain only, and once as if all that is not known differed."""
        schema = self.registry.schema(one.implementation or one.type)
        kind = schema.implementation
        sound = len(self.problems)
        properties = self._resolved(one, schema)
        if len(self.problems) != sound:  # the whole will be refused; what is wrong cannot be compared
            return ResourcePreview(one.name, one.type, Will.UPDATE, row=row, wanted=one)
        changes = compare(schema, row.properties or {}, properties, unknown=UNKNOWN)
        certain = [change for change in changes if is_known(change.after, UNKNOWN)]
        standing = standing_of(row)
        failed = standing.incomplete and not standing.nobody_to_ask

        def forces() -> bool:
            return len(certain) == len(changes) and self._forces(kind, schema, row, one, properties, changes)

        def judge(found: Sequence[PropertyChange], *, failed: bool) -> Decision:
            lost = standing.incomplete and standing.nobody_to_ask
            return decide(standing, one.definition, found, failed=failed or lost, forces=forces)

        most = judge(changes, failed=failed)
        asks_nobody = type(kind).replace_failed is ResourceType.replace_failed
        least = judge(certain, failed=failed and asks_nobody)
        if least.verdict is Verdict.REFUSE:
            self._refused(one, least)
        decides_itself = type(kind).forces_replacement is not ResourceType.forces_replacement
        open_question = len(certain) != len(changes) and decides_itself and most.verdict is Verdict.UPDATE
        because = most.because
        if open_question and not because:
            because = "its type may ask for a replacement when the values are known"
        return ResourcePreview(
            one.name,
            one.type,
            _WILL[most.verdict],
            least.verdict is most.verdict and not open_question,
            because,
            most.verdict is Verdict.REPLACE and _is_kept(row),
            tuple(self._changed(one.name, change) for change in changes),
            row,
            one,
        )

    def _forces(
        self,
        kind: ResourceType,
        schema: TypeSchema,
        row: ResourceRow,
        one: NewResource,
        properties: Mapping[str, Any],
        changes: Sequence[PropertyChange],
    ) -> bool:
        context = Context(
            name=row.name,
            type_name=row.type,
            stack_name=self.stack_name,
            stack_id=row.stack_id,
            project="",
            action=Action.UPDATE.value,
            key=row.key,
            physical_name=physical_name(self.stack_name, row.name, row.uuid),
            properties=schema.restore(properties),
            physical_id=row.physical_id,
            data=row.data,
            progress={},
            now=0.0,
            deletion_policy=one.definition.get("deletion_policy", "Delete"),
            previous=restore(kind, row.properties or {}),
            changed=tuple(sorted(change.name for change in changes)),
        )
        return kind.forces_replacement(context)

    def _check_restricted(self, one: NewResource, found: ResourcePreview) -> None:
        """What the environment forbids is refused where it is certain."""
        asked = {Will.UPDATE: "update", Will.REPLACE: "replace"}.get(found.will, "")
        if found.certain and asked in one.definition.get("restricted", ()):
            self.problems.append(
                Diagnostic(
                    code="restricted-action",
                    summary=f"{one.name}: {asked} is restricted for resource.",
                    detail="The environment forbids it: take that out, or leave the resource as it is.",
                    path=f"resources.{one.name}",
                )
            )

    def _refused(self, one: NewResource, decision: Decision) -> None:
        listed = ", ".join(decision.names)
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
        """Properties as far as they are known; what is wrong with them is noted, without values."""
        schema = schema or self.registry.schema(one.implementation or one.type)
        value = resolve_known(ResourceDefinition.thaw(one.definition).properties, self.lookup, self.known)
        if not isinstance(value, Mapping):  # the whole of it is a function that must wait, or came to null
            return dict.fromkeys(schema.properties, UNKNOWN) if value is UNKNOWN else {}
        for problem in schema.check(value, unknown=UNKNOWN):
            message = problem.message_for(one.name, quoting=False)
            path = ".".join(("resources", one.name, "properties", *map(str, problem.path)))
            self.problems.append(Diagnostic(code=problem.code, summary=f"{one.name}: {message}", path=path))
        return dict(value)

    def _changed(self, resource: str, change: PropertyChange) -> PropertyPreview:
        forces = change.effect is Effect.REPLACE
        found = self._property(resource, change.name, change.before, change.after)
        return PropertyPreview(found.name, found.before, found.after, forces, found.secret or change.hidden)

    def _property(self, resource: str, name: str, before: Any, after: Any) -> PropertyPreview:
        return PropertyPreview(name, before, after, secret=self.secrets.of_property(resource, name))


_WILL = {
    Verdict.LEAVE: Will.NOTHING,
    Verdict.UPDATE: Will.UPDATE,
    Verdict.REPLACE: Will.REPLACE,
    Verdict.REFUSE: Will.UPDATE,  # only if a value that is not known yet differs
}


def _known_after(will: Will) -> Known:
    return {Will.NOTHING: UNCHANGED, Will.UPDATE: CHANGED_IN_PLACE}.get(will, NEW)


def _in_order(wanted: Sequence[NewResource]) -> list[NewResource]:
    places = {one.name: place for place, one in enumerate(wanted)}
    order = Graph({places[one.name]: [places[name] for name in one.requires] for one in wanted}).order()
    return [wanted[place] for place in order]


def _is_kept(row: ResourceRow) -> bool:
    return bool(row.create_key) and row.definition.get("deletion_policy") == "Retain"


def _candidate(row: ResourceRow) -> Candidate:
    return Candidate(
        id=row.id,
        name=row.name,
        action=row.action,
        status=row.status,
        template_id=row.template_id,
        replaced_by=row.replaced_by,
        updated_at=row.updated_at,
        input_hash=row.input_hash,
        revision=row.revision,
        drift=row.drift,
    )


def _upstream(row: ResourceRow) -> UpstreamRow:
    return UpstreamRow(
        id=row.id,
        name=row.name,
        type=row.type,
        implementation=row.implementation,
        action=row.action,
        status=row.status,
        physical_id=row.physical_id,
        reference_id=row.reference_id or row.physical_id,
        attributes=row.attributes,
        data=row.data,
        properties=row.properties,
        revision=row.revision,
    )
