"""The same key again: the former result, or the rest of the former work, never the work twice."""

from __future__ import annotations

import asyncio
import base64
import json

import grpc
import pytest
from carechannel.submitting import (
    ClaimLostError,
    ConnectedPeer,
    Deadline,
    FileRecords,
    Idempotency,
    KeyReusedError,
    OutcomeUnknownError,
    RecordsError,
)
from carechannel.submitting.records import Record, Slot
from fabric_gateway import (
    CommitError,
    EndorseError,
    Identity,
    SubmitError,
    ValidationCode,
    connect,
    signers,
)

from tests.unit.carechannel.submitting.conftest import Site
from tests.unit.carechannel.submitting.gateways import fails, hangs, serving
from tests.unit.fabric_gateway.people import self_signed

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE


async def test_the_same_key_gives_the_former_result(site: Site) -> None:
    first = await site.submitter().submit("Create", arguments=["a"], idempotency_key="k")
    site.peers[0].result = b"another result"
    again = await site.submitter().submit("Create", arguments=["a"], idempotency_key="k")
    other = await site.submitter().submit("Create", arguments=["a"], idempotency_key="l")

    assert (again.result, again.transaction_id, again.block_number) == (
        first.result,
        first.transaction_id,
        first.block_number,
    )
    assert again.attempts == 0
    assert other.transaction_id != first.transaction_id
    assert len(site.chain.valid) == 2


@pytest.mark.parametrize(
    "changed", [{"arguments": ["b"]}, {"transient": {"in": b"x"}}, {"endorsing_organizations": ["A"]}]
)
async def test_the_same_key_for_another_request_is_refused(site: Site, changed: dict[str, object]) -> None:
    await site.submitter().submit("Create", arguments=["a"], idempotency_key="k")
    with pytest.raises(KeyReusedError):
        await site.submitter().submit("Create", idempotency_key="k", **({"arguments": ["a"]} | changed))  # type: ignore[arg-type]
    with pytest.raises(KeyReusedError):
        await site.submitter().submit("Delete", arguments=["a"], idempotency_key="k")
    assert len(site.chain.handed) == 1


async def test_after_an_unknown_outcome_the_same_key_goes_on_with_the_same_transaction(site: Site) -> None:
    for peer in site.peers:
        peer.script.always["submit"] = fails(UNAVAILABLE)
        peer.script.always["status"] = hangs()
    with pytest.raises(OutcomeUnknownError) as unknown:
        await site.submitter().submit("Create", idempotency_key="k", deadline=Deadline.after(0.5))
    assert site.chain.handed == []
    for peer in site.peers:
        peer.script.always.clear()
    submitted = await site.submitter().submit("Create", idempotency_key="k")
    assert submitted.transaction_id == unknown.value.transaction_id
    assert submitted.attempts == 0
    assert site.chain.valid == [submitted.transaction_id]


async def test_after_a_known_failure_the_same_key_makes_a_new_transaction(site: Site) -> None:
    site.chain.verdicts.append(ValidationCode.ENDORSEMENT_POLICY_FAILURE)
    with pytest.raises(CommitError):
        await site.submitter().submit("Create", idempotency_key="k")
    site.peers[0].script("submit", fails(grpc.StatusCode.FAILED_PRECONDITION))
    with pytest.raises(SubmitError):
        await site.submitter().submit("Create", idempotency_key="k")
    site.peers[0].script("endorse", fails(grpc.StatusCode.UNKNOWN, "chaincode response 500, no"))
    with pytest.raises(EndorseError):
        await site.submitter().submit("Create", idempotency_key="k")
    submitted = await site.submitter().submit("Create", idempotency_key="k")
    assert submitted.attempts == 1
    assert site.chain.valid == [submitted.transaction_id]
    assert site.peers[0].calls.count("status") == 2, "what is known to be dead is not asked for again"


async def test_tasks_at_the_same_time_apply_it_once(site: Site) -> None:
    submitter = site.submitter()
    told = await asyncio.gather(*(submitter.submit("Create", idempotency_key="k") for _ in range(20)))
    assert len({one.transaction_id for one in told}) == 1
    assert sum(one.attempts for one in told) == 1
    assert len(site.chain.handed) == 1


async def test_a_record_that_cannot_be_written_before_submitting_stops_it(site: Site) -> None:
    records = FileRecords(site.folder)
    idempotency = Idempotency(records, records.fingerprint_key)

    async def signer(digest: bytes) -> bytes:
        # Between endorsement and the record: the disk goes away.
        (site.folder / "fingerprint.key").unlink()
        for path in site.folder.iterdir():
            path.unlink()
        site.folder.rmdir()
        return b"signature"

    with pytest.raises(RecordsError):
        await site.submitter(idempotency=idempotency, signer=signer).submit("Create", idempotency_key="k")
    assert site.chain.handed == []


