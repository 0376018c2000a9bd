"""The life of a record through the client's own services and the real chaincode, on a ledger in memory."""

from __future__ import annotations

import asyncio
import base64
import dataclasses
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from carechannel.access import AccessRequest
from carechannel.audit import bears_out, told_by
from carechannel.code import PatientCode
from carechannel.consents import draft
from carechannel.errors import (
    AnswerPendingError,
    BlobMissingError,
    BlobTamperedError,
    NotAvailableError,
    OutcomeUnknownError,
    PatientCodeError,
    RefusedError,
    SealError,
    UnknownHandleError,
)
from carechannel.replies import AuditEntry
from fabric_gateway import ChaincodeEvent

from tests.unit.carechannel.conftest import PATIENT_JSON, Care
from tests.unit.carechannel.simulated import CLINIC, REGULATOR, A, B, Member

WAIT = 5.0


@asynccontextmanager
async def answering(care: Care) -> AsyncIterator[None]:
    work = asyncio.create_task(care.member(A, "node").agent().run())
    try:
        yield
    finally:
        work.cancel()
        await asyncio.gather(work, return_exceptions=True)


async def publish(care: Care, data: bytes = PATIENT_JSON) -> str:
    return (await care.member(A, "registrar").records.publish(care.handle, data)).record_id


async def permit(care: Care, **scope: object) -> str:
    options = {"institutions": [B], "purposes": ["TREAT"], **scope}
    consent = draft(care.handle, **options)  # type: ignore[arg-type]
    await care.patient.consents.grant(care.handle, consent, custodian=A)
    return str(consent["id"])


async def test_the_whole_story(care: Care, b_practitioner: Member) -> None:
    record_id = await publish(care)
    clinic = care.member(CLINIC, "practitioner")
    async with answering(care):
        with pytest.raises(NotAvailableError):
            await b_practitioner.records.read(care.code, wait=WAIT)
        consent_id = await permit(care)
        (record,) = await b_practitioner.records.read(care.code, wait=WAIT)
        assert (record.data, record.record_id, record.version) == (PATIENT_JSON, record_id, 1)
        with pytest.raises(NotAvailableError):
            await clinic.records.read(care.code, wait=WAIT)
        await care.patient.consents.revoke(care.handle, consent_id, custodian=A)
        with pytest.raises(NotAvailableError):
            await b_practitioner.records.read(care.code, wait=WAIT)
    entries = await care.member(REGULATOR, "auditor").audit.disclosures(A, handle=care.handle)
    decided = [entry.details["decision"] for entry in entries if entry.kind == "decision"]
    assert sorted(decided) == ["deny", "deny", "deny", "permit"]
    assert len(entries) == 16
    assert all(entry.verified for entry in entries)


async def test_an_amended_record_has_two_versions_and_the_newest_is_read(
    care: Care, b_practitioner: Member
) -> None:
    registrar = care.member(A, "registrar")
    record_id = await publish(care)
    newer = PATIENT_JSON.replace(b"other", b"female")
    amended = await registrar.records.amend(care.handle, record_id, newer)
    assert (amended.record_id, amended.version) == (record_id, 2)
    assert [item.version for item in await registrar.records.history(care.handle, record_id)] == [1, 2]
    assert [item.version for item in await care.patient.records.list(care.handle)] == [2]
    await permit(care)
    async with answering(care):
        (record,) = await b_practitioner.records.read(care.code, wait=WAIT)
    assert record.data == newer
    history = await care.member(REGULATOR, "auditor").audit.history(A, care.handle, record_id)
    assert [entry.verified for entry in history] == [True, True]


async def test_amending_an_unknown_record_is_refused(care: Care) -> None:
    with pytest.raises(RefusedError, match="no record of that id") as refused:
        await care.member(A, "registrar").records.amend(care.handle, "ab" * 16, PATIENT_JSON)
    assert refused.value.code == "record-unknown"


async def test_an_unknown_handle_changes_nothing(care: Care) -> None:
    before = len(care.chain.results)
    with pytest.raises(UnknownHandleError):
        await care.member(A, "registrar").records.publish("ab" * 16, PATIENT_JSON)
    assert len(care.chain.results) == before
    assert not list((care.root / A / "blobs").rglob("*"))


