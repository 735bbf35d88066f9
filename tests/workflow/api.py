"""The REST API with a worker behind it, in the test's process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2

from starter.rest import create_app

BASE = "http://heat.test:8004"


class Api:
    """Requests to the lab's project."""

    def __init__(self, http: httpx2.AsyncClient, lab: Any) -> None:
        self.http, self.lab = http, lab

    async def ask(self, method: str, path: str, body: Any = None, **query: Any) -> httpx2.Response:
        return await self.http.request(method, f"/v1/lab{path}", json=body, params=query)

    async def body(self, path: str, **query: Any) -> Any:
        answer = await self.ask("GET", path, **query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def create(self, name: str, template: Any, **fields: Any) -> str:
        """The path of the stack, when its create has ended."""
        answer = await self.ask("POST", "/stacks", {"stack_name": name, "template": template, **fields})
        assert answer.status_code == 201, answer.text
        return await self.settled(f"/stacks/{name}/{answer.json()['stack']['id']}")

    async def refused(self, name: str, template: Any, **fields: Any) -> str:
        """Heat's message for a create that must be refused."""
        answer = await self.ask("POST", "/stacks", {"stack_name": name, "template": template, **fields})
        assert answer.status_code == 400, answer.text
        return str(answer.json()["error"]["message"])

    async def update(self, path: str, template: Any, **fields: Any) -> None:
        answer = await self.ask("PUT", path, {"template": template, **fields})
        assert answer.status_code == 202, answer.text
        await self.settled(path)

    async def delete(self, path: str, **query: Any) -> None:
        answer = await self.ask("DELETE", path, **query)
        assert answer.status_code == 204, answer.text
        await self.settled(path)

    async def settled(self, path: str) -> str:
        """The path, once no operation of the stack is open."""
        project = self.lab.store.project("lab")
        while not all(row.state.ended for row in await project.operations(path.rpartition("/")[2])):
            await asyncio.sleep(0.02)
        return path

    async def stack(self, path: str) -> Any:
        return (await self.body(path))["stack"]

    async def state(self, path: str) -> str:
        return str((await self.stack(path))["stack_status"])

    async def outputs(self, path: str) -> dict[str, Any]:
        """By key: the value; of one that cannot be computed, why, as an Exception would say it."""
        found = (await self.stack(path))["outputs"]
        return {one["output_key"]: one.get("output_error") or one["output_value"] for one in found}

    async def inner(self, path: str, resource: str) -> str:
        """The path of the nested stack that a resource is."""
        links = (await self.body(f"{path}/resources/{resource}"))["resource"]["links"]
        (href,) = [one["href"] for one in links if one["rel"] == "nested"]
        return str(href.removeprefix(f"{BASE}/v1/lab"))


@asynccontextmanager
async def api_of(lab: Any) -> AsyncIterator[Api]:
    app = create_app(lab.store, lab.starter, lab.registry)
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=app), base_url=BASE) as http:
        yield Api(http, lab)
