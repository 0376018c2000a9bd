"""orderer.yaml. Keys are those of Fabric 3.1's `orderer/common/localconfig`, which refuses unknown ones."""

from __future__ import annotations

from fabric_network.paths import Layout
from fabric_network.ports import LOOPBACK
from fabric_network.render.document import to_yaml
from fabric_network.topology import Node, Topology

MESSAGE_BYTES = 100 * 1024 * 1024


def orderer(topology: Topology, layout: Layout, node: Node) -> str:
    """The file of the orderer `node`."""
    files = layout.organization(node.organization).orderer(node.index)
    admin = layout.organization(node.organization).user("admin").tls
    certificate, key, ca = str(files.tls.certificate), str(files.tls.key), str(files.tls.ca)
    return to_yaml(
        {
            "General": {
                "ListenAddress": LOOPBACK,
                "ListenPort": node.listen,
                "BootstrapMethod": "none",
                "LocalMSPID": topology.organizations[node.organization].msp_id,
                "LocalMSPDir": str(files.msp),
                "TLS": {
                    "Enabled": True,
                    "Certificate": certificate,
                    "PrivateKey": key,
                    "RootCAs": [ca],
                    "ClientAuthRequired": False,
                },
                "Cluster": {
                    "ClientCertificate": certificate,
                    "ClientPrivateKey": key,
                    "RootCAs": [ca],
                    "SendBufferSize": 100,
                    "DialTimeout": "5s",
                    "RPCTimeout": "7s",
                    "ReplicationPullTimeout": "5s",
                    # The default of 5 s is felt when an orderer comes back.
                    "ReplicationRetryTimeout": "1s",
                    "ReplicationMaxRetries": 60,
                },
                "Keepalive": {"ServerMinInterval": "60s", "ServerInterval": "7200s", "ServerTimeout": "20s"},
                "Backoff": {"BaseDelay": "100ms", "Multiplier": 1.6, "MaxDelay": "5s"},
                "MaxRecvMsgSize": MESSAGE_BYTES,
                "MaxSendMsgSize": MESSAGE_BYTES,
                "BCCSP": {"Default": "SW", "SW": {"Hash": "SHA2", "Security": 256}},
                "Authentication": {"TimeWindow": "1m"},
            },
            "FileLedger": {"Location": str(files.data)},
            "Consensus": {
                "WALDir": str(files.data / "etcdraft" / "wal"),
                "SnapDir": str(files.data / "etcdraft" / "snapshot"),
            },
            "ChannelParticipation": {"Enabled": True, "MaxRequestBodySize": "1 MB"},
            "Admin": {
                "ListenAddress": f"{LOOPBACK}:{node.admin}",
                "TLS": {
                    "Enabled": True,
                    "Certificate": certificate,
                    "PrivateKey": key,
                    "ClientAuthRequired": True,
                    # The administrator's own certificate: the CA's root would let in all that it ever issued.
                    "ClientRootCAs": [str(admin.certificate)],
                },
            },
            "Operations": {"ListenAddress": f"{LOOPBACK}:{node.operations}", "TLS": {"Enabled": False}},
            "Metrics": {"Provider": "prometheus"},
        }
    )
