"""What a failed handler says, as it may be stored: without the secrets of its stack (firebrick.masking)."""

import asyncio
from collections.abc import Mapping

from activities.heartbeat import Interrupt
from activities.world import World
from firebrick.diagnostics import FirebrickError, Unavailable
from firebrick.masking import hidden_values, masked, texts_in
from firebrick.store.rows import UpstreamRow
from firebrick.store.secret_sources import SecretSources, read_secret_sources
from firebrick.template.parameters import SHOWN_HIDDEN

KEPT = 64
"""Operations whose hidden values are remembered: a template is read once, however many of its resources fail."""
DATABASE_PAUSE = 0.5  # seconds between two tries to read while the database is away
NOTHING: Mapping[str, UpstreamRow] = {}


class Masks:
    """One for each worker and kind of activity."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._hidden: dict[tuple[str, str], set[str]] = {}

    async def text(
        self,
        error: Exception,
        project: str,
        stack_id: str,
        operation_id: str,
        stop: Interrupt,
        unstored: Mapping[str, UpstreamRow] = NOTHING,
    ) -> str:
        """The error's text. unstored: further resources whose values may be in it: made and not in the store yet (of
        the same batch), or of nested stacks.

        While the database is away it is waited for, since what is known now must not be lost; Unavailable when `stop`
        comes meanwhile.
        """
        text = error.first.message if isinstance(error, FirebrickError) else str(error)
        if not text:
            return text
        kinds = self._world.registry.secret_attributes
        while True:
            try:
                sources = await self._world.store.read(read_secret_sources, project, stack_id, sorted(kinds))
                break
            except Unavailable:
                if await stop.wait(DATABASE_PAUSE):
                    raise
        if sources is None:
            return text
        secrets = set(await self._hidden_of((stack_id, operation_id), sources))
        drawn = [*sources.drawn, *((row.implementation, row.attributes) for row in unstored.values())]
        for kind, attributes in drawn:
            for name in kinds.get(kind, ()):
                secrets |= set(texts_in(attributes.get(name)))
        return await asyncio.to_thread(masked, text, secrets, list(sources.files.values()))

    async def _hidden_of(self, operation: tuple[str, str], sources: SecretSources) -> set[str]:
        known = self._hidden.get(operation)
        if known is None:
            names = [name for name, shown in sources.shown_parameters.items() if shown == SHOWN_HIDDEN]
            known = self._hidden[operation] = await asyncio.to_thread(
                hidden_values, sources.template, sources.environment, sources.parameters, names
            )
            while len(self._hidden) > KEPT:
                del self._hidden[next(iter(self._hidden))]
        return known
