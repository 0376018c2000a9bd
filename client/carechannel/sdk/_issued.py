"""Whether what a CA gave is the certificate that was asked for."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.types import CertificatePublicKeyTypes

from carechannel.sdk.enrollment import common_name
from carechannel.sdk.errors import CaReplyError


def checked_certificate(
    url: str, certificate_pem: object, chain_pem: object, name: str, public_key: CertificatePublicKeyTypes
) -> tuple[bytes, bytes]:
    """Certificate and chain, PEM, if the certificate is for that name and key, from the chain, and valid now.

    Raises `CaReplyError`: what a CA calls success may still be none of that.
    """
    if not isinstance(certificate_pem, bytes) or not isinstance(chain_pem, bytes):
        raise CaReplyError(f"The CA at {url} gave no certificate, or no chain with it.")
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        fits = certificate.public_key() == public_key and common_name(certificate) == name
        chain = x509.load_pem_x509_certificates(chain_pem)
    except ValueError as error:
        raise CaReplyError(f"The CA at {url} gave no readable certificate, or no chain with it.") from error
    if not fits:
        raise CaReplyError(f"The CA at {url} did not give a certificate for the name and key that were sent.")
    if not _comes_from(certificate, chain):
        raise CaReplyError(
            f"The CA at {url} gave a certificate that does not come from the chain that it gave with it."
        )
    now = datetime.now(UTC)
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        raise CaReplyError(
            f"The CA at {url} gave a certificate that is valid from {certificate.not_valid_before_utc} to "
            f"{certificate.not_valid_after_utc}, which is not now ({now:%Y-%m-%d %H:%M:%S} UTC). Check the "
            "clocks of both machines."
        )
    return certificate_pem, chain_pem


def _comes_from(certificate: x509.Certificate, chain: Sequence[x509.Certificate]) -> bool:
    for issuer in chain:
        try:
            certificate.verify_directly_issued_by(issuer)
        except (ValueError, TypeError, InvalidSignature):
            continue
        return True
    return False
