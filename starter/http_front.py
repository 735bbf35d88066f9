"""uvicorn inside a process that has other things to do: it serves while the context lasts and takes no signals."""

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator, Iterator
from typing import Any

import uvicorn


class HttpFront(uvicorn.Server):
    """uvicorn without its signal handlers: stopping is its owner's business."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.asynccontextmanager
async def serving(app: Any, listener: socket.socket, *, grace: int = 3) -> AsyncIterator["asyncio.Task[None]"]:
    """Serve an ASGI application on a listening socket; the task ends only if serving does. grace: seconds that
    requests under way are given at the end."""
    front = HttpFront(
        uvicorn.Config(app, log_config=None, access_log=False, lifespan="off", timeout_graceful_shutdown=grace)
    )
    task = asyncio.create_task(front.serve(sockets=[listener]))
    try:
        while not front.started and not task.done():
            await asyncio.sleep(0.01)
        yield task
    finally:
        front.should_exit = True
        await task
