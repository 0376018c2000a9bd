"""configtx.yaml, with a profile named after each channel, for configtxgen.

Keys are those of Fabric's `internal/configtxgen/genesisconfig`. Policies that decide about endorsement are
written out: a client-only member would count in `MAJORITY Endorsement` although it can endorse nothing.
"""

from __future__ import annotations

from fabric_network.paths import Layout
from fabric_network.ports import LOOPBACK
from fabric_network.render.document import Yaml, to_yaml
from fabric_network.topology import Channel, Node, NodeKind, Organization, Topology

# V3_0 wants orderer endpoints per organisation; V2_5 of the application brings PurgePrivateData.
CHANNEL_CAPABILITIES = {"V3_0": True}
ORDERER_CAPABILITIES = {"V2_0": True}
APPLICATION_CAPABILITIES = {"V2_5": True}

# A peer's Deliver service also streams private data (DeliverWithPrivateData), and of implicit collections to
# all who may have blocks: the pepper, records and consents of one institution to every other. A stream is
# signed by one, which is never a majority of several members' administrators.
ACCESS_CONTROL = {"event/Block": "/Channel/Application/Admins"}


def configtx(topology: Topology, layout: Layout) -> str:
    """The whole file, with a profile named after each channel."""
    profiles = {name: _profile(topology, layout, channel) for name, channel in topology.channels.items()}
    return to_yaml({"Profiles": profiles})


def _profile(topology: Topology, layout: Layout, channel: Channel) -> Yaml:
    return {
        "Policies": _meta_policies(),
        "Capabilities": CHANNEL_CAPABILITIES,
        "Orderer": _orderer(topology, layout, channel),
        "Application": {
            "Policies": {
                **_meta_policies(),
                "Endorsement": _signature(topology.lifecycle_endorsement(channel)),
                "LifecycleEndorsement": _signature(topology.lifecycle_endorsement(channel)),
            },
            "ACLs": {**ACCESS_CONTROL, **channel.acls},
            "Capabilities": APPLICATION_CAPABILITIES,
            "Organizations": [_member(topology, layout, org) for org in topology.members(channel)],
        },
    }


def _orderer(topology: Topology, layout: Layout, channel: Channel) -> Yaml:
    ordering = topology.ordering
    organizations = [topology.organizations[name] for name in channel.orderers]
    signers = ", ".join(f"'{org.msp_id}.orderer'" for org in organizations)
    return {
        "OrdererType": ordering.type,
        "BatchTimeout": ordering.batch_timeout,
        "BatchSize": {
            "MaxMessageCount": ordering.max_message_count,
            "AbsoluteMaxBytes": "10 MB",
            "PreferredMaxBytes": "2 MB",
        },
        "EtcdRaft": {
            "Consenters": [_consenter(layout, node) for node in topology.consenters(channel)],
            "Options": {
                "TickInterval": ordering.tick_interval,
                "ElectionTick": ordering.election_ticks,
                "HeartbeatTick": 1,
                "MaxInflightBlocks": 5,
                "SnapshotIntervalSize": "16 MB",
            },
        },
        "Policies": {**_meta_policies(), "BlockValidation": _signature(f"OR({signers})")},
        "Capabilities": ORDERER_CAPABILITIES,
        "Organizations": [_ordering_organization(topology, layout, org) for org in organizations],
    }


def _consenter(layout: Layout, node: Node) -> Yaml:
    certificate = str(layout.organization(node.organization).orderer(node.index).tls.certificate)
    return {
        "Host": LOOPBACK,
        "Port": node.listen,
        "ClientTLSCert": certificate,
        "ServerTLSCert": certificate,
    }


def _member(topology: Topology, layout: Layout, org: Organization) -> Yaml:
    msp_id = org.msp_id
    return {
        **_msp(layout, org),
        "Policies": {
            "Readers": _signature(f"OR('{msp_id}.admin', '{msp_id}.peer', '{msp_id}.client')"),
            "Writers": _signature(f"OR('{msp_id}.admin', '{msp_id}.client')"),
            "Admins": _signature(f"OR('{msp_id}.admin')"),
            "Endorsement": _signature(f"OR('{msp_id}.peer')"),
        },
        "AnchorPeers": [
            {"Host": LOOPBACK, "Port": peer.listen} for peer in topology.nodes_of(NodeKind.PEER, org.id)[:1]
        ],
    }


def _ordering_organization(topology: Topology, layout: Layout, org: Organization) -> Yaml:
    msp_id = org.msp_id
    return {
        **_msp(layout, org),
        "Policies": {
            "Readers": _signature(f"OR('{msp_id}.admin', '{msp_id}.orderer')"),
            "Writers": _signature(f"OR('{msp_id}.admin', '{msp_id}.orderer')"),
            "Admins": _signature(f"OR('{msp_id}.admin')"),
        },
        "OrdererEndpoints": [node.address for node in topology.nodes_of(NodeKind.ORDERER, org.id)],
    }


def _msp(layout: Layout, org: Organization) -> Yaml:
    return {"Name": org.msp_id, "ID": org.msp_id, "MSPDir": str(layout.organization(org.id).msp)}


def _meta_policies() -> Yaml:
    return {
        "Readers": {"Type": "ImplicitMeta", "Rule": "ANY Readers"},
        "Writers": {"Type": "ImplicitMeta", "Rule": "ANY Writers"},
        "Admins": {"Type": "ImplicitMeta", "Rule": "MAJORITY Admins"},
    }


def _signature(rule: str) -> Yaml:
    return {"Type": "Signature", "Rule": rule}
