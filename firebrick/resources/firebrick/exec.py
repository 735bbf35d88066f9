"""Firebrick::Exec: an object that commands make, look at, change and delete."""

import json
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from firebrick.resources.base import Context, Done, Found, Live, ResourceProperties, ResourceType
from firebrick.resources.commands import Ended, demand_enabled, masked, run
from firebrick.resources.errors import PermanentError, RefusedError, Replace, TransientError
from firebrick.resources.vocabulary import SECRET, UPDATABLE, Length, Range

GONE = 3  # exit code of read and delete: there is no such object
TRY_LATER = 75  # EX_TEMPFAIL of sysexits.h
LONGEST = 6 * 3600  # seconds that a command may be given
ENDING = 10.0  # seconds beside a command's own: its start, and the end of what it has left behind
MOST_SAID = 2_000  # characters of standard error that an error repeats

Command = Annotated[list[str], Length(1), Field(description="A program and its arguments; no shell reads them.")]


class Exec(ResourceType):
    """Off unless FIREBRICK_EXEC=enabled in the worker's environment.

    Each command is told FIREBRICK_ACTION (CREATE, UPDATE, DELETE, CHECK), FIREBRICK_KEY (the idempotency key of the
    action, the same in every attempt), FIREBRICK_ID (the physical id: the same for all commands of one resource),
    FIREBRICK_STACK and FIREBRICK_RESOURCE. A command whose end nobody heard of is run again with the same key: create,
    update and delete must be safe to repeat. Exit codes: 0 done, 75 try again later, 3 (of read and delete) there is
    none, all others failed.
    """

    type_name = "Firebrick::Exec"
    description = "An object that commands make, look at, change and delete."
    attributes = {
        "stdout": "What the last create or update wrote, 64 KiB at most.",
        "stderr": "What it wrote on standard error.",
        "result": "Its standard output read as JSON; null where it is none.",
    }
    attribute_kinds = {"stdout": "string", "stderr": "string"}
    call_timeout = LONGEST + ENDING
    fenced = True
    idempotent_create = True

    class Properties(ResourceProperties):
        create: Annotated[Command, Field(description="Makes the object.")]
        read: Annotated[
            Command | None, UPDATABLE, Field(description="Looks at it. Default: it is taken to be there.")
        ] = None
        update: Annotated[
            Command | None, UPDATABLE, Field(description="Changes it. Default: another one takes its place.")
        ] = None
        delete: Annotated[
            Command | None, UPDATABLE, Field(description="Takes it away. Default: it is left as it is.")
        ] = None
        env: Annotated[
            dict[str, Any] | None, SECRET, UPDATABLE, Field(description="Variables that the commands get.")
        ] = None
        input: Annotated[str, SECRET, UPDATABLE, Field(description="What create and update get on standard input.")] = (
            ""
        )
        timeout: Annotated[int, Range(1, LONGEST), UPDATABLE, Field(description="Seconds one command may take.")] = 60

    def call_seconds(self, properties: Any) -> float:
        return float(properties.timeout) + ENDING

    def create(self, context: Context) -> Done:
        return self._done(_ran(context.properties.create, "create", context, stdin=context.properties.input), context)

    def find_by_key(self, context: Context) -> Found | None:
        """For a delete: what a lost create may have made has the id that it was told, and is taken away under that. A
        create is repeated, since what it says is wanted, too."""
        deletes = context.action == "DELETE" and context.properties.delete is not None
        return Found(physical_id=context.physical_name) if deletes else None

    def update(self, context: Context) -> Done:
        properties = context.properties
        if not _concerns_the_object(context):
            demand_enabled()
            return Done(attributes=dict(context.data.get("attributes", {})), data=context.data)
        if properties.update is None:
            raise Replace("there is no update command")
        return self._done(_ran(properties.update, "update", context, stdin=properties.input), context)

    def forces_replacement(self, context: Context) -> bool:
        before, after = context.previous, context.properties
        return after.update is None and (before.env, before.input) != (after.env, after.input)

    def replace_failed(self, context: Context) -> bool:
        return self.read(context) is None

    def read(self, context: Context) -> Live | None:
        command = context.properties.read
        if command is None:
            demand_enabled()
            return Live()
        ended = _run(command, context, stdin="")
        if ended.code == GONE:
            return None
        return Live(healthy=ended.code == 0, why="" if ended.code == 0 else _failure("read", ended, context))

    def delete(self, context: Context) -> Done:
        if context.properties.delete is not None:
            _ran(context.properties.delete, "delete", context, stdin="", good=(0, GONE))
        return Done()

    def _done(self, ended: Ended, context: Context) -> Done:
        attributes = {"stdout": ended.stdout, "stderr": ended.stderr, "result": _json(ended.stdout)}
        physical_id = context.physical_id or context.physical_name
        return Done(physical_id=physical_id, attributes=attributes, data={"attributes": attributes})


def _concerns_the_object(context: Context) -> bool:
    return not {"env", "input"}.isdisjoint(context.changed)


def _env(context: Context) -> dict[str, str]:
    env = {str(name): _text(value) for name, value in (context.properties.env or {}).items()}
    if wrong := [name for name in env if not name or "=" in name or "\0" in name]:
        raise RefusedError(f"env has {len(wrong)} names that no variable can have")
    return env


def _text(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def _run(command: Sequence[str], context: Context, *, stdin: str) -> Ended:
    told = {
        "FIREBRICK_ACTION": context.action,
        "FIREBRICK_KEY": context.key,
        "FIREBRICK_ID": context.physical_id or context.physical_name,
        "FIREBRICK_STACK": context.stack_name,
        "FIREBRICK_RESOURCE": context.name,
    }
    return run(
        command,
        {**_env(context), **told},
        stdin=stdin,
        timeout=context.properties.timeout,
        seconds_left=context.seconds_left,
    )


def _ran(command: Sequence[str], what: str, context: Context, *, stdin: str, good: Sequence[int] = (0,)) -> Ended:
    """A command that ended well. TransientError, PermanentError: it did not."""
    ended = _run(command, context, stdin=stdin)
    if ended.code in good:
        return ended
    said = _failure(what, ended, context)
    raise TransientError(said) if ended.code == TRY_LATER else PermanentError(said)


def _failure(what: str, ended: Ended, context: Context) -> str:
    """Without what it was given in env and as input, in case it has repeated that."""
    how = f"exit code {ended.code}" if ended.code >= 0 else f"signal {-ended.code}"
    secrets = [*_env(context).values(), context.properties.input, *context.properties.input.split()]
    said = masked(ended.stderr.strip()[-MOST_SAID:], secrets)
    return f"the {what} command ended with {how}" + (f": {said}" if said else ", and said nothing on standard error")


def _json(text: str) -> Any:
    try:
        return json.loads(text, parse_constant=_no_constant)
    except ValueError:
        return None


def _no_constant(word: str) -> None:
    raise ValueError(word)
