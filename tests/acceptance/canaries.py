"""Stacks with known secrets that fail in every way there is, and all that can be read of them afterwards.

`Aviary` makes them on a running server through the API and by Temporal alone, and looks wherever anybody can look:
every GET route, the command line, histories and descriptions of workflows, every byte of the state folder.
"""

import asyncio
import base64
import http.client
import json
import urllib.request
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import cached_property, partial
from typing import Any
from urllib.parse import quote, urlsplit
from uuid import uuid4

from temporalio.api.history.v1 import HistoryEvent
from temporalio.client import Client, WorkflowExecution, WorkflowFailureError, WorkflowHandle
from temporalio.contrib.pydantic import pydantic_data_converter

from firebrick.arns import stack_arn
from firebrick.contract import CREATE_STACK, PROGRESS, TASK_QUEUE
from starter.rest.app import ROUTES
from tests.acceptance.command_line import CommandLine, post, until

WORD = "canaryHiddenParameter7Kx9vQz"
FROM_ENVIRONMENT = "canaryEnvironmentParameter4TmW2"
IN_A_FILE = "canaryInsideAFileByGetFile8RbY5"
INLINE = "canaryByTemporalAlone3LpD6"
DEFAULT = "canaryDefaultInTheTemplate5HsJ3"
SECRETS = (WORD, FROM_ENVIRONMENT, IN_A_FILE, DEFAULT)

TEMPLATE = f"""
heat_template_version: 2018-08-31
parameters:
  word: {{type: string, hidden: true, constraints: [{{length: {{min: 4, max: 60}}}}]}}
  token: {{type: string, hidden: true, default: {DEFAULT}}}
  key: {{type: json, hidden: true}}
resources:
  drawn: {{type: OS::Heat::RandomString, properties: {{length: 40}}}}
  built: {{type: OS::Heat::Value, properties: {{value: {{list_join: ['-', [user, {{get_param: word}}]]}}}}}}
  folded: {{type: OS::Heat::Value, properties: {{value: {{yaql: {{
      expression: $.data.toUpper(), data: {{get_attr: [drawn, value]}}}}}}}}}}
  holder: {{type: OS::Heat::TestResource, properties: {{value: {{get_param: [key, inner]}}}}}}
  config:
    type: OS::Heat::SoftwareConfig
    properties:
      inputs: [{{name: password, default: {{get_param: word}}}}]
      config: {{get_file: secret.sh}}
  marked: {{type: OS::Heat::None, metadata: {{word: {{get_param: token}}}}}}
outputs:
  asked_for: {{value: {{get_attr: [built, value]}}}}
  drawn: {{value: {{get_attr: [drawn, value]}}}}
"""
ENVIRONMENT = f"""
parameters: {{key: {{inner: {FROM_ENVIRONMENT}}}}}
encrypted_param_names: [key]
"""
ALL = (
    "{list_join: [' ', [{get_param: word}, {get_param: token}, {get_file: secret.sh}, {get_attr: [holder, output]}, "
    "{get_attr: [drawn, value]}]]}"
)

BROKEN: Mapping[str, str] = {
    # What `broken` is in each stack.
    "fails": "{type: OS::Heat::TestResource, properties: {fail: true, value: %s}}",
    "no-boolean": "{type: OS::Heat::TestResource, properties: {fail: %s}}",
    "no-boolean-of-a-batch": "{type: OS::Heat::Value, properties: {type: number, value: %s}}",
    "quoted": "{type: Test::Faulty::Talkative, properties: {word: %s}}",
    "quoted-later": "{type: Test::Faulty::Talkative, properties: {when: retry, word: %s}}",
    "quoted-at-its-end": "{type: Test::Faulty::Talkative, properties: {when: delete, word: %s}}",
    "quoted-when-shown": "{type: Test::Faulty::Talkative, properties: {when: attribute, word: %s}}",
    "bug": "{type: Test::Faulty::Handler, properties: {word: %s}}",
    "timed-out": "{type: OS::Heat::TestResource, properties: {action_wait_secs: {create: -1}, value: %s}}",
    "cancelled": "{type: OS::Heat::TestResource, properties: {action_wait_secs: {create: -1}, value: %s}}",
    "deleted-meanwhile": "{type: OS::Heat::TestResource, properties: {action_wait_secs: {create: -1}, value: %s}}",
    "complete": "{type: OS::Heat::TestResource, properties: {value: %s}}",
}
ENDS = dict.fromkeys(BROKEN, "CREATE_FAILED") | {
    "quoted-later": "CREATE_IN_PROGRESS",
    "quoted-at-its-end": "CREATE_COMPLETE",
    "quoted-when-shown": "CREATE_COMPLETE",
    "deleted-meanwhile": "DELETE_COMPLETE",
    "complete": "CREATE_COMPLETE",
}
REFUSED: Mapping[str, tuple[str, dict[str, Any], int]] = {
    # (resources, parameters, status) of requests that must be refused.
    "too long": ("{}", {"word": WORD * 4}, 400),
    "no number": ("{a: {type: OS::Heat::RandomString, properties: {length: {get_param: word}}}}", {}, 400),
    "no boolean": ("{a: {type: OS::Heat::TestResource, properties: {fail: {get_param: word}}}}", {}, 400),
    "not among the allowed": ("{a: {type: OS::Heat::Value, properties: {type: {get_param: word}, value: 1}}}", {}, 400),
    "no map": ("{a: {type: OS::Heat::Value, properties: {value: {map_merge: [{get_param: word}]}}}}", {}, 400),
    "a policy": ("{a: {type: OS::Heat::None, deletion_policy: {get_param: word}}}", {}, 400),
    "a type": ("{a: {type: {get_param: word}}}", {}, 400),
    "not an object": ("{}", {"word": {"inside": WORD}, "key": WORD}, 400),
    "a bug": ("{a: {type: Test::Faulty::Schema, properties: {word: {get_param: word}}}}", {}, 500),
}


