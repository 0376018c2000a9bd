"""What a peer knows of a channel: its members' peers, their MSPs, the orderers, who has to endorse."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from carechannel.sdk.admin import _discovery_messages as messages
from carechannel.sdk.admin._discovery_messages import DiscoveredConfiguration, Endorsers, PeerInfo

if TYPE_CHECKING:
    from carechannel.sdk.admin._hfc_peer import HfcPeer


@dataclass(frozen=True)
class Discovery:
    """Fabric's discovery service for `channel` at the peer `address`; got from `Peer.discovery`.

    Peers are told apart by host and port, so that several on one host are several; certificates are PEM.
    Raises as `Ledger` does.
    """

    channel: str
    address: str
    _hfc: HfcPeer

    async def members(self) -> tuple[PeerInfo, ...]:
        """The peers on the channel that the peer knows to be alive, itself among them, sorted."""
        answer = await self._hfc.discover(self.channel, f"tell the peers of {self.channel}")
        return messages.members(answer, self.address, 0)

    async def configuration(self) -> DiscoveredConfiguration:
        """The MSPs of the members and the orderers' addresses."""
        answer = await self._hfc.discover(
            self.channel, f"tell the configuration of {self.channel}", config=True
        )
        return messages.configuration(answer, self.address, 1)

    async def endorsers(self, chaincode: str, collections: Sequence[str] = ()) -> Endorsers:
        """Which peers have to endorse a call of `chaincode` that writes to `collections`."""
        interest: Mapping[str, object] = {
            "chaincodes": [{"name": chaincode, "collection_names": list(collections)}]
        }
        answer = await self._hfc.discover(
            self.channel, f"tell who endorses {chaincode} on {self.channel}", interests=[interest]
        )
        return messages.endorsers(answer, self.address, 1, chaincode)

    async def local_peers(self) -> tuple[PeerInfo, ...]:
        """The peers that the peer knows, on whatever channel. For an administrator of its organisation."""
        answer = await self._hfc.discover("", "tell the peers that it knows", local=True)
        return messages.members(answer, self.address, 0)
