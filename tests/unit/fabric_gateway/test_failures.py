from __future__ import annotations

import asyncio
import copy
import pickle
from collections.abc import Awaitable, Callable
from dataclasses import replace

import grpc
import pytest
from fabric_gateway import (
    CommitError,
    CommitStatusError,
    EndorseError,
    ErrorDetail,
    EvaluateError,
    FabricGatewayError,
    GatewayError,
    Identity,
    Network,
    ResponseError,
    StatusCode,
    SubmitError,
    Timeouts,
    ValidationCode,
    connect,
    signers,
)

from tests.unit.fabric_gateway.fake_gateway import Context, FakeGateway, fail
from tests.unit.fabric_gateway.people import Credentials


def failing(
    code: grpc.StatusCode, text: str, *details: tuple[str, str, str]
) -> Callable[[Context], Awaitable[None]]:
    async def answer(context: Context) -> None:
        await fail(context, code, text, *details)

    return answer


@pytest.mark.parametrize(
    "error",
    [
        EndorseError(
            "chaincode response 500, no",
            code=StatusCode.ABORTED,
            details=(ErrorDetail("peer0:7051", "Org1MSP", "no"),),
            transaction_id="ab",
        ),
        CommitError(transaction_id="ab", validation_code=ValidationCode.MVCC_READ_CONFLICT, block_number=7),
        ResponseError("no answer", transaction_id="ab", outcome_unknown=True),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_leaves_a_worker_process(error: FabricGatewayError) -> None:
    error.add_note("noted")
    for again in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert type(again) is type(error)
        assert (str(again), vars(again)) == (str(error), vars(error))


async def hang(_context: Context) -> None:
    await asyncio.Event().wait()


async def test_the_chaincodes_own_message_comes_first(network: Network, fake: FakeGateway) -> None:
    fake.on_evaluate = failing(
        grpc.StatusCode.UNKNOWN,
        "evaluate call to endorser returned error: chaincode response 500, absent: there is no a, sorry\nbye",
        ("peer0:7051", "Org1MSP", "chaincode response 500, absent: there is no a, sorry\nbye"),
    )
    with pytest.raises(EvaluateError) as raised:
        await network.contract("basic").evaluate_transaction("Read", "a")
    error = raised.value
    assert str(error).startswith("absent: there is no a, sorry\nbye\n")
    assert error.message == error.chaincode_message == "absent: there is no a, sorry\nbye"
    assert error.chaincode_status == 500
    assert error.code is StatusCode.UNKNOWN
    assert error.transaction_id == fake.evaluated[0].transaction_id
    assert not error.transient
    assert not error.outcome_unknown


async def test_each_node_is_named(network: Network, fake: FakeGateway) -> None:
    fake.on_endorse = failing(
        grpc.StatusCode.ABORTED,
        "failed to endorse transaction, see attached details for more info",
        ("peer0:7051", "Org1MSP", "connection lost"),
        ("peer0:8051", "Org2MSP", "chaincode response 400, refused: no"),
    )
    with pytest.raises(EndorseError) as raised:
        await network.contract("basic").submit_transaction("Create")
    assert raised.value.details == (
        ErrorDetail("peer0:7051", "Org1MSP", "connection lost"),
        ErrorDetail("peer0:8051", "Org2MSP", "chaincode response 400, refused: no"),
    )
    assert raised.value.chaincode_status == 400
    assert str(raised.value) == (
        "refused: no\n"
        f"  endorse failed: ABORTED, transaction {fake.endorsed[0].transaction_id}\n"
        "  peer0:7051 (Org1MSP): connection lost\n"
        "  peer0:8051 (Org2MSP): chaincode response 400, refused: no"
    )
    assert fake.submitted == []


async def test_a_bare_status_needs_no_details(network: Network, fake: FakeGateway) -> None:
    async def answer(context: Context) -> None:
        await context.abort(grpc.StatusCode.FAILED_PRECONDITION, "no peers available")

    fake.on_evaluate = answer
    with pytest.raises(EvaluateError, match=r"^no peers available") as raised:
        await network.contract("basic").evaluate_transaction("Read")
    assert raised.value.details == ()


async def test_details_that_do_not_parse_do_not_hide_the_failure(network: Network, fake: FakeGateway) -> None:
    async def answer(context: Context) -> None:
        context.set_trailing_metadata((("grpc-status-details-bin", b"\xff\xff"),))
        await context.abort(grpc.StatusCode.ABORTED, "broken details")

    fake.on_evaluate = answer
    with pytest.raises(EvaluateError, match=r"^broken details"):
        await network.contract("basic").evaluate_transaction("Read")


async def test_a_denied_identity_reads_so(network: Network, fake: FakeGateway) -> None:
    fake.on_endorse = failing(
        grpc.StatusCode.ABORTED,
        "failed to endorse transaction, see attached details for more info",
        ("peer0:7051", "Org1MSP", "error validating proposal: access denied: channel [channel1]"),
    )
    with pytest.raises(EndorseError, match=r"^endorse was denied to this identity; check that certificate"):
        await network.contract("basic").submit_transaction("Create")


@pytest.mark.parametrize(
    ("status", "unknown"),
    [
        (grpc.StatusCode.UNAVAILABLE, True),
        (grpc.StatusCode.ABORTED, True),
        (grpc.StatusCode.INTERNAL, True),
        (grpc.StatusCode.UNKNOWN, True),
        (grpc.StatusCode.CANCELLED, True),
        (grpc.StatusCode.INVALID_ARGUMENT, False),
        (grpc.StatusCode.FAILED_PRECONDITION, False),
        (grpc.StatusCode.RESOURCE_EXHAUSTED, False),
        (grpc.StatusCode.PERMISSION_DENIED, False),
    ],
)
async def test_submit_says_whether_the_outcome_is_known(
    status: grpc.StatusCode, unknown: bool, network: Network, fake: FakeGateway
) -> None:
    fake.on_submit = failing(status, "no", ("orderer0:7050", "Org1MSP", "gone"))
    with pytest.raises(SubmitError) as raised:
        await network.contract("basic").submit_transaction("Create")
    assert raised.value.outcome_unknown is unknown
    assert raised.value.transaction_id == fake.submitted[0].transaction_id
    assert len(fake.submitted) == 1


async def test_a_lost_reply_can_be_asked_for(network: Network, fake: FakeGateway) -> None:
    fake.on_submit = failing(grpc.StatusCode.UNAVAILABLE, "connection reset")
    with pytest.raises(SubmitError) as raised:
        await network.contract("basic").submit_transaction("Create")
    transaction_id = raised.value.transaction_id
    assert transaction_id is not None
    assert raised.value.outcome_unknown
    status = await network.commit(transaction_id).status()
    assert status.successful
    assert fake.asked[0].transaction_id == transaction_id


@pytest.mark.parametrize(
    ("answer", "error", "limit"),
    [
        ("on_evaluate", EvaluateError, "0.2 s"),
        ("on_endorse", EndorseError, "0.25 s"),
        ("on_submit", SubmitError, "0.3 s"),
        ("on_commit_status", CommitStatusError, "0.35 s"),
    ],
)
async def test_each_step_has_its_limit(
    *,
    answer: str,
    error: type[GatewayError],
    limit: str,
    address: str,
    identity: Identity,
    credentials: Credentials,
    fake: FakeGateway,
) -> None:
    setattr(fake, answer, hang)
    # Only the step that hangs has a short limit, so that a slow machine does not change who fails.
    timeouts = replace(Timeouts(), **{answer.removeprefix("on_"): float(limit.removesuffix(" s"))})
    signer = signers.ecdsa(credentials.key_pem)
    async with await connect(address=address, identity=identity, signer=signer, timeouts=timeouts) as gateway:
        contract = gateway.network("channel1").contract("basic")
        with pytest.raises(error, match=f"not answered within {limit}") as raised:
            await (
                contract.evaluate_transaction("Read")
                if error is EvaluateError
                else contract.submit_transaction("Create")
            )
    assert raised.value.code is StatusCode.DEADLINE_EXCEEDED
    assert raised.value.outcome_unknown is (error in {SubmitError, CommitStatusError})


async def test_status_takes_its_own_limit(network: Network, fake: FakeGateway) -> None:
    fake.on_commit_status = hang
    with pytest.raises(CommitStatusError, match=r"0\.05 s") as raised:
        await network.commit("ab" * 32).status(timeout=0.05)
    assert raised.value.transaction_id == "ab" * 32


async def test_a_cancelled_call_is_cancelled_at_the_peer(network: Network, fake: FakeGateway) -> None:
    reached, cancelled = asyncio.Event(), asyncio.Event()

    async def wait(_context: Context) -> None:
        reached.set()
        try:
            await asyncio.Event().wait()
        finally:
            cancelled.set()

    fake.on_evaluate = wait
    call = asyncio.create_task(network.contract("basic").evaluate_transaction("Read"))
    await reached.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    async with asyncio.timeout(1):
        await cancelled.wait()


async def test_cancelling_a_submit_leaves_a_note(network: Network, fake: FakeGateway) -> None:
    reached = asyncio.Event()

    async def wait(_context: Context) -> None:
        reached.set()
        await asyncio.Event().wait()

    fake.on_submit = wait
    call = asyncio.create_task(network.contract("basic").submit_transaction("Create"))
    await reached.wait()
    call.cancel()
    with pytest.raises(asyncio.CancelledError) as raised:
        await call
    note = f"the outcome of transaction {fake.submitted[0].transaction_id} is unknown"
    assert raised.value.__notes__ == [note]
