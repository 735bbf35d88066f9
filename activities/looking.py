"""What the objects of a whole stack are like now, for the plan of an update that compares with them. Reads only."""

import asyncio
import base64
import json
import zlib
from typing import Any

from temporalio import activity

from activities.failures import scrubbed
from activities.live_objects import seen_of
from activities.world import World
from firebrick import contract
from firebrick.contract import Action
from firebrick.diagnostics import InvalidInput
from firebrick.physical_names import physical_name
from firebrick.resources.base import Context
from firebrick.resources.schema import restore
from firebrick.standing import Seen
from firebrick.store.rows import ResourceRow, StackRow

AT_ONCE = 50  # objects that are looked at
MOST_SEEN = 1024 * 1024  # characters of one answer, unless one object alone has more


class LookActivities:
    """look_at_objects: reads only."""

    def __init__(self, world: World) -> None:
        self._world = world

    @activity.defn(name=contract.LOOK)
    @scrubbed
    async def look_at_objects(self, ask: contract.LookAtObjects) -> contract.ObjectsSeen:
        """What of a stack's objects is other than the store has it, sealed."""
        project = self._world.store.project(ask.project)
        stack = await project.stack(ask.stack_id)
        rows = [row for row in await project.all_rows(stack.id) if row.id > ask.after_row and _is_looked_at(row)]
        page = sorted(rows, key=lambda row: row.id)[: ask.limit]
        turn = asyncio.Semaphore(AT_ONCE)

        async def look(row: ResourceRow) -> Seen:
            async with turn:
                return await self._look(stack, row)

        found = await asyncio.gather(*(look(row) for row in page))
        different: dict[int, list[Any]] = {}
        size, last = 0, ask.after_row
        for row, seen in zip(page, found, strict=True):
            told = [seen.properties, seen.attributes, seen.failed] if seen.adds_to(row) else []
            size += len(json.dumps(told))
            if size > MOST_SEEN and different:
                break
            last = row.id
            if told:
                different[row.id] = told
        sealed = self._world.store.keyring.seal(zlib.compress(json.dumps(different).encode()))
        more = any(row.id > last for row in rows)
        return contract.ObjectsSeen(sealed=base64.b64encode(sealed).decode(), next_after=last if more else None)

    async def _look(self, stack: StackRow, row: ResourceRow) -> Seen:
        try:
            kind = self._world.registry.type(row.implementation)
        except InvalidInput:  # a plug-in that this worker does not have
            return Seen(row.properties or {}, failed=True)
        signals = await self._world.store.project(stack.project).signals(row) if kind.takes_signals else ()
        context = Context(
            name=row.name,
            type_name=row.type,
            stack_name=stack.name,
            stack_id=stack.id,
            project=stack.project,
            action=Action.UPDATE.value,
            key=row.key,
            physical_name=physical_name(stack.name, row.name, row.uuid),
            properties=restore(kind, row.properties or {}),
            physical_id=row.physical_id,
            data=row.data,
            progress=row.progress,
            now=self._world.clock(),
            signals=signals,
            deletion_policy=row.definition.get("deletion_policy", "Delete"),
        )
        return await seen_of(kind, row, lambda: self._world.handlers.call(kind, kind.read, context))  # type: ignore[arg-type]


def _is_looked_at(row: ResourceRow) -> bool:
    """Whether an update would look: not at what goes, was never made, or is somebody else's."""
    return row.action not in (Action.DELETE.value, "INIT") and row.definition.get("external_id") is None
