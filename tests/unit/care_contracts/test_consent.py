"""Granting, revoking and listing consents."""

from typing import Any

import pytest

from tests.unit.care_contracts.channel import (
    HANDLE,
    PEOPLE,
    REGULATOR,
    A,
    B,
    Care,
    consent,
    hex_id,
    refused,
    sign,
)

CONSENT = hex_id("a consent")


async def listed(care: Care, **options: Any) -> list[dict[str, Any]]:
    return (await care.evaluate("consent:list", A, by=care.patient, private={"handle": HANDLE}, **options))[
        "consents"
    ]


async def test_a_consent_is_granted_and_revoked(care: Care) -> None:
    granted = await care.grant(consent())
    (shown,) = await listed(care)
    assert (shown["status"], shown["version"], shown["consent"]) == ("active", 1, consent())
    assert shown["transaction_id"] == granted.tx_id
    await care.revoke(CONSENT)
    (shown,) = await listed(care)
    assert (shown["status"], shown["version"], shown["finding"]) == ("inactive", 2, None)
    assert shown["revoked_at"] > shown["granted_at"]


async def test_only_the_patient_grants(care: Care) -> None:
    others = [
        PEOPLE.of(A, role)
        for role in ("registrar", "practitioner", "privacy-officer", "administrator", "node")
    ]
    for other in [*others, PEOPLE.of(A, "patient", 5), PEOPLE.of(B, "patient")]:
        with refused("not-permitted"):
            await care.submit("consent:grant", A, by=other, private=care.signed(consent()))


async def test_only_the_patient_revokes(care: Care) -> None:
    await care.grant(consent())
    private = await care.revocation(CONSENT)
    for other in (PEOPLE.of(A, "privacy-officer"), PEOPLE.of(A, "node"), PEOPLE.of(A, "patient", 5)):
        with refused("not-permitted"):
            await care.submit("consent:revoke", A, by=other, private=private)


async def test_the_signature_covers_channel_custodian_and_content(care: Care) -> None:
    signed = care.signed(consent())
    wrong = [
        {**signed, "consent": consent(kind="deny")},
        care.signed(consent(), custodian=B),
        care.signed(consent(), by=PEOPLE.of(A, "patient", 5)),
        {**signed, "signature": sign(care.patient, b"{}")},
        {**signed, "signature": "AAAA"},
        {**signed, "signature": "?"},
    ]
    for private in wrong:
        with refused("signature-invalid"):
            await care.submit("consent:grant", A, by=care.patient, private=private)
    await care.submit("consent:grant", A, by=care.patient, private=signed)
    with refused("signature-invalid"):
        await care.submit("consent:grant", B, by=care.patient, private=signed)


async def test_a_revocations_signature_is_for_one_consent_at_one_custodian(care: Care) -> None:
    await care.grant(consent())
    await care.grant(consent(hex_id("other")))
    first, second = [await care.revocation(name) for name in (CONSENT, hex_id("other"))]
    with refused("signature-invalid"):
        await care.submit(
            "consent:revoke", A, by=care.patient, private={**first, "signature": second["signature"]}
        )
    for finding in (second["finding"], "x"):
        with refused("finding-invalid"):
            await care.submit("consent:revoke", A, by=care.patient, private={**first, "finding": finding})
    with refused("finding-invalid"):
        await care.submit("consent:revoke", B, by=care.patient, private=first)


async def test_a_consent_is_revoked_once_and_does_not_come_back(care: Care) -> None:
    await care.grant(consent())
    private = await care.revocation(CONSENT)
    await care.submit("consent:revoke", A, by=care.patient, private=private)
    with refused("consent-inactive"):
        await care.submit("consent:revoke", A, by=care.patient, private=private)
    await care.grant(consent())
    assert [item["status"] for item in await listed(care)] == ["inactive"]


async def test_granting_again_changes_nothing_and_other_content_is_refused(care: Care) -> None:
    first = await care.grant(consent())
    again = await care.grant(consent())
    assert again.private_writes == first.private_writes
    with refused("consent-exists"):
        await care.grant(consent(kind="deny"))


async def test_another_patients_consent_is_refused(care: Care) -> None:
    foreign = {
        **consent(),
        "patient": {"identifier": {"system": "urn:carechannel:handle", "value": hex_id("x")}},
    }
    with refused("consent-invalid"):
        await care.grant(foreign)


async def test_a_consent_dated_in_the_future_is_refused(care: Care) -> None:
    with refused("consent-invalid"):
        await care.grant({**consent(), "dateTime": "2026-01-01T00:10:00Z"})
    await care.grant({**consent(), "dateTime": "2026-01-01T00:05:00Z"})


async def test_an_unsupported_element_is_refused_by_its_path(care: Care) -> None:
    with refused("consent-unsupported") as caught:
        await care.grant(consent(securityLabel=[]))
    assert "consent-unsupported: Consent.provision.securityLabel " in str(caught.value)


@pytest.mark.parametrize("role", ["privacy-officer", "registrar", "node", "patient"])
async def test_the_patient_and_the_custodians_people_list(care: Care, role: str) -> None:
    await care.grant(consent())
    got = await care.evaluate("consent:list", A, by=PEOPLE.of(A, role), private={"handle": HANDLE})
    assert len(got["consents"]) == 1


@pytest.mark.parametrize(
    ("msp_id", "role"),
    [
        (A, "practitioner"),
        (A, ""),
        (A, "auditor"),
        (B, "privacy-officer"),
        (B, "node"),
        (REGULATOR, "auditor"),
    ],
)
async def test_nobody_else_lists(care: Care, msp_id: str, role: str) -> None:
    with refused("not-permitted"):
        await care.evaluate("consent:list", A, by=PEOPLE.of(msp_id, role), private={"handle": HANDLE})
