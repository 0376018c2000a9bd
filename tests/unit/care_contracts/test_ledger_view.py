"""What every member sees of a transaction: it must not depend on the patient, the consent or the decision."""

import hashlib
import json
from collections import Counter
from typing import Any

import pytest
from fabric_shim.testing import TransactionResult

from tests.unit.care_contracts.channel import (
    HANDLE,
    PEOPLE,
    RECORD,
    A,
    B,
    Care,
    consent,
    entry,
    hex_id,
)

COLLECTION = f"_implicit_org_{A}"
CUSTODY = "custody"


def kinds(names: Any) -> dict[str, int]:
    """How many keys of each object type there are."""
    return dict(Counter(name.split("\0")[1] if "\0" in name else name for name in names))


def shape(result: TransactionResult) -> dict[str, Any]:
    """All that a block shows of a transaction but ids, hashes and the arguments."""
    return {
        "public reads": sorted(result.reads.public),
        "ranges": result.reads.ranges,
        "private reads": {name: kinds(keys) for name, keys in result.reads.private.items()},
        "public writes": kinds(result.writes),
        "private writes": {
            name: (kinds(writes), kinds(key for key, value in writes.items() if value is None))
            for name, writes in result.private_writes.items()
        },
        "event": result.event and result.event.name,
        "response": (result.response.status, result.response.message, len(result.payload)),
    }


async def life(care: Care, **asked: Any) -> list[TransactionResult]:
    request = await care.request(**asked)
    return [request, await care.answer(request.tx_id), await care.acknowledge(request.tx_id)]


async def test_permit_deny_and_unknown_look_alike(care: Care) -> None:
    await care.publish()
    denied = await life(care)
    unknown = await life(care, handle=hex_id("nobody"))
    await care.grant(consent())
    permitted = await life(care)
    assert (await care.outcome(permitted[0].tx_id))["status"] == "available"
    for results in zip(permitted, denied, unknown, strict=True):
        shapes = [shape(result) for result in results]
        assert shapes[0] == shapes[1] == shapes[2]


async def test_the_shapes_are_these(care: Care) -> None:
    await care.publish()
    await care.grant(consent())
    request, answer, receipt = [shape(result) for result in await life(care)]
    institution_of_b = f"\0institution\0{B}\0"
    assert request["public reads"] == [institution_of_b]
    assert request["private reads"] == {COLLECTION: {CUSTODY: 1}}
    assert request["private writes"] == {
        COLLECTION: ({"request": 1, "patient-request": 1, "open-request": 1}, {})
    }
    assert answer["public reads"] == receipt["public reads"] == []
    assert answer["private reads"] == {COLLECTION: {CUSTODY: 1, "request": 1, "answer": 1}}
    assert answer["private writes"] == {
        COLLECTION: ({"decision": 1, "answer": 1, "open-request": 1}, {"open-request": 1})
    }
    assert receipt["private reads"] == {COLLECTION: {CUSTODY: 1, "request": 1, "answer": 1}}
    assert receipt["private writes"] == {COLLECTION: ({"receipt": 1}, {})}


async def every_submit(care: Care) -> list[TransactionResult]:
    """One transaction of each submitted function that touches a custodian's collection."""
    return [
        await care.publish(),
        await care.amend(),
        await care.grant(consent()),
        *await life(care),
        await care.revoke(hex_id("a consent")),
    ]


async def test_submits_read_privately_only_what_names_no_patient(care: Care) -> None:
    for result in await every_submit(care):
        read = result.reads.private[COLLECTION]
        written = set(result.private_writes[COLLECTION])
        by_request_id = {key for key in read if key.split("\0")[1:2] in (["request"], ["answer"])}
        assert read - by_request_id - written == {CUSTODY}
        assert not result.writes, "no transaction writes both public state and a collection"
        assert set(result.private_writes) == {COLLECTION}


async def test_no_submit_reads_the_public_key_of_a_patient_who_does_not_sign_it(care: Care) -> None:
    grants = 0
    for result in await every_submit(care):
        bindings = {key for key in result.reads.public if "binding" in key}
        grants += bool(bindings)
        assert not bindings or bindings == {f"\0binding\0{HANDLE}\0"}
    assert grants == 2, "the grant and the revocation, which the patient signs"


