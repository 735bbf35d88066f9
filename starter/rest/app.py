"""The application: Heat's REST API v1 over the store (reads) and the starter (requests).

Every answer, refusals and unexpected errors included, is JSON; every response names its request in
X-Openstack-Request-Id. Bodies are Heat's; what is ours beyond them is behind query parameters and X-Firebrick headers.
"""

import uuid
from collections.abc import Awaitable, Callable, Sequence
from urllib.parse import urlsplit

from fastapi import FastAPI, Request, Response
from fastapi.responses import JSONResponse

from firebrick.diagnostics import Diagnostic, FirebrickError, Unavailable
from firebrick.resources.registry import Registry
from firebrick.store import Store
from starter.rest import actions, contents, plans, previews, resource_actions, resource_types, stacks, template_versions
from starter.rest.asgi import ASGIApp, Message, Receive, Scope, Send
from starter.rest.errors import TEXTS, Forbidden, error_response, plain_body, unexpected_response
from starter.rest.front import Call, Front, Handler, Route
from starter.rest.measured import Measured
from starter.rest.protocols import Starter

METHODS = ("DELETE", "GET", "PATCH", "POST", "PUT")
ROUTES = (
    *stacks.ARN_ROUTES,
    *previews.ROUTES,
    *plans.ROUTES,
    *stacks.ROUTES,
    *actions.ROUTES,
    *contents.ROUTES,
    *resource_actions.ROUTES,
    *resource_types.ROUTES,
    *template_versions.ROUTES,
)
"""All there are below /v1/{project}."""
Endpoint = Callable[[Request], Awaitable[Response]]


def create_app(
    store: Store, starter: Starter, registry: Registry | None = None, *, hosts: Sequence[str] = ()
) -> FastAPI:
    """The ASGI application. hosts: the names it answers to, () for any; a server on loopback names those of loopback,
    so that no web page can reach it by a name of its own."""
    front = Front(store, starter, registry or Registry.default())
    app = FastAPI(title="Firebrick", openapi_url=None, redirect_slashes=False)
    app.add_api_route("/healthcheck", _guarded(_healthcheck(front)), methods=["GET"], response_model=None)
    _add_routes(app, front, ROUTES)
    app.add_exception_handler(404, _no_route)
    app.add_middleware(Measured)
    app.add_middleware(Border, hosts=tuple(hosts))
    return app


def _healthcheck(front: Front) -> Endpoint:
    async def healthcheck(request: Request) -> Response:
        try:
            await front.starter.check_server()
        except Unavailable as error:
            return JSONResponse({"detailed": False, "reasons": [error.first.summary]}, status_code=503)
        return JSONResponse({"detailed": False, "reasons": []})

    return healthcheck


def _add_routes(app: FastAPI, front: Front, routes: Sequence[Route]) -> None:
    """Each path once, with its methods; other methods are 405 and OPTIONS 204, both naming those there are."""
    by_path: dict[str, dict[str, Handler]] = {}
    for route in routes:
        by_path.setdefault(route.path, {})[route.method] = route.handler
    for path, handlers in by_path.items():
        endpoint = _guarded(_dispatch(front, handlers))
        methods = [*METHODS, "HEAD", "OPTIONS"]
        app.add_api_route(f"/v1/{{project}}{path}", endpoint, methods=methods, response_model=None)


def _dispatch(front: Front, handlers: dict[str, Handler]) -> Endpoint:
    allow = ", ".join(sorted(handlers))

    async def endpoint(request: Request) -> Response:
        handler = handlers.get("GET" if request.method == "HEAD" else request.method)
        if handler is not None:
            return await handler(Call.of(front, request))
        if request.method == "OPTIONS":
            return Response(status_code=204, headers={"Allow": allow})
        return JSONResponse(
            plain_body(405, "HTTPMethodNotAllowed", TEXTS[405][1]), status_code=405, headers={"Allow": allow}
        )

    return endpoint


def _guarded(endpoint: Endpoint) -> Endpoint:
    """Refusals become Heat's bodies; what nobody expected becomes a report."""

    async def guarded(request: Request) -> Response:
        try:
            return await endpoint(request)
        except FirebrickError as error:
            return error_response(error)
        except Exception as error:
            return unexpected_response(error)

    return guarded


async def _no_route(request: Request, error: Exception) -> Response:
    """No such path: below /v1/ Heat's 404, elsewhere the list of versions."""
    path = request.url.path
    if path == "/v1" or path.startswith("/v1/"):
        text = f"{TEXTS[404][1]}<br /><br />\n\n\n"
        return JSONResponse({"message": text, "code": "404 Not Found", "title": "Not Found"}, status_code=404)
    href = f"{str(request.base_url).rstrip('/')}/v1/"
    version = {"id": "v1.0", "status": "CURRENT", "links": [{"rel": "self", "href": href}]}
    return JSONResponse({"versions": [version]}, status_code=300)


class Border:
    """Names each request, and refuses those that a web page of somebody else's makes a browser send."""

    def __init__(self, app: ASGIApp, hosts: Sequence[str]) -> None:
        self._app = app
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request_id = f"req-{uuid.uuid4()}"
        scope["firebrick.request_id"] = request_id

        async def named(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message["headers"], (b"x-openstack-request-id", request_id.encode())]
            await send(message)

        if refusal := self._refusal(Request(scope)):
            await error_response(refusal)(scope, receive, named)
        else:
            await self._app(scope, receive, named)

    def _refusal(self, request: Request) -> Forbidden | None:
        host = request.headers.get("host", "")
        origin = request.headers.get("origin")
        name = urlsplit(f"//{host}").hostname or ""
        detail = ""
        if self._hosts and name not in self._hosts and request.url.path not in ("/live", "/ready"):
            summary = "this server answers to its own addresses only"
            detail = f"It was asked as {name!r}; --allowed-host or $FIREBRICK_ALLOWED_HOSTS allows a proxy's name."
        elif origin is not None and urlsplit(origin).netloc != host:
            summary = "requests from pages of other origins are refused"
        else:
            return None
        return Forbidden(Diagnostic(code="foreign-origin", summary=summary, detail=detail, heat_type="HTTPForbidden"))