async def test_a_commit_that_cannot_be_noted_is_told_as_what_it_is(
    site: Site, caplog: pytest.LogCaptureFixture
) -> None:
    async def gone(_context: object, _proceed: object) -> None:
        for path in site.folder.iterdir():
            path.unlink()
        site.folder.rmdir()

    site.peers[0].script("status", gone)
    submitted = await site.submitter().submit("Create", idempotency_key="k")
    assert site.chain.valid == [submitted.transaction_id]
    assert "was not noted" in caplog.text


@pytest.mark.parametrize("what", ["transaction_id", "transaction", "signature", "block_number"])
async def test_a_record_whose_parts_do_not_fit_is_refused(site: Site, what: str) -> None:
    await site.submitter().submit("Create", idempotency_key="k")
    path = next(site.folder.glob("*.json"))
    record = json.loads(path.read_bytes())
    record[what] = {
        "transaction_id": "00" * 32,
        "transaction": base64.b64encode(b"\x00").decode(),
        "signature": "",
        "block_number": None,
    }[what]
    path.write_text(json.dumps(record))
    with pytest.raises(RecordsError):
        await site.submitter().submit("Create", idempotency_key="k")
    assert len(site.chain.handed) == 1


async def test_neither_transient_content_nor_arguments_lie_beside_the_envelope(site: Site) -> None:
    await site.submitter().submit(
        "Create", arguments=["PUBLIC-ARGUMENT"], transient={"in": b"SECRET-CONTENT"}, idempotency_key="k"
    )
    content = next(site.folder.glob("*.json")).read_bytes()
    record = json.loads(content)
    envelope = base64.b64decode(record.pop("transaction"))
    assert b"PUBLIC-ARGUMENT" in envelope, "as on every member's ledger"
    assert b"SECRET-CONTENT" not in envelope
    assert "PUBLIC-ARGUMENT" not in json.dumps(record)
    assert b"SECRET-CONTENT" not in content


async def test_who_was_stopped_and_lost_its_claim_waits_for_who_took_over(site: Site) -> None:
    """A record that another caller saved in between: this one's endorsed transaction is thrown away."""
    records = FileRecords(site.folder)
    secret = records.fingerprint_key
    lost = False

    class Losing(FileRecords):
        def claim(self, slot: Slot, deadline: Deadline):  # type: ignore[no-untyped-def]
            return _Losing(super().claim(slot, deadline))

    class _Losing:
        def __init__(self, inner):  # type: ignore[no-untyped-def]
            self._inner = inner

        async def __aenter__(self):  # type: ignore[no-untyped-def]
            self._claim = await self._inner.__aenter__()
            self.record = self._claim.record
            return self

        async def __aexit__(self, *error: object) -> None:
            await self._inner.__aexit__(*error)

        async def save(self, record: Record) -> None:
            nonlocal lost
            if not lost:
                lost = True
                raise ClaimLostError("lost")
            await self._claim.save(record)

    submitter = site.submitter(idempotency=Idempotency(Losing(site.folder), secret))
    submitted = await submitter.submit("Create", idempotency_key="k")
    assert lost
    assert site.chain.handed == [submitted.transaction_id]


async def test_another_identity_does_not_get_the_formers_result(site: Site) -> None:
    await site.submitter().submit("Create", idempotency_key="k")
    for msp_id, name in (("Org1MSP", "another"), ("Org2MSP", "somebody"), ("Org1MSP", "somebody")):
        credentials = self_signed(name)  # of the last one: a renewed certificate, with another key
        identity, signer = Identity(msp_id, credentials.certificate_pem), signers.ecdsa(credentials.key_pem)
        async with (
            serving(site.peers[0]) as address,
            await connect(address=address, identity=identity, signer=signer) as gateway,
        ):
            site.connections = [ConnectedPeer("peer0", gateway)]
            submitter = site.submitter(signer=signer)
            if (msp_id, name) == ("Org1MSP", "somebody"):
                assert (await submitter.submit("Create", idempotency_key="k")).attempts == 0
            else:
                with pytest.raises(KeyReusedError):
                    await submitter.submit("Create", idempotency_key="k")
    assert len(site.chain.handed) == 1


@pytest.mark.parametrize("key", ["", "\0", "a\0b", "\ud800", "a" * 256])
async def test_a_key_that_not_every_store_can_keep(site: Site, key: str) -> None:
    with pytest.raises(ValueError, match="1 to 255 letters"):
        await site.submitter().submit("Create", idempotency_key=key)
    assert site.calls == []
    await site.submitter().submit("Create", idempotency_key="ü\n😀/.." * 42)
