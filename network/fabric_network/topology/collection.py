"""Private data collections of a chaincode, with the keys that Fabric's own configuration file has.

The format is that of `peer lifecycle chaincode approveformyorg --collections-config`
(`internal/peer/chaincode/common.go`, `collectionConfigJson`), names as in `core/chaincode/lifecycle/scc.go`.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, StringConstraints

from fabric_network.topology.part import Part

CollectionName = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9-][A-Za-z0-9_-]*$", max_length=100)]
Number = Annotated[int, Field(strict=True, ge=0)]
YesOrNo = Annotated[bool, Field(strict=True)]


class EndorsementPolicy(Part):
    """Who endorses writes to a collection, if not the chaincode's own policy: one of the two."""

    signature_policy: str = Field(default="", alias="signaturePolicy")
    channel_config_policy: str = Field(default="", alias="channelConfigPolicy")


class Collection(Part):
    """One collection: the members that `policy` names hold its data.

    Each endorser hands private data to at least `required_peer_count` and at most `max_peer_count` other
    peers; after `block_to_live` blocks it is purged (0: never).
    """

    name: CollectionName
    policy: str
    required_peer_count: Number = Field(default=0, alias="requiredPeerCount")
    max_peer_count: Number = Field(default=1, alias="maxPeerCount")
    block_to_live: Number = Field(default=0, alias="blockToLive")
    member_only_read: YesOrNo = Field(default=False, alias="memberOnlyRead")
    member_only_write: YesOrNo = Field(default=False, alias="memberOnlyWrite")
    endorsement_policy: EndorsementPolicy | None = Field(default=None, alias="endorsementPolicy")
