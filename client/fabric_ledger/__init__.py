"""Read and verify the ledger of a Hyperledger Fabric channel, offline. It knows Fabric and no application.

    from fabric_ledger import BlockFiles, LedgerVerifier, State

    with State() as state:
        verifier = LedgerVerifier(state, genesis_hash=expected)
        for block in BlockFiles([Path("ledger.blocks")]):
            verifier.add(block)
    verifier.report.intact

What is verified, and what is not, stands in :mod:`fabric_ledger.verify`.
"""

from fabric_ledger.block import LedgerBlock
from fabric_ledger.compare import Comparison, FlagDifference, compare
from fabric_ledger.drive import Verification, as_async, verification
from fabric_ledger.errors import BlockFormatError, ConfigurationError, LedgerError, SourceError
from fabric_ledger.history import KeyWrite, writes
from fabric_ledger.report import UNSIGNED, Finding, Flag, Report, Severity, Verdict
from fabric_ledger.sources.files import BlockFiles
from fabric_ledger.sources.peer import PeerBlocks
from fabric_ledger.state import State
from fabric_ledger.verify import LedgerVerifier

__all__ = [
    "UNSIGNED",
    "BlockFiles",
    "BlockFormatError",
    "Comparison",
    "ConfigurationError",
    "Finding",
    "Flag",
    "FlagDifference",
    "KeyWrite",
    "LedgerBlock",
    "LedgerError",
    "LedgerVerifier",
    "PeerBlocks",
    "Report",
    "Severity",
    "SourceError",
    "State",
    "Verdict",
    "Verification",
    "as_async",
    "compare",
    "verification",
    "writes",
]
