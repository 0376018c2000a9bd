"""The connection profile: Fabric's common connection profile (CCP, JSON) with CareChannel's own section.

What the standard part says (organisations, peers, certificate authorities) is read as it stands;
``x-carechannel`` adds what Fabric does not know: the institution's home folder, its consortia and their
members, and blob stores.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Final, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from carechannel.errors import ProfileError, UnknownConsortiumError, UnknownMemberError

_OPEN: Final = ConfigDict(frozen=True, extra="ignore", populate_by_name=True)
_CLOSED: Final = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class Pem(BaseModel):
    """Certificates in PEM."""

    model_config = _OPEN
    pem: str | tuple[str, ...]

    @property
    def text(self) -> str:
        """All of them, one after the other."""
        return self.pem if isinstance(self.pem, str) else "".join(self.pem)


class GrpcOptions(BaseModel):
    """How to know a node's TLS certificate."""

    model_config = _OPEN
    server_name: Annotated[str | None, Field(alias="ssl-target-name-override")] = None


class Peer(BaseModel):
    """A peer that can be connected to."""

    model_config = _OPEN
    url: Annotated[str, Field(pattern=r"^grpcs://[^/]+:[0-9]+$")]
    tls_roots: Annotated[Pem, Field(alias="tlsCACerts")]
    options: Annotated[GrpcOptions, Field(alias="grpcOptions")] = GrpcOptions()

    @property
    def address(self) -> str:
        """host:port"""
        return self.url.removeprefix("grpcs://")


class Authority(BaseModel):
    """A certificate authority."""

    model_config = _OPEN
    url: Annotated[str, Field(pattern=r"^https://")]
    name: Annotated[str, Field(alias="caName")] = ""
    tls_roots: Annotated[Pem | None, Field(alias="tlsCACerts")] = None


class Organization(BaseModel):
    """An organisation and what it runs."""

    model_config = _OPEN
    msp_id: Annotated[str, Field(alias="mspid")]
    peers: tuple[str, ...] = ()
    authorities: Annotated[tuple[str, ...], Field(alias="certificateAuthorities")] = ()


class Client(BaseModel):
    """Whose profile this is."""

    model_config = _OPEN
    organization: str


class Member(BaseModel):
    """A member of a consortium."""

    model_config = _CLOSED
    name: str
    role: str
    jurisdiction: str
    peer: str | None


class ConsortiumProfile(BaseModel):
    """A consortium: one channel, its chaincode, and its members by MSP ID."""

    model_config = _CLOSED
    chaincode: str
    members: dict[str, Member]


class ChannelPeers(BaseModel):
    """Who serves a channel, as the standard part says."""

    model_config = _OPEN
    peers: dict[str, object] = {}


class BlobFolders(BaseModel):
    """Where an institution's ciphertext lies; the mirror is known to the institution itself only."""

    model_config = _CLOSED
    primary: Path
    mirror: Path | None = None


class CareSection(BaseModel):
    """The section ``x-carechannel``."""

    model_config = _CLOSED
    home: Path
    gateway_peer: str
    users: Path
    consortia: dict[str, ConsortiumProfile]
    blobs: dict[str, BlobFolders] = {}


class Profile(BaseModel):
    """A connection profile."""

    model_config = _OPEN
    name: str
    client: Client
    organizations: dict[str, Organization]
    peers: dict[str, Peer]
    channels: dict[str, ChannelPeers] = {}
    authorities: Annotated[dict[str, Authority], Field(alias="certificateAuthorities")] = {}
    care: Annotated[CareSection, Field(alias="x-carechannel")]

    @classmethod
    def load(cls, path: Path) -> Self:
        """Reads a profile.

        Raises:
            ProfileError: the file is missing, no JSON, or an entry is missing or malformed; it is named.
        """
        try:
            profile = cls.model_validate(json.loads(path.read_bytes()))
        except FileNotFoundError as error:
            raise ProfileError(
                f"There is no connection profile {path}; name one with --profile or CARECHANNEL_PROFILE."
            ) from error
        except OSError as error:
            raise ProfileError(f"The connection profile {path} cannot be read: {error.strerror}.") from error
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            where = ".".join(str(part) for part in first["loc"])
            raise ProfileError(
                f"The connection profile {path} is not usable: {where}: {first['msg']}."
            ) from error
        except ValueError as error:
            raise ProfileError(f"The connection profile {path} is not JSON in UTF-8.") from error
        if profile.client.organization not in profile.organizations:
            raise ProfileError(
                f"The connection profile {path} names a client.organization that it does not describe."
            )
        return profile

    @property
    def organization(self) -> Organization:
        """The organisation whose profile this is."""
        return self.organizations[self.client.organization]

    @property
    def msp_id(self) -> str:
        """The MSP ID of that organisation."""
        return self.organization.msp_id

    def consortium(self, name: str) -> ConsortiumProfile:
        """A consortium by the name of its channel.

        Raises:
            UnknownConsortiumError: the profile knows none of that name.
        """
        if (found := self.care.consortia.get(name)) is None:
            known = ", ".join(sorted(self.care.consortia)) or "none"
            raise UnknownConsortiumError(
                f"There is no consortium of that name in the profile; it knows: {known}."
            )
        return found

    def peer(self, name: str) -> Peer:
        """A peer by its name.

        Raises:
            ProfileError: the profile does not describe it.
        """
        if (found := self.peers.get(name)) is None:
            raise ProfileError(f"The connection profile does not describe the peer {name}.")
        return found

    def member(self, consortium: str, msp_id: str) -> Member:
        """A member of a consortium by its MSP ID.

        Raises:
            UnknownMemberError: the consortium has no such member.
        """
        members = self.consortium(consortium).members
        if (found := members.get(msp_id)) is None:
            raise UnknownMemberError(
                f"{msp_id} is not a member of {consortium}; its members are: {', '.join(sorted(members))}."
            )
        return found

    def custodian_peer(self, consortium: str, custodian: str) -> str:
        """The name of the peer through which a custodian is asked.

        Raises:
            UnknownMemberError: no member of the consortium, or one that keeps no records (no peer).
        """
        peer = self.member(consortium, custodian).peer
        if peer is None:
            raise UnknownMemberError(
                f"{custodian} runs no peer in {consortium}, so it keeps no records there."
            )
        return peer

    def stand_ins(self, consortium: str, peer: str) -> tuple[str, ...]:
        """A peer and those that may be asked in its place: of the same organisation and on the same channel.

        Another organisation's peer is never one of them: it would see what is not for it. A peer whose
        organisation the profile does not describe stands alone.
        """
        served = self.channels[consortium].peers if consortium in self.channels else {}
        for organization in self.organizations.values():
            if peer in organization.peers:
                others = [one for one in organization.peers if one in served and one in self.peers]
                return (peer, *(one for one in others if one != peer))
        return (peer,)

    def authority(self) -> Authority:
        """The organisation's own certificate authority.

        Raises:
            ProfileError: the profile describes none.
        """
        for name in self.organization.authorities:
            if name in self.authorities:
                return self.authorities[name]
        raise ProfileError(
            "The connection profile describes no certificate authority of the own organisation."
        )
