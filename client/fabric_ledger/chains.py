"""Certification chains as Go's crypto/x509 builds them for an MSP (Fabric msp/mspimpl.go).

Peers do not look at the clock here: a certificate is checked one second after its own beginning, so a
certificate that has expired since, or had when it signed, is no reason for them to refuse.
"""

from __future__ import annotations

import hashlib
import warnings
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ec, utils
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from fabric_ledger import pem
from fabric_ledger.signatures import ORDERS

E = TypeVar("E", bound=x509.ExtensionType)

UNREADABLE: Final = (
    ValueError,
    TypeError,
    OverflowError,
    UnsupportedAlgorithm,
    x509.DuplicateExtension,
    x509.InvalidVersion,
    x509.UnsupportedGeneralNameType,
)
"""What the library raises for certificates and revocation lists that it cannot read."""

_DEPTH: Final = 10
_CHECKS: Final = 100
"""So many signatures of authorities are checked for one certificate, as by Go: not all ways are walked."""
_KNOWN_CRITICAL: Final = {
    x509.KeyUsage,
    x509.BasicConstraints,
    x509.SubjectAlternativeName,
    x509.NameConstraints,
    x509.CertificatePolicies,
    x509.ExtendedKeyUsage,
    x509.SubjectKeyIdentifier,
    x509.AuthorityKeyIdentifier,
}


def parse_pem(content: bytes) -> x509.Certificate | None:
    """The first PEM block of a text as a certificate, or None; what stands around it is ignored, as by Go."""
    found = pem.first(content)
    if found is None:
        return None
    try:
        with warnings.catch_warnings():  # of oddities which the verdict is about anyway
            warnings.simplefilter("ignore")
            certificate = x509.load_der_x509_certificate(found)
            return certificate if certificate.serial_number >= 0 else None
    except UNREADABLE:
        return None


def fingerprint(certificate: x509.Certificate, issuer: x509.Certificate) -> bytes:
    """What makes two certificates the same to a peer: all of it, with the signature's S in the lower half."""
    key = issuer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return certificate.public_bytes(Encoding.DER)
    r, s = utils.decode_dss_signature(certificate.signature)
    low = min(s, ORDERS[key.curve.name] - s)
    return certificate.tbs_certificate_bytes + utils.encode_dss_signature(r, low)


@dataclass(frozen=True, slots=True)
class Authorities:
    """The certificates that an MSP trusts.

    Attributes:
        roots: root certificates.
        intermediates: intermediate certificates.
    """

    roots: tuple[x509.Certificate, ...]
    intermediates: tuple[x509.Certificate, ...] = ()
    _internal: set[bytes] = field(default_factory=set)

    def __post_init__(self) -> None:
        for certificate in self.intermediates:
            chain = self.chain(certificate)
            if chain is not None:
                self._internal.update(der(parent) for parent in chain[1:])

    def chain(self, certificate: x509.Certificate) -> tuple[x509.Certificate, ...] | None:
        """The one chain from a certificate to a root, or None where there is none or more than one."""
        at = certificate.not_valid_before_utc + timedelta(seconds=1)
        chains = list(self._chains((certificate,), at, _Allowance(_CHECKS)))
        return chains[0] if len(chains) == 1 else None

    def issues_identities(self, authority: x509.Certificate) -> bool:
        """Whether an authority stands at the end of the tree; one above others certifies nobody."""
        return der(authority) not in self._internal

    def _chains(
        self, begun: tuple[x509.Certificate, ...], at: datetime, allowance: _Allowance
    ) -> Iterable[tuple[x509.Certificate, ...]]:
        last = begun[-1]
        if not _usable(last, at, is_leaf=len(begun) == 1) or len(begun) > _DEPTH:
            return
        if any(der(last) == der(root) for root in self.roots):
            if _chain_usable(begun):
                yield begun
            return
        for parent in (*self.roots, *self.intermediates):
            if any(der(parent) == der(each) for each in begun):
                continue
            if parent.subject != last.issuer:
                continue
            if not allowance.take():
                return
            if _issued(last, parent, depth=len(begun) - 1):
                yield from self._chains((*begun, parent), at, allowance)


class _Allowance:
    def __init__(self, left: int) -> None:
        self._left = left

    def take(self) -> bool:
        self._left -= 1
        return self._left >= 0


def der(certificate: x509.Certificate) -> bytes:
    """The certificate as its authority encoded it."""
    return certificate.public_bytes(Encoding.DER)


def subject_key_identifier(certificate: x509.Certificate) -> bytes | None:
    """The key identifier in the certificate, or None."""
    found = _extension(certificate, x509.SubjectKeyIdentifier)
    return None if found is None else found.digest


def is_authority(certificate: x509.Certificate) -> bool:
    """Whether the certificate may issue others; such a one is nobody's identity."""
    constraints = _extension(certificate, x509.BasicConstraints)
    return constraints is not None and constraints.ca


def identifier(chain: Sequence[x509.Certificate]) -> bytes:
    """SHA-256 over the certificates of a chain: what ``certifiers_identifier`` of an OU holds."""
    return hashlib.sha256(b"".join(der(each) for each in chain)).digest()


def _issued(certificate: x509.Certificate, parent: x509.Certificate, *, depth: int) -> bool:
    constraints = _extension(parent, x509.BasicConstraints)
    if constraints is None or not constraints.ca:
        return False
    if constraints.path_length is not None and depth > constraints.path_length:
        return False
    usage = _extension(parent, x509.KeyUsage)
    if usage is not None and not usage.key_cert_sign:
        return False
    try:
        certificate.verify_directly_issued_by(parent)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return True


def _usable(certificate: x509.Certificate, at: datetime, *, is_leaf: bool) -> bool:
    if not is_leaf and not certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc:
        return False
    if is_leaf and at > certificate.not_valid_after_utc:
        return False
    return all(
        not extension.critical or type(extension.value) in _KNOWN_CRITICAL
        for extension in certificate.extensions
    )


def _chain_usable(chain: Sequence[x509.Certificate]) -> bool:
    """Extended key usages must leave server authentication, which is what Go asks for by default."""
    for certificate in chain:
        usages = _extension(certificate, x509.ExtendedKeyUsage)
        if usages is not None and not {
            ExtendedKeyUsageOID.SERVER_AUTH,
            ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
        } & set(usages):
            return False
    return True


def _extension(certificate: x509.Certificate, kind: type[E]) -> E | None:
    try:
        return certificate.extensions.get_extension_for_class(kind).value
    except (x509.ExtensionNotFound, ValueError):
        return None
