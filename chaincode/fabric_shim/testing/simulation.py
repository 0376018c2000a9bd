"""One transaction on one simulated peer, with every chaincode that takes part.

Source: Fabric core/chaincode/{handler,chaincode_support}.go.
"""

from __future__ import annotations

from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from fabric_shim.chaincode import Response
from fabric_shim.invocation import ChaincodeEvent, Invocation
from fabric_shim.testing.access import RefusedRequestError
from fabric_shim.testing.channel import Channel, Definition
from fabric_shim.testing.policies import Signer
from fabric_shim.testing.queries import RangeReader
from fabric_shim.testing.rwset import RangeRead, ReadWriteSet


@dataclass(frozen=True, slots=True)
class Executed:
    """What a chaincode did with a transaction.

    :ivar code: code of the error that refused it.
    :ivar masked: the exception behind ``internal error``.
    """

    response: Response
    event: ChaincodeEvent | None
    code: str = ""
    masked: BaseException | None = None


class Runner(Protocol):
    """Runs a chaincode on the ledger that a simulation gives it."""

    def __call__(
        self, simulation: Simulation, definition: Definition, invocation: Invocation
    ) -> Awaitable[Executed]: ...


@dataclass(slots=True)
class Simulation:
    """A transaction on a peer of one channel, with every chaincode that takes part.

    :ivar peer: MSP ID of the peer's organisation; None: a peer that has everything.
    :ivar creator: who signed the proposal.
    :ivar run: runs the chaincodes.
    :ivar running: chaincodes that the transaction is in, by channel and name.
    """

    channel: Channel
    invocation: Invocation
    peer: str | None
    creator: Signer
    run: Runner
    running: set[tuple[str, str]] = field(default_factory=set)
    read_write_set: ReadWriteSet = field(default_factory=ReadWriteSet)
    readers: list[tuple[str, RangeReader]] = field(default_factory=list)
    wrote: bool = False
    read_only_because: str = ""

    async def execute(self, definition: Definition, args: Sequence[bytes]) -> Executed:
        """Run a chaincode in this transaction."""
        invocation = self.invocation
        if invocation.channel_id != self.channel.name or invocation.args != tuple(args):
            invocation = replace(invocation, channel_id=self.channel.name, args=tuple(args))
        place = self.channel.name, definition.name
        self.running.add(place)
        try:
            return await self.run(self, definition, invocation)
        finally:
            self.running.discard(place)

    async def call(self, name: str, channel: str, args: Sequence[bytes]) -> Response:
        """Run a chaincode that one of this transaction calls.

        :param channel: where it is; empty: on the same channel.
        :raises RefusedRequestError: there is none, or the transaction is in it already.
        """
        simulation = self
        if channel and channel != self.channel.name:
            other = self.channel.neighbours.get(channel)
            if other is None:
                raise RefusedRequestError(f"failed to find ledger for channel: {channel}")
            # Its writes go nowhere.
            simulation = Simulation(other, self.invocation, self.peer, self.creator, self.run, self.running)
        place = simulation.channel.name
        definition = simulation.channel.definitions.get(name)
        if definition is None:
            raise RefusedRequestError(
                f"execute failed: [channel {place}] failed to get chaincode container info for {name}: "
                f"chaincode {name} not found"
            )
        if (place, name) in self.running:
            raise RefusedRequestError(f"execute failed: txid: {self.invocation.tx_id}({place}) exists")
        return (await simulation.execute(definition, args)).response

    def results(self) -> ReadWriteSet:
        """Give the read/write set when all is done. Of range queries with one outcome it keeps one."""
        ranges: dict[tuple[str, str, str, bool], RangeRead] = {}
        for namespace, reader in self.readers:
            read = reader.range
            ranges.setdefault((namespace, read.start_key, read.end_key, read.exhausted), read)
        for (namespace, *_), read in ranges.items():
            self.read_write_set.namespaces[namespace].ranges.append(read)
        return self.read_write_set
