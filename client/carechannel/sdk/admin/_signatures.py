"""Whether a signature under a configuration update is one: by the certificate that comes along with it."""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from carechannel.sdk.admin import _config_messages, _messages
from carechannel.sdk.errors import ConfigurationError


def signer_of(signature: bytes) -> tuple[str, bytes]:
    """MSP ID and certificate (PEM) of who made a `common.ConfigSignature`."""
    creator, _, _ = _config_messages.signed_parts(signature)
    return _messages.read_identity(creator)


def check_signature(signature: bytes, update: bytes) -> None:
    """Raises `ConfigurationError` unless `signature` was made under `update` with its certificate's key.

    Whether that certificate is one of the organisation's is the channel's to say.
    """
    creator, header, bytes_ = _config_messages.signed_parts(signature)
    msp_id, certificate = _messages.read_identity(creator)
    try:
        key = x509.load_pem_x509_certificate(certificate).public_key()
    except (ValueError, UnsupportedAlgorithm) as error:
        raise ConfigurationError(f"The signature of {msp_id} comes with no certificate.") from error
    try:
        if isinstance(key, ed25519.Ed25519PublicKey):
            key.verify(bytes_, header + update)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(bytes_, header + update, ec.ECDSA(hashes.SHA256()))
        else:
            raise ConfigurationError(f"The signature of {msp_id} is of a kind that Fabric does not take.")
    except InvalidSignature as error:
        raise ConfigurationError(
            f"The signature of {msp_id} is not under this update. Was it made for an earlier one?"
        ) from error
