"""Every function of the stub on real peers: the scenarios that hold the simulator to what Fabric does."""

from __future__ import annotations

import os
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography import x509
from fabric_gateway import CommitError, Gateway, GatewayError

from tests.conformance.ledger import HOME, OTHER_CHAINCODE, InvalidError, Recorded, RefusedError, Submitted
from tests.conformance.scenarios import *  # noqa: F403 - the same on a network and in memory
from tests.scenarios.conftest import Network, free_port_base

TOPOLOGY = Path(__file__).parent / "topologies" / "probe.yaml"
CHANNEL = "probe-channel"
CHAINCODE = "probe"


class GatewayLedger:
    """The scenarios' ledger, on a network."""

    channel = CHANNEL

    def __init__(self, gateway: Gateway) -> None:
        self.certificate: x509.Certificate = gateway.identity.certificate
        self._network = gateway.network(CHANNEL)
        self._contract = self._network.contract(CHAINCODE)

    async def submit(
        self,
        function: str,
        *arguments: str,
        transient: Mapping[str, bytes] | None = None,
        endorsers: Sequence[str] = (HOME,),
    ) -> Submitted:
        for peer in endorsers:
            await self._wait_for(peer)
        with _refusals():
            submitted = await self._contract.submit_async(
                function, arguments=arguments, transient=transient, endorsing_organizations=endorsers
            )
            await submitted.committed()
        return Submitted(submitted.transaction_id, submitted.result)

    async def evaluate(
        self,
        function: str,
        *arguments: str,
        transient: Mapping[str, bytes] | None = None,
        peer: str = HOME,
        chaincode: str = CHAINCODE,
    ) -> bytes:
        await self._wait_for(peer)
        with _refusals():
            return await self._network.contract(chaincode).evaluate(
                function, arguments=arguments, transient=transient, endorsing_organizations=[peer]
            )

    async def race(self, *calls: Sequence[str]) -> list[int]:
        endorsed = [
            await self._contract.new_proposal(
                function, arguments=arguments, endorsing_organizations=[HOME]
            ).endorse()
            for function, *arguments in calls
        ]
        submitted = [await transaction.submit() for transaction in endorsed]
        return [(await each.status()).code for each in submitted]

    async def recorded(self, tx_id: str) -> Recorded:
        block = await self._network.block_by_transaction_id(tx_id)
        found = block.transaction(tx_id)
        assert found is not None
        assert found.timestamp is not None
        assert found.invocation is not None
        event, rwset = found.invocation.event, found.invocation.read_write_set
        private_reads: dict[str, set[bytes]] = defaultdict(set)
        for read in rwset.private_reads:
            private_reads[read.collection].add(read.key_hash)
        private_writes: dict[str, dict[bytes, bytes | None]] = defaultdict(dict)
        for write in rwset.private_writes:
            private_writes[write.collection][write.key_hash] = write.value_hash
        return Recorded(
            timestamp=found.timestamp,
            event=(event.event_name, event.payload) if event else None,
            reads={read.key for read in rwset.reads if read.namespace == CHAINCODE},
            ranges=[(read.start_key, read.end_key) for read in rwset.range_reads],
            writes={write.key: write.value for write in rwset.writes if write.namespace == CHAINCODE},
            private_reads=dict(private_reads),
            private_writes=dict(private_writes),
            called_writes={
                write.key: write.value for write in rwset.writes if write.namespace == OTHER_CHAINCODE
            },
        )

    async def _wait_for(self, peer: str) -> None:
        """Block until the peer has what the home peer has."""
        if peer == HOME:
            return
        height = (await self._network.chain_info(target_organizations=[HOME])).height
        while (await self._network.chain_info(target_organizations=[peer])).height < height:
            pass  # every question is a round trip, which is wait enough


@contextmanager
def _refusals() -> Iterator[None]:
    """Tell what the chaincode or the peers refused; any other failure stays as it is."""
    try:
        yield
    except CommitError as error:
        raise InvalidError(error.validation_code) from error
    except GatewayError as error:
        if error.chaincode_status is None or error.chaincode_message is None:
            raise
        raise RefusedError(error.chaincode_status, error.chaincode_message) from error


@pytest.fixture(scope="module")
def probe_network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """Fabric with the probe contract, whose processes find it in this repository."""
    network = Network("probe", tmp_path_factory.mktemp("probe"), free_port_base())
    try:
        with pytest.MonkeyPatch.context() as environment:
            environment.setenv("PYTHONPATH", str(Path(__file__).parents[2]), prepend=os.pathsep)
            network.must("up", "--bare", "--topology", str(TOPOLOGY))
        yield network
    finally:
        network.must("down")


@pytest.fixture(scope="module")
async def ledger(probe_network: Network) -> AsyncIterator[GatewayLedger]:
    async with probe_network.gateway("a", "caller") as gateway:
        yield GatewayLedger(gateway)