async def test_a_response_is_the_transaction_id_and_events_hold_no_content(care: Care) -> None:
    payloads = {}
    for result in await every_submit(care):
        assert result.payload.decode() == result.tx_id
        if result.event is not None:
            payloads[result.event.name] = result.event.payload
    request_id = json.loads(payloads.pop("access.answered"))["request_id"]
    assert len(request_id) == 64
    assert payloads == {
        "record.published": b"",
        "access.requested": json.dumps({"custodian": A}, separators=(",", ":")).encode(),
    }


async def test_private_keys_and_values_cannot_be_guessed(care: Care) -> None:
    await every_submit(care)
    stored = care.sim.private_state(COLLECTION)
    salts = []
    for key, value in stored.items():
        assert HANDLE not in key
        if key == CUSTODY:
            continue
        salts.append(json.loads(value)["salt"])
        kind, *attributes = key.split("\0")[1:-1]
        if kind in ("record", "consent", "patient-request"):
            plain = {hashlib.sha256(text.encode()).hexdigest() for text in (HANDLE, f"patient{HANDLE}")}
            assert len(attributes[0]) == 64
            assert attributes[0] not in plain
        else:
            assert len(attributes[0]) == 64, "a transaction id"
    assert len(set(salts)) == len(salts)


async def test_two_custodians_call_the_same_patient_by_different_names(care: Care) -> None:
    await care.publish(A)
    await care.publish(B)
    names = [
        {key.split("\0")[2] for key in care.sim.private_state(f"_implicit_org_{msp_id}") if "record" in key}
        for msp_id in (A, B)
    ]
    assert names[0].isdisjoint(names[1])


async def test_evaluating_a_request_tells_nothing(care: Care) -> None:
    await care.publish()
    await care.grant(consent())
    seen = []
    for handle in (HANDLE, hex_id("nobody")):
        private = json.dumps({"handle": handle, "purpose": "TREAT"}).encode()
        result = await care.sim.evaluate("access:request", [A], creator=care.asker, transient={"in": private})
        seen.append(shape(result))
        assert result.payload.decode() == result.tx_id
    assert seen[0] == seen[1]


async def test_the_same_inputs_give_the_same_writes(fresh: Care) -> None:
    other = Care()
    signed = fresh.signed(consent())
    seen = []
    for care in (fresh, other):
        await care.ready()
        results = [
            await care.publish(),
            await care.submit("consent:grant", A, by=care.patient, private=signed),
            *await life(care),
        ]
        seen.append(
            [(result.tx_id, result.writes, result.private_writes, result.payload) for result in results]
        )
    assert seen[0] == seen[1]


async def test_a_stranger_is_told_the_same_about_known_and_unknown_patients(care: Care) -> None:
    await care.publish()
    stranger = PEOPLE.of(B, "practitioner")
    for function, extra in (
        ("ehr:list", {}),
        ("ehr:history", {"record_id": RECORD}),
        ("consent:list", {}),
        ("audit:disclosures", {}),
        ("audit:history", {"record_id": RECORD}),
    ):
        said = set()
        for handle in (HANDLE, hex_id("nobody")):
            with pytest.raises(Exception, match="not-permitted") as caught:
                await care.evaluate(function, A, by=stranger, private={"handle": handle, **extra})
            said.add(str(caught.value))
        assert len(said) == 1


async def test_a_bug_or_a_refusal_never_repeats_what_was_given(care: Care) -> None:
    secret = "Jane-Doe-1970"
    attempts = [
        ("ehr:publish", care.registrar, entry(**{secret: 1})),
        ("ehr:publish", care.registrar, entry(handle=secret)),
        ("ehr:publish", care.registrar, entry(types=[secret], type=secret)),
        ("ehr:publish", care.registrar, f'{{"{secret}'.encode()),
        ("ehr:publish", care.registrar, f'{{"{secret}":1,"{secret}":2}}'.encode()),
        ("consent:grant", care.patient, care.signed(consent(**{secret: secret}))),
        ("consent:grant", care.patient, care.signed(consent(kind=secret))),
        ("access:request", care.asker, {"handle": HANDLE, "purpose": secret}),
        ("access:request", care.asker, {"handle": HANDLE, "purpose": "TREAT", "types": [secret]}),
    ]
    for function, by, private in attempts:
        with pytest.raises(Exception, match=r"^(input-invalid|consent-\w+|purpose-unknown): ") as caught:
            await care.submit(function, A, by=by, private=private)
        assert secret not in str(caught.value)


async def test_only_the_key_in_is_taken_from_the_transient_map(care: Care) -> None:
    with pytest.raises(Exception, match="input-invalid"):
        await care.sim.submit("ehr:publish", [A], creator=care.registrar, transient={"in": b"{}", "x": b"{}"})
