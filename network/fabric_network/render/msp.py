"""config.yaml of an MSP folder: which organisational unit makes a certificate's holder what (NodeOUs)."""

from __future__ import annotations

from fabric_network.render.document import to_yaml

CA_FILE = "cacerts/ca.pem"
"""Where an MSP folder holds its root; the identifiers below count only under it."""


def node_ous() -> str:
    """The same for every MSP folder of the network."""
    identifiers = {
        f"{role.capitalize()}OUIdentifier": {
            "Certificate": CA_FILE,
            "OrganizationalUnitIdentifier": role,
        }
        for role in ("client", "peer", "admin", "orderer")
    }
    return to_yaml({"NodeOUs": {"Enable": True, **identifiers}})
