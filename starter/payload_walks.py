"""What a worker's SDK does to the payloads of a workflow task, left out where it changes nothing.

The SDK goes through all payloads of a task three times before the workflow sees them and three times after, for a
codec, for storage outside of histories, and for references to that. Where there is neither codec nor storage nothing
is changed (starter.payloads hands on what refers to somebody else's), and the walks are a tenth of a worker's processor
time: for 1,000 activities 0.15 s on the loop that all else waits for, 0.05 s without.

The two functions are internal to the SDK: in versions that nobody has looked at they may do more, and are left alone.
"""

from collections.abc import Callable
from importlib.metadata import version
from typing import Any

from temporalio.bridge import worker as sdk
from temporalio.converter import DataConverter

LOOKED_AT = "1.35."
"""Of which the functions were read: they have codec and storage only in mind, and nothing is checked on the way."""


def leave_out_idle() -> None:
    """For all workers of this process, from now on."""
    if not version("temporalio").startswith(LOOKED_AT):
        return
    from temporalio.converter._extstore import StorageOperationMetrics

    for name in ("decode_activation", "encode_completion"):
        walk = getattr(sdk, name)
        if not hasattr(walk, "left_out"):
            setattr(sdk, name, _without_idle(walk, StorageOperationMetrics))


def _without_idle(walk: Callable[..., Any], nothing: Callable[[], Any]) -> Callable[..., Any]:
    """nothing: makes what is told of a walk in which there was nothing to do."""

    async def walk_if_need_be(task: Any, data_converter: DataConverter, *args: Any, **kwargs: Any) -> Any:
        if data_converter.payload_codec is None and data_converter.external_storage is None:
            return nothing()
        return await walk(task, data_converter, *args, **kwargs)

    walk_if_need_be.left_out = True  # type: ignore[attr-defined]
    return walk_if_need_be
