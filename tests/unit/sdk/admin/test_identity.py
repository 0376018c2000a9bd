"""Who administers and where: what cannot be used is refused before anything is sent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from carechannel.sdk.admin import AdministrationError, Administrator, Endpoint
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from tests.protocol.certificates import Authority

PEM = serialization.Encoding.PEM
Key = ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey | rsa.RSAPrivateKey


def identity(key: Key) -> tuple[bytes, bytes]:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "admin")])
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now)
        .not_valid_after(now + timedelta(days=1))
        .sign(key, algorithm)
    )
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return certificate.public_bytes(PEM), private


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1()])
def test_ecdsa_signatures_have_the_smaller_s(curve: ec.EllipticCurve) -> None:
    key = ec.generate_private_key(curve)
    administrator = Administrator("Org1MSP", *identity(key))
    order = {256: 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551}.get(curve.key_size)
    for index in range(20):
        signature = administrator.sign(bytes([index]))
        key.public_key().verify(signature, bytes([index]), ec.ECDSA(hashes.SHA256()))
        assert decode_dss_signature(signature)[1] * 2 < (order or 2**384)


def test_ed25519_signs_the_message_itself() -> None:
    key = ed25519.Ed25519PrivateKey.generate()
    key.public_key().verify(Administrator("Org1MSP", *identity(key)).sign(b"message"), b"message")


def test_a_key_that_does_not_belong_to_the_certificate_is_refused() -> None:
    certificate, _ = identity(ec.generate_private_key(ec.SECP256R1()))
    _, key = identity(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(AdministrationError, match="not that of the certificate"):
        Administrator("Org1MSP", certificate, key)


@pytest.mark.parametrize(
    "key",
    [ec.generate_private_key(ec.SECP521R1()), rsa.generate_private_key(public_exponent=65537, key_size=2048)],
)
def test_kinds_of_keys_that_fabric_does_not_take_are_refused(key: Key) -> None:
    with pytest.raises(AdministrationError, match="kind that Fabric does not take"):
        Administrator("Org1MSP", *identity(key))


def test_what_is_no_pem_is_refused() -> None:
    certificate, key = identity(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(AdministrationError, match="certificate"):
        Administrator("Org1MSP", b"junk", key)
    with pytest.raises(AdministrationError, match="private key"):
        Administrator("Org1MSP", certificate, b"junk")


def test_nothing_shows_the_key() -> None:
    certificate, key = identity(ec.generate_private_key(ec.SECP256R1()))
    assert "PRIVATE" not in repr(Administrator("Org1MSP", certificate, key))
    root = Authority("ca")
    pair = root.issue("client")
    endpoint = Endpoint("peer:1", root.certificate, "", pair.certificate, pair.key)
    assert "PRIVATE" not in repr(endpoint)


def test_an_msp_folder_has_one_certificate_and_one_key(tmp_path: Path) -> None:
    certificate, key = identity(ec.generate_private_key(ec.SECP256R1()))
    with pytest.raises(AdministrationError, match="signcerts"):
        Administrator.load("Org1MSP", tmp_path)
    for folder, content in (("signcerts", certificate), ("keystore", key)):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "one.pem").write_bytes(content)
    assert Administrator.load("Org1MSP", tmp_path).certificate_pem == certificate
    (tmp_path / "keystore" / "other.pem").write_bytes(key)
    with pytest.raises(AdministrationError, match="keystore holds 2 files"):
        Administrator.load("Org1MSP", tmp_path)


@pytest.mark.parametrize("address", ["", "peer", "peer:", ":7051", "peer:x", "peer:7051/x"])
def test_an_address_has_host_and_port(address: str) -> None:
    with pytest.raises(AdministrationError, match="no address"):
        Endpoint(address, Authority("ca").certificate)


def test_there_is_no_way_without_tls() -> None:
    for root in (b"", b"junk"):
        with pytest.raises(AdministrationError, match="TLS root of peer:1"):
            Endpoint("peer:1", root)


def test_a_client_certificate_comes_with_its_key() -> None:
    root = Authority("ca")
    with pytest.raises(AdministrationError, match="or neither"):
        Endpoint("peer:1", root.certificate, client_certificate_pem=root.certificate)
    with pytest.raises(AdministrationError, match="client certificate"):
        Endpoint("peer:1", root.certificate, client_certificate_pem=b"junk", client_key_pem=b"junk")
    with pytest.raises(AdministrationError, match="more than 0 seconds"):
        Endpoint("peer:1", root.certificate, timeout=0)
