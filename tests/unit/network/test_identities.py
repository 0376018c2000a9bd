"""Who gets which certificate."""

from __future__ import annotations

from pathlib import Path

import yaml
from fabric_network.commands import chaincode
from fabric_network.identities import Identity, identities
from fabric_network.paths import Layout
from fabric_network.render.msp import node_ous
from fabric_network.topology import NodeKind

from tests.unit.network.builders import dev_topology


def of(organization: str) -> dict[str, Identity]:
    topology = dev_topology()
    layout = Layout(Path("/build"), "dev")
    found = identities(topology, layout, topology.organizations[organization])
    return {
        identity.common_name or str(identity.id_file.parent.name if identity.id_file else ""): identity
        for identity in found
    }


def test_nodes_are_named_after_their_host_and_certified_for_it() -> None:
    peer = of("hospital-a")["peer0.hospital-a.example"]
    assert peer.type == "peer"
    assert set(peer.hosts) == {"peer0.hospital-a.example", "localhost", "127.0.0.1"}
    assert of("regulator")["orderer0.regulator.example"].type == "orderer"


def test_people_have_random_names_and_attributes() -> None:
    people = {alias: one for alias, one in of("hospital-a").items() if one.common_name is None}
    assert set(people) == {"admin", "node", "registrar", "practitioner", "auditor", "privacy-officer"}
    assert all(one.id_file is not None and not one.hosts for one in people.values())
    assert people["practitioner"].attributes == {"care.role": "practitioner", "care.groups": "emergency"}
    assert people["admin"].attributes == {"care.role": "administrator"}
    assert {alias: one.type for alias, one in people.items() if one.type != "client"} == {"admin": "admin"}


def test_only_the_registrar_may_register_and_only_patients() -> None:
    entitled = {alias: one.authority for alias, one in of("hospital-b").items() if one.authority}
    assert entitled == {
        "registrar": {"hf.Registrar.Roles": "client", "hf.Registrar.Attributes": "care.patient"}
    }


def test_a_registrar_shares_its_affiliation_with_nobody_whom_it_could_then_change() -> None:
    """With the empty affiliation it could give the node or the administrator a new secret."""
    affiliated = {alias: one.affiliation for alias, one in of("hospital-b").items() if one.affiliation}
    assert affiliated == {"registrar": "patients"}


def test_a_peers_own_msp_folder_knows_no_clients() -> None:
    """With them a practitioner or patient could gossip as a peer and be sent the private data."""
    found = of("hospital-a")
    assert not found["peer0.hospital-a.example"].knows_clients
    assert all(one.knows_clients for one in found.values() if one.type != "peer")
    assert set(yaml.safe_load(node_ous(clients=False))["NodeOUs"]) == {
        "Enable",
        "PeerOUIdentifier",
        "AdminOUIdentifier",
        "OrdererOUIdentifier",
    }


def test_chaincode_admits_the_certificate_of_its_own_peer_only() -> None:
    """Under the CA's root it would admit all that the CA issued, patients' certificates too."""
    topology = dev_topology()
    layout = Layout(Path("/build"), "dev")
    files = layout.organization("hospital-a").chaincode
    node = topology.nodes_of(NodeKind.CHAINCODE, "hospital-a")[0]
    environment = chaincode.environment(node, files, "HospitalAMSP", "care:1")
    assert environment["CHAINCODE_CLIENT_CA_FILE"] == str(files.client_certificate)


def test_chaincode_has_a_server_and_its_peer_a_client_certificate() -> None:
    found = of("hospital-a")
    server, client = found["chaincode.hospital-a.example"], found["chaincode-client.hospital-a.example"]
    assert "care.hospital-a.example" in server.hosts
    assert server.tls is not None
    assert client.tls is not None
    assert server.tls.root == client.tls.root
    assert server.tls.key != client.tls.key


def test_organisation_without_a_peer_has_people_only() -> None:
    assert all(identity.common_name is None for identity in of("clinic").values())
