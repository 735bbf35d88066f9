"""An operation id names one request: the same again counts once and has the same answer, another one is refused."""

import asyncio
import json
import uuid
from typing import Any

import pytest
import yaml
from sqlalchemy import text

from firebrick.contract import Action, CreateStackRequest, UpdateStackRequest
from firebrick.diagnostics import Conflict
from firebrick.intake import Owner, accept_create
from firebrick.intake_update import accept_update
from firebrick.resources.registry import Registry
from firebrick.store.requests import NewOperation, NewTarget
from tests.unit.rest.test_stacks import TEMPLATE, complete
from tests.unit.rest.test_updates import BROKEN
from tests.unit.rest.world import OPERATION, Made, World

OTHER: dict[str, Any] = TEMPLATE | {"description": "the other one"}


async def failed(world: World) -> Made:
    main = await world.create("main", TEMPLATE)
    return await main.carry_out(BROKEN)


class Asked:
    """One request, asked under an id."""

    def __init__(self, world: World, method: str, path: str) -> None:
        self._world, self._method, self._path = world, method, path
        self.token = str(uuid.uuid4())

    async def __call__(self, body: Any = None, **query: Any) -> tuple[int, Any, str]:
        answer = await self._world.http.request(
            self._method, f"/v1/p1{self._path}", json=body, params=query, headers={OPERATION: self.token}
        )
        return answer.status_code, answer.json() if answer.content else None, answer.headers.get(OPERATION, "")

    async def refused(self, body: Any = None, **query: Any) -> None:
        before = await self._operations()
        status, told, _ = await self(body, **query)
        assert status == 409, told
        (problem,) = told["diagnostics"]
        assert problem["code"] == "operation-id-in-use" and self.token in problem["summary"]
        assert await self._operations() == before

    async def again(self, first: tuple[int, Any, str], body: Any = None, **query: Any) -> None:
        before = await self._operations()
        assert await self(body, **query) == first
        assert await self._operations() == before

    async def _operations(self) -> Any:
        stacks = (await self._world.body("/stacks", show_deleted="True"))["stacks"]
        paths = [f"/stacks/{one['stack_name']}/{one['id']}/operations" for one in stacks]
        return [await self._world.body(path) for path in paths]


async def test_a_create(world: World) -> None:
    ask = Asked(world, "POST", "/stacks")
    body = {"stack_name": "main", "template": TEMPLATE, "parameters": {"value": "one", "count": 1}}
    first = await ask(body)
    assert first[0] == 201
    await ask.again(first, body)
    await ask.again(first, body | {"template": yaml.safe_dump(TEMPLATE)})
    await ask.again(first, body | {"parameters": {"count": 1, "value": "one"}, "files": {}, "environment": {}})
    for change in (
        {"template": OTHER},
        {"parameters": {"value": "two", "count": 1}},
        {"tags": "red"},
        {"timeout_mins": 7},
        {"disable_rollback": False},
        {"files": {"f": "x"}},
        {"stack_name": "another"},
        {"template": "{"},
    ):
        await ask.refused(body | change)


@pytest.mark.parametrize("method", ["PUT", "PATCH"])
async def test_an_update(world: World, method: str) -> None:
    """Input 06 of those that went wrong in the field: the second update was lost, and told to be done."""
    main = await complete(world)
    ask = Asked(world, method, main.path)
    body = {"template": json.dumps(TEMPLATE), "parameters": {"value": "two"}}
    first = await ask(body)
    assert first[0] == 202
    await ask.again(first, body)
    await ask.again(first, body | {"template": TEMPLATE})
    await ask.refused(body | {"parameters": {"value": "three"}})
    await ask.refused(body | {"template": OTHER})
    shown = (await world.body(main.path))["stack"]
    assert shown["parameters"]["value"] == "two"
    other = Asked(world, "PATCH" if method == "PUT" else "PUT", main.path)
    other.token = ask.token
    await other.refused(body)


async def test_an_update_that_has_ended_is_still_that_one(world: World) -> None:
    main = await complete(world)
    ask = Asked(world, "PATCH", main.path)
    first = await ask({"parameters": {"value": "two"}})
    await Made(world, main.name, main.id, first[2]).carry_out({}, action=Action.UPDATE)
    await ask.again(first, {"parameters": {"value": "two"}})
    await ask.refused({"parameters": {"value": "three"}})


async def test_a_rollback(world: World) -> None:
    main = await failed(world)
    ask = Asked(world, "POST", f"{main.path}/rollback")
    first = await ask({"skip": ["rnd", "val"]})
    assert first[0] == 202
    await ask.again(first, {"skip": ["val", "rnd"], "to": "previous"})
    await ask.refused({"skip": ["rnd"]})
    await ask.refused({"skip": ["rnd", "val"], "to": "complete"})


