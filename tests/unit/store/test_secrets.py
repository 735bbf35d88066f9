"""What must not be read from the database, a log or an error: every value that a person or a provider gave."""

import logging
from typing import Any
from uuid import uuid4

import pytest

from firebrick.contract import Action, StepKind
from firebrick.diagnostics import Unavailable
from firebrick.store import Keyring, NewResource, Store
from firebrick.store.step_outcomes import RowOutcome
from tests.unit.store.databases import Database

SECRET = "correct-horse-battery-staple"


async def test_no_value_is_in_the_files_of_the_database(stacks: Any, store: Store, database: Database) -> None:
    new = stacks.new_stack(
        "web",
        {},
        description=SECRET,
        environment=SECRET,
        parameters={"password": SECRET},
        files={"file": SECRET},
        shown_parameters={"user": SECRET},
        outputs=({"key": "o", "value": SECRET},),
    )
    resource = NewResource(name="a", type="T", uuid=str(uuid4()), definition={"properties": {"password": SECRET}})
    object.__setattr__(new, "resources", [resource])
    object.__setattr__(new, "template", SECRET)
    repository = store.project("default")
    operation = await repository.accept_create(new, stacks.new_operation(Action.CREATE))
    await repository.begin(new.id, action=Action.CREATE, workflow_id="w", chain_id="c", now=1.0)
    (row,) = await repository.resources(new.id)

    async def step(number: int, outcome: RowOutcome, **known: Any) -> None:
        claim = stacks.claim(new.id, row.id, number)
        await repository.claim(claim, action=Action.CREATE, operation_id=operation.id, now=2.0, lease=1.0)
        if known:
            assert await repository.renew(claim, 5.0, **known)
        assert await repository.record(claim, outcome, now=2.0)

    values = {"password": SECRET}
    await step(1, RowOutcome.retry(3.0, "transient", SECRET, attempt=1, attempts=8), progress=values)
    await step(2, RowOutcome.parked(StepKind.POLL, 3.0, progress=values, properties=values))
    await step(3, RowOutcome.failed("permanent", SECRET, error="ValueError"))
    await repository.finish(operation.id, seq=1, complete=False, now=4.0)
    again = stacks.new_stack("done", {"a": ()})
    operation = await repository.accept_create(again, stacks.new_operation(Action.CREATE))
    await repository.begin(again.id, action=Action.CREATE, workflow_id="w", chain_id="c", now=1.0)
    (row,) = await repository.resources(again.id)
    new = again
    await step(
        1, RowOutcome.done(physical_id="p", reference_id=SECRET, attributes=values, data=values, properties=values)
    )
    shown = await repository.resource(again.id, "a")
    assert (shown.reference_id, shown.attributes) == (SECRET, values)
    assert SECRET.encode() not in database.stored()
    await store.close()
    assert SECRET.encode() not in database.stored()
    assert b"OS::Heat::Stack" in database.stored()


async def test_without_the_key_a_value_is_refused_and_with_it_a_rotation_changes_nothing(
    stacks: Any, store: Store, url: str
) -> None:
    stack = await stacks.created({"a": ()})
    await store.close()
    other = {"k2": "B" * 43 + "="}
    namesake = {"k1": other["k2"]}
    for keys, current in ((other, "k2"), (namesake, "k1"), (other | namesake, "k2")):
        with pytest.raises(Unavailable) as refusal:
            await Store.open(url, Keyring.from_values(keys, current=current))
        assert refusal.value.first.code == "store-key-missing"
    both = Keyring.from_values(other | {"k1": "A" * 43 + "="}, current="k2")
    async with await Store.open(url, both) as opened:
        repository = opened.project("default")
        assert (await repository.stack(stack.id)).template == "template: text"
        stack.repository = repository
        await stack.accept_delete()
        await stack.begin(Action.DELETE)
        assert (await stack.state()) == ("DELETE_IN_PROGRESS", "Stack DELETE started")
        assert (await stack.claim("a")).row.physical_id == "id-a"


async def test_no_value_is_in_an_error_or_a_log(stacks: Any, store: Store, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    stack = await stacks.running({"a": ()}, parameters={"password": SECRET})
    twice = stacks.new_stack("other", {}, parameters={"password": SECRET})
    object.__setattr__(twice, "id", stack.id)
    with pytest.raises(Exception, match="(?i)unique") as refusal:
        await stack.repository.accept_create(twice, stacks.new_operation(Action.CREATE))
    assert SECRET not in f"{refusal.value!r} {refusal.value}"
    assert SECRET not in caplog.text
