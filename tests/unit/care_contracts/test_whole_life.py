"""A record's whole life, each transaction again in another process: nothing differs between peers."""

import pytest
from care_contracts.chaincode import CareChaincode
from fabric_shim.testing import LedgerSimulator

from tests.unit.care_contracts.channel import (
    CHANNEL,
    HANDLE,
    RECORD,
    A,
    B,
    Care,
    actor,
    consent,
    hex_id,
    purpose,
)

ASKED = ["request", "decision", "answer"]
TARGET = "care_contracts.chaincode:CareChaincode"


@pytest.mark.parametrize("twice", [TARGET, True], ids=["target", "pickled"])
async def test_a_records_whole_life_is_the_same_in_another_process(twice: str | bool) -> None:
    care = Care(LedgerSimulator(CHANNEL, CareChaincode(), twice=twice))
    await care.ready()
    await care.publish()
    await care.grant(consent(actor=[actor(B)], purpose=[purpose("TREAT")]))
    await care.amend(size=4321)
    request_id = (await care.request()).tx_id
    await care.answer(request_id)
    got = await care.outcome(request_id)
    assert [record["record_id"] for record in got["records"]] == [RECORD]
    await care.acknowledge(request_id)
    await care.revoke(hex_id("a consent"))
    assert await care.ask() == {"status": "not-available"}
    told = await care.evaluate("audit:disclosures", A, by=care.patient, private={"handle": HANDLE})
    assert [entry["kind"] for entry in told["entries"]] == [*ASKED, *ASKED, "receipt"]
