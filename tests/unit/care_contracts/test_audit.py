"""Accounting of disclosures: who may see it, what it shows, and that it can be checked against the block."""

import base64
import hashlib
from datetime import timedelta
from typing import Any

import pytest

from tests.unit.care_contracts.channel import (
    CLINIC,
    HANDLE,
    PEOPLE,
    RECORD,
    REGULATOR,
    A,
    B,
    Care,
    consent,
    hex_id,
    refused,
)

AUDITORS = [(A, "auditor"), (A, "privacy-officer"), (REGULATOR, "auditor")]
STRANGERS = [
    (A, "registrar"),
    (A, "practitioner"),
    (A, "node"),
    (B, "auditor"),
    (B, "privacy-officer"),
    (REGULATOR, "practitioner"),
    (CLINIC, "auditor"),
]


async def disclosures(care: Care, by: Any = None, **private: Any) -> dict[str, Any]:
    return await care.evaluate("audit:disclosures", A, by=by or PEOPLE.of(A, "auditor"), private=private)


def requests(got: dict[str, Any]) -> list[str]:
    return [entry["request_id"] for entry in got["entries"] if entry["kind"] == "request"]


async def life(care: Care, **asked: Any) -> str:
    request_id = (await care.request(**asked)).tx_id
    await care.answer(request_id)
    await care.acknowledge(request_id)
    return request_id


async def test_a_life_is_shown_in_full(care: Care) -> None:
    await care.publish()
    denied = await life(care)
    await care.grant(consent())
    permitted = await life(care)
    entries = (await disclosures(care, care.patient, handle=HANDLE))["entries"]
    kinds = ["request", "decision", "answer", "receipt"]
    assert [entry["kind"] for entry in entries] == kinds * 2
    assert [entry["request_id"] for entry in entries] == [permitted] * 4 + [denied] * 4
    request, decision, answer, receipt = entries[:4]
    version = [{"record_id": RECORD, "version": 1}]
    assert (request["requester"]["msp_id"], request["purpose"]) == (B, "TREAT")
    assert request["asked"] == {"record_ids": None, "types": None}
    assert (decision["decision"], decision["records"]) == ("permit", version)
    assert decision["consents"] == [{"consent_id": hex_id("a consent"), "version": 1}]
    assert decision["trace"][0]["code"] == "consent-permit"
    assert (answer["records"], receipt["records"], receipt["status"]) == (version, version, "available")
    assert entries[5]["decision"] == "deny"
    assert (entries[6]["records"], entries[7]["status"]) == ([], "not-available")


async def test_each_entry_can_be_checked_against_its_block(care: Care) -> None:
    await care.publish()
    request = await care.request()
    results = {
        result.tx_id: result
        for result in (request, await care.answer(request.tx_id), await care.acknowledge(request.tx_id))
    }
    entries = (await disclosures(care))["entries"]
    assert len(entries) == 4
    for entry in entries:
        hashes = results[entry["transaction_id"]].hashed_writes[entry["collection"]]
        key, value = entry["key"].encode(), base64.b64decode(entry["value"])
        assert hashes[hashlib.sha256(key).digest()] == hashlib.sha256(value).digest()


async def test_the_history_of_a_record_can_be_checked_too(care: Care) -> None:
    results = {result.tx_id: result for result in (await care.publish(), await care.amend(size=5))}
    for msp_id, role in [*AUDITORS, (A, "patient")]:
        private = {"handle": HANDLE, "record_id": RECORD}
        entries = (await care.evaluate("audit:history", A, by=PEOPLE.of(msp_id, role), private=private))[
            "entries"
        ]
        assert [(entry["kind"], entry["version"]) for entry in entries] == [("record", 1), ("record", 2)]
        for entry in entries:
            hashes = results[entry["transaction_id"]].hashed_writes[entry["collection"]]
            value = base64.b64decode(entry["value"])
            assert hashes[hashlib.sha256(entry["key"].encode()).digest()] == hashlib.sha256(value).digest()


@pytest.mark.parametrize(("msp_id", "role"), AUDITORS)
async def test_auditors_see_all_patients(care: Care, msp_id: str, role: str) -> None:
    first = await life(care)
    second = await life(care, handle=hex_id("somebody else"))
    assert requests(await disclosures(care, PEOPLE.of(msp_id, role))) == [second, first]


@pytest.mark.parametrize(("msp_id", "role"), STRANGERS)
async def test_nobody_else_sees_anything(care: Care, msp_id: str, role: str) -> None:
    by = PEOPLE.of(msp_id, role)
    for private in ({}, {"handle": HANDLE}):
        with refused("not-permitted"):
            await disclosures(care, by, **private)
    with refused("not-permitted"):
        await care.evaluate("audit:history", A, by=by, private={"handle": HANDLE, "record_id": RECORD})


async def test_a_patient_sees_own_disclosures_only(care: Care) -> None:
    with refused("not-permitted"):
        await disclosures(care, care.patient)
    with refused("not-permitted"):
        await disclosures(care, care.patient, handle=hex_id("somebody else"))


async def test_a_regulator_that_is_not_active_any_more_sees_nothing(care: Care) -> None:
    await care.register(REGULATOR, name="Other")
    with refused("not-permitted"):
        await disclosures(care, PEOPLE.of(REGULATOR, "auditor"))


async def test_filters_by_patient_institution_and_time(care: Care) -> None:
    clinician = PEOPLE.of(CLINIC, "practitioner")
    first = (await care.request()).tx_id
    care.sim.now += timedelta(days=1)
    second = await care.request(clinician)
    third = (await care.request(handle=hex_id("somebody else"))).tx_id
    at = second.timestamp.isoformat()
    after = (second.timestamp + timedelta(microseconds=1)).isoformat()
    assert requests(await disclosures(care, handle=HANDLE)) == [second.tx_id, first]
    assert requests(await disclosures(care, institution=CLINIC)) == [second.tx_id]
    assert requests(await disclosures(care, institution="NobodyMSP")) == []
    assert requests(await disclosures(care, since=at)) == [third, second.tx_id]
    assert requests(await disclosures(care, since=after)) == [third]
    assert requests(await disclosures(care, until=at)) == [first]
    assert requests(await disclosures(care, until=after)) == [second.tx_id, first]


async def test_pages_cover_everything_once(care: Care) -> None:
    made = [(await care.request()).tx_id for _ in range(5)]
    seen, bookmark = [], ""
    for _ in range(3):
        got = await disclosures(care, limit=2, bookmark=bookmark)
        seen += requests(got)
        bookmark = got["bookmark"]
    assert (seen, bookmark) == (made[::-1], "")


@pytest.mark.parametrize(
    "private",
    [
        {"limit": 0},
        {"limit": 1001},
        {"since": "2026"},
        {"until": "yesterday"},
        {"bookmark": "x"},
        {"bookmark": 1},
        {"who": 1},
        {"handle": "x"},
    ],
)
async def test_malformed_filters_are_refused(care: Care, private: dict[str, Any]) -> None:
    with refused("input-invalid"):
        await disclosures(care, **private)
