"""All scenarios: a test module imports them and has a module-wide fixture ``ledger``."""

from tests.conformance.batches import TestBatches
from tests.conformance.calls import TestCalls
from tests.conformance.conflicts import TestConflicts
from tests.conformance.key_endorsement import TestKeyEndorsement
from tests.conformance.outcomes import TestOutcomes
from tests.conformance.private_data import TestPrivateData
from tests.conformance.public_state import TestPublicState
from tests.conformance.queries import TestQueries
from tests.conformance.sequences import TestSequences

__all__ = [
    "TestBatches",
    "TestCalls",
    "TestConflicts",
    "TestKeyEndorsement",
    "TestOutcomes",
    "TestPrivateData",
    "TestPublicState",
    "TestQueries",
    "TestSequences",
]
