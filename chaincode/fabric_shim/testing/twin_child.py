"""The other side of twin.py: takes chaincodes, runs their transactions, asks for everything of the ledger."""

from __future__ import annotations

import gc
import os
import pickle
import sys
from collections.abc import Callable, Coroutine
from dataclasses import replace
from multiprocessing.connection import Connection
from types import MappingProxyType
from typing import cast

from fabric_shim.chaincode import Chaincode, run_to_end
from fabric_shim.cli.target import load
from fabric_shim.errors import LedgerError
from fabric_shim.ledger import Ledger
from fabric_shim.stub import Invocation
from fabric_shim.testing.endorsement import run_chaincode
from fabric_shim.testing.simulated_ledger import WRITE_BATCH_SIZE


def serve(connection: Connection) -> None:
    """Work until the other process hangs up."""
    chaincodes: dict[int, Chaincode] = {}
    while True:
        try:
            kind, number, *rest = connection.recv()
        except EOFError:
            return
        if kind == "run":
            _run_apart(Run(connection, chaincodes), number, *rest)
            continue
        try:
            chaincodes[number] = _made(*rest)
            gc.freeze()  # what is there now is collected in no fork, and so stays shared
            connection.send(("ok",))
        except Exception as error:
            connection.send(("failed", f"{type(error).__name__}: {error}"))


class Run:
    """One transaction, with the chaincodes that its chaincode calls."""

    def __init__(self, connection: Connection, chaincodes: dict[int, Chaincode]) -> None:
        self._connection = connection
        self._chaincodes = chaincodes

    async def run(self, number: int, invocation: Invocation) -> None:
        """Run a chaincode and say what came of it."""
        ledger = cast("Ledger", _Door(self, invocation.tx_id))
        read_only = replace(
            invocation,
            transient=MappingProxyType(invocation.transient),
            decorations=MappingProxyType(invocation.decorations),
        )
        executed = await run_chaincode(self._chaincodes[number], read_only, ledger)
        self._connection.send(("done", replace(executed, masked=None)))

    async def ask(self, tx_id: str, method: str, args: tuple[object, ...]) -> object:
        """Ask for something of the ledger; run the chaincode that a call of another one leads to."""
        self._connection.send(("ask", method, args))
        while True:
            kind, first, second = self._connection.recv()
            if kind == "run":
                await self.run(first, second)
            elif first:
                return second
            else:
                raise LedgerError(second, tx_id=tx_id)

    def crashed(self) -> None:
        """Say that there is no result."""
        self._connection.send(("failed", "The process of a second run has crashed."))


class _Door:
    """The :class:`~fabric_shim.ledger.Ledger` of a transaction: each call is a question."""

    write_batch_size = WRITE_BATCH_SIZE

    def __init__(self, run: Run, tx_id: str) -> None:
        self._run = run
        self._tx_id = tx_id

    def __getattr__(self, method: str) -> Callable[..., Coroutine[object, object, object]]:
        async def call(*args: object) -> object:
            return await self._run.ask(self._tx_id, method, args)

        return call


def _made(target: str, content: bytes) -> Chaincode:
    if target:
        return load(target)
    chaincode = pickle.loads(content)  # noqa: S301 - from the process that started this one
    if not isinstance(chaincode, Chaincode):
        raise TypeError(type(chaincode).__name__)
    return chaincode


def _run_apart(run: Run, number: int, invocation: Invocation) -> None:
    """Run in a fork, which leaves nothing here for the next transaction: no cache, no counter, no default."""
    process = os.fork()
    if process == 0:
        status = 1
        try:
            run_to_end(run.run(number, invocation))
            status = 0
        finally:
            sys.stdout.flush()
            sys.stderr.flush()
            os._exit(status)
    _, status = os.waitpid(process, 0)
    if status:
        run.crashed()
