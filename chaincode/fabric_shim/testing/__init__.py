"""Run contracts without Fabric: a ledger in memory with Fabric's semantics, identities with certificates."""

from fabric_shim.testing.identity import TestIdentity
from fabric_shim.testing.simulator import LedgerSimulator, TransactionResult

__all__ = ["LedgerSimulator", "TestIdentity", "TransactionResult"]
