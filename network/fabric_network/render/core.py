"""core.yaml of a peer. Keys are those of Fabric 3.1's `sampleconfig/core.yaml`.

All that matter are written out: nothing is left to a default that another version may change.
"""

from __future__ import annotations

from fabric_network.paths import Layout
from fabric_network.render.document import Yaml, to_yaml
from fabric_network.topology import Node, NodeKind, Topology

BUILDER = "carechannel-ccaas"
MESSAGE_BYTES = 100 * 1024 * 1024


def core(topology: Topology, layout: Layout, node: Node) -> str:
    """The file of the peer `node`."""
    return to_yaml(
        {
            "peer": _peer(topology, layout, node),
            # No Docker: a chaincode runs as a service of its own, behind the external builder.
            "vm": {"endpoint": ""},
            "chaincode": _chaincode(layout, node),
            "ledger": _ledger(layout, node),
            "operations": {"listenAddress": f"127.0.0.1:{node.operations}", "tls": {"enabled": False}},
            "metrics": {"provider": "prometheus"},
        }
    )


def _peer(topology: Topology, layout: Layout, node: Node) -> Yaml:
    files = layout.organization(node.organization).peer(node.index)
    organization = topology.organizations[node.organization]
    return {
        "id": node.name,
        "networkId": topology.name,
        "localMspId": organization.msp_id,
        "localMspType": "bccsp",
        "mspConfigPath": str(files.msp),
        "fileSystemPath": str(files.data),
        "listenAddress": node.address,
        "address": node.address,
        "addressAutoDetect": False,
        "chaincodeListenAddress": f"127.0.0.1:{node.chaincode}",
        "chaincodeAddress": f"127.0.0.1:{node.chaincode}",
        "gateway": {
            "enabled": True,
            "endorsementTimeout": "30s",
            "broadcastTimeout": "30s",
            "dialTimeout": "10s",
        },
        "keepalive": {
            "interval": "7200s",
            "timeout": "20s",
            "minInterval": "60s",
            "client": {"interval": "60s", "timeout": "20s"},
            "deliveryClient": {"interval": "60s", "timeout": "20s"},
        },
        "gossip": _gossip(topology, node),
        "tls": {
            "enabled": True,
            "clientAuthRequired": False,
            "cert": {"file": str(files.tls.certificate)},
            "key": {"file": str(files.tls.key)},
            "rootcert": {"file": str(files.tls.ca)},
            "clientRootCAs": {"files": [str(files.tls.ca)]},
        },
        # A proposal's time is its client's word: hold it close to the peer's own clock.
        "authentication": {"timewindow": "1m"},
        "BCCSP": {"Default": "SW", "SW": {"Hash": "SHA2", "Security": 256}},
        "client": {"connTimeout": "3s"},
        "deliveryclient": {
            "blockGossipEnabled": False,
            "connTimeout": "3s",
            # The sample's hour would leave a peer behind for up to that long after its orderers were away.
            "reConnectBackoffThreshold": "5s",
            "reconnectTotalTimeThreshold": "3600s",
            "minimalReconnectInterval": "100ms",
            "blockCensorshipTimeoutKey": "30s",
        },
        "profile": {"enabled": False},
        "handlers": {
            "authFilters": [
                {"name": "DefaultAuth"},
                {"name": "ExpirationCheck"},
                {"name": "TimeWindowCheck"},
            ],
            "decorators": [{"name": "DefaultDecorator"}],
            "endorsers": {"escc": {"name": "DefaultEndorsement"}},
            "validators": {"vscc": {"name": "DefaultValidation"}},
        },
        "discovery": {
            "enabled": True,
            "authCacheEnabled": True,
            "authCacheMaxSize": 1000,
            "authCachePurgeRetentionRatio": 0.75,
            "orgMembersAllowedAccess": False,
        },
        "limits": {
            "concurrency": {"endorserService": 2500, "deliverService": 2500, "gatewayService": 500},
        },
        "maxRecvMsgSize": MESSAGE_BYTES,
        "maxSendMsgSize": MESSAGE_BYTES,
    }


def _gossip(topology: Topology, node: Node) -> Yaml:
    peers = topology.nodes_of(NodeKind.PEER, node.organization)
    return {
        "bootstrap": [peer.address for peer in peers if peer != node] or [node.address],
        "endpoint": node.address,
        "externalEndpoint": node.address,
        # Every peer takes its blocks from the orderers itself.
        "useLeaderElection": False,
        "orgLeader": True,
        "state": {"enabled": False},
        # With the sample's 4 to 25 s the peers of a new network take half a minute to meet. Two that join a
        # channel at once refuse one another until both have its members, and try again after the first of
        # these; until the second, nobody hears which chaincodes a peer runs. It is sent on changes only.
        "reconnectInterval": "250ms",
        "publishStateInfoInterval": "200ms",
        "requestStateInfoInterval": "1s",
        "aliveTimeInterval": "1s",
        "aliveExpirationTimeout": "25s",
        "membershipTrackerInterval": "5s",
        # Two minutes of `reconnectInterval`.
        "maxConnectionAttempts": 480,
        "pvtData": {
            # Else a transaction that this organisation never endorsed holds up its commits for a minute,
            # while it looks for private data that nobody has: any member could do that to any other.
            "skipPullingInvalidTransactionsDuringCommit": True,
            "pullRetryThreshold": "1s",
            "pushAckTimeout": "3s",
            "transientstoreMaxBlockRetention": 20000,
            "btlPullMargin": 10,
            "reconciliationEnabled": True,
            "reconcileBatchSize": 10,
            "reconcileSleepInterval": "1m",
            # An organisation with a second peer acknowledges nothing that lies on one machine only.
            "implicitCollectionDisseminationPolicy": {
                "requiredPeerCount": min(len(peers) - 1, 1),
                "maxPeerCount": len(peers) - 1,
            },
        },
    }


def _chaincode(layout: Layout, node: Node) -> Yaml:
    builder = layout.organization(node.organization).peer(node.index).builder
    return {
        "mode": "net",
        "keepalive": 0,
        "installTimeout": "60s",
        "startuptimeout": "60s",
        "executetimeout": "30s",
        "externalBuilders": [{"name": BUILDER, "path": str(builder), "propagateEnvironment": []}],
        "logging": {"level": "info", "shim": "warning"},
        "system": {"_lifecycle": "enable", "cscc": "enable", "lscc": "enable", "qscc": "enable"},
        "runtimeParams": {
            "useWriteBatch": True,
            "maxSizeWriteBatch": 1000,
            "useGetMultipleKeys": True,
            "maxSizeGetMultipleKeys": 1000,
        },
    }


def _ledger(layout: Layout, node: Node) -> Yaml:
    return {
        "state": {"stateDatabase": "goleveldb", "totalQueryLimit": 100000},
        "history": {"enableHistoryDatabase": True},
        "pvtdataStore": {
            # Purged rows go at blocks divisible by this: a quiet channel would keep them for weeks.
            "purgeInterval": 1,
            # The audit line would print the key's name.
            "purgedKeyAuditLogging": False,
            "collElgProcMaxDbBatchSize": 5000,
            "collElgProcDbBatchesInterval": 1000,
            "deprioritizedDataReconcilerInterval": "60m",
        },
        "snapshots": {"rootDir": str(layout.organization(node.organization).peer(node.index).snapshots)},
    }
