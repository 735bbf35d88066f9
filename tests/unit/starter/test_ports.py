"""The ports that `firebrick server` chooses for its Temporal before that starts."""

import socket

from firebrick.ports import free_ports


def test_free_ports_differ_and_can_be_had() -> None:
    ports = free_ports(50)
    assert len(set(ports)) == 50
    for port in ports:
        socket.create_server(("127.0.0.1", port)).close()


def test_a_free_port_is_none_that_an_outgoing_connection_takes() -> None:
    """A connection's own port comes from the system's range: what we choose must lie outside, or it may be gone."""
    with socket.create_server(("127.0.0.1", 0)) as by_the_system:
        assert max(free_ports(50)) < by_the_system.getsockname()[1]
