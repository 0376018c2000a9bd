"""Administration of peers, orderers and channels, on asyncio; part of the extra `carechannel[sdk]`.

What hfc has, goes through hfc: a peer's channels, joining, ledgers, configurations, discovery. What version
1.0.0 lacks stands beside it with messages of our own: chaincode lifecycle, channel participation, updates of
a channel's configuration, revocation lists. All of it raises `SdkError`; no failure is given as a value.
"""

from carechannel.sdk.admin._discovery_messages import DiscoveredConfiguration, Endorsers, MemberMsp, PeerInfo
from carechannel.sdk.admin._ledger_messages import Block, BlockTransaction, ChainInfo, ProcessedTransaction
from carechannel.sdk.admin._lifecycle_messages import (
    ApprovedChaincode,
    CommitReadiness,
    CommittedChaincode,
    InstalledChaincode,
)
from carechannel.sdk.admin.administrator import Administrator
from carechannel.sdk.admin.chaincode_package import PackageContent, package, package_id, read_package
from carechannel.sdk.admin.config_update import ConfigUpdate
from carechannel.sdk.admin.configuration import ChannelConfiguration
from carechannel.sdk.admin.definition import ChaincodeDefinition, Collection, collections_from_json
from carechannel.sdk.admin.discovery import Discovery
from carechannel.sdk.admin.endpoint import Endpoint
from carechannel.sdk.admin.ledger import Ledger
from carechannel.sdk.admin.lifecycle import Lifecycle
from carechannel.sdk.admin.orderer import Orderer
from carechannel.sdk.admin.participation import ChannelInfo, Participation
from carechannel.sdk.admin.peer import Peer
from carechannel.sdk.admin.revocation import with_revocation_list
from carechannel.sdk.errors import (
    AdministrationError,
    ConfigurationError,
    DefinitionError,
    NodeRefusedError,
    NodeReplyError,
    NodesDisagreeError,
    NodeUnreachableError,
    NotCommittedError,
    PackageError,
    SdkError,
    SdkMissingError,
)

__all__ = [
    "AdministrationError",
    "Administrator",
    "ApprovedChaincode",
    "Block",
    "BlockTransaction",
    "ChainInfo",
    "ChaincodeDefinition",
    "ChannelConfiguration",
    "ChannelInfo",
    "Collection",
    "CommitReadiness",
    "CommittedChaincode",
    "ConfigUpdate",
    "ConfigurationError",
    "DefinitionError",
    "DiscoveredConfiguration",
    "Discovery",
    "Endorsers",
    "Endpoint",
    "InstalledChaincode",
    "Ledger",
    "Lifecycle",
    "MemberMsp",
    "NodeRefusedError",
    "NodeReplyError",
    "NodeUnreachableError",
    "NodesDisagreeError",
    "NotCommittedError",
    "Orderer",
    "PackageContent",
    "PackageError",
    "Participation",
    "Peer",
    "PeerInfo",
    "ProcessedTransaction",
    "SdkError",
    "SdkMissingError",
    "collections_from_json",
    "package",
    "package_id",
    "read_package",
    "with_revocation_list",
]
