"""The REST API as its clients here use it: one method for each call, refusals as FirebrickError.

For the command line and for starter.client; standard library only. An Api holds no connection: any thread may use it.
"""

import getpass
import http.client
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import quote, urlencode, urlsplit

from firebrick.arns import read_arn
from firebrick.diagnostics import Conflict, Diagnostic, FirebrickError, InvalidInput, NotFound, Unavailable
from starter.address import Address

TIMEOUT = 60.0  # seconds for one answer
OPERATION_HEADER = "X-Firebrick-Operation"
_KINDS: Mapping[int, type[FirebrickError]] = {400: InvalidInput, 404: NotFound, 409: Conflict, 503: Unavailable}
_DIAGNOSTIC_FIELDS = frozenset(field.name for field in fields(Diagnostic))


class NoServer(Unavailable):
    """Nobody answers at the address. sent: the request may have arrived."""

    def __init__(self, diagnostic: Diagnostic, *, sent: bool) -> None:
        super().__init__(diagnostic)
        self.sent = sent


@dataclass(frozen=True, slots=True)
class StackAddress:
    """A stack by name and id: the id also finds it after it was deleted, or its name taken by another."""

    name: str
    id: str


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that was accepted. operation: its id. warnings: what is allowed in what was sent, and probably not
    meant."""

    stack: StackAddress
    operation: str
    warnings: tuple[Diagnostic, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: Any


def _no_stack(name_or_id: str, detail: str) -> NotFound:
    summary = f"The Stack ({name_or_id}) could not be found."
    return NotFound(Diagnostic(code="stack-not-found", summary=summary, detail=detail))


class Api:
    def __init__(self, address: Address, *, user: str | None = None) -> None:
        """user: who asks, shown with the operations, no proof of anything; None: the user of this process."""
        self._address = address
        self._root = f"/v1/{_quoted(address.project)}"
        self._headers = {"Accept": "application/json"}
        user = _local_user() if user is None else user
        if user and user.isascii() and user.isprintable():
            self._headers["X-Auth-User"] = user

    # --- stacks ---

    def create(self, body: Mapping[str, Any], operation_id: str) -> Accepted:
        answer = self._ask("POST", "/stacks", body, operation_id)
        return self._accepted(StackAddress(str(body.get("stack_name")), str(answer.body["stack"]["id"])), answer)

    def find(self, name_or_id: str) -> StackAddress:
        """By name, id or ARN. NotFound when there is no such stack (a deleted one is not found by its name)."""
        arn = read_arn(name_or_id)
        if arn is not None and arn.path:
            raise _no_stack(name_or_id, "It names something in a stack: end it behind the stack's id.")
        if arn is not None and arn.project != self._address.project:
            raise _no_stack(name_or_id, f"It is of project {arn.project}: name that, too, with --project.")
        if not name_or_id or ("/" in name_or_id and arn is None):
            raise _no_stack(
                name_or_id, "Stacks are named by their name or their id; `firebrick stack list` shows both."
            )
        answer = self._call("GET", f"/stacks/{_quoted(name_or_id)}", redirect=False)
        name, stack_id = urlsplit(answer.headers["location"]).path.split("/")[-2:]
        return StackAddress(name, stack_id)

    def stack(self, stack: StackAddress, *, resolve_outputs: bool = True, with_operation: bool = False) -> Any:
        query = {} if resolve_outputs else {"resolve_outputs": "False"}
        if with_operation:
            query["with_operation"] = "True"
        return self._call("GET", self._path(stack), query=query).body["stack"]

    def stacks(self, query: Mapping[str, Any]) -> Any:
        return self._call("GET", "/stacks", query=query).body["stacks"]

    def update(
        self, stack: StackAddress, body: Mapping[str, Any], operation_id: str, *, existing: bool = False
    ) -> Accepted:
        """existing: what the body leaves out stays as it is."""
        method = "PATCH" if existing else "PUT"
        return self._accepted(stack, self._ask(method, self._path(stack), body, operation_id))

    def delete(self, stack: StackAddress, operation_id: str, *, retain: Sequence[str] = ()) -> str:
        """The id of the accepted operation. retain: names of resources whose objects stay."""
        query = {"retain": ",".join(retain)} if retain else None
        headers = {OPERATION_HEADER: operation_id}
        return self._operation(self._call("DELETE", self._path(stack), query=query, headers=headers))

    def cancel(self, stack: StackAddress, *, rollback: bool, at_once: bool = False) -> str:
        """The id of the operation that is cancelled."""
        action = "cancel_update" if rollback else "cancel_without_rollback"
        how = {"now": True} if at_once else None
        return self._operation(self._call("POST", self._path(stack, "actions"), body={action: how}))

    def continue_(self, stack: StackAddress, operation_id: str) -> str:
        """The id of the accepted operation."""
        headers = {OPERATION_HEADER: operation_id}
        return self._operation(self._call("POST", self._path(stack, "continue"), headers=headers))

    def rollback(self, stack: StackAddress, body: Mapping[str, Any], operation_id: str) -> str:
        """The id of the accepted operation. body: skip (names of resources), to."""
        headers = {OPERATION_HEADER: operation_id}
        return self._operation(self._call("POST", self._path(stack, "rollback"), body=body, headers=headers))

    # --- what belongs to a stack ---

    def resources(self, stack: StackAddress, query: Mapping[str, Any] | None = None) -> Any:
        return self._call("GET", self._path(stack, "resources"), query=query).body["resources"]

    def resource(self, stack: StackAddress, name: str) -> Any:
        return self._call("GET", self._path(stack, "resources", name)).body["resource"]

    def metadata(self, stack: StackAddress, resource: str) -> Any:
        return self._call("GET", self._path(stack, "resources", resource, "metadata")).body["metadata"]

    def signal(self, stack: StackAddress, resource: str, body: Any) -> None:
        """body: any JSON value, or None."""
        self._call("POST", self._path(stack, "resources", resource, "signal"), body=body)

    def mark_unhealthy(self, stack: StackAddress, resource: str, *, unhealthy: bool, reason: str | None) -> None:
        """resource: its name, or its physical id."""
        body = {"mark_unhealthy": unhealthy} | ({} if reason is None else {"resource_status_reason": reason})
        self._call("PATCH", self._path(stack, "resources", resource), body=body)

    def document(self, stack: StackAddress, kind: str) -> Any:
        """What was asked for. kind: template, environment or files."""
        return self._call("GET", self._path(stack, kind)).body

    def events(self, stack: StackAddress, query: Mapping[str, Any], resource: str | None = None) -> Any:
        inside = ("resources", resource, "events") if resource else ("events",)
        return self._call("GET", self._path(stack, *inside), query=query).body["events"]

    def event(self, stack: StackAddress, resource: str, event_id: str) -> Any:
        return self._call("GET", self._path(stack, "resources", resource, "events", event_id)).body["event"]

    def outputs(self, stack: StackAddress) -> Any:
        return self._call("GET", self._path(stack, "outputs")).body["outputs"]

    def output(self, stack: StackAddress, key: str) -> Any:
        return self._call("GET", self._path(stack, "outputs", key)).body["output"]

    def operation(self, operation_id: str, *, with_holds: bool = False) -> Any:
        """with_holds: with what holds its run, which is asked of Temporal."""
        query = {"with_holds": "True"} if with_holds else None
        return self._call("GET", f"/operations/{_quoted(operation_id)}", query=query).body["operation"]

    def operations(self, stack: StackAddress) -> Any:
        """The newest first."""
        return self._call("GET", self._path(stack, "operations")).body["operations"]

    def what_follows(self, stack: StackAddress, operation_id: str) -> Any:
        """The operation that the failure of another led to; None."""
        return next((one for one in self.operations(stack) if one.get("follows") == operation_id), None)

    # --- resource types ---

    def resource_types(self, query: Mapping[str, Any]) -> Any:
        return self._call("GET", "/resource_types", query=query).body["resource_types"]

    def resource_type(self, name: str) -> Any:
        query = {"with_description": "True"}
        return self._call("GET", f"/resource_types/{_quoted(name)}", query=query).body

    def generated_template(self, name: str, template_type: str) -> Any:
        """A template with one resource of the type. template_type: hot or cfn."""
        path = f"/resource_types/{_quoted(name)}/template"
        return self._call("GET", path, query={"template_type": template_type}).body

    # --- plans ---

    def plan(self, stack: StackAddress, body: Mapping[str, Any], *, existing: bool = False) -> Any:
        """What an update with this body would do; to be applied as it is, but for `warnings`, which are not in it."""
        return self._ask("POST", self._path(stack, "plan"), {**body, "existing": existing}).body

    def plan_of_delete(self, stack: StackAddress, retain: Sequence[str]) -> Any:
        """What a delete would do; for looking at. retain: names of resources."""
        return self._call("POST", self._path(stack, "plan", "delete"), body={"retain": list(retain)}).body

    def plan_of_create(self, body: Mapping[str, Any]) -> Any:
        """What a create with this body would do; as with plan()."""
        return self._ask("POST", "/stacks/plan", body).body

    def apply(self, stack: StackAddress, plan: Mapping[str, Any], operation_id: str) -> Accepted:
        """Conflict: the stack has moved since the plan was made."""
        return self._accepted(stack, self._ask("POST", self._path(stack, "apply"), plan, operation_id))

    def apply_create(self, plan: Mapping[str, Any], operation_id: str) -> Accepted:
        """NameInUse: there is a stack of that name now."""
        answer = self._ask("POST", "/stacks/apply", plan, operation_id)
        return self._accepted(StackAddress(plan["stack"]["name"], str(answer.body["stack"]["id"])), answer)

    # --- the wire ---

    @staticmethod
    def _path(stack: StackAddress, *inside: str) -> str:
        return "/".join(("/stacks", *(_quoted(part) for part in (stack.name, stack.id, *inside))))

    def _ask(self, method: str, path: str, body: Mapping[str, Any], operation_id: str = "") -> Answer:
        """A request with a template in it, whose answer has warnings."""
        headers = {OPERATION_HEADER: operation_id} if operation_id else {}
        return self._call(method, path, query={"with_warnings": "True"}, body=body, headers=headers)

    @classmethod
    def _accepted(cls, stack: StackAddress, answer: Answer) -> Accepted:
        return Accepted(stack, cls._operation(answer), warnings_of(answer.body))

    @staticmethod
    def _operation(answer: Answer) -> str:
        return answer.headers.get(OPERATION_HEADER.lower(), "")

    def _call(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, Any] | None = None,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        redirect: bool = True,
    ) -> Answer:
        asked = urlencode(query, doseq=True, errors="surrogatepass") if query else ""
        target = self._root + path + (f"?{asked}" if asked else "")
        data = json.dumps(body).encode() if body is not None else None
        answer = self._send(method, target, data, {**self._headers, **(headers or {})})
        if answer.status == 302 and redirect and (location := answer.headers.get("location")):
            parts = urlsplit(location)
            target = parts.path + (f"?{parts.query}" if parts.query else "")
            answer = self._send(method, target, data, {**self._headers, **(headers or {})})
        if answer.status >= 400:
            raise self._refusal(answer)
        return answer

    def _send(self, method: str, target: str, data: bytes | None, headers: Mapping[str, str]) -> Answer:
        parts = urlsplit(self._address.base)
        make = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        wire = make(parts.hostname or "", parts.port, timeout=TIMEOUT)
        if data is not None:
            headers = {**headers, "Content-Type": "application/json"}
        sent = False
        try:
            wire.connect()
            sent = True
            wire.request(method, target, body=data, headers=dict(headers))
            response = wire.getresponse()
            raw = response.read()
            return Answer(response.status, {k.lower(): v for k, v in response.getheaders()}, self._decode(raw))
        except (OSError, http.client.HTTPException) as error:
            raise NoServer(self._no_server(error, sent=sent), sent=sent) from None
        finally:
            wire.close()

    def _decode(self, raw: bytes) -> Any:
        try:
            return json.loads(raw) if raw else None
        except ValueError:
            raise self._not_ours() from None

    def _not_ours(self) -> Unavailable:
        return Unavailable(
            Diagnostic(
                code="not-a-firebrick-server",
                summary=f"what answers at {self._address.base} is not Firebrick's API",
                detail="Check --url or $FIREBRICK_URL.",
            )
        )

    def _no_server(self, error: Exception, *, sent: bool) -> Diagnostic:
        base, source = self._address.base, self._address.source
        if sent:
            return Diagnostic(
                code="connection-lost",
                summary=f"the connection to {base} was lost before the answer came ({_reason(error)})",
                detail="The request may have been accepted all the same.",
            )
        return Diagnostic(
            code="no-server",
            summary=f"no server answers at {base} ({_reason(error)}; address from: {source})",
            detail="Start one with `firebrick server`, or say where it is with --url or $FIREBRICK_URL.",
        )

    def _refusal(self, answer: Answer) -> FirebrickError:
        """The diagnostics of an error body; of Heat's plain form when there are none."""
        body = answer.body
        if not isinstance(body, dict) or not isinstance(body.get("error"), dict):
            return self._not_ours()
        found = [_diagnostic(one) for one in _sequence(body.get("diagnostics")) if isinstance(one, dict)]
        if not found:
            error = body["error"]
            text = str(error.get("message") or body.get("explanation") or body.get("title") or answer.status)
            found = [Diagnostic(code=f"http-{answer.status}", summary=text, heat_type=str(error.get("type") or ""))]
        return _KINDS.get(answer.status, FirebrickError)(found)


def _quoted(part: str) -> str:
    """A part of a path. What is no text (an argument of a command in another encoding) is a name that nothing has."""
    return quote(part, safe="", errors="surrogatepass")


def _local_user() -> str:
    """The name of this process's user; "" when it has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return ""


def warnings_of(body: Any) -> tuple[Diagnostic, ...]:
    """The warnings of an answer."""
    found = _sequence(body.get("warnings")) if isinstance(body, dict) else ()
    return tuple(_diagnostic(one) for one in found if isinstance(one, dict))


def _diagnostic(told: Mapping[str, Any]) -> Diagnostic:
    known = {name: value for name, value in told.items() if name in _DIAGNOSTIC_FIELDS and value is not None}
    return Diagnostic(**{"code": "unknown", "summary": "(no text)", **known})


def _sequence(value: object) -> Sequence[Any]:
    return value if isinstance(value, list) else ()


def _reason(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return f"no answer within {TIMEOUT:g} s"
    return str(getattr(error, "strerror", None) or error or type(error).__name__)
