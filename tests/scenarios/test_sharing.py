"""The main job: a record goes from one hospital to another under the patient's consent, and stops with it."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from carechannel.consents import draft
from carechannel.errors import NotAvailableError, RefusedError
from cryptography.x509.oid import NameOID
from fabric_gateway.network import Network as Channel

from tests.scenarios.conftest import CHANNEL, Network
from tests.scenarios.people import CUSTODIAN, READER, Patient, new_patient, observation

RECORD = observation()


@pytest.fixture
async def patient(network: Network, tmp_path: Path) -> Patient:
    return await new_patient(network, tmp_path / "wallet")


@pytest.fixture
async def record_id(network: Network, patient: Patient) -> str:
    async with network.consortium("hospital-a", "registrar") as consortium:
        return (await consortium.records.publish(patient.handle, RECORD)).record_id


async def permit(patient: Patient, **limits: object) -> str:
    consent = draft(patient.handle, **limits)  # type: ignore[arg-type]
    async with patient.connected() as consortium:
        await consortium.consents.grant(patient.handle, consent, custodian=CUSTODIAN)
    return str(consent["id"])


async def read(network: Network, patient: Patient, organization: str, purpose: str = "TREAT") -> list[bytes]:
    """What a practitioner gets; empty for "not available"."""
    async with network.consortium(organization, "practitioner") as consortium:
        try:
            records = await consortium.records.read(patient.wallet.code(), purpose=purpose)
        except NotAvailableError:
            return []
    return [record.data for record in records]


async def test_nothing_without_consent_and_equal_bytes_with_it(
    network: Network, patient: Patient, record_id: str
) -> None:
    assert await read(network, patient, "hospital-b") == []
    consent_id = await permit(patient, institutions=[READER], purposes=["TREAT"])
    assert await read(network, patient, "hospital-b") == [RECORD]
    assert await read(network, patient, "clinic") == []
    async with patient.connected() as consortium:
        await consortium.consents.revoke(patient.handle, consent_id, custodian=CUSTODIAN)
    assert await read(network, patient, "hospital-b") == []


async def test_a_client_only_member_reads_with_its_own_key(
    network: Network, patient: Patient, record_id: str
) -> None:
    await permit(patient, institutions=["ClinicMSP"])
    assert await read(network, patient, "clinic") == [RECORD]
    assert await read(network, patient, "hospital-b") == []


async def test_a_deny_beats_a_permit(network: Network, patient: Patient, record_id: str) -> None:
    await permit(patient, institutions=[READER])
    await permit(patient, kind="deny", institutions=[READER], types=["Observation"])
    assert await read(network, patient, "hospital-b") == []


@pytest.mark.parametrize(
    "limits",
    [
        {"purposes": ["HRESCH"]},
        {"types": ["Condition"]},
        {"end": datetime.now(UTC) - timedelta(days=1)},
        {"start": datetime.now(UTC) + timedelta(days=1)},
        {"staff": ["HospitalBMSP/0000000000000000000000000000dead"]},
    ],
    ids=["other purpose", "other type", "ended", "not begun", "other person"],
)
async def test_a_permit_opens_only_what_it_says(
    network: Network, patient: Patient, record_id: str, limits: dict[str, object]
) -> None:
    await permit(patient, **({} if "staff" in limits else {"institutions": [READER]}), **limits)
    assert await read(network, patient, "hospital-b") == []


async def test_an_amendment_is_what_is_read_and_both_versions_are_kept(
    network: Network, patient: Patient, record_id: str
) -> None:
    amended = observation(value="12.9")
    await permit(patient, institutions=[READER])
    async with network.consortium("hospital-a", "registrar") as consortium:
        await consortium.records.amend(patient.handle, record_id, amended)
        versions = await consortium.records.history(patient.handle, record_id)
    assert [version.version for version in versions] == [1, 2]
    assert await read(network, patient, "hospital-b") == [amended]


async def test_revocation_closes_an_answer_that_was_not_fetched(
    network: Network, patient: Patient, record_id: str
) -> None:
    consent_id = await permit(patient, institutions=[READER])
    async with network.consortium("hospital-b", "practitioner") as consortium:
        request = await consortium.access.request(patient.wallet.code(), custodian=CUSTODIAN)
        assert (await consortium.access.outcome(request)).status == "available"
        async with patient.connected() as home:
            await home.consents.revoke(patient.handle, consent_id, custodian=CUSTODIAN)
        assert (await consortium.access.outcome(request)).status == "not-available"


async def test_an_outcome_is_for_who_asked(network: Network, patient: Patient, record_id: str) -> None:
    await permit(patient, institutions=[READER])
    async with network.consortium("hospital-b", "practitioner") as consortium:
        request = await consortium.access.request(patient.wallet.code(), custodian=CUSTODIAN)
        assert (await consortium.access.outcome(request)).status == "available"
    for organization, alias in (("clinic", "practitioner"), ("hospital-b", "registrar")):
        async with network.consortium(organization, alias) as consortium:
            assert (await consortium.access.outcome(request)).status == "not-available"


async def test_the_auditor_sees_every_request_and_each_entry_stands_in_its_block(
    network: Network, patient: Patient, record_id: str
) -> None:
    await read(network, patient, "hospital-b")
    await permit(patient, institutions=[READER])
    await read(network, patient, "hospital-b")
    async with network.consortium("regulator", "auditor") as consortium:
        entries = await consortium.audit.disclosures(CUSTODIAN, handle=patient.handle)
        versions = await consortium.audit.history(CUSTODIAN, patient.handle, record_id)
    assert all(entry.verified for entry in [*entries, *versions])
    assert sorted(entry.kind for entry in entries) == sorted(2 * ["request", "decision", "answer", "receipt"])
    decided = [entry.details["decision"] for entry in entries if entry.kind == "decision"]
    assert sorted(map(str, decided)) == ["deny", "permit"]
    async with patient.connected() as consortium:
        own = await consortium.audit.disclosures(CUSTODIAN, handle=patient.handle)
    assert len(own) == len(entries)


async def test_permit_and_deny_have_one_shape_on_the_ledger(
    network: Network, patient: Patient, record_id: str, tmp_path: Path
) -> None:
    stranger = await new_patient(network, tmp_path / "stranger")
    await permit(patient, institutions=[READER])
    assert await read(network, patient, "hospital-b") == [RECORD]
    assert await read(network, stranger, "hospital-b") == []

    shapes = []
    async with (
        network.consortium("regulator", "auditor") as consortium,
        network.gateway("regulator", "auditor") as gateway,
    ):
        channel = gateway.network(CHANNEL)
        for person in (patient, stranger):
            entries = await consortium.audit.disclosures(CUSTODIAN, handle=person.handle)
            transactions = sorted({entry.transaction_id for entry in entries})
            shapes.append([await _shape(channel, transaction) for transaction in transactions])
    assert sorted(map(str, shapes[0])) == sorted(map(str, shapes[1]))
    assert len(shapes[0]) == 3


async def _shape(channel: Channel, transaction_id: str) -> tuple[object, ...]:
    """All that another member sees of a transaction, random values replaced by their lengths."""
    transaction = (await channel.block_by_transaction_id(transaction_id)).transaction(transaction_id)
    assert transaction is not None and transaction.invocation is not None
    call = transaction.invocation
    sets = call.read_write_set
    return (
        list(call.arguments),
        len(call.response_payload),
        call.event and (call.event.event_name, len(call.event.payload)),
        sorted(read.key for read in sets.reads),
        len(sets.private_reads),
        sorted((write.collection, write.is_delete, write.is_purge) for write in sets.private_writes),
        len(sets.writes),
    )


@pytest.mark.parametrize(
    ("organization", "alias"),
    [("hospital-b", "practitioner"), ("clinic", "registrar"), ("regulator", "auditor")],
)
async def test_other_members_may_not_list_a_patient(
    network: Network, patient: Patient, record_id: str, organization: str, alias: str
) -> None:
    async with network.consortium(organization, alias) as consortium:
        with pytest.raises(RefusedError):
            await consortium.records.list(patient.handle, custodian=CUSTODIAN)
        with pytest.raises(RefusedError):
            await consortium.consents.list(patient.handle, custodian=CUSTODIAN)


async def test_nobody_but_the_patient_grants(
    network: Network, patient: Patient, record_id: str, tmp_path: Path
) -> None:
    other = await new_patient(network, tmp_path / "other")
    consent = draft(patient.handle, institutions=[READER])
    async with other.connected() as consortium:
        with pytest.raises(RefusedError):
            await consortium.consents.grant(patient.handle, consent, custodian=CUSTODIAN)
    async with network.consortium("hospital-a", "registrar") as consortium:
        with pytest.raises(RefusedError):
            await consortium.consents.grant(patient.handle, consent, custodian=CUSTODIAN)
    assert await read(network, patient, "hospital-b") == []


async def test_the_second_consortium_knows_nothing_of_the_first(
    network: Network, patient: Patient, record_id: str
) -> None:
    async with network.consortium("hospital-a", "registrar", channel="cancer-registry") as consortium:
        with pytest.raises(RefusedError) as refused:
            await consortium.patients.get(patient.handle)
        assert refused.value.code == "handle-unknown"
        assert await consortium.records.list(patient.handle) == ()


async def test_any_client_can_learn_every_function(network: Network) -> None:
    """Contract metadata, as clients of other languages read it."""
    async with network.gateway("clinic", "practitioner") as gateway:
        contract = gateway.network(CHANNEL).contract("care", "org.hyperledger.fabric")
        metadata = json.loads(await contract.evaluate_transaction("GetMetadata"))
    contracts = metadata["contracts"]
    assert {"institutions", "patients", "ehr", "consent", "access", "audit"} <= set(contracts)
    request = next(t for t in contracts["access"]["transactions"] if t["name"] == "request")
    assert "submit" in request["tag"]
    assert [parameter["name"] for parameter in request["parameters"]] == ["custodian"]


async def test_every_certificate_on_the_ledger_has_a_random_subject(
    network: Network, patient: Patient, record_id: str
) -> None:
    names = set()
    async with network.gateway("regulator", "auditor") as gateway:
        channel = gateway.network(CHANNEL)
        for number in range((await channel.chain_info()).height):
            for transaction in (await channel.block_by_number(number)).transactions:
                if transaction.invocation is not None and transaction.creator is not None:
                    subject = transaction.creator.certificate.subject
                    names |= {str(a.value) for a in subject.get_attributes_for_oid(NameOID.COMMON_NAME)}
    assert len(names) > 3
    assert all(re.fullmatch(r"[0-9a-f]{32}", name) for name in names), names
