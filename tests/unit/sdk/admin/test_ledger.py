"""Queries through hfc: whatever a peer answers, a value is what was asked for, and all else an exception."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
from collections.abc import Awaitable, Callable

import grpc
import pytest
from carechannel.sdk.admin import (
    AdministrationError,
    Ledger,
    NodeRefusedError,
    NodeReplyError,
    NodeUnreachableError,
    Peer,
    SdkError,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_protos.common import common_pb2, configtx_pb2, ledger_pb2
from fabric_protos.peer import query_pb2, transaction_pb2

from tests.protocol.certificates import Authority
from tests.unit.sdk.admin.blocks import CHANNEL, block, config_block, envelope, transaction
from tests.unit.sdk.admin.scripted_node import ScriptedNode, administrator, never, responds

TX, OTHER_TX = "ab" * 32, "cd" * 32
Ask = Callable[[Ledger], Awaitable[object]]
ASKING: dict[str, Ask] = {
    "GetChainInfo": lambda ledger: ledger.info(),
    "GetBlockByNumber": lambda ledger: ledger.block(3),
    "GetBlockByHash": lambda ledger: ledger.block_by_hash(bytes(32)),
    "GetBlockByTxID": lambda ledger: ledger.block_of(TX),
    "GetTransactionByID": lambda ledger: ledger.transaction(TX),
    "GetConfigBlock": lambda ledger: ledger.configuration(),
}
every_query = pytest.mark.parametrize("function", ASKING)


async def ask(node: ScriptedNode, function: str, limit: float = 5.0) -> object:
    async with Peer(node.endpoint(timeout=limit), administrator()) as peer:
        return await ASKING[function](peer.ledger(CHANNEL))


@every_query
async def test_a_refusal_with_a_status_raises(node: ScriptedNode, function: str) -> None:
    """hfc's own queries turn it into an empty result."""
    node.replies[function] = responds(status=500, message="no such thing in index")
    with pytest.raises(
        NodeRefusedError, match=r"127\.0\.0\.1:\d+ did not .*no such thing in index"
    ) as caught:
        await ask(node, function)
    assert (caught.value.status, caught.value.reason) == (500, "no such thing in index")


@every_query
async def test_an_empty_success_raises(node: ScriptedNode, function: str) -> None:
    node.replies[function] = responds(b"")
    with pytest.raises(NodeReplyError):
        await ask(node, function)


@every_query
async def test_junk_in_a_success_raises(node: ScriptedNode, function: str) -> None:
    node.replies[function] = responds(b"\xff\xff\xff")
    with pytest.raises(NodeReplyError, match="cannot be read"):
        await ask(node, function)


@every_query
async def test_an_answer_without_a_status_raises(node: ScriptedNode, function: str) -> None:
    node.replies[function] = b""
    with pytest.raises(NodeReplyError, match="without a status"):
        await ask(node, function)


@every_query
async def test_a_truncated_answer_is_no_refusal(node: ScriptedNode, function: str) -> None:
    node.replies[function] = responds(b"some payload")[:-2]
    with pytest.raises(NodeReplyError, match="cannot be read"):
        await ask(node, function)


@every_query
@pytest.mark.parametrize(
    ("status", "raised"),
    [
        (grpc.StatusCode.PERMISSION_DENIED, NodeRefusedError),
        (grpc.StatusCode.UNAVAILABLE, NodeUnreachableError),
        (grpc.StatusCode.DEADLINE_EXCEEDED, NodeUnreachableError),
        (grpc.StatusCode.UNKNOWN, NodeRefusedError),
    ],
)
async def test_an_error_of_grpc_raises(
    node: ScriptedNode, function: str, status: grpc.StatusCode, raised: type[SdkError]
) -> None:
    node.replies[function] = status
    with pytest.raises(raised, match=r"127\.0\.0\.1:\d+ did not "):
        await ask(node, function)


async def test_a_peer_that_says_nothing_is_given_up(node: ScriptedNode) -> None:
    """hfc would wait for ever."""
    node.replies["GetChainInfo"] = lambda _asked: never()
    with pytest.raises(NodeUnreachableError, match="within the time given"):
        await ask(node, "GetChainInfo", limit=0.3)


