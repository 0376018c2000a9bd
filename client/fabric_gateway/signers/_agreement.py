"""Whether certificate, signer and hash fit, before a peer says no more than "access denied"."""

from __future__ import annotations

from typing import Final

from cryptography.hazmat.primitives.asymmetric import ec, ed25519

from fabric_gateway import hash as hashing
from fabric_gateway.errors import IdentityError
from fabric_gateway.hash import Hash
from fabric_gateway.identity import Identity
from fabric_gateway.signers._ecdsa_form import is_supported
from fabric_gateway.signers._signer import KeyedSigner, Signer

_DIGESTS: Final = (hashing.sha256, hashing.sha384, hashing.sha3_256, hashing.sha3_384)


def agreed_hash(identity: Identity, signer: Signer | None, hash: Hash | None) -> Hash:
    """The hash under the identity's signatures: the one given if it can be verified, else the key's own.

    Args:
        identity: whose certificate peers verify with.
        signer: None where signatures are made elsewhere (offline signing).
        hash: None for what peers expect by default: SHA-256 for ECDSA, the message itself for Ed25519.

    Raises:
        IdentityError: the certificate's key is of a kind that peers refuse, the signer's key is another's, or
            no peer can verify what the signer makes of that hash.
    """
    key = identity.certificate.public_key()
    if isinstance(signer, KeyedSigner) and signer.public_key not in (None, key):
        raise IdentityError(
            f"the private key does not belong to the certificate of this {identity.msp_id} identity"
        )
    if isinstance(key, ed25519.Ed25519PublicKey):
        if hash in _DIGESTS:
            raise IdentityError(
                "an Ed25519 key signs the message itself, and peers verify it so; "
                "leave out the hash, or give hash.none"
            )
        return hash or hashing.none
    if not isinstance(key, ec.EllipticCurvePublicKey) or not is_supported(key.curve):
        raise IdentityError(
            f"the certificate of this {identity.msp_id} identity is for a key that is neither ECDSA on "
            "P-256 or P-384 nor Ed25519; enrol again with one of these"
        )
    if hash is hashing.none and isinstance(signer, KeyedSigner):
        raise IdentityError(
            "an ECDSA key signs a digest, never the message; leave out the hash, or give hash.sha256"
        )
    return hash or hashing.sha256
