"""The files of a network say what was decided; here are the decisions that something breaks without."""

from __future__ import annotations

import hashlib
import io
import json
import os
import subprocess
import tarfile
from pathlib import Path
from typing import Any

import pytest
import yaml
from fabric_network.paths import Layout
from fabric_network.render.ca import ca_server
from fabric_network.render.chaincode import builder_scripts, connection, package, package_id
from fabric_network.render.configtx import configtx
from fabric_network.render.core import core
from fabric_network.render.msp import node_ous
from fabric_network.render.orderer import orderer
from fabric_network.render.profile import connection_profile
from fabric_network.topology import Node, NodeKind, Topology, load
from fabric_network.topology.read import parse

DEV = Path(__file__).parents[3] / "network" / "topologies" / "dev.yaml"
LAYOUT = Layout(Path("/build"), "dev")
TWO_PEERS = parse(DEV.read_text().replace("    peers: 1", "    peers: 2", 1), DEV)


@pytest.fixture(scope="module")
def dev() -> Topology:
    return load(DEV)


def core_of(topology: Topology, node: str) -> Any:
    return yaml.safe_load(core(topology, LAYOUT, topology.node(node)))


def profile_of(topology: Topology, organization: str) -> Any:
    roots = {name: f"root of {name}" for name in topology.organizations}
    return json.loads(connection_profile(topology, LAYOUT, organization, roots))


def test_a_channel_has_its_members_and_orderers(dev: Topology) -> None:
    profiles = yaml.safe_load(configtx(dev, LAYOUT))["Profiles"]
    assert {
        name: (
            [org["ID"] for org in profile["Application"]["Organizations"]],
            [org["ID"] for org in profile["Orderer"]["Organizations"]],
        )
        for name, profile in profiles.items()
    } == {
        "regional-care": (
            ["HospitalAMSP", "HospitalBMSP", "RegulatorMSP", "ClinicMSP"],
            ["HospitalAMSP", "HospitalBMSP", "RegulatorMSP"],
        ),
        "cancer-registry": (["HospitalAMSP", "RegulatorMSP"], ["HospitalAMSP", "RegulatorMSP"]),
    }


def test_a_channel_has_the_capabilities_that_purging_needs(dev: Topology) -> None:
    profile = yaml.safe_load(configtx(dev, LAYOUT))["Profiles"]["regional-care"]
    assert profile["Application"]["Capabilities"] == {"V2_5": True}
    assert profile["Capabilities"] == {"V3_0": True}


def test_no_single_member_streams_blocks_with_private_data(dev: Topology) -> None:
    """Fabric's default, any reader, gives each member the private data of all implicit collections."""
    for profile in yaml.safe_load(configtx(dev, LAYOUT))["Profiles"].values():
        assert profile["Application"]["ACLs"] == {"event/Block": "/Channel/Application/Admins"}
        assert profile["Application"]["Policies"]["Admins"]["Rule"] == "MAJORITY Admins"
        assert len(profile["Application"]["Organizations"]) > 1


def test_no_member_without_a_peer_counts_in_an_endorsement(dev: Topology) -> None:
    policies = yaml.safe_load(configtx(dev, LAYOUT))["Profiles"]["regional-care"]["Application"]["Policies"]
    for name in ("Endorsement", "LifecycleEndorsement"):
        assert policies[name] == {
            "Type": "Signature",
            "Rule": "OutOf(2, 'HospitalAMSP.peer', 'HospitalBMSP.peer', 'RegulatorMSP.peer')",
        }


def test_only_orderers_sign_blocks_and_only_clients_and_administrators_submit(dev: Topology) -> None:
    profile = yaml.safe_load(configtx(dev, LAYOUT))["Profiles"]["cancer-registry"]
    assert (
        profile["Orderer"]["Policies"]["BlockValidation"]["Rule"]
        == "OR('HospitalAMSP.orderer', 'RegulatorMSP.orderer')"
    )
    writers = profile["Application"]["Organizations"][0]["Policies"]["Writers"]["Rule"]
    assert writers == "OR('HospitalAMSP.admin', 'HospitalAMSP.client')"


