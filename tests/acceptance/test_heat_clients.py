"""Heat's own clients wait here as they do with Heat: an update that takes over is no failure for whoever waits, and a
look after a request shows what was accepted.

Each client waits in its own way: python-heatclient and `openstack stack ... --wait` (python-openstackclient with its
plugin) by events, openstacksdk's proxy by the state, its cloud layer (which Ansible's openstack.cloud.stack uses) by
events and then by the state. They need no Keystone: the address is given, and the token is any word.
"""

import json
import os
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import openstack
import pytest
import yaml
from heatclient.client import Client
from heatclient.common.event_utils import get_events, poll_for_events

from tests.acceptance.command_line import BIN, CommandLine, Finished, until

# These libraries' own warnings are theirs.
pytestmark = [pytest.mark.filterwarnings("default"), pytest.mark.timeout(300)]

HELD = {"type": "OS::Heat::TestResource", "properties": {"action_wait_secs": {"create": 3600}}}
PERIOD = 0.2  # seconds between two polls, where a client lets one say so


def template(value: str, **more: Any) -> dict[str, Any]:
    """What it comes to is its value. more: resources."""
    return {
        "heat_template_version": "2018-08-31",
        "parameters": {"v": {"type": "string", "default": value}},
        "resources": {
            "a": {"type": "OS::Heat::TestResource", "properties": {"value": {"get_param": "v"}}},
            **more,
        },
        "outputs": {"o": {"value": {"get_attr": ["a", "output"]}}},
    }


@pytest.fixture(scope="module")
def heat(firebrick: CommandLine) -> Any:
    return Client("1", endpoint=firebrick.api, token="any", username="somebody")


@pytest.fixture(scope="module")
def cloud(firebrick: CommandLine) -> Iterator[Any]:
    connection = openstack.connect(
        load_yaml_config=False,
        load_envvars=False,
        auth_type="admin_token",
        auth={"endpoint": firebrick.api, "token": "any"},
    )
    yield connection
    connection.close()


class Stack:
    """A stack that is made, and what is asked of it by heatclient."""

    def __init__(self, heat: Any, name: str) -> None:
        self.heat, self.name = heat, name

    def create(self, **more: Any) -> None:
        self.heat.stacks.create(stack_name=self.name, template=template("one", **more))

    def created(self) -> "Stack":
        self.create()
        until(lambda: self.state == "CREATE_COMPLETE", f"{self.name} is made")
        return self

    def holds(self, action: str = "UPDATE") -> "Stack":
        """Something runs that does not end by itself."""
        if action == "UPDATE":
            self.heat.stacks.update(self.name, template=template("held", held=HELD))
        until(lambda: self._resource("held") == "CREATE_IN_PROGRESS", f"{self.name} is at work")
        return self

    def _resource(self, name: str) -> str:
        found = {one.resource_name: one.resource_status for one in self.heat.resources.list(self.name)}
        return str(found.get(name, ""))

    @property
    def state(self) -> str:
        return str(self.shown.stack_status)

    @property
    def shown(self) -> Any:
        return self.heat.stacks.get(self.name)

    @property
    def output(self) -> Any:
        return self.shown.outputs[0]["output_value"]

    def marker(self) -> str:
        """The last event, after which a client that waits begins to look."""
        return str(get_events(self.heat, self.name, {"sort_dir": "desc"}, limit=1)[0].id)

    def told(self) -> list[str]:
        """The states in the stack's own events, from the first on."""
        events = self.heat.events.list(self.name, sort_dir="asc")
        return [one.resource_status for one in events if one.resource_name == self.name]

    def waits(self, action: str, marker: str) -> str:
        """How heatclient's own waiting ends."""
        with Path(os.devnull).open("w") as out:
            status, _ = poll_for_events(self.heat, self.name, action, poll_period=PERIOD, marker=marker, out=out)
        return str(status)


@pytest.fixture
def stack(heat: Any, request: pytest.FixtureRequest) -> Iterator[Stack]:
    one = Stack(heat, "".join(part for part in request.node.name if part.isalnum()))
    yield one
    one.heat.stacks.delete(one.name)


class Openstack:
    """The command `openstack`."""

    def __init__(self, firebrick: CommandLine, folder: Path) -> None:
        self._folder = folder
        kept = {name: value for name, value in os.environ.items() if not name.startswith("OS_")}
        self._environment = {**kept, "HOME": str(folder), "PYTHONWARNINGS": "ignore"}
        self._options = ["--os-auth-type", "admin_token", "--os-endpoint", firebrick.api, "--os-token", "any"]

    def __call__(self, *arguments: str, template: dict[str, Any] | None = None) -> Finished:
        if template is not None:
            file = self._folder / "template.yaml"
            file.write_text(yaml.safe_dump(template))
            arguments = (*arguments, "-t", str(file))
        line = [str(BIN / "openstack"), *self._options, "stack", *arguments]
        done = subprocess.run(line, env=self._environment, stdin=subprocess.DEVNULL, capture_output=True, text=True)
        return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def command(firebrick: CommandLine, tmp_path: Path) -> Openstack:
    return Openstack(firebrick, tmp_path)


