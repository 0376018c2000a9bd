"""One consortium's chaincode as one identity reaches it.

What concerns one custodian goes to that custodian's own peers, with that custodian as the only endorser or
target: no other member's peer, not even the own one, sees the content. What is public goes to the own
institution's (or its partner's) peers. Where an institution runs several, they stand in for each other, never
for another's. Content travels in the transient field ``in`` only. How a call is tried again, and when it is
not, is `carechannel.submitting`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from care_rules.canonical import Json, canonical_json
from fabric_gateway import (
    Block,
    ChaincodeEvents,
    Checkpointer,
    Gateway,
    Network,
    Signer,
    connect,
    signers,
)
from fabric_gateway import Identity as GatewayIdentity
from fabric_gateway import errors as gateway

from carechannel.errors import ProfileError
from carechannel.identity import Identity
from carechannel.profile import Profile
from carechannel.refusals import translate
from carechannel.submitting import Deadline, FileRecords, Idempotency, PeerHealth, Submitter

FUNCTIONS: Final = frozenset(
    {
        *("institutions:register", "institutions:approve", "institutions:get", "institutions:list"),
        *("institutions:open_custody", "institutions:custody_status"),
        *("patients:bind", "patients:rebind", "patients:get"),
        *("ehr:publish", "ehr:amend", "ehr:list", "ehr:history"),
        *("consent:grant", "consent:revoke", "consent:list"),
        *("access:request", "access:pending", "access:decision", "access:answer", "access:outcome"),
        *("access:acknowledge", "audit:disclosures", "audit:history"),
    }
)
"""The chaincode's functions, as spans and metrics may show them."""


@dataclass(frozen=True, slots=True)
class Committed:
    """A valid transaction and the block that holds it."""

    transaction_id: str
    block_number: int


class Gateways:
    """Connections to peers, each made at its first use and kept, and what is known of the peers' health."""

    def __init__(self, profile: Profile, identity: Identity):
        self._profile = profile
        self._identity = identity
        self._open: dict[str, Gateway] = {}
        self.signer: Signer = signers.ecdsa(identity.private_key_pem)
        self.health = PeerHealth()

    async def to(self, peer_name: str) -> Gateway:
        """The connection to a peer of the profile.

        Raises:
            ProfileError: the profile does not describe the peer, or what it says of it cannot be used.
        """
        if peer_name not in self._open:
            peer = self._profile.peer(peer_name)
            try:
                self._open[peer_name] = await connect(
                    address=peer.address,
                    tls_root_pem=peer.tls_roots.text.encode(),
                    server_name=peer.options.server_name,
                    identity=GatewayIdentity(self._identity.msp_id, self._identity.certificate_pem),
                    signer=self.signer,
                )
            except gateway.FabricGatewayError as error:
                raise ProfileError(f"{peer_name} cannot be connected to: {error.message}.") from error
        return self._open[peer_name]

    async def aclose(self) -> None:
        """Closes every connection."""
        while self._open:
            _, opened = self._open.popitem()
            await opened.aclose()


@dataclass(frozen=True, slots=True)
class ProfilePeer:
    """A peer of the profile, connected to when it is used."""

    name: str
    gateways: Gateways

    async def gateway(self) -> Gateway:
        """Raises ProfileError as `Gateways.to`."""
        return await self.gateways.to(self.name)


class Ledger:
    """The chaincode of one channel; every call raises `carechannel.errors` only."""

    def __init__(self, profile: Profile, identity: Identity, gateways: Gateways, channel: str):
        self._profile = profile
        self._gateways = gateways
        self._chaincode = profile.consortium(channel).chaincode
        self._submitters: dict[str | None, Submitter] = {}
        self.identity = identity
        self.channel = channel

    async def evaluate(
        self,
        function: str,
        *arguments: str,
        custodian: str | None = None,
        content: Mapping[str, Json] | None = None,
        deadline: Deadline | None = None,
    ) -> bytes:
        """Calls a function that only reads, at a peer of the custodian's or, without one, at an own.

        Raises:
            RefusedError: the chaincode refused.
            NetworkDownError: no peer can be reached in time.
            WrongCertificateError: the peer does not accept the certificate.
        """
        try:
            return await self._submitter(custodian).evaluate(
                function,
                arguments=arguments,
                transient=_transient(content),
                endorsing_organizations=[custodian] if custodian else [],
                deadline=deadline,
            )
        except gateway.FabricGatewayError as error:
            raise translate(error, self._peer(custodian)) from error

    async def submit(
        self,
        function: str,
        *arguments: str,
        custodian: str | None = None,
        content: Mapping[str, Json] | None = None,
        idempotency_key: str | None = None,
        deadline: Deadline | None = None,
    ) -> Committed:
        """Calls a function that writes and waits for its commit; what may succeed later is tried again.

        Args:
            function: contract and name.
            arguments: public.
            custodian: whose peers alone are asked.
            content: for them alone.
            idempotency_key: the same key and request are applied once, after a crash of this process too. It
                is written down in the institution's home: let it hold nothing about a person.
            deadline: of the whole call.

        Raises:
            RefusedError: the chaincode refused; nothing is written.
            TransactionError: the members did not accept it; nothing is written.
            OutcomeUnknownError: it may or may not be written.
            NetworkDownError: no peer can be reached in time; nothing is written.
            WrongCertificateError: the peer does not accept the certificate.
            KeyReusedError, KeyBusyError, RecordsError: as `Submitter.submit`, with a key only.
        """
        try:
            submitted = await self._submitter(custodian).submit(
                function,
                arguments=arguments,
                transient=_transient(content),
                endorsing_organizations=[custodian] if custodian else [],
                idempotency_key=idempotency_key,
                deadline=deadline,
            )
        except gateway.FabricGatewayError as error:
            raise translate(error, self._peer(custodian)) from error
        return Committed(submitted.transaction_id, submitted.block_number)

    async def events(
        self,
        custodian: str | None = None,
        *,
        start_block: int | None = None,
        checkpointer: Checkpointer | None = None,
    ) -> ChaincodeEvents:
        """The chaincode's events as the custodian's (or the own) peer commits them."""
        _, network = await self._network(custodian)
        return network.chaincode_events(self._chaincode, start_block=start_block, checkpoint=checkpointer)

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

    async def _network(self, custodian: str | None) -> tuple[str, Network]:
        peer = self._peer(custodian)
        return peer, (await self._gateways.to(peer)).network(self.channel)

    def _peer(self, custodian: str | None) -> str:
        """The peer that is asked first."""
        if custodian is not None:
            return self._profile.custodian_peer(self.channel, custodian)
        return self._profile.care.gateway_peer

    def _submitter(self, custodian: str | None) -> Submitter:
        if custodian not in self._submitters:
            names = self._profile.stand_ins(self.channel, self._peer(custodian))
            records = FileRecords(self._profile.care.home / "submissions")
            self._submitters[custodian] = Submitter(
                [ProfilePeer(name, self._gateways) for name in names],
                channel=self.channel,
                chaincode=self._chaincode,
                signer=self._gateways.signer,
                idempotency=Idempotency(records, records.fingerprint_key),
                functions=FUNCTIONS,
                health=self._gateways.health,
            )
        return self._submitters[custodian]


def _transient(content: Mapping[str, Json] | None) -> dict[str, bytes]:
    return {} if content is None else {"in": canonical_json(content)}
