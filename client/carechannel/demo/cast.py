"""Who plays in the demonstration: the institutions of the default network."""

from __future__ import annotations

from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from pathlib import Path

from carechannel.client import CareChannel
from carechannel.errors import ProfileError
from carechannel.identity import Identity
from carechannel.profile import Profile

HOME = "hospital-a"
OTHER = "hospital-b"
OUTSIDER = "clinic"
REGULATOR = "regulator"


@dataclass(frozen=True, slots=True)
class Cast:
    """Profiles and users as the network's generated folder holds them."""

    network: Path
    """The network's folder, ``<build folder>/<name>``."""
    consortium: str

    def profile(self, organization: str) -> Profile:
        """The connection profile of an organisation.

        Raises:
            ProfileError: the network is not there; says how to start it.
        """
        path = self.network / "profiles" / f"{organization}.json"
        if not path.is_file():
            raise ProfileError(
                f"There is no network in {self.network}; start one with `make up`, or name its folder with "
                "--build-dir and --name."
            )
        return Profile.load(path)

    def staff(self, organization: str, alias: str) -> Identity:
        """A member of an organisation's staff."""
        profile = self.profile(organization)
        return Identity.load(profile.care.users / alias, profile.msp_id)

    def connect(
        self, organization: str, identity: str | Identity
    ) -> AbstractAsyncContextManager[CareChannel]:
        """A connection with an organisation's profile, as one of its users by alias or a given identity."""
        actor = self.staff(organization, identity) if isinstance(identity, str) else identity
        return CareChannel.connect(self.profile(organization), actor)
