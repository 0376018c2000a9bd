"""The transaction context that every contract function receives first."""

from __future__ import annotations

import logging
from functools import cached_property
from typing import Generic, TypeVar

from fabric_shim.blocking import BlockingStub
from fabric_shim.identity import ClientIdentity
from fabric_shim.logs import TransactionLogger
from fabric_shim.observer import UNKNOWN_FUNCTION, Call
from fabric_shim.stub import ChaincodeStub

_log = logging.getLogger("contract")
_Stub = TypeVar("_Stub", ChaincodeStub, BlockingStub)


class _TransactionContext(Generic[_Stub]):
    def __init__(self, stub: _Stub) -> None:
        self.stub: _Stub = stub
        self.function_label = UNKNOWN_FUNCTION

    @cached_property
    def identity(self) -> ClientIdentity:
        """Who signed the proposal.

        :raises IdentityError: the creator is not a readable X.509 identity.
        """
        return ClientIdentity(self.stub)

    @cached_property
    def logger(self) -> TransactionLogger:
        """The contract's log (logger ``contract``). Its records name transaction and function by themselves.

        Write the text as a literal, without data: arguments of the record are not shown.
        """
        call = Call(self.stub.get_channel_id(), self.stub.get_tx_id(), self.function_label)
        return TransactionLogger(_log, call)


class Context(_TransactionContext[ChaincodeStub]):
    """One transaction's stub and caller, for coroutine functions.

    A contract may declare a subclass with attributes of its own; it is made with the stub alone, once per
    transaction, and the hooks and the function get the same object.

    :ivar stub: the proposal and the ledger.
    :ivar function_label: ``contract:function``, or ``unknown``: for logs.
    """


class BlockingContext(_TransactionContext[BlockingStub]):
    """The same for plain functions, which run on worker threads.

    :ivar stub: the proposal and the ledger; its methods return values instead of awaitables.
    """
