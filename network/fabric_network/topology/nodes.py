"""The processes of a network and the names and ports they have."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from fabric_network.ports import LOOPBACK, PortUse


class NodeKind(StrEnum):
    """What a process of the network is."""

    CA = "ca"
    ORDERER = "orderer"
    PEER = "peer"
    CHAINCODE = "chaincode"
    AGENT = "agent"


PORT_USES: Mapping[NodeKind, tuple[PortUse, ...]] = {
    NodeKind.CA: (PortUse.LISTEN, PortUse.OPERATIONS),
    NodeKind.ORDERER: (PortUse.LISTEN, PortUse.ADMIN, PortUse.OPERATIONS),
    NodeKind.PEER: (PortUse.LISTEN, PortUse.CHAINCODE, PortUse.OPERATIONS),
    NodeKind.CHAINCODE: (PortUse.LISTEN,),
    NodeKind.AGENT: (),
}


@dataclass(frozen=True)
class Node:
    """One process: `local_name` is `peer0`, `name` is `peer0.hospital-a`, `hostname` (in its TLS certificate)
    `peer0.hospital-a.example`. `index` counts the peers or orderers of the organisation from 0."""

    kind: NodeKind
    organization: str
    local_name: str
    index: int
    domain: str
    ports: Mapping[PortUse, int]

    @property
    def name(self) -> str:
        return f"{self.local_name}.{self.organization}"

    @property
    def hostname(self) -> str:
        return f"{self.local_name}.{self.domain}"

    @property
    def address(self) -> str:
        """Where it listens, as `127.0.0.1:port`. Raises `KeyError` for a node that listens nowhere."""
        return f"{LOOPBACK}:{self.listen}"

    @property
    def listen(self) -> int:
        """Raises `KeyError` for a node that listens nowhere (a key agent)."""
        return self.ports[PortUse.LISTEN]

    @property
    def operations(self) -> int:
        """Health and metrics. Raises `KeyError` for a chaincode or a key agent."""
        return self.ports[PortUse.OPERATIONS]

    @property
    def admin(self) -> int:
        """Channel participation. Raises `KeyError` unless it is an orderer."""
        return self.ports[PortUse.ADMIN]

    @property
    def chaincode(self) -> int:
        """Chaincode listener. Raises `KeyError` unless it is a peer."""
        return self.ports[PortUse.CHAINCODE]
