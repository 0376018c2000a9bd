"""fabric-ca-server-config.yaml. Keys are those of Fabric CA 1.5's `cmd/fabric-ca-server/config.go`."""

from __future__ import annotations

from fabric_network.ports import LOOPBACK
from fabric_network.render.document import to_yaml
from fabric_network.topology import Node, Topology

REGISTRAR = "registrar-admin"
"""Name of the identity that registers all others of its organisation."""
PATIENTS = "patients"
"""Affiliation of patients and of whoever registers them, who reaches nobody outside of it."""
YEAR = "8760h"
FIFTEEN_YEARS = "131400h"


def ca_server(topology: Topology, node: Node, registrar_secret: str) -> str:
    """The file of the CA `node`; it holds `registrar_secret`, so it has to be written with mode 600."""
    organization = topology.organizations[node.organization]
    return to_yaml(
        {
            "version": "1.5.15",
            "address": LOOPBACK,
            "port": node.listen,
            "cors": {"enabled": False, "origins": []},
            "debug": False,
            "crlsizelimit": 512000,
            # The certificate of the HTTPS port is issued by the CA itself when it first starts.
            "tls": {"enabled": True, "clientauth": {"type": "noclientcert", "certfiles": []}},
            "ca": {"name": node.name, "keyfile": "", "certfile": "", "chainfile": ""},
            "crl": {"expiry": "24h"},
            "registry": {
                "maxenrollments": -1,
                "identities": [
                    {
                        "name": REGISTRAR,
                        "pass": registrar_secret,
                        "type": "client",
                        "affiliation": "",
                        "attrs": {
                            "hf.Registrar.Roles": "*",
                            "hf.Registrar.DelegateRoles": "*",
                            "hf.Registrar.Attributes": "*",
                            "hf.Revoker": True,
                            "hf.GenCRL": True,
                            "hf.AffiliationMgr": True,
                        },
                    }
                ],
            },
            "db": {"type": "sqlite3", "datasource": "fabric-ca-server.db", "tls": {"enabled": False}},
            "ldap": {"enabled": False},
            "affiliations": {PATIENTS: []},
            "signing": {
                "default": {"usage": ["digital signature"], "expiry": YEAR},
                "profiles": {
                    "tls": {
                        "usage": [
                            "signing",
                            "key encipherment",
                            "server auth",
                            "client auth",
                            "key agreement",
                        ],
                        "expiry": YEAR,
                    }
                },
            },
            "csr": {
                "cn": node.hostname,
                "keyrequest": {"algo": "ecdsa", "size": 256},
                "names": [{"C": organization.jurisdiction, "O": organization.name}],
                "hosts": [node.hostname, "localhost", LOOPBACK],
                "ca": {"expiry": FIFTEEN_YEARS, "pathlength": 1},
            },
            "bccsp": {
                "default": "SW",
                "sw": {"hash": "SHA2", "security": 256, "filekeystore": {"keystore": "msp/keystore"}},
            },
            "operations": {"listenAddress": f"{LOOPBACK}:{node.operations}", "tls": {"enabled": False}},
            "metrics": {"provider": "prometheus"},
        }
    )
