"""The client for programs without an event loop: the same classes, whose methods wait.

from fabric_gateway import Identity, signers
from fabric_gateway.sync import connect

with connect(address="127.0.0.1:7051", identity=..., signer=signers.ecdsa(...)) as gateway:
    contract = gateway.network("mychannel").contract("basic")
    contract.submit_transaction("CreateAsset", "asset1", "blue")

Each class is a thin twin of the one of that name in :mod:`fabric_gateway`, which does the work on an event
loop in a background thread: one for each gateway, or for each connection that gateways share. Values, errors,
signers and checkpointers are those of :mod:`fabric_gateway`; ``aclose`` is called ``close``. Threads may
share everything but an iterator of events. Code that has an event loop uses :mod:`fabric_gateway` itself.
"""

from fabric_gateway.sync.commit import Commit, SubmittedTransaction
from fabric_gateway.sync.connection import Connection
from fabric_gateway.sync.contract import Contract
from fabric_gateway.sync.events import (
    BlockAndPrivateDataEvents,
    BlockAndPrivateDataEventsRequest,
    BlockEvents,
    BlockEventsRequest,
    ChaincodeEvents,
    ChaincodeEventsRequest,
    Events,
    FilteredBlockEvents,
    FilteredBlockEventsRequest,
)
from fabric_gateway.sync.gateway import BlockingSigner, Gateway, connect
from fabric_gateway.sync.network import Network
from fabric_gateway.sync.transaction import Proposal, Transaction

__all__ = [
    "BlockAndPrivateDataEvents",
    "BlockAndPrivateDataEventsRequest",
    "BlockEvents",
    "BlockEventsRequest",
    "BlockingSigner",
    "ChaincodeEvents",
    "ChaincodeEventsRequest",
    "Commit",
    "Connection",
    "Contract",
    "Events",
    "FilteredBlockEvents",
    "FilteredBlockEventsRequest",
    "Gateway",
    "Network",
    "Proposal",
    "SubmittedTransaction",
    "Transaction",
    "connect",
]
