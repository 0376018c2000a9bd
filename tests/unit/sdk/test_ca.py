"""The CA client against a real fabric-ca-server 1.5, which checks tokens in strict mode."""

from __future__ import annotations

import json
import secrets
from pathlib import Path

import pytest
from carechannel.sdk import (
    CaRefusedError,
    CaReplyError,
    CaUnreachableError,
    CertificateAuthority,
    Enrollment,
    SdkError,
)
from carechannel.sdk.enrollment import new_key, signing_request
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key
from fabric_network.identities import PATIENT_REGISTRAR
from fabric_network.render.ca import PATIENTS, REGISTRAR

from tests.unit.sdk.real_ca import RunningCa

FABRIC_ATTRIBUTES = x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")


def random_id() -> str:
    return secrets.token_hex(16)


def certificate(pem: bytes) -> x509.Certificate:
    return x509.load_pem_x509_certificate(pem)


def attributes(pem: bytes) -> dict[str, str]:
    extension = certificate(pem).extensions.get_extension_for_oid(FABRIC_ATTRIBUTES).value
    assert isinstance(extension, x509.UnrecognizedExtension)
    found: dict[str, str] = json.loads(extension.value)["attrs"]
    return found


def names(pem: bytes) -> tuple[str, str]:
    subject = certificate(pem).subject
    common_name = subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)[0].value
    unit = subject.get_attributes_for_oid(x509.NameOID.ORGANIZATIONAL_UNIT_NAME)[0].value
    return str(common_name), str(unit)


@pytest.mark.parametrize("kind", ["client", "peer", "orderer", "admin"])
def test_type_becomes_the_node_ou(ca: CertificateAuthority, registrar: Enrollment, kind: str) -> None:
    name = random_id()
    secret = ca.register(registrar, name, type=kind)  # type: ignore[arg-type]
    assert names(ca.enroll(name, secret).cert_pem) == (name, kind)


def test_enrolment_gives_a_fresh_p256_key_that_fits(ca: CertificateAuthority, registrar: Enrollment) -> None:
    name = random_id()
    secret = ca.register(registrar, name)
    enrollment = ca.enroll(name, secret)
    key = load_pem_private_key(enrollment.key_pem, None)
    assert isinstance(key, ec.EllipticCurvePrivateKey)
    assert isinstance(key.curve, ec.SECP256R1)
    assert key.public_key() == certificate(enrollment.cert_pem).public_key()
    certificate(enrollment.cert_pem).verify_directly_issued_by(certificate(enrollment.ca_chain_pem))
    assert "PRIVATE" not in repr(enrollment)


def test_attributes_are_in_the_certificate_and_authority_is_not(
    ca: CertificateAuthority, registrar: Enrollment
) -> None:
    name = random_id()
    secret = ca.register(
        registrar,
        name,
        attributes={"care.role": "practitioner", "care.groups": "emergency,surgery"},
        authority={"hf.Registrar.Roles": "client"},
    )
    found = attributes(ca.enroll(name, secret).cert_pem)
    assert found["care.role"] == "practitioner"
    assert found["care.groups"] == "emergency,surgery"
    assert "hf.Registrar.Roles" not in found


def test_names_and_attributes_beyond_ascii(ca: CertificateAuthority, registrar: Enrollment) -> None:
    name = f"Ärztin-{random_id()}"
    secret = ca.register(registrar, name, attributes={"care.role": "Ärztin für Pädiatrie 医"})
    enrollment = ca.enroll(name, secret)
    assert names(enrollment.cert_pem)[0] == name
    assert attributes(enrollment.cert_pem)["care.role"] == "Ärztin für Pädiatrie 医"


def test_tls_certificate_carries_hosts_and_serves_both_ends(
    ca: CertificateAuthority, registrar: Enrollment
) -> None:
    name = random_id()
    secret = ca.register(registrar, name, type="peer")
    issued = ca.enroll(name, secret, profile="tls", hosts=["peer0.a.example", "127.0.0.1"])
    extensions = certificate(issued.cert_pem).extensions
    hosts = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert hosts.get_values_for_type(x509.DNSName) == ["peer0.a.example"]
    assert [str(ip) for ip in hosts.get_values_for_type(x509.IPAddress)] == ["127.0.0.1"]
    usage = extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert set(usage) == {x509.ExtendedKeyUsageOID.SERVER_AUTH, x509.ExtendedKeyUsageOID.CLIENT_AUTH}


def test_key_behind_a_request_never_leaves(ca: CertificateAuthority, registrar: Enrollment) -> None:
    name, key = random_id(), new_key()
    secret = ca.register(registrar, name, attributes={"care.role": "patient"})
    pem = ca.enroll_csr(name, secret, signing_request(name, key).public_bytes(Encoding.PEM))
    assert certificate(pem).public_key() == key.public_key()
    assert attributes(pem)["care.role"] == "patient"