def test_blocks_are_cut_and_leaders_elected_as_the_topology_says(dev: Topology) -> None:
    section = yaml.safe_load(configtx(dev, LAYOUT))["Profiles"]["regional-care"]["Orderer"]
    assert (section["BatchTimeout"], section["BatchSize"]["MaxMessageCount"]) == ("50ms", 500)
    assert section["EtcdRaft"]["Options"]["TickInterval"] == "100ms"
    consenters = section["EtcdRaft"]["Consenters"]
    assert [consenter["Port"] for consenter in consenters] == [
        dev.node(f"orderer0.{org}").listen for org in ("hospital-a", "hospital-b", "regulator")
    ]
    assert consenters[1]["ServerTLSCert"] == "/build/dev/orgs/hospital-b/orderers/orderer0/tls/server.crt"


def test_every_organisation_with_a_peer_has_an_anchor(dev: Topology) -> None:
    organizations = yaml.safe_load(configtx(dev, LAYOUT))["Profiles"]["regional-care"]["Application"][
        "Organizations"
    ]
    anchors = {org["ID"]: [anchor["Port"] for anchor in org["AnchorPeers"]] for org in organizations}
    assert anchors == {
        "HospitalAMSP": [dev.node("peer0.hospital-a").listen],
        "HospitalBMSP": [dev.node("peer0.hospital-b").listen],
        "RegulatorMSP": [dev.node("peer0.regulator").listen],
        "ClinicMSP": [],
    }


def test_a_peer_holds_a_proposals_time_close_to_its_own(dev: Topology) -> None:
    peer = core_of(dev, "peer0.hospital-a")["peer"]
    assert peer["authentication"]["timewindow"] == "1m"
    assert [one["name"] for one in peer["handlers"]["authFilters"]] == [
        "DefaultAuth",
        "ExpirationCheck",
        "TimeWindowCheck",
    ]


def test_no_member_can_stall_a_peers_commits(dev: Topology) -> None:
    private = core_of(dev, "peer0.hospital-a")["peer"]["gossip"]["pvtData"]
    assert private["skipPullingInvalidTransactionsDuringCommit"] is True
    assert private["pullRetryThreshold"] == "1s"


def test_purged_data_goes_soon_and_its_key_is_not_logged(dev: Topology) -> None:
    store = core_of(dev, "peer0.hospital-a")["ledger"]["pvtdataStore"]
    assert store["purgeInterval"] == 1
    assert store["purgedKeyAuditLogging"] is False


def test_peers_meet_within_seconds(dev: Topology) -> None:
    gossip = core_of(dev, "peer0.hospital-a")["peer"]["gossip"]
    assert {gossip[name] for name in ("requestStateInfoInterval", "aliveTimeInterval")} == {"1s"}
    # Both stand in the way of the first endorsement: a second for each was up to two of a start.
    assert (gossip["reconnectInterval"], gossip["publishStateInfoInterval"]) == ("250ms", "200ms")
    assert gossip["maxConnectionAttempts"] * 0.25 >= 120


def test_a_peer_needs_no_docker(dev: Topology) -> None:
    config = core_of(dev, "peer0.hospital-a")
    assert config["vm"]["endpoint"] == ""
    assert config["chaincode"]["externalBuilders"] == [
        {
            "name": "carechannel-ccaas",
            "path": "/build/dev/orgs/hospital-a/peers/peer0/builder",
            "propagateEnvironment": [],
        }
    ]


@pytest.mark.parametrize(("node", "copies"), [("peer0.hospital-a", 1), ("peer0.regulator", 0)])
def test_private_data_goes_to_a_second_peer_before_it_is_endorsed_where_there_is_one(
    node: str, copies: int
) -> None:
    gossip = core_of(TWO_PEERS, node)["peer"]["gossip"]
    assert gossip["pvtData"]["implicitCollectionDisseminationPolicy"] == {
        "requiredPeerCount": copies,
        "maxPeerCount": copies,
    }
    if copies:
        assert gossip["bootstrap"] == [TWO_PEERS.node("peer1.hospital-a").address]


@pytest.mark.parametrize("node", ["peer0.hospital-a", "peer1.hospital-a"])
def test_nodes_share_no_folder_and_no_port(node: str) -> None:
    text = core(TWO_PEERS, LAYOUT, TWO_PEERS.node(node))
    other = "peer1" if node.startswith("peer0") else "peer0"
    assert f"/peers/{other}/" not in text
    mine = {str(port) for port in TWO_PEERS.node(node).ports.values()}
    assert all(port in text for port in mine)


