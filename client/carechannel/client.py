"""The way in: a connection of one identity, with the profile of its institution."""

from __future__ import annotations

from pathlib import Path
from types import TracebackType
from typing import Self

from carechannel.consortium import Consortium
from carechannel.identity import Identity
from carechannel.ledger import Gateways
from carechannel.profile import Profile


class CareChannel:
    """``async with CareChannel.connect(profile, identity) as care: consortium = care.consortium("…")``"""

    def __init__(self, profile: Profile, identity: Identity):
        self.profile = profile
        self.identity = identity
        self._gateways = Gateways(profile, identity)

    @classmethod
    def connect(cls, profile: str | Path | Profile, identity: str | Path | Identity) -> Self:
        """Reads profile and identity; peers are connected to at the first call to each.

        Args:
            profile: the institution's connection profile, or the file that holds it.
            identity: who acts, or the MSP folder (or the folder of a user or wallet that holds one).

        Raises:
            ProfileError: the profile is missing or malformed.
            IdentityError: the folder holds no usable identity, or one that expired.
        """
        described = profile if isinstance(profile, Profile) else Profile.load(Path(profile))
        if not isinstance(identity, Identity):
            identity = Identity.load(Path(identity), described.msp_id)
        return cls(described, identity)

    def consortium(self, name: str) -> Consortium:
        """A consortium by the name of its channel.

        Raises:
            UnknownConsortiumError: the profile knows none of that name.
        """
        self.profile.consortium(name)
        return Consortium(self.profile, self.identity, self._gateways, name)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._gateways.aclose()
