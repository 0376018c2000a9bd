"""Binding a handle to a key, and to the next key."""

import pytest
from care_rules import signing
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fabric_shim.testing import TestIdentity

from tests.unit.care_contracts.channel import (
    CHANNEL,
    HANDLE,
    PEOPLE,
    A,
    B,
    Care,
    b64,
    consent,
    hex_id,
    refused,
    sign,
    spki,
)

NEW = PEOPLE.of(B, "patient", 7)


def proof(by: TestIdentity = NEW, version: int = 2, handle: str = HANDLE, channel: str = CHANNEL) -> str:
    return sign(by, signing.rebind(channel, handle, spki(NEW), version))


async def test_a_handle_is_bound_to_the_callers_key(care: Care) -> None:
    bound = await care.evaluate("patients:get", HANDLE, by=PEOPLE.of(B, ""))
    assert (bound["public_key"], bound["home"], bound["version"]) == (spki(care.patient), A, 1)
    handle = hex_id("another")
    result = await care.submit("patients:bind", handle, by=NEW)
    assert (result.event.name, result.event.payload) == ("patient.bound", b"")
    assert result.private_writes == {}


async def test_whom_a_registrar_made_a_patient_is_nothing_else(care: Care) -> None:
    """A registrar may give `care.patient` only; beside a role it means nothing."""
    made = TestIdentity.create(B, hex_id("made"), attributes={"care.patient": "true"})
    await care.submit("patients:bind", hex_id("made handle"), by=made)
    for attributes in ({"care.patient": "false"}, {"care.patient": "true", "care.role": "registrar"}):
        other = TestIdentity.create(B, hex_id("other"), attributes=attributes)
        with refused("not-permitted"):
            await care.submit("patients:bind", hex_id("another"), by=other)


@pytest.mark.parametrize("role", ["", "practitioner", "registrar", "administrator", "node"])
async def test_only_patients_bind(care: Care, role: str) -> None:
    with refused("not-permitted"):
        await care.submit("patients:bind", hex_id("another"), by=PEOPLE.of(A, role))


async def test_a_second_certificate_of_a_bound_patient_gets_nowhere(care: Care) -> None:
    with refused("handle-taken"):
        await care.submit("patients:bind", HANDLE, by=NEW)
    forger = PEOPLE.of(A, "patient", 8)
    private = care.signed(consent(), by=forger)
    with refused("not-permitted"):
        await care.submit("consent:grant", A, by=forger, private=private)
    with refused("not-permitted"):
        await care.submit("patients:rebind", HANDLE, spki(NEW), proof(), by=forger)


async def test_the_holder_of_the_key_moves_the_handle_to_a_new_one(care: Care) -> None:
    await care.submit("patients:rebind", HANDLE, spki(NEW), proof(), by=care.patient)
    bound = await care.evaluate("patients:get", HANDLE, by=PEOPLE.of(B, ""))
    assert (bound["public_key"], bound["home"], bound["version"]) == (spki(NEW), A, 2)
    with refused("not-permitted"):
        await care.grant(consent())
    await care.submit("consent:grant", A, by=NEW, private=care.signed(consent(), by=NEW))


@pytest.mark.parametrize(
    "wrong",
    [
        proof(by=PEOPLE.of(A, "patient")),
        proof(version=3),
        proof(handle=hex_id("other")),
        proof(channel="other"),
        "",
        "AAAA",
    ],
)
async def test_a_rebinding_needs_the_new_keys_proof(care: Care, wrong: str) -> None:
    with refused("signature-invalid"):
        await care.submit("patients:rebind", HANDLE, spki(NEW), wrong, by=care.patient)


async def test_only_p256_keys_in_their_usual_encoding_are_bound(care: Care) -> None:
    other_curve = ec.generate_private_key(ec.SECP384R1()).public_key()
    compressed = NEW.private_key.public_key().public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    spki_of_other = other_curve.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    for key in (b64(spki_of_other), b64(compressed), "AAAA", "!"):
        with refused("key-unsupported"):
            await care.submit("patients:rebind", HANDLE, key, proof(), by=care.patient)


async def test_handles_are_random_ids(care: Care) -> None:
    for handle in ("", "Jane", HANDLE.upper(), HANDLE + "0", HANDLE + "\n"):
        with refused("input-invalid"):
            await care.submit("patients:bind", handle, by=NEW)
    with refused("handle-unknown"):
        await care.evaluate("patients:get", hex_id("nobody"), by=NEW)
    with refused("handle-unknown"):
        await care.submit("patients:rebind", hex_id("nobody"), spki(NEW), proof(), by=NEW)
