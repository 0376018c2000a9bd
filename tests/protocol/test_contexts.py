"""What a contract sets for its thread ends with its transaction: peers with another history would differ."""

from __future__ import annotations

import decimal
from decimal import Decimal

import pytest
from fabric_shim._internal.conversation import Conversations
from fabric_shim.contract import BlockingContext, Context, Contract, ContractChaincode, transaction
from fabric_shim.observer import Observers
from fabric_shim.testing.mock_peer import MockPeer, transcript
from fabric_transport import INSECURE


class Divisions(Contract):
    @transaction
    async def coarse(self, ctx: Context) -> Decimal:
        decimal.getcontext().prec = 3
        await ctx.stub.get_state("k")
        return Decimal(1) / 7

    @transaction
    def coarse_blocking(self, ctx: BlockingContext) -> Decimal:
        decimal.getcontext().prec = 3
        ctx.stub.get_state("k")
        return Decimal(1) / 7

    @transaction
    async def fine(self, ctx: Context) -> Decimal:
        return Decimal(1) / 7

    @transaction
    def fine_blocking(self, ctx: BlockingContext) -> Decimal:
        return Decimal(1) / 7


@pytest.mark.parametrize("kind", ["", "_blocking"])
async def test_a_transaction_does_not_change_how_others_calculate(kind: str) -> None:
    conversations = Conversations(ContractChaincode(Divisions()), "cc:1", Observers())
    port = await conversations.listen("127.0.0.1:0", INSECURE)
    address = f"127.0.0.1:{port}"
    async with MockPeer.dial(address) as one, MockPeer.dial(address) as other:
        await one.register()
        await other.register()
        coarse = await one.begin(f"coarse{kind}")
        meanwhile = await (await other.begin(f"fine{kind}")).completed()
        await coarse.expect(transcript.get_state("k"), answer=b"")
        answer = await coarse.completed()
        afterwards = await (await one.begin(f"fine{kind}")).completed()
    await conversations.stop(1)
    assert answer.response.payload == b'"0.143"'
    assert meanwhile.response.payload == afterwards.response.payload == b'"0.1428571428571428571428571429"'
