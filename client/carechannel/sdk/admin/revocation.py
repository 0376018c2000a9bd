"""A CA's revocation list into a channel's configuration: only there does revoking take effect.

The list goes into the organisation's MSP wherever the channel has it: among the members (`Application`) and
among the orderers (`Orderer`). Both are what their own nodes check identities by.
"""

from __future__ import annotations

from collections.abc import Sequence

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa

from carechannel.sdk.admin import _config_messages as messages
from carechannel.sdk.admin.configuration import ChannelConfiguration
from carechannel.sdk.errors import ConfigurationError


def with_revocation_list(
    configuration: ChannelConfiguration, msp_id: str, crl_pem: bytes
) -> ChannelConfiguration:
    """`configuration` with an organisation's revocation list (PEM, such as `Revocation.crl_pem`).

    It takes the place of earlier lists of the same CA that it covers; one that names certificates which the
    new one does not stays beside it. For `ConfigUpdate.between`. Raises `ConfigurationError` when the channel
    does not have the organisation, the list is not signed by one of its CAs, or is older than one there that
    names all that it does.
    """
    crl = _read(crl_pem)
    found = messages.msp_certificates(configuration.content, msp_id)
    if not found:
        raise ConfigurationError(f"The channel {configuration.channel} has no organisation {msp_id}.")
    lists: dict[str, Sequence[bytes]] = {}
    for place, (authorities, present) in found.items():
        if not any(_issued(crl, authority) for authority in authorities):
            raise ConfigurationError(
                f"The revocation list is not signed by a CA of {msp_id} ({place} of {configuration.channel})."
            )
        if any(_is_older(crl, _read(one)) and _covers(_read(one), crl) for one in present):
            raise ConfigurationError(
                f"{place} of {configuration.channel} has a newer revocation list, which names all that "
                "this one does. Get a new list from the CA."
            )
        kept = [one for one in present if not _covers(crl, _read(one))]
        new = crl.public_bytes(serialization.Encoding.PEM)
        lists[place] = [*kept, new]
    return ChannelConfiguration(
        configuration.channel,
        configuration.sequence,
        messages.with_revocation_lists(configuration.content, msp_id, lists),
    )


def _read(pem: bytes) -> x509.CertificateRevocationList:
    try:
        return x509.load_pem_x509_crl(pem)
    except ValueError as error:
        raise ConfigurationError("That is no revocation list (CRL) in PEM.") from error


def _issued(crl: x509.CertificateRevocationList, authority: bytes) -> bool:
    try:
        certificate = x509.load_pem_x509_certificate(authority)
        key = certificate.public_key()
        return (
            crl.issuer == certificate.subject
            and isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey | rsa.RSAPublicKey)
            and crl.is_signature_valid(key)
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return False


def _is_older(one: x509.CertificateRevocationList, other: x509.CertificateRevocationList) -> bool:
    return one.last_update_utc < other.last_update_utc


def _covers(new: x509.CertificateRevocationList, old: x509.CertificateRevocationList) -> bool:
    """Whether `old`, of the same CA, names no certificate that `new` does not."""
    if new.issuer != old.issuer:
        return False
    return {one.serial_number for one in old} <= {one.serial_number for one in new}
