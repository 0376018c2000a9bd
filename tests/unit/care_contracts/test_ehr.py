"""Publishing and amending records, and who may list them."""

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
    entry,
    hex_id,
    refused,
)

ABOUT = {"handle": HANDLE, "record_id": RECORD}


@pytest.mark.parametrize("role", ["registrar", "practitioner", "node"])
async def test_the_custodians_people_publish_and_amend(care: Care, role: str) -> None:
    by = PEOPLE.of(A, role)
    result = await care.submit("ehr:publish", A, by=by, private=entry())
    assert (result.event.name, result.event.payload) == ("record.published", b"")
    finding = (await care.evaluate("ehr:history", A, by=by, private=ABOUT))["finding"]
    await care.submit("ehr:amend", A, by=by, private={**entry(version=2), "finding": finding})


@pytest.mark.parametrize(
    ("msp_id", "role"),
    [
        (A, ""),
        (A, "auditor"),
        (A, "administrator"),
        (A, "patient"),
        (A, "privacy-officer"),
        (B, "registrar"),
        (B, "node"),
    ],
)
async def test_nobody_else_publishes_or_amends(care: Care, msp_id: str, role: str) -> None:
    by = PEOPLE.of(msp_id, role)
    for function in ("ehr:publish", "ehr:amend"):
        with refused("not-permitted"):
            await care.submit(function, A, by=by, private=entry())


async def test_publishing_again_changes_nothing_and_other_content_is_refused(care: Care) -> None:
    first = await care.publish()
    again = await care.publish()
    assert again.private_writes == first.private_writes
    with refused("record-exists"):
        await care.publish(size=1)
    with refused("input-invalid"):
        await care.publish(record_id=hex_id("other"), version=2)


async def test_an_amendment_is_the_next_version(care: Care) -> None:
    await care.publish()
    await care.amend(size=2)
    (newest,) = (await care.evaluate("ehr:list", A, by=care.patient, private={"handle": HANDLE}))["records"]
    assert (newest["version"], newest["size"]) == (2, 2)
    assert "sealed_key" not in newest
    history = await care.evaluate("ehr:history", A, by=care.patient, private=ABOUT)
    assert [version["version"] for version in history["versions"]] == [1, 2]
    assert len({version["transaction_id"] for version in history["versions"]}) == 2
    for version in (2, 4):
        with refused("version-conflict"):
            await care.amend(version=version)


async def test_two_amendments_from_one_history_do_not_both_pass(care: Care) -> None:
    await care.publish()
    finding = (await care.evaluate("ehr:history", A, by=care.registrar, private=ABOUT))["finding"]
    private = {**entry(version=2), "finding": finding}
    first = await care.submit("ehr:amend", A, by=care.registrar, private=private)
    again = await care.submit("ehr:amend", A, by=care.registrar, private=private)
    assert again.private_writes == first.private_writes
    with refused("version-conflict"):
        await care.submit("ehr:amend", A, by=care.registrar, private={**private, "size": 99})


async def test_an_amendment_needs_the_finding_of_its_own_record(care: Care) -> None:
    await care.publish()
    await care.publish(record_id=hex_id("other"))
    other = {"handle": HANDLE, "record_id": hex_id("other")}
    finding = (await care.evaluate("ehr:history", A, by=care.registrar, private=other))["finding"]
    for wrong in (finding, "x", finding.partition(".")[0] + "." + "0" * 64):
        with refused("finding-invalid"):
            await care.submit(
                "ehr:amend", A, by=care.registrar, private={**entry(version=2), "finding": wrong}
            )
    await care.publish(B)
    node_of_b = PEOPLE.of(B, "node")
    foreign = (await care.evaluate("ehr:history", B, by=node_of_b, private=ABOUT))["finding"]
    with refused("finding-invalid"):
        await care.submit("ehr:amend", A, by=care.registrar, private={**entry(version=2), "finding": foreign})


async def test_an_unknown_record_has_no_history(care: Care) -> None:
    assert await care.evaluate("ehr:history", A, by=care.registrar, private=ABOUT) == {
        "versions": [],
        "finding": None,
    }


READERS = [(A, "registrar"), (A, "practitioner"), (A, "privacy-officer"), (A, "node"), (A, "patient")]
AUDITORS = [(A, "auditor"), (REGULATOR, "auditor")]
STRANGERS = [
    (A, ""),
    (A, "administrator"),
    (B, "registrar"),
    (B, "practitioner"),
    (B, "patient"),
    (CLINIC, "auditor"),
    (REGULATOR, "practitioner"),
]


@pytest.mark.parametrize(("msp_id", "role"), READERS)
async def test_the_patient_and_the_custodians_people_list(care: Care, msp_id: str, role: str) -> None:
    await care.publish()
    by = PEOPLE.of(msp_id, role)
    assert len((await care.evaluate("ehr:list", A, by=by, private={"handle": HANDLE}))["records"]) == 1
    assert len((await care.evaluate("ehr:history", A, by=by, private=ABOUT))["versions"]) == 1


@pytest.mark.parametrize(("msp_id", "role"), AUDITORS)
async def test_auditors_see_the_history_only(care: Care, msp_id: str, role: str) -> None:
    await care.publish()
    by = PEOPLE.of(msp_id, role)
    assert len((await care.evaluate("ehr:history", A, by=by, private=ABOUT))["versions"]) == 1
    with refused("not-permitted"):
        await care.evaluate("ehr:list", A, by=by, private={"handle": HANDLE})


@pytest.mark.parametrize(("msp_id", "role"), STRANGERS)
async def test_nobody_else_lists(care: Care, msp_id: str, role: str) -> None:
    by = PEOPLE.of(msp_id, role)
    with refused("not-permitted"):
        await care.evaluate("ehr:list", A, by=by, private={"handle": HANDLE})
    with refused("not-permitted"):
        await care.evaluate("ehr:history", A, by=by, private=ABOUT)


async def test_a_patient_lists_own_records_only(care: Care) -> None:
    other = PEOPLE.of(A, "patient", 3)
    await care.submit("patients:bind", hex_id("other patient"), by=other)
    with refused("not-permitted"):
        await care.evaluate("ehr:list", A, by=other, private={"handle": HANDLE})


BAD = [
    {"record_id": "1"},
    {"version": 0},
    {"version": True},
    {"version": "1"},
    {"type": "Observations"},
    {"type": "Observation", "types": ["Condition"]},
    {"types": []},
    {"types": "Observation"},
    {"category": ["x" * 129]},
    {"category": ["x"] * 2},
    {"labels": [f"{n}" for n in range(33)]},
    {"date": "01.05.2024"},
    {"date": ""},
    {"media_type": ""},
    {"size": 0},
    {"size": 2**41},
    {"blob": {"digest": "AB" * 32, "size": 1}},
    {"blob": {"digest": "ab" * 32}},
    {"blob": {"digest": "ab" * 32, "size": 1, "url": "x"}},
    {"commitment": "cd"},
    {"sealed_key": "?"},
    {"sealed_key": "A" * 4100},
    {"patient_name": "x"},
]


@pytest.mark.parametrize("change", BAD)
async def test_a_malformed_entry_is_refused(care: Care, change: dict[str, Any]) -> None:
    with refused("input-invalid"):
        await care.publish(**change)


@pytest.mark.parametrize("key", sorted(entry()))
async def test_every_key_of_an_entry_is_required(care: Care, key: str) -> None:
    private = entry()
    del private[key]
    with refused("input-invalid"):
        await care.submit("ehr:publish", A, by=care.registrar, private=private)
