"""Stand-ins for the nodes of a network, as their administrators see them: they keep what they are told."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from typing import Self

from carechannel.sdk.admin import (
    ApprovedChaincode,
    ChaincodeDefinition,
    InstalledChaincode,
    NodeRefusedError,
    SdkError,
    package_id,
)
from fabric_network.topology import Node


@dataclass
class Nodes:
    """In the place of `Administration`. `failures` are raised by a call of that name, one after the other."""

    joined: dict[str, list[str]] = field(default_factory=dict)
    installed: dict[str, list[str]] = field(default_factory=dict)
    committed: dict[str, dict[str, ChaincodeDefinition]] = field(default_factory=dict)
    approved: dict[tuple[str, str, str], ApprovedChaincode] = field(default_factory=dict)
    calls: Counter[str] = field(default_factory=Counter)
    endorsers: list[list[str]] = field(default_factory=list)
    failures: dict[str, list[SdkError]] = field(default_factory=dict)

    def peer(self, node: Node) -> StandIn:
        return StandIn(self, node.name)

    def lifecycle(self, node: Node) -> StandIn:
        return StandIn(self, node.name)

    def orderer(self, node: Node) -> StandIn:
        return StandIn(self, node.name)

    def participation(self, node: Node) -> Admin:
        return Admin(self, node.name)

    def called(self, name: str) -> None:
        self.calls[name] += 1
        if self.failures.get(name):
            raise self.failures[name].pop(0)


@dataclass
class Admin:
    """An orderer's admin port, or a peer's channels."""

    nodes: Nodes
    name: str

    async def channels(self) -> tuple[str, ...]:
        self.nodes.called("channels")
        return tuple(self.nodes.joined.get(self.name, ()))

    async def join(self, channel: str, block: bytes) -> None:
        self.nodes.called("join")
        assert block == f"genesis block of {channel}".encode()
        self.nodes.joined.setdefault(self.name, []).append(channel)


@dataclass
class StandIn:
    nodes: Nodes
    name: str

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        return

    async def channels(self) -> tuple[str, ...]:
        return await Admin(self.nodes, self.name).channels()

    async def join(self, block: bytes) -> None:
        await Admin(self.nodes, self.name).join(block.decode().removeprefix("genesis block of "), block)

    async def installed(self) -> tuple[InstalledChaincode, ...]:
        present = self.nodes.installed.get(self.name, [])
        return tuple(InstalledChaincode(one, one.partition(":")[0], {}) for one in present)

    async def install(self, package: bytes) -> str:
        self.nodes.called("install")
        self.nodes.installed.setdefault(self.name, []).append(package_id(package))
        return package_id(package)

    async def committed(self, channel: str) -> tuple[ChaincodeDefinition, ...]:
        return tuple(self.nodes.committed.get(channel, {}).values())

    async def approved(self, channel: str, name: str) -> ApprovedChaincode:
        try:
            return self.nodes.approved[self.name, channel, name]
        except KeyError:
            reason = "could not fetch approved chaincode definition"
            raise NodeRefusedError("refused", 500, reason) from None

    async def approve(
        self, channel: str, definition: ChaincodeDefinition, package: str, orderer: StandIn
    ) -> None:
        self.nodes.called("approve")
        wanted = ApprovedChaincode(definition, package)
        if self.nodes.approved.get((self.name, channel, definition.name)) == wanted:
            reason = (
                f"attempted to redefine uncommitted sequence ({definition.sequence}) with unchanged content"
            )
            raise NodeRefusedError("refused", 500, reason)
        self.nodes.approved[self.name, channel, definition.name] = wanted

    async def commit(
        self, channel: str, definition: ChaincodeDefinition, orderer: StandIn, others: list[StandIn]
    ) -> None:
        self.nodes.called("commit")
        present = self.nodes.committed.setdefault(channel, {}).get(definition.name)
        assert definition.sequence == (present.sequence if present else 0) + 1
        self.nodes.committed[channel][definition.name] = replace(definition)
        self.nodes.endorsers.append([self.name, *(one.name for one in others)])
