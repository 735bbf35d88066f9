"""Firebrick::HTTP::Resource: an object of any REST API."""

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any
from urllib.parse import quote

from pydantic import Field

from firebrick.resources.base import Context, Done, Found, Live, Next, Poll, ResourceProperties, ResourceType
from firebrick.resources.body_paths import with_ignored, words_of
from firebrick.resources.errors import (
    PermanentError,
    RefusedError,
    Replace,
    ResourceError,
    TemporaryError,
    TransientError,
)
from firebrick.resources.http_requests import Answer, UnreadableAnswer, base_of, host_and_port, request
from firebrick.resources.vocabulary import SECRET, UPDATABLE, Custom, Number, OneOf, Range

MISSING = object()
MARGIN = 1.0  # seconds that a call may take beside its requests


class Call(ResourceProperties):
    method: Annotated[str, OneOf("GET", "POST", "PUT", "PATCH", "DELETE"), Field(description="Of the request.")]
    path: Annotated[str, Field(description="Behind url; {id} and {name} are filled in.")] = ""
    body: Annotated[Any, SECRET, Field(description="Instead of the property body; JSON.")] = None


class Find(ResourceProperties):
    path: Annotated[str, Field(description="A GET there shows what a create with this {name} has made.")]
    id: Annotated[str, Field(description="Where the id is in the answer; nothing there: none was made.")] = "0.id"


class Ready(ResourceProperties):
    path: Annotated[str, Field(description="Where the state is in the answer to read.")]
    values: Annotated[list[str], Field(description="States in which it is ready.")]
    failed: Annotated[list[str], Field(description="States that it does not leave by itself.")] = []
    interval: Annotated[Number, Range(0.05, 3600), Field(description="Seconds between two looks.")] = 2


