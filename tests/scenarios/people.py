"""Patients and records for the scenarios, made the way the CLI makes them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from carechannel import CareChannel, Consortium
from carechannel.identity import Identity
from carechannel.profile import Profile
from carechannel.wallet import Wallet, enrol, invite

from tests.scenarios.conftest import CHANNEL, Network

CUSTODIAN = "HospitalAMSP"
READER = "HospitalBMSP"


@dataclass(frozen=True)
class Patient:
    """A patient with an own key, bound to a handle on the channel."""

    network: Network
    wallet: Wallet
    home: str

    @property
    def handle(self) -> str:
        return self.wallet.handle

    @asynccontextmanager
    async def connected(self) -> AsyncIterator[Consortium]:
        profile = self.network.profile(self.home)
        async with CareChannel.connect(profile, self.wallet.identity()) as care:
            yield care.consortium(self.wallet.channel)


async def new_patient(
    network: Network, folder: Path, home: str = "hospital-a", channel: str = CHANNEL
) -> Patient:
    profile = Profile.load(network.profile(home))
    registrar = Identity.load(network.user(home, "registrar"), profile.msp_id)
    wallet = Wallet.create(folder, channel, profile.msp_id)
    enrol(profile, wallet, invite(profile, registrar))
    patient = Patient(network, wallet, home)
    async with patient.connected() as consortium:
        await consortium.patients.bind(patient.handle)
    return patient


def observation(text: str = "Haemoglobin", value: str = "13.1") -> bytes:
    """A FHIR R4 Observation in the exact bytes that have to come back."""
    resource = {
        "resourceType": "Observation",
        "status": "final",
        "code": {"text": text},
        "subject": {"reference": "Patient/p1"},
        "effectiveDateTime": "2026-05-04",
        "valueString": value,
    }
    return json.dumps(resource, indent=1).encode()
