"""The server that other tests kill and start again really dies, and really keeps what it was told."""

import socket
from pathlib import Path
from uuid import uuid4

import psutil
import pytest
from temporalio.client import Client

from firebrick.testing.dev_server import NAMESPACE, DevServer, free_ports
from starter import dev_server as product


async def test_a_killed_server_goes_on_where_it_was_at_the_same_address(tmp_path: Path) -> None:
    with DevServer(tmp_path / "temporal.db") as server:
        first = server.pid
        client = await Client.connect(server.address, namespace=NAMESPACE)
        workflow_id = f"kept-{uuid4()}"
        await client.start_workflow("NobodyRunsThis", id=workflow_id, task_queue="nobody-polls-this")
        server.kill()
        assert not psutil.pid_exists(first) and not server.running
        server.start()
        again = await Client.connect(server.address, namespace=NAMESPACE)
        description = await again.get_workflow_handle(workflow_id).describe()
        assert description.workflow_type == "NobodyRunsThis"
        assert server.pid != first
    assert not server.running


def test_a_port_that_it_chose_and_somebody_took_before_it_started_is_chosen_anew(tmp_path: Path) -> None:
    server = DevServer(tmp_path / "one.db")
    chosen = server.port
    with socket.socket() as other:
        other.bind(("127.0.0.1", chosen))
        other.listen()
        with server:
            assert server.running and server.port != chosen


def test_a_server_whose_port_is_taken_says_so(tmp_path: Path) -> None:
    with DevServer(tmp_path / "one.db") as one:
        other = DevServer(tmp_path / "other.db", port=one.port)
        with pytest.raises(RuntimeError, match=f"port {one.port} is taken"):
            other.start()


def test_tests_use_the_server_the_product_uses(tmp_path: Path) -> None:
    port, ui_port = free_ports(2)
    ours = DevServer(tmp_path / "temporal.db", port=port, ui_port=ui_port).command()
    theirs = product.command(tmp_path / "temporal.db", port=port, ui_port=ui_port, namespace=NAMESPACE)
    assert sorted(ours) == sorted(theirs)
