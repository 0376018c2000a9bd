"""Request, decision, answer, outcome, receipt: who may, and what comes out."""

import json
from datetime import timedelta

import pytest
from fabric_shim.errors import TransactionRefusedError
from fabric_shim.testing import TestIdentity

from tests.unit.care_contracts.channel import (
    CLINIC,
    HANDLE,
    PEOPLE,
    RECORD,
    A,
    B,
    Care,
    actor,
    consent,
    entry,
    hex_id,
    purpose,
    refused,
    resource_class,
    sealed_for,
    staff_id,
)

NOT_AVAILABLE = {"status": "not-available"}
FOR_B = {"actor": [actor(B)], "purpose": [purpose("TREAT")]}
UNKNOWN_REQUEST = "00" * 32
NOT_NODES = [
    (A, "practitioner"),
    (A, "registrar"),
    (A, "administrator"),
    (B, "node"),
    (A, "patient"),
    (A, ""),
]


async def test_a_record_reaches_whom_the_patient_permits_and_nobody_else(care: Care) -> None:
    await care.publish()
    assert await care.ask() == NOT_AVAILABLE
    await care.grant(consent(**FOR_B))
    got = await care.ask()
    (record,) = got["records"]
    assert got["status"] == "available"
    assert record["record_id"] == RECORD
    assert record["sealed_key"] == sealed_for(B, record)["sealed_key"]
    assert record["blob"] == entry()["blob"]
    assert await care.ask(PEOPLE.of(CLINIC, "practitioner")) == NOT_AVAILABLE
    await care.revoke(hex_id("a consent"))
    assert await care.ask() == NOT_AVAILABLE


@pytest.mark.parametrize("role", ["practitioner", "registrar", "auditor", "patient", "node", ""])
async def test_anybody_of_an_active_institution_may_ask(care: Care, role: str) -> None:
    by = PEOPLE.of(B, role)
    result = await care.request(by)
    assert result.payload.decode() == result.tx_id
    await care.answer(result.tx_id)
    assert await care.outcome(result.tx_id, by) == NOT_AVAILABLE


async def test_an_institution_that_is_not_approved_may_not_ask(care: Care) -> None:
    await care.register("NewcomerMSP")
    with refused("institution-not-active"):
        await care.request(PEOPLE.of("NewcomerMSP", "practitioner"))
    with refused("institution-not-active"):
        await care.request(PEOPLE.of("StrangerMSP", "practitioner"))


async def test_an_institution_that_changed_its_entry_is_denied_from_then_on(care: Care) -> None:
    await care.publish()
    await care.grant(consent(**FOR_B))
    request_id = (await care.request()).tx_id
    await care.answer(request_id)
    await care.register(B, name="Somebody else")
    assert await care.outcome(request_id) == NOT_AVAILABLE
    with refused("institution-not-active"):
        await care.request()


async def test_a_role_that_may_not_ask_gets_a_committed_denial(care: Care) -> None:
    await care.publish()
    await care.grant(consent())
    registrar = PEOPLE.of(B, "registrar")
    request_id = (await care.request(registrar)).tx_id
    decided = await care.decision(request_id)
    assert (decided["decision"], decided["records"]) == ("deny", [])
    assert [step["code"] for step in decided["trace"]] == ["role-may-not-ask"]
    await care.answer(request_id)
    assert await care.outcome(request_id, registrar) == NOT_AVAILABLE


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"purpose": "BTG"}, "purpose-unknown"),
        ({"purpose": "treat"}, "purpose-unknown"),
        ({"purpose": ""}, "input-invalid"),
        ({"handle": "Jane Doe"}, "input-invalid"),
        ({"handle": 7}, "input-invalid"),
        ({"types": []}, "input-invalid"),
        ({"types": ["Observation", "Observation"]}, "input-invalid"),
        ({"types": ["Observations"]}, "input-invalid"),
        ({"record_ids": [RECORD], "types": ["Observation"]}, "input-invalid"),
        ({"record_ids": [hex_id(str(number)) for number in range(101)]}, "input-invalid"),
        ({"requester": B}, "input-invalid"),
    ],
)
async def test_a_malformed_request_is_refused(care: Care, asked: dict[str, object], code: str) -> None:
    with refused(code):
        await care.request(**asked)


