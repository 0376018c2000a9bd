"""Ready means that clients can work: every member gets an endorsement on every channel.

For each channel, chaincode and member, an administrator of the member asks the peer that its clients use: the
peer has to answer from its own organisation's chaincode process, and to gather endorsements that satisfy the
policy. What is called only describes the chaincode, and nothing is submitted. A chaincode that its developer
runs is not waited for.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass

from fabric_gateway import FabricGatewayError, Gateway, GatewayError, Identity, Timeouts, connect, signers

from fabric_network.errors import NodeError
from fabric_network.interrupts import run
from fabric_network.paths import Layout
from fabric_network.topology import Node, Organization, Topology

METADATA = "org.hyperledger.fabric:GetMetadata"
"""Function of Fabric's contract API that every contract chaincode has."""

CALL_TIMEOUT = 5.0
RETRY_INTERVAL = 0.1


@dataclass(frozen=True)
class _Check:
    channel: str
    chaincode: str
    member: Organization
    peer: Node


class Readiness:
    """Asks for endorsements until all are given. Raises `NodeError`, saying which node to look at."""

    def __init__(self, topology: Topology, layout: Layout) -> None:
        self._topology = topology
        self._layout = layout

    def wait(self, timeout: float) -> None:
        """Return once every check has succeeded; `timeout` in seconds."""
        run(self._wait(time.monotonic() + timeout))

    async def _wait(self, deadline: float) -> None:
        async with AsyncExitStack() as stack:
            gateways = {
                org.id: await stack.enter_async_context(await self._connect(org))
                for org in self._topology.organizations.values()
                if self._topology.channels_of(org.id)
            }
            await asyncio.gather(*(self._satisfy(check, gateways, deadline) for check in self._checks()))

    async def _connect(self, org: Organization) -> Gateway:
        peer = self._topology.gateway_peer(org.id)
        admin = self._layout.organization(org.id).user("admin").msp
        return await connect(
            address=peer.address,
            server_name=peer.hostname,
            tls_root_pem=self._layout.organization(peer.organization).tls_root.read_bytes(),
            identity=Identity(org.msp_id, (admin / "signcerts" / "cert.pem").read_bytes()),
            signer=signers.ecdsa((admin / "keystore" / "key.pem").read_bytes()),
            timeouts=Timeouts(evaluate=CALL_TIMEOUT, endorse=CALL_TIMEOUT),
        )

    def _checks(self) -> Iterator[_Check]:
        for channel in self._topology.channels.values():
            for chaincode in channel.chaincodes.values():
                if chaincode.external:
                    continue
                for member in self._topology.members(channel):
                    yield _Check(channel.name, chaincode.name, member, self._topology.gateway_peer(member.id))

    async def _satisfy(self, check: _Check, gateways: dict[str, Gateway], deadline: float) -> None:
        contract = gateways[check.member.id].network(check.channel).contract(check.chaincode)
        peer_msp = self._topology.organizations[check.peer.organization].msp_id
        while True:
            try:
                await contract.evaluate(METADATA, endorsing_organizations=[peer_msp])
                await contract.new_proposal(METADATA).endorse()
            except FabricGatewayError as error:
                if time.monotonic() > deadline:
                    raise NodeError(self._explain(check, error)) from error
                await asyncio.sleep(RETRY_INTERVAL)
            else:
                return

    def _explain(self, check: _Check, error: FabricGatewayError) -> str:
        """One sentence and the log to read: of the node that the gateway blames, else of its peer."""
        details = error.details if isinstance(error, GatewayError) else ()
        nodes = {node.address: node for node in self._topology.nodes() if node.ports}
        blamed = next((nodes[one.address] for one in details if one.address in nodes), check.peer)
        reason = details[0].message if details else error.message
        return (
            f"{check.member.name} gets no endorsement for {check.chaincode} on {check.channel} "
            f"through {check.peer.name}: {reason.rstrip('.')}. See: carechannel-network logs {blamed.name}"
        )
