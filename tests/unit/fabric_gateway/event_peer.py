"""A peer with a chain of blocks that answers event requests as Fabric does, until told to misbehave."""

from __future__ import annotations

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from dataclasses import dataclass

import grpc
import grpc.aio
from fabric_gateway.blocks import header_hash
from fabric_protos.common import common_pb2, ledger_pb2
from fabric_protos.gateway import gateway_pb2, gateway_pb2_grpc
from fabric_protos.ledger.rwset import rwset_pb2
from fabric_protos.ledger.rwset.kvrwset import kv_rwset_pb2
from fabric_protos.orderer import ab_pb2
from fabric_protos.peer import (
    chaincode_event_pb2,
    events_pb2,
    events_pb2_grpc,
    proposal_pb2,
    proposal_response_pb2,
    transaction_pb2,
)

Context = grpc.aio.ServicerContext
CHAINCODE = "basic"
CHANNEL = "channel1"


def event(transaction: str) -> chaincode_event_pb2.ChaincodeEvent:
    return chaincode_event_pb2.ChaincodeEvent(
        chaincode_id=CHAINCODE, tx_id=transaction, event_name="created", payload=transaction.encode()
    )


def envelope(transaction: str) -> bytes:
    """An endorser transaction that emits an event."""
    action = proposal_pb2.ChaincodeAction(events=event(transaction).SerializeToString())
    response = proposal_response_pb2.ProposalResponsePayload(extension=action.SerializeToString())
    endorsed = transaction_pb2.ChaincodeEndorsedAction(proposal_response_payload=response.SerializeToString())
    payload = transaction_pb2.ChaincodeActionPayload(action=endorsed)
    content = transaction_pb2.Transaction(
        actions=[transaction_pb2.TransactionAction(payload=payload.SerializeToString())]
    )
    header = common_pb2.ChannelHeader(
        type=common_pb2.ENDORSER_TRANSACTION, channel_id=CHANNEL, tx_id=transaction
    )
    return common_pb2.Envelope(
        payload=common_pb2.Payload(
            header=common_pb2.Header(channel_header=header.SerializeToString()),
            data=content.SerializeToString(),
        ).SerializeToString()
    ).SerializeToString()


def chain(*blocks: Sequence[str]) -> list[common_pb2.Block]:
    """Blocks, each following the one before, with these transactions."""
    made: list[common_pb2.Block] = []
    previous = b""
    for number, transactions in enumerate(blocks):
        data = [envelope(transaction) for transaction in transactions]
        data_hash = hashlib.sha256(b"".join(data)).digest()
        block = common_pb2.Block(
            header=common_pb2.BlockHeader(number=number, previous_hash=previous, data_hash=data_hash),
            data=common_pb2.BlockData(data=data),
            metadata=common_pb2.BlockMetadata(metadata=[b"", b"", bytes(len(data))]),
        )
        previous = header_hash(number, previous, data_hash)
        made.append(block)
    return made


def transactions_in(block: common_pb2.Block) -> list[str]:
    ids = []
    for content in block.data.data:
        payload = common_pb2.Payload.FromString(common_pb2.Envelope.FromString(content).payload)
        ids.append(common_pb2.ChannelHeader.FromString(payload.header.channel_header).tx_id)
    return ids


def filtered(block: common_pb2.Block) -> events_pb2.FilteredBlock:
    return events_pb2.FilteredBlock(
        channel_id=CHANNEL,
        number=block.header.number,
        filtered_transactions=[
            events_pb2.FilteredTransaction(
                txid=transaction,
                type=common_pb2.ENDORSER_TRANSACTION,
                transaction_actions=events_pb2.FilteredTransactionActions(
                    chaincode_actions=[
                        events_pb2.FilteredChaincodeAction(
                            chaincode_event=chaincode_event_pb2.ChaincodeEvent(
                                chaincode_id=CHAINCODE, tx_id=transaction, event_name="created"
                            )
                        )
                    ]
                ),
            )
            for transaction in transactions_in(block)
        ],
    )


def private_data(block: common_pb2.Block) -> events_pb2.BlockAndPrivateData:
    both = events_pb2.BlockAndPrivateData(block=block)
    for index, transaction in enumerate(transactions_in(block)):
        written = kv_rwset_pb2.KVRWSet(writes=[kv_rwset_pb2.KVWrite(key="k", value=transaction.encode())])
        both.private_data_map[index].ns_pvt_rwset.append(
            rwset_pb2.NsPvtReadWriteSet(
                namespace=CHAINCODE,
                collection_pvt_rwset=[
                    rwset_pb2.CollectionPvtReadWriteSet(
                        collection_name="secrets", rwset=written.SerializeToString()
                    )
                ],
            )
        )
    return both


@dataclass
class Cut:
    """What happens to one stream: after so many messages it ends, with a status or in order.

    ``start`` moves the place where the peer begins; ``ignore_transaction``: it sends the first block whole.
    """

    after: int
    status: grpc.StatusCode | None = grpc.StatusCode.UNAVAILABLE
    start: int = 0
    ignore_transaction: bool = False
    leave_out: int | None = None


