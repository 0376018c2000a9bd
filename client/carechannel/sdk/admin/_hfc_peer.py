"""A peer through hfc 1.0.0: its requests, its transport; its answers go on as bytes, each looked at.

What hfc does with a failure, and what is made of it here (docs/sdk/admin.md has the table): a response whose
status is not 200 passes for an empty result in `Client.query_info` and its like. They are not used: hfc's
`Channel` builds the requests, and every response is checked. A call has no time limit in hfc; here it has. A
peer without a TLS root is talked to in clear; here an `Endpoint` cannot be without.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import os
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, cast

from carechannel.sdk import _hfc
from carechannel.sdk.admin import _failures, _messages
from carechannel.sdk.admin._names import check_channel
from carechannel.sdk.admin.administrator import Administrator
from carechannel.sdk.admin.endpoint import Endpoint
from carechannel.sdk.errors import NodeReplyError

_hfc.prepare()

import grpc  # noqa: E402 - hfc has to be prepared first
from hfc.fabric.channel import channel as hfc_channel  # noqa: E402
from hfc.fabric.channel.channel import Channel  # noqa: E402
from hfc.fabric.peer import Peer  # noqa: E402
from hfc.fabric.transaction.tx_context import TXContext  # noqa: E402
from hfc.fabric.transaction.tx_proposal_request import CC_QUERY, create_tx_prop_req  # noqa: E402
from hfc.protos.common import common_pb2  # noqa: E402
from hfc.protos.discovery import protocol_pb2  # noqa: E402

# It sets its own level to DEBUG and tells everybody what it is asked.
logging.getLogger("hfc.fabric.channel.channel").setLevel(logging.WARNING)


def _current_timestamp() -> object:
    """The time in the class that hfc's messages have here (docs/adr/0003), which lacks methods for it."""
    header = common_pb2.ChannelHeader()
    header.timestamp.seconds, header.timestamp.nanos = divmod(time.time_ns(), 10**9)
    return header.timestamp


hfc_channel.current_timestamp = _current_timestamp

_NOT_PARSED = "Exception deserializing response"
"""gRPC's word for an answer that hfc's messages cannot hold; its INTERNAL would pass for a refusal."""
_MAX_MESSAGE = 100 * 1024 * 1024


class _Message(Protocol):
    def SerializeToString(self) -> bytes: ...  # noqa: N802 - protobuf's name


@dataclass(frozen=True)
class _HfcEnrollment:
    cert: bytes
    private_key: Administrator


class _Crypto:
    """What hfc signs with: the administrator, who signs as Fabric wants it."""

    hash = staticmethod(hashlib.sha256)
    generate_nonce = staticmethod(os.urandom)

    @staticmethod
    def sign(key: Administrator, message: bytes) -> bytes:
        return key.sign(message)


class _Requestor:
    """hfc's User without its state store, which would keep the private key pickled."""

    def __init__(self, administrator: Administrator) -> None:
        self.msp_id = administrator.msp_id
        self.enrollment = _HfcEnrollment(administrator.certificate_pem, administrator)
        self.cryptoSuite = _Crypto()  # hfc's name