# --- what is asked right after a request ------------------------------------------------------------------------------


def test_no_look_after_an_accepted_update_shows_what_was_before(stack: Stack) -> None:
    """Input 14 of those that went wrong in the field: 30 of 30 showed the old COMPLETE and the old parameters."""
    stack.created()
    for number in range(30):
        value = f"v{number}"
        stack.heat.stacks.update(stack.name, existing=True, parameters={"v": value})
        shown = stack.shown
        assert shown.parameters["v"] == value
        assert shown.stack_status == "UPDATE_IN_PROGRESS" or (
            shown.stack_status == "UPDATE_COMPLETE" and shown.outputs[0]["output_value"] == value
        )
    until(lambda: stack.state == "UPDATE_COMPLETE", "the last one is done")
    assert stack.output == "v29"


def test_whoever_waits_by_the_state_waits_for_his_own_update(stack: Stack, cloud: Any) -> None:
    """openstacksdk's proxy; Terraform's provider and gophercloud wait in this way, too."""
    stack.created().holds()
    found = cloud.orchestration.find_stack(stack.name)
    cloud.orchestration.update_stack(found, template=template("mine"))
    waited = cloud.orchestration.wait_for_status(
        cloud.orchestration.get_stack(found.id), "UPDATE_COMPLETE", failures=["UPDATE_FAILED"], interval=PERIOD, wait=60
    )
    assert waited.status == "UPDATE_COMPLETE"
    assert [one["output_value"] for one in waited.outputs] == ["mine"]


# --- an update takes over ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("running", ["CREATE", "UPDATE"])
def test_heatclient_sees_its_update_through(stack: Stack, running: str) -> None:
    if running == "CREATE":
        stack.create(held=HELD)
    else:
        stack.created()
    stack.holds(running)
    marker = stack.marker()
    stack.heat.stacks.update(stack.name, template=template("mine"))
    assert (stack.state, stack.shown.parameters["v"]) == ("UPDATE_IN_PROGRESS", "mine")
    assert stack.waits("UPDATE", marker) == "UPDATE_COMPLETE"
    assert stack.output == "mine"
    assert not [one for one in stack.told() if one.endswith("_FAILED")]


@pytest.mark.parametrize("running", ["CREATE", "UPDATE"])
def test_openstack_stack_update_waits_for_its_update(stack: Stack, command: Openstack, running: str) -> None:
    if running == "CREATE":
        stack.create(held=HELD)
    else:
        stack.created()
    stack.holds(running)
    done = command("update", stack.name, "--wait", "-f", "json", template=template("mine"))
    assert done.code == 0 and "UPDATE_COMPLETE" in done.out, done
    assert stack.output == "mine"


def test_openstacksdk_s_cloud_layer_waits_for_its_update(stack: Stack, cloud: Any, tmp_path: Path) -> None:
    """Ansible fails unless the stack that this gives is UPDATE_COMPLETE."""
    stack.created().holds()
    file = tmp_path / "template.yaml"
    file.write_text(yaml.safe_dump(template("mine")))
    updated = cloud.update_stack(stack.name, template_file=str(file), wait=True, rollback=False)
    assert updated.status == "UPDATE_COMPLETE"
    assert stack.output == "mine"


def test_whoever_is_taken_over_waits_for_what_came_after(stack: Stack) -> None:
    """As with Heat: his own update has no end of its own on the stack."""
    stack.created()
    marker = stack.marker()
    stack.holds()
    with ThreadPoolExecutor() as threads:
        waiting: Future[str] = threads.submit(stack.waits, "UPDATE", marker)
        stack.heat.stacks.update(stack.name, template=template("another's"))
        assert waiting.result(60) == "UPDATE_COMPLETE"
    assert stack.output == "another's"


# --- deletes and cancels ----------------------------------------------------------------------------------------------


def test_a_delete_over_an_update_is_shown_at_once(stack: Stack) -> None:
    stack.created().holds()
    stack_id, marker = stack.shown.id, stack.marker()
    stack.heat.stacks.delete(stack.name)
    shown = stack.heat.stacks.get(stack_id)
    assert shown.stack_status in ("DELETE_IN_PROGRESS", "DELETE_COMPLETE")

    def ended() -> list[str]:
        events = stack.heat.events.list(f"{stack.name}/{stack_id}", sort_dir="asc", marker=marker)
        told = [one.resource_status for one in events if one.resource_name == stack.name]
        return told if told[-1:] == ["DELETE_COMPLETE"] else []

    assert until(ended, "it is gone") == ["DELETE_IN_PROGRESS", "DELETE_COMPLETE"]
    stack.create()  # the name is free; the fixture deletes it


