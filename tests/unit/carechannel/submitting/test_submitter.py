"""Submitting through gateways that fail in every way that gateways fail."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import time

import grpc
import pytest
from carechannel.errors import ProfileError
from carechannel.submitting import (
    ConnectedPeer,
    Deadline,
    DeadlineError,
    Limits,
    OutcomeUnknownError,
    Retry,
)
from fabric_gateway import (
    CommitError,
    EndorseError,
    EvaluateError,
    Gateway,
    Identity,
    SubmitError,
    ValidationCode,
    connect,
    signers,
)

from tests.unit.carechannel.submitting.conftest import QUICK, Site
from tests.unit.carechannel.submitting.gateways import (
    Proceed,
    fails,
    hangs,
    loses_reply,
    loses_request,
    serving,
)
from tests.waiting import eventually

UNAVAILABLE = grpc.StatusCode.UNAVAILABLE
ABORTED = grpc.StatusCode.ABORTED


async def test_a_submission_gives_result_transaction_block_and_attempts(site: Site) -> None:
    submitted = await site.submitter().submit("Create", arguments=["a", b"b"], transient={"in": b"x"})

    assert submitted.result == b"the result"
    assert site.chain.valid == [submitted.transaction_id]
    assert submitted.block_number == 0
    assert submitted.attempts == 1
    assert site.calls == [("peer0", "endorse"), ("peer0", "submit"), ("peer0", "status")]
    assert site.peers[0].transients == [{"in": b"x"}]


@pytest.mark.parametrize("code", [ValidationCode.MVCC_READ_CONFLICT, ValidationCode.PHANTOM_READ_CONFLICT])
async def test_a_conflict_is_tried_again_as_a_new_transaction(site: Site, code: ValidationCode) -> None:
    site.chain.verdicts.extend([code, code])
    submitted = await site.submitter().submit("Create")
    assert submitted.attempts == 3
    assert site.chain.valid == [submitted.transaction_id]
    assert len(set(site.chain.handed)) == 3


async def test_conflicts_without_end_are_given_up(site: Site) -> None:
    site.chain.verdicts.extend([ValidationCode.MVCC_READ_CONFLICT] * 50)
    with pytest.raises(CommitError) as failed:
        await site.submitter().submit("Create")
    assert failed.value.code == "MVCC_READ_CONFLICT"
    assert len(site.chain.handed) == 5
    assert site.chain.valid == []


async def test_any_other_code_is_not_tried_again(site: Site) -> None:
    site.chain.verdicts.append(ValidationCode.ENDORSEMENT_POLICY_FAILURE)
    with pytest.raises(CommitError, match="ENDORSEMENT_POLICY_FAILURE"):
        await site.submitter().submit("Create")
    assert len(site.chain.handed) == 1


@pytest.mark.parametrize(
    ("code", "text", "details"),
    [
        (UNAVAILABLE, "connection refused", ()),
        (ABORTED, "failed to assemble transaction: ProposalResponsePayloads do not match", ()),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, "busy", ()),
        (grpc.StatusCode.UNKNOWN, "too many requests for gateway, exceeding concurrency limit (500)", ()),
        (
            UNAVAILABLE,
            "no combination of peers can be derived which satisfy the endorsement policy: channel1",
            (),
        ),
        (
            grpc.StatusCode.FAILED_PRECONDITION,
            "no combination of peers can be derived which satisfy the endorsement policy: channel1",
            (),
        ),
        (ABORTED, "failed to collect enough", ("rpc error: code = Unavailable desc = connection refused",)),
    ],
)
async def test_what_may_pass_is_endorsed_again(
    site: Site, code: grpc.StatusCode, text: str, details: tuple[str, ...]
) -> None:
    for peer in site.peers:
        peer.script("endorse", fails(code, text, *details))
    submitted = await site.submitter().submit("Create")
    assert submitted.attempts >= 2
    assert site.chain.valid == [submitted.transaction_id]


@pytest.mark.parametrize(
    ("code", "text", "details"),
    [
        (grpc.StatusCode.UNKNOWN, "chaincode response 500, the asset exists", ()),
        (ABORTED, "see details", ("chaincode response 500, ProposalResponsePayloads do not match",)),
        (UNAVAILABLE, "chaincode response 503, too many requests for this", ()),
        (grpc.StatusCode.PERMISSION_DENIED, "access denied", ()),
        (grpc.StatusCode.INVALID_ARGUMENT, "no", ()),
        (ABORTED, "something else", ()),
    ],
)
async def test_refusals_are_not_tried_again(
    site: Site, code: grpc.StatusCode, text: str, details: tuple[str, ...]
) -> None:
    site.peers[0].script("endorse", fails(code, text, *details))
    with pytest.raises(EndorseError):
        await site.submitter().submit("Create")
    assert site.calls == [("peer0", "endorse")]


async def test_a_lost_reply_is_asked_for_and_nothing_is_sent_twice(site: Site) -> None:
    site.peers[0].script("submit", loses_reply())
    submitted = await site.submitter().submit("Create")
    assert site.chain.handed == [submitted.transaction_id]
    assert submitted.attempts == 1


async def test_a_lost_request_is_submitted_again_as_the_same_envelope(site: Site) -> None:
    site.peers[0].script("submit", fails(UNAVAILABLE))
    submitted = await site.submitter().submit("Create")
    assert submitted.attempts == 1
    assert site.chain.handed == [submitted.transaction_id]
    assert [name for name, step in site.calls if step == "submit"] == ["peer0", "peer1"]


async def test_an_acknowledged_transaction_that_the_orderers_lost_is_submitted_again(site: Site) -> None:
    site.peers[0].script("submit", loses_request())
    limits = Limits(commit_status=0.1, settle=0.05, call=5)
    submitted = await site.submitter(limits=limits).submit("Create")
    assert site.chain.valid == [submitted.transaction_id]
    assert submitted.attempts == 1


async def test_a_refusal_after_an_unknown_outcome_settles_nothing(site: Site) -> None:
    """Handed over, reply lost; no peer knows it yet; a second try is refused: only the ledger may say."""
    site.peers[0].script("submit", loses_reply())
    for peer in site.peers:
        peer.script("status", fails(UNAVAILABLE))
    site.peers[1].script("submit", fails(grpc.StatusCode.FAILED_PRECONDITION))
    submitted = await site.submitter().submit("Create")
    assert submitted.attempts == 1
    assert site.chain.valid == [submitted.transaction_id]


async def test_a_refusal_before_ordering_is_final_where_nothing_was_sent(site: Site) -> None:
    site.peers[0].script("submit", fails(grpc.StatusCode.FAILED_PRECONDITION))
    with pytest.raises(SubmitError):
        await site.submitter().submit("Create")
    assert site.chain.handed == []


async def test_a_broken_transaction_with_our_id_in_our_block_is_not_taken_for_ours(site: Site) -> None:
    site.chain.forge_before_next = True
    submitted = await site.submitter().submit("Create")
    assert submitted.attempts == 1
    assert ("peer0", "read-block") in site.calls
    assert site.chain.valid == [submitted.transaction_id]


async def test_another_peer_stands_in_for_one_that_is_down(site: Site) -> None:
    for step in ("endorse", "submit", "status", "evaluate"):
        site.peers[0].script.always[step] = fails(UNAVAILABLE, "connection refused")
    submitter = site.submitter()
    assert (await submitter.submit("Create")).attempts == 2
    assert await submitter.evaluate("Read") == b"the result"
    assert site.peers[2].calls == []


async def test_a_peer_that_hangs_costs_one_limit(site: Site) -> None:
    site.peers[0].script("endorse", hangs())
    limits = Limits(endorse=0.2, commit_status=1, settle=0.05, call=5)
    began = time.monotonic()
    assert (await site.submitter(limits=limits).submit("Create")).attempts == 2
    assert time.monotonic() - began < 1.5


async def test_a_peer_that_is_down_is_left_alone_after_a_few_failures(site: Site) -> None:
    site.peers[0].script.always["evaluate"] = fails(UNAVAILABLE, "connection refused")
    submitter = site.submitter()
    for _ in range(10):
        await submitter.evaluate("Read")
    assert len(site.peers[0].calls) == 3
    assert len(site.peers[1].calls) == 10


async def test_where_all_are_down_the_last_error_is_told(site: Site) -> None:
    for peer in site.peers:
        peer.script.always["evaluate"] = fails(UNAVAILABLE, "connection refused")
        peer.script.always["endorse"] = fails(UNAVAILABLE, "connection refused")
    with pytest.raises(EvaluateError):
        await site.submitter().evaluate("Read")
    with pytest.raises(EndorseError):
        await site.submitter().submit("Create")
    assert sum(step == "endorse" for _, step in site.calls) == 5


async def test_a_refused_evaluation_is_not_asked_elsewhere(site: Site) -> None:
    site.peers[0].script("evaluate", fails(grpc.StatusCode.UNKNOWN, "chaincode response 500, no"))
    with pytest.raises(EvaluateError):
        await site.submitter().evaluate("Read")
    assert site.calls == [("peer0", "evaluate")]


async def test_the_deadline_holds_and_names_the_step_before_anything_was_sent(site: Site) -> None:
    for peer in site.peers:
        peer.script.always["endorse"] = hangs()
    began = time.monotonic()
    with pytest.raises(DeadlineError) as late:
        await site.submitter(limits=Limits()).submit("Create", deadline=Deadline.after(0.4))
    assert 0.3 < time.monotonic() - began < 0.9
    assert late.value.step == "endorse"
    assert late.value.spent["endorse"] > 0.3
    assert "endorse" in str(late.value)
    assert "0.4 s" in str(late.value)


async def test_the_deadline_holds_and_the_transaction_is_named_where_it_may_be_valid(site: Site) -> None:
    for peer in site.peers:
        peer.script.always["status"] = hangs()
        peer.script.always["submit"] = loses_reply()
    began = time.monotonic()
    with pytest.raises(OutcomeUnknownError) as unknown:
        await site.submitter().submit("Create", deadline=Deadline.after(0.8))
    assert time.monotonic() - began < 1.4
    assert set(site.chain.handed) == {unknown.value.transaction_id}
    assert len(site.chain.handed) > 1, "it is submitted again when no peer knows it"
    assert unknown.value.step in {"commit-status", "submit"}
    assert len(site.chain.valid) == 1


async def test_steps_share_one_deadline(site: Site) -> None:
    async def slow(_context: object, proceed: object) -> None:
        await asyncio.sleep(0.25)
        await proceed()  # type: ignore[operator]

    site.peers[0].script("endorse", slow)
    site.peers[0].script("submit", slow)
    site.peers[0].script.always["status"] = hangs()
    with pytest.raises(OutcomeUnknownError) as unknown:
        await site.submitter(limits=Limits()).submit("Create", deadline=Deadline.after(0.8))
    spent = unknown.value.spent
    assert spent["endorse"] >= 0.25
    assert spent["submit"] >= 0.25
    assert spent["commit-status"] <= 0.6
    assert sum(spent.values()) < 1.2


async def test_a_signer_that_hangs_does_not_outlast_the_limit(site: Site) -> None:
    async def signer(_digest: bytes) -> bytes:
        await asyncio.sleep(60)
        return b""

    limits = Limits(endorse=0.1, call=0.5)
    with pytest.raises((DeadlineError, EndorseError)):
        await site.submitter(signer=signer, limits=limits).submit("Create")
    assert site.chain.handed == []


async def test_closing_the_gateways_ends_a_submission_at_once(site: Site) -> None:
    for peer in site.peers:
        peer.script.always["status"] = hangs()
    task = asyncio.create_task(site.submitter(limits=Limits()).submit("Create"))
    await eventually(lambda: "status" in site.peers[0].calls)
    for connection in site.connections:
        await connection.connected.aclose()
    with pytest.raises(OutcomeUnknownError, match="closed"):
        await asyncio.wait_for(task, 5)


async def test_a_cancelled_task_ends_at_once_and_leaves_nothing_running(site: Site) -> None:
    site.peers[0].script.always["status"] = hangs()
    before = asyncio.all_tasks()
    task = asyncio.create_task(site.submitter(limits=Limits()).submit("Create", idempotency_key="k"))
    await eventually(lambda: "status" in site.peers[0].calls)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    site.peers[0].script.always.clear()
    submitted = await site.submitter().submit("Create", idempotency_key="k")
    assert submitted.attempts == 0
    assert site.chain.valid == [submitted.transaction_id]
    leftover = {one for one in asyncio.all_tasks() - before if "Site" in repr(one)}
    assert not leftover


async def test_pauses_grow_with_full_jitter_up_to_a_bound() -> None:
    retry = Retry(attempts=9, first_pause=0.1, longest_pause=1)
    assert [retry.pause(n, lambda: 1.0) for n in (1, 2, 3, 4, 5, 6, 5000)] == [0.1, 0.2, 0.4, 0.8, 1, 1, 1]
    assert retry.pause(3, lambda: 0.0) == 0
    assert retry.pause(3, lambda: 0.5) == 0.2
    for wrong in ({"attempts": 0}, {"first_pause": -1.0}, {"first_pause": 9.0}, {"longest_pause": 1e400}):
        with pytest.raises(ValueError, match="attempt"):
            Retry(**wrong)


async def test_pauses_are_the_policys(site: Site) -> None:
    slept: list[float] = []

    async def sleep(seconds: float) -> None:
        slept.append(seconds)

    for peer in site.peers:
        peer.script("endorse", fails(UNAVAILABLE))
    retry = Retry(attempts=8, first_pause=0.1, longest_pause=5)
    await site.submitter(retry=retry, sleep=sleep, draw=lambda: 1.0, limits=QUICK).submit("Create")
    assert slept == pytest.approx([0.1, 0.2, 0.4])


@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_a_deadline_is_finite(seconds: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        Deadline(seconds)


async def test_a_key_needs_a_store(site: Site) -> None:
    with pytest.raises(ValueError, match="idempotency"):
        await site.submitter(idempotency=None).submit("Create", idempotency_key="k")
    with pytest.raises(ValueError, match="peer"):
        site.connections.clear()
        site.submitter()


def test_it_is_imported_without_anything_of_health() -> None:
    script = "import sys, carechannel.submitting; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    roots = {name.partition(".")[0] for name in loaded.stdout.split()}
    assert "fabric_gateway" in roots
    assert not roots & {"care_rules", "care_contracts", "fhir", "pydantic", "sqlalchemy", "opentelemetry"}


class _Misnamed:
    """A peer that the application describes wrongly."""

    name = "misnamed"

    async def gateway(self) -> Gateway:
        raise ProfileError("misnamed cannot be connected to: its root certificate is none.")


async def test_a_peer_that_cannot_be_connected_to_does_not_hide_what_was_sent(site: Site) -> None:
    site.connections = [site.connections[0], _Misnamed()]  # type: ignore[list-item]
    site.peers[0].script("submit", loses_reply())
    site.peers[0].script("status", fails(UNAVAILABLE))
    submitted = await site.submitter().submit("Create")
    assert site.chain.valid == [submitted.transaction_id]

    site.peers[0].script.always["submit"] = loses_reply()
    site.peers[0].script.always["status"] = fails(UNAVAILABLE)
    with pytest.raises(OutcomeUnknownError) as raised:
        await site.submitter().submit("Create", deadline=Deadline.after(1))
    assert raised.value.transaction_id == site.chain.valid[-1]


async def test_a_signer_that_fails_after_the_submission_leaves_its_outcome_open(site: Site) -> None:
    own = signers.ecdsa(site.credentials.key_pem)
    away = False

    async def signer(digest: bytes) -> bytes:
        if away:
            raise ConnectionResetError("the signing service is away")
        return await own(digest)

    async def submitted(_context: object, proceed: Proceed) -> None:
        nonlocal away
        await proceed()
        away = True

    identity = Identity("Org1MSP", site.credentials.certificate_pem)
    async with (
        serving(site.peers[0]) as address,
        await connect(address=address, identity=identity, signer=signer) as gateway,
    ):
        site.connections = [ConnectedPeer("peer0", gateway)]
        site.peers[0].script("submit", submitted)
        with pytest.raises(OutcomeUnknownError) as raised:
            await site.submitter().submit("Create", deadline=Deadline.after(0.5), idempotency_key="k")
        assert isinstance(raised.value.__cause__, ConnectionResetError)
        away = False
        found = await site.submitter().submit("Create", idempotency_key="k")
    assert (found.attempts, found.transaction_id) == (0, raised.value.transaction_id)
    assert site.chain.valid == [found.transaction_id]


async def test_a_peer_that_ends_the_call_by_itself_is_left_for_another(site: Site) -> None:
    site.peers[0].script("endorse", fails(grpc.StatusCode.CANCELLED))
    submitted = await site.submitter().submit("Create")
    assert site.chain.valid == [submitted.transaction_id]
    assert site.peers[1].calls[0] == "endorse"


@pytest.mark.parametrize("limit", ["evaluate", "endorse", "submit", "commit_status", "settle", "call"])
@pytest.mark.parametrize("seconds", [0, -1, float("inf"), float("nan")])
def test_limits_that_are_none_are_refused_before_anything_is_sent(limit: str, seconds: float) -> None:
    with pytest.raises(ValueError, match="above zero"):
        Limits(**{limit: seconds})
