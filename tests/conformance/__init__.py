"""One set of scenarios for every ledger that runs chaincode: a Fabric network, and the simulator.

What a peer does is the truth; the simulator passes because it does the same.
"""

from tests.conformance.batches import Batches
from tests.conformance.calls import Calls
from tests.conformance.conflicts import Conflicts
from tests.conformance.key_endorsement import KeyEndorsement
from tests.conformance.ledger import (
    HOME,
    OTHER,
    OTHER_CHAINCODE,
    OTHER_CHANNEL,
    InvalidError,
    Ledger,
    Recorded,
    RefusedError,
    Submitted,
)
from tests.conformance.outcomes import Outcomes
from tests.conformance.private_data import PrivateData
from tests.conformance.public_state import PublicState
from tests.conformance.queries import Queries
from tests.conformance.sequences import Sequences

__all__ = [
    "HOME",
    "OTHER",
    "OTHER_CHAINCODE",
    "OTHER_CHANNEL",
    "Batches",
    "Calls",
    "Conflicts",
    "InvalidError",
    "KeyEndorsement",
    "Ledger",
    "Outcomes",
    "PrivateData",
    "PublicState",
    "Queries",
    "Recorded",
    "RefusedError",
    "Sequences",
    "Submitted",
]
