"""An update of a channel's configuration: computed, signed by several, sent, seen in force.

hfc sends an update that another tool has computed and its caller alone has signed; here it is computed too,
and signatures are collected as files that go from one administrator to the next. The files are those of
Fabric's tools: `peer channel signconfigtx` and `peer channel update` take the same.
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from carechannel.sdk.admin import _config_messages as messages
from carechannel.sdk.admin import _messages
from carechannel.sdk.admin._json_messages import JsonObject
from carechannel.sdk.admin._signatures import check_signature, signer_of
from carechannel.sdk.admin.administrator import Administrator
from carechannel.sdk.admin.configuration import ChannelConfiguration
from carechannel.sdk.admin.ledger import Ledger
from carechannel.sdk.admin.orderer import Orderer
from carechannel.sdk.errors import ConfigurationError, NodeUnreachableError

POLL_INTERVAL = 0.1


@dataclass(frozen=True)
class ConfigUpdate:
    """What changes (`content`: `common.ConfigUpdate`), and signatures of it (`common.ConfigSignature`)."""

    channel: str
    content: bytes = field(repr=False)
    signatures: tuple[bytes, ...] = field(default=(), repr=False)

    @staticmethod
    def between(current: ChannelConfiguration, wanted: ChannelConfiguration) -> ConfigUpdate:
        """The update from one configuration to the other, as `configtxlator compute_update` has it.

        Raises `ConfigurationError` when nothing differs, or they are of two channels.
        """
        if current.channel != wanted.channel:
            raise ConfigurationError(
                f"One configuration is of {current.channel}, the other of {wanted.channel}."
            )
        return ConfigUpdate(
            current.channel, messages.difference(current.channel, current.content, wanted.content)
        )

    @staticmethod
    def from_file(content: bytes) -> ConfigUpdate:
        """From an envelope file (`common.Envelope`), with the signatures that stand in it.

        Raises `ConfigurationError` when it holds no update, or a signature that does not fit.
        """
        update, signatures = messages.update_in_file(content)
        found = ConfigUpdate(messages.channel_of_update(update), update)
        return found.with_signatures(*signatures)

    def to_file(self) -> bytes:
        """The content of an envelope file with the update and its signatures."""
        return messages.update_file(self.content, self.signatures)

    @property
    def signers(self) -> tuple[str, ...]:
        """The MSP IDs of those who have signed."""
        return tuple(signer_of(one)[0] for one in self.signatures)

    def json(self) -> JsonObject:
        """What is read and written, as `configtxlator proto_decode --type common.ConfigUpdate` shows it."""
        return messages.update_to_json(self.content)

    def sign(self, administrator: Administrator) -> bytes:
        """A signature under this update, for `with_signatures`; may be kept in a file and sent."""
        return messages.signature(administrator, self.content)

    def with_signatures(self, *signatures: bytes) -> ConfigUpdate:
        """The update with these signatures besides its own; one of the same signer counts once.

        Raises `ConfigurationError` when one is not under this very update, or no signature at all.
        """
        kept = {signer_of(one): one for one in self.signatures}
        for signature in signatures:
            check_signature(signature, self.content)
            kept.setdefault(signer_of(signature), signature)
        return ConfigUpdate(self.channel, self.content, tuple(kept.values()))

    async def submit(
        self, administrator: Administrator, orderer: Orderer, ledger: Ledger
    ) -> ChannelConfiguration:
        """Send it, signed by `administrator` too; gives the configuration that it led to.

        Waits until the peer of `ledger` has it, up to the `timeout` of the orderer's endpoint. Raises
        `NodeRefusedError` (BAD_REQUEST: it does not fit the present configuration, or signatures are missing;
        FORBIDDEN: the sender may not write), `NodeUnreachableError`, `NodeReplyError`, and
        `ConfigurationError` when somebody else's update came first, so that this one is void.
        """
        if ledger.channel != self.channel:
            raise ConfigurationError(
                f"The update is for {self.channel}, the ledger is that of {ledger.channel}."
            )
        height = (await ledger.info()).height
        signed = self.with_signatures(self.sign(administrator))
        update_envelope = messages.signed_update(self.content, signed.signatures)
        envelope = _messages.config_update_transaction(
            administrator, self.channel, update_envelope, orderer.endpoint.client_certificate_hash
        )
        await orderer.broadcast(envelope, f"take the update of {self.channel}'s configuration")
        try:
            async with asyncio.timeout(orderer.endpoint.timeout):
                return await self._in_force(ledger, height)
        except TimeoutError:
            raise NodeUnreachableError(
                f"{ledger.address} did not show the new configuration of {self.channel} within the time "
                "given, though the orderer took it. Read the configuration before you try again.",
                outcome_unknown=True,
            ) from None
        except NodeUnreachableError as error:
            raise NodeUnreachableError(
                f"{error} The orderer took the update: read the configuration before you try again.",
                outcome_unknown=True,
            ) from error

    async def _in_force(self, ledger: Ledger, number: int) -> ChannelConfiguration:
        """Look at every block from `number` on: another update may come before or right after this one."""
        while True:
            height = (await ledger.info()).height
            for wanted in range(number, height):
                block = await ledger.block(wanted)
                if all(one.kind == "CONFIG" for one in block.transactions):
                    found = ChannelConfiguration.of_block(self.channel, block.content, ledger.address)
                    if messages.update_in_transaction(found.last_update) == self.content:
                        return found
                    if messages.is_void(self.content, found.content):
                        raise ConfigurationError(
                            f"Another update of {self.channel}'s configuration came first, so that this one "
                            "is void and nothing of it in force. Read the configuration again, make the "
                            "update from it, and have it signed anew."
                        )
            number = max(number, height)
            await asyncio.sleep(POLL_INTERVAL)