@dataclass(frozen=True)
class Sight:
    """Something somebody can read. place: where. body: bytes, or JSON."""

    place: str
    body: Any

    @cached_property
    def text(self) -> bytes:
        return self.body if isinstance(self.body, bytes) else json.dumps(self.body, ensure_ascii=False).encode()

    @cached_property
    def folded(self) -> bytes:
        return self.text.lower()

    def holds(self, secret: str) -> bool:
        return secret.lower().encode() in self.folded or any(form in self.text for form in forms(secret))

    def around(self, secret: str) -> bytes:
        """What stands before and after its first place."""
        place = max(self.folded.find(secret.lower().encode()), *(self.text.find(form) for form in forms(secret)))
        return self.text[max(0, place - 300) : place + 150]

    def without(self, key: str) -> "Sight":
        """The same, with whatever stands under this key of its JSON left out."""

        def pruned(value: Any) -> Any:
            if isinstance(value, dict):
                return {name: pruned(one) for name, one in value.items() if name != key}
            return [pruned(one) for one in value] if isinstance(value, list) else value

        return Sight(self.place, pruned(self.body))


def forms(secret: str) -> Iterator[bytes]:
    """The secret as it may stand in a payload: in base64 at any place, and in hexadecimal digits."""
    raw = secret.encode()
    for before in range(3):
        coded = base64.b64encode(b"\0" * before + raw)
        yield coded[4 if before else 0 : -4]
    yield raw.hex().encode()


