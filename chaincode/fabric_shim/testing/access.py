"""Whether a transaction may use a collection, and whether the peer has its data.

Source: Fabric core/chaincode/handler.go, core/ledger/kvledger/txmgmt/txmgr/collection_val.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from fabric_shim.testing.channel import Definition
from fabric_shim.testing.collections import CollectionConfig
from fabric_shim.testing.policies import Signer


class RefusedRequestError(Exception):
    """The peer refuses a request of the chaincode; the text is Fabric's."""


@dataclass(frozen=True, slots=True)
class CollectionAccess:
    """The collections of one chaincode, for one transaction on one peer.

    :ivar organizations: MSP IDs of the channel's members; None: whoever comes.
    :ivar peer: MSP ID of the peer's organisation; None: a peer that has everything.
    :ivar creator: who signed the proposal.
    """

    definition: Definition
    channel: str
    organizations: Sequence[str] | None
    peer: str | None
    creator: Signer

    def lacks(self, config: CollectionConfig) -> bool:
        """Whether the peer has the hashes of a collection only."""
        return self.peer is not None and not config.holds_data(self.peer)

    def defined(self, collection: str) -> CollectionConfig:
        """Give a collection that the chaincode has.

        :raises RefusedRequestError: there is no such collection.
        """
        config = self.definition.collection(collection)
        if config is None or not self._is_of_channel(config):
            raise RefusedRequestError(
                f"collection [{collection}] not defined in the collection config "
                f"for chaincode [{self.definition.name}]"
            )
        return config

    def admitted(self, collection: str, *, write: bool) -> CollectionConfig:
        """Give a collection that the creator may have read, or written to.

        :raises RefusedRequestError: there is none, or only members' clients may.
        """
        name = self.definition.name
        config = self.definition.collection(collection)
        if config is None:
            raise RefusedRequestError(f"collection {self.channel}/{name}/{collection} could not be found")
        if not config.admits(self.creator, write=write):
            access = "write" if write else "read"
            raise RefusedRequestError(
                f"tx creator does not have {access} access permission on privatedata in "
                f"chaincodeName:{name} collectionName: {collection}"
            )
        return self.defined(collection)

    def _is_of_channel(self, config: CollectionConfig) -> bool:
        # The members of declared collections were checked at definition; this is for implicit ones.
        return (
            self.organizations is None or config.members is None or config.members <= set(self.organizations)
        )
