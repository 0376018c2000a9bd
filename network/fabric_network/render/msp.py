"""config.yaml of an MSP folder: which organisational unit makes a certificate's holder what (NodeOUs)."""

from __future__ import annotations

from fabric_network.render.document import to_yaml

CA_FILE = "cacerts/ca.pem"
"""Where an MSP folder holds its root; the identifiers below count only under it."""


def node_ous(*, clients: bool = True) -> str:
    """The same for every MSP folder of the network but the peers' own, which do without `clients`.

    By its own folder a peer judges who gossips as a peer of its organisation, and so gets the organisation's
    private data: with clients in it, each practitioner and patient could.
    """
    roles = ("client", "peer", "admin", "orderer") if clients else ("peer", "admin", "orderer")
    identifiers = {
        f"{role.capitalize()}OUIdentifier": {
            "Certificate": CA_FILE,
            "OrganizationalUnitIdentifier": role,
        }
        for role in roles
    }
    return to_yaml({"NodeOUs": {"Enable": True, **identifiers}})
