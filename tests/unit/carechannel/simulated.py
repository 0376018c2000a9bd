"""A consortium in memory: the real chaincode on the ledger simulator, behind the client's own `Ledger`.

Each submit is a block of its own. A call that names a custodian is simulated at that custodian's peer, which
lacks every other collection; so content sent to the wrong peer fails here as it does on a network.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

from care_contracts.chaincode import CareChaincode
from care_rules.canonical import Json, canonical_json
from carechannel.access import Access
from carechannel.agent import KeyAgent
from carechannel.audit import Audit
from carechannel.consents import Consents
from carechannel.identity import Identity
from carechannel.institutions import Institutions
from carechannel.ledger import Committed, Ledger
from carechannel.patients import Patients
from carechannel.profile import Profile
from carechannel.records import Records
from carechannel.refusals import translate
from cryptography import x509
from fabric_gateway import (
    Block,
    BlockTransaction,
    ChaincodeEvent,
    EndorseError,
    EvaluateError,
    Invocation,
    PrivateWrite,
    ReadWriteSet,
    StatusCode,
    ValidationCode,
)
from fabric_shim.errors import TransactionRefusedError
from fabric_shim.testing import LedgerSimulator, TestIdentity, TransactionResult

CHANNEL = "regional-care"
A, B, CLINIC, REGULATOR = "HospitalAMSP", "HospitalBMSP", "ClinicMSP", "RegulatorMSP"
MEMBERS = {A: "provider", B: "provider", CLINIC: "provider", REGULATOR: "regulator"}
PEM = "-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n"


def profile_of(root: Path, msp_id: str) -> Profile:
    """The connection profile of a member; only A's own has A's mirror."""
    members = {
        name: {
            "name": f"Institution {name}",
            "role": role,
            "jurisdiction": "DE",
            "peer": None if name == CLINIC else f"peer0.{name}",
        }
        for name, role in MEMBERS.items()
    }
    blobs: dict[str, dict[str, str]] = {
        name: {"primary": str(root / name / "blobs")} for name in MEMBERS if name != CLINIC
    }
    if msp_id in blobs:
        blobs[msp_id]["mirror"] = str(root / msp_id / "blobs-mirror")
    return Profile.model_validate(
        {
            "name": f"test-{msp_id}",
            "client": {"organization": msp_id},
            "organizations": {msp_id: {"mspid": msp_id}},
            "peers": {
                f"peer0.{name}": {"url": "grpcs://127.0.0.1:1", "tlsCACerts": {"pem": PEM}}
                for name in MEMBERS
            },
            "x-carechannel": {
                "home": str(root / msp_id / "home"),
                "gateway_peer": f"peer0.{A if msp_id == CLINIC else msp_id}",
                "users": str(root / msp_id / "users"),
                "consortia": {CHANNEL: {"chaincode": "care", "members": members}},
                "blobs": blobs,
            },
        }
    )


class Chain:
    """The simulator with blocks and events."""

    def __init__(self) -> None:
        self.sim = LedgerSimulator(CHANNEL, CareChaincode())
        self.sim.now = datetime.now(UTC)
        self.results: list[TransactionResult] = []
        self.news = asyncio.Condition()
        self.fail_next_submit: Exception | None = None
        self.lose_next_reply: Exception | None = None

    async def commit(self, result: TransactionResult) -> Committed:
        self.results.append(result)
        async with self.news:
            self.news.notify_all()
        return Committed(result.tx_id, len(self.results))

    def event(self, number: int) -> ChaincodeEvent | None:
        result = self.results[number - 1]
        if result.event is None:
            return None
        return ChaincodeEvent(number, result.tx_id, "care", result.event.name, result.event.payload)


class SimulatedEvents:
    """The events of a chain from a block on."""

    def __init__(self, chain: Chain, start_block: int):
        self._chain = chain
        self._next = start_block

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None: ...

    async def __aiter__(self) -> AsyncIterator[ChaincodeEvent]:
        while True:
            async with self._chain.news:
                await self._chain.news.wait_for(lambda: len(self._chain.results) >= self._next)
            event = self._chain.event(self._next)
            self._next += 1
            if event is not None:
                yield event


class SimulatedLedger(Ledger):
    """`Ledger` on a chain in memory; refusals go through the same translation as a gateway's."""

    def __init__(self, chain: Chain, profile: Profile, person: TestIdentity):
        self.chain = chain
        self.person = person
        self.channel = CHANNEL
        self.profile = profile
        assert person.private_key is not None
        certificate = x509.load_pem_x509_certificate(person.certificate_pem)
        self.identity = Identity(person.msp_id, certificate, person.private_key)

    async def evaluate(
        self,
        function: str,
        *arguments: str,
        custodian: str | None = None,
        content: Mapping[str, Json] | None = None,
    ) -> bytes:
        try:
            result = await self.chain.sim.evaluate(
                function, arguments, creator=self.person, transient=_transient(content), peer=custodian
            )
        except TransactionRefusedError as refused:
            raise translate(_gateway_error(EvaluateError, refused), "peer0") from refused
        return result.payload

    async def submit(
        self,
        function: str,
        *arguments: str,
        custodian: str | None = None,
        content: Mapping[str, Json] | None = None,
    ) -> Committed:
        if (failure := self.chain.fail_next_submit) is not None:
            self.chain.fail_next_submit = None
            raise failure
        try:
            result = await self.chain.sim.submit(
                function, arguments, creator=self.person, transient=_transient(content), peer=custodian
            )
        except TransactionRefusedError as refused:
            raise translate(_gateway_error(EndorseError, refused), "peer0") from refused
        committed = await self.chain.commit(result)
        if (failure := self.chain.lose_next_reply) is not None:
            self.chain.lose_next_reply = None
            raise failure
        return committed

    async def events(
        self, custodian: str | None = None, *, start_block: int | None = None, checkpointer: object = None
    ) -> Any:
        start = len(self.chain.results) + 1 if start_block is None else max(start_block, 1)
        return SimulatedEvents(self.chain, start)

    async def block_of(self, transaction_id: str) -> Block:
        for number, result in enumerate(self.chain.results, start=1):
            if result.tx_id == transaction_id:
                return block(number, result)
        raise KeyError(transaction_id)


