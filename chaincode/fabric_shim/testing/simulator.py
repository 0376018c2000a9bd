"""The ledger simulator: runs a chaincode's transactions on a channel in memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Final

from fabric_shim.chaincode import Chaincode
from fabric_shim.errors import ConfigurationError, TransactionInvalidError
from fabric_shim.ledger import KeyModification
from fabric_shim.stub import ChaincodeStub, Invocation
from fabric_shim.testing.blocks import Block, Endorsed, TransactionResult
from fabric_shim.testing.channel import Channel, Definition
from fabric_shim.testing.collections import CollectionConfig, declared
from fabric_shim.testing.commit import commit_block
from fabric_shim.testing.endorsement import Proposal, endorse, run_here
from fabric_shim.testing.events import EventStream
from fabric_shim.testing.identity import TestIdentity
from fabric_shim.testing.proposals import invocation_of
from fabric_shim.testing.rwset import sha256
from fabric_shim.testing.simulated_ledger import SimulatedLedger
from fabric_shim.testing.simulation import Simulation
from fabric_shim.testing.twin import Twin, the_twin

_FIRST_TIMESTAMP: Final = datetime(2026, 1, 1, tzinfo=UTC)
_NO_FIELDS: Mapping[str, bytes] = MappingProxyType({})

Collections = Iterable[str | CollectionConfig] | Path
"""Collections: names (members: everybody), configurations, or Fabric's configuration file."""


