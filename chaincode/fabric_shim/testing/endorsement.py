"""Endorsement: a proposal is simulated on peers, whose results must be the same.

Source: Fabric core/endorser/endorser.go, gossip/privdata/distributor.go, internal/pkg/gateway/endorsement.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextvars import Context
from dataclasses import dataclass, replace

from fabric_shim.chaincode import Chaincode, execute, masked, run_to_end
from fabric_shim.errors import EndorsementError, NonDeterminismError, TransactionRefusedError
from fabric_shim.ledger import Ledger
from fabric_shim.stub import ChaincodeStub, Invocation
from fabric_shim.testing.blocks import Endorsed
from fabric_shim.testing.channel import Channel, Definition
from fabric_shim.testing.differences import differences
from fabric_shim.testing.policies import Signer
from fabric_shim.testing.rwset import ReadWriteSet
from fabric_shim.testing.simulated_ledger import SimulatedLedger
from fabric_shim.testing.simulation import Executed, Runner, Simulation


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a client asks peers to endorse."""

    definition: Definition
    invocation: Invocation
    creator: Signer


async def run_here(simulation: Simulation, definition: Definition, invocation: Invocation) -> Executed:
    """Run a chaincode in this process."""
    ledger = SimulatedLedger(simulation, definition)
    # What it sets for its thread, such as decimal's precision, ends with it, as at a peer.
    return Context().run(run_to_end, run_chaincode(definition.chaincode, invocation, ledger))


async def run_chaincode(chaincode: Chaincode, invocation: Invocation, ledger: Ledger) -> Executed:
    """Run a chaincode on a ledger."""
    stub = ChaincodeStub(invocation, ledger)
    try:
        outcome = await execute(chaincode, stub)
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # whatever a contract raises, SystemExit included, is its own failure
        outcome = masked(stub, error)
    return Executed(outcome.response, stub.event, outcome.code, outcome.masked)


async def endorse(
    channel: Channel, proposal: Proposal, endorsers: Sequence[str] | None, again: Runner | None
) -> Endorsed:
    """Simulate a proposal on the peers of organisations.

    :param endorsers: MSP IDs; None: a peer that has everything, with the endorsement of everybody.
    :param again: runs each simulation again in another process, after it was run again in this one.
    :raises TransactionRefusedError: the chaincode refuses.
    :raises EndorsementError: the peers' results differ, or a collection requires more peers.
    :raises NonDeterminismError: another run of a simulation gives something else.
    """
    invocation = proposal.invocation
    peers: Sequence[str | None] = endorsers or [None]
    results = [await _simulate(channel, proposal, peer, again) for peer in peers]
    executed, read_write_set = results[0]
    for another, its_set in results[1:]:
        if differing := differences(executed, read_write_set, another, its_set):
            raise EndorsementError(f"ProposalResponsePayloads do not match: {'; '.join(differing)}")
    for peer in peers:
        _check_dissemination(channel, invocation.tx_id, peer, read_write_set)
    return Endorsed(
        invocation.tx_id,
        invocation.timestamp,
        proposal.definition.name,
        executed.response,
        executed.event,
        read_write_set,
        None if endorsers is None else tuple(endorsers),
    )


async def _simulate(
    channel: Channel, proposal: Proposal, peer: str | None, again: Runner | None
) -> tuple[Executed, ReadWriteSet]:
    executed, read_write_set = await _run(channel, proposal, peer, run_here)
    # Here, what the first run has left behind counts; in the other process, what differs between peers.
    for run in (run_here, again) if again is not None else ():
        second, second_set = await _run(channel, proposal, peer, run)
        if differing := differences(executed, read_write_set, second, second_set):
            function = (proposal.invocation.args or (b"",))[0].decode(errors="replace")
            raise NonDeterminismError(function, differing)
    response = executed.response
    if not response.endorsed:
        refusal = TransactionRefusedError(
            response.message, status=response.status, code=executed.code, tx_id=proposal.invocation.tx_id
        )
        raise refusal from executed.masked
    return executed, read_write_set


async def _run(
    channel: Channel, proposal: Proposal, peer: str | None, run: Runner
) -> tuple[Executed, ReadWriteSet]:
    invocation = replace(proposal.invocation, peer_msp_id=peer or "")
    simulation = Simulation(channel, invocation, peer, proposal.creator, run)
    executed = await simulation.execute(proposal.definition, invocation.args)
    return executed, simulation.results()


def _check_dissemination(
    channel: Channel, tx_id: str, peer: str | None, read_write_set: ReadWriteSet
) -> None:
    for name, namespace in read_write_set.namespaces.items():
        for collection, keys in namespace.collections.items():
            config = channel.definitions[name].collection(collection)
            members = channel.organizations if config is None or config.members is None else config.members
            if config is None or members is None or not keys.written_keys:
                continue
            sender = peer in members or peer is None
            eligible = len(members) - 1 if sender else len(members)
            if eligible < config.required_peer_count:
                raise EndorsementError(
                    f"failed to distribute private collection, txID {tx_id}, channel {channel.name}: "
                    f"required to disseminate to at least {config.required_peer_count} peers, "
                    f"but know of only {eligible} eligible peers"
                )
