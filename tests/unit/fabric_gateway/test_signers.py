from __future__ import annotations

import hashlib
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import (
    Prehashed,
    decode_dss_signature,
    encode_dss_signature,
)
from fabric_gateway import Identity, IdentityError, connect, hash, signers

from tests.unit.fabric_gateway.people import Credentials, certificate_for

# SEC 2: order of the group of secp256r1.
ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
ORDER_384 = int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16)


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


Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey


def _pem(key: Key, password: bytes = b"") -> bytes:
    encryption = serialization.BestAvailableEncryption(password) if password else serialization.NoEncryption()
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)


P256 = _pem(ec.generate_private_key(ec.SECP256R1()))
P384 = _pem(ec.generate_private_key(ec.SECP384R1()))
ED25519 = _pem(ed25519.Ed25519PrivateKey.generate())
RSA = _pem(rsa.generate_private_key(65537, 2048))
ENCRYPTED = _pem(ec.generate_private_key(ec.SECP256R1()), b"secret")


@pytest.mark.parametrize(
    ("pem", "sentence"),
    [
        (b"", "not readable PEM"),
        (b"\0" * 100, "not readable PEM"),
        (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "not readable PEM"),
        (P256[:-40], "not readable PEM"),
        (P256[:100], "not readable PEM"),
        (P256 + P384, "holds 2 private keys"),
        (b"x" * 1_000_000, "not PEM of one key"),
        (
            _pem(ec.generate_private_key(ec.SECP521R1())),
            "curve secp521r1; enrol with a key on P-256 or P-384",
        ),
        (_pem(ec.generate_private_key(ec.SECP256K1())), "curve secp256k1"),
        (RSA, "private key is (neither|not) an elliptic-curve"),
        (ENCRYPTED, "is encrypted; give its password"),
    ],
    ids=["empty", "nul", "broken", "cut", "half", "two", "huge", "p521", "k1", "rsa", "encrypted"],
)
@pytest.mark.parametrize("make", [signers.ecdsa, signers.private_key])
def test_refuses_other_keys(make: Callable[[bytes], signers.EcdsaSigner], pem: bytes, sentence: str) -> None:
    with pytest.raises(IdentityError, match=sentence):
        make(pem)


def test_the_kind_that_is_named_is_the_kind_that_is_taken() -> None:
    with pytest.raises(IdentityError, match="not an elliptic-curve key"):
        signers.ecdsa(ED25519)
    with pytest.raises(IdentityError, match="not an Ed25519 key"):
        signers.ed25519(P256)


def test_private_key_picks_by_the_key() -> None:
    assert isinstance(signers.private_key(P256), signers.EcdsaSigner)
    assert isinstance(signers.private_key(P384), signers.EcdsaSigner)
    assert isinstance(signers.private_key(ED25519), signers.Ed25519Signer)


@pytest.mark.parametrize("make", [signers.ecdsa, signers.private_key])
def test_an_encrypted_key_opens_with_its_password_only(
    make: Callable[[bytes, bytes], signers.EcdsaSigner],
) -> None:
    assert make(ENCRYPTED, b"secret").public_key
    with pytest.raises(IdentityError, match="password is wrong") as raised:
        make(ENCRYPTED, b"guess-4711")
    assert "4711" not in str(raised.value)
    with pytest.raises(IdentityError, match="not encrypted; give no password"):
        make(P256, b"secret")


async def test_a_key_with_its_parameters_before_it() -> None:
    """As ``openssl ecparam -genkey`` writes it."""
    key = ec.generate_private_key(ec.SECP256R1())
    sec1 = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.TraditionalOpenSSL,
        serialization.NoEncryption(),
    )
    parameters = b"-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n"
    assert signers.ecdsa(parameters + sec1).public_key == key.public_key()


async def test_ed25519_signs_the_message_itself() -> None:
    # RFC 8032, 7.1, test 2.
    seed = bytes.fromhex("4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb")
    sign = signers.ed25519(_pem(ed25519.Ed25519PrivateKey.from_private_bytes(seed)))
    assert await sign(bytes.fromhex("72")) == bytes.fromhex(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da"
        "085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00"
    )


@pytest.mark.parametrize("hashed", [hash.sha256, hash.sha384, hash.sha3_256, hash.sha3_384])
@pytest.mark.parametrize("pem", [P256, P384], ids=["p256", "p384"])
async def test_every_hash_and_curve_verifies_with_low_s(pem: bytes, hashed: hash.Hash) -> None:
    sign = signers.ecdsa(pem)
    order = ORDER if pem is P256 else ORDER_384
    for number in range(50):
        digest = hashed(b"%d" % number)
        signature = await sign(digest)
        assert decode_dss_signature(signature)[1] <= order // 2
        size = hashes.SHA256() if len(digest) == 32 else hashes.SHA384()
        sign.public_key.verify(signature, digest, ec.ECDSA(Prehashed(size)))


@pytest.mark.parametrize("length", [0, 20, 31, 33, 64, 5000])
async def test_an_ecdsa_key_signs_digests_only(length: int) -> None:
    with pytest.raises(IdentityError, match="signs a digest of 32 or 48 bytes"):
        await signers.ecdsa(P256)(bytes(length))


