"""The chaincode lifecycle: install everywhere, approve for each organisation with a peer, commit."""

from __future__ import annotations

from functools import partial

from carechannel.sdk.admin import ChaincodeDefinition, collections_from_json
from carechannel.sdk.admin.together import together

from fabric_network.administration import Administration
from fabric_network.deployment import Deployment, must
from fabric_network.interrupts import run
from fabric_network.paths import Layout
from fabric_network.render.chaincode import package_id
from fabric_network.render.collections import collections_config
from fabric_network.topology import Chaincode, Channel, Node, NodeKind, Topology


class Lifecycle:
    """Brings every channel to the chaincode definitions of the topology. Raises `LifecycleError`."""

    def __init__(self, topology: Topology, layout: Layout) -> None:
        self._topology = topology
        self._layout = layout
        self._administration = Administration(topology, layout)

    def install(self) -> list[str]:
        """Gives `peer: label` for each installation that was needed."""
        peers = self._topology.nodes_of(NodeKind.PEER)
        done = run(together(self._install_at(peer) for peer in peers))
        return [label for one in done for label in one]

    def deploy(self) -> list[str]:
        """Approve and commit; gives `channel: label` for each definition that was committed."""
        channels = self._topology.channels.values()
        done = run(together(self._deploy_on(channel) for channel in channels))
        return [label for one in done for label in one]

    async def _install_at(self, peer: Node) -> list[str]:
        channels = self._topology.channels_of(peer.organization)
        wanted = {
            chaincode.label: chaincode for channel in channels for chaincode in channel.chaincodes.values()
        }
        async with self._administration.lifecycle(peer) as node:
            listed = await must(peer, node.installed)
            present = {one.package_id for one in listed}
            missing = [label for label, chaincode in wanted.items() if package_id(chaincode) not in present]
            for label in missing:
                package = self._layout.package(label).read_bytes()
                await must(peer, partial(node.install, package))
        return [f"{peer.name}: {label}" for label in missing]

    async def _deploy_on(self, channel: Channel) -> list[str]:
        return [
            f"{channel.name}: {chaincode.label}"
            for chaincode in channel.chaincodes.values()
            if await self._deploy_one(channel, chaincode)
        ]

    async def _deploy_one(self, channel: Channel, chaincode: Chaincode) -> bool:
        members = [
            self._topology.nodes_of(NodeKind.PEER, member.id)[0]
            for member in self._topology.members_with_peers(channel)
        ]
        deployment = Deployment(
            channel.name,
            self._definition(channel, chaincode),
            package_id(chaincode),
            self._administration,
            members=members,
            orderer=self._topology.consenters(channel)[0],
        )
        return await deployment.complete()

    def _definition(self, channel: Channel, chaincode: Chaincode) -> ChaincodeDefinition:
        collections = collections_config(chaincode)
        return ChaincodeDefinition(
            chaincode.name,
            chaincode.version,
            sequence=1,
            endorsement=self._topology.endorsement(channel, chaincode),
            collections=collections_from_json(collections) if collections else (),
        )
