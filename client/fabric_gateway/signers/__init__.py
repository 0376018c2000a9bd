"""Signatures as Fabric's peers accept them.

A signer is any coroutine function from digest to signature. Made here are those with the key in a file
(:func:`ecdsa`, :func:`ed25519`, :func:`private_key`) and in a hardware security module (:func:`pkcs11`).
"""

from fabric_gateway.hash import Hash, sha256
from fabric_gateway.signers._agreement import agreed_hash
from fabric_gateway.signers._ecdsa_form import low_s, raw_to_der
from fabric_gateway.signers._hardware import Pkcs11Signer, pkcs11
from fabric_gateway.signers._pkcs11_objects import fabric_ski
from fabric_gateway.signers._signer import Signer
from fabric_gateway.signers._software import (
    EcdsaSigner,
    Ed25519Signer,
    PrivateKey,
    ecdsa,
    ed25519,
    private_key,
    read_private_key,
    signer_of,
)

__all__ = [
    "EcdsaSigner",
    "Ed25519Signer",
    "Hash",
    "Pkcs11Signer",
    "PrivateKey",
    "Signer",
    "agreed_hash",
    "ecdsa",
    "ed25519",
    "fabric_ski",
    "low_s",
    "pkcs11",
    "private_key",
    "raw_to_der",
    "read_private_key",
    "sha256",
    "signer_of",
]
