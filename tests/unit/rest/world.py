"""The API over a real store, with the part of a worker played by the test: it says how each resource ends.

Temporal is left out: what is tested here is what requests store and what is shown of stored rows.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import httpx2

from firebrick.contract import (
    Action,
    Cancel,
    ContinueStackRequest,
    CreateStackRequest,
    DeleteStackRequest,
    RollbackStackRequest,
    StepKind,
    UpdateStackRequest,
    Work,
)
from firebrick.diagnostics import Diagnostic, Unavailable
from firebrick.intake import accept_create, accept_delete, accept_rollback
from firebrick.intake_update import accept_continue, accept_update
from firebrick.resources.registry import Registry
from firebrick.standing import Seen
from firebrick.store import Repository, Store
from firebrick.store.operation_outcomes import FinishOutcome, Mine
from firebrick.store.requests import Expected
from firebrick.store.rows import OperationRow
from firebrick.store.step_outcomes import Claim, Claimed, RowOutcome
from starter.holds import Hold

OPERATION = "X-Firebrick-Operation"


class AcceptingStarter:
    """Accepts requests as the real one does, and starts nothing. up: whether Temporal would answer.
    no_worker_because: why no worker would go on."""

    def __init__(self, store: Store, registry: Registry) -> None:
        self._store = store
        self._registry = registry
        self.up = True
        self.broken: Exception | None = None
        self.told: list[tuple[object, ...]] = []
        self.live: dict[str, Seen] = {}
        self.held: list[Hold] = []
        self.no_worker_because = ""

    async def create(self, request: CreateStackRequest) -> OperationRow:
        await self.check_server()
        return await accept_create(self._store, self._registry, request)

    async def update(self, request: UpdateStackRequest, *, expected: Expected | None = None) -> OperationRow:
        await self.check_server()
        return await accept_update(self._store, self._registry, request, expected=expected)

    async def rollback(self, request: RollbackStackRequest) -> OperationRow:
        await self.check_server()
        return await accept_rollback(self._store, request)

    async def go_on(self, request: ContinueStackRequest) -> OperationRow:
        await self.check_server()
        return await accept_continue(self._store, request)

    async def cancel(self, project: str, stack_id: str, cancel: Cancel, *, at_once: bool = False) -> OperationRow:
        await self.check_server()
        repository = self._store.project(project)
        return await repository.accept_cancel(stack_id, cancel, now=time.time(), at_once=at_once)

    async def delete(self, request: DeleteStackRequest) -> OperationRow:
        await self.check_server()
        return await accept_delete(self._store, request)

    async def signal(self, workflow_id: str, name: str, *arguments: object) -> None:
        self.told.append((workflow_id, name, *arguments))

    async def look_at_objects(self, project: str, stack_ids: Sequence[str]) -> Mapping[int, Seen]:
        """What the test says that a worker would see."""
        await self.check_server()
        rows = [row for one in stack_ids for row in await self._store.project(project).resources(one)]
        return {row.id: self.live[row.name] for row in rows if row.name in self.live}

    async def holds(self, project: str, stack_id: str) -> Sequence[Hold]:
        """What the test says, of stacks with an open operation."""
        return self.held if await self._store.project(project).open_family(stack_id) else ()

    async def no_worker(self) -> str:
        return self.no_worker_because

    async def check_server(self) -> None:
        if self.broken is not None:
            raise self.broken
        if not self.up:
            raise Unavailable(Diagnostic(code="no-temporal-server", summary="the Temporal server does not answer"))


@dataclass(frozen=True, slots=True)
class World:
    store: Store
    starter: AcceptingStarter
    http: httpx2.AsyncClient
    project: str = "p1"

    @property
    def repository(self) -> Repository:
        return self.store.project(self.project)

    async def get(self, path: str, **query: Any) -> httpx2.Response:
        return await self.http.get(f"/v1/{self.project}{path}", params=query)

    async def body(self, path: str, **query: Any) -> Any:
        """The body of an answer that must be 200."""
        answer = await self.get(path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def create(self, name: str, template: Any, **fields: Any) -> "Made":
        """Accepted, nothing done yet."""
        answer = await self.http.post(
            f"/v1/{self.project}/stacks", json={"stack_name": name, "template": template, **fields}
        )
        assert answer.status_code == 201, answer.text
        return Made(self, name, answer.json()["stack"]["id"], answer.headers[OPERATION])

    async def refused(self, status: int, **fields: Any) -> Any:
        """The body of a create that must be refused with this status and leave nothing."""
        before = (await self.body("/stacks", show_deleted="true"))["stacks"]
        answer = await self.http.post(f"/v1/{self.project}/stacks", json=fields)
        assert answer.status_code == status, answer.text
        assert (await self.body("/stacks", show_deleted="true"))["stacks"] == before
        return answer.json()


@dataclass(frozen=True, slots=True)
class Made:
    """A stack by name and id, and the operation that was accepted last."""

    world: World
    name: str
    id: str
    operation: str

    @property
    def path(self) -> str:
        return f"/stacks/{self.name}/{self.id}"

    async def begin(self, action: Action = Action.CREATE) -> OperationRow:
        return await begin(self.world.repository, self.id, self.operation, action)

    async def carry_out(
        self, outcomes: Mapping[str, RowOutcome], *, action: Action = Action.CREATE, interrupted: str = ""
    ) -> "Made":
        """The stack with what follows that operation, if anything does."""
        ended = await carry_out(
            self.world.repository, self.id, self.operation, outcomes, action=action, interrupted=interrupted
        )
        return Made(self.world, self.name, self.id, ended.next_operation_id or self.operation)

    async def ask(self, method: str, inside: str = "", body: Any = None, **query: Any) -> httpx2.Response:
        return await self.world.http.request(
            method, f"/v1/{self.world.project}{self.path}{inside}", json=body, params=query
        )

    async def asked(self, method: str, inside: str = "", body: Any = None, **query: Any) -> "Made":
        """With the operation of a request that must be accepted."""
        answer = await self.ask(method, inside, body, **query)
        assert answer.status_code in (200, 202, 204), answer.text
        return Made(self.world, self.name, self.id, answer.headers[OPERATION])

    async def refused(self, status: int, method: str, inside: str = "", body: Any = None, **query: Any) -> Any:
        """The body of a request that must be refused with this status and leave nothing."""
        before = await self._stored()
        answer = await self.ask(method, inside, body, **query)
        assert answer.status_code == status, answer.text
        assert await self._stored() == before
        return answer.json()

    async def _stored(self) -> Any:
        inside = ("", "/operations", "/events", "/resources", "/template", "/environment", "/files")
        return [await self.world.body(self.path + one) for one in inside]

    async def delete(self) -> "Made":
        return await self.asked("DELETE")


async def begin(repository: Repository, stack_id: str, operation_id: str, action: Action) -> OperationRow:
    outcome = await repository.begin(
        stack_id, action=action, operation_id=operation_id, workflow_id="w", chain_id="chain", now=time.time()
    )
    assert isinstance(outcome, Mine)
    return outcome.operation


async def carry_out(
    repository: Repository,
    stack_id: str,
    operation_id: str,
    outcomes: Mapping[str, RowOutcome],
    *,
    action: Action = Action.CREATE,
    interrupted: str = "",
) -> FinishOutcome:
    """Begin, end the resources named here so, in that order, and finish.

    Of a create or delete that is COMPLETE when all resources are done; of an update or rollback when all named here
    are. There ``-name`` is the row of that name that is to go.
    """
    operation = await begin(repository, stack_id, operation_id, action)
    rows = {row.name: row.id for row in await repository.resources(stack_id)}
    for name, outcome in outcomes.items():
        clean = name.startswith("-")
        work = Work.CLEAN if clean else Work.CONVERGE if action.converges else Work.ACT
        claim = Claim(
            stack_id, rows[name.removeprefix("-")], operation.seq, chain_run=1, step=1, attempt=1, phase=int(clean)
        )
        now = time.time()
        claimed = await repository.claim(claim, action=action, operation_id=operation_id, now=now, lease=60, work=work)
        assert isinstance(claimed, Claimed)
        if not claimed.in_progress:
            assert await repository.begin_update(
                claim, (), now + 60, key=f"{operation_id}.{claim.row}", begun={}, now=now
            )
        assert await repository.record(claim, outcome, now=time.time())
    complete = not interrupted and all(one.result.kind is StepKind.DONE for one in outcomes.values())
    complete = complete and (action.converges or len(outcomes) == len(rows))
    return await repository.finish(
        operation_id, seq=operation.seq, complete=complete, interrupted=interrupted, now=time.time()
    )
