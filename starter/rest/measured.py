"""Requests as they are seen from outside: timed by method, route and status; the log's lines bound to them."""

import time

import structlog

from firebrick import log_context, metrics
from starter.rest.asgi import ASGIApp, Message, Receive, Scope, Send

log = structlog.get_logger("firebrick.rest")


class Measured:
    """The outermost layer. A path's names may be anybody's, so the log has the route; the query is left out."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = 500
        began = time.perf_counter()

        async def noted(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        with log_context.bound(request=scope["firebrick.request_id"]):
            try:
                await self._app(scope, receive, noted)
            finally:
                seconds = time.perf_counter() - began
                method, route = _method(scope), route_of(scope)
                metrics.REQUESTS.labels(method, route, str(status)).observe(seconds)
                log.debug("answered", method=method, route=route, status=status, seconds=round(seconds, 4))


def route_of(scope: Scope) -> str:
    """The pattern of the path that was asked for; - when no route has it."""
    return str(getattr(scope.get("route"), "path", "-"))


def _method(scope: Scope) -> str:
    """Anybody may send any word as a method: those that mean something, so that labels stay few."""
    known = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
    return scope["method"] if scope["method"] in known else "other"
