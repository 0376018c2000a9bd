from __future__ import annotations

import hashlib

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from fabric_gateway import IdentityError, signers

from tests.unit.fabric_gateway.people import Credentials

# SEC 2: order of the group of secp256r1.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


def test_high_s_becomes_its_negative() -> None:
    high = encode_dss_signature(5, ORDER - 3)
    # SEQUENCE {INTEGER 5, INTEGER 3}
    assert signers.low_s(high) == bytes.fromhex("3006020105020103")


@pytest.mark.parametrize("s", [1, ORDER // 2])
def test_low_s_stays(s: int) -> None:
    assert decode_dss_signature(signers.low_s(encode_dss_signature(9, s))) == (9, s)


async def test_signatures_verify_and_are_low(credentials: Credentials) -> None:
    sign = signers.ecdsa(credentials.key_pem)
    for number in range(50):
        digest = hashlib.sha256(b"%d" % number).digest()
        signature = await sign(digest)
        assert decode_dss_signature(signature)[1] <= ORDER // 2
        credentials.key.public_key().verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))


def test_reads_sec1_pem(credentials: Credentials) -> None:
    pem = credentials.key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    assert signers.ecdsa(pem).public_key == credentials.key.public_key()


def _pem(key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey, password: bytes = b"") -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


@pytest.mark.parametrize(
    "pem",
    [
        b"",
        b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n",
        _pem(ec.generate_private_key(ec.SECP384R1())),
        _pem(rsa.generate_private_key(65537, 2048)),
        _pem(ec.generate_private_key(ec.SECP256R1()), b"secret"),
    ],
    ids=["empty", "broken", "p384", "rsa", "encrypted"],
)
def test_refuses_other_keys(pem: bytes) -> None:
    with pytest.raises(IdentityError, match="private key"):
        signers.ecdsa(pem)
