"""The client identity: who signed the proposal, as its certificate says (fabric-chaincode-go pkg/cid)."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType
from typing import Protocol

from cryptography import x509
from cryptography.x509.oid import NameOID, ObjectIdentifier

from fabric_shim._internal import messages
from fabric_shim.errors import IdentityError

ATTRIBUTES_OID = ObjectIdentifier("1.2.3.4.5.6.7.8.1")

# The order in which Go's pkix.Name writes its fields (crypto/x509/pkix, ToRDNSequence); cid prints it
# reversed. Common name and serial number hold one value, of several the last; others are joined in one RDN.
_FIELDS = (
    (NameOID.COUNTRY_NAME, "C"),
    (NameOID.STATE_OR_PROVINCE_NAME, "ST"),
    (NameOID.LOCALITY_NAME, "L"),
    (NameOID.STREET_ADDRESS, "STREET"),
    (NameOID.POSTAL_CODE, "POSTALCODE"),
    (NameOID.ORGANIZATION_NAME, "O"),
    (NameOID.ORGANIZATIONAL_UNIT_NAME, "OU"),
    (NameOID.COMMON_NAME, "CN"),
    (NameOID.SERIAL_NUMBER, "SERIALNUMBER"),
)
_SINGLE_VALUED = frozenset({NameOID.COMMON_NAME, NameOID.SERIAL_NUMBER})
_CACHED_CERTIFICATES = 1024

# One certificate and nothing else. The peer reads the first PEM block of whatever type at the start of a
# line (Go's encoding/pem), Python's reader the first CERTIFICATE block anywhere: of two certificates in one
# creator the peer would verify the one and the contract would believe the other.
_ONE_CERTIFICATE = re.compile(
    rb"-----BEGIN CERTIFICATE-----\r?\n(?:[A-Za-z0-9+/=]{1,76}\r?\n)+-----END CERTIFICATE-----(?:\r?\n)*"
)


class Creator(Protocol):
    """Whatever says who signed: a stub of either kind."""

    def get_creator(self) -> bytes: ...


class ClientIdentity:
    """The X.509 identity that signed the transaction's proposal. The peer has verified it before.

    Each of Go's functions is here under its name, and as an attribute. Go also reads Idemix credentials,
    which have no certificate; they are refused here.

    :ivar msp_id: the organisation's MSP ID.
    :ivar certificate: the certificate itself.
    :ivar attributes: the attributes that the CA wrote into it (extension 1.2.3.4.5.6.7.8.1).
    :raises IdentityError: the creator is not an X.509 identity that can be read.
    """

    def __init__(self, stub: Creator) -> None:
        self.msp_id, certificate_pem = messages.parse_creator(stub.get_creator())
        self.certificate, self.attributes = _read(certificate_pem)

    @property
    def id(self) -> str:
        """Base64 of ``x509::<subject>::<issuer>``, what Go's ``cid.GetID`` gives; kept on renewal."""
        subject = distinguished_name(self.certificate.subject)
        issuer = distinguished_name(self.certificate.issuer)
        return base64.b64encode(f"x509::{subject}::{issuer}".encode()).decode()

    @property
    def organizational_units(self) -> tuple[str, ...]:
        """The subject's OUs, in which NodeOUs (client, peer, admin, orderer) and affiliations stand."""
        units = self.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        return tuple(str(unit.value) for unit in units)

    def get_id(self) -> str:
        """Return :attr:`id`."""
        return self.id

    def get_mspid(self) -> str:
        """Return :attr:`msp_id`."""
        return self.msp_id

    def get_x509_certificate(self) -> x509.Certificate:
        """Return :attr:`certificate`."""
        return self.certificate

    def has_ou_value(self, value: str) -> bool:
        """Tell whether the subject has this organizational unit."""
        return value in self.organizational_units

    def get_attribute_value(self, name: str) -> str | None:
        """Return the attribute's value, None if the certificate does not carry it."""
        return self.attributes.get(name)

    def assert_attribute_value(self, name: str, value: str) -> None:
        """Check an attribute.

        :raises IdentityError: it is missing or has another value.
        """
        if self.attributes.get(name) != value:
            raise IdentityError(f"The caller's certificate does not carry the required value of {name}.")


def distinguished_name(name: x509.Name) -> str:
    """Write a name as Go's cid does: RFC 2253, in pkix's order and its known fields only."""
    rdns: list[str] = []
    for oid, short in _FIELDS:
        values = [str(attribute.value) for attribute in name.get_attributes_for_oid(oid)]
        if oid in _SINGLE_VALUED:
            # Go keeps these in plain strings: an empty one counts as absent.
            values = [value for value in values[-1:] if value]
        if values:
            rdns.append("+".join(f"{short}={_escape(value)}" for value in values))
    return ",".join(reversed(rdns))


def _escape(value: str) -> str:
    last = len(value.encode()) - 1
    escaped: list[str] = []
    position = 0
    for character in value:
        at_edge = (position == 0 and character in " #") or (position == last and character == " ")
        escaped.append(f"\\{character}" if at_edge or character in ',+"\\<>;' else character)
        position += len(character.encode())
    return "".join(escaped)


@lru_cache(maxsize=_CACHED_CERTIFICATES)
def _read(certificate_pem: bytes) -> tuple[x509.Certificate, Mapping[str, str]]:
    if _ONE_CERTIFICATE.fullmatch(certificate_pem) is None:
        raise IdentityError(
            "The creator is not one PEM certificate and nothing else; leave out any text around it."
        )
    try:
        certificate = x509.load_pem_x509_certificate(certificate_pem)
        return certificate, _attributes(certificate)
    except ValueError:
        raise IdentityError(
            "The creator's certificate cannot be read; enroll again at the organisation's CA."
        ) from None


def _attributes(certificate: x509.Certificate) -> Mapping[str, str]:
    try:
        extension = certificate.extensions.get_extension_for_oid(ATTRIBUTES_OID).value
    except x509.ExtensionNotFound:
        return MappingProxyType({})
    if not isinstance(extension, x509.UnrecognizedExtension):
        raise ValueError  # noqa: TRY004 - cannot be read, like all else that is caught above
    document = json.loads(extension.value)
    attributes = document.get("attrs") if isinstance(document, dict) else None
    if attributes is None:
        return MappingProxyType({})
    if not isinstance(attributes, dict) or not all(isinstance(value, str) for value in attributes.values()):
        raise ValueError
    return MappingProxyType(attributes)
