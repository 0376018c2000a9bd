"""The chaincode lifecycle: install everywhere, approve for each organisation with a peer, commit."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from functools import partial
from pathlib import Path

from fabric_network.commands import Command
from fabric_network.commands.peer import Definition, PeerAdmin
from fabric_network.errors import LifecycleError
from fabric_network.execute import Executor, Outcome
from fabric_network.files import write
from fabric_network.paths import Layout
from fabric_network.render.chaincode import package_id
from fabric_network.render.collections import collections_config
from fabric_network.topology import Chaincode, Channel, Node, NodeKind, Topology

PATIENCE = 20.0
"""How long an orderer may take to find its leader, or gossip to find the other members, in seconds."""
RETRY_INTERVAL = 0.2
TRANSIENT = (
    "SERVICE_UNAVAILABLE",
    "no Raft leader",
    "no combination of peers",
    "context deadline exceeded",
    "connection refused",
)


@dataclass(frozen=True)
class _Deployed:
    """What was approved and committed, kept so that a change in the topology is noticed."""

    definition: Definition
    package_id: str

    def save(self, file: Path) -> None:
        write(file, json.dumps(asdict(self), indent=2) + "\n")

    @staticmethod
    def load(file: Path) -> _Deployed | None:
        try:
            content = json.loads(file.read_text())
            return _Deployed(Definition(**content["definition"]), content["package_id"])
        except (OSError, ValueError, KeyError, TypeError):
            return None


class Lifecycle:
    """Brings every channel to the chaincode definitions of the topology. Raises `LifecycleError`."""

    def __init__(self, topology: Topology, layout: Layout, executor: Executor) -> None:
        self._topology = topology
        self._layout = layout
        self._executor = executor

    def install(self) -> list[str]:
        """Gives `peer: label` for each installation that was needed."""
        peers = self._topology.nodes_of(NodeKind.PEER)
        done = self._executor.together([partial(self._install_at, peer) for peer in peers])
        return [label for one in done for label in one]

    def deploy(self) -> list[str]:
        """Approve and commit; gives `channel: label` for each definition that was committed."""
        channels = self._topology.channels.values()
        done = self._executor.together([partial(self._deploy_on, channel) for channel in channels])
        return [label for one in done for label in one]

    def _install_at(self, peer: Node) -> list[str]:
        channels = self._topology.channels_of(peer.organization)
        wanted = {
            chaincode.label: chaincode for channel in channels for chaincode in channel.chaincodes.values()
        }
        admin = PeerAdmin(self._topology, self._layout, peer)
        listed = self._must(admin.query_installed(), peer, "does not tell what is installed")
        missing = [label for label, chaincode in wanted.items() if package_id(chaincode) not in listed.output]
        for label in missing:
            self._must(admin.install(self._layout.package(label)), peer, f"did not install {label}")
        return [f"{peer.name}: {label}" for label in missing]

    def _deploy_on(self, channel: Channel) -> list[str]:
        return [
            f"{channel.name}: {chaincode.label}"
            for chaincode in channel.chaincodes.values()
            if self._deploy_one(channel, chaincode)
        ]

    def _deploy_one(self, channel: Channel, chaincode: Chaincode) -> bool:
        peers = self._member_peers(channel)
        file = self._layout.channels / f"{channel.name}.{chaincode.name}.json"
        sequence = self._committed_sequence(channel, chaincode, peers[0])
        wanted = _Deployed(
            Definition(
                channel.name,
                chaincode.name,
                chaincode.version,
                sequence,
                self._topology.endorsement(channel, chaincode),
                collections_config(chaincode),
            ),
            package_id(chaincode),
        )
        if sequence > 0 and _Deployed.load(file) == wanted:
            return False
        definition = replace(wanted.definition, sequence=sequence + 1)
        if definition.collections:
            write(self._layout.collections(channel.name, chaincode.name), definition.collections)
        orderer = self._topology.consenters(channel)[0]
        self._executor.together(
            [partial(self._approve, peer, definition, wanted.package_id, orderer) for peer in peers]
        )
        self._must(
            PeerAdmin(self._topology, self._layout, peers[0]).commit(definition, orderer, peers),
            peers[0],
            f"did not commit {chaincode.label} on {channel.name}",
        )
        _Deployed(definition, wanted.package_id).save(file)
        return True

    def _approve(self, peer: Node, definition: Definition, package: str, orderer: Node) -> None:
        self._must(
            PeerAdmin(self._topology, self._layout, peer).approve(definition, package, orderer),
            peer,
            f"did not approve {definition.name} on {definition.channel}",
            accept=("attempted to redefine uncommitted sequence",),
        )

    def _committed_sequence(self, channel: Channel, chaincode: Chaincode, peer: Node) -> int:
        """0 if the channel knows no such chaincode."""
        admin = PeerAdmin(self._topology, self._layout, peer)
        outcome = self._must(
            admin.query_committed(channel.name), peer, f"does not tell what {channel.name} runs"
        )
        definitions = json.loads(outcome.output).get("chaincode_definitions", [])
        return next((int(one["sequence"]) for one in definitions if one["name"] == chaincode.name), 0)

    def _member_peers(self, channel: Channel) -> list[Node]:
        """The first peer of each member that has one: its organisation approves there."""
        members = self._topology.members_with_peers(channel)
        return [self._topology.nodes_of(NodeKind.PEER, member.id)[0] for member in members]

    def _must(self, command: Command, peer: Node, failed: str, accept: Iterable[str] = ()) -> Outcome:
        """Run `command` until it succeeds; what passes by itself on a young network is tried again."""
        deadline = time.monotonic() + PATIENCE
        while True:
            outcome = self._executor.run(command)
            if outcome.status == 0 or any(text in outcome.errors for text in accept):
                return outcome
            passing = any(text in outcome.errors for text in TRANSIENT)
            if not passing or time.monotonic() > deadline:
                raise LifecycleError(
                    f"{peer.name} {failed}: {outcome.reason}. See: carechannel-network logs {peer.name}"
                )
            time.sleep(RETRY_INTERVAL)
