"""One set of scenarios for every ledger that runs chaincode: a Fabric network, and the simulator.

What a peer does is the truth; the simulator passes because it does the same.
"""

from tests.conformance.ledger import HOME, OTHER, Ledger, Recorded, RefusedError, Submitted
from tests.conformance.outcomes import Outcomes
from tests.conformance.private_data import PrivateData
from tests.conformance.public_state import PublicState

__all__ = [
    "HOME",
    "OTHER",
    "Ledger",
    "Outcomes",
    "PrivateData",
    "PublicState",
    "Recorded",
    "RefusedError",
    "Submitted",
]
