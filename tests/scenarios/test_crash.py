"""Everything is killed in the middle of work; what was acknowledged is there afterwards, once."""

from __future__ import annotations

import asyncio
from pathlib import Path

from carechannel.consents import draft
from carechannel.errors import CareChannelError

from tests.scenarios.conftest import Network
from tests.scenarios.people import CUSTODIAN, READER, new_patient, observation
from tests.scenarios.processes import kill_all

WRITERS = 4


async def test_no_acknowledged_record_is_lost_and_none_is_there_twice(
    network: Network, tmp_path: Path
) -> None:
    patient = await new_patient(network, tmp_path / "wallet")
    consent = draft(patient.handle, institutions=[READER])
    async with patient.connected() as consortium:
        await consortium.consents.grant(patient.handle, consent, custodian=CUSTODIAN)
    acknowledged: dict[str, bytes] = {}
    enough = asyncio.Event()
    attempted: list[bytes] = []

    async with network.consortium("hospital-a", "registrar") as consortium:

        async def write(writer: int) -> None:
            number = 0
            while True:
                content = observation(value=f"{writer}/{number}")
                attempted.append(content)
                try:
                    published = await consortium.records.publish(patient.handle, content)
                except CareChannelError:
                    return
                acknowledged[published.record_id] = content
                number += 1
                if len(acknowledged) >= 3 * WRITERS:
                    enough.set()

        writers = [asyncio.create_task(write(writer)) for writer in range(WRITERS)]
        await enough.wait()
        await asyncio.to_thread(kill_all, network)
        await asyncio.wait(writers, timeout=120)

    await asyncio.to_thread(network.must, "up")
    async with network.consortium("hospital-a", "registrar") as consortium:
        await consortium.records.resume()
        assert await consortium.records.resume() == []
        held = {record.record_id for record in await consortium.records.list(patient.handle)}
    assert set(acknowledged) <= held
    async with network.consortium("hospital-b", "practitioner") as consortium:
        records = await consortium.records.read(patient.wallet.code())
    read = {record.record_id: record.data for record in records}
    assert {record_id: read[record_id] for record_id in acknowledged} == acknowledged
    contents = [record.data for record in records]
    assert len(contents) == len(set(contents))
    assert set(contents) <= set(attempted)
