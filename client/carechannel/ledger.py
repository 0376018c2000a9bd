"""One consortium's chaincode as one identity reaches it.

What concerns one custodian goes to that custodian's own peer, with that custodian as the only endorser or
target: no other member's peer, not even the own one, sees the content. What is public goes to the own
institution's (or its partner's) peer. Content travels in the transient field ``in`` only.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from care_rules.canonical import Json, canonical_json
from fabric_gateway import (
    Block,
    ChaincodeEvents,
    Checkpointer,
    Contract,
    Gateway,
    Network,
    ValidationCode,
    connect,
    signers,
)
from fabric_gateway import Identity as GatewayIdentity
from fabric_gateway import errors as gateway

from carechannel.errors import ProfileError
from carechannel.identity import Identity
from carechannel.profile import Profile
from carechannel.refusals import translate

_ATTEMPTS: Final = 6
_FIRST_PAUSE: Final = 0.05
_CONFLICTS: Final = {ValidationCode.MVCC_READ_CONFLICT, ValidationCode.PHANTOM_READ_CONFLICT}
_DIFFERENT_ANSWERS: Final = "ProposalResponsePayloads do not match"
_UNKNOWN_OUTCOME_WAIT: Final = 20.0


@dataclass(frozen=True, slots=True)
class Committed:
    """A valid transaction and the block that holds it."""

    transaction_id: str
    block_number: int


class Gateways:
    """Connections to peers, each made at its first use and kept."""

    def __init__(self, profile: Profile, identity: Identity):
        self._profile = profile
        self._identity = identity
        self._open: dict[str, Gateway] = {}

    async def to(self, peer_name: str) -> Gateway:
        """The connection to a peer of the profile.

        Raises:
            ProfileError: the profile does not describe the peer.
        """
        if peer_name not in self._open:
            peer = self._profile.peer(peer_name)
            self._open[peer_name] = await connect(
                address=peer.address,
                tls_root_pem=peer.tls_roots.text.encode(),
                server_name=peer.options.server_name,
                identity=GatewayIdentity(self._identity.msp_id, self._identity.certificate_pem),
                signer=signers.ecdsa(self._identity.private_key_pem),
            )
        return self._open[peer_name]

    async def aclose(self) -> None:
        """Closes every connection."""
        while self._open:
            _, opened = self._open.popitem()
            await opened.aclose()


class Ledger:
    """The chaincode of one channel; every call raises `carechannel.errors` only."""

    def __init__(self, profile: Profile, identity: Identity, gateways: Gateways, channel: str):
        self._profile = profile
        self._gateways = gateways
        self._chaincode = profile.consortium(channel).chaincode
        self.identity = identity
        self.channel = channel

    async def evaluate(
        self,
        function: str,
        *arguments: str,
        custodian: str | None = None,
        content: Mapping[str, Json] | None = None,
    ) -> bytes:
        """Calls a function that only reads, at the custodian's peer or, without one, at the own.

        Raises:
            RefusedError: the chaincode refused.
            NetworkDownError: the peer cannot be reached.
            WrongCertificateError: the peer does not accept the certificate.
        """
        peer, network = await self._network(custodian)
        try:
            return await self._contract(network).evaluate(
                function,
                arguments=arguments,
                transient=_transient(content),
                endorsing_organizations=[custodian] if custodian else [],
            )
        except gateway.FabricGatewayError as error:
            raise translate(error, peer) from error

    async def submit(
        self,
        function: str,
        *arguments: str,
        custodian: str | None = None,
        content: Mapping[str, Json] | None = None,
    ) -> Committed:
        """Calls a function that writes and waits for its commit; a conflict with another one is tried again.

        Raises:
            RefusedError: the chaincode refused; nothing is written.
            TransactionError: the members did not accept it; nothing is written.
            OutcomeUnknownError: it may or may not be written.
            NetworkDownError: the peer cannot be reached.
            WrongCertificateError: the peer does not accept the certificate.
        """
        peer, network = await self._network(custodian)
        for attempt in range(_ATTEMPTS):
            try:
                submitted = await self._contract(network).submit_async(
                    function,
                    arguments=arguments,
                    transient=_transient(content),
                    endorsing_organizations=[custodian] if custodian else [],
                )
                status = await submitted.committed()
                return Committed(status.transaction_id, status.block_number)
            except gateway.FabricGatewayError as error:
                if isinstance(error, gateway.GatewayError) and error.outcome_unknown:
                    return await self._settle(network, error, peer)
                if not _is_conflict(error) or attempt == _ATTEMPTS - 1:
                    raise translate(error, peer) from error
            await asyncio.sleep(_FIRST_PAUSE * 2**attempt * (1 + random.random()))  # noqa: S311
        raise AssertionError("unreachable")

    async def events(
        self,
        custodian: str | None = None,
        *,
        start_block: int | None = None,
        checkpointer: Checkpointer | None = None,
    ) -> ChaincodeEvents:
        """The chaincode's events as the custodian's (or the own) peer commits them."""
        _, network = await self._network(custodian)
        return network.chaincode_events(self._chaincode, start_block=start_block, checkpointer=checkpointer)

    async def block_of(self, transaction_id: str) -> Block:
        """The block that holds a transaction, from the own institution's (or its partner's) peer.

        Raises:
            NetworkDownError: the peer cannot be reached.
            CareChannelError: the peer has no such transaction, or its block is not intact.
        """
        peer, network = await self._network(None)
        try:
            return await network.block_by_transaction_id(transaction_id)
        except gateway.FabricGatewayError as error:
            raise translate(error, peer) from error

    async def _settle(self, network: Network, error: gateway.GatewayError, peer: str) -> Committed:
        """Asks what became of a transaction whose reply was lost."""
        try:
            status = await network.commit(error.transaction_id or "").status(timeout=_UNKNOWN_OUTCOME_WAIT)
        except gateway.FabricGatewayError:
            raise translate(error, peer) from error
        if not status.successful:
            failed = gateway.CommitError(
                transaction_id=status.transaction_id,
                validation_code=status.code,
                block_number=status.block_number,
            )
            raise translate(failed, peer) from error
        return Committed(status.transaction_id, status.block_number)

    async def _network(self, custodian: str | None) -> tuple[str, Network]:
        care = self._profile.care
        peer = self._profile.custodian_peer(self.channel, custodian) if custodian else care.gateway_peer
        try:
            opened = await self._gateways.to(peer)
        except gateway.FabricGatewayError as error:
            raise ProfileError(f"{peer} cannot be connected to: {error.message}.") from error
        return peer, opened.network(self.channel)

    def _contract(self, network: Network) -> Contract:
        return network.contract(self._chaincode)


def _is_conflict(error: gateway.FabricGatewayError) -> bool:
    """Whether another transaction came in between: before the commit, or between two endorsers."""
    if isinstance(error, gateway.CommitError):
        return error.validation_code in _CONFLICTS
    return isinstance(error, gateway.EndorseError) and _DIFFERENT_ANSWERS in error.message


def _transient(content: Mapping[str, Json] | None) -> dict[str, bytes]:
    return {} if content is None else {"in": canonical_json(content)}
