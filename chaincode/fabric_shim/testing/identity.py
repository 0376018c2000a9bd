"""Identities for tests: real X.509 certificates as a Fabric CA issues them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import ClassVar, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from fabric_shim._internal import messages
from fabric_shim.errors import IdentityError
from fabric_shim.identity import ATTRIBUTES_OID
from fabric_shim.testing.policies import Signer

NODE_OUS = frozenset({"client", "admin", "peer", "orderer"})
_VALID_FROM = datetime(2020, 1, 1, tzinfo=UTC)
_VALID_FOR = timedelta(days=36500)


@dataclass(frozen=True, slots=True)
class TestIdentity:
    """Somebody who signs transactions.

    :ivar msp_id: the organisation's MSP ID.
    :ivar certificate_pem: the certificate.
    :ivar private_key: its key; None when only the certificate is known.
    """

    __test__: ClassVar[bool] = False  # so that pytest does not take it for a test

    msp_id: str
    certificate_pem: bytes
    private_key: ec.EllipticCurvePrivateKey | None = field(default=None, repr=False)

    @classmethod
    def create(
        cls, msp_id: str, common_name: str, *, attributes: Mapping[str, str] | None = None, ou: str = "client"
    ) -> Self:
        """Issue a certificate (ECDSA P-256) from the MSP's test CA.

        :param attributes: go into the certificate as Fabric CA's attribute extension.
        :param ou: the organisational unit, with NodeOUs the role: client, admin, peer or orderer.
        """
        ca_key, ca_name = _certificate_authority(msp_id)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, ou),
                x509.NameAttribute(NameOID.COMMON_NAME, common_name),
            ]
        )
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(ca_name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(_VALID_FROM)
            .not_valid_after(_VALID_FROM + _VALID_FOR)
        )
        if attributes is not None:
            document = json.dumps({"attrs": dict(attributes)}).encode()
            extension = x509.UnrecognizedExtension(ATTRIBUTES_OID, document)
            builder = builder.add_extension(extension, critical=False)
        certificate = builder.sign(ca_key, hashes.SHA256())
        return cls(msp_id, certificate.public_bytes(serialization.Encoding.PEM), key)

    @classmethod
    def from_pem(cls, msp_id: str, certificate_pem: bytes, private_key_pem: bytes | None = None) -> Self:
        """Take a certificate that somebody issued, and its ECDSA key.

        :raises IdentityError: certificate or key cannot be read.
        """
        try:
            x509.load_pem_x509_certificate(certificate_pem)
            key = (
                None if private_key_pem is None else serialization.load_pem_private_key(private_key_pem, None)
            )
        except (ValueError, TypeError):
            raise IdentityError(f"The certificate or key of {msp_id} cannot be read as PEM.") from None
        if key is not None and not isinstance(key, ec.EllipticCurvePrivateKey):
            raise IdentityError(f"The key of {msp_id} is no ECDSA key.")
        return cls(msp_id, certificate_pem, key)

    @classmethod
    def from_msp(cls, msp_id: str, folder: Path) -> Self:
        """Take the identity of an MSP folder as Fabric CA's client writes it: ``signcerts`` and ``keystore``.

        :raises IdentityError: there is no certificate in it, or it cannot be read.
        """
        certificates = sorted((folder / "signcerts").glob("*.pem"))
        keys = sorted(path for path in (folder / "keystore").glob("*") if path.is_file())
        if not certificates:
            raise IdentityError(f"There is no certificate in {folder / 'signcerts'}.")
        return cls.from_pem(msp_id, certificates[0].read_bytes(), keys[0].read_bytes() if keys else None)

    @property
    def signer(self) -> Signer:
        """What policies see of it: organisation, and the roles of its certificate's OUs (NodeOUs)."""
        return Signer(self.msp_id, _roles(self.certificate_pem))

    @property
    def creator(self) -> bytes:
        """The serialized identity that stands in a proposal."""
        return messages.serialize_creator(self.msp_id, self.certificate_pem)

    def sign(self, content: bytes) -> bytes:
        """Sign with ECDSA over SHA-256; empty when the private key is not known."""
        return self.private_key.sign(content, ec.ECDSA(hashes.SHA256())) if self.private_key else b""


@cache
def _roles(certificate_pem: bytes) -> frozenset[str]:
    subject = x509.load_pem_x509_certificate(certificate_pem).subject
    units = {str(unit.value) for unit in subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)}
    return frozenset({"member", *(units & NODE_OUS)})


@cache
def _certificate_authority(msp_id: str) -> tuple[ec.EllipticCurvePrivateKey, x509.Name]:
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, msp_id),
            x509.NameAttribute(NameOID.COMMON_NAME, f"ca.{msp_id}"),
        ]
    )
    return ec.generate_private_key(ec.SECP256R1()), name