class HfcPeer:
    """One peer, asked by `administrator`. For the event loop that it is made in; `close` it in the end."""

    def __init__(self, endpoint: Endpoint, administrator: Administrator) -> None:
        self._endpoint = endpoint
        self._administrator = administrator
        self._requestor = _Requestor(administrator)
        options: list[tuple[str, int | str]] = [
            ("grpc.max_receive_message_length", _MAX_MESSAGE),
            ("grpc.max_send_message_length", _MAX_MESSAGE),
            ("grpc.use_local_subchannel_pool", 1),
        ]
        if endpoint.server_name:
            options.append(("grpc.ssl_target_name_override", endpoint.server_name))
        self._peer = Peer(
            name=endpoint.address,
            endpoint=endpoint.address,
            tls_ca_cert_file=endpoint.tls_root_pem,
            client_key_file=endpoint.client_key_pem,
            client_cert_file=endpoint.client_certificate_pem,
            opts=options,
        )

    async def channels(self) -> bytes:
        """`protos.ChannelQueryResponse`."""
        context = self._context()
        context.tx_prop_req = create_tx_prop_req(
            prop_type=CC_QUERY, fcn="GetChannels", cc_name="cscc", args=[]
        )
        (response,), _, _ = Channel._send_tx_proposal("", context, [self._peer])
        return await self._checked(response, "tell its channels")

    async def join(self, genesis_block: bytes) -> None:
        """Join the channel of `genesis_block`."""
        channel = _channel("joining")  # hfc asks for one; the block says which it is
        request = {
            "targets": [self._peer],
            "block": genesis_block,
            "tx_context": self._context(),
            "transient_map": {},
        }
        (response,) = channel.join_channel(request)
        await self._checked(response, "join the channel")

    async def info(self, channel: str) -> bytes:
        """`common.BlockchainInfo`."""
        return await self._query(channel, Channel.query_info, "tell the state of the chain")

    async def block(self, channel: str, number: int) -> bytes:
        """`common.Block`."""
        return await self._query(channel, Channel.query_block, f"give block {number}", str(number))

    async def block_by_hash(self, channel: str, header_hash: bytes) -> bytes:
        """`common.Block`."""
        what = f"give the block with hash {header_hash.hex()}"
        return await self._query(channel, Channel.query_block_by_hash, what, header_hash)

    async def block_of(self, channel: str, transaction_id: str) -> bytes:
        """`common.Block`."""
        what = f"give the block of transaction {transaction_id}"
        return await self._query(channel, Channel.query_block_by_txid, what, transaction_id)

    async def transaction(self, channel: str, transaction_id: str) -> bytes:
        """`protos.ProcessedTransaction`."""
        what = f"give transaction {transaction_id}"
        return await self._query(channel, Channel.query_transaction, what, transaction_id)

    async def configuration_block(self, channel: str) -> bytes:
        """`common.Block`: the latest one with a configuration."""
        return await self._query(channel, Channel.get_channel_config, "give the channel's configuration")

    async def discover(
        self,
        channel: str,
        what: str,
        *,
        local: bool = False,
        config: bool = False,
        interests: Sequence[Mapping[str, object]] = (),
    ) -> bytes:
        """`discovery.Response`, unchecked but for its being one."""
        asked = _channel(channel or "local")
        discovery = asked._discovery(
            self._requestor,
            _Discovered(self._send_discovery),
            local=local,
            config=config,
            interests=list(interests),
        )
        response = cast(_Message, await self._within(discovery, what))
        return response.SerializeToString()

    async def close(self) -> None:
        """Close the connection."""
        await self._peer._channel.close()

    async def _query(
        self,
        channel: str,
        query: Callable[..., tuple[list[Awaitable[object]], object, object]],
        what: str,
        *arguments: object,
    ) -> bytes:
        (response,), _, _ = query(_channel(channel), self._context(), [self._peer], *arguments)
        return await self._checked(response, f"{what} on {channel}")

    def _context(self) -> TXContext:
        return TXContext(self._requestor, self._requestor.cryptoSuite, None)

    async def _checked(self, response: Awaitable[object], what: str) -> bytes:
        """The payload of a successful answer; hfc itself never looks at the status."""
        message = cast(_Message, await self._within(response, what))
        answer = _messages.answer(message.SerializeToString(), self._endpoint.address)
        if answer.status != _messages.SUCCESS:
            raise _failures.refused(self._endpoint.address, what, answer.status, answer.message)
        return answer.payload

    async def _within(self, call: Awaitable[object], what: str) -> object:
        address = self._endpoint.address
        try:
            async with asyncio.timeout(self._endpoint.timeout):
                return await call
        except TimeoutError:
            raise _failures.of_call(address, what, "DEADLINE_EXCEEDED", "", sent=True) from None
        except grpc.RpcError as error:
            # hfc's calls are both errors and calls of gRPC, which ships no type for that.
            call_error = cast(grpc.Call, error)
            status, text = call_error.code().name, call_error.details() or ""
            if text.startswith(_NOT_PARSED):
                raise NodeReplyError(
                    f"{address} did not {what}: its answer cannot be read. Is it a peer of Fabric 3?"
                ) from None
            raise _failures.of_call(address, what, status, text, sent=True) from None

    def _send_discovery(self, envelope: common_pb2.Envelope) -> Awaitable[object]:
        """Bound to the TLS client certificate, if there is one: hfc leaves that out (a TODO of its own)."""
        if self._endpoint.client_certificate_pem is not None:
            request = protocol_pb2.Request.FromString(envelope.payload)
            request.authentication.client_tls_cert_hash = self._endpoint.client_certificate_hash
            envelope.payload = request.SerializeToString()
            envelope.signature = self._administrator.sign(envelope.payload)
        answer: Awaitable[object] = self._peer.send_discovery(envelope)
        return answer


@dataclass(frozen=True)
class _Discovered:
    """What hfc's `Channel` takes for the peer that it discovers from."""

    send_discovery: Callable[[common_pb2.Envelope], Awaitable[object]]


def _channel(name: str) -> Channel:
    # hfc's own check has no limit and no plain sentence.
    check_channel(name)
    return Channel(name, None)
