"""Peers and chaincodes stop in between and come back; run after the others, which need every peer."""

from __future__ import annotations

import asyncio

import pytest
from fabric_gateway import (
    CommitStatusError,
    Contract,
    EndorseError,
    EvaluateError,
    Gateway,
    GatewayError,
    StatusCode,
    SubmitError,
    SubmittedTransaction,
    Transaction,
)

from tests.scenarios.gateway.conftest import CHANNEL, Fabric
from tests.scenarios.gateway.test_events import emit, following, number


async def test_a_chaincode_that_crashes_everywhere(gateway: Gateway, fabric: Fabric) -> None:
    """The gateway tries one peer after the other; afterwards all are started again."""
    contract = gateway.network(CHANNEL).contract("errors")
    try:
        with pytest.raises(EvaluateError) as raised:
            await contract.evaluate_transaction("crash")
        assert raised.value.code is StatusCode.ABORTED
        assert {detail.msp_id for detail in raised.value.details} == {"Org1MSP", "Org2MSP", "Org3MSP"}
        assert len(raised.value.details) == 5
        assert raised.value.transient
    finally:
        fabric.start()
    assert await contract.evaluate_transaction("exists", "x") == b"false"


async def test_peers_that_stop_and_come_back(gateway: Gateway, fabric: Fabric) -> None:
    """All three have to endorse: without Org3's only peer nothing goes, with it again all does."""
    everybody = gateway.network(CHANNEL).contract("everybody")
    assert await everybody.submit_transaction("echo", "before") == b"before"
    fabric.stop("peer0.org3")
    try:
        with pytest.raises(EndorseError):
            await everybody.submit_transaction("echo", "without")
    finally:
        fabric.start()
    assert await everybody.submit_transaction("echo", "after") == b"after"


async def test_another_peer_of_an_organisation_takes_over(gateway: Gateway, fabric: Fabric) -> None:
    basic = gateway.network(CHANNEL).contract("basic")
    fabric.stop("peer0.org2")
    try:
        for number in range(5):
            assert await basic.submit_transaction("echo", str(number)) == str(number).encode()
    finally:
        fabric.start()


async def test_the_gateway_peer_itself_stops_and_comes_back(gateway: Gateway, fabric: Fabric) -> None:
    """One connection lives through it: an error while the peer is away, results when it is there again."""
    basic = gateway.network(CHANNEL).contract("basic")
    fabric.stop("peer0.org1")
    try:
        with pytest.raises(GatewayError, match="cannot be reached") as raised:
            await basic.evaluate_transaction("echo", "x")
        assert raised.value.transient
        async with fabric.gateway("org1", 1) as other:
            there = other.network(CHANNEL).contract("basic")
            assert await there.submit_transaction("echo", "elsewhere") == b"elsewhere"
    finally:
        fabric.start()
    assert await reached_again(basic) == b"again"


async def reached_again(contract: Contract) -> bytes:
    """A connection dials again by itself, at most some seconds after its peer is back."""
    async with asyncio.timeout(10):
        while True:
            try:
                return await contract.submit_transaction("echo", "again")
            except EndorseError as error:
                assert error.code is StatusCode.UNAVAILABLE
                assert error.transient
                await asyncio.sleep(0.1)


async def test_a_peer_that_stops_leaves_no_gap_and_no_duplicate(fabric: Fabric) -> None:
    """The reader's peer is killed in the middle; others go on writing at another peer."""
    wanted = [f"number {index}" for index in range(12)]
    async with fabric.gateway("org1", 0) as reader, fabric.gateway("org1", 1) as writer:
        contract = writer.network(CHANNEL).contract("basic")
        async with (
            reader.network(CHANNEL).chaincode_events("basic") as events,
            reader.network(CHANNEL).filtered_block_events() as blocks,
        ):
            for payload in wanted[:4]:
                await emit(contract, "resumed", payload)
            found = [(await following(events)).payload.decode() for _ in range(3)]
            numbers = [number(await following(blocks))]
            fabric.stop("peer0.org1")
            try:
                for payload in wanted[4:8]:
                    await emit(contract, "resumed", payload)
            finally:
                fabric.start()
            for payload in wanted[8:]:
                last = await emit(contract, "resumed", payload)
            while len(found) < len(wanted):
                found.append((await following(events)).payload.decode())
            while numbers[-1] < last:
                numbers.append(number(await following(blocks)))
    assert found == wanted
    assert numbers == list(range(numbers[0], last + 1))


async def submitted_at_last(transaction: Transaction) -> SubmittedTransaction:
    """The gateway takes a while to dial an orderer again that it saw down."""
    async with asyncio.timeout(60):
        while True:
            try:
                return await transaction.submit()
            except SubmitError as error:
                assert error.transient
                await asyncio.sleep(0.5)


async def test_the_orderer_is_down(gateway: Gateway, fabric: Fabric) -> None:
    """Endorsing goes on; what cannot be ordered is unknown, and the same transaction is committed once."""
    basic = gateway.network(CHANNEL).contract("basic")
    fabric.stop("orderer0.org1")
    try:
        assert await basic.evaluate_transaction("echo", "still there") == b"still there"
        transaction = await basic.new_proposal("add", arguments=["ordered-later", "1"]).endorse()
        with pytest.raises(SubmitError) as raised:
            await transaction.submit(timeout=10)
        assert raised.value.outcome_unknown
        assert raised.value.transaction_id == transaction.transaction_id
        commit = gateway.network(CHANNEL).commit(transaction.transaction_id)
        with pytest.raises(CommitStatusError, match="not answered within 1 s") as unanswered:
            await commit.status(timeout=1)
        assert unanswered.value.code is StatusCode.DEADLINE_EXCEEDED
        assert unanswered.value.outcome_unknown
    finally:
        fabric.start()
    for _ in range(2):
        submitted = await submitted_at_last(transaction)
        await submitted.committed()
    assert await basic.evaluate_transaction("get", "ordered-later") == b"1"


async def test_a_transaction_that_waits_for_the_orderer_is_told_when_it_is_committed(
    gateway: Gateway, fabric: Fabric
) -> None:
    """Somebody asks for the status first; the transaction is ordered afterwards."""
    basic = gateway.network(CHANNEL).contract("basic")
    transaction = await basic.new_proposal("add", arguments=["asked-before", "1"]).endorse()
    asking = asyncio.create_task(gateway.network(CHANNEL).commit(transaction.transaction_id).status())
    await asyncio.sleep(0.5)
    assert not asking.done()
    await transaction.submit()
    assert (await asking).successful