class HttpResource(ResourceType):
    """Off until FIREBRICK_HTTP_HOSTS names the hosts that templates may name.

    In paths and in the texts of bodies, ``{name}`` becomes the physical name, which no other resource has, and ``{id}``
    the object's id. Where the id is in an answer is said in words joined by dots: ``data.0.id``. A create whose answer
    was lost, or does not have the id, is looked up by ``find``, or repeated under ``idempotency_header``; with neither
    it fails, and says that a person must look.
    """

    type_name = "Firebrick::HTTP::Resource"
    description = "An object of any REST API."
    attributes = {"id": "The object's id.", "body": "The answer to the last create, read or update.", "url": "Of it."}
    attribute_kinds = {"id": "string", "url": "string"}
    call_timeout = 65.0

    class Properties(ResourceProperties):
        url: Annotated[str, Custom("http_url", base_of), Field(description="Of the collection, as a rule.")]
        headers: Annotated[dict[str, Any] | None, UPDATABLE, Field(description="Sent with each request.")] = None
        secret_headers: Annotated[
            dict[str, Any] | None, SECRET, UPDATABLE, Field(description="The same; nobody is shown their values.")
        ] = None
        body: Annotated[
            Any, SECRET, UPDATABLE, Field(description="What the object is to be; sent by create and update. JSON.")
        ] = None
        create: Annotated[Call, Field(description="Default: POST to url.")] = Call(method="POST")
        read: Annotated[Call, UPDATABLE, Field(description="Default: GET of /{id}.")] = Call(method="GET", path="/{id}")
        update: Annotated[
            Call | None, UPDATABLE, Field(description="As PATCH of /{id}. Default: another object takes its place.")
        ] = None
        delete: Annotated[Call, UPDATABLE, Field(description="Default: DELETE of /{id}.")] = Call(
            method="DELETE", path="/{id}"
        )
        id: Annotated[str, Field(description="Where the id is in the answer to create.")] = "id"
        find: Annotated[Find | None, UPDATABLE, Field(description="How to find what a lost create made.")] = None
        idempotency_header: Annotated[
            str | None, UPDATABLE, Field(description="A header that makes the API repeat no create of one value.")
        ] = None
        ready: Annotated[Ready | None, UPDATABLE, Field(description="When it is ready. Default: at once.")] = None
        ignore_changes: Annotated[
            list[Annotated[str, Custom("body_path", words_of)]],
            UPDATABLE,
            Field(description="Paths in body (labels.etag, rules.*.id) of which the object's own values do not count."),
        ] = []
        timeout: Annotated[Number, Range(0.1, 60), UPDATABLE, Field(description="Seconds an answer may take.")] = 30

    # --- what a worker calls --------------------------------------------------------------------------------------

    def can_find(self, properties: Any) -> bool:
        return properties.find is not None

    def can_repeat_create(self, properties: Any) -> bool:
        return properties.idempotency_header is not None

    def made_by(self, context: Context) -> str:
        return f"an object of {context.physical_name} (the properties find and idempotency_header prevent this)"

    def call_seconds(self, properties: Any) -> float:
        return float(properties.timeout) + MARGIN

    def late_effects(self, properties: Any) -> float:
        """An API that takes longer than it may has mostly begun, and makes the object all the same."""
        return float(properties.timeout)

    def provider(self, properties: Any) -> str:
        host, port = host_and_port(properties.url)
        return f"{host}:{port}"

    def create(self, context: Context) -> Next:
        properties = context.properties
        headers = {properties.idempotency_header: context.key} if properties.idempotency_header else {}
        answer = self._call(properties.create, context, headers)
        if answer.gone:
            raise RefusedError(f"the create was answered with {answer.status}: is url right?")
        found = self._id_in(answer, properties.id)
        if found is None:
            found, answer = self._made(answer, context)
        if properties.ready is not None:
            return Poll(after=properties.ready.interval, physical_id=found)
        return self._done(found, answer, context)

    def poll_create(self, context: Context) -> Next:
        answer = self._call(context.properties.read, context)
        if answer.gone:
            raise PermanentError(f"the object {context.physical_id} is gone, before it was ready")
        return self._when_ready(answer, context)

    def find_by_key(self, context: Context) -> Found | None:
        """Where ``find`` says how (can_find)."""
        found = self._look_for(context)
        return None if found is None else Found(physical_id=found)

    def update(self, context: Context) -> Next:
        properties = context.properties
        if {"body", "update"}.isdisjoint(context.changed):
            answer = self._call(properties.read, context)
        elif properties.update is not None:
            answer = self._call(properties.update, context)
        else:
            raise Replace("there is no request for updates")
        if answer.gone:
            raise Replace(f"the object {context.physical_id} is gone")
        if properties.ready is not None:
            return Poll(after=properties.ready.interval)
        return self._done(str(context.physical_id), answer, context)

    def poll_update(self, context: Context) -> Next:
        return self.poll_create(context)

    def forces_replacement(self, context: Context) -> bool:
        """Without `update`, another body takes another object."""
        return context.properties.update is None and context.previous.body != context.properties.body

    def replace_failed(self, context: Context) -> bool:
        live = self.read(context)
        return live is None or not live.healthy

    def read(self, context: Context) -> Live | None:
        """Of body, those members are compared that are in the answer under the same name, but for ignore_changes."""
        answer = self._call(context.properties.read, context)
        if answer.gone:
            return None
        state, ready = self._state(answer, context), context.properties.ready
        seen = {}
        if isinstance(context.properties.body, dict) and isinstance(answer.body, dict):
            body, ignored = context.properties.body, context.properties.ignore_changes
            wanted = filled(body, context)
            live = with_ignored({name: answer.body[name] for name in wanted if name in answer.body}, wanted, ignored)
            now = {name: value for name, value in live.items() if value != wanted.get(name)}
            seen["body"] = {**body, **with_ignored(now, {name: body[name] for name in now if name in body}, ignored)}
        well = ready is None or state in ready.values
        shown = self._done(str(context.physical_id), answer, context).attributes
        return Live(properties=seen, healthy=well, why="" if well else f"its state is {state}", attributes=shown)

    def delete(self, context: Context) -> Next:
        self._call(context.properties.delete, context)
        return Poll(after=context.properties.ready.interval) if context.properties.ready is not None else Done()

    def poll_delete(self, context: Context) -> Next:
        """With `ready`, whose objects take their time, the delete ends when the object cannot be read any more."""
        answer = self._call(context.properties.read, context)
        return Done() if answer.gone else Poll(after=context.properties.ready.interval)

    # --- inside -----------------------------------------------------------------------------------------------------

    def _made(self, answer: Answer, context: Context) -> tuple[str, Answer]:
        """The object of a create that went well and whose answer does not say its id, and an answer that shows it. No
        error may look as if the create had not been sent."""
        why = answer.unreadable or f"the answer to the create has no id at {context.properties.id}"
        found = None
        if context.properties.find is not None:
            try:
                found = self._look_for(context)
                if found is not None:
                    return found, self._call(context.properties.read, context, id_=found)
            except TemporaryError as error:
                raise TransientError(f"{why}, and then: {error}", delay=error.delay) from None
            except ResourceError as error:
                why += f", and then: {error}"
        raise UnreadableAnswer(f"{why}; look for what it has made")

    def _look_for(self, context: Context) -> str | None:
        """The id of what a create under this name has made, by ``find``."""
        find = context.properties.find
        answer = self._call(Call(method="GET", path=find.path), context)
        if answer.unreadable:
            raise UnreadableAnswer(answer.unreadable)
        return None if answer.gone else self._id_in(answer, find.id)

    @staticmethod
    def _id_in(answer: Answer, path: str) -> str | None:
        found = at(answer.body, path)
        return str(found) if isinstance(found, str | int) and not isinstance(found, bool) and found != "" else None

    def _call(
        self, call: Call, context: Context, headers: Mapping[str, str] | None = None, id_: str | None = None
    ) -> Answer:
        """id_: the object's, where the context does not have it yet."""
        properties = context.properties
        if id_ is not None:
            context = replace(context, physical_id=id_)
        own = "body" in call.model_fields_set
        body = None if call.method in ("GET", "DELETE") and not own else call.body if own else properties.body
        sent = {**(properties.headers or {}), **(properties.secret_headers or {}), **(headers or {})}
        secret = [str(value) for value in (properties.secret_headers or {}).values()]
        return request(
            call.method,
            properties.url,
            filled(call.path, context, in_path=True),
            headers={str(name): str(value) for name, value in sent.items()},
            body=filled(body, context),
            timeout=min(float(properties.timeout), context.seconds_left()),
            secrets=[*secret, *(word for one in secret for word in one.split()), *texts(body)],
        )

    def _state(self, answer: Answer, context: Context) -> Any:
        ready = context.properties.ready
        return None if ready is None else at(answer.body, ready.path)

    def _when_ready(self, answer: Answer, context: Context) -> Next:
        state, ready = self._state(answer, context), context.properties.ready
        if ready is None or state in ready.values:
            return self._done(str(context.physical_id), answer, context)
        if state in ready.failed:
            raise PermanentError(f"the object {context.physical_id} went into the state {state}")
        return Poll(after=ready.interval)

    def _done(self, physical_id: str, answer: Answer, context: Context) -> Done:
        url = context.properties.url.rstrip("/") + f"/{quote(physical_id, safe='')}"
        return Done(physical_id=physical_id, attributes={"id": physical_id, "body": answer.body, "url": url})


def at(body: Any, path: str) -> Any:
    """What is at ``a.0.b`` of some JSON; MISSING: nothing."""
    for word in filter(None, path.split(".")):
        if isinstance(body, dict) and word in body:
            body = body[word]
        elif isinstance(body, list) and word.isascii() and word.isdigit() and int(word) < len(body):
            body = body[int(word)]
        else:
            return MISSING
    return body


def filled(value: Any, context: Context, *, in_path: bool = False) -> Any:
    """With {id}, {key} and {name} filled in, in all texts of a body, or quoted in a path."""
    if isinstance(value, dict):
        return {name: filled(one, context) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, context) for one in value]
    if not isinstance(value, str):
        return value
    words = {"{id}": context.physical_id or "", "{name}": context.physical_name}
    for word, text in words.items():
        value = value.replace(word, quote(text, safe="") if in_path else text)
    return value


def texts(value: Any) -> list[str]:
    """All texts of a body: an API may repeat any of them in its errors, and one may be a secret."""
    if isinstance(value, dict | list):
        return [text for one in (value.values() if isinstance(value, dict) else value) for text in texts(one)]
    return [value, json.dumps(value)[1:-1]] if isinstance(value, str) else []
