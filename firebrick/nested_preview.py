"""What happens inside of nested stacks: the preview of each, at any depth, as the step of its resource asks for it.

Pure. The requests are those of activities/nested.py. What is not known of the values handed in is not known inside,
either; and what is secret outside is secret inside, although the inner template does not say so.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from firebrick.contract import UpdateStackRequest
from firebrick.diagnostics import InvalidInput
from firebrick.intake import define_stack, new_resources
from firebrick.intake_update import check_immutable
from firebrick.nested import facade_of, nested_environment
from firebrick.preview import preview
from firebrick.preview_result import Inside, Preview
from firebrick.preview_values import Marks, secrets_of_templates
from firebrick.resources.registry import Registry
from firebrick.resources.schema import is_known
from firebrick.standing import Seen
from firebrick.store.plan_base import PlanBase
from firebrick.store.requests import NewResource
from firebrick.store.rows import ResourceRow
from firebrick.template import (
    UNKNOWN,
    Foresight,
    ResourceDefinition,
    StackDefinition,
    StackIdentity,
    parse_environment,
)

OWN_NAMES = frozenset({"OS::stack_id", "OS::stack_name", "AWS::StackId", "AWS::StackName"})
"""Pseudo parameters that nobody knows of a stack that is to be made."""


@dataclass(frozen=True, slots=True)
class NestedPreviews:
    """Those of one stack: see firebrick.preview.NestedStacks. name, environment, files, timeout_mins: what it will
    have. bases: of all stacks below it, by id. look_at_all, live: see firebrick.preview.preview."""

    registry: Registry
    project: str
    name: str
    environment: str
    files: Mapping[str, str]
    timeout_mins: int | None = None
    bases: Mapping[str, PlanBase] | None = None
    look_at_all: bool = False
    live: Mapping[int, Seen] | None = None

    def made(self, one: NewResource, properties: Mapping[str, Any], secret: frozenset[str]) -> Inside:
        identity = StackIdentity(f"{self.name}-{one.name}", "", self.project)
        definition = self._define(one, properties, secret, identity, OWN_NAMES)
        below = self._below(one, identity.name)
        found = preview(
            (),
            new_resources(self.registry, definition, partly=True),
            self.registry,
            nested=below,
            stack_name=identity.name,
            undecided=definition.undecided,
            marks=below.marks(),
        )
        return Inside(identity.name, None, found, (), outputs_of(definition, found))

    def changed(
        self, one: NewResource, row: ResourceRow, properties: Mapping[str, Any], secret: frozenset[str]
    ) -> Inside | None:
        base = (self.bases or {}).get(row.physical_id or "")
        if base is None:
            return None
        stack = base.stack
        identity = StackIdentity(stack.name, stack.id, self.project)
        definition = self._define(one, properties, secret, identity, frozenset())
        below = self._below(one, stack.name)
        request = UpdateStackRequest(
            stack=stack.id, environment=below.environment, parameters=_known(properties), project=self.project
        )
        check_immutable(self.registry, stack, base.target, request, definition)
        found = preview(
            base.rows,
            new_resources(self.registry, definition, partly=True),
            self.registry,
            nested=below,
            stack_name=stack.name,
            previous=stack.template_id,
            look_at_all=self.look_at_all,
            live=self.live,
            undecided=definition.undecided,
            marks=self._marks(base, row, secret, below.marks()),
        )
        changes = changes_of_stack(base, definition)
        return Inside(stack.name, stack, found, changes, outputs_of(definition, found))

    def unmade(self, row: ResourceRow, secret: frozenset[str]) -> Inside | None:
        base = (self.bases or {}).get(row.physical_id or "")
        if base is None:
            return None
        stack = base.stack
        below = replace(self, name=stack.name, environment=stack.environment, files=stack.files)
        found = preview(
            base.rows,
            (),
            self.registry,
            nested=below,
            stack_name=stack.name,
            marks=self._marks(base, row, secret, below.marks()),
        )
        return Inside(stack.name, stack, found)

    def marks(self) -> Marks:
        return Marks(secrets_of_templates(self.files, self.registry, parse_environment(self.environment or {})))

    def _below(self, one: NewResource, name: str) -> "NestedPreviews":
        return replace(self, name=name, environment=nested_environment(self.environment, one.name, one.type))

    def _define(
        self,
        one: NewResource,
        properties: Mapping[str, Any],
        secret: frozenset[str],
        identity: StackIdentity,
        unknown: frozenset[str],
    ) -> StackDefinition:
        definition = ResourceDefinition.thaw(one.definition)
        known = _known(properties)
        return define_stack(
            self.registry,
            template=self.files[definition.type],
            environment=nested_environment(self.environment, one.name, definition.declared_type),
            parameters=known,
            files=self.files,
            tags=(),
            timeout_mins=self.timeout_mins,
            identity=identity,
            facade=facade_of(definition),
            foresight=Foresight(unknown | (properties.keys() - known.keys()), secret),
        )

    def _marks(self, base: PlanBase, row: ResourceRow, secret: frozenset[str], marks: Marks) -> Marks:
        """With what was handed into the stack as a secret, when it was last made or changed. Rows of an older template
        than its last one are closed altogether."""
        stack = base.stack
        older = secrets_of_templates(stack.files, self.registry, parse_environment(stack.environment or {}))
        marks = replace(marks, templates={**older, **marks.templates})
        if not secret:
            return marks
        names = frozenset(one.name for one in base.rows)
        try:
            definition = define_stack(
                self.registry,
                template=stack.template,
                environment=stack.environment,
                parameters=stack.parameters,
                files=stack.files,
                tags=(),
                timeout_mins=stack.timeout_mins,
                identity=StackIdentity(stack.name, stack.id, self.project),
                facade=facade_of(ResourceDefinition.thaw(row.definition)),
                foresight=Foresight(secret=secret),
            )
        except InvalidInput:  # of a type that is not there any more, say
            return replace(marks, opaque=names)
        opaque = frozenset(one.name for one in base.rows if one.template_id != stack.template_id)
        defined = tuple(definition.resources.values())
        return replace(marks, definitions=defined, opaque=opaque | (names - definition.resources.keys()))


def outputs_of(definition: StackDefinition, found: Preview) -> dict[str, Any]:
    """What a stack's outputs will be; as in the step, one that cannot be had is None."""
    outputs: dict[str, Any] = {}
    for key, output in definition.outputs.items():
        try:
            outputs[key] = found.value_of(output.value)
        except InvalidInput:
            outputs[key] = None
    return outputs


def changes_of_stack(base: PlanBase, definition: StackDefinition) -> tuple[str, ...]:
    """What of its template changes a stack, beside its resources; only what is certain."""
    target = base.target
    before = [dict(one) for one in target.outputs]
    old = {one["key"]: one for one in before}
    frozen = [one.freeze() for one in definition.outputs.values()]
    after = [one if is_known(one, UNKNOWN) else old.get(one["key"], one) for one in frozen]
    pairs = {
        "description": (target.description, definition.description),
        "outputs": (before, after),
    }
    return tuple(name for name, (before, after) in pairs.items() if before != after)


def _known(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in properties.items() if is_known(value, UNKNOWN)}
