"""Messages made of other configs: of the same batch, of another stack, never of another project or another kind."""

import uuid
from email import message_from_string
from email.message import Message
from typing import Any

from firebrick.contract import OperationState

PROJECT = "lab"
CONFIGS = """
heat_template_version: 2018-08-31
parameters:
  far: {type: string, default: ""}
resources:
  near: {type: OS::Heat::SoftwareConfig, properties: {config: from here}}
  cloud: {type: OS::Heat::CloudConfig, properties: {cloud_config: {a: 1}}}
  message:
    type: OS::Heat::MultipartMime
    properties:
      parts:
        - config: {get_resource: near}
        - config: {get_resource: cloud}
        - config: {get_param: far}
  around:
    type: OS::Heat::MultipartMime
    properties:
      parts:
        - {config: {get_resource: message}, type: multipart}
        - {config: {get_attr: [near, config]}}
"""


async def attributes(lab: Any, name: str) -> dict[str, str]:
    repository = lab.store.project(PROJECT)
    stack = await repository.stack(name)
    return {row.name: row.attributes.get("config") for row in await repository.resources(stack.id)}


def texts(message: str) -> list[str]:
    payload = message_from_string(message).get_payload()
    assert isinstance(payload, list)
    return [str(part.get_payload()) for part in payload if isinstance(part, Message)]


async def test_configs_of_one_batch_see_each_other(lab: Any) -> None:
    created = await lab.create(CONFIGS, name="batch", parameters={"far": "inline"})
    assert (await created.handle.result()).state is OperationState.DONE
    made = await attributes(lab, "batch")
    assert texts(made["message"]) == ["from here", "#cloud-config\na: 1\n", "inline"]
    assert texts(made["around"]) == ["from here", "#cloud-config\na: 1\n", "inline", "from here"]


async def test_the_id_of_another_stacks_config_is_its_content(lab: Any) -> None:
    await (await lab.create(CONFIGS, name="first")).handle.result()
    stack = await lab.store.project(PROJECT).stack("first")
    ids = {row.name: row.physical_id for row in await lab.store.project(PROJECT).resources(stack.id)}
    await (await lab.create(CONFIGS, name="second", parameters={"far": ids["cloud"]})).handle.result()
    assert texts((await attributes(lab, "second"))["message"])[2] == "#cloud-config\na: 1\n"


async def test_an_id_that_is_no_config_is_a_text(lab: Any) -> None:
    """OS::Heat::None has a UUID too, but its attributes are nobody's to read in this way."""
    template = "heat_template_version: 2018-08-31\nresources: {n: {type: OS::Heat::None}}\n"
    await (await lab.create(template, name="none")).handle.result()
    stack = await lab.store.project(PROJECT).stack("none")
    (row,) = await lab.store.project(PROJECT).resources(stack.id)
    for name, far in (("reads-none", row.physical_id), ("reads-nothing", str(uuid.uuid4()))):
        await (await lab.create(CONFIGS, name=name, parameters={"far": far})).handle.result()
        assert texts((await attributes(lab, name))["message"])[2] == far


async def test_a_config_that_waits_for_a_slow_resource_sees_its_parts_as_well(lab: Any) -> None:
    """The message is a step of its own or in another batch than its parts: what it reads is stored by then."""
    slow = CONFIGS.replace("  message:\n", "  pause: {type: OS::Heat::Delay, properties: {min_wait: 30}}\n  message:\n")
    slow = slow.replace(
        "    type: OS::Heat::MultipartMime\n", "    type: OS::Heat::MultipartMime\n    depends_on: pause\n"
    )
    created = await lab.create(slow, name="slow", parameters={"far": "x"})
    assert (await created.handle.result()).state is OperationState.DONE
    assert texts((await attributes(lab, "slow"))["message"]) == ["from here", "#cloud-config\na: 1\n", "x"]