@pytest.mark.parametrize("client", ["openstack", "sdk"])
def test_whoever_deletes_over_an_update_waits_for_the_delete(
    stack: Stack, command: Openstack, cloud: Any, client: str
) -> None:
    stack.created().holds()
    if client == "sdk":
        assert cloud.delete_stack(stack.name, wait=True) is True
    else:
        done = command("delete", stack.name, "--wait", "--yes")
        assert done.code == 0, done
    assert stack.name not in [one.stack_name for one in stack.heat.stacks.list()]
    stack.create()


def test_a_cancel_shows_the_rollback_at_once(stack: Stack) -> None:
    stack.created().holds()
    marker = stack.marker()
    stack.heat.actions.cancel_update(stack.name)
    shown = stack.shown
    assert shown.stack_status in ("ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE")
    assert shown.parameters["v"] == "one"
    assert stack.waits("ROLLBACK", marker) == "ROLLBACK_COMPLETE"
    assert stack.told()[-3:] == ["UPDATE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS", "ROLLBACK_COMPLETE"]


def test_openstack_stack_cancel_waits_for_the_rollback(stack: Stack, command: Openstack) -> None:
    stack.created().holds()
    done = command("cancel", stack.name, "--wait", "-f", "json")
    assert done.code == 0 and "ROLLBACK_COMPLETE" in done.out, done


# --- many takeovers ---------------------------------------------------------------------------------------------------

TAKEOVERS = 200


class Watcher:
    """Asks for the stack all the time. accepted: the number of the last update that was answered with 202."""

    def __init__(self, look: Callable[[], Any]) -> None:
        self._look = look
        self.accepted = 0
        self.looks = 0
        self.wrong: list[str] = []
        self._stop = threading.Event()

    def run(self) -> None:
        while not self._stop.is_set():
            least = self.accepted
            shown = self._look()
            self.looks += 1
            number = int(shown.parameters["v"])
            if number < least or shown.stack_status not in ("UPDATE_IN_PROGRESS", "UPDATE_COMPLETE"):
                self.wrong.append(f"after {least} was accepted: {number} {shown.stack_status}")
            time.sleep(0.01)  # leaves the processor to those who are watched

    def stop(self) -> None:
        self._stop.set()


def test_of_two_hundred_takeovers_no_look_sees_a_failure_or_what_was_before(
    stack: Stack, heat: Any, firebrick: CommandLine
) -> None:
    stack.heat.stacks.create(stack_name=stack.name, template=template("0"))
    until(lambda: stack.state == "CREATE_COMPLETE", "it is made")
    slow = template("0") | {"resources": {"a": _changing_slowly()}}
    stack.heat.stacks.update(stack.name, template=slow, parameters={"v": "1"})
    stack_id = stack.shown.id
    watcher = Watcher(lambda: Client("1", endpoint=firebrick.api, token="any").stacks.get(stack.name))
    watcher.accepted = 1
    with ThreadPoolExecutor() as threads:
        watching = threads.submit(watcher.run)
        try:
            for number in range(2, TAKEOVERS + 2):
                if number % 4 == 0:
                    until(lambda: running(firebrick, stack_id), "it has begun")
                heat.stacks.update(stack.name, template=slow, parameters={"v": str(number)})
                watcher.accepted = number
            until(lambda: stack.state == "UPDATE_COMPLETE", "the last one is done")
        finally:
            watcher.stop()
            watching.result(60)
    assert watcher.wrong == [] and watcher.looks > TAKEOVERS
    assert stack.output == str(TAKEOVERS + 1)
    told = stack.told()
    assert told.count("UPDATE_IN_PROGRESS") == TAKEOVERS + 1
    assert not [one for one in told if one.endswith("_FAILED")]


def running(firebrick: CommandLine, stack_id: str) -> bool:
    """Whether nothing waits to begin: what comes next takes over what runs; else it takes over what waits."""
    with urllib.request.urlopen(f"{firebrick.api}/stacks/{stack_id}", timeout=60) as answer:
        address = answer.url
    with urllib.request.urlopen(f"{address}/operations", timeout=60) as answer:
        return bool(json.load(answer)["operations"][0]["state"] != "PENDING")


def _changing_slowly() -> dict[str, Any]:
    properties = {"value": {"get_param": "v"}, "action_wait_secs": {"update": 0.4}}
    return {"type": "OS::Heat::TestResource", "properties": properties}
