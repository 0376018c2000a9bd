"""Identities, affiliations, certificates and revocation at a real fabric-ca-server in strict mode."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from carechannel.sdk import (
    Attribute,
    CaRefusedError,
    CaReplyError,
    CaRequestError,
    CertificateAuthority,
    Enrollment,
    IssuedCertificate,
)
from cryptography import x509
from fabric_network.render.ca import PATIENTS, REGISTRAR

from tests.unit.sdk.real_ca import SECRET, RunningCa

SEVERAL_NAMES = [
    "Ärztin",
    "医生 李",
    "a b",
    "a?force=true",
    "a#b",
    "a%41",
    "a&ca=x",
    "a+b",
    "a@b.example",
    "'; --",
]


@pytest.fixture
def name() -> str:
    return f"Ärztin {secrets.token_hex(8)}"


@pytest.fixture
def enrolled(ca: CertificateAuthority, registrar: Enrollment, name: str) -> Enrollment:
    return ca.enroll(name, ca.register(registrar, name))


def revoked_serials(crl_pem: bytes | None) -> set[str]:
    assert crl_pem is not None
    return {f"{each.serial_number:x}" for each in x509.load_pem_x509_crl(crl_pem)}


def serial(enrollment: Enrollment) -> str:
    return IssuedCertificate.of(enrollment.cert_pem).serial


# The CA itself


def test_info(ca: CertificateAuthority, running_ca: RunningCa, registrar: Enrollment) -> None:
    told = ca.info()
    assert (told.name, told.version) == (running_ca.name, "v1.5.15")
    assert told.chain_pem == registrar.ca_chain_pem


def test_info_of_a_ca_that_is_not_named(running_ca: RunningCa, ca: CertificateAuthority) -> None:
    assert CertificateAuthority(ca.url, running_ca.root).info().name == running_ca.name


def test_info_of_a_ca_that_is_not_there(running_ca: RunningCa, ca: CertificateAuthority) -> None:
    with pytest.raises(CaRefusedError, match="does not exist"):
        CertificateAuthority(ca.url, running_ca.root, "nobody's").info()


# Identities


def test_an_identity_as_it_was_registered(ca: CertificateAuthority, registrar: Enrollment, name: str) -> None:
    ca.register(
        registrar,
        name,
        type="peer",
        affiliation=PATIENTS,
        attributes={"care.role": "Pädiatrie 医"},
        authority={"hf.Registrar.Roles": "client"},
        max_enrollments=3,
    )
    told = ca.identities.get(registrar, name)
    assert (told.id, told.type, told.affiliation, told.max_enrollments) == (name, "peer", PATIENTS, 3)
    assert {
        Attribute("care.role", "Pädiatrie 医", in_certificate=True),
        Attribute("hf.Registrar.Roles", "client", in_certificate=False),
    } <= set(told.attributes)
    assert told in ca.identities.list(registrar)


@pytest.mark.parametrize("stem", SEVERAL_NAMES)
def test_names_that_addresses_have_a_use_for(
    ca: CertificateAuthority, registrar: Enrollment, stem: str
) -> None:
    name = f"{stem}{secrets.token_hex(4)}"
    enrolled = ca.enroll(name, ca.register(registrar, name))
    assert ca.identities.get(registrar, name).id == name
    assert ca.identities.modify(registrar, name, max_enrollments=7).max_enrollments == 7
    assert [each.serial for each in ca.certificates.list(registrar, enrollment_id=name)] == [serial(enrolled)]
    assert ca.reenroll(enrolled).common_name() == name
    assert ca.identities.remove(registrar, name).id == name
    with pytest.raises(CaRefusedError):
        ca.identities.get(registrar, name)


def test_modifying_leaves_the_rest(ca: CertificateAuthority, registrar: Enrollment, name: str) -> None:
    secret = ca.register(registrar, name, attributes={"care.role": "practitioner", "care.groups": "x"})
    changed = ca.identities.modify(registrar, name, attributes={"care.role": "auditor", "care.groups": ""})
    assert Attribute("care.role", "auditor", in_certificate=True) in changed.attributes
    assert not any(each.name == "care.groups" for each in changed.attributes)
    assert changed.max_enrollments == -1
    assert ca.enroll(name, secret).common_name() == name


def test_modifying_type_affiliation_and_secret(
    ca: CertificateAuthority, registrar: Enrollment, name: str
) -> None:
    old = ca.register(registrar, name, affiliation=PATIENTS)
    changed = ca.identities.modify(registrar, name, type="admin", affiliation="", secret="geheim-ü")
    assert (changed.type, changed.affiliation) == ("admin", "")
    with pytest.raises(CaRefusedError):
        ca.enroll(name, old)
    unit = ca.enroll(name, "geheim-ü").certificate().subject.rfc4514_string()
    assert "OU=admin" in unit


def test_no_more_enrolments(ca: CertificateAuthority, registrar: Enrollment, name: str) -> None:
    secret = ca.register(registrar, name)
    assert ca.identities.modify(registrar, name, max_enrollments=0).max_enrollments == 0
    with pytest.raises(CaRefusedError):
        ca.enroll(name, secret)


def test_enrolments_are_counted(ca: CertificateAuthority, registrar: Enrollment, name: str) -> None:
    secret = ca.register(registrar, name, max_enrollments=1)
    ca.enroll(name, secret)
    with pytest.raises(CaRefusedError):
        ca.enroll(name, secret)


def test_attributes_that_are_asked_for(ca: CertificateAuthority, registrar: Enrollment, name: str) -> None:
    secret = ca.register(registrar, name, attributes={"care.role": "auditor", "care.groups": "x"})
    for issued in (
        ca.enroll(name, secret, attributes=["care.role"]),
        ca.reenroll(ca.enroll(name, secret), attributes=["care.role"]),
    ):
        found = issued.certificate().extensions.get_extension_for_oid(
            x509.ObjectIdentifier("1.2.3.4.5.6.7.8.1")
        )
        assert isinstance(found.value, x509.UnrecognizedExtension)
        assert found.value.value == b'{"attrs":{"care.role":"auditor"}}'
    with pytest.raises(CaRefusedError):
        ca.enroll(name, secret, attributes=["care.other"])


def test_an_identity_that_is_not_there(ca: CertificateAuthority, registrar: Enrollment, name: str) -> None:
    calls: list[Callable[[], object]] = [
        lambda: ca.identities.get(registrar, name),
        lambda: ca.identities.modify(registrar, name, type="peer"),
        lambda: ca.identities.remove(registrar, name),
        lambda: ca.revocations.revoke(registrar, name),
    ]
    for call in calls:
        with pytest.raises(CaRefusedError):
            call()


def test_whoever_is_nobody_sees_nobody(
    ca: CertificateAuthority, registrar: Enrollment, enrolled: Enrollment
) -> None:
    calls: list[Callable[[], object]] = [
        lambda: ca.identities.list(enrolled),
        lambda: ca.identities.get(enrolled, REGISTRAR),
        lambda: ca.affiliations.list(enrolled),
        lambda: ca.affiliations.add(enrolled, "x"),
        lambda: ca.certificates.list(enrolled),
        lambda: ca.revocations.revoke(enrolled, REGISTRAR),
        lambda: ca.revocations.crl(enrolled),
    ]
    for call in calls:
        with pytest.raises(CaRefusedError) as refused:
            call()
        assert refused.value.ca_codes


# Affiliations


def test_affiliations_from_making_to_removing(ca: CertificateAuthority, registrar: Enrollment) -> None:
    top = f"haus-{secrets.token_hex(4)}"
    with pytest.raises(CaRefusedError):
        ca.affiliations.add(registrar, f"{top}.Chirurgie Süd")
    assert ca.affiliations.add(registrar, f"{top}.Chirurgie Süd", parents=True).name == f"{top}.Chirurgie Süd"
    with pytest.raises(CaRefusedError):
        ca.affiliations.add(registrar, top)
    assert {top, f"{top}.Chirurgie Süd", PATIENTS} <= set(ca.affiliations.list(registrar).names())
    assert list(ca.affiliations.get(registrar, top).names()) == [top, f"{top}.Chirurgie Süd"]

    name = secrets.token_hex(8)
    ca.register(registrar, name, affiliation=top)
    with pytest.raises(CaRefusedError):
        ca.affiliations.rename(registrar, top, f"{top}-neu")
    renamed = ca.affiliations.rename(registrar, top, f"{top}-neu", force=True)
    assert renamed.name == f"{top}-neu"
    assert ca.identities.get(registrar, name).affiliation == f"{top}-neu"

    with pytest.raises(CaRefusedError):
        ca.affiliations.remove(registrar, f"{top}-neu")
    gone = ca.affiliations.remove(registrar, f"{top}-neu", force=True)
    assert [each.id for each in gone.identities] == [name]
    assert f"{top}-neu" not in ca.affiliations.list(registrar).names()
    with pytest.raises(CaRefusedError):
        ca.affiliations.get(registrar, f"{top}-neu")
    with pytest.raises(CaRefusedError):
        ca.identities.get(registrar, name)


# Certificates


def test_certificates_by_their_owner_and_number(
    ca: CertificateAuthority, registrar: Enrollment, enrolled: Enrollment, name: str
) -> None:
    again = ca.reenroll(enrolled)
    listed = ca.certificates.list(registrar, enrollment_id=name)
    assert {each.serial for each in listed} == {serial(enrolled), serial(again)}
    assert {each.enrollment_id for each in listed} == {name}
    one = IssuedCertificate.of(again.cert_pem)
    spelled = ":".join(f"{int(one.serial, 16):040X}"[at : at + 2] for at in range(0, 40, 2))
    (found,) = ca.certificates.list(registrar, serial=spelled, authority_key_id=one.authority_key_id)
    assert found.pem.strip() == again.cert_pem.strip()
    assert ca.certificates.list(registrar, serial="1") == ()
    assert len(ca.certificates.list(registrar)) > 2


def test_certificates_by_their_end(brief_ca: RunningCa, name: str) -> None:
    ca = brief_ca.client()
    registrar = ca.enroll(REGISTRAR, SECRET)
    enrolled = ca.enroll(name, ca.register(registrar, name))
    brief = ca.reenroll(enrolled, profile="tls")
    soon = datetime.now(UTC) + timedelta(hours=1)

    def serials(**filters: datetime | bool) -> list[str]:
        listed = ca.certificates.list(registrar, enrollment_id=name, **filters)  # type: ignore[arg-type]
        return [each.serial for each in listed]

    assert serials(expires_before=soon) == [serial(brief)]
    assert serials(expires_after=soon) == [serial(enrolled)]
    assert serials(expires_before=soon - timedelta(hours=2)) == []
    assert set(serials(expired=False)) == {serial(brief), serial(enrolled)}


def test_certificates_by_their_revocation(
    ca: CertificateAuthority, registrar: Enrollment, enrolled: Enrollment, name: str
) -> None:
    again = ca.reenroll(enrolled)
    ca.revocations.revoke_pem(registrar, enrolled.cert_pem)
    now = datetime.now(UTC)

    def serials(**filters: datetime | bool) -> list[str]:
        listed = ca.certificates.list(registrar, enrollment_id=name, **filters)  # type: ignore[arg-type]
        return [each.serial for each in listed]

    assert serials(revoked=False) == [serial(again)]
    assert serials(revoked_after=now - timedelta(hours=1)) == [serial(enrolled)]
    assert serials(revoked_after=now + timedelta(hours=1)) == []


# Revocation


def test_one_certificate_of_several(
    ca: CertificateAuthority, registrar: Enrollment, enrolled: Enrollment
) -> None:
    again = ca.reenroll(enrolled)
    lost = IssuedCertificate.of(enrolled.cert_pem)
    told = ca.revocations.revoke_certificate(
        registrar, lost.serial, lost.authority_key_id, reason="keycompromise"
    )
    assert [int(each.serial, 16) for each in told.certificates] == [int(lost.serial, 16)]
    assert lost.serial in revoked_serials(told.crl_pem)
    assert serial(again) not in revoked_serials(told.crl_pem)
    with pytest.raises(CaRefusedError):
        ca.reenroll(enrolled)
    assert ca.reenroll(again)
    with pytest.raises(CaRefusedError, match="already revoked"):
        ca.revocations.revoke_pem(registrar, enrolled.cert_pem)


def test_ones_own_certificate(ca: CertificateAuthority, enrolled: Enrollment) -> None:
    assert serial(enrolled) in revoked_serials(ca.revocations.revoke_pem(enrolled, enrolled.cert_pem).crl_pem)


def test_a_certificate_that_is_not_there(ca: CertificateAuthority, registrar: Enrollment) -> None:
    with pytest.raises(CaRefusedError, match="was not found"):
        ca.revocations.revoke_certificate(registrar, "abc", "def")


def test_an_identity_without_certificates(ca: CertificateAuthority, registrar: Enrollment, name: str) -> None:
    secret = ca.register(registrar, name)
    told = ca.revocations.revoke(registrar, name)
    assert (told.certificates, told.crl_pem) == ((), None)
    with pytest.raises(CaRefusedError):
        ca.enroll(name, secret)


def test_crl_by_dates(ca: CertificateAuthority, registrar: Enrollment, enrolled: Enrollment) -> None:
    ca.revocations.revoke_pem(registrar, enrolled.cert_pem)
    number, now, hour = serial(enrolled), datetime.now(UTC), timedelta(hours=1)
    far = timedelta(days=400)
    assert number in revoked_serials(ca.revocations.crl(registrar))
    for letting in (
        {"revoked_after": now - hour},
        {"revoked_before": now + hour},
        {"expires_after": now + hour},
        {"expires_before": now + far},
    ):
        assert number in revoked_serials(ca.revocations.crl(registrar, **letting)), letting
    for keeping in (
        {"revoked_after": now + hour},
        {"revoked_before": now - hour},
        {"expires_after": now + far},
        {"expires_before": now + hour},
    ):
        assert number not in revoked_serials(ca.revocations.crl(registrar, **keeping)), keeping
    with pytest.raises(CaRefusedError, match="revokedafter"):
        ca.revocations.crl(registrar, revoked_after=now, revoked_before=now - hour)


def test_crl_comes_from_the_ca(ca: CertificateAuthority, registrar: Enrollment) -> None:
    crl = x509.load_pem_x509_crl(ca.revocations.crl(registrar))
    key = x509.load_pem_x509_certificate(ca.info().chain_pem).public_key()
    assert crl.is_signature_valid(key)  # type: ignore[arg-type]  # an elliptic-curve key


# What stays out of reach


def test_an_unknown_signing_profile(ca: CertificateAuthority, enrolled: Enrollment) -> None:
    with pytest.raises(CaRefusedError):
        ca.reenroll(enrolled, profile="ca-of-my-own")


def test_names_that_the_ca_takes_but_we_do_not(ca: CertificateAuthority, registrar: Enrollment) -> None:
    with pytest.raises(CaRequestError, match="no colon"):
        ca.register(registrar, "a:b")


def test_errors_are_of_one_family() -> None:
    from carechannel.sdk import SdkError

    assert issubclass(CaReplyError, SdkError)
