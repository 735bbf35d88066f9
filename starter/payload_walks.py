"""What a worker's SDK does to the payloads of a workflow task, left out where it changes nothing.

The SDK goes through all payloads of a task three times before the workflow sees them and three times after, for a
codec, for storage outside of histories, and for references to that. Where there is neither codec nor storage nothing
is changed (starter.payloads hands on what refers to somebody else's), and the walks are a tenth of a worker's processor
time: for 1,000 activities 0.15 s on the loop that all else waits for, 0.05 s without.

The two functions are internal to the SDK. One that has others, or whose functions take something else, is left alone.
"""

import inspect
from collections.abc import Callable
from typing import Any

from temporalio.bridge import worker as sdk
from temporalio.converter import DataConverter

_WALKS = {
    "decode_activation": ["activation", "data_converter", "decode_headers", "storage_concurrency_limit"],
    "encode_completion": ["completion", "data_converter", "encode_headers", "storage_concurrency_limit"],
}


def leave_out_idle() -> None:
    """For all workers of this process, from now on."""
    for name, parameters in _WALKS.items():
        walk = getattr(sdk, name, None)
        if walk is not None and list(inspect.signature(walk).parameters) == parameters:
            setattr(sdk, name, _without_idle(walk))


def _without_idle(walk: Callable[..., Any]) -> Callable[..., Any]:
    idle = inspect.signature(walk, eval_str=True).return_annotation

    async def walk_if_need_be(task: Any, data_converter: DataConverter, *args: Any, **kwargs: Any) -> Any:
        if data_converter.payload_codec is None and data_converter.external_storage is None:
            return idle()  # what it counts: nothing
        return await walk(task, data_converter, *args, **kwargs)

    return walk_if_need_be
