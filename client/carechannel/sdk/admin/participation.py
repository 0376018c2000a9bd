"""An orderer's channels, by its channel participation API: list, join, remove, tell.

The API is HTTPS with client certificates; an orderer may trust one administrator's certificate alone
(docs/adr/0007), which osnadmin cannot show. osnadmin also ends with success when it is refused; here every
refusal raises.

Source: Fabric, `swagger/swagger-fabric.json` ("/participation/v1/channels").
"""

from __future__ import annotations

import asyncio
import json
import secrets
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

from carechannel.sdk.admin import _failures
from carechannel.sdk.admin._https import Request, ask, client_context
from carechannel.sdk.admin._ledger_messages import check_genesis_block
from carechannel.sdk.admin._names import check_channel
from carechannel.sdk.errors import AdministrationError, NodeReplyError, NodeUnreachableError

CHANNELS = "/participation/v1/channels"
TIMEOUT = 30.0
_UNREADABLE = (ValueError, KeyError, TypeError, OverflowError, RecursionError)


@dataclass(frozen=True)
class ChannelInfo:
    """One channel of an orderer.

    `consensus_relation` is `consenter` or `follower`; `status` is `active`, `onboarding`, `inactive` or
    `failed`; `height` counts the blocks that the orderer has.
    """

    name: str
    consensus_relation: str
    status: str
    height: int


class Participation:
    """The admin port of one orderer, `address` as `host:port`.

    `tls_root` is the root of the orderer's TLS certificate, `certificate` and `key` are what the
    administrator shows (files, PEM). `timeout`, in seconds, is for each call. Raises `AdministrationError`
    when a file cannot be used; every call raises `NodeUnreachableError`, `NodeRefusedError` (its `status` is
    HTTP's) or `NodeReplyError`.
    """

    def __init__(
        self, address: str, tls_root: Path, certificate: Path, key: Path, *, timeout: float = TIMEOUT
    ) -> None:
        host, _, port = address.rpartition(":")
        if not host or not (port.isascii() and port.isdecimal()):
            raise AdministrationError(
                f"{address!r} is no address: give host:port, such as orderer0.example:7053."
            )
        if timeout <= 0:
            raise AdministrationError(f"The time limit for {address} has to be more than 0 seconds.")
        self.address = address
        self._timeout = timeout
        self._context = client_context(tls_root, certificate, key)

    async def channels(self) -> tuple[str, ...]:
        """The names of the channels that the orderer has joined, sorted."""
        what = "tell its channels"
        reply = await self._ask(Request("GET", CHANNELS), HTTPStatus.OK, what)
        try:
            listed = json.loads(reply)["channels"]
            if listed is not None and not isinstance(listed, list):
                raise TypeError(listed)
            return tuple(sorted(_text(channel["name"]) for channel in listed or ()))
        except _UNREADABLE as error:
            raise self._unreadable(what) from error

    async def info(self, channel: str) -> ChannelInfo:
        """What the orderer does on a channel; refused (404) where it has not joined."""
        check_channel(channel)
        what = f"tell of {channel}"
        return self._info(
            await self._ask(Request("GET", f"{CHANNELS}/{channel}"), HTTPStatus.OK, what), channel, what
        )

    async def join(self, channel: str, config_block: bytes) -> ChannelInfo:
        """Join `channel` with its genesis block, or its last configuration block to catch up from there.

        Refused (405) where the orderer has joined already. Raises `AdministrationError` for another content,
        or another channel's block.
        """
        check_channel(channel)
        check_genesis_block(config_block, channel)
        what = f"join {channel}"
        boundary = secrets.token_hex(16)
        form = (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="config-block"; filename="config.block"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        end = f"\r\n--{boundary}--\r\n"
        headers = {"Content-Type": f"multipart/form-data; boundary={boundary}"}
        request = Request("POST", CHANNELS, headers, form.encode() + config_block + end.encode())
        reply = await self._ask(request, HTTPStatus.CREATED, what)
        return self._info(reply, channel, what)

    async def remove(self, channel: str) -> None:
        """Leave a channel and delete its ledger here; the orderer finishes that on its own."""
        check_channel(channel)
        await self._ask(
            Request("DELETE", f"{CHANNELS}/{channel}"), HTTPStatus.NO_CONTENT, f"remove {channel}"
        )

    async def _ask(self, request: Request, expected: HTTPStatus, what: str) -> bytes:
        changes = request.method != "GET"
        try:
            async with asyncio.timeout(self._timeout):
                status, reply = await ask(self._context, self.address, request)
        except TimeoutError:
            raise _failures.of_call(self.address, what, "DEADLINE_EXCEEDED", "", sent=changes) from None
        except OSError as error:
            raise NodeUnreachableError(
                f"{self.address} did not {what}: no answer on its admin port ({_reason(error)}). Is it "
                "running, and does it trust this administrator's certificate?",
                outcome_unknown=changes,
            ) from error
        if status != expected:
            raise _failures.refused(self.address, what, status, _said(reply))
        return reply

    def _info(self, reply: bytes, channel: str, what: str) -> ChannelInfo:
        try:
            told = json.loads(reply)
            info = ChannelInfo(
                _text(told["name"]),
                _text(told["consensusRelation"]),
                _text(told["status"]),
                int(told["height"]),
            )
        except _UNREADABLE as error:
            raise self._unreadable(what) from error
        if info.name != channel:
            raise NodeReplyError(f"{self.address} was to {what}, and tells of {info.name} instead.")
        return info

    def _unreadable(self, what: str) -> NodeReplyError:
        return NodeReplyError(
            f"{self.address} was to {what}; its answer cannot be read. Is it an orderer's admin port?"
        )


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def _said(reply: bytes) -> str:
    """The orderer's own sentence: `{"error": "…"}`."""
    try:
        return str(json.loads(reply)["error"])
    except _UNREADABLE:
        return reply.decode(errors="replace").strip()


def _reason(error: OSError) -> str:
    return str(error.strerror or error) or type(error).__name__
