"""An asyncio client of the Hyperledger Fabric Gateway service.

from fabric_gateway import Identity, connect, signers

async with await connect(
    address="127.0.0.1:7051",
    tls_root_pem=Path("tlsca.pem").read_bytes(),
    server_name="peer0.org1.example.com",
    identity=Identity("Org1MSP", Path("signcerts/cert.pem").read_bytes()),
    signer=signers.ecdsa(Path("keystore/key.pem").read_bytes()),
) as gateway:
    contract = gateway.network("mychannel").contract("basic")
    await contract.submit_transaction("CreateAsset", "asset1", "blue")
    print(await contract.evaluate_transaction("ReadAsset", "asset1"))
"""

from fabric_gateway import hash, signers
from fabric_gateway._signable import Signable
from fabric_gateway.backoff import Backoff
from fabric_gateway.blocks import (
    Block,
    BlockTransaction,
    ChainInfo,
    Endorsement,
    Invocation,
    MetadataWrite,
    PrivateMetadataWrite,
    PrivateRead,
    PrivateWrite,
    RangeRead,
    Read,
    ReadWriteSet,
    Version,
    Write,
)
from fabric_gateway.chaincode_event import ChaincodeEvent
from fabric_gateway.checkpoint import Checkpoint, Checkpointer
from fabric_gateway.checkpointer import CheckpointerBase, InMemoryCheckpointer
from fabric_gateway.commit import Commit, Status, SubmittedTransaction
from fabric_gateway.connection import Connection
from fabric_gateway.contract import Contract
from fabric_gateway.errors import (
    ArgumentError,
    BlockError,
    BlockNotFoundError,
    CheckpointError,
    ClosedError,
    CommitError,
    CommitStatusError,
    ConnectionOptionsError,
    EndorseError,
    ErrorDetail,
    EvaluateError,
    EventsError,
    FabricGatewayError,
    GatewayError,
    HardwareKeyError,
    IdentityError,
    NoSignerError,
    PinError,
    ResponseError,
    SignableError,
    StatusCode,
    SubmitError,
    SyncError,
)
from fabric_gateway.events import (
    BlockAndPrivateDataEvents,
    BlockEvents,
    ChaincodeEvents,
    Events,
    FilteredBlockEvents,
)
from fabric_gateway.events_request import (
    BlockAndPrivateDataEventsRequest,
    BlockEventsRequest,
    ChaincodeEventsRequest,
    EventsRequest,
    FilteredBlockEventsRequest,
)
from fabric_gateway.file_checkpointer import FileCheckpointer
from fabric_gateway.filtered_block import FilteredBlock, FilteredChaincodeEvent, FilteredTransaction
from fabric_gateway.gateway import Gateway, connect
from fabric_gateway.identity import Identity
from fabric_gateway.network import Network
from fabric_gateway.private_data import BlockAndPrivateData, PrivateData
from fabric_gateway.proposal import Proposal
from fabric_gateway.signers import Signer
from fabric_gateway.timeouts import Timeouts
from fabric_gateway.transaction import Transaction
from fabric_gateway.validation import ValidationCode

__all__ = [
    "ArgumentError",
    "Backoff",
    "Block",
    "BlockAndPrivateData",
    "BlockAndPrivateDataEvents",
    "BlockAndPrivateDataEventsRequest",
    "BlockError",
    "BlockEvents",
    "BlockEventsRequest",
    "BlockNotFoundError",
    "BlockTransaction",
    "ChainInfo",
    "ChaincodeEvent",
    "ChaincodeEvents",
    "ChaincodeEventsRequest",
    "Checkpoint",
    "CheckpointError",
    "Checkpointer",
    "CheckpointerBase",
    "ClosedError",
    "Commit",
    "CommitError",
    "CommitStatusError",
    "Connection",
    "ConnectionOptionsError",
    "Contract",
    "EndorseError",
    "Endorsement",
    "ErrorDetail",
    "EvaluateError",
    "Events",
    "EventsError",
    "EventsRequest",
    "FabricGatewayError",
    "FileCheckpointer",
    "FilteredBlock",
    "FilteredBlockEvents",
    "FilteredBlockEventsRequest",
    "FilteredChaincodeEvent",
    "FilteredTransaction",
    "Gateway",
    "GatewayError",
    "HardwareKeyError",
    "Identity",
    "IdentityError",
    "InMemoryCheckpointer",
    "Invocation",
    "MetadataWrite",
    "Network",
    "NoSignerError",
    "PinError",
    "PrivateData",
    "PrivateMetadataWrite",
    "PrivateRead",
    "PrivateWrite",
    "Proposal",
    "RangeRead",
    "Read",
    "ReadWriteSet",
    "ResponseError",
    "Signable",
    "SignableError",
    "Signer",
    "Status",
    "StatusCode",
    "SubmitError",
    "SubmittedTransaction",
    "SyncError",
    "Timeouts",
    "Transaction",
    "ValidationCode",
    "Version",
    "Write",
    "connect",
    "hash",
    "signers",
]
