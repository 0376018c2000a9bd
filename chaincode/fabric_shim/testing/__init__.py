"""Run contracts without Fabric: a ledger in memory with Fabric's semantics, identities with certificates, and
a scripted peer over a real connection (:class:`MockPeer`)."""

from importlib import import_module
from typing import TYPE_CHECKING

from fabric_shim.testing.blocks import Block, Endorsed, PublishedEvent, TransactionResult, ValidationCode
from fabric_shim.testing.collections import CollectionConfig, load_collections
from fabric_shim.testing.events import EventStream
from fabric_shim.testing.identity import TestIdentity
from fabric_shim.testing.simulator import LedgerSimulator

if TYPE_CHECKING:
    from fabric_shim.testing.mock_peer import MockPeer

__all__ = [
    "Block",
    "CollectionConfig",
    "Endorsed",
    "EventStream",
    "LedgerSimulator",
    "MockPeer",
    "PublishedEvent",
    "TestIdentity",
    "TransactionResult",
    "ValidationCode",
    "load_collections",
]


def __getattr__(name: str) -> object:
    """Import the mock peer, and gRPC with it, when somebody wants it."""
    if name == "MockPeer":
        return import_module("fabric_shim.testing.mock_peer").MockPeer
    raise AttributeError(name)
