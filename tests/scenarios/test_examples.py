"""HL7's own R4 examples: all through the sealing path, a seeded choice of them over the network."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from pathlib import Path

import pytest
from carechannel import fhir
from carechannel.consents import draft
from carechannel.errors import FhirError

from tests.examples import example_files
from tests.scenarios.conftest import Network
from tests.scenarios.people import CUSTODIAN, READER, new_patient

SEED = 20261123
PUBLISHED = 200
AT_ONCE = 8


def publishable(file: Path) -> bool:
    try:
        resource = fhir.read(file.read_bytes())
        fhir.check_one_patient(resource)
    except FhirError:
        return False
    return True


@pytest.fixture(scope="module")
def chosen() -> list[Path]:
    shuffled = example_files()
    random.Random(SEED).shuffle(shuffled)
    picked = []
    for file in shuffled:
        if len(picked) == PUBLISHED:
            return picked
        if publishable(file):
            picked.append(file)
    raise AssertionError("too few examples can be published")


async def test_two_hundred_examples_come_back_over_the_network_with_equal_bytes(
    network: Network, tmp_path: Path, chosen: list[Path]
) -> None:
    patient = await new_patient(network, tmp_path / "wallet")
    consent = draft(patient.handle, institutions=[READER])
    async with patient.connected() as consortium:
        await consortium.consents.grant(patient.handle, consent, custodian=CUSTODIAN)
    slots = asyncio.Semaphore(AT_ONCE)
    async with network.consortium("hospital-a", "registrar") as consortium:

        async def publish(file: Path) -> str:
            async with slots:
                return (await consortium.records.publish(patient.handle, file.read_bytes())).record_id

        ids = await asyncio.gather(*map(publish, chosen))
    async with network.consortium("hospital-b", "practitioner") as consortium:
        records = await consortium.records.read(patient.wallet.code())
    assert {record.record_id: record.data for record in records} == {
        record_id: file.read_bytes() for record_id, file in zip(ids, chosen, strict=True)
    }
    kinds = Counter(record.type for record in records)
    assert len(kinds) > 10
