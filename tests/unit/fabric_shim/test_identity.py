"""The client identity, against what fabric-chaincode-go's pkg/cid gives."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509 import NameAttribute as Attribute
from cryptography.x509.oid import NameOID as Oid
from fabric_shim import ClientIdentity
from fabric_shim._internal import messages
from fabric_shim.errors import IdentityError
from fabric_shim.identity import ATTRIBUTES_OID, distinguished_name
from fabric_shim.testing import TestIdentity

from tests.forged_creators import forged


@dataclass(frozen=True)
class Signed:
    creator: bytes

    def get_creator(self) -> bytes:
        return self.creator


def identity_of(creator: bytes) -> ClientIdentity:
    return ClientIdentity(Signed(creator))


# The right-hand sides were printed by cid.GetID of fabric-chaincode-go v2.3.0 (Go 1.26) for certificates
# with these subjects.
@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (x509.Name([]), ""),
        (
            x509.Name(
                [
                    Attribute(Oid.COMMON_NAME, "b"),
                    Attribute(Oid.ORGANIZATIONAL_UNIT_NAME, "client"),
                    Attribute(Oid.COUNTRY_NAME, "DE"),
                    Attribute(Oid.ORGANIZATION_NAME, 'Ä, "x" <y>; \\z+'),
                    Attribute(Oid.LOCALITY_NAME, " lead"),
                    Attribute(Oid.STATE_OR_PROVINCE_NAME, "trail "),
                    Attribute(Oid.STREET_ADDRESS, "#hash"),
                    Attribute(Oid.POSTAL_CODE, "1 2#3"),
                    Attribute(Oid.SERIAL_NUMBER, "99"),
                ]
            ),
            'SERIALNUMBER=99,CN=b,OU=client,O=Ä\\, \\"x\\" \\<y\\>\\; \\\\z\\+,'
            "POSTALCODE=1 2#3,STREET=\\#hash,L=\\ lead,ST=trail\\ ,C=DE",
        ),
        (
            x509.Name(
                [
                    Attribute(Oid.COMMON_NAME, "first"),
                    Attribute(Oid.COMMON_NAME, "second"),
                    Attribute(Oid.ORGANIZATIONAL_UNIT_NAME, "z"),
                    Attribute(Oid.ORGANIZATIONAL_UNIT_NAME, "a"),
                    Attribute(Oid.ORGANIZATION_NAME, "o1"),
                    Attribute(Oid.ORGANIZATION_NAME, "o2"),
                ]
            ),
            "CN=second,OU=z+OU=a,O=o1+O=o2",
        ),
        (
            x509.Name(
                [
                    Attribute(Oid.EMAIL_ADDRESS, "a@b.c"),
                    Attribute(Oid.DOMAIN_COMPONENT, "example"),
                    Attribute(Oid.TITLE, "Dr"),
                    Attribute(Oid.COMMON_NAME, "x"),
                ]
            ),
            "CN=x",
        ),
        (x509.Name([Attribute(Oid.COMMON_NAME, " ")]), "CN=\\ "),
        (x509.Name([Attribute(Oid.COMMON_NAME, "ü ")]), "CN=ü\\ "),
        (x509.Name([Attribute(Oid.ORGANIZATIONAL_UNIT_NAME, "日本 ")]), "OU=日本\\ "),
        (
            x509.Name(
                [
                    Attribute(Oid.SERIAL_NUMBER, "s1"),
                    Attribute(Oid.SERIAL_NUMBER, "s2"),
                    Attribute(Oid.COMMON_NAME, "c"),
                    Attribute(Oid.COMMON_NAME, "d"),
                ]
            ),
            "SERIALNUMBER=s2,CN=d",
        ),
    ],
)
def test_distinguished_names_as_go_writes_them(name: x509.Name, expected: str) -> None:
    assert distinguished_name(name) == expected


def test_id_attributes_and_units() -> None:
    creator = TestIdentity.create(
        "AMSP", "random", attributes={"care.role": "auditor", "care.groups": ""}, ou="admin"
    ).creator
    identity = identity_of(creator)
    assert base64.b64decode(identity.id) == b"x509::CN=random,OU=admin::CN=ca.AMSP,O=AMSP"
    assert identity.msp_id == "AMSP"
    assert identity.organizational_units == ("admin",)
    assert dict(identity.attributes) == {"care.role": "auditor", "care.groups": ""}
    assert identity.get_attribute_value("care.groups") == ""
    assert identity.get_attribute_value("other") is None
    identity.assert_attribute_value("care.role", "auditor")
    for name, value in (("care.role", "node"), ("other", "")):
        with pytest.raises(IdentityError):
            identity.assert_attribute_value(name, value)


def test_gos_functions_by_their_names() -> None:
    made = TestIdentity.create("AMSP", "random", attributes={"care.role": "auditor"}, ou="admin")
    identity = identity_of(made.creator)
    assert identity.get_id() == identity.id
    assert identity.get_mspid() == "AMSP"
    assert identity.get_x509_certificate() == x509.load_pem_x509_certificate(made.certificate_pem)
    assert identity.get_x509_certificate() is identity.certificate
    assert identity.has_ou_value("admin")
    assert not identity.has_ou_value("client")
    assert not identity.has_ou_value("adm")


def test_certificate_without_attributes() -> None:
    assert dict(identity_of(TestIdentity.create("AMSP", "random").creator).attributes) == {}


def certificate_with(extension: bytes) -> bytes:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([Attribute(Oid.COMMON_NAME, "x")])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(datetime(2020, 1, 1, tzinfo=UTC))
        .not_valid_after(datetime(2040, 1, 1, tzinfo=UTC))
        .add_extension(x509.UnrecognizedExtension(ATTRIBUTES_OID, extension), critical=False)
        .sign(key, hashes.SHA256())
    )
    return certificate.public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize("extension", [b"{}", b'{"attrs":null}', b'{"other":1}'])
def test_extensions_without_attributes(extension: bytes) -> None:
    creator = messages.serialize_creator("AMSP", certificate_with(extension))
    assert dict(identity_of(creator).attributes) == {}


@pytest.mark.parametrize(
    "creator",
    [
        b"\xff",
        b"",
        messages.serialize_creator("AMSP", b"no certificate"),
        messages.serialize_creator("AMSP", certificate_with(b"not JSON")),
        messages.serialize_creator("AMSP", certificate_with(b'{"attrs":["care.role"]}')),
        messages.serialize_creator("AMSP", certificate_with(b'{"attrs":{"care.role":1}}')),
    ],
)
def test_unreadable_creators_are_refused(creator: bytes) -> None:
    with pytest.raises(IdentityError):
        identity_of(creator)


ATTACKER = TestIdentity.create("AMSP", "attacker", attributes={"care.role": "practitioner"})
VICTIM = TestIdentity.create("AMSP", "victim", attributes={"care.role": "auditor"})
FORGED = forged(ATTACKER.certificate_pem, VICTIM.certificate_pem)


@pytest.mark.parametrize("name", FORGED)
def test_a_creator_with_a_second_certificate_is_nobody(name: str) -> None:
    creator = messages.serialize_creator("AMSP", FORGED[name])
    with pytest.raises(IdentityError, match="not one PEM certificate"):
        identity_of(creator)


@pytest.mark.parametrize("ends", [b"", b"\n", b"\r\n\r\n"])
def test_line_ends_of_a_certificate_may_differ(ends: bytes) -> None:
    pem = ATTACKER.certificate_pem.rstrip(b"\n")
    assert identity_of(messages.serialize_creator("AMSP", pem + ends)).msp_id == "AMSP"
    windows = pem.replace(b"\n", b"\r\n") + ends
    assert identity_of(messages.serialize_creator("AMSP", windows)).attributes["care.role"] == "practitioner"
