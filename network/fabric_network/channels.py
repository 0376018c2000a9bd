"""Channels by channel participation: genesis block, orderers join, peers join. What is done is left alone."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from carechannel.sdk.admin import SdkError
from carechannel.sdk.admin.together import together

from fabric_network.administration import Administration
from fabric_network.commands import channel as commands
from fabric_network.errors import ChannelError
from fabric_network.execute import Executor
from fabric_network.interrupts import run
from fabric_network.paths import Layout
from fabric_network.topology import Node, NodeKind, Topology


class Channels:
    """The channels of a running network. Everything raises `ChannelError`, naming node and channel."""

    def __init__(self, topology: Topology, layout: Layout, executor: Executor) -> None:
        self._topology = topology
        self._layout = layout
        self._executor = executor
        self._administration = Administration(topology, layout)

    def make_genesis_blocks(self) -> None:
        """A channel's first block is made once; later changes are updates of its configuration."""
        for name in self._topology.channels:
            block = self._layout.block(name)
            if block.is_file():
                continue
            with TemporaryDirectory(dir=block.parent) as folder:
                made = Path(folder) / block.name
                outcome = self._executor.run(commands.genesis_block(self._layout, name, made))
                if outcome.status != 0:
                    raise ChannelError(f"The genesis block of {name} could not be made: {outcome.reason}.")
                made.replace(block)

    def join_orderers(self) -> list[str]:
        """Gives `orderer: channel` for each join that was needed."""
        return self._everywhere(NodeKind.ORDERER, self._join_orderer)

    def join_peers(self) -> list[str]:
        """Gives `peer: channel` for each join that was needed."""
        return self._everywhere(NodeKind.PEER, self._join_peer)

    def _everywhere(
        self, kind: NodeKind, join: Callable[[Node], Coroutine[Any, Any, list[str]]]
    ) -> list[str]:
        done = run(together(join(node) for node in self._topology.nodes_of(kind)))
        return [joined for one in done for joined in one]

    async def _join_orderer(self, node: Node) -> list[str]:
        wanted = [
            channel.name
            for channel in self._topology.channels.values()
            if node in self._topology.consenters(channel)
        ]
        with _explained(node):
            participation = self._administration.participation(node)
            joined = await participation.channels()
            missing = [name for name in wanted if name not in joined]
            for name in missing:
                await participation.join(name, self._layout.block(name).read_bytes())
        return [f"{node.name}: {name}" for name in missing]

    async def _join_peer(self, node: Node) -> list[str]:
        wanted = [channel.name for channel in self._topology.channels_of(node.organization)]
        with _explained(node):
            async with self._administration.peer(node) as peer:
                joined = await peer.channels()
                missing = [name for name in wanted if name not in joined]
                for name in missing:
                    await peer.join(self._layout.block(name).read_bytes())
        return [f"{node.name}: {name}" for name in missing]


@contextmanager
def _explained(node: Node) -> Iterator[None]:
    try:
        yield
    except SdkError as error:
        raise ChannelError(f"{node.name}: {error} See: carechannel-network logs {node.name}") from error
