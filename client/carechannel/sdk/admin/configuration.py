"""A channel's configuration as a value: read from a block, shown as JSON, edited."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from carechannel.sdk.admin import _config_messages as messages
from carechannel.sdk.admin._json_messages import JsonObject


@dataclass(frozen=True)
class ChannelConfiguration:
    """The configuration of `channel`; `content` is `common.Config`.

    `sequence` counts the channel's configurations; `last_update` is the envelope that led to this one (empty
    for the first).
    """

    channel: str
    sequence: int
    content: bytes = field(repr=False)
    last_update: bytes = field(default=b"", repr=False)

    @staticmethod
    def of_block(channel: str, block: bytes, where: str) -> ChannelConfiguration:
        """From a configuration block (`common.Block`) that came from `where`, a node's address or a file.

        Raises `NodeReplyError` when it holds no configuration, or that of another channel.
        """
        sequence, content, last_update = messages.configuration_in(channel, block, where)
        return ChannelConfiguration(channel, sequence, content, last_update)

    def json(self) -> JsonObject:
        """As `configtxlator proto_decode --type common.Config` shows it; a fresh object, to be edited."""
        return messages.config_to_json(self.content)

    def edited(self, document: Mapping[str, object]) -> ChannelConfiguration:
        """The configuration that `document` (`json()`, changed) describes; for `ConfigUpdate.between`.

        Raises `ConfigurationError` when it describes none.
        """
        return ChannelConfiguration(
            self.channel, self.sequence, messages.config_from_json(document, self.content)
        )

    def msp_places(self, msp_id: str) -> tuple[str, ...]:
        """Where an organisation's MSP stands: the paths of its groups, such as `Application/Org1`."""
        return messages.msp_places(self.content, msp_id)
