"""configtxgen: a channel's genesis block."""

from __future__ import annotations

from pathlib import Path

from fabric_network.commands.command import Command
from fabric_network.paths import Layout


def genesis_block(layout: Layout, channel: str, block: Path) -> Command:
    return Command(
        layout.bin / "configtxgen",
        (
            *("-configPath", str(layout.configtx.parent)),
            *("-profile", channel),
            *("-channelID", channel),
            *("-outputBlock", str(block)),
        ),
    )