def test_an_orderer_takes_channels_by_participation_from_clients_with_certificates(dev: Topology) -> None:
    node = dev.node("orderer0.hospital-a")
    config = yaml.safe_load(orderer(dev, LAYOUT, node))
    assert config["General"]["BootstrapMethod"] == "none"
    assert config["ChannelParticipation"]["Enabled"] is True
    assert config["Admin"]["ListenAddress"] == f"127.0.0.1:{node.admin}"
    assert config["Admin"]["TLS"]["ClientAuthRequired"] is True
    assert config["General"]["TLS"]["Enabled"] is True


def test_nothing_listens_beyond_loopback(dev: Topology) -> None:
    for node in dev.nodes():
        text = {
            NodeKind.PEER: lambda node: core(dev, LAYOUT, node),
            NodeKind.ORDERER: lambda node: orderer(dev, LAYOUT, node),
            NodeKind.CA: lambda node: ca_server(dev, node, "secret"),
        }.get(node.kind, lambda _: "")(node)
        assert "0.0.0.0" not in text


def test_a_ca_has_the_secret_it_was_given_and_no_other(dev: Topology) -> None:
    node = dev.node("ca.hospital-a")
    config = yaml.safe_load(ca_server(dev, node, "s3cret"))
    assert [one["pass"] for one in config["registry"]["identities"]] == ["s3cret"]
    assert config["ca"]["name"] == "ca.hospital-a"
    assert config["csr"]["hosts"] == ["ca.hospital-a.example", "localhost", "127.0.0.1"]
    assert config["tls"]["enabled"] is True
    assert config["signing"]["profiles"]["tls"]["usage"][2:4] == ["server auth", "client auth"]


def test_an_msp_tells_its_roles_by_organisational_unit() -> None:
    units = yaml.safe_load(node_ous())["NodeOUs"]
    assert units.pop("Enable") is True
    assert {name: one["OrganizationalUnitIdentifier"] for name, one in units.items()} == {
        "ClientOUIdentifier": "client",
        "PeerOUIdentifier": "peer",
        "AdminOUIdentifier": "admin",
        "OrdererOUIdentifier": "orderer",
    }
    assert {one["Certificate"] for one in units.values()} == {"cacerts/ca.pem"}


def test_a_profile_knows_those_with_whom_the_organisation_shares_a_channel(dev: Topology) -> None:
    profile = profile_of(dev, "hospital-b")
    assert list(profile["channels"]) == ["regional-care"]
    assert sorted(profile["organizations"]) == ["clinic", "hospital-a", "hospital-b", "regulator"]
    peer = profile["peers"]["peer0.hospital-a.example"]
    assert peer["url"] == f"grpcs://{dev.node('peer0.hospital-a').address}"
    assert peer["tlsCACerts"]["pem"] == "root of hospital-a"
    assert peer["grpcOptions"]["ssl-target-name-override"] == "peer0.hospital-a.example"
    assert list(profile["certificateAuthorities"]) == ["ca.hospital-b.example"]


def test_a_client_only_organisation_goes_through_its_partner(dev: Topology) -> None:
    profile = profile_of(dev, "clinic")
    own = profile["x-carechannel"]
    assert own["gateway_peer"] == "peer0.hospital-a.example"
    assert profile["organizations"]["clinic"]["peers"] == []
    members = own["consortia"]["regional-care"]["members"]
    assert members["ClinicMSP"] == {
        "name": "Village Clinic",
        "role": "provider",
        "jurisdiction": "DE",
        "peer": None,
    }
    assert members["HospitalBMSP"]["peer"] == "peer0.hospital-b.example"


def test_only_ones_own_mirror_of_blobs_is_told(dev: Topology) -> None:
    blobs = profile_of(dev, "hospital-b")["x-carechannel"]["blobs"]
    assert {msp_id: sorted(places) for msp_id, places in blobs.items()} == {
        "HospitalAMSP": ["primary"],
        "HospitalBMSP": ["mirror", "primary"],
        "RegulatorMSP": ["primary"],
    }


def test_a_profile_holds_no_key_and_no_path_of_another_organisation_but_its_blobs(dev: Topology) -> None:
    text = json.dumps(profile_of(dev, "hospital-b"))
    assert "PRIVATE KEY" not in text
    assert text.count("/orgs/hospital-a/") == text.count("/orgs/hospital-a/blobs") == 1


