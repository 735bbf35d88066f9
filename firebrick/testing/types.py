"""Resource types for tests: on the fake provider, three ways a cloud treats a create whose answer was lost.

Firebrick::Test::Object   can be found again: its name is the idempotency key
Firebrick::Test::Token    the provider honours a client token: the same create again gives the same object
Firebrick::Test::Blind    neither: nobody can know
Firebrick::Test::Snapshotted  as Object; deletion_policy Snapshot makes a copy first
Firebrick::Test::Signalled    no object: waits for signals

FIREBRICK_TEST_PROVIDER is the provider's address, FIREBRICK_TEST_CALL_TIMEOUT the seconds one call may take (5).
"""

import http.client
import json
import os
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, ClassVar
from urllib.parse import quote, urlsplit

from pydantic import Field

from firebrick.resources.base import (
    Context,
    Done,
    Found,
    Live,
    Next,
    Poll,
    ResourceProperties,
    ResourceType,
    WaitSignal,
)
from firebrick.resources.errors import ConflictError, PermanentError, Replace, ThrottledError, TransientError
from firebrick.resources.vocabulary import UPDATABLE, WRITE_ONLY, Number, OneOf, Range

PROVIDER = "FIREBRICK_TEST_PROVIDER"
CALL_TIMEOUT = float(os.environ.get("FIREBRICK_TEST_CALL_TIMEOUT", "5"))
SHORTEST_POLL = 0.05  # seconds


def call(method: str, path: str, body: Mapping[str, Any] | None = None) -> tuple[int, Any]:
    """One HTTP request: (status, JSON). 404 is an answer; the errors of firebrick.resources.errors for all others."""
    address = os.environ.get(PROVIDER)
    if not address:
        raise PermanentError(f"{PROVIDER} is not set: there is no provider to ask")
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=CALL_TIMEOUT)
    try:
        try:
            connection.connect()
        except OSError as error:
            raise TransientError(f"the provider does not answer: {type(error).__name__}", not_sent=True) from error
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise TransientError(f"the provider's answer was lost: {type(error).__name__}") from error
    finally:
        connection.close()
    status = answer.status
    said = f"the provider says {status} to {method}"
    if status == 429:
        raise ThrottledError(said, delay=float(answer.headers.get("Retry-After") or 1), not_sent=True)
    if status == 409:
        raise ConflictError(said, not_sent=True)
    if status >= 500:
        raise TransientError(said)
    if status >= 400 and status != 404:
        raise PermanentError(said)
    return status, json.loads(content) if content else None


class TestType(ResourceType):
    """What the three have in common."""

    __test__ = False  # for pytest: no test, in spite of its name

    call_timeout = CALL_TIMEOUT
    attributes: ClassVar[Mapping[str, str]] = {
        "size": "As the provider has it.",
        "value": "As the provider has it.",
        "name": "Of the object.",
    }

    class Properties(ResourceProperties):
        size: Annotated[int, Range(1), UPDATABLE, Field(description="Any number.")] = 1
        value: Annotated[str, UPDATABLE, Field(description="Any text.")] = ""
        ready_after: Annotated[Number, Range(0), Field(description="Seconds until it is ACTIVE.")] = 0
        gone_after: Annotated[Number, Range(0), Field(description="Seconds from its deletion until it is gone.")] = 0
        hold: Annotated[
            str,
            OneOf("", "ready", "gone", "called", "seen"),
            UPDATABLE,
            Field(description="What does not come before it is released."),
        ] = ""
        fail: Annotated[bool, Field(description="It becomes ERROR, not ACTIVE.")] = False

    def object_name(self, context: Context) -> str:
        return context.physical_name

    def token(self, context: Context) -> str:
        return ""

    def create(self, context: Context) -> Next:
        _, made = call(
            "POST",
            "/objects",
            {
                "name": self.object_name(context),
                "token": self.token(context),
                "stack": context.stack_name,
                "label": context.name,
                "properties": context.properties.model_dump(mode="json"),
            },
        )
        return self._ready(context, made)

    def poll_create(self, context: Context) -> Next:
        status, seen = call("GET", f"/objects/{context.physical_id}")
        if status == 404:
            raise PermanentError(f"object {context.physical_id} of {context.name} is gone")
        return self._ready(context, seen)

    def update(self, context: Context) -> Next:
        wanted = context.properties.model_dump(mode="json")
        status, seen = call("PUT", f"/objects/{context.physical_id}", {"properties": wanted})
        if status == 404:
            raise Replace(f"object {context.physical_id} of {context.name} is gone")
        return self._ready(context, seen)

    def poll_update(self, context: Context) -> Next:
        return self.poll_create(context)

    def replace_failed(self, context: Context) -> bool:
        status, seen = call("GET", f"/objects/{context.physical_id}")
        return status == 404 or seen["status"] == "ERROR"

    def read(self, context: Context) -> Live | None:
        status, seen = call("GET", f"/objects/{context.physical_id}")
        if status == 404:
            return None
        known = {name: seen["properties"].get(name) for name in ("size", "value")}
        shown = {**known, "name": seen["name"]}
        return Live(known, healthy=seen["status"] != "ERROR", why=f"it is {seen['status']}", attributes=shown)

    def delete(self, context: Context) -> Next:
        _, seen = call("DELETE", f"/objects/{context.physical_id}")
        return self._gone(seen)

    def poll_delete(self, context: Context) -> Next:
        status, seen = call("GET", f"/objects/{context.physical_id}")
        return self._gone(None if status == 404 else seen)

    def _ready(self, context: Context, seen: Mapping[str, Any]) -> Next:
        if seen["status"] == "BUILDING":
            return Poll(after=max(SHORTEST_POLL, seen["ready_in"]), physical_id=seen["id"])
        if seen["status"] != "ACTIVE":
            # The id must be stored before the action fails, or the object would be left behind: poll once more.
            if context.physical_id is None:
                return Poll(after=0, physical_id=seen["id"])
            raise PermanentError(f"object of {context.name} went into {seen['status']}")
        attributes = {name: seen["properties"].get(name) for name in ("size", "value")} | {"name": seen["name"]}
        return Done(physical_id=seen["id"], attributes=attributes)

    def _gone(self, seen: Mapping[str, Any] | None) -> Next:
        if seen is None or "id" not in seen:
            return Done()
        return Poll(after=max(SHORTEST_POLL, seen["ready_in"]))


