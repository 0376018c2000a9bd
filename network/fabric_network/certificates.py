"""Which certificates a network still lacks. What is there and good is kept.

What is missing, half-made, expired, from another root or for other hosts is issued (`issuing`).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from fabric_network.files import PRIVATE, write
from fabric_network.identities import Identity, identities
from fabric_network.material import msp_is_good, tls_is_good, write_channel_msp
from fabric_network.paths import Layout
from fabric_network.topology import Organization, Topology


@dataclass(frozen=True)
class Lack:
    """What `identity` has to be given."""

    identity: Identity
    msp: bool
    tls: bool


def registrar_secret(layout: Layout, organization: str) -> str:
    """The registrar's password at the CA of `organization`: made at the first call, then kept (mode 600)."""
    file = layout.organization(organization).ca.registrar_secret
    if not file.is_file():
        write(file, secrets.token_urlsafe(32), PRIVATE)
    return file.read_text()


def write_channel_msps(topology: Topology, layout: Layout) -> None:
    """The public MSP folder of each organisation; its CA has to have started once."""
    for name in topology.organizations:
        files = layout.organization(name)
        write_channel_msp(files.msp, files.ca.certificate.read_bytes())


def lacking(topology: Topology, layout: Layout, organization: Organization) -> tuple[Lack, ...]:
    """Everyone of `organization` to whom something has to be issued."""
    root = layout.organization(organization.id).ca.certificate.read_bytes()
    found = (_lack(identity, root) for identity in identities(topology, layout, organization))
    return tuple(lack for lack in found if lack.msp or lack.tls)


def _lack(identity: Identity, root: bytes) -> Lack:
    return Lack(
        identity,
        msp=identity.msp is not None and not msp_is_good(identity.msp, root, clients=identity.knows_clients),
        tls=identity.tls is not None and not tls_is_good(identity.tls, root, identity.hosts),
    )
