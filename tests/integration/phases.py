"""Stacks brought into a phase of an operation, and held there: for tests of what happens to them then."""

import json
from typing import Any

from firebrick.contract import Action
from firebrick.store.rows import EventRow, OperationRow
from firebrick.testing.ledger import CREATED, DELETED
from tests.integration.rig import Rig, until

INNER = "inner.yaml"
INSIDE = ("create of a nested stack", "update in place inside")
IN_PLACE = ("update in place", "update in place inside")


def template(**resources: Any) -> dict[str, Any]:
    """Of objects of the provider, by their properties; what requires another one has its name under "after"."""
    made = {}
    for name, given in resources.items():
        properties = {key: value for key, value in given.items() if key != "after"}
        made[name] = {"type": "Firebrick::Test::Object", "properties": properties}
        if "after" in given:
            made[name]["depends_on"] = given["after"]
    return {"heat_template_version": "2021-04-16", "resources": made}


BASE = template(kept={"value": "before"})
OTHER = template(kept={"value": "other"}, more={})


class PhasedStack:
    """One stack, with a resource `held` whose action does not end before `release`, and another that comes after it.
    fields: of each of its requests."""

    def __init__(self, rig: Rig, name: str, **fields: Any) -> None:
        self.rig, self.name, self._fields = rig, name, fields
        self.held = f"held{name}"  # in the ledger its stack may be a nested one
        self.phase = ""

    async def enter(self, phase: str) -> OperationRow:
        """The operation that is in the phase, a row of the table in docs/architecture.md, section 6."""
        self.phase = phase
        rolls_back = {"disable_rollback": False} if "rolls back" in phase or phase == "rollback" else {}
        if phase.startswith("create"):
            return await self._is_held(await self._create(self._with({"hold": "ready"}), **rolls_back), "CREATE")
        if phase.startswith("update") and phase not in IN_PLACE:
            await self._created(self.plain())
            operation = await self._update(self._with({"hold": "ready"}), **rolls_back)
            return await self._is_held(operation, "CREATE")
        if phase in IN_PLACE:
            await self._created({"kept": {"value": "before"}, self.held: {"value": "before"}})
            operation = await self._update(self._with({"hold": "ready", "value": "after"}), **rolls_back)
            return await self._is_held(operation, "UPDATE")
        gone = {"hold": "gone", "after": "below"}
        leaving: dict[str, Any] = {"kept": {"value": "before"}, "below": {}, self.held: gone}
        if phase == "clean-up of an update":
            await self._created(leaving)
            return await self._is_held(await self._update(self.plain()), "DELETE")
        if phase == "rollback":
            await self._created(self.plain())
            leaving["fails"] = {"fail": True, "after": self.held}
            await self._update(leaving, **rolls_back)
            return await self._is_held(await self.rig.operation_of(self.name, Action.ROLLBACK), "DELETE")
        assert phase == "delete"
        await self._created(leaving)
        return await self._is_held(await self.rig.delete(self.name), "DELETE")

    async def update_to_other(self) -> OperationRow:
        """An update that wants the resource that is held, changed in what can be changed in place."""
        return await self._update({"kept": {"value": "other"}, "more": {}, self.held: {"value": "other"}})

    def release(self) -> None:
        """The resource is made, or gone, when it is asked for again."""
        self.rig.provider.release(self.held)

    def objects(self) -> tuple[list[str], list[str]]:
        """Ids of all objects that were ever made for the held resource, and of those that live."""
        effects = [one for one in self.rig.provider.ledger.effects() if one.label == self.held]
        made = [one.id for one in effects if one.what == CREATED]
        gone = {one.id for one in effects if one.what == DELETED}
        return made, [one for one in made if one not in gone]

    async def held_row(self) -> Any:
        """The resource that is held, as the stack or the one in it shows it; None: there is none."""
        for stack in await self.rig.project.stacks(include_nested=True):
            if stack.name == self.name or stack.name.startswith(f"{self.name}-"):
                for row in await self.rig.project.resources(stack.id):
                    if row.name == self.held:
                        return row
        return None

    # --- templates ------------------------------------------------------------------------------------------------

    def plain(self) -> dict[str, Any]:
        """Without the resource that is held."""
        return {"kept": {"value": "before"}}

    def _with(self, held: dict[str, Any]) -> dict[str, Any]:
        return {"kept": {"value": "after"}, "waits": {"after": self.held}, self.held: held}

    def _request(self, resources: dict[str, Any]) -> dict[str, Any]:
        made = template(**resources)
        if self.phase not in INSIDE:
            return {"template": made}
        outer = {
            "heat_template_version": "2021-04-16",
            "resources": {"box": {"type": INNER}, "waits_for_box": {"type": "OS::Heat::None", "depends_on": "box"}},
        }
        return {"template": outer, "files": {INNER: json.dumps(made)}}

    async def _create(self, resources: dict[str, Any], **more: Any) -> OperationRow:
        return await self.rig.create(name=self.name, **self._request(resources), **{**self._fields, **more})

    async def _update(self, resources: dict[str, Any], **more: Any) -> OperationRow:
        return await self.rig.update(name=self.name, **self._request(resources), **{**self._fields, **more})

    async def _created(self, resources: dict[str, Any]) -> None:
        await self.rig.done(await self._create(resources))

    async def _is_held(self, operation: OperationRow, action: str) -> OperationRow:
        """Once the provider is at it and the stack knows its id."""

        async def there() -> bool:
            row = await self.held_row()
            known = row is not None and row.physical_id is not None and row.state == f"{action}_IN_PROGRESS"
            return bool(known and row.polling)

        try:
            await until(there, f"{self.name}: {self.held} is {action}_IN_PROGRESS")
        except AssertionError as error:
            raise AssertionError(f"{error}\n{await self.rig.report(operation)}") from None
        return operation


def there_is(name: str, state: str) -> Any:
    """Whether a stack's events tell that a resource came into a state."""

    def told(events: list[EventRow]) -> bool:
        return any((one.resource_name, one.state) == (name, state) for one in events)

    return told
