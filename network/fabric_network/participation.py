"""The orderers' channel participation API, asked with the administrator's own certificate.

An orderer trusts exactly that certificate on its admin port, not whatever its organisation's CA has issued:
every patient and practitioner has one of those. Fabric's osnadmin cannot show a pinned certificate (Go's TLS
client looks for its issuer in the list that the server sends, finds none, sends nothing), so it is not used.

Source: Fabric, `swagger/swagger-fabric.json` ("/participation/v1/channels").
"""

from __future__ import annotations

import http.client
import json
import secrets
import ssl
from http import HTTPStatus
from pathlib import Path

from fabric_network.errors import ChannelError
from fabric_network.paths import TlsLayout
from fabric_network.ports import LOOPBACK
from fabric_network.topology import Node

CHANNELS = "/participation/v1/channels"
TIMEOUT = 20.0
"""Seconds that an orderer has to answer."""


class Participation:
    """One orderer's channels. Everything raises `ChannelError`, naming the orderer."""

    def __init__(self, node: Node, admin: TlsLayout) -> None:
        self._node = node
        self._admin = admin

    def channels(self) -> set[str]:
        """The names of the channels that the orderer has joined."""
        status, reply = self._ask("GET", {}, b"")
        try:
            if status == HTTPStatus.OK:
                return {channel["name"] for channel in json.loads(reply)["channels"] or ()}
        except (ValueError, KeyError, TypeError) as error:
            raise self._refused("does not tell its channels", reply) from error
        raise self._refused("does not tell its channels", reply)

    def join(self, channel: str, genesis_block: Path) -> None:
        """Join a channel with its genesis block."""
        boundary = secrets.token_hex(16)
        form = (
            f"--{boundary}\r\n"
            'Content-Disposition: form-data; name="config-block"; filename="config.block"\r\n'
            "Content-Type: application/octet-stream\r\n\r\n"
        )
        body = form.encode() + genesis_block.read_bytes() + f"\r\n--{boundary}--\r\n".encode()
        status, reply = self._ask("POST", {"Content-Type": f"multipart/form-data; boundary={boundary}"}, body)
        if status != HTTPStatus.CREATED:
            raise self._refused(f"did not join {channel}", reply)

    def _ask(self, method: str, headers: dict[str, str], body: bytes) -> tuple[int, bytes]:
        try:
            context = ssl.create_default_context(cafile=str(self._admin.ca))
            context.load_cert_chain(self._admin.certificate, self._admin.key)
            connection = http.client.HTTPSConnection(
                LOOPBACK, self._node.admin, timeout=TIMEOUT, context=context
            )
            try:
                connection.request(method, CHANNELS, body or None, headers)
                reply = connection.getresponse()
                return reply.status, reply.read()
            finally:
                connection.close()
        except (OSError, http.client.HTTPException) as error:
            said = f"{type(error).__name__}: {error}".encode()
            raise self._refused("does not answer on its admin port", said) from error

    def _refused(self, what: str, reply: bytes) -> ChannelError:
        said = reply.decode(errors="replace").strip()[:300]
        return ChannelError(
            f"{self._node.name} {what}: {said}. See: carechannel-network logs {self._node.name}"
        )
