"""`firebrick stack resource signal|mark` and `firebrick stack hook ...`."""

import asyncio
import json
import time
from pathlib import Path
from typing import Any

import pytest

from firebrick.contract import Action, StepKind
from firebrick.store import Repository
from firebrick.store.step_outcomes import Claim, RowOutcome
from tests.unit.cli.conftest import ApiServer

Command = Any
Capture = pytest.CaptureFixture[str]
TEMPLATE = """heat_template_version: 2018-08-31
resources:
  one: {type: OS::Heat::RandomString}
  two: {type: OS::Heat::RandomString}
"""


async def wait_at_hooks(repository: Repository, stack_id: str, operation_id: str) -> None:
    """The part of a worker: the create is begun, and both resources wait."""
    await repository.begin(stack_id, action=Action.CREATE, workflow_id="w", chain_id="c", now=time.time())
    for row in await repository.resources(stack_id):
        claim = Claim(stack_id, row.id, 1, chain_run=1, step=1, attempt=1)
        now = time.time()
        await repository.claim(claim, action=Action.CREATE, operation_id=operation_id, now=now, lease=5)
        parked = RowOutcome.parked(StepKind.WAIT_SIGNAL, now + 60, key=f"signal.{row.name}", hook="pre-create")
        assert await repository.record(claim, parked, now=now)


@pytest.fixture
def waiting(api: ApiServer, firebrick: Command, capsys: Capture, tmp_path: Path) -> None:
    (tmp_path / "t.yaml").write_text(TEMPLATE)
    hooks = {"resource_registry": {"resources": {"*": {"hooks": ["pre-create"]}}}}
    (tmp_path / "e.yaml").write_text(json.dumps(hooks))
    arguments = ("-t", str(tmp_path / "t.yaml"), "-e", str(tmp_path / "e.yaml"), "-f", "json")
    assert firebrick("stack", "create", "s", *arguments) == 0
    stack_id = json.loads(capsys.readouterr().out)["id"]

    async def wait() -> None:
        repository = api.starter.repository("default")
        (operation,) = await repository.operations(stack_id)
        await wait_at_hooks(repository, stack_id, operation.id)

    asyncio.run(wait())


@pytest.mark.usefixtures("waiting")
def test_what_waits_is_listed_and_let_go(firebrick: Command, capsys: Capture) -> None:
    assert firebrick("stack", "hook", "poll", "s", "-f", "json") == 0
    listed = json.loads(capsys.readouterr().out)
    reason = "CREATE paused until Hook pre-create is cleared"
    assert [(one["resource_name"], one["resource_status_reason"]) for one in listed] == [
        ("one", reason),
        ("two", reason),
    ]
    assert firebrick("stack", "hook", "clear", "s", "one") == 0
    assert firebrick("stack", "hook", "poll", "s", "-f", "value", "-c", "resource_name") == 0
    assert capsys.readouterr().out == "two\n"
    assert firebrick("stack", "hook", "clear", "s", "one", "--pre-create") == 1
    assert "does not wait at the hook pre-create" in capsys.readouterr().err
    assert firebrick("stack", "hook", "clear", "s", "t*", "--post-create") == 1
    assert "no resource like t* waits at post-create" in capsys.readouterr().err
    assert firebrick("stack", "resource", "signal", "s", "two", "--data", '{"unset_hook": "pre-create"}') == 0
    assert firebrick("stack", "hook", "poll", "s", "-f", "value") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("waiting")
def test_patterns_let_all_go_that_fit(firebrick: Command, capsys: Capture) -> None:
    assert firebrick("stack", "hook", "clear", "s", "*") == 0
    assert firebrick("stack", "hook", "poll", "s", "-f", "value") == 0
    assert capsys.readouterr().out == ""


@pytest.mark.usefixtures("waiting")
def test_a_resource_is_marked_unhealthy(firebrick: Command, capsys: Capture) -> None:
    def shown() -> tuple[str, str]:
        capsys.readouterr()
        assert firebrick("stack", "resource", "show", "s", "one", "-f", "json") == 0
        record = json.loads(capsys.readouterr().out)
        return record["resource_status"], record["resource_status_reason"]

    assert firebrick("stack", "resource", "mark", "unhealthy", "s", "one", "it smells") == 0
    assert shown() == ("CHECK_FAILED", "it smells")
    assert firebrick("stack", "resource", "mark", "unhealthy", "--reset", "s", "one") == 0
    assert shown() == ("CHECK_COMPLETE", "state changed by resource_mark_unhealthy api")


@pytest.mark.usefixtures("waiting")
def test_wrong_signals_are_refused(firebrick: Command, capsys: Capture, tmp_path: Path) -> None:
    signal = ("stack", "resource", "signal", "s", "one")
    assert firebrick(*signal, "--data", "{") == 2
    assert "JSON" in capsys.readouterr().err
    (tmp_path / "data.json").write_text('{"a": 1}')
    assert firebrick(*signal, "--data-file", str(tmp_path / "data.json")) == 1
    assert "signal is not supported for resource" in capsys.readouterr().err
    assert firebrick(*signal, "--data", "1", "--data-file", "x") == 2
    assert firebrick(*signal, "--data-file", str(tmp_path / "none")) == 2
