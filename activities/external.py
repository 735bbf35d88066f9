"""Resources that stand for an object which exists already (``external_id``): adopted and looked at, never changed.

Heat's rules: ADOPT, then CHECK; the end state is CHECK_COMPLETE. What the template says of its properties is not used.
"""

from typing import TYPE_CHECKING, Any

from activities.failures import Lost
from activities.settling import requirements
from firebrick.contract import Action, Status, StepResult
from firebrick.resources.base import ResourceType
from firebrick.resources.errors import PermanentError
from firebrick.selection import base_hash, input_hash
from firebrick.store.step_outcomes import Claimed, RowOutcome, Settled
from firebrick.store.targets import resource_from_json

if TYPE_CHECKING:
    from activities.steps import Step


class InvalidExternalResource(PermanentError):
    """The object is not there."""


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
    if kind.read is not None:
        context = step.context(held, None, {}, physical_id=str(asked))
        if await step.query(kind, kind.read, context) is None:
            raise InvalidExternalResource(f"Invalid external resource: Resource {asked} ({row.type}) can not be found.")
    done: dict[str, Any] = {"physical_id": str(asked), "properties": {}, "settled": settled}
    return await step.record(row, RowOutcome.done(**done, changed=True, message=reason))


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