class TestObject(TestType):
    type_name = "Firebrick::Test::Object"
    description = "An object of the fake provider that can be found by its key."

    def object_name(self, context: Context) -> str:
        return context.key

    def find_by_key(self, context: Context) -> Found | None:
        about = f"name={quote(context.key)}&stack={quote(context.stack_name)}&label={quote(context.name)}"
        _, seen = call("GET", f"/objects?{about}")
        return Found(physical_id=seen["objects"][0]["id"]) if seen["objects"] else None


class TestToken(TestType):
    type_name = "Firebrick::Test::Token"
    description = "An object of the fake provider, made under a client token."
    idempotent_create = True

    def token(self, context: Context) -> str:
        return context.key


class TestBlind(TestType):
    type_name = "Firebrick::Test::Blind"
    description = "An object of the fake provider that can neither be found nor safely be made again."


class TestSnapshotted(TestObject):
    type_name = "Firebrick::Test::Snapshotted"
    description = "An object of the fake provider of which another is made before it is deleted, when that is asked."
    snapshots = True

    def delete(self, context: Context) -> Next:
        status, seen = call("GET", f"/objects/{context.physical_id}")
        if context.deletion_policy == "Snapshot" and status != 404:
            copy = {
                "name": f"snapshot of {context.physical_id}",
                "token": f"snapshot of {context.physical_id}",
                "stack": context.stack_name,
                "label": f"snapshot of {context.name}",
                "properties": seen["properties"],
            }
            call("POST", "/objects", copy)
        return super().delete(context)


class TestNormalised(TestObject):
    type_name = "Firebrick::Test::Normalised"
    description = "An object of the fake provider whose text is shown in capitals, whatever was given."

    class Properties(TestType.Properties):
        value: Annotated[str, UPDATABLE, WRITE_ONLY, Field(description="Any text.")] = ""

    def read(self, context: Context) -> Live | None:
        live = super().read(context)
        return None if live is None else replace(live, properties=_in_capitals(live.properties))


def _in_capitals(shown: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.upper() if isinstance(value, str) else value for name, value in shown.items()}


class TestSignalled(ResourceType):
    __test__ = False
    type_name = "Firebrick::Test::Signalled"
    description = "Waits until it has got so many signals; its values are the texts that came with them."
    takes_signals = True
    inline = True
    attributes: ClassVar[Mapping[str, str]] = {"values": "The `value` of each signal, in the order of arrival."}

    class Properties(ResourceProperties):
        count: Annotated[int, Range(1), Field(description="How many signals.")] = 1
        timeout: Annotated[Number, Range(1), Field(description="Seconds.")] = 3600

    def create(self, context: Context) -> Next:
        return self._wait(context, context.now + context.properties.timeout)

    def poll_create(self, context: Context) -> Next:
        return self._wait(context, context.progress["until"])

    def signal_text(self, body: Any) -> str:
        return f"value {body['value']}" if isinstance(body, dict) and "value" in body else ""

    def _wait(self, context: Context, until: float) -> Next:
        values = [one.get("value") if isinstance(one, dict) else None for one in context.signals]
        if len(values) >= context.properties.count:
            return Done(physical_id=context.physical_name, attributes={"values": values})
        if context.now >= until:
            raise PermanentError(f"{len(values)} of {context.properties.count} signals came")
        return WaitSignal(context.name, until - context.now, progress={"until": until})


RESOURCE_TYPES: list[type[ResourceType]] = [
    TestObject,
    TestToken,
    TestBlind,
    TestSnapshotted,
    TestNormalised,
    TestSignalled,
]