async def test_going_on(world: World) -> None:
    main = await failed(world)
    ask = Asked(world, "POST", f"{main.path}/continue")
    first = await ask()
    assert first[0] == 202
    await ask.again(first)
    update = Asked(world, "PATCH", main.path)
    update.token = ask.token
    await update.refused({"parameters": {}})


async def test_a_delete(world: World) -> None:
    main = await complete(world)
    ask = Asked(world, "DELETE", main.path)
    first = await ask(retain="val,rnd")
    assert first[0] == 204
    await ask.again(first, retain="rnd,val")
    await ask.refused()
    await ask.refused(retain="rnd")


async def test_a_plan_that_is_applied(world: World) -> None:
    main = await complete(world)
    plans = [
        (await main.ask("POST", "/plan", {"template": OTHER, "parameters": {"value": one}})).json() for one in "ab"
    ]
    ask = Asked(world, "POST", f"{main.path}/apply")
    first = await ask(plans[0])
    assert first[0] == 202
    await ask.again(first, plans[0])
    await ask.refused(plans[1])


async def test_an_id_that_the_server_has_minted_is_a_request_s_too(world: World) -> None:
    main = await complete(world)
    answer = await main.ask("PATCH", body={"parameters": {"value": "two"}})
    ask = Asked(world, "PATCH", main.path)
    ask.token = answer.headers[OPERATION]
    await ask.refused({"parameters": {"value": "three"}})


async def test_what_was_accepted_without_a_fingerprint_is_known_by_its_id(world: World) -> None:
    """As by a version before: what it said is not known, and it counts once."""
    main = await complete(world)
    old = NewOperation(str(uuid.uuid4()), Action.UPDATE, "w", 60.0, 1.0)
    await world.repository.accept_update(main.id, NewTarget(old.id, json.dumps(TEMPLATE)), old)
    ask = Asked(world, "PATCH", main.path)
    ask.token = old.id
    assert (await ask({"parameters": {"value": "two"}}))[0] == 202
    assert len((await world.body(f"{main.path}/operations"))["operations"]) == 2


async def test_of_two_that_come_at_once_under_one_id_one_is_refused(world: World) -> None:
    """Both found nothing under it when they looked; the store decides."""
    main, token, registry = await complete(world), str(uuid.uuid4()), Registry.default({})
    row = await world.repository.stack(main.id)

    async def asked(value: str) -> Any:
        request = UpdateStackRequest(
            stack=row.id, template=TEMPLATE, parameters={"value": value}, project="p1", operation_id=token
        )
        return await accept_update(world.store, registry, request)

    outcomes = await asyncio.gather(asked("one"), asked("two"), return_exceptions=True)
    assert sorted(type(one).__name__ for one in outcomes) == ["Conflict", "OperationRow"], outcomes
    assert len((await world.body(f"{main.path}/operations"))["operations"]) == 2


async def test_what_a_nested_stack_is_asked_again_may_have_resolved_otherwise(world: World) -> None:
    """Its id follows from who asks: another attempt at the step is no other request."""
    main = await world.create("main", TEMPLATE)
    await main.begin()
    (row, *_) = await world.repository.resources(main.id)
    owner = Owner(main.id, row.id, main.operation, main.id, 1, {})
    token, registry = str(uuid.uuid4()), Registry.default({})

    def request(value: str) -> CreateStackRequest:
        return CreateStackRequest(
            name="inner", template=TEMPLATE, parameters={"value": value}, project="p1", operation_id=token
        )

    first = await accept_create(world.store, registry, request("one"), owner=owner)
    assert await accept_create(world.store, registry, request("two"), owner=owner) == first


async def test_what_was_asked_is_not_to_be_read_from_the_database(world: World) -> None:
    """A short secret could be found by trying if its hash were in the clear."""
    main = await complete(world)
    body = {"parameters": {"secret": "pin7"}}
    answer = await main.ask("PATCH", body=body)

    def stored(connection: Any) -> Any:
        query = text("SELECT fingerprint FROM operations WHERE id = :id")
        return connection.execute(query, {"id": answer.headers[OPERATION]}).scalar_one()

    sealed = await world.store.read(stored)
    assert isinstance(sealed, bytes) and world.store.keyring.open(sealed).startswith(b"1:")
    assert b"1:" not in sealed[:2]


async def test_a_conflict_is_what_the_library_raises(world: World) -> None:
    main, token, registry = await complete(world), str(uuid.uuid4()), Registry.default({})

    async def asked(value: str) -> Any:
        request = UpdateStackRequest(
            stack="main", existing=True, parameters={"value": value}, project="p1", operation_id=token
        )
        return await accept_update(world.store, registry, request)

    first = await asked("one")
    assert await asked("one") == first and first.stack_id == main.id
    with pytest.raises(Conflict, match="another request, the UPDATE of stack 'main'"):
        await asked("two")
