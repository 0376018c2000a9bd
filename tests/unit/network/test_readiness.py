"""What readiness says when there is none."""

from __future__ import annotations

from pathlib import Path

import pytest
from fabric_gateway import EndorseError, ErrorDetail, StatusCode
from fabric_network.errors import NodeError
from fabric_network.files import write
from fabric_network.paths import Layout
from fabric_network.readiness import Readiness

from tests.unit.network.builders import Root, dev_topology


def test_network_that_does_not_answer_names_channel_and_node(tmp_path: Path) -> None:
    root, layout, topology = Root.make(), Layout(tmp_path, "dev"), dev_topology(base_port=60000)
    for name in topology.organizations:
        root.write_msp(layout.organization(name).user("admin").msp)
        write(layout.organization(name).tls_root, root.pem)
    with pytest.raises(
        NodeError, match=r"gets no endorsement for care on \S+ through peer0\.\S+: .*logs peer0"
    ):
        Readiness(topology, layout).wait(0)


def test_node_that_the_gateway_blames_is_the_one_to_look_at(tmp_path: Path) -> None:
    topology = dev_topology()
    readiness = Readiness(topology, Layout(tmp_path, "dev"))
    check = next(iter(readiness._checks()))
    blamed = topology.node("peer0.regulator")
    error = EndorseError(
        "failed to collect enough transaction endorsements",
        code=StatusCode.ABORTED,
        details=(ErrorDetail(blamed.address, "RegulatorMSP", "chaincode care is not running."),),
    )
    said = readiness._explain(check, error)
    assert said == (
        "Hospital A gets no endorsement for care on regional-care through peer0.hospital-a: "
        "chaincode care is not running. See: carechannel-network logs peer0.regulator"
    )


def test_every_member_of_every_channel_is_checked(tmp_path: Path) -> None:
    checks = Readiness(dev_topology(), Layout(tmp_path, "dev"))._checks()
    found = [(one.channel, one.member.id, one.peer.name) for one in checks]
    assert found == [
        ("regional-care", "hospital-a", "peer0.hospital-a"),
        ("regional-care", "hospital-b", "peer0.hospital-b"),
        ("regional-care", "regulator", "peer0.regulator"),
        ("regional-care", "clinic", "peer0.hospital-a"),
        ("cancer-registry", "hospital-a", "peer0.hospital-a"),
        ("cancer-registry", "regulator", "peer0.regulator"),
    ]
