"""Several gateway peers that can stand in for each other."""

from __future__ import annotations

import time
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from fabric_gateway import Gateway

from carechannel.submitting.breaker import Breaker, BreakerSettings, Health
from carechannel.submitting.deadline import Clock


class GatewayPeer(Protocol):
    """A peer whose gateway can be called."""

    @property
    def name(self) -> str:
        """Tells it from the others; no two peers have the same."""

    async def gateway(self) -> Gateway:
        """The connection to it, as the identity that submits."""


@dataclass(frozen=True, slots=True)
class ConnectedPeer:
    """A `GatewayPeer` whose connection is there already."""

    name: str
    connected: Gateway

    async def gateway(self) -> Gateway:
        return self.connected


class PeerHealth:
    """The breakers of all peers of a process; several submitters may share one."""

    def __init__(self, settings: BreakerSettings | None = None, *, clock: Clock = time.monotonic):
        self._settings = settings or BreakerSettings()
        self._clock = clock
        self._breakers: dict[str, Breaker] = {}

    def of(self, name: str) -> Breaker:
        """The breaker of a peer by its name."""
        return self._breakers.setdefault(name, Breaker(self._settings, clock=self._clock))


class PeerSet:
    """The peers that one submitter may use, the preferred one first.

    Whoever is in here may see the transient content of what is submitted: name no other organisation's peers
    beside the own ones unless it may have it.

    Raises:
        ValueError: there is none, or two have the same name.
    """

    def __init__(self, peers: Sequence[GatewayPeer], health: PeerHealth):
        names = [peer.name for peer in peers]
        if not names or len(set(names)) != len(names):
            raise ValueError("at least one gateway peer is needed, each with a name of its own")
        self._peers = tuple(peers)
        self._health = health

    def __len__(self) -> int:
        return len(self._peers)

    def best(self, *, avoid: Collection[str] = (), current: str | None = None) -> GatewayPeer:
        """The peer to ask now: none of `avoid` while there is another; the current, then the preferred.

        A peer whose breaker is open comes after all whose is not.
        """
        worth = (Health.CLOSED, Health.HALF_OPEN)

        def rank(peer: GatewayPeer) -> tuple[bool, bool, bool]:
            healthy = self._health.of(peer.name).health in worth
            return (peer.name in avoid, not healthy, peer.name != current)

        return min(self._peers, key=rank)

    def breaker(self, peer: GatewayPeer) -> Breaker:
        """What is known of a peer's health."""
        return self._health.of(peer.name)
