"""Evaluate and submit, with what a chaincode gives and refuses."""

from __future__ import annotations

import asyncio
import json

import pytest
from fabric_gateway import (
    CommitError,
    Contract,
    EndorseError,
    EvaluateError,
    Gateway,
    StatusCode,
    ValidationCode,
)

from tests.scenarios.gateway.conftest import CHANNEL, Fabric


@pytest.fixture
def basic(gateway: Gateway) -> Contract:
    return gateway.network(CHANNEL).contract("basic")


async def test_both_short_forms_give_the_result(basic: Contract) -> None:
    assert await basic.evaluate_transaction("echo", "conga") == b"conga"
    assert await basic.submit_transaction("echo", "conga") == b"conga"


async def test_what_is_submitted_is_read_afterwards(basic: Contract) -> None:
    assert await basic.submit("put", arguments=["update", "ledger"]) == b"ledger"
    assert await basic.evaluate("get", arguments=["update"]) == b"ledger"


async def test_bytes_and_other_languages_arrive_as_they_are(basic: Contract) -> None:
    text = "Füße, 病历, 🏥"
    assert (await basic.evaluate("echo", arguments=[text.encode()])).decode() == text


async def test_a_named_contract_is_the_default_one_too(gateway: Gateway) -> None:
    named = gateway.network(CHANNEL).contract("basic", "basic")
    assert await named.evaluate_transaction("echo", "conga") == b"conga"


async def test_transient_data_reach_the_chaincode(basic: Contract) -> None:
    transient = {"key1": b"value1", "key2": b"value2"}
    echoed = await basic.evaluate("echoTransient", transient=transient)
    assert json.loads(echoed) == {"key1": "value1", "key2": "value2"}


async def test_the_flow_step_by_step(gateway: Gateway, basic: Contract) -> None:
    proposal = basic.new_proposal("put", arguments=["steps", "one by one"])
    transaction = await proposal.endorse()
    assert transaction.result == b"one by one"
    assert transaction.transaction_id == proposal.transaction_id
    assert await basic.evaluate_transaction("get", "steps") == b""
    submitted = await transaction.submit()
    status = await submitted.status()
    assert (status.successful, status.code) == (True, ValidationCode.VALID)
    assert status.transaction_id == proposal.transaction_id
    assert (await submitted.status()).block_number == status.block_number
    later = await gateway.network(CHANNEL).commit(proposal.transaction_id).status()
    assert later == status
    assert await basic.evaluate_transaction("get", "steps") == b"one by one"


async def test_a_proposal_can_be_evaluated_and_then_endorsed(basic: Contract) -> None:
    proposal = basic.new_proposal("put", arguments=["again", "x"])
    assert await proposal.evaluate() == b"x"
    assert await basic.evaluate_transaction("get", "again") == b""
    submitted = await (await proposal.endorse()).submit()
    assert (await submitted.committed()).successful


async def test_the_chaincodes_own_words_come_first(basic: Contract) -> None:
    with pytest.raises(EvaluateError, match=r"^chaincode-error: NO SUCH PATIENT") as evaluated:
        await basic.evaluate_transaction("errorMessage", "NO SUCH PATIENT")
    assert evaluated.value.code is StatusCode.UNKNOWN
    assert evaluated.value.chaincode_status == 500
    with pytest.raises(EndorseError, match=r"^chaincode-error: NO SUCH PATIENT") as endorsed:
        await basic.submit_transaction("errorMessage", "NO SUCH PATIENT")
    assert endorsed.value.code is StatusCode.ABORTED
    assert endorsed.value.transaction_id
    assert endorsed.value.transaction_id in str(endorsed.value)


async def test_every_peer_of_the_organisation_that_refused_is_named(basic: Contract, fabric: Fabric) -> None:
    with pytest.raises(EndorseError) as raised:
        await basic.submit_transaction("errorMessage", "NO")
    asked = {(detail.address, detail.msp_id) for detail in raised.value.details}
    assert asked == {(fabric.peer("org1", index)["address"], "Org1MSP") for index in (0, 1)}
    assert all(
        "chaincode response 500, chaincode-error: NO" in detail.message for detail in raised.value.details
    )


async def test_of_two_at_once_on_one_key_one_is_not_valid(basic: Contract) -> None:
    endorsed = [await basic.new_proposal("add", arguments=["counter", "1"]).endorse() for _ in range(2)]
    submitted = [await transaction.submit() for transaction in endorsed]
    codes = sorted([(await one.status()).code for one in submitted])
    assert codes == [ValidationCode.VALID, ValidationCode.MVCC_READ_CONFLICT]
    lost = [one for one in submitted if (await one.status()).code is not ValidationCode.VALID]
    with pytest.raises(CommitError) as raised:
        await lost[0].committed()
    assert raised.value.code == "MVCC_READ_CONFLICT"
    assert raised.value.validation_code is ValidationCode.MVCC_READ_CONFLICT
    assert raised.value.transaction_id == lost[0].transaction_id
    assert await basic.evaluate_transaction("get", "counter") == b"1"


async def test_a_hundred_at_once(basic: Contract) -> None:
    texts = [f"text {number}" for number in range(100)]
    results = await asyncio.gather(*(basic.submit_transaction("echo", text) for text in texts))
    assert [result.decode() for result in results] == texts


async def test_a_transaction_submitted_twice_changes_nothing_the_second_time(basic: Contract) -> None:
    transaction = await basic.new_proposal("add", arguments=["once", "1"]).endorse()
    first = await transaction.submit()
    await first.committed()
    await transaction.submit()
    assert (await first.status()).successful
    await basic.submit_transaction("echo", "after it")
    assert await basic.evaluate_transaction("get", "once") == b"1"


async def test_five_megabytes(basic: Contract) -> None:
    large = "x" * 5_000_000
    assert await basic.evaluate_transaction("echo", large) == large.encode()


async def test_two_thousand_at_once(basic: Contract) -> None:
    """More than a peer takes at a time (peer.limits.concurrency): each gives its result or a plain error."""
    texts = [f"text {number}" for number in range(2000)]
    results = await asyncio.gather(
        *(basic.evaluate("echo", arguments=[text], timeout=60) for text in texts), return_exceptions=True
    )
    refused = [result for result in results if isinstance(result, BaseException)]
    assert all(isinstance(error, EvaluateError) and "too many requests" in str(error) for error in refused)
    given = [(text, result) for text, result in zip(texts, results, strict=True) if isinstance(result, bytes)]
    assert len(given) >= 500
    assert all(result == text.encode() for text, result in given)
