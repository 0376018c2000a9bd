"""Who an identity is to a channel's MSPs (Fabric msp/mspimpl.go and mspimplvalidate.go, from V1_4_3 on)."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.x509.oid import NameOID

from fabric_ledger import _messages, chains, revocations
from fabric_ledger._configuration_messages import MspDefinition
from fabric_ledger._policy_messages import (
    CombinedPrincipal,
    IdentityPrincipal,
    NominalPrincipal,
    Principal,
    RolePrincipal,
    UnitPrincipal,
)
from fabric_ledger.errors import ConfigurationError, UndecodableError, UnsupportedError
from fabric_ledger.signatures import Verifier


class Identity:
    """A certificate that chains to its MSP. Whether it is valid (not revoked, its OUs right) is asked apart.

    Attributes:
        msp_id: its MSP.
        certificate: the certificate.
        key: what distinguishes it from all others.
        verify, claim, is_exact: of its key; see :class:`Verifier`.
    """

    def __init__(
        self, msp: Msp, certificate: x509.Certificate, chain: tuple[x509.Certificate, ...], verifier: Verifier
    ) -> None:
        self.msp_id = msp.name
        self.certificate = certificate
        self.key = (msp.name, chains.fingerprint(certificate, chain[1]))
        self.chain = chain
        self.verify = verifier.verify
        self.claim = verifier.claim
        self.is_exact = verifier.is_exact
        self._msp = msp
        self._satisfied: dict[Principal, bool] = {}

    @cached_property
    def refusal(self) -> str | None:
        """Why its MSP refuses it, or None where it is valid."""
        return self._msp.refusal(self)

    @cached_property
    def lifetime(self) -> tuple[int, int]:
        """When its certificate begins and ends, in nanoseconds of the epoch."""
        begins, ends = self.certificate.not_valid_before_utc, self.certificate.not_valid_after_utc
        return int(begins.timestamp()) * 1_000_000_000, (int(ends.timestamp()) + 1) * 1_000_000_000

    @cached_property
    def units(self) -> tuple[str, ...]:
        """The organisational units of its subject."""
        attributes = self.certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATIONAL_UNIT_NAME)
        return tuple(str(attribute.value) for attribute in attributes)

    @cached_property
    def certifiers(self) -> bytes:
        """Identifier of the chain above it."""
        return chains.identifier(self.chain[1:])

    def satisfies(self, principal: Principal) -> bool:
        """Whether it is what a policy asks for."""
        known = self._satisfied.get(principal)
        if known is None:
            known = self._satisfied[principal] = self._msp.satisfies(self, principal)
        return known


class Msp:
    """One organisation's rules for its identities.

    Args:
        definition: from the channel configuration.
        ed25519_allowed: with the channel capability V3_0.

    Raises:
        ConfigurationError: it has no usable authority.
        UnsupportedError: it asks for something that is not understood here.
    """

    def __init__(self, definition: MspDefinition, *, ed25519_allowed: bool) -> None:
        self.name = definition.name
        self._definition = definition
        self._ed25519_allowed = ed25519_allowed
        if definition.identifier_hash != "SHA256":
            raise UnsupportedError(
                f"MSP {self.name} hashes identities with {definition.identifier_hash}, which is not supported"
            )
        try:
            self._read(definition)
        except chains.UNREADABLE as error:
            raise ConfigurationError(f"MSP {self.name} holds something that cannot be read") from error

    def _read(self, definition: MspDefinition) -> None:
        roots, intermediates = (
            self._certificates(definition.roots),
            self._certificates(definition.intermediates),
        )
        self._authorities = chains.Authorities(tuple(roots), tuple(intermediates))
        self._admins = {chains.der(each) for each in self._certificates(definition.admins)}
        self._revocation_lists = [self._revocation_list(each) for each in definition.revocation_lists]
        self._units: dict[str, set[bytes]] = {}
        for unit in definition.units:
            self._units.setdefault(unit.name, set()).add(self._certifiers(unit.authority_pem))
        self._node_ous: dict[str, tuple[str, bytes]] | None = None
        if definition.node_ous is not None:
            self._node_ous = {
                role: (unit.name, self._certifiers(unit.authority_pem) if unit.authority_pem else b"")
                for role, unit in definition.node_ous.items()
            }

    def identity(self, certificate_pem: bytes) -> Identity | str:
        """The identity that a certificate stands for, or why the MSP does not know it."""
        certificate = chains.parse_pem(certificate_pem)
        if certificate is None:
            return "its certificate cannot be read"
        try:
            return self._identity(certificate)
        except chains.UNREADABLE:
            return "its certificate cannot be read"

    def _identity(self, certificate: x509.Certificate) -> Identity | str:
        key = certificate.public_key()
        if not isinstance(key, ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey):
            return "its key is neither ECDSA nor Ed25519"
        chain = self._authorities.chain(certificate)
        if chain is None or len(chain) == 1:
            return f"its certificate does not chain to the authorities of {self.name}"
        found = Identity(self, certificate, chain, Verifier(key, sha3=self._definition.sha3))
        # The library reads a certificate part by part, as it is asked: a broken part shows here, not later.
        _ = found.units, found.lifetime
        return found

    def refusal(self, identity: Identity) -> str | None:
        """Why an identity is not valid, or None."""
        if (
            isinstance(identity.certificate.public_key(), ed25519.Ed25519PublicKey)
            and not self._ed25519_allowed
        ):
            return "Ed25519 keys need the channel capability V3_0"
        if chains.is_authority(identity.certificate):
            return "an authority's certificate is nobody's identity"
        issuer = identity.chain[1]
        if not self._authorities.issues_identities(issuer):
            return "its issuer has authorities below it and certifies no identities"
        if revocations.revoked(self._revocation_lists, identity.certificate, issuer):
            return "its certificate has been revoked"
        return self._unit_refusal(identity)

    def satisfies(self, identity: Identity, principal: Principal) -> bool:
        """Whether an identity of this MSP is what a policy asks for."""
        match principal:
            case RolePrincipal(msp_id, role):
                return msp_id == self.name and self._has_role(identity, role)
            case UnitPrincipal(msp_id, unit, certifiers):
                return (
                    msp_id == self.name
                    and identity.refusal is None
                    and unit in identity.units
                    and identity.certifiers == certifiers
                )
            case IdentityPrincipal(serialized):
                return self._is(identity, serialized)
            case CombinedPrincipal(parts):
                return all(self.satisfies(identity, part) for part in parts)
            case NominalPrincipal():
                return True
            case _:
                return False

    def _is(self, identity: Identity, serialized: bytes) -> bool:
        try:
            msp_id, pem = _messages.serialized_identity(serialized)
        except UndecodableError:
            return False
        if msp_id != self.name:
            return False
        named = self.identity(pem)
        return isinstance(named, Identity) and named.key == identity.key and named.refusal is None

    def _has_role(  # noqa: PLR0911 - one for each role, as in Fabric
        self, identity: Identity, role: str
    ) -> bool:
        if role == "ADMIN":
            if chains.der(identity.certificate) in self._admins:
                return True
            if self._node_ous is None:
                return False
        if role == "ORDERER" and self._node_ous is None:
            return False
        if identity.refusal is not None:
            return False
        if role == "MEMBER":
            return True
        if self._node_ous is None or role not in self._node_ous:
            return False
        return self._node_ous[role][0] in identity.units

    def _unit_refusal(self, identity: Identity) -> str | None:
        if self._units and not any(
            identity.certifiers in self._units.get(unit, ()) for unit in identity.units
        ):
            return f"none of its organisational units is one of {self.name}'s"
        if self._node_ous is None:
            return None
        certifiers_by_unit = dict(self._node_ous.values())
        roles = 0
        for unit in identity.units:
            if unit not in certifiers_by_unit:
                continue
            certifiers = certifiers_by_unit[unit]
            if certifiers and certifiers != identity.certifiers:
                return "its role is certified by another authority than the MSP asks for"
            roles += 1
        if roles != 1:
            return f"it has {roles} of the roles client, peer, admin and orderer, where it must have one"
        return None

    def _certifiers(self, authority_pem: bytes) -> bytes:
        authority = chains.parse_pem(authority_pem)
        chain = None if authority is None else self._authorities.chain(authority)
        if chain is None:
            raise ConfigurationError(
                f"an organisational unit of {self.name} names an authority that it does not have"
            )
        return chains.identifier(chain)

    def _certificates(self, pems: Iterable[bytes]) -> Iterable[x509.Certificate]:
        for pem in pems:
            certificate = chains.parse_pem(pem)
            if certificate is None:
                raise ConfigurationError(f"a certificate of MSP {self.name} cannot be read")
            yield certificate

    def _revocation_list(self, content: bytes) -> x509.CertificateRevocationList:
        try:
            return revocations.read(content)
        except chains.UNREADABLE as error:
            raise ConfigurationError(f"a revocation list of MSP {self.name} cannot be read") from error


class Msps:
    """All MSPs of a channel configuration; the identities that they deserialize are kept.

    Args:
        members: by MSP ID.
        unsupported: sentences by MSP ID, for MSPs that are not understood.
    """

    _KEPT = 10_000

    def __init__(self, members: dict[str, Msp], unsupported: dict[str, str]) -> None:
        self._members = members
        self._unsupported = unsupported
        self._identities: dict[bytes, Identity | str] = {}

    def identity(self, serialized: bytes) -> Identity | str:
        """The identity that ``msp.SerializedIdentity`` bytes stand for, or why the channel does not know it.

        Raises:
            UnsupportedError: its MSP is not understood here.
        """
        known = self._identities.get(serialized)
        if known is None:
            known = self._deserialized(serialized)
            if len(self._identities) >= self._KEPT:
                self._identities.clear()
            self._identities[serialized] = known
        return known

    def _deserialized(self, serialized: bytes) -> Identity | str:
        try:
            msp_id, pem = _messages.serialized_identity(serialized)
        except UndecodableError:
            return "its identity cannot be read"
        if msp_id in self._unsupported:
            raise UnsupportedError(self._unsupported[msp_id])
        if msp_id not in self._members:
            return f"the channel has no MSP {msp_id!r}"
        return self._members[msp_id].identity(pem)
