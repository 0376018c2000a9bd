"""Registering and approving institutions, and opening a custody."""

import json

import pytest

from tests.unit.care_contracts.channel import CLINIC, PEOPLE, REGULATOR, A, B, Care, b64, refused

PEPPER = {"pepper": b64(bytes(range(32)))}


async def status(care: Care, msp_id: str) -> str:
    return (await care.evaluate("institutions:get", msp_id, by=PEOPLE.of(CLINIC, "")))["status"]


async def test_an_institution_is_active_once_more_than_half_approve(fresh: Care) -> None:
    await fresh.register(A)
    assert await status(fresh, A) == "proposed", "nobody is active on its own word"
    await fresh.register(B)
    await fresh.approve(A, B)
    assert await status(fresh, A) == "active", "two of two"
    await fresh.register(CLINIC)
    await fresh.register(REGULATOR)
    await fresh.approve(B, A)
    assert await status(fresh, B) == "proposed", "two of four is not more than half"
    await fresh.approve(B, CLINIC)
    assert await status(fresh, B) == "active"
    shown = await fresh.evaluate("institutions:get", B, by=PEOPLE.of(A, ""))
    assert sorted(shown["approvals"]) == sorted([A, CLINIC])
    listed = (await fresh.evaluate("institutions:list", by=PEOPLE.of(A, "")))["institutions"]
    assert [known["msp_id"] for known in listed] == sorted([A, B, CLINIC, REGULATOR])


async def test_only_the_hpke_key_may_change_without_a_new_approval(care: Care) -> None:
    await care.register(B, hpke_public_key=PEPPER["pepper"])
    assert await status(care, B) == "active"
    for change in ({"name": "Other"}, {"role": "insurer"}, {"jurisdiction": "FR-IDF"}):
        await care.register(B, **change)
        assert await status(care, B) == "proposed"


async def test_approvals_hold_for_the_content_that_was_approved(care: Care) -> None:
    admin = PEOPLE.of(A, "administrator")
    old = (await care.evaluate("institutions:get", B, by=admin))["digest"]
    await care.register(B, name="Other")
    with refused("digest-mismatch"):
        await care.submit("institutions:approve", B, old, by=admin)
    await care.approve(B, A)
    with refused("already-approved"):
        await care.approve(B, A)


async def test_no_institution_votes_twice_or_for_itself(care: Care) -> None:
    with refused("already-approved"):
        await care.approve(B, B)


@pytest.mark.parametrize("role", ["", "practitioner", "node", "patient", "auditor"])
async def test_only_administrators_register_and_approve(care: Care, role: str) -> None:
    by = PEOPLE.of(A, role)
    with refused("not-permitted"):
        await care.submit("institutions:register", "{}", by=by)
    with refused("not-permitted"):
        await care.submit("institutions:approve", B, "00" * 32, by=by)


async def test_strangers_do_not_approve(care: Care) -> None:
    digest = (await care.evaluate("institutions:get", B, by=PEOPLE.of(A, "")))["digest"]
    with refused("institution-unknown"):
        await care.submit("institutions:approve", B, digest, by=PEOPLE.of("StrangerMSP", "administrator"))
    with refused("institution-unknown"):
        await care.submit("institutions:approve", "NobodyMSP", digest, by=PEOPLE.of(A, "administrator"))
    with refused("institution-unknown"):
        await care.evaluate("institutions:get", "NobodyMSP", by=PEOPLE.of(A, ""))


@pytest.mark.parametrize(
    "change",
    [
        {"role": "king"},
        {"jurisdiction": "Germany"},
        {"name": ""},
        {"name": "two\nlines"},
        {"hpke_public_key": b64(bytes(31))},
        {"hpke_public_key": "not base64"},
        {"registered_at": "x"},
        {"status": "active"},
    ],
)
async def test_a_malformed_entry_is_refused(fresh: Care, change: dict[str, str]) -> None:
    with refused("input-invalid"):
        await fresh.register(B, **change)


async def test_a_public_write_writes_public_state_only(fresh: Care) -> None:
    result = await fresh.register(A)
    assert result.payload.decode() == result.tx_id
    assert list(result.writes) == [f"\0institution\0{A}\0"]
    assert result.private_writes == {}
    assert (
        json.loads(result.writes[f"\0institution\0{A}\0"])["registered_at"] == "2026-01-01T00:00:01.000000Z"
    )


async def test_a_custody_is_opened_once_by_its_own_people(fresh: Care) -> None:
    for msp_id, role in (
        (A, "registrar"),
        (A, "practitioner"),
        (A, "patient"),
        (B, "node"),
        (B, "administrator"),
    ):
        with refused("not-permitted"):
            await fresh.submit("institutions:open_custody", A, by=PEOPLE.of(msp_id, role), private=PEPPER)
        with refused("not-permitted"):
            await fresh.evaluate("institutions:custody_status", A, by=PEOPLE.of(msp_id, role))
    node = PEOPLE.of(A, "node")
    assert await fresh.evaluate("institutions:custody_status", A, by=node) == {"open": False}
    await fresh.submit("institutions:open_custody", A, by=PEOPLE.of(A, "administrator"), private=PEPPER)
    assert await fresh.evaluate("institutions:custody_status", A, by=node) == {"open": True}
    with refused("custody-open"):
        await fresh.submit("institutions:open_custody", A, by=node, private=PEPPER)


@pytest.mark.parametrize("private", [{}, {"pepper": b64(bytes(16))}, {"pepper": 1}, {**PEPPER, "more": 1}])
async def test_a_malformed_pepper_is_refused(fresh: Care, private: object) -> None:
    with refused("input-invalid"):
        await fresh.submit("institutions:open_custody", A, by=PEOPLE.of(A, "node"), private=private)
