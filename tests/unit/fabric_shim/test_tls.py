"""TLS files: what they are warned of, and what is refused at once."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    KeySerializationEncryption,
    NoEncryption,
    PrivateFormat,
)
from fabric_shim.errors import ConfigurationError
from fabric_shim.tls import OperationsTls, TlsConfig

NAME = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "chaincode")])


def files(folder: Path, begins: int, ends: int, encryption: KeySerializationEncryption) -> TlsConfig:
    """A certificate, valid from and to these days from now, its key, and itself as the client CA."""
    key, now = ec.generate_private_key(ec.SECP256R1()), datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(NAME, NAME, key.public_key(), x509.random_serial_number())
        .not_valid_before(now + timedelta(days=begins))
        .not_valid_after(now + timedelta(days=ends))
        .sign(key, hashes.SHA256())
    )
    made = TlsConfig(folder / "cert.pem", folder / "key.pem", folder / "ca.pem")
    for path in (made.certificate, made.client_ca):
        path.write_bytes(certificate.public_bytes(Encoding.PEM))
    made.key.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, encryption))
    return made


@pytest.mark.parametrize(
    ("begins", "ends", "warned"), [(-1, 9, ""), (-9, -1, "has expired"), (1, 9, "is not valid yet")]
)
def test_certificates_that_fail_by_their_dates_are_warned_of(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, begins: int, ends: int, warned: str
) -> None:
    tls = files(tmp_path, begins, ends, NoEncryption())
    with caplog.at_level(logging.WARNING, "fabric_shim"):
        tls.warn_if_outdated(tls.read())
    assert len(caplog.messages) == (2 if warned else 0)
    assert all(f"A certificate in {tmp_path}" in said and warned in said for said in caplog.messages)


def test_an_encrypted_key_of_the_operations_listener_is_refused_without_asking(tmp_path: Path) -> None:
    tls = files(tmp_path, -1, 9, BestAvailableEncryption(b"a passphrase"))
    with pytest.raises(ConfigurationError, match="The key must be an unencrypted PEM key"):
        OperationsTls(tls.certificate, tls.key).context()