async def test_cancelling_ends_the_call(node: ScriptedNode) -> None:
    node.replies["GetChainInfo"] = lambda _asked: never()
    task = asyncio.create_task(ask(node, "GetChainInfo", limit=30))
    while not node.asked:  # noqa: ASYNC110 - nothing there sets an event
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asyncio.wait_for(task, 5)


async def test_a_peer_that_is_down_and_one_with_another_root(node: ScriptedNode) -> None:
    down = dataclasses.replace(node.endpoint(), address="127.0.0.1:1")
    async with Peer(down, administrator()) as peer:
        with pytest.raises(NodeUnreachableError, match="cannot be connected to"):
            await peer.channels()
    wrong = dataclasses.replace(node.endpoint(), tls_root_pem=Authority("other").certificate)
    async with Peer(wrong, administrator()) as peer:
        with pytest.raises(NodeUnreachableError, match="TLS certificate"):
            await peer.channels()
    misnamed = dataclasses.replace(node.endpoint(), server_name="peer0.example")
    async with Peer(misnamed, administrator()) as peer:
        with pytest.raises(NodeUnreachableError):
            await peer.channels()
    assert node.asked == []


async def test_what_is_sent_is_signed_by_the_administrator(node: ScriptedNode) -> None:
    node.replies["GetBlockByNumber"] = responds(block(3, transaction(TX)))
    who = administrator()
    async with Peer(node.endpoint(), who) as peer:
        found = await peer.ledger(CHANNEL).block(3)
    assert (found.number, [one.transaction_id for one in found.transactions]) == (3, [TX])
    (asked,) = node.asked
    assert (asked.chaincode, asked.arguments) == ("qscc", (CHANNEL.encode(), b"3"))
    key = x509.load_pem_x509_certificate(who.certificate_pem).public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    key.verify(asked.signed.signature, asked.signed.proposal_bytes, ec.ECDSA(hashes.SHA256()))


async def test_channels_of_a_peer_that_has_none_and_some(node: ScriptedNode) -> None:
    listed = query_pb2.ChannelQueryResponse(
        channels=[query_pb2.ChannelInfo(channel_id=name) for name in ("b", "a")]
    )
    async with Peer(node.endpoint(), administrator()) as peer:
        node.replies["GetChannels"] = responds(b"")
        assert await peer.channels() == ()
        node.replies["GetChannels"] = responds(listed.SerializeToString())
        assert await peer.channels() == ("a", "b")
        node.replies["GetChannels"] = responds(status=403, message="access denied")
        with pytest.raises(NodeRefusedError, match="access denied"):
            await peer.channels()


async def test_join_sends_the_block_and_raises_when_refused(node: ScriptedNode) -> None:
    genesis = config_block(configtx_pb2.Config(channel_group=configtx_pb2.ConfigGroup(version=0)))
    async with Peer(node.endpoint(), administrator()) as peer:
        node.replies["JoinChain"] = responds()
        await peer.join(genesis)
        assert node.asked[-1].arguments == (genesis,)
        node.replies["JoinChain"] = responds(status=500, message="ledger [x] already exists")
        with pytest.raises(NodeRefusedError, match="already exists"):
            await peer.join(genesis)
        for wrong in (b"", b"junk", block(0), block(1, transaction(TX))):
            with pytest.raises(AdministrationError):
                await peer.join(wrong)
    assert len(node.asked) == 2


async def test_another_block_than_asked_for_is_noticed(node: ScriptedNode) -> None:
    other = responds(block(4, transaction(OTHER_TX)))
    for function in ("GetBlockByNumber", "GetBlockByHash", "GetBlockByTxID"):
        node.replies[function] = other
        with pytest.raises(NodeReplyError):
            await ask(node, function)
    processed = transaction_pb2.ProcessedTransaction(validationCode=11)
    processed.transactionEnvelope.ParseFromString(transaction(OTHER_TX))
    node.replies["GetTransactionByID"] = responds(processed.SerializeToString())
    with pytest.raises(NodeReplyError, match="another transaction"):
        await ask(node, "GetTransactionByID")
    node.replies["GetConfigBlock"] = responds(config_block(configtx_pb2.Config(), channel="other"))
    with pytest.raises(NodeReplyError, match="channel other"):
        await ask(node, "GetConfigBlock")
    node.replies["GetConfigBlock"] = responds(block(1, transaction(TX)))
    with pytest.raises(NodeReplyError, match="no configuration block"):
        await ask(node, "GetConfigBlock")


