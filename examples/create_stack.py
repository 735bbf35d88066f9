"""A stack by nothing but a Temporal client: created, watched to its end, deleted. The server is Temporal's own choice
(TEMPORAL_ADDRESS, or its configuration file), 127.0.0.1:7233 otherwise."""

import asyncio
import os
import sys

from temporalio.client import Client
from temporalio.envconfig import ClientConfig

TEMPLATE = """
heat_template_version: 2018-08-31
resources:
  password:
    type: OS::Heat::RandomString
  server:
    type: OS::Heat::TestResource
    depends_on: password
"""


async def main() -> None:
    config = ClientConfig.load_client_connect_config()
    config.setdefault("target_host", "127.0.0.1:7233")
    client = await Client.connect(**config)
    request = {"name": "by-python", "template": TEMPLATE, "timeout_mins": 5}
    created = await client.execute_workflow("CreateStack", request, id="create-by-python", task_queue="firebrick")
    print(created["stack_name"], created["state"], created["resources"], "resources")
    deleted = await client.execute_workflow(
        "DeleteStack", {"stack": "by-python"}, id="delete-by-python", task_queue="firebrick"
    )
    print(deleted["stack_name"], deleted["state"])


if __name__ == "__main__":
    asyncio.run(main())
    sys.stdout.flush()
    os._exit(0)  # threads of Temporal's core that are still at work abort, now and then, an interpreter that ends