async def test_a_request_needs_an_open_custody(care: Care) -> None:
    with refused("custody-closed"):
        await care.submit(
            "access:request", CLINIC, by=care.asker, private={"handle": HANDLE, "purpose": "TREAT"}
        )
    with refused("input-invalid"):
        await care.submit(
            "access:request", "no such MSP", by=care.asker, private={"handle": HANDLE, "purpose": "TREAT"}
        )


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, {"one", "two"}),
        ({"types": ["Observation"]}, {"one"}),
        ({"types": ["Condition", "Observation"]}, {"one", "two"}),
        ({"record_ids": [hex_id("two"), hex_id("absent")]}, {"two"}),
    ],
)
async def test_a_request_can_be_narrowed(care: Care, asked: dict[str, object], expected: set[str]) -> None:
    await care.publish(record_id=hex_id("one"), type="Observation", types=["Observation"])
    await care.publish(record_id=hex_id("two"), type="Condition", types=["Condition"])
    await care.grant(consent())
    got = await care.ask(**asked)
    assert {record["record_id"] for record in got["records"]} == {hex_id(name) for name in expected}


async def test_a_deny_beats_a_permit_record_by_record(care: Care) -> None:
    await care.publish(record_id=hex_id("one"), type="Observation", types=["Observation"])
    await care.publish(record_id=hex_id("two"), type="Condition", types=["Condition"])
    await care.grant(consent(hex_id("all"), **FOR_B))
    await care.grant(consent(hex_id("no conditions"), "deny", **{"class": [resource_class("Condition")]}))
    got = await care.ask()
    assert [record["record_id"] for record in got["records"]] == [hex_id("one")]


async def test_a_consent_can_name_one_person(care: Care) -> None:
    await care.publish()
    await care.grant(consent(actor=[actor(f"{B}/{staff_id(care.asker)}")]))
    assert (await care.ask())["status"] == "available"
    assert await care.ask(PEOPLE.of(B, "practitioner", 1)) == NOT_AVAILABLE


async def test_own_practitioners_treat_without_a_consent_unless_the_patient_denies(care: Care) -> None:
    await care.publish()
    own = PEOPLE.of(A, "practitioner")
    assert (await care.ask(own))["status"] == "available"
    assert await care.ask(own, purpose="PATRQT") == NOT_AVAILABLE
    await care.grant(consent(kind="deny", actor=[actor(A)]))
    assert await care.ask(own) == NOT_AVAILABLE


async def test_only_the_node_of_the_custodian_sees_and_answers_requests(care: Care) -> None:
    await care.publish()
    request_id = (await care.request()).tx_id
    private = await care.answering(request_id)
    for msp_id, role in NOT_NODES:
        other = PEOPLE.of(msp_id, role)
        with refused("not-permitted"):
            await care.evaluate("access:pending", A, by=other)
        with refused("not-permitted"):
            await care.evaluate("access:decision", A, by=other, private={"request_id": request_id})
        with refused("not-permitted"):
            await care.submit("access:answer", A, by=other, private=private)


async def test_pending_lists_what_is_not_answered_oldest_first(care: Care) -> None:
    first, second, third = [(await care.request()).tx_id for _ in range(3)]
    await care.answer(second)
    pending = (await care.evaluate("access:pending", A, by=care.node))["requests"]
    assert [request["request_id"] for request in pending] == [first, third]
    assert set(pending[0]) == {"request_id", "requested_at", "expires"}


async def test_a_request_is_answered_once(care: Care) -> None:
    request_id = (await care.request()).tx_id
    private = await care.answering(request_id)
    await care.submit("access:answer", A, by=care.node, private=private)
    with refused("answered"):
        await care.submit("access:answer", A, by=care.node, private=private)
    with refused("answered"):
        await care.decision(request_id)


async def test_an_answer_holds_exactly_the_permitted_keys(care: Care) -> None:
    await care.publish()
    denied = await care.answering((await care.request()).tx_id)
    stolen = sealed_for(B, entry())
    with refused("keys-not-permitted"):
        await care.submit("access:answer", A, by=care.node, private={**denied, "keys": [stolen]})
    await care.grant(consent(**FOR_B))
    permitted = await care.answering((await care.request()).tx_id)
    other_version = {**stolen, "version": 2}
    for keys in ([], [other_version], [stolen, other_version]):
        with refused("keys-not-permitted"):
            await care.submit("access:answer", A, by=care.node, private={**permitted, "keys": keys})
    with refused("input-invalid"):
        await care.submit("access:answer", A, by=care.node, private={**permitted, "keys": [stolen, stolen]})
    await care.submit("access:answer", A, by=care.node, private=permitted)


