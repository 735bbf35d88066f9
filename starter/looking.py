"""Asking a worker what is really there, for plans. Used by starter.starting; nothing is stored, nothing changed."""

import base64
import binascii
import json
import uuid
import zlib
from collections.abc import Sequence
from datetime import timedelta

import structlog
from temporalio.client import Client, WorkflowFailureError
from temporalio.service import RPCError

from firebrick import contract
from firebrick.diagnostics import Diagnostic, Unavailable
from firebrick.standing import Seen
from firebrick.store import Keyring

log = structlog.get_logger("firebrick.starter")

WITHIN = timedelta(seconds=60)
"""For one page of one stack."""


async def look_at_objects(
    client: Client, keyring: Keyring, task_queue: str, project: str, stack_ids: Sequence[str]
) -> dict[int, Seen]:
    """What a worker sees of the resources of these stacks, by row, where it is other than the store has it.
    Unavailable: none answers in time."""
    found: dict[int, Seen] = {}
    for stack_id in stack_ids:
        after: int | None = 0
        while after is not None:
            ask = contract.LookAtObjects(project=project, stack_id=stack_id, after_row=after)
            seen = await _page(client, task_queue, ask)
            found |= _opened(keyring, seen.sealed)
            after = seen.next_after
    return found


async def _page(client: Client, task_queue: str, ask: contract.LookAtObjects) -> contract.ObjectsSeen:
    try:
        seen: contract.ObjectsSeen = await client.execute_workflow(
            contract.LOOK_AT_OBJECTS,
            ask,
            id=f"look/{ask.project}/{ask.stack_id}/{uuid.uuid4()}",
            task_queue=task_queue,
            result_type=contract.ObjectsSeen,
            execution_timeout=WITHIN,
            static_summary="look at what is really there",
        )
        return seen
    except (WorkflowFailureError, RPCError, OSError) as error:
        log.warning("objects could not be looked at", stack=ask.stack_id, error=type(error).__name__)
        raise Unavailable(
            Diagnostic(
                code="objects-not-seen",
                summary="No worker has looked at what is really there.",
                detail="Nothing was changed. See that a worker runs (its log says what went wrong), or plan without "
                "converge.",
            )
        ) from None


def _opened(keyring: Keyring, sealed: str) -> dict[int, Seen]:
    try:
        text = zlib.decompress(keyring.open(base64.b64decode(sealed, validate=True)))
        return {int(row): Seen(*seen) for row, seen in json.loads(text).items()}
    except (binascii.Error, zlib.error, ValueError):
        raise Unavailable(
            Diagnostic(code="objects-not-seen", summary="What the worker saw cannot be read.", detail="Ask again.")
        ) from None
