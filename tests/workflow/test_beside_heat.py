"""What a recorded Heat answered, asked of this API with a worker behind it: the same, but for ids, times and hosts.

The requests stand in beside_heat.json in the order in which they were made, of those that exist here; resources of
types that do not exist yet are left out of templates and answers. `<kmain>` is the id of the stack of that name.
"""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import httpx2

from starter.rest import create_app

FILE = Path(__file__).with_name("beside_heat.json")
BASE = "http://heat.test:8004"
STACK = re.compile(r"/stacks/([^/]+)/([0-9a-f-]{36})")
UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
SHORT = re.compile(r"(?<=-)[a-z2-7]{12}(?![a-z0-9])")
OURS = ("diagnostics", "stack_user_project_id")  # beyond Heat's; and what there is without Keystone
SORTED = {"resources": "resource_name", "outputs": "output_key"}  # Heat's order is by chance


class Beside:
    """One run of the recorded requests."""

    def __init__(self, http: httpx2.AsyncClient, lab: Any) -> None:
        self._http = http
        self._lab = lab
        self._ids: dict[str, str] = {}
        self._random = ""

    def path(self, recorded: str) -> str:
        for name, stack_id in self._ids.items():
            recorded = recorded.replace(f"<{name}>", stack_id)
        return recorded.replace("<project>", "lab")

    def plain(self, value: Any) -> Any:
        """An answer as the recorded ones are written."""
        if isinstance(value, dict):
            return {key: self._list(key, one) for key, one in value.items() if key not in OURS}
        if isinstance(value, list):
            return [self.plain(one) for one in value]
        return self._text(value) if isinstance(value, str) else value

    def _list(self, key: str, value: Any) -> Any:
        made = self.plain(value)
        if key in SORTED and isinstance(made, list):
            made.sort(key=lambda one: str(one[SORTED[key]]))
        return made

    def _text(self, value: str) -> str:
        if TIME.fullmatch(value):
            return "<time>"
        for name, stack_id in self._ids.items():
            value = value.replace(stack_id, "<uuid>" if name == "event" else f"<{name}>")
        if self._random:
            value = value.replace(self._random, "<random>")
        value = value.replace(BASE, "").replace("/v1/lab/", "/v1/<project>/")
        value = "<project>" if value == "lab" else value
        return SHORT.sub("<12>", UUID.sub("<uuid>", value))

    async def ask(self, one: dict[str, Any]) -> tuple[Any, Any]:
        """(the recorded, ours): status, location and body."""
        path = self.path(one["path"])
        content = None
        if "body" in one:
            content = one["body"] if isinstance(one["body"], str) else json.dumps(one["body"])
        answer = await self._http.request(one["method"], path, content=content, headers={"X-Auth-User": "golden"})
        location = answer.headers.get("location", "")
        for name, stack_id in STACK.findall(location):
            self._ids[name] = stack_id
        body: Any = answer.json() if answer.content else None
        if one.get("golden") == "061":
            (self._random,) = [out["output_value"] for out in body["stack"]["outputs"] if out["output_key"] == "rnd"]
        if one.get("golden") == "099":
            self._ids["event"] = body["events"][0]["id"]
        ours = (answer.status_code, self._text(location), self.plain(body))
        recorded = (one.get("status", answer.status_code), one.get("location", ours[1]), self.plain(one.get("answer")))
        if one.get("own_words"):
            ours, recorded = (*ours[:2], undescribed(ours[2])), (*recorded[:2], undescribed(recorded[2]))
        await self._wait(one)
        return recorded, ours

    async def _wait(self, one: dict[str, Any]) -> None:
        if name := one.get("wait"):
            project = self._lab.store.project("lab")
            while not all(row.state.ended for row in await project.operations(self._ids[name])):
                await asyncio.sleep(0.02)
        if until := one.get("until"):
            while until["has"] not in (await self._http.get(self.path(until["path"]))).text:
                await asyncio.sleep(0.02)


def undescribed(value: Any) -> Any:
    """Without the sentences that describe types: ours are our own."""
    if isinstance(value, dict):
        return {key: undescribed(one) for key, one in value.items() if key != "description"}
    return [undescribed(one) for one in value] if isinstance(value, list) else value


async def test_recorded_requests_are_answered_as_heat_answered_them(lab: Any) -> None:
    app = create_app(lab.store, lab.starter, lab.registry)
    wrong = []
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=BASE) as http:
        beside = Beside(http, lab)
        for one in json.loads(FILE.read_text()):
            recorded, ours = await beside.ask(one)
            if "golden" in one and recorded != ours:
                wrong.append((one["golden"], one["about"], recorded, ours))
    assert wrong == []