async def test_an_answer_needs_its_own_fresh_finding(care: Care) -> None:
    await care.publish()
    await care.grant(consent(**FOR_B))
    first, second = [await care.answering((await care.request()).tx_id) for _ in range(2)]
    body, _, mac = first["finding"].partition(".")
    forged = [
        second["finding"],
        f"{body}.{'0' * 64}",
        f"{body[:-4]}AAAA.{mac}",
        body,
        "é.é",
        (
            await care.evaluate(
                "ehr:history", A, by=care.node, private={"handle": HANDLE, "record_id": RECORD}
            )
        )["finding"],
    ]
    for finding in forged:
        with refused("finding-invalid"):
            await care.submit("access:answer", A, by=care.node, private={**first, "finding": finding})
    with refused("finding-invalid"):
        late = care.sim.now + timedelta(seconds=61)
        await care.submit("access:answer", A, by=care.node, private=first, timestamp=late)
    with refused("finding-invalid"):
        early = care.sim.now - timedelta(minutes=5)
        await care.submit("access:answer", A, by=care.node, private=first, timestamp=early)


async def test_what_was_revoked_or_denied_since_the_request_is_not_answered(care: Care) -> None:
    await care.publish()
    await care.grant(consent(**FOR_B))
    request_id = (await care.request()).tx_id
    await care.revoke(hex_id("a consent"))
    assert (await care.decision(request_id))["decision"] == "deny"
    await care.answer(request_id)
    assert await care.outcome(request_id) == NOT_AVAILABLE


async def test_an_outcome_is_decided_again_with_the_consents_of_now(care: Care) -> None:
    await care.publish()
    await care.grant(consent(**FOR_B))
    request_id = (await care.request()).tx_id
    assert await care.outcome(request_id) == {"status": "pending"}
    await care.answer(request_id)
    assert (await care.outcome(request_id))["status"] == "available"
    await care.grant(consent(hex_id("no more"), "deny"))
    assert await care.outcome(request_id) == NOT_AVAILABLE


async def test_an_answered_version_stays_readable_when_the_record_is_amended(care: Care) -> None:
    await care.publish()
    await care.grant(consent(**FOR_B))
    request_id = (await care.request()).tx_id
    await care.answer(request_id)
    await care.amend(types=["Condition"])
    (record,) = (await care.outcome(request_id))["records"]
    assert record["version"] == 1
    (newest,) = (await care.ask())["records"]
    assert newest["version"] == 2


async def test_a_later_permit_does_not_open_a_denied_request(care: Care) -> None:
    await care.publish()
    request_id = (await care.request()).tx_id
    await care.answer(request_id)
    await care.grant(consent(**FOR_B))
    assert await care.outcome(request_id) == NOT_AVAILABLE


async def test_the_outcome_is_for_who_asked_only(care: Care) -> None:
    await care.publish()
    await care.grant(consent(**FOR_B))
    request_id = (await care.request()).tx_id
    await care.answer(request_id)
    others = [
        PEOPLE.of(B, "practitioner", 1),
        PEOPLE.of(B, "node"),
        PEOPLE.of(CLINIC, "practitioner"),
        care.node,
        care.patient,
    ]
    for other in others:
        assert await care.outcome(request_id, other) == NOT_AVAILABLE
    assert await care.outcome(UNKNOWN_REQUEST) == NOT_AVAILABLE


async def test_a_request_expires_after_an_hour(care: Care) -> None:
    await care.publish()
    await care.grant(consent(**FOR_B))
    request = await care.request()
    hour, instant = timedelta(hours=1), timedelta(microseconds=1)
    assert (await care.decision(request.tx_id, timestamp=request.timestamp + hour - instant))[
        "decision"
    ] == "permit"
    late = await care.decision(request.tx_id, timestamp=request.timestamp + hour)
    assert (late["decision"], late["trace"][0]["code"]) == ("deny", "request-expired")
    await care.answer(request.tx_id)
    before = await care.outcome(request.tx_id, timestamp=request.timestamp + hour - instant)
    assert before["status"] == "available"
    assert await care.outcome(request.tx_id, timestamp=request.timestamp + hour) == NOT_AVAILABLE


async def test_a_permit_found_before_the_hour_is_not_answered_after_it(care: Care) -> None:
    await care.publish()
    await care.grant(consent(**FOR_B))
    request = await care.request()
    hour, seconds = timedelta(hours=1), timedelta(seconds=10)
    private = await care.answering(request.tx_id, timestamp=request.timestamp + hour - seconds)
    with refused("finding-invalid"):
        await care.submit(
            "access:answer", A, by=care.node, private=private, timestamp=request.timestamp + hour
        )


