"""Revocation lists as an MSP applies them (Fabric msp/mspimplvalidate.go)."""

from __future__ import annotations

import warnings
from collections.abc import Iterable

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from fabric_ledger import chains


def read(content: bytes) -> x509.CertificateRevocationList:
    """A list in PEM or DER.

    Raises:
        chains.UNREADABLE: it is none.
    """
    with warnings.catch_warnings():  # of oddities that peers do not mind
        warnings.simplefilter("ignore")
        found = (
            x509.load_pem_x509_crl(content)
            if content.lstrip().startswith(b"-----BEGIN")
            else x509.load_der_x509_crl(content)
        )
        # The library reads a list part by part, as it is asked: a broken part shows here, not later.
        _ = authority_key_identifier(found), [each.serial_number for each in found]
    return found


def revoked(
    lists: Iterable[x509.CertificateRevocationList], certificate: x509.Certificate, issuer: x509.Certificate
) -> bool:
    """Whether a list of the issuer, with its signature, names the certificate."""
    key_identifier = chains.subject_key_identifier(issuer)
    key = issuer.public_key()
    for each in lists:
        if authority_key_identifier(each) != key_identifier:
            continue
        if each.get_revoked_certificate_by_serial_number(certificate.serial_number) is None:
            continue
        if isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
            try:
                if each.is_signature_valid(key):
                    return True
            except chains.UNREADABLE:
                continue
    return False


def authority_key_identifier(revocations: x509.CertificateRevocationList) -> bytes | None:
    """Whose list it is, by key; None where it does not say."""
    try:
        return revocations.extensions.get_extension_for_class(
            x509.AuthorityKeyIdentifier
        ).value.key_identifier
    except (x509.ExtensionNotFound, ValueError):
        return None