class Member:
    """Somebody of an institution (or a patient), with everything that a consortium offers."""

    def __init__(self, chain: Chain, root: Path, person: TestIdentity):
        self.profile = profile_of(root, person.msp_id)
        self.ledger = SimulatedLedger(chain, self.profile, person)
        self.institutions = Institutions(self.ledger, self.profile)
        self.patients = Patients(self.ledger)
        self.consents = Consents(self.ledger)
        self.access = Access(self.ledger)
        self.records = Records(self.ledger, self.profile, self.patients, self.access)
        self.audit = Audit(self.ledger)

    def agent(self) -> KeyAgent:
        return KeyAgent(self.ledger, self.profile)


def block(number: int, result: TransactionResult) -> Block:
    """The block of one transaction, as every member sees it."""
    writes = tuple(
        PrivateWrite("care", collection, key_hash, value_hash, value_hash is None, False)
        for collection, entries in result.hashed_writes.items()
        for key_hash, value_hash in entries.items()
    )
    invocation = Invocation("care", (), 200, "", b"", None, ReadWriteSet(private_writes=writes), ())
    envelope = result.tx_id.encode()
    transaction = BlockTransaction(
        result.tx_id,
        "ENDORSER_TRANSACTION",
        ValidationCode.VALID,
        CHANNEL,
        result.timestamp,
        None,
        b"",
        b"",
        invocation,
        None,
        envelope,
    )
    return Block(number, b"", hashlib.sha256(envelope).digest(), (transaction,), (), b"")


def _transient(content: Mapping[str, Json] | None) -> dict[str, bytes]:
    return {} if content is None else {"in": canonical_json(content)}


def _gateway_error(
    kind: type[EvaluateError] | type[EndorseError], refused: TransactionRefusedError
) -> EvaluateError | EndorseError:
    message = f"chaincode response {refused.status}, {refused}"
    return kind(message, code=StatusCode.UNKNOWN, transaction_id=refused.tx_id)