async def test_an_expired_request_is_still_answered_with_a_denial(care: Care) -> None:
    request = await care.request()
    care.sim.now += timedelta(hours=2)
    assert await care.outcome(request.tx_id) == NOT_AVAILABLE
    await care.answer(request.tx_id)
    assert (await care.evaluate("access:pending", A, by=care.node))["requests"] == []


@pytest.mark.parametrize("number", [1000, 1001])
async def test_one_answer_releases_at_most_a_thousand_records(care: Care, number: int) -> None:
    for index in range(number):
        await care.publish(record_id=hex_id(f"record {index}"))
    decided = await care.decision((await care.request(PEOPLE.of(A, "practitioner"))).tx_id)
    assert len(decided["records"]) == (1000 if number == 1000 else 0)
    assert decided["trace"][0]["code"] == ("own-treatment" if number == 1000 else "too-many-records")


async def test_every_outcome_is_acknowledged_by_who_asked(care: Care) -> None:
    await care.publish()
    for _ in range(2):
        request_id = (await care.request()).tx_id
        with refused("not-answered"):
            private = {"request_id": request_id, "status": "not-available", "records": []}
            await care.submit("access:acknowledge", A, by=care.asker, private=private)
        await care.answer(request_id)
        result = await care.acknowledge(request_id)
        assert result.payload.decode() == result.tx_id
        with refused("request-unknown"):
            await care.submit("access:acknowledge", A, by=PEOPLE.of(B, "practitioner", 1), private=private)
        await care.grant(consent(hex_id(request_id), **FOR_B))
    with refused("request-unknown"):
        unknown = {**private, "request_id": UNKNOWN_REQUEST}
        await care.submit("access:acknowledge", A, by=care.asker, private=unknown)


@pytest.mark.parametrize(
    ("status", "records", "code"),
    [
        ("available", [], "input-invalid"),
        ("not-available", [{"record_id": RECORD, "version": 1}], "input-invalid"),
        ("available", [{"record_id": RECORD, "version": 2}], "records-not-answered"),
        ("pending", [], "input-invalid"),
    ],
)
async def test_a_receipt_that_contradicts_the_answer_is_refused(
    care: Care, status: str, records: list[object], code: str
) -> None:
    await care.publish()
    await care.grant(consent(**FOR_B))
    request_id = (await care.request()).tx_id
    await care.answer(request_id)
    with refused(code):
        private = {"request_id": request_id, "status": status, "records": records}
        await care.submit("access:acknowledge", A, by=care.asker, private=private)


async def test_unknown_requests_cannot_be_decided_or_answered(care: Care) -> None:
    private = await care.answering((await care.request()).tx_id)
    with refused("request-unknown"):
        await care.decision(UNKNOWN_REQUEST)
    with refused("request-unknown"):
        await care.submit(
            "access:answer", A, by=care.node, private={**private, "request_id": UNKNOWN_REQUEST}
        )


async def test_a_certificate_without_an_id_is_refused(care: Care) -> None:
    named = care.person("Jane Doe, MD", B, "practitioner")
    with pytest.raises(TransactionRefusedError, match="not-permitted") as caught:
        await care.request(named)
    assert "Jane" not in str(caught.value)


@pytest.mark.parametrize(
    "attributes",
    [
        {"care.role": "x" * 65},
        {"care.role": "two words"},
        {"care.groups": "x" * 65},
        {"care.groups": ",".join(str(number) for number in range(33))},
    ],
)
async def test_a_certificate_that_could_not_be_read_back_is_refused(
    care: Care, attributes: dict[str, str]
) -> None:
    with refused("not-permitted"):
        await care.request(TestIdentity.create(B, hex_id("somebody"), attributes=attributes))


async def test_groups_are_kept_with_the_request(care: Care) -> None:
    attributes = {"care.role": "practitioner", "care.groups": " emergency,icu,,emergency"}
    by = TestIdentity.create(B, hex_id("somebody"), attributes=attributes)
    result = await care.request(by)
    (value,) = [
        json.loads(written)
        for key, written in result.private_writes[f"_implicit_org_{A}"].items()
        if key.startswith("\0request\0")
    ]
    assert value["requester"]["groups"] == ["emergency", "icu"]
    await care.answer(result.tx_id)
