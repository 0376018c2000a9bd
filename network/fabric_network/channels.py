"""Channels by channel participation: genesis block, orderers join, peers join. What is done is left alone."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from fabric_network.commands import channel as commands
from fabric_network.commands.peer import PeerAdmin
from fabric_network.errors import ChannelError
from fabric_network.execute import Executor
from fabric_network.participation import Participation
from fabric_network.paths import Layout
from fabric_network.topology import Channel, Node, NodeKind, Topology


class Channels:
    """The channels of a running network. Everything raises `ChannelError`, naming node and channel."""

    def __init__(self, topology: Topology, layout: Layout, executor: Executor) -> None:
        self._topology = topology
        self._layout = layout
        self._executor = executor

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
        orderers = self._topology.nodes_of(NodeKind.ORDERER)
        return self._everywhere(orderers, self._join_orderer)

    def join_peers(self) -> list[str]:
        """Gives `peer: channel` for each join that was needed."""
        return self._everywhere(self._topology.nodes_of(NodeKind.PEER), self._join_peer)

    def _everywhere(self, nodes: tuple[Node, ...], join: Callable[[Node], list[str]]) -> list[str]:
        done = self._executor.together([partial(join, node) for node in nodes])
        return [joined for one in done for joined in one]

    def _join_orderer(self, node: Node) -> list[str]:
        wanted = [
            channel.name
            for channel in self._topology.channels.values()
            if node in self._topology.consenters(channel)
        ]
        admin = self._layout.organization(node.organization).user("admin").tls
        participation = Participation(node, admin)
        joined = participation.channels()
        missing = [name for name in wanted if name not in joined]
        for name in missing:
            self._executor.check()
            participation.join(name, self._layout.block(name))
        return [f"{node.name}: {name}" for name in missing]

    def _join_peer(self, node: Node) -> list[str]:
        admin = PeerAdmin(self._topology, self._layout, node)
        listed = self._executor.run(admin.list_channels())
        if listed.status != 0:
            raise ChannelError(f"{node.name} does not tell its channels: {listed.reason}. {_see(node)}")
        present = {line.strip() for line in listed.output.splitlines()}
        missing = [one.name for one in self._channels_of(node) if one.name not in present]
        for name in missing:
            outcome = self._executor.run(admin.join_channel(name))
            if outcome.status != 0:
                raise ChannelError(f"{node.name} did not join {name}: {outcome.reason}. {_see(node)}")
        return [f"{node.name}: {name}" for name in missing]

    def _channels_of(self, node: Node) -> tuple[Channel, ...]:
        return self._topology.channels_of(node.organization)


def _see(node: Node) -> str:
    return f"See: carechannel-network logs {node.name}"
