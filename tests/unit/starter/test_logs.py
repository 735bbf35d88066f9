"""What is logged is bound to what it is about, readable by machines on request, and holds no value."""

import json
import subprocess
import sys

import pytest

from firebrick.diagnostics import InvalidInput
from starter import logs

SECRET = "swordfish-4711"
PROGRAM = f"""
import asyncio, logging
import structlog
from activities.failures import scrubbed
from firebrick.contract import Action, LoadPlan
from firebrick.diagnostics import Diagnostic, Unavailable
from starter import logs
from temporalio.exceptions import ApplicationError

logs.configure()

@scrubbed
async def act(ask):
    password = {SECRET!r}
    raise ValueError("no such user: " + password)

@scrubbed
async def wait(ask):
    raise Unavailable(Diagnostic(code="store-unavailable", summary="The database does not answer."))

async def main():
    ask = LoadPlan(project="p1", stack_id="s1", operation_id="o1", action=Action.CREATE, page=1)
    try:
        await wait(ask)
    except ApplicationError as error:
        print(error.type, error.category.name)
    try:
        await act(ask)
    except Exception as error:
        print(error)

asyncio.run(main())
try:
    raise RuntimeError({SECRET!r})
except RuntimeError:
    structlog.get_logger("ours").exception("ours failed")
    logging.getLogger("theirs").exception("theirs %s", "failed")
structlog.get_logger("ours").debug("quiet")
"""


def said(**environment: str) -> str:
    """What the program says on standard error."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, env={"PYTHONPATH": ".", **environment}
    )
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout
    return done.stderr


def test_an_exception_is_told_by_types_and_places_without_its_text_or_variables() -> None:
    for format_ in logs.FORMATS:
        text = said(FIREBRICK_LOG_FORMAT=format_)
        assert SECRET not in text
        for name in ("ValueError", "RuntimeError", "in act", "ours failed", "theirs failed"):
            assert name in text, (format_, name)


def test_json_is_an_object_a_line_bound_to_project_stack_and_operation() -> None:
    lines = [json.loads(line) for line in said(FIREBRICK_LOG_FORMAT="json").splitlines()]
    events = ["activity is tried again", "activity failed", "ours failed", "theirs failed"]
    assert [line["event"] for line in lines] == events
    away, first = lines[:2]
    assert (away["project"], away["stack"], away["operation"]) == ("p1", "s1", "o1")
    assert (away["level"], away["work"], away["error"]) == ("warning", "wait", "store-unavailable")
    assert "exception" not in away  # one line for each attempt, and a database may be away for long
    assert (first["project"], first["stack"], first["operation"]) == ("p1", "s1", "o1")
    assert (first["level"], first["logger"], first["error"]) == ("error", "firebrick.activities", "ValueError")
    assert "stack" not in lines[2]
    assert all(line["timestamp"].endswith("Z") for line in lines)


def test_for_people_it_is_a_line_an_event_that_names_the_stack() -> None:
    lines = [line for line in said().splitlines() if "activity failed" in line]
    assert len(lines) == 1 and " stack_id=s1 " in f"{lines[0]} ", said()


def test_temporal_says_nothing_of_its_own_of_an_activity_that_waits_for_the_database() -> None:
    """Its line would have every frame down to the driver, at each attempt."""
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, env={"PYTHONPATH": "."})
    assert done.stdout.splitlines()[0] == "store-unavailable BENIGN"


def test_the_level_is_a_setting() -> None:
    assert "quiet" not in said()
    assert "quiet" in said(FIREBRICK_LOG_LEVEL="debug")
    assert said(FIREBRICK_LOG_LEVEL="error").count("failed") == 3


@pytest.mark.parametrize(("name", "value"), [(logs.FORMAT, "xml"), (logs.LEVEL, "loud")])
def test_a_setting_that_says_nothing_is_refused_with_what_it_can_be(name: str, value: str) -> None:
    with pytest.raises(InvalidInput, match=rf"\${name} is '{value}'; it can be "):
        logs.configure(environment={name: value})
