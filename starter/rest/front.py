"""What every route is given, and how routes are named: a table of method, path and handler."""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import Request, Response

from firebrick.contract import PROJECT_PATTERN, PROJECT_RULE, Requester
from firebrick.diagnostics import Diagnostic, NotFound
from firebrick.resources.registry import Registry
from firebrick.store import Repository, Store
from firebrick.store.rows import StackRow
from starter.rest.errors import bad_request, stack_not_found
from starter.rest.protocols import Starter
from starter.rest.query_values import query_boolean
from starter.rest.views import Links

OPERATION_HEADER = "X-Firebrick-Operation"
_PROJECT = re.compile(PROJECT_PATTERN)


@dataclass(frozen=True, slots=True)
class Front:
    store: Store
    starter: Starter
    registry: Registry


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a project. warnings: what is allowed in what was sent, and probably not meant."""

    front: Front
    request: Request
    project: str
    repository: Repository
    links: Links
    warnings: list[Diagnostic] = field(default_factory=list)

    @classmethod
    def of(cls, front: Front, request: Request) -> "Call":
        project = request.path_params["project"]
        if not _PROJECT.fullmatch(project):
            raise bad_request(
                PROJECT_RULE,
                "bad-project",
                heat_type="InvalidTenant",
            )
        links = Links(str(request.base_url), project)
        return cls(front, request, project, front.store.project(project), links)

    @property
    def requester(self) -> Requester:
        """Who asks, by what the client says; the address is the only thing that is certain."""
        headers = self.request.headers
        return Requester(
            user=headers.get("x-auth-user", "")[:255], request_id=self.request.scope.get("firebrick.request_id", "")
        )

    def warned(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The body of an answer, with the warnings where they are asked for: by with_warnings=True (ours)."""
        if not query_boolean(self.request, "with_warnings", False):
            return dict(body)
        return {**body, "warnings": [one.as_dict() for one in dict.fromkeys(self.warnings)]}

    async def stack(self) -> StackRow:
        """The stack of a canonical path; NotFound unless name and id belong together. Deleted ones are found."""
        name, stack_id = self.request.path_params["name"], self.request.path_params["id"]
        row = await self.find(stack_id)
        if row is None or row.id != stack_id or row.name != name:
            raise stack_not_found(name)
        return row

    async def find(self, name_or_id: str) -> StackRow | None:
        """A living stack by name or id, a deleted one by id."""
        try:
            return await self.repository.stack(name_or_id, include_deleted=True)
        except NotFound:
            return None


Handler = Callable[[Call], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Route:
    """path: below /v1/{project}."""

    method: str
    path: str
    handler: Handler