def test_reenrolment_with_a_fresh_and_with_a_given_key(
    ca: CertificateAuthority, registrar: Enrollment
) -> None:
    name = random_id()
    secret = ca.register(registrar, name, attributes={"care.role": "auditor"})
    first = ca.enroll(name, secret)
    fresh = ca.reenroll(first)
    assert names(fresh.cert_pem) == (name, "client")
    assert attributes(fresh.cert_pem)["care.role"] == "auditor"
    assert fresh.key_pem != first.key_pem
    kept = ca.reenroll(first, profile="tls", hosts=["a.example"], key=first.private_key())
    assert certificate(kept.cert_pem).public_key() == certificate(first.cert_pem).public_key()


def test_revoked_identity_is_in_the_crl_and_cannot_come_back(
    ca: CertificateAuthority, registrar: Enrollment
) -> None:
    name = random_id()
    secret = ca.register(registrar, name)
    enrollment = ca.enroll(name, secret)
    crl = x509.load_pem_x509_crl(
        ca.revocations.revoke(registrar, name, reason="keycompromise").crl_pem or b""
    )
    serial = certificate(enrollment.cert_pem).serial_number
    assert crl.get_revoked_certificate_by_serial_number(serial) is not None
    with pytest.raises(CaRefusedError):
        ca.reenroll(enrollment)
    with pytest.raises(CaRefusedError):
        ca.enroll(name, secret)


def test_a_registrar_with_limited_authority_registers_patients_only(
    ca: CertificateAuthority, registrar: Enrollment
) -> None:
    name = random_id()
    secret = ca.register(registrar, name, affiliation=PATIENTS, authority=PATIENT_REGISTRAR)
    limited = ca.enroll(name, secret)
    assert ca.register(limited, random_id(), attributes={"care.patient": "true"})
    with pytest.raises(CaRefusedError):
        ca.register(limited, random_id(), type="admin")
    with pytest.raises(CaRefusedError):
        ca.register(limited, random_id(), attributes={"care.role": "node"})
    with pytest.raises(CaRefusedError):
        ca.register(limited, random_id(), affiliation=".")


def test_whoever_is_no_registrar_registers_nobody(ca: CertificateAuthority, registrar: Enrollment) -> None:
    name = random_id()
    nobody = ca.enroll(name, ca.register(registrar, name))
    with pytest.raises(CaRefusedError) as refused:
        ca.register(nobody, random_id())
    assert refused.value.code == "ca-refused"


def test_wrong_secret(ca: CertificateAuthority) -> None:
    with pytest.raises(CaRefusedError, match="Authentication failure") as refused:
        ca.enroll(REGISTRAR, "wrong")
    assert refused.value.ca_codes == (20,)


def test_same_name_twice(ca: CertificateAuthority, registrar: Enrollment) -> None:
    name = random_id()
    ca.register(registrar, name)
    with pytest.raises(CaRefusedError, match="already registered") as refused:
        ca.register(registrar, name)
    assert refused.value.ca_codes == (74,)


def test_nobody_listens(running_ca: RunningCa) -> None:
    away = CertificateAuthority("https://127.0.0.1:1", running_ca.root)
    with pytest.raises(CaUnreachableError, match="does not answer"):
        away.enroll("a", "b")


def test_another_root(running_ca: RunningCa, tmp_path: Path) -> None:
    key = new_key()
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "other")])
    start = certificate(running_ca.root.read_bytes()).not_valid_before_utc
    other = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(certificate(running_ca.root.read_bytes()).not_valid_after_utc)
        .sign(key, hashes.SHA256())
    )
    root = tmp_path / "root.pem"
    root.write_bytes(other.public_bytes(Encoding.PEM))
    with pytest.raises(CaUnreachableError, match="expected root"):
        CertificateAuthority(running_ca.url, root).enroll("a", "b")


def test_root_file_is_missing(running_ca: RunningCa, tmp_path: Path) -> None:
    with pytest.raises(SdkError, match="no root certificate"):
        CertificateAuthority(running_ca.url, tmp_path / "none.pem")


def test_something_that_is_no_ca(running_ca: RunningCa) -> None:
    with pytest.raises(CaReplyError, match="Is it a Fabric CA"):
        CertificateAuthority(f"{running_ca.url}/elsewhere", running_ca.root).enroll("a", "b")


def test_unknown_ca_name(running_ca: RunningCa) -> None:
    with pytest.raises(CaRefusedError, match="does not exist"):
        CertificateAuthority(running_ca.url, running_ca.root, "ca-of-nobody").enroll("a", "b")
