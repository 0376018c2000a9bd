"""Certificates from the organisations' own CAs, through `carechannel.sdk`.

The enrolment secrets are derived from the registrar's, so that an interrupted run can go on with an identity
that the CA already knows, and nothing more has to be kept.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections.abc import Mapping
from functools import cached_property, partial

from carechannel.sdk import CaRefusedError, CertificateAuthority, Enrollment, SdkError

from fabric_network.certificates import Lack, registrar_secret
from fabric_network.errors import CertificateError
from fabric_network.execute import Executor
from fabric_network.files import PRIVATE, write
from fabric_network.identities import Identity
from fabric_network.material import read_key, read_msp, write_msp, write_tls
from fabric_network.paths import Layout
from fabric_network.render.ca import REGISTRAR
from fabric_network.topology import NodeKind, Organization, Topology

ALREADY_REGISTERED = 74
"""`ErrDupIdentityReg` of Fabric CA's `lib/caerrors`."""


def issue(
    topology: Topology, layout: Layout, lacks: Mapping[str, tuple[Lack, ...]], executor: Executor
) -> None:
    """Give everyone in `lacks` (by organisation) what is missing; organisations are served side by side.

    The CAs have to be running. Raises `CertificateError`, naming the CA.
    """
    executor.together(
        [
            partial(_Issuer(topology, layout, topology.organizations[name], executor).run, lacks_of_one)
            for name, lacks_of_one in lacks.items()
        ]
    )


class _Issuer:
    """One organisation's turn."""

    def __init__(
        self, topology: Topology, layout: Layout, organization: Organization, executor: Executor
    ) -> None:
        self._executor = executor
        self._node = topology.nodes_of(NodeKind.CA, organization.id)[0]
        self._root_file = layout.organization(organization.id).ca.certificate
        self._root = self._root_file.read_bytes()
        self._secret = registrar_secret(layout, organization.id)

    @cached_property
    def _ca(self) -> CertificateAuthority:
        return CertificateAuthority(f"https://{self._node.address}", self._root_file, self._node.name)

    @cached_property
    def _registrar(self) -> Enrollment:
        return self._ca.enroll(REGISTRAR, self._secret)

    def run(self, lacks: tuple[Lack, ...]) -> None:
        for lack in lacks:
            self._executor.check()
            try:
                self._complete(lack)
            except SdkError as error:
                raise CertificateError(
                    f"{self._node.name} did not issue a certificate: {error} "
                    f"See: carechannel-network logs {self._node.name}"
                ) from error

    def _complete(self, lack: Lack) -> None:
        identity = lack.identity
        if lack.msp or identity.msp is None:
            enrollment = self._enroll(identity)
        else:
            enrollment = Enrollment(*read_msp(identity.msp), self._root)
        if lack.msp and identity.msp is not None:
            write_msp(
                identity.msp,
                self._root,
                enrollment.cert_pem,
                enrollment.key_pem,
                clients=identity.knows_clients,
            )
        if lack.tls and identity.tls is not None:
            # A renewed TLS certificate keeps its key: the orderers know one another by it.
            key = read_key(identity.tls.key)
            issued = self._ca.reenroll(enrollment, profile="tls", hosts=identity.hosts, key=key)
            write_tls(identity.tls, self._root, issued.cert_pem, issued.key_pem)

    def _enroll(self, identity: Identity) -> Enrollment:
        enrollment_id = identity.common_name or _random_id(identity)
        secret = hmac.digest(self._secret.encode(), enrollment_id.encode(), hashlib.sha256).hex()
        try:
            self._ca.register(
                self._registrar,
                enrollment_id,
                type=identity.type,
                secret=secret,
                affiliation=identity.affiliation,
                attributes=identity.attributes,
                authority=identity.authority,
            )
        except CaRefusedError as error:
            if ALREADY_REGISTERED not in error.ca_codes:
                raise
        return self._ca.enroll(enrollment_id, secret)


def _random_id(identity: Identity) -> str:
    """A person's enrolment id says nothing of the person; which alias has which lies in the folder only."""
    if identity.id_file is None:
        raise ValueError("an identity without a common name has to have a file for its random id")
    if not identity.id_file.is_file():
        write(identity.id_file, secrets.token_hex(16), PRIVATE)
    return identity.id_file.read_text()