async def test_a_block_of_another_channel_or_with_other_content_is_noticed(node: ScriptedNode) -> None:
    there = envelope(common_pb2.ENDORSER_TRANSACTION, transaction_id=TX, channel="other")
    node.replies["GetBlockByNumber"] = responds(block(3, there))
    with pytest.raises(NodeReplyError, match="asked about regional-care and gave a transaction of other"):
        await ask(node, "GetBlockByNumber")
    processed = transaction_pb2.ProcessedTransaction()
    processed.transactionEnvelope.ParseFromString(there)
    node.replies["GetTransactionByID"] = responds(processed.SerializeToString())
    with pytest.raises(NodeReplyError, match="gave a transaction of other"):
        await ask(node, "GetTransactionByID")
    forged = common_pb2.Block.FromString(block(3, transaction(TX)))
    forged.data.data[0] = transaction(OTHER_TX)
    node.replies["GetBlockByNumber"] = responds(forged.SerializeToString())
    with pytest.raises(NodeReplyError, match="damaged or forged"):
        await ask(node, "GetBlockByNumber")
    config = configtx_pb2.Config(channel_group=configtx_pb2.ConfigGroup(version=1))
    forged = common_pb2.Block.FromString(config_block(config))
    forged.header.data_hash = bytes(32)
    node.replies["GetConfigBlock"] = responds(forged.SerializeToString())
    with pytest.raises(NodeReplyError, match="damaged or forged"):
        await ask(node, "GetConfigBlock")


async def test_validation_codes_have_names(node: ScriptedNode) -> None:
    content = block(
        3, transaction(TX), transaction(OTHER_TX), envelope(common_pb2.CONFIG), codes=b"\x00\x0b\xfa"
    )
    node.replies["GetBlockByNumber"] = responds(content)
    async with Peer(node.endpoint(), administrator()) as peer:
        found = await peer.ledger(CHANNEL).block(3)
    assert [(one.kind, one.validation_code) for one in found.transactions] == [
        ("ENDORSER_TRANSACTION", "VALID"),
        ("ENDORSER_TRANSACTION", "MVCC_READ_CONFLICT"),
        ("CONFIG", "250"),
    ]


async def test_arguments_that_no_ledger_knows_are_not_sent(node: ScriptedNode) -> None:
    async with Peer(node.endpoint(), administrator()) as peer:
        ledger = peer.ledger(CHANNEL)
        for wrong in (
            ledger.block(-1),
            ledger.block(2**64),
            ledger.block_by_hash(b"short"),
            ledger.block_of("x"),
            ledger.transaction(TX.upper()),
            peer.ledger("No Channel").info(),
            peer.ledger("").info(),
            peer.ledger("a" * 250).info(),
        ):
            with pytest.raises(AdministrationError):
                await wrong
    assert node.asked == []


async def test_a_peer_is_used_between_entering_and_leaving(node: ScriptedNode) -> None:
    peer = Peer(node.endpoint(), administrator())
    with pytest.raises(AdministrationError, match="async with"):
        await peer.channels()
    async with peer:
        pass
    with pytest.raises(AdministrationError, match="async with"):
        await peer.channels()


async def test_hfc_says_nothing_about_what_it_is_asked(
    node: ScriptedNode, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    node.replies["GetChainInfo"] = responds(
        ledger_pb2.BlockchainInfo(height=1, currentBlockHash=b"h" * 32).SerializeToString()
    )
    caplog.set_level(logging.INFO)
    await ask(node, "GetChainInfo")
    assert [record.name for record in caplog.records if record.name.startswith("hfc")] == []
    assert capfd.readouterr().err == ""
