"""The transaction context that every contract function receives first."""

from __future__ import annotations

from functools import cached_property

from fabric_shim.identity import ClientIdentity
from fabric_shim.stub import ChaincodeStub


class Context:
    """One transaction's stub and caller.

    :ivar stub: the proposal and the ledger.
    """

    def __init__(self, stub: ChaincodeStub) -> None:
        self.stub = stub

    @cached_property
    def identity(self) -> ClientIdentity:
        """Who signed the proposal.

        :raises IdentityError: the creator is not a readable X.509 identity.
        """
        return ClientIdentity(self.stub)
