"""Failures of every kind: their codes, and what each peer said."""

from __future__ import annotations

import time

import pytest
from fabric_gateway import (
    EndorseError,
    EvaluateError,
    Gateway,
    GatewayError,
    Identity,
    StatusCode,
    connect,
    signers,
)

from tests.scenarios.gateway.conftest import CHANNEL, Fabric


async def test_wrong_arguments(gateway: Gateway) -> None:
    with pytest.raises(EvaluateError) as raised:
        await gateway.network(CHANNEL).contract("errors").evaluate_transaction("exists")
    assert raised.value.code is StatusCode.UNKNOWN
    assert raised.value.chaincode_status == 500
    assert "exists" in str(raised.value.chaincode_message)


async def test_an_unknown_chaincode(gateway: Gateway) -> None:
    with pytest.raises(EndorseError, match="No metadata was found for chaincode nonexistent") as raised:
        await gateway.network(CHANNEL).contract("nonexistent").submit_transaction("exists")
    assert raised.value.code is StatusCode.FAILED_PRECONDITION


async def test_an_unknown_channel(gateway: Gateway) -> None:
    with pytest.raises(GatewayError) as raised:
        await gateway.network("nowhere").contract("basic").evaluate_transaction("echo", "x")
    assert "nowhere" in str(raised.value)


async def test_an_unknown_function(gateway: Gateway, fabric: Fabric) -> None:
    with pytest.raises(EndorseError) as raised:
        await gateway.network(CHANNEL).contract("errors").submit_transaction("nonexistent")
    assert raised.value.code is StatusCode.ABORTED
    assert {detail.address for detail in raised.value.details} == {
        fabric.peer("org1", index)["address"] for index in (0, 1)
    }
    assert all("unknown-function" in detail.message for detail in raised.value.details)


async def test_a_signature_of_somebody_else(fabric: Fabric) -> None:
    """Signed by a key of Org3, under a creator of Org1."""
    _, other_key = fabric.credentials("org3")
    async with fabric.gateway(signing=False) as gateway:
        proposal = gateway.network(CHANNEL).contract("errors").new_proposal("exists", arguments=["123"])
        signature = await signers.ecdsa(other_key)(proposal.digest)
        signed = gateway.new_signed_proposal(proposal.bytes, signature)
        with pytest.raises(EvaluateError, match="denied to this identity") as raised:
            await signed.evaluate()
    assert raised.value.code is StatusCode.FAILED_PRECONDITION
    (detail,) = raised.value.details
    assert (detail.address, detail.msp_id) == (fabric.peer("org1")["address"], "Org1MSP")
    assert "access denied: channel [mychannel] creator org [Org1MSP]" in detail.message


async def test_the_only_organisation_asked_refuses(gateway: Gateway) -> None:
    with pytest.raises(EvaluateError, match="Org1MSP refuses to endorse this") as raised:
        await gateway.network(CHANNEL).contract("errors").evaluate_transaction("orgsFail", '["Org1MSP"]')
    assert raised.value.code is StatusCode.UNKNOWN


async def test_one_of_three_organisations_refuses(gateway: Gateway, fabric: Fabric) -> None:
    with pytest.raises(EndorseError, match=r"^chaincode-error: Org3MSP refuses") as raised:
        await gateway.network(CHANNEL).contract("errors").submit_transaction("orgsFail", '["Org3MSP"]')
    assert raised.value.code is StatusCode.ABORTED
    (detail,) = raised.value.details
    assert (detail.address, detail.msp_id) == (fabric.peer("org3")["address"], "Org3MSP")


async def test_two_of_three_organisations_refuse(gateway: Gateway, fabric: Fabric) -> None:
    contract = gateway.network(CHANNEL).contract("errors")
    with pytest.raises(EndorseError) as raised:
        await contract.submit_transaction("orgsFail", '["Org2MSP", "Org3MSP"]')
    assert raised.value.code is StatusCode.ABORTED
    assert {(detail.address, detail.msp_id) for detail in raised.value.details} == {
        (fabric.peer("org2", 0)["address"], "Org2MSP"),
        (fabric.peer("org2", 1)["address"], "Org2MSP"),
        (fabric.peer("org3", 0)["address"], "Org3MSP"),
    }


async def test_endorsers_that_answer_otherwise(gateway: Gateway) -> None:
    with pytest.raises(EndorseError) as raised:
        await gateway.network(CHANNEL).contract("errors").submit_transaction("nondet")
    assert raised.value.code is StatusCode.ABORTED
    others = [detail for detail in raised.value.details if detail.msp_id != "Org1MSP"]
    assert others
    assert all("ProposalResponsePayloads do not match" in detail.message for detail in others)


@pytest.mark.parametrize("hours", [-1, 1])
async def test_a_clock_that_is_off_by_an_hour(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch, hours: int
) -> None:
    """Peers take proposals of a few minutes around their own time only."""
    contract = gateway.network(CHANNEL).contract("basic")
    now = time.time()
    with monkeypatch.context() as clock:
        clock.setattr(time, "time", lambda: now + 3600 * hours)
        clock.setattr(time, "time_ns", lambda: int((now + 3600 * hours) * 1e9))
        proposal = contract.new_proposal("echo", arguments=["x"])
    with pytest.raises(EvaluateError, match="timestamp") as raised:
        await proposal.evaluate()
    assert "clock" in str(raised.value)
    assert await contract.evaluate_transaction("echo", "x") == b"x"


async def test_a_certificate_of_no_member(fabric: Fabric) -> None:
    """Org2's user says that it is Org1's."""
    stranger, key = fabric.credentials("org2")
    claimed = Identity("Org1MSP", stranger.certificate_pem)
    async with await connect(**fabric.peer("org1"), identity=claimed, signer=signers.ecdsa(key)) as gateway:
        contract = gateway.network(CHANNEL).contract("basic")
        with pytest.raises(EvaluateError, match="denied to this identity"):
            await contract.evaluate_transaction("echo", "x")
        with pytest.raises(EndorseError, match="denied to this identity"):
            await contract.submit_transaction("echo", "x")


async def test_the_tls_root_of_another_organisation(fabric: Fabric) -> None:
    identity, key = fabric.credentials("org1")
    reached = {**fabric.peer("org1"), "tls_root_pem": fabric.peer("org2")["tls_root_pem"]}
    async with await connect(**reached, identity=identity, signer=signers.ecdsa(key)) as gateway:
        with pytest.raises(EvaluateError, match="not signed by the given TLS root"):
            await gateway.network(CHANNEL).contract("basic").evaluate_transaction("echo", "x")