def test_high_s_of_p384_becomes_its_negative() -> None:
    high = encode_dss_signature(5, ORDER_384 - 3)
    assert signers.low_s(high, ec.SECP384R1()) == bytes.fromhex("3006020105020103")


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"nonsense",
        bytes(64),
        encode_dss_signature(0, 1),
        encode_dss_signature(1, 0),
        encode_dss_signature(1, ORDER),
    ],
)
def test_low_s_refuses_what_is_no_signature(signature: bytes) -> None:
    with pytest.raises(IdentityError):
        signers.low_s(signature)


def test_low_s_knows_two_curves() -> None:
    with pytest.raises(IdentityError, match="secp521r1 are not supported"):
        signers.low_s(encode_dss_signature(5, 3), ec.SECP521R1())


def test_r_and_s_side_by_side_become_der() -> None:
    raw = (5).to_bytes(32, "big") + (ORDER - 3).to_bytes(32, "big")
    assert signers.raw_to_der(raw) == bytes.fromhex("3006020105020103")
    raw = (5).to_bytes(48, "big") + (ORDER_384 - 3).to_bytes(48, "big")
    assert signers.raw_to_der(raw) == bytes.fromhex("3006020105020103")
    with pytest.raises(IdentityError, match=r"64 bytes \(P-256\) or 96 \(P-384\); these are 70"):
        signers.raw_to_der(bytes(70))


def test_no_key_in_a_repr() -> None:
    assert repr(signers.private_key(P384)) == "<EcdsaSigner secp384r1>"
    assert repr(signers.private_key(ED25519)) == "<Ed25519Signer>"


def test_the_hashes_are_those_of_their_standards() -> None:
    # FIPS 180-4 and FIPS 202: the examples for "abc".
    assert hash.none(b"abc") == b"abc"
    assert hash.sha256(b"abc").hex() == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert hash.sha384(b"abc").hex() == (
        "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed8086072ba1e7cc2358baeca134c825a7"
    )
    assert hash.sha3_256(b"abc").hex() == "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532"
    assert hash.sha3_384(b"abc").hex() == (
        "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b298d88cea927ac7f539f1edf228376d25"
    )


P256_SIGNER, P384_SIGNER, ED25519_SIGNER = (signers.private_key(pem) for pem in (P256, P384, ED25519))


def _identity(key: signers.EcdsaSigner | signers.Ed25519Signer) -> Identity:
    return Identity("Org1MSP", certificate_for(key.public_key))


async def _elsewhere(_digest: bytes) -> bytes:
    return b"signature"


@pytest.mark.parametrize("key", [P256_SIGNER, P384_SIGNER])
@pytest.mark.parametrize("signer", ["own", "elsewhere", None])
@pytest.mark.parametrize("given", [None, hash.sha256, hash.sha384, hash.sha3_256, hash.sha3_384])
def test_ecdsa_is_over_sha256_unless_told(
    key: signers.EcdsaSigner, signer: str | None, given: hash.Hash | None
) -> None:
    made = {"own": key, "elsewhere": _elsewhere, None: None}[signer]
    assert signers.agreed_hash(_identity(key), made, given) is (given or hash.sha256)


def test_ed25519_is_over_the_message() -> None:
    identity = _identity(ED25519_SIGNER)
    for given in (None, hash.none):
        for signer in (ED25519_SIGNER, _elsewhere, None):
            assert signers.agreed_hash(identity, signer, given) is hash.none
    for digest in (hash.sha256, hash.sha384, hash.sha3_256, hash.sha3_384):
        for signer in (ED25519_SIGNER, _elsewhere, None):
            with pytest.raises(IdentityError, match="signs the message itself"):
                signers.agreed_hash(identity, signer, digest)


def test_an_ecdsa_key_here_needs_a_digest_and_a_signer_elsewhere_may_make_its_own() -> None:
    identity = _identity(P256_SIGNER)
    with pytest.raises(IdentityError, match="signs a digest, never the message"):
        signers.agreed_hash(identity, P256_SIGNER, hash.none)
    assert signers.agreed_hash(identity, _elsewhere, hash.none) is hash.none


@pytest.mark.parametrize("other", [ED25519_SIGNER, P384_SIGNER])
def test_the_key_has_to_be_the_certificates(other: signers.EcdsaSigner) -> None:
    with pytest.raises(IdentityError, match="does not belong to the certificate of this Org1MSP identity"):
        signers.agreed_hash(_identity(P256_SIGNER), other, None)


def test_a_certificate_for_a_key_that_peers_refuse() -> None:
    for key in (rsa.generate_private_key(65537, 2048), ec.generate_private_key(ec.SECP521R1())):
        identity = Identity("Org1MSP", certificate_for(key.public_key()))  # type: ignore[arg-type]
        with pytest.raises(IdentityError, match="neither ECDSA on P-256 or P-384 nor Ed25519"):
            signers.agreed_hash(identity, None, None)


async def test_connect_says_it_at_once() -> None:
    with pytest.raises(IdentityError, match="signs the message itself"):
        await connect(
            address="127.0.0.1:1", identity=_identity(ED25519_SIGNER), signer=ED25519_SIGNER, hash=hash.sha256
        )