def members(content: bytes) -> dict[str, bytes]:
    with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
        files = {one.name: archive.extractfile(one) for one in archive.getmembers()}
        return {name: file.read() for name, file in files.items() if file is not None}


def test_the_package_is_the_same_on_every_channel_and_machine(dev: Topology) -> None:
    made = {package(channel.chaincodes["care"]) for channel in dev.channels.values()}
    assert len(made) == 1
    content = made.pop()
    # Computed once: if it changes, every peer that has the package installed has to install it again.
    assert (
        package_id(dev.chaincodes()[0])
        == f"care_1.0:{hashlib.sha256(content).hexdigest()}"
        == "care_1.0:034a1f5595d07669cd1085caa2f1bb7444bb95eaf0706f7ef76b8bed363e4edd"
    )


def test_the_package_holds_no_address_and_no_secret(dev: Topology) -> None:
    outer = members(package(dev.chaincodes()[0]))
    assert json.loads(outer["metadata.json"]) == {"label": "care_1.0", "type": "ccaas"}
    inner = members(outer["code.tar.gz"])
    assert json.loads(inner["connection.json"]) == {
        "client_auth_required": True,
        "dial_timeout": "10s",
        "tls_required": True,
    }


class Builder:
    """The external builder's scripts in a folder, called as the peer calls them."""

    def __init__(self, root: Path, topology: Topology) -> None:
        self.root = root
        self.connections = root / "it's connections"
        for folder in ("source", "metadata", "output", "release", "bin"):
            (root / folder).mkdir()
        self.connections.mkdir()
        chaincode = topology.chaincodes()[0]
        outer = members(package(chaincode))
        (root / "metadata" / "metadata.json").write_bytes(outer["metadata.json"])
        (root / "source" / "connection.json").write_bytes(members(outer["code.tar.gz"])["connection.json"])
        for name, script in builder_scripts(self.connections).items():
            (root / "bin" / name).write_text(script)
            (root / "bin" / name).chmod(0o755)

    def call(self, script: str, *folders: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [str(self.root / "bin" / script), *(str(self.root / folder) for folder in folders)],
            env={"PATH": os.environ["PATH"]},
            capture_output=True,
            text=True,
            check=False,
        )


@pytest.fixture
def builder(tmp_path: Path, dev: Topology) -> Builder:
    return Builder(tmp_path, dev)


def test_the_builder_takes_the_package_and_shows_the_peer_its_own_connection(
    builder: Builder, dev: Topology
) -> None:
    node: Node = dev.node("care.hospital-a")
    text = connection(node, root="ROOT", certificate="CERTIFICATE", key="KEY")
    (builder.connections / "care_1.0.json").write_text(text)
    assert builder.call("detect", "source", "metadata").returncode == 0
    assert builder.call("build", "source", "metadata", "output").returncode == 0
    released = builder.call("release", "output", "release")
    assert (released.returncode, released.stderr) == (0, "")
    shown = builder.root / "release" / "chaincode" / "server" / "connection.json"
    assert shown.stat().st_mode & 0o077 == 0
    assert json.loads(shown.read_text()) == {
        "address": f"127.0.0.1:{node.listen}",
        "domain": "care.hospital-a.example",
        "dial_timeout": "10s",
        "tls_required": True,
        "client_auth_required": True,
        "root_cert": "ROOT",
        "client_cert": "CERTIFICATE",
        "client_key": "KEY",
    }


def test_the_builder_leaves_other_packages_to_other_builders(builder: Builder) -> None:
    (builder.root / "metadata" / "metadata.json").write_text('{"type": "golang", "label": "ccaas"}')
    assert builder.call("detect", "source", "metadata").returncode != 0


def test_a_peer_without_a_connection_file_says_so(builder: Builder) -> None:
    builder.call("build", "source", "metadata", "output")
    released = builder.call("release", "output", "release")
    assert released.returncode == 1
    assert "this peer has no connection file for the chaincode package 'care_1.0'" in released.stderr


def test_a_label_cannot_lead_out_of_the_connections_folder(builder: Builder) -> None:
    (builder.root / "output" / "metadata.json").write_text('{"label":"../secret","type":"ccaas"}')
    (builder.root / "secret.json").write_text("{}")
    assert builder.call("release", "output", "release").returncode == 1
