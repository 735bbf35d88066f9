"""Texts and numbers of requests that came by any way: what no database can keep is refused, and nothing is stored."""

import math
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import (
    ContinueStackRequest,
    CreateStackRequest,
    DeleteStackRequest,
    Requester,
    RollbackStackRequest,
    UpdateStackRequest,
)
from firebrick.diagnostics import InvalidInput
from firebrick.intake import accept_create, accept_delete, accept_rollback
from firebrick.intake_update import accept_continue, accept_update
from firebrick.resources.registry import Registry
from firebrick.store import Keyring, Store

HALF = "\ud800"
TEMPLATE = """heat_template_version: 2018-08-31
parameters: {p: {type: json, default: {}}, n: {type: number, default: 1}}"""
Accept = Callable[[Store, Any], Awaitable[Any]]
REGISTRY = Registry.default({})


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    async with await Store.open(f"sqlite:///{tmp_path / 's.db'}", Keyring.from_file(tmp_path / "keyring")) as opened:
        yield opened


async def create(store: Store, request: Any) -> Any:
    return await accept_create(store, REGISTRY, request)


async def update(store: Store, request: Any) -> Any:
    return await accept_update(store, REGISTRY, request)


@pytest.mark.parametrize("bad", ["a\0", f"a{HALF}"], ids=["NUL", "half"])
@pytest.mark.parametrize(
    "field", ["name", "template", "environment", "parameters", "parameter names", "files", "file names", "tags", "user"]
)
async def test_a_create_with_a_text_that_cannot_be_stored_is_refused(store: Store, field: str, bad: str) -> None:
    all_fields: dict[str, dict[str, Any]] = {
        "name": {"name": bad},
        "template": {"template": f'{TEMPLATE}\ndescription: "{bad}"'},
        "environment": {"environment": {"parameters": {"p": bad}}},
        "parameters": {"parameters": {"p": {"a": [bad]}}},
        "parameter names": {"parameters": {bad: 1}},
        "files": {"files": {"a": bad}},
        "file names": {"files": {bad: "a"}},
        "tags": {"tags": (bad,)},
        "user": {"requested_by": Requester(user=bad)},
    }
    fields = {"name": "a", "template": TEMPLATE, **all_fields[field]}
    await refused(store, create, CreateStackRequest(**fields))


@pytest.mark.parametrize("number", [math.nan, math.inf, 10**400])
async def test_a_create_with_a_number_that_is_none_is_refused(store: Store, number: float) -> None:
    for parameters in ({"n": number}, {"p": [number]}, {"p": f'{{"a": {number}}}'}):
        await refused(store, create, CreateStackRequest(name="a", template=TEMPLATE, parameters=parameters))


@pytest.mark.parametrize("text", ["NaN", "inf", "1e999", "-Infinity"])
async def test_a_text_that_is_no_finite_number_is_refused_for_a_number(store: Store, text: str) -> None:
    await refused(store, create, CreateStackRequest(name="a", template=TEMPLATE, parameters={"n": text}))


@pytest.mark.parametrize("number", [".nan", "-.inf", "1.0e+999"])
async def test_a_number_that_is_none_in_a_template_is_refused(store: Store, number: str) -> None:
    await refused(
        store, create, CreateStackRequest(name="a", template=f"{TEMPLATE}\noutputs: {{o: {{value: {number}}}}}")
    )


@pytest.mark.parametrize("bad", ["a\0", f"a{HALF}"], ids=["NUL", "half"])
async def test_what_names_a_stack_or_resources_is_refused_likewise(store: Store, bad: str) -> None:
    made = await create(store, CreateStackRequest(name="a", template=TEMPLATE))
    requests: list[tuple[Accept, Any]] = [
        (update, UpdateStackRequest(stack=bad, template=TEMPLATE)),
        (update, UpdateStackRequest(stack="a", existing=True, tags=(bad,))),
        (update, UpdateStackRequest(stack="a", existing=True, clear_parameters=(bad,))),
        (update, UpdateStackRequest(stack="a", existing=True, parameters={"p": bad})),
        (accept_delete, DeleteStackRequest(stack=bad)),
        (accept_delete, DeleteStackRequest(stack="a", retain=(bad,))),
        (accept_rollback, RollbackStackRequest(stack="a", skip=(bad,))),
        (accept_continue, ContinueStackRequest(stack=bad)),
    ]
    for accept, request in requests:
        with pytest.raises(InvalidInput):
            await accept(store, request)
    assert [one.id for one in await store.project("default").operations(made.stack_id)] == [made.id]


async def refused(store: Store, accept: Accept, request: Any) -> None:
    with pytest.raises(InvalidInput) as error:
        await accept(store, request)
    str(error.value).encode()  # and can be told
    assert await store.project("default").stacks() == []