class EventPeer(gateway_pb2_grpc.GatewayServicer, events_pb2_grpc.DeliverServicer):
    def __init__(self) -> None:
        self.blocks: list[common_pb2.Block] = []
        # One for each stream; when there is none left, streams are whole and stay open.
        self.cuts: deque[Cut] = deque()
        self.grown = asyncio.Event()
        self.evaluated = 0
        # Evaluations that it is not there for.
        self.away = 0
        self.open = 0
        self.asked: list[gateway_pb2.SignedChaincodeEventsRequest] = []
        self.sought: list[common_pb2.Envelope] = []
        # Sent by Deliver in place of blocks, one after the other.
        self.answers: list[events_pb2.DeliverResponse] = []

    def grow(self, blocks: list[common_pb2.Block]) -> None:
        self.blocks = blocks
        self.grown.set()
        self.grown = asyncio.Event()

    async def Evaluate(
        self, request: gateway_pb2.EvaluateRequest, context: Context
    ) -> gateway_pb2.EvaluateResponse:
        self.evaluated += 1
        if self.evaluated <= self.away:
            await context.abort(grpc.StatusCode.UNAVAILABLE, "away")
        info = ledger_pb2.BlockchainInfo(height=len(self.blocks)).SerializeToString()
        return gateway_pb2.EvaluateResponse(result=proposal_response_pb2.Response(status=200, payload=info))

    async def ChaincodeEvents(
        self, request: gateway_pb2.SignedChaincodeEventsRequest, context: Context
    ) -> AsyncIterator[gateway_pb2.ChaincodeEventsResponse]:
        self.asked.append(request)
        asked = gateway_pb2.ChaincodeEventsRequest.FromString(request.request)
        cut = self._cut()
        wanted = asked.after_transaction_id
        async for block in self._follow(asked.start_position, cut, context, self._has_events):
            transactions = transactions_in(block)
            if wanted in transactions and not cut.ignore_transaction:
                transactions = transactions[transactions.index(wanted) + 1 :]
            if transactions:
                yield gateway_pb2.ChaincodeEventsResponse(
                    block_number=block.header.number, events=[event(t) for t in transactions]
                )

    async def Deliver(
        self, requests: AsyncIterator[common_pb2.Envelope], context: Context
    ) -> AsyncIterator[events_pb2.DeliverResponse]:
        async for response in self._deliver(requests, context, _whole):
            yield response

    async def DeliverFiltered(
        self, requests: AsyncIterator[common_pb2.Envelope], context: Context
    ) -> AsyncIterator[events_pb2.DeliverResponse]:
        async for response in self._deliver(requests, context, _without_data):
            yield response

    async def DeliverWithPrivateData(
        self, requests: AsyncIterator[common_pb2.Envelope], context: Context
    ) -> AsyncIterator[events_pb2.DeliverResponse]:
        async for response in self._deliver(requests, context, _with_private_data):
            yield response

    async def _deliver(
        self,
        requests: AsyncIterator[common_pb2.Envelope],
        context: Context,
        wrapped: Callable[[common_pb2.Block], events_pb2.DeliverResponse],
    ) -> AsyncIterator[events_pb2.DeliverResponse]:
        request = await anext(requests)
        self.sought.append(request)
        if self.answers:
            for answer in self.answers:
                yield answer
            return
        payload = common_pb2.Payload.FromString(request.payload)
        seek = ab_pb2.SeekInfo.FromString(payload.data)
        if seek.start.specified.number > len(self.blocks):
            yield events_pb2.DeliverResponse(status=common_pb2.NOT_FOUND)
            return
        async for block in self._follow(seek.start, self._cut(), context, lambda _: True):
            yield wrapped(block)

    def _cut(self) -> Cut:
        return self.cuts.popleft() if self.cuts else Cut(after=2**32)

    @staticmethod
    def _has_events(block: common_pb2.Block) -> bool:
        return bool(block.data.data)

    async def _follow(
        self,
        start: ab_pb2.SeekPosition,
        cut: Cut,
        context: Context,
        counts: Callable[[common_pb2.Block], bool],
    ) -> AsyncIterator[common_pb2.Block]:
        kind = start.WhichOneof("Type")
        number = {"specified": start.specified.number, "oldest": 0}.get(kind or "", len(self.blocks))
        number = max(0, number + cut.start)
        sent = 0
        self.open += 1
        try:
            while True:
                while number < len(self.blocks):
                    block = self.blocks[number]
                    number += 1
                    if block.header.number == cut.leave_out:
                        continue
                    if sent == cut.after:
                        break
                    if counts(block):
                        sent += 1
                        yield block
                if sent >= cut.after:
                    if cut.status is not None:
                        await context.abort(cut.status, "as scripted")
                    return
                await self.grown.wait()
        finally:
            self.open -= 1


def _whole(block: common_pb2.Block) -> events_pb2.DeliverResponse:
    return events_pb2.DeliverResponse(block=block)


def _without_data(block: common_pb2.Block) -> events_pb2.DeliverResponse:
    return events_pb2.DeliverResponse(filtered_block=filtered(block))


def _with_private_data(block: common_pb2.Block) -> events_pb2.DeliverResponse:
    return events_pb2.DeliverResponse(block_and_private_data=private_data(block))