class LedgerSimulator:
    """A channel with one chaincode, or several.

    Transactions read the committed state only. Contracts run without an event loop, as on a peer. The clock
    is the test's: it starts on 2026-01-01 and moves one second with each transaction; ``now`` may be set.
    A test without asyncio writes ``run_to_end(simulator.submit(…))``
    (:func:`fabric_shim.chaincode.run_to_end`).

    :param channel: the channel's name.
    :param chaincode: what answers the transactions.
    :param name: the chaincode's name in the channel.
    :param collections: the collections of the chaincode's definition; implicit ones always exist.
    :param policy: the chaincode's endorsement policy: a signature policy such as
        ``OutOf(2, 'AMSP.peer', 'BMSP.peer', 'CMSP.peer')``, or ``MAJORITY``, ``ALL``, ``ANY`` of the
        organizations; empty: any organisation.
    :param organizations: MSP IDs of the channel's members; None: whoever comes.
    :param twice: run each transaction again, here and in another process, with another hash seed, clock,
        time zone and environment, and raise :class:`~fabric_shim.errors.NonDeterminismError` when anything
        that peers compare is not the same. The other process makes the chaincode by the same call, whose
        arguments are pickled; where that cannot be done, give ``module:object`` (a chaincode, a contract, or
        what makes one) in place of True.
    :raises ConfigurationError: the definition is refused; :meth:`deploy` says for what.
    :raises TwinError: with ``twice``, the other process cannot have the chaincode.
    """

    def __init__(
        self,
        channel: str,
        chaincode: Chaincode,
        *,
        name: str = "chaincode",
        collections: Collections = (),
        policy: str = "",
        organizations: Sequence[str] | None = None,
        twice: bool | str = False,
    ) -> None:
        self.now = _FIRST_TIMESTAMP
        self._channel = Channel(channel, None if organizations is None else tuple(organizations))
        self._name = name
        self._twin: Twin | None = the_twin() if twice else None
        self._count = 0
        self._events: list[EventStream] = []
        target = twice if isinstance(twice, str) else ""
        self.deploy(name, chaincode, collections=collections, policy=policy, target=target)

    @property
    def channel(self) -> str:
        """The channel's name."""
        return self._channel.name

    @property
    def state(self) -> Mapping[str, bytes]:
        """The chaincode's public state."""
        return self._channel.world.store(self._name, "").values

    @property
    def blocks(self) -> tuple[Block, ...]:
        """The blocks that were committed, from number 1 on."""
        return tuple(self._channel.blocks)

    def private_state(self, collection: str, *, peer: str | None = None) -> Mapping[str, bytes]:
        """Give the private data of a collection as the peers of an organisation have it.

        :param peer: MSP ID; None: a member.
        """
        config = self._channel.definitions[self._name].collection(collection)
        if peer is not None and (config is None or not config.holds_data(peer)):
            return MappingProxyType({})
        return self._channel.world.store(self._name, collection).values

    def private_hashes(self, collection: str) -> Mapping[bytes, bytes]:
        """Give what every peer has of a collection: SHA-256 of key → SHA-256 of value."""
        entries = self._channel.world.store(self._name, collection).entries
        return {sha256(key.encode()): sha256(entry.value) for key, entry in entries.items()}

    def private_store(self, collection: str, key: str) -> tuple[bytes, ...]:
        """Give the values of a private key that members' peers still keep, oldest first.

        A deletion leaves them on the peers; a purge and the end of block-to-live do not.
        """
        kept = self._channel.world.private_store[self._name, collection]
        return tuple(value for _, value in kept.get(key, ()))

    def history(self, key: str) -> tuple[KeyModification, ...]:
        """Give what transactions did to a public key, newest first."""
        return tuple(reversed(self._channel.world.history.get((self._name, key), [])))

    def deploy(
        self,
        name: str,
        chaincode: Chaincode,
        *,
        collections: Collections = (),
        policy: str = "",
        target: str = "",
    ) -> None:
        """Define a further chaincode on the channel, or define one anew: its state stays.

        :param target: ``module:object`` for the second run of a chaincode that cannot be pickled.
        :raises ConfigurationError: the name of the chaincode or of a collection is none that Fabric takes; a
            collection comes twice, or has a member that is not among ``organizations``; a policy cannot be
            read, or needs ``organizations`` where there are none; the file of collections cannot be read.
            Fabric also compares the collections with those of the earlier definition; this does not.
        :raises TwinError: with ``twice``, the other process cannot have the chaincode.
        """
        defined = self._channel.definitions.get(name)
        if self._twin is not None and (defined is None or defined.chaincode is not chaincode):
            self._twin.offer(chaincode, target, name)
        self._channel.define(name, chaincode, declared(collections), policy)

    def join(self, other: LedgerSimulator) -> None:
        """Let the peers join another channel, whose chaincodes may then be called: such calls only read."""
        self._channel.neighbours[other.channel] = other._channel

    def events(self, start_block: int | None = None) -> EventStream:
        """Listen to the chaincode events of valid transactions: ``async for event in simulator.events():``.

        :param start_block: the first block whose events are given; None: the next one.
        """
        start = len(self._channel.blocks) + 1 if start_block is None else max(start_block, 1)
        stream = EventStream(self._channel.blocks, start)
        self._events.append(stream)
        return stream

    async def submit(
        self,
        function: str,
        args: Sequence[str | bytes] = (),
        *,
        creator: TestIdentity,
        transient: Mapping[str, bytes] = _NO_FIELDS,
        timestamp: datetime | None = None,
        peer: str | None = None,
        endorsers: Sequence[str] | None = None,
        chaincode: str = "",
    ) -> TransactionResult:
        """Run a transaction and commit it in a block of its own.

        :param timestamp: the client's clock, aware; None takes the simulator's next second.
        :param peer: MSP ID of the organisation whose peer alone simulates and endorses; it has no private
            data of collections that its organisation is not in.
        :param endorsers: the same for several organisations, whose peers must come to one result. Neither: a
            peer that has everything, and everybody endorses.
        :param chaincode: one of those deployed; empty: the first.
        :raises TransactionRefusedError: the response has status 400 or more; nothing is committed.
        :raises EndorsementError: the peers cannot endorse it together; nothing is committed.
        :raises TransactionInvalidError: it is in a block, but not valid; nothing is written.
        :raises NonDeterminismError: with ``twice``, the second run gives something else.
        """
        endorsed = await self.endorse(
            function,
            args,
            creator=creator,
            transient=transient,
            timestamp=timestamp,
            peer=peer,
            endorsers=endorsers,
            chaincode=chaincode,
        )
        block = await self.commit([endorsed])
        committed = block.transactions[0]
        if not committed.valid:
            raise TransactionInvalidError(
                f"transaction {endorsed.tx_id} failed to commit with status code "
                f"{committed.code.value} ({committed.code.name})",
                validation_code=committed.code,
                tx_id=endorsed.tx_id,
            )
        return _result(endorsed, committed=True)

    async def evaluate(
        self,
        function: str,
        args: Sequence[str | bytes] = (),
        *,
        creator: TestIdentity,
        transient: Mapping[str, bytes] = _NO_FIELDS,
        timestamp: datetime | None = None,
        peer: str | None = None,
        chaincode: str = "",
    ) -> TransactionResult:
        """Run a transaction without committing anything. Parameters and errors as for :meth:`submit`."""
        endorsed = await self.endorse(
            function,
            args,
            creator=creator,
            transient=transient,
            timestamp=timestamp,
            peer=peer,
            chaincode=chaincode,
        )
        return _result(endorsed, committed=False)

    async def endorse(
        self,
        function: str,
        args: Sequence[str | bytes] = (),
        *,
        creator: TestIdentity,
        transient: Mapping[str, bytes] = _NO_FIELDS,
        timestamp: datetime | None = None,
        peer: str | None = None,
        endorsers: Sequence[str] | None = None,
        chaincode: str = "",
    ) -> Endorsed:
        """Run a transaction and hold it, for :meth:`commit`. Parameters and errors as for :meth:`submit`."""
        definition = self._definition(chaincode)
        peers = [peer] if peer is not None else endorsers
        if peers is not None:
            if not peers or (endorsers is not None and peer is not None):
                raise ConfigurationError("Give either one peer or at least one endorser.")
            self._channel.check_peers(peers)
        invocation = self._invocation((function, *args), creator, transient, timestamp)
        proposal = Proposal(definition, invocation, creator.signer)
        again = self._twin.run if self._twin else None
        return await endorse(self._channel, proposal, peers, again)

    def stub(
        self,
        function: str = "",
        args: Sequence[str | bytes] = (),
        *,
        creator: TestIdentity,
        transient: Mapping[str, bytes] = _NO_FIELDS,
        timestamp: datetime | None = None,
        peer: str | None = None,
        chaincode: str = "",
    ) -> ChaincodeStub:
        """Give the stub of a transaction of its own, to test what takes a stub; it is never committed."""
        definition = self._definition(chaincode)
        invocation = self._invocation((function, *args), creator, transient, timestamp)
        invocation = replace(invocation, peer_msp_id=peer or "")
        simulation = Simulation(self._channel, invocation, peer, creator.signer, run_here)
        return ChaincodeStub(invocation, SimulatedLedger(simulation, definition))

    async def commit(self, transactions: Sequence[Endorsed]) -> Block:
        """Commit held transactions as one block, in their order, each with its validation code."""
        block = commit_block(self._channel, transactions)
        for stream in self._events:
            stream.wake()
        return block

    def _definition(self, chaincode: str) -> Definition:
        definition = self._channel.definitions.get(chaincode or self._name)
        if definition is None:
            raise ConfigurationError(f"No chaincode {chaincode} is deployed on the channel {self.channel}.")
        return definition

    def _invocation(
        self,
        args: Sequence[str | bytes],
        creator: TestIdentity,
        transient: Mapping[str, bytes],
        timestamp: datetime | None,
    ) -> Invocation:
        self._count += 1
        self.now += timedelta(seconds=1)
        return invocation_of(
            self.channel, self._count, timestamp or self.now, creator=creator, transient=transient, args=args
        )


def _result(endorsed: Endorsed, *, committed: bool) -> TransactionResult:
    values = {each.name: getattr(endorsed, each.name) for each in fields(endorsed)}
    return TransactionResult(**values, committed=committed)