@dataclass(slots=True)
class Aviary:
    """The stacks: name -> id. drawn: generated values, by stack. refusals: what was answered to bad requests."""

    firebrick: CommandLine
    suffix: str = field(default_factory=lambda: uuid4().hex[:6])
    ids: dict[str, str] = field(default_factory=dict)
    drawn: list[str] = field(default_factory=list)
    refusals: list[Sight] = field(default_factory=list)
    inline: list[str] = field(default_factory=list)  # workflow ids

    def name(self, which: str) -> str:
        return f"{which}-{self.suffix}"

    # --- making them ---

    async def fill(self) -> None:
        """Make all, until each is what it is to become; then what is refused."""
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(self._create, BROKEN))
            waits = [pool.submit(self._until, which, state) for which, state in ENDS.items()]
            await self._interrupt()
            for wait in waits:
                await asyncio.wrap_future(wait)
            self.refusals = list(pool.map(self._refused, REFUSED))
        await self._inline()
        for which in self.ids:
            resource = self.get(f"/stacks/{self.name(which)}/{self.ids[which]}/resources?name=drawn&with_detail=True")
            for row in resource["resources"]:
                self.drawn.append(row["attributes"]["value"])
        self.drawn = [one for one in self.drawn if one]

    def _create(self, which: str) -> None:
        template = TEMPLATE.replace("outputs:", f"  broken: {BROKEN[which] % ALL}\noutputs:")
        if which == "quoted-when-shown":
            template += "  faulty: {value: {get_attr: [broken, answer]}}\n"
        body = self._body(which, template, {"word": WORD})
        status, answer = post(self.firebrick, json.dumps(body).encode())
        assert status == 201, answer
        self.ids[which] = answer["stack"]["id"]

    def _body(self, which: str, template: str, parameters: dict[str, Any]) -> dict[str, Any]:
        return {
            "stack_name": self.name(which.replace(" ", "-")),
            "template": template,
            "environment": ENVIRONMENT,
            "files": {"secret.sh": f"#!/bin/sh\nlogin {IN_A_FILE}\n"},
            "parameters": parameters,
            "timeout_mins": 1 if which == "timed-out" else 30,
        }

    def _refused(self, which: str) -> Sight:
        resources, parameters, status = REFUSED[which]
        start = TEMPLATE.partition("resources:")[0]
        body = self._body(which, f"{start}resources: {resources}\n", {"word": WORD, **parameters})
        answered, answer = post(self.firebrick, json.dumps(body).encode())
        assert answered == status, (which, answer)
        return Sight(f"refusal: {which}", answer)

    def _until(self, which: str, state: str) -> None:
        until(lambda: self.stack(which)["stack_status"] == state, f"{which} {state}")

    async def _interrupt(self) -> None:
        """Cancel or delete those that wait for it, once they are at work on what waits."""
        client = await self.client()
        for which in ("cancelled", "deleted-meanwhile"):
            await asyncio.to_thread(until, partial(self._waits, which), f"{which} waits")
        await self.handle(client, "cancelled").cancel()
        await self.handle(client, "cancelled").signal("cancel_at_once")
        self.delete("deleted-meanwhile")

    def _waits(self, which: str) -> bool:
        rows = self.inside(which, "resources")["resources"]
        return any(row["resource_name"] == "broken" and row["resource_status"] == "CREATE_IN_PROGRESS" for row in rows)

    def handle(self, client: Client, which: str) -> WorkflowHandle[Any, Any]:
        return client.get_workflow_handle(f"stack/default/{self.name(which)}/{self.ids[which]}")

    async def _inline(self) -> None:
        """By Temporal alone, where there is no codec: the value is refused; and a type's bug comes before that."""
        client = await self.client()
        start = TEMPLATE.partition("resources:")[0].replace(DEFAULT, INLINE)
        for kind in ("OS::Heat::Value", "Test::Faulty::Schema"):
            name = "value" if kind == "OS::Heat::Value" else "word"
            request = {
                "name": self.name("inline"),
                "template": f"{start}resources: {{a: {{type: {kind}, properties: {{{name}: {{get_param: word}}}}}}}}\n",
                "parameters": {"word": INLINE, "key": {"inner": INLINE}},
            }
            handle = await client.start_workflow(CREATE_STACK, request, id=f"inline-{uuid4()}", task_queue=TASK_QUEUE)
            self.inline.append(handle.id)
            if kind == "OS::Heat::Value":
                try:
                    await handle.result()
                except WorkflowFailureError as error:
                    self.refusals.append(Sight("refusal: by Temporal alone", {"text": f"{error.cause}"}))
            else:  # a bug is tried again for ever: a person must see to it
                await asyncio.to_thread(until, self._bug_is_logged, "the bug is in the log")
                await handle.terminate("by a test")

    def _bug_is_logged(self) -> bool:
        log = self.firebrick.state / "logs" / "worker.log"
        return "RuntimeError" in log.read_text(errors="replace")

    def delete(self, which: str) -> None:
        request = urllib.request.Request(f"{self.firebrick.api}{self.path(which)}", method="DELETE")
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 204

    def delete_all(self) -> None:
        """The end of each, where its provider lets it go. The time limit of one is too short to be sure of its end."""
        living = [which for which in self.ids if which not in ("deleted-meanwhile", "timed-out")]
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(self.delete, living))
            ends = {which: "DELETE_FAILED" if which == "quoted-at-its-end" else "DELETE_COMPLETE" for which in living}
            list(pool.map(self._until, ends, ends.values()))

    # --- looking ---

    async def client(self) -> Client:
        return await Client.connect(self.firebrick.told["temporal_address"], data_converter=pydantic_data_converter)

    def get(self, path: str) -> Any:
        """JSON of a GET, whatever its status; a redirection is not followed."""
        url = urlsplit(self.firebrick.api + path)
        connection = http.client.HTTPConnection(url.netloc, timeout=60)
        try:
            connection.request("GET", f"{url.path}?{url.query}")
            return json.load(connection.getresponse())
        finally:
            connection.close()

    def path(self, which: str, inside: str = "") -> str:
        return f"/stacks/{self.name(which)}/{self.ids[which]}{'/' if inside else ''}{inside}"

    def inside(self, which: str, what: str) -> Any:
        return self.get(self.path(which, what))

    def stack(self, which: str) -> dict[str, Any]:
        body: dict[str, Any] = self.get(self.path(which))["stack"]
        return body

    def http(self) -> list[Sight]:
        """What every GET route shows of every stack. A route that is new must be given its values here."""
        jobs = [(route.path, path) for route in ROUTES if route.method == "GET" for path in self._addresses(route.path)]
        with ThreadPoolExecutor(8) as pool:
            bodies = pool.map(lambda job: self.get(job[1]), jobs)
            return [Sight(f"GET {route}", body) for (route, _), body in zip(jobs, bodies, strict=True)]

    def _addresses(self, route: str) -> Iterator[str]:
        """The addresses a route has for these stacks."""
        if "{type}" in route:
            kinds = ("OS::Heat::RandomString", "Test::Faulty::Talkative")
            yield from (route.replace("{type}", quote(kind, safe="")) for kind in kinds)
        elif "{version}" in route:
            yield route.replace("{version}", "heat_template_version.2018-08-31")
        elif "{" not in route:
            yield from (route, f"{route}?show_deleted=True&with_count=True")
        else:
            for which in self.ids:
                yield from self._addresses_of(route, which)

    def _addresses_of(self, route: str, which: str) -> Iterator[str]:
        path = route.replace("{name}", self.name(which)).replace("{id}", self.ids[which])
        if "{operation}" in path:
            ids = [one["id"] for one in self.inside(which, "operations")["operations"]]
            yield from (path.replace("{operation}", one) for one in ids)
        elif "{event}" in path:
            for event in self.inside(which, "events")["events"]:
                if event["resource_name"] in ("broken", "config"):
                    named = path.replace("{resource}", event["resource_name"])
                    yield named.replace("{event}", event["id"])
        elif "{resource}" in path:
            yield from (path.replace("{resource}", one) for one in ("drawn", "built", "config", "marked", "broken"))
        elif "{arn:path}" in path:
            project = urlsplit(self.firebrick.api).path.rpartition("/")[2]
            yield path.replace("arn:{arn:path}", stack_arn(project, self.name(which), self.ids[which]))
        elif "{key}" in path:
            yield from (path.replace("{key}", one) for one in ("asked_for", "drawn", "faulty"))
        else:
            assert "{" not in path, f"say here what stands for the names in {route}"
            yield path
            if path.endswith("/resources"):
                yield f"{path}?with_detail=True"
            elif path.endswith(self.ids[which]):
                yield f"{path}?with_operation=True"

    def commands(self) -> list[Sight]:
        """What the command line prints unless it is asked for a value."""
        lines = [
            ("stack", "list", "--long", "--deleted"),
            ("stack", "show", self.ids["complete"], "--no-resolve-outputs"),
            ("stack", "failures", "list", self.ids["quoted"]),
            ("stack", "failures", "list", self.ids["no-boolean-of-a-batch"]),
            ("stack", "resource", "list", self.ids["quoted"], "--long"),
            ("stack", "event", "list", self.ids["quoted-later"]),
            ("stack", "output", "show", self.ids["quoted-when-shown"], "faulty"),
            ("stack", "wait", self.ids["quoted"], "-c", "stack_status_reason"),
            ("operation", "list", self.ids["quoted"], "-f", "json"),
        ]
        with ThreadPoolExecutor(4) as pool:
            ran = list(pool.map(lambda line: self.firebrick.run(*line), lines))
        return [
            Sight(f"firebrick {' '.join(line[:3])}", (done.out + done.err).encode())
            for line, done in zip(lines, ran, strict=True)
        ]

    async def temporal(self) -> list[Sight]:
        """Histories as they are stored, and all that the UI shows of a workflow: description, details, query."""
        client = await self.client()
        ids = " OR ".join(f"FirebrickStackId='{one}'" for one in self.ids.values())
        runs = [run async for run in client.list_workflows(ids)]
        assert len(runs) >= 2 * len(self.ids) - 2
        return [sight for seen in await asyncio.gather(*(_run_sights(client, run) for run in runs)) for sight in seen]

    async def inline_events(self) -> list[HistoryEvent]:
        client = await self.client()
        return [event for one in self.inline async for event in client.get_workflow_handle(one).fetch_history_events()]

    def files(self) -> list[Sight]:
        """Every file of the state folder: both databases with their logs, what the processes say, reports, keys."""
        return [
            Sight(str(file.relative_to(self.firebrick.state)), file.read_bytes())
            for file in self.firebrick.state.rglob("*")
            if file.is_file()
        ]


async def _run_sights(client: Client, run: WorkflowExecution) -> list[Sight]:
    handle = client.get_workflow_handle(run.id, run_id=run.run_id)
    history = await handle.fetch_history()
    description = await handle.describe()
    shown = [description.raw_description, run.raw_info]
    stack = ", ".join(run.id.split("/")[2:3])
    sights = [Sight(f"history of {stack}", b"".join(event.SerializeToString() for event in history.events))]
    sights += [Sight(f"description of {stack}", one.SerializeToString()) for one in shown]
    for query in ("__temporal_workflow_metadata", PROGRESS):
        answer = await handle.query(query)
        sights.append(Sight(f"{query} of {stack}", str(answer).encode()))
    return sights
