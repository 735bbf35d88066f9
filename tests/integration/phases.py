"""Stacks brought into a phase of an operation, and held there: for tests of what happens to them then."""

from typing import Any

from firebrick.contract import Action
from firebrick.store.rows import EventRow, OperationRow
from tests.integration.rig import Rig


def template(**resources: Any) -> dict[str, Any]:
    """Of objects of the provider, by their properties."""
    made = {
        name: {"type": "Firebrick::Test::Object", "properties": properties} for name, properties in resources.items()
    }
    return {"heat_template_version": "2021-04-16", "resources": made}


BASE = template(kept={"value": "before"})
OTHER = template(kept={"value": "other"}, more={})


class PhasedStack:
    """One stack, with a resource "held" that is not made, or not gone, before `release`. fields: of each of its
    requests."""

    def __init__(self, rig: Rig, name: str, **fields: Any) -> None:
        self.rig, self.name, self._fields = rig, name, fields

    async def enter(self, phase: str) -> OperationRow:
        """The operation that is in the phase, a row of the table in docs/architecture.md, section 6."""
        rolls_back = {"disable_rollback": False} if "rolls back" in phase or phase == "rollback" else {}
        making, leaving = {"hold": "ready"}, {"hold": "gone"}
        if phase.startswith("create"):
            operation = await self.rig.create(template(kept={}, held=making), self.name, **rolls_back, **self._fields)
            return await self._is_held(operation, "CREATE_IN_PROGRESS")
        if phase.startswith("update"):
            await self._created(BASE)
            target = template(kept={"value": "after"}, held=making)
            operation = await self.rig.update(target, self.name, **rolls_back, **self._fields)
            return await self._is_held(operation, "CREATE_IN_PROGRESS")
        if phase == "clean-up of an update":
            await self._created(template(kept={"value": "before"}, held=leaving))
            operation = await self.rig.update(BASE, self.name, **self._fields)
            return await self._is_held(operation, "DELETE_IN_PROGRESS")
        if phase == "rollback":
            await self._created(BASE)
            target = template(kept={"value": "before"}, held=leaving, fails={"fail": True})
            target["resources"]["fails"]["depends_on"] = "held"
            await self.rig.update(target, self.name, **rolls_back, **self._fields)
            operation = await self.rig.operation_of(self.name, Action.ROLLBACK)
            return await self._is_held(operation, "DELETE_IN_PROGRESS")
        assert phase == "delete"
        await self._created(template(held=leaving), **self._fields)
        return await self._is_held(await self.rig.delete(self.name), "DELETE_IN_PROGRESS")

    def release(self) -> None:
        """The resource is made, or gone, when it is asked for again."""
        self.rig.provider.release("held", stack=self.name)

    async def _created(self, target: dict[str, Any], **more: Any) -> None:
        await self.rig.done(await self.rig.create(target, self.name, **more))

    async def _is_held(self, operation: OperationRow, state: str) -> OperationRow:
        def there(events: list[EventRow]) -> bool:
            return any((one.resource_name, one.state) == ("held", state) for one in events)

        await self.rig.reached(operation, there, f"{self.name}: held is {state}")
        return operation