async def test_who_may_not_publish_leaves_no_pending_entry(care: Care) -> None:
    with pytest.raises(RefusedError) as refused:
        await care.member(A, "auditor").records.publish(care.handle, PATIENT_JSON)
    assert refused.value.code == "not-permitted"
    assert await care.member(A, "registrar").records.resume() == []


async def test_a_code_of_another_consortium_is_refused(care: Care, b_practitioner: Member) -> None:
    with pytest.raises(PatientCodeError):
        await b_practitioner.records.read(PatientCode("elsewhere", care.handle, (A,)), wait=WAIT)


async def test_without_an_agent_the_answer_is_not_there_yet(care: Care, b_practitioner: Member) -> None:
    request = await b_practitioner.access.request(care.code, custodian=A)
    with pytest.raises(AnswerPendingError):
        await b_practitioner.access.outcome(request, wait=0.05)


async def test_an_event_of_an_answer_that_is_not_there_ends_no_wait(
    care: Care, b_practitioner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Any member's peer can endorse an event with the name and the request id of another's answer."""
    request = await b_practitioner.access.request(care.code, custodian=A)
    forged = ChaincodeEvent(
        2, "0" * 64, "care", "access.answered", json.dumps({"request_id": request.request_id}).encode()
    )
    told = care.chain.event
    monkeypatch.setattr(
        care.chain, "event", lambda number: forged if number == request.block_number else told(number)
    )
    waiting = asyncio.create_task(b_practitioner.access.outcome(request, wait=WAIT))
    await asyncio.sleep(0.05)
    await care.member(A, "node").agent().answer(request.request_id)
    assert (await waiting).status == "not-available"


async def test_an_agent_that_starts_late_answers_what_is_open(care: Care, b_practitioner: Member) -> None:
    request = await b_practitioner.access.request(care.code, custodian=A)
    assert await care.member(A, "node").agent().answer_open() == 1
    assert (await b_practitioner.access.outcome(request, wait=WAIT)).status == "not-available"
    assert await care.member(A, "node").agent().answer_open() == 0


async def test_two_agents_answer_once(care: Care, b_practitioner: Member) -> None:
    request = await b_practitioner.access.request(care.code, custodian=A)
    first, second = care.member(A, "node").agent(), care.member(A, "node").agent()
    await first.answer(request.request_id)
    before = len(care.chain.results)
    await second.answer(request.request_id)
    assert len(care.chain.results) == before


async def test_an_agent_whose_clock_is_past_the_expiry_releases_nothing(
    care: Care, b_practitioner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(care)
    await permit(care)
    request = await b_practitioner.access.request(care.code, custodian=A)

    class Later(datetime):
        @classmethod
        def now(cls, tz: object = None) -> datetime:
            return datetime.now(UTC) + timedelta(hours=2)

    monkeypatch.setattr("carechannel.agent.datetime", Later)
    before = len(care.chain.results)
    await care.member(A, "node").agent().answer(request.request_id)
    assert len(care.chain.results) == before


async def test_permit_and_denial_go_to_the_peer_in_the_same_size(
    care: Care, b_practitioner: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    await publish(care)
    sizes = []
    agent = care.member(A, "node").agent()
    submit = agent._ledger.submit

    async def measured(function: str, *arguments: str, **options: object) -> object:
        sizes.append(len(json.dumps(options["content"], separators=(",", ":"))))
        return await submit(function, *arguments, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(agent._ledger, "submit", measured)
    denied = await b_practitioner.access.request(care.code, custodian=A)
    await agent.answer(denied.request_id)
    await permit(care)
    permitted = await b_practitioner.access.request(care.code, custodian=A)
    await agent.answer(permitted.request_id)
    assert (await b_practitioner.access.outcome(permitted, wait=WAIT)).status == "available"
    assert abs(sizes[0] - sizes[1]) < 8


async def test_a_missing_and_a_tampered_blob_are_told_apart(care: Care, b_practitioner: Member) -> None:
    await publish(care)
    await permit(care)
    (blob,) = [path for path in (care.root / A / "blobs").rglob("*") if path.is_file()]
    content = blob.read_bytes()
    async with answering(care):
        blob.write_bytes(content[:-1] + bytes([content[-1] ^ 1]))
        with pytest.raises(BlobTamperedError):
            await b_practitioner.records.read(care.code, wait=WAIT)
        blob.unlink()
        with pytest.raises(BlobMissingError):
            await b_practitioner.records.read(care.code, wait=WAIT)


async def test_an_answer_does_not_open_under_another_request(care: Care, b_practitioner: Member) -> None:
    await publish(care)
    await permit(care)
    request = await b_practitioner.access.request(care.code, custodian=A)
    await care.member(A, "node").agent().answer(request.request_id)
    outcome = await b_practitioner.access.outcome(request, wait=WAIT)
    with pytest.raises(SealError):
        await b_practitioner.records.open(AccessRequest(A, "ab" * 32), outcome)


async def test_somebody_elses_outcome_is_not_available(care: Care, b_practitioner: Member) -> None:
    await publish(care)
    await permit(care)
    request = await b_practitioner.access.request(care.code, custodian=A)
    await care.member(A, "node").agent().answer(request.request_id)
    colleague = care.member(B, "practitioner")
    assert (await colleague.access.outcome(request, wait=WAIT)).status == "not-available"


async def test_revoking_what_is_unknown_or_revoked_is_refused(care: Care) -> None:
    consent_id = await permit(care)
    with pytest.raises(RefusedError) as unknown:
        await care.patient.consents.revoke(care.handle, "ab" * 16, custodian=A)
    assert unknown.value.code == "consent-unknown"
    await care.patient.consents.revoke(care.handle, consent_id, custodian=A)
    with pytest.raises(RefusedError) as again:
        await care.patient.consents.revoke(care.handle, consent_id, custodian=A)
    assert again.value.code == "consent-inactive"


async def test_nobody_but_the_patient_can_grant(care: Care) -> None:
    stranger = care.member(A, "patient")
    with pytest.raises(RefusedError) as refused:
        await stranger.consents.grant(care.handle, draft(care.handle, institutions=[B]), custodian=A)
    assert refused.value.code in {"not-permitted", "signature-invalid"}


async def test_joining_and_approving_again_does_nothing(care: Care) -> None:
    administrator = care.member(A, "administrator")
    assert await administrator.institutions.join() == ()
    assert await administrator.institutions.approve_all() == {}
    assert {entry.status for entry in await administrator.institutions.list()} == {"active"}


async def test_an_audit_entry_that_was_changed_is_not_borne_out(care: Care, b_practitioner: Member) -> None:
    await b_practitioner.access.request(care.code, custodian=A)
    auditor = care.member(A, "auditor")
    (entry,) = [item for item in await auditor.audit.disclosures(A) if item.kind == "request"]
    assert entry.verified
    page = await auditor.audit._ask("audit:disclosures", A, {})
    stored = next(item for item in page.entries if item.kind == "request")
    block = await auditor.ledger.block_of(entry.transaction_id)
    changed = stored.model_copy(update={"value": base64.b64encode(b"{}").decode()})
    assert bears_out(stored, block)
    assert not bears_out(changed, block)
    assert not bears_out(stored.model_copy(update={"key": "another"}), block)
    assert not bears_out(stored, dataclasses.replace(block, data_hash=b"another"))
    assert isinstance(stored, AuditEntry)


async def test_what_an_audit_entry_tells_is_what_the_block_bears_out(
    care: Care, b_practitioner: Member
) -> None:
    """A custodian's peer that shows the true value and another story beside it is not believed."""
    await b_practitioner.access.request(care.code, custodian=A)
    auditor = care.member(A, "auditor")
    page = await auditor.audit._ask("audit:disclosures", A, {})
    stored = next(item for item in page.entries if item.kind == "request")
    told = told_by(stored)
    assert told is not None and told["purpose"] == "TREAT"
    lying = AuditEntry.model_validate({**stored.model_dump(), "purpose": "HRESCH"})
    assert told_by(lying) == told
    for wrong in ({"kind": "receipt"}, {"at": "2020-01-01T00:00:00Z"}, {"request_id": "0" * 64}):
        assert told_by(stored.model_copy(update=wrong)) is None


async def test_audit_by_institution_and_time(care: Care, b_practitioner: Member) -> None:
    await b_practitioner.access.request(care.code, custodian=A)
    audit = care.member(A, "privacy-officer").audit
    assert len(await audit.disclosures(A, institution=B)) == 1
    assert await audit.disclosures(A, institution=CLINIC) == []
    later = datetime.now(UTC) + timedelta(hours=1)
    assert await audit.disclosures(A, since=later) == []
    assert len(await audit.disclosures(A, until=later)) == 1


class TestCrash:
    """Publishing is cut off between its steps; the next attempt ends with one record and nothing lost."""

    async def published_once(self, care: Care, data: bytes = PATIENT_JSON) -> None:
        registrar = care.member(A, "registrar")
        assert len(await registrar.records.list(care.handle)) == 1
        await permit(care)
        async with answering(care):
            (record,) = await care.member(B, "practitioner").records.read(care.code, wait=WAIT)
        assert record.data == data
        assert await registrar.records.resume() == []

    @pytest.mark.parametrize("store", ["blobs", "blobs-mirror"])
    async def test_before_both_stores_have_the_blob(
        self, care: Care, store: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from carechannel.blobs import FolderStore

        put = FolderStore.put

        async def cut_off(self: FolderStore, data: bytes) -> str:
            if self._folder.name == store:
                raise RuntimeError("cut off")
            return await put(self, data)

        with monkeypatch.context() as patch:
            patch.setattr(FolderStore, "put", cut_off)
            with pytest.raises(RuntimeError):
                await asyncio.wait_for(publish(care), 5)
        await publish(care)
        await self.published_once(care)

    async def test_before_the_journal(self, care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
        from carechannel.journal import Journal

        with monkeypatch.context() as patch:
            patch.setattr(Journal, "prepare", lambda *_: (_ for _ in ()).throw(RuntimeError("cut off")))
            with pytest.raises(RuntimeError):
                await publish(care)
        await publish(care)
        await self.published_once(care)

    async def test_before_the_transaction_the_same_record_id_goes_on(self, care: Care) -> None:
        care.chain.fail_next_submit = RuntimeError("cut off")
        with pytest.raises(RuntimeError):
            await publish(care)
        (finished,) = await care.member(A, "registrar").records.resume()
        assert finished.version == 1
        await self.published_once(care)

    async def test_after_the_transaction_it_is_not_published_twice(self, care: Care) -> None:
        care.chain.lose_next_reply = OutcomeUnknownError("lost")
        with pytest.raises(OutcomeUnknownError):
            await publish(care)
        registrar = care.member(A, "registrar")
        (listed,) = await registrar.records.list(care.handle)
        assert await publish(care) == listed.record_id
        await self.published_once(care)

    async def test_before_the_journal_is_completed(self, care: Care, monkeypatch: pytest.MonkeyPatch) -> None:
        from carechannel.journal import Journal

        with monkeypatch.context() as patch:
            patch.setattr(Journal, "complete", lambda *_: (_ for _ in ()).throw(RuntimeError("cut off")))
            with pytest.raises(RuntimeError):
                await publish(care)
        await publish(care)
        await self.published_once(care)

    async def test_other_content_does_not_take_up_an_unfinished_record(self, care: Care) -> None:
        care.chain.fail_next_submit = RuntimeError("cut off")
        with pytest.raises(RuntimeError):
            await publish(care)
        other = PATIENT_JSON.replace(b"other", b"male")
        first = await publish(care, other)
        (finished,) = await care.member(A, "registrar").records.resume()
        assert finished.record_id != first

    async def test_an_amendment_goes_on_too(self, care: Care) -> None:
        record_id = await publish(care)
        newer = PATIENT_JSON.replace(b"other", b"female")
        registrar = care.member(A, "registrar")
        care.chain.fail_next_submit = RuntimeError("cut off")
        with pytest.raises(RuntimeError):
            await registrar.records.amend(care.handle, record_id, newer)
        (finished,) = await registrar.records.resume()
        assert (finished.record_id, finished.version) == (record_id, 2)
        await self.published_once(care, newer)
