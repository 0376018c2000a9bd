"""Ports are given out the same way every time, and a busy one is named with what holds it."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
from fabric_network.errors import PortBusyError
from fabric_network.ports import PortUse, allocate, check_free

DEMANDS = [("ca", (PortUse.LISTEN, PortUse.OPERATIONS)), ("peer", (PortUse.LISTEN,))]


@pytest.fixture
def held() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_ports_go_up_from_the_base_in_order() -> None:
    assert allocate(7000, DEMANDS, {}) == {
        "ca": {PortUse.LISTEN: 7000, PortUse.OPERATIONS: 7001},
        "peer": {PortUse.LISTEN: 7002},
    }


def test_a_fixed_port_is_left_out_for_others() -> None:
    assert allocate(7000, DEMANDS, {"peer": {PortUse.LISTEN: 7001}}) == {
        "ca": {PortUse.LISTEN: 7000, PortUse.OPERATIONS: 7002},
        "peer": {PortUse.LISTEN: 7001},
    }


def test_there_is_no_port_beyond_65535() -> None:
    assert allocate(65533, DEMANDS, {})["peer"][PortUse.LISTEN] == 65535
    with pytest.raises(OverflowError, match="peer would need port 65536"):
        allocate(65534, DEMANDS, {})


def test_a_busy_port_is_named_with_its_holder(held: int) -> None:
    with pytest.raises(PortBusyError) as caught:
        check_free({held: "peer0.hospital-a, listen"})
    message = str(caught.value)
    assert message.startswith(f"port {held} (peer0.hospital-a, listen) is held by process {os.getpid()} (")
    assert "PORTS=" in message


def test_of_many_busy_ports_the_first_are_named(held: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fabric_network.ports._is_free", lambda _port: False)
    with pytest.raises(PortBusyError) as caught:
        check_free({held + step: f"peer{step}.hospital-a listen" for step in range(29)})
    lines = str(caught.value).splitlines()
    assert lines[5] == "24 more of its ports are held too."
    assert (len(lines), "peer5" in str(caught.value)) == (7, False)


def test_a_port_that_this_network_holds_counts_as_free(held: int) -> None:
    check_free({held: "peer0.hospital-a, listen"}, own={os.getpid()})


def test_a_free_port_is_free() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    check_free({port: "peer0.hospital-a, listen"})
