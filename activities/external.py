"""Resources that stand for an object which exists already (``external_id``): adopted and looked at, never changed.

Heat's rules: ADOPT, then CHECK; the end state is CHECK_COMPLETE. The check is the type's `read`, of the id and the
properties that the template gives; any of them may be missing.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from activities.failures import Lost
from activities.settling import requirements
from firebrick.contract import Action, Status, StepResult
from firebrick.resources.base import Live, ResourceType
from firebrick.resources.errors import PermanentError
from firebrick.resources.schema import partial
from firebrick.selection import base_hash, input_hash
from firebrick.store.step_outcomes import Claimed, RowOutcome, Settled
from firebrick.store.targets import resource_from_json
from firebrick.template import ResourceDefinition

if TYPE_CHECKING:
    from activities.steps import Step


class InvalidExternalResource(PermanentError):
    """The object is not there, or does not work."""


def is_external(held: Claimed) -> bool:
    """Whether the row stands, or is to stand, for somebody else's object; of one that goes nobody asks."""
    row = held.row
    if row.action == Action.DELETE:
        return False
    definitions = [row.definition] if row.wanted is None else [row.definition, row.wanted["definition"]]
    return any(one.get("external_id") is not None for one in definitions)


async def look(step: "Step", kind: ResourceType, held: Claimed) -> StepResult:
    """Adopt and check it; or, in an update, leave it alone. Another id than the row's is refused."""
    row = held.row
    wanted = resource_from_json(row.wanted).definition if row.wanted is not None else row.definition
    known, asked = row.definition.get("external_id"), wanted.get("external_id")
    if row.action != "INIT" and known != asked:
        text = f"Update to property external_id of {row.name} ({row.type}) is not supported."
        return await step.record(row, RowOutcome.refused("refused", text))
    settled = _settled(step, held, wanted)
    if row.action != "INIT" and not held.in_progress and row.status == Status.COMPLETE:
        return await step.record(row, RowOutcome.unchanged(settled, properties=dict(row.properties or {})))
    await _adopt(step, str(asked), checks=kind.read is not None)
    reason = "" if kind.read is not None else f"CHECK not supported for {row.type}"
    shown: Mapping[str, Any] = {}
    if kind.read is not None:
        shown = await _looked_at(step, kind, held, ResourceDefinition.thaw(wanted), str(asked))
    done: dict[str, Any] = {"physical_id": str(asked), "properties": {}, "settled": settled, "attributes": shown}
    return await step.record(row, RowOutcome.done(**done, changed=True, message=reason))


async def _looked_at(
    step: "Step", kind: ResourceType, held: Claimed, definition: ResourceDefinition, external_id: str
) -> Mapping[str, Any]:
    """The attributes that the object shows. InvalidExternalResource: it is not there, or does not work."""
    row = held.row
    properties, metadata = await step.resolve(held.upstream, definition)
    context = step.context(held, partial(kind, properties), metadata, physical_id=external_id)
    live: Live | None = await step.query(kind, kind.read, replace(context, action="CHECK", external=True))  # type: ignore[arg-type]
    if live is None:
        raise InvalidExternalResource(
            f"Invalid external resource: Resource {external_id} ({row.type}) can not be found."
        )
    if not live.healthy:
        raise InvalidExternalResource(f"Resource {external_id} ({row.type}) is there and does not work: {live.why}")
    return {name: value for name, value in live.attributes.items() if name in kind.attributes or kind.any_attribute}


async def _adopt(step: "Step", external_id: str, *, checks: bool) -> None:
    if not await step.stored(lambda: step.rows.adopt(step.claim, external_id, checks=checks, now=step.world.clock())):
        raise Lost


def _settled(step: "Step", held: Claimed, definition: Any) -> Settled:
    row = held.row
    schema = step.world.registry.schema(row.implementation)
    base = base_hash(definition, row.implementation, schema.fingerprint)
    return Settled(
        input_hash=input_hash(base, requirements(held.upstream)),
        revision=row.revision + (row.action == "INIT"),
        definition=definition,
        requires=tuple(sorted(one.id for one in held.upstream.values())),
        template_id=held.target_id,
    )
