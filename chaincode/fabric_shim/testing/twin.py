"""The second run of a transaction: in another process, where all that may differ between peers differs.

The twin is one process per test session. It has another hash seed, clock, time zone, locale, environment,
host name and user than this one; each transaction runs in a fork of its own, so that nothing is left of
earlier ones. Its ledger calls are answered here, from the same committed state.
"""

from __future__ import annotations

import atexit
import os
import pickle
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from typing import Final, Literal, cast

from fabric_shim.chaincode import Chaincode
from fabric_shim.errors import LedgerError, TwinError
from fabric_shim.stub import Invocation
from fabric_shim.testing.channel import Definition
from fabric_shim.testing.simulated_ledger import SimulatedLedger
from fabric_shim.testing.simulation import Executed, Simulation

_PROGRAM: Final = Path(__file__).with_name("twin_start.py")
_KEPT_VARIABLES: Final = ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "CORE_PEER_LOCALMSPID")
_HASH_SEEDS: Final = ("1789", "1917")
_CLOSING_SECONDS: Final = 5

Told = tuple[Literal["ok"]] | tuple[Literal["failed"], str]
Asked = tuple[Literal["ask"], str, tuple[object, ...]]
Done = tuple[Literal["done"], Executed]


class Twin:
    """A process that runs transactions again. It starts with the first chaincode that it is given."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._connection: Connection | None = None
        self._numbers: dict[bytes, int] = {}
        self._known: dict[int, tuple[Chaincode, int]] = {}

    def offer(self, chaincode: Chaincode, target: str, name: str) -> None:
        """Give the twin its own copy of a chaincode.

        :param target: ``module:object`` to make it from; empty: it is pickled.
        :param name: the chaincode's name, for the error.
        :raises TwinError: it cannot have one.
        """
        content = target.encode() if target else _pickled(chaincode, name)
        number = self._numbers.get(content)
        if number is None:
            number = len(self._numbers) + 1
            connection = self._connected()
            self._send(connection, ("offer", number, target, content))
            answer = cast(Told, self._receive(connection))
            if answer[0] == "failed":
                raise TwinError(f"The chaincode {name} cannot be made for the second run: {answer[1]}")
            self._numbers[content] = number
        self._known[id(chaincode)] = chaincode, number

    async def run(self, simulation: Simulation, definition: Definition, invocation: Invocation) -> Executed:
        """Run a transaction in the twin.

        :raises TwinError: the process ended.
        """
        _, number = self._known.get(id(definition.chaincode), (None, 0))
        connection = self._connection
        if connection is None or not number:
            raise self._ended()
        ledger = SimulatedLedger(simulation, definition)
        self._send(connection, ("run", number, _portable(invocation)))
        while True:
            answer = cast(Told | Asked | Done, self._receive(connection))
            if answer[0] == "done":
                return answer[1]
            if answer[0] == "ask":
                self._send(connection, ("answer", *await _answer(ledger, answer[1], answer[2])))
            elif answer[0] == "failed":
                raise TwinError(answer[1])

    def close(self) -> None:
        """End the process."""
        if self._connection is not None and self._process is not None:
            self._connection.close()
            try:
                self._process.wait(_CLOSING_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._connection = None
        self._numbers.clear()
        self._known.clear()

    def _connected(self) -> Connection:
        if self._connection is None:
            self._connection, others = Pipe()
            with others:
                self._process = subprocess.Popen(
                    # Its own folder must not hide modules of the standard library: -P.
                    [sys.executable, "-P", str(_PROGRAM), str(others.fileno())],
                    pass_fds=[others.fileno()],
                    env=_environment(),
                    cwd="/",
                )
            self._connection.send([str(Path(entry).absolute()) for entry in sys.path])
        return self._connection

    def _receive(self, connection: Connection) -> object:
        try:
            return connection.recv()
        except (EOFError, OSError):
            raise self._ended() from None

    def _send(self, connection: Connection, message: tuple[object, ...]) -> None:
        try:
            connection.send(message)
        except OSError:
            raise self._ended() from None

    def _ended(self) -> TwinError:
        self.close()
        return TwinError("The process that runs transactions for a second time has ended.")


@cache
def the_twin() -> Twin:
    """Give the twin of this process, which ends with it."""
    twin = Twin()
    atexit.register(twin.close)
    return twin


def _portable(invocation: Invocation) -> Invocation:
    """Read-only views cannot be pickled, dictionaries can."""
    return replace(invocation, transient=dict(invocation.transient), decorations=dict(invocation.decorations))


async def _answer(ledger: SimulatedLedger, method: str, args: tuple[object, ...]) -> tuple[bool, object]:
    try:
        return True, await getattr(ledger, method)(*args)
    except LedgerError as error:
        return False, str(error)


def _pickled(chaincode: Chaincode, name: str) -> bytes:
    try:
        return pickle.dumps(chaincode)
    except (pickle.PicklingError, TypeError, AttributeError) as error:
        raise TwinError(
            f"The chaincode {name} cannot be pickled for the second run ({error}); say which one it is "
            "by twice='module:object'."
        ) from None


def _environment() -> Mapping[str, str]:
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    seed = _HASH_SEEDS[os.environ.get("PYTHONHASHSEED") == _HASH_SEEDS[0]]
    return kept | {
        "PYTHONHASHSEED": seed,
        "PYTHONCOERCECLOCALE": "0",
        "LC_ALL": "C",
        "TZ": "TWIN-13:45",
        "HOME": "/nonexistent",
        "USER": "twin",
        "LOGNAME": "twin",
    }
