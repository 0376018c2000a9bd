"""Which certificates a topology needs: pure, from the topology and its layout to a list of identities."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fabric_network.paths import Layout, OrganizationLayout, TlsLayout
from fabric_network.ports import LOOPBACK
from fabric_network.render.ca import PATIENTS
from fabric_network.topology import Node, NodeKind, Organization, Person, Topology

IdentityType = Literal["client", "peer", "orderer", "admin"]

PATIENT_REGISTRAR: Mapping[str, str] = {
    "hf.Registrar.Roles": "client",
    "hf.Registrar.Attributes": "care.patient",
}
"""What a person whose role is registrar may do at the CA: make patients known to it.

A CA limits the names of attributes, not their values, and lets a registrar change whoever is in its own
affiliation: with `care.role` it could make itself an administrator, without an affiliation become the node.
"""


@dataclass(frozen=True)
class TlsFiles:
    """Where a TLS identity is written; `root` is a copy of the certificate that it comes from."""

    certificate: Path
    key: Path
    root: Path


@dataclass(frozen=True)
class Identity:
    """Somebody or something that the organisation's CA knows, and what is issued to it.

    `common_name` is its enrolment id, or, for a person, None: then it is random and kept in `id_file`.
    """

    common_name: str | None
    type: IdentityType
    id_file: Path | None = None
    msp: Path | None = None
    tls: TlsFiles | None = None
    hosts: tuple[str, ...] = ()
    attributes: Mapping[str, str] = field(default_factory=dict)
    authority: Mapping[str, str] = field(default_factory=dict)
    affiliation: str = ""

    @property
    def knows_clients(self) -> bool:
        """Whether its MSP folder makes clients members of the organisation; see `render.msp`."""
        return self.type != "peer"


def identities(topology: Topology, layout: Layout, organization: Organization) -> tuple[Identity, ...]:
    """Everyone of `organization`: orderers, peers, both ends of the chaincode connection, people."""
    files = layout.organization(organization.id)
    return (
        *(
            _node(node, "orderer", files.orderer(node.index).msp, files.orderer(node.index).tls)
            for node in topology.nodes_of(NodeKind.ORDERER, organization.id)
        ),
        *(
            _node(node, "peer", files.peer(node.index).msp, files.peer(node.index).tls)
            for node in topology.nodes_of(NodeKind.PEER, organization.id)
        ),
        *_chaincode(topology, files, organization),
        *(_person(files, person) for person in organization.users),
    )


def _node(node: Node, type_: IdentityType, msp: Path, tls: TlsLayout) -> Identity:
    return Identity(
        common_name=node.hostname, type=type_, msp=msp, tls=_tls_files(tls), hosts=_hosts(node.hostname)
    )


def _chaincode(
    topology: Topology, files: OrganizationLayout, organization: Organization
) -> tuple[Identity, ...]:
    nodes = topology.nodes_of(NodeKind.CHAINCODE, organization.id)
    if not nodes:
        return ()
    chaincode = files.chaincode
    server = TlsFiles(chaincode.server_certificate, chaincode.server_key, chaincode.client_ca)
    client = TlsFiles(chaincode.client_certificate, chaincode.client_key, chaincode.client_ca)
    hosts = _hosts(*(node.hostname for node in nodes))
    return (
        Identity(common_name=f"chaincode.{organization.domain}", type="client", tls=server, hosts=hosts),
        Identity(common_name=f"chaincode-client.{organization.domain}", type="client", tls=client),
    )


def _person(files: OrganizationLayout, person: Person) -> Identity:
    user = files.user(person.alias)
    attributes: dict[str, str] = {"care.role": person.role}
    if person.groups:
        attributes["care.groups"] = ",".join(person.groups)
    return Identity(
        common_name=None,
        type="admin" if person.alias == "admin" else "client",
        id_file=user.root / "enrollment-id",
        msp=user.msp,
        tls=_tls_files(user.tls),
        attributes=attributes,
        authority=PATIENT_REGISTRAR if person.role == "registrar" else {},
        affiliation=PATIENTS if person.role == "registrar" else "",
    )


def _tls_files(tls: TlsLayout) -> TlsFiles:
    return TlsFiles(tls.certificate, tls.key, tls.ca)


def _hosts(*hostnames: str) -> tuple[str, ...]:
    return (*hostnames, "localhost", LOOPBACK)
