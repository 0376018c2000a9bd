"""The ledger simulator does what a peer does: the scenarios that tests/scenarios runs on a network."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest
from cryptography import x509
from fabric_shim.errors import TransactionInvalidError, TransactionRefusedError
from fabric_shim.testing import LedgerSimulator, TestIdentity, TransactionResult

from tests.conformance.ledger import (
    HOME,
    OTHER,
    OTHER_CHAINCODE,
    OTHER_CHANNEL,
    InvalidError,
    Recorded,
    RefusedError,
    Submitted,
)
from tests.conformance.scenarios import *  # noqa: F403 - the same on a network and in memory
from tests.protocol.probe import chaincode


class SimulatorLedger:
    """The scenarios' ledger, in memory."""

    channel = "probe-channel"

    def __init__(self) -> None:
        self._caller = TestIdentity.create(HOME, "caller", attributes={"care.role": "auditor"})
        members = (HOME, OTHER)
        self._simulator = LedgerSimulator(self.channel, chaincode(), name="probe", organizations=members)
        self._simulator.deploy(OTHER_CHAINCODE, chaincode())
        self._simulator.join(LedgerSimulator(OTHER_CHANNEL, chaincode(), name="probe", organizations=members))
        self._committed: dict[str, TransactionResult] = {}

    @property
    def certificate(self) -> x509.Certificate:
        return x509.load_pem_x509_certificate(self._caller.certificate_pem)

    async def submit(
        self,
        function: str,
        *arguments: str,
        transient: Mapping[str, bytes] | None = None,
        endorsers: Sequence[str] = (HOME,),
    ) -> Submitted:
        try:
            result = await self._simulator.submit(
                function, arguments, creator=self._caller, transient=transient or {}, endorsers=endorsers
            )
        except TransactionRefusedError as error:
            raise RefusedError(error.status, str(error)) from error
        except TransactionInvalidError as error:
            raise InvalidError(error.validation_code) from error
        self._committed[result.tx_id] = result
        return Submitted(result.tx_id, result.payload)

    async def evaluate(
        self,
        function: str,
        *arguments: str,
        transient: Mapping[str, bytes] | None = None,
        peer: str = HOME,
        chaincode: str = "probe",
    ) -> bytes:
        try:
            result = await self._simulator.evaluate(
                function,
                arguments,
                creator=self._caller,
                transient=transient or {},
                peer=peer,
                chaincode=chaincode,
            )
        except TransactionRefusedError as error:
            raise RefusedError(error.status, str(error)) from error
        return result.payload

    async def race(self, *calls: Sequence[str]) -> list[int]:
        endorsed = [
            await self._simulator.endorse(call[0], call[1:], creator=self._caller, endorsers=[HOME])
            for call in calls
        ]
        return [int(code) for code in (await self._simulator.commit(endorsed)).codes]

    async def recorded(self, tx_id: str) -> Recorded:
        result = self._committed[tx_id]
        called = result.read_write_set.namespaces.get(OTHER_CHAINCODE)
        return Recorded(
            timestamp=result.timestamp,
            event=(result.event.name, result.event.payload) if result.event else None,
            reads=set(result.reads.public),
            ranges=list(result.reads.ranges),
            writes=dict(result.writes),
            private_reads={
                collection: {hashlib.sha256(key.encode()).digest() for key in keys}
                for collection, keys in result.reads.private.items()
            },
            private_writes={name: dict(writes) for name, writes in result.hashed_writes.items()},
            called_writes=dict(called.public.writes) if called else {},
        )


def test_no_scenarios_are_forgotten() -> None:
    sources = (Path(__file__).parents[2] / "conformance").glob("*.py")
    written = {name for each in sources for name in re.findall(r"^class (Test\w+)", each.read_text(), re.M)}
    assert len(written) > 1
    assert written <= set(globals())


@pytest.fixture(scope="module")
def ledger() -> SimulatorLedger:
    return SimulatorLedger()
