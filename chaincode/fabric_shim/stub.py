"""The chaincode stub: what a transaction is, and what it may do to the ledger.

Names and meaning follow fabric-chaincode-go (shim/interfaces.go). Reads see the committed state only: a
transaction does not see its own writes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from fabric_shim import keys
from fabric_shim.errors import ShimError
from fabric_shim.iterators import Page, ResultsIterator
from fabric_shim.ledger import KV, KeyModification, Ledger, PageRequest


@dataclass(frozen=True, slots=True)
class SignedProposal:
    """The client's proposal as it was signed, and the signature."""

    proposal_bytes: bytes = field(repr=False)
    signature: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class ChaincodeEvent:
    """The event that is published when the transaction commits. Every member sees name and payload."""

    name: str
    payload: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Invocation:
    """What the client's proposal says: the part of a transaction that never changes while it runs."""

    tx_id: str
    channel_id: str
    args: tuple[bytes, ...] = field(repr=False)
    creator: bytes = field(repr=False)
    timestamp: datetime
    transient: Mapping[str, bytes] = field(repr=False)
    binding: bytes = field(repr=False)
    signed_proposal: SignedProposal | None = field(repr=False, default=None)


class ChaincodeStub:
    """One transaction's view of its proposal and of the ledger.

    Ledger calls raise :class:`~fabric_shim.errors.LedgerError` when the peer refuses and
    :class:`~fabric_shim.errors.KeyFormatError` for keys that no ledger can hold. They may be awaited side by
    side; the peer takes one at a time, in the order in which they were made.
    """

    def __init__(self, invocation: Invocation, ledger: Ledger) -> None:
        self._invocation = invocation
        self._ledger = ledger
        self._event: ChaincodeEvent | None = None

    # --- the proposal ---

    def get_tx_id(self) -> str:
        """Return the transaction's id: hex of SHA-256(nonce ‖ creator)."""
        return self._invocation.tx_id

    def get_channel_id(self) -> str:
        """Return the name of the channel."""
        return self._invocation.channel_id

    def get_args(self) -> tuple[bytes, ...]:
        """Return all arguments, the function's name first. They are public: they lie in the block."""
        return self._invocation.args

    def get_string_args(self) -> list[str]:
        """Return the arguments as text.

        :raises UnicodeDecodeError: an argument is not UTF-8.
        """
        return [argument.decode() for argument in self._invocation.args]

    def get_function_and_parameters(self) -> tuple[str, list[str]]:
        """Return the first argument and the others; an empty name if there is none."""
        function, *parameters = self.get_string_args() or [""]
        return function, parameters

    def get_creator(self) -> bytes:
        """Return the serialized ``msp.SerializedIdentity`` of who signed the proposal."""
        return self._invocation.creator

    def get_transient(self) -> Mapping[str, bytes]:
        """Return the fields that only endorsers see and that no block holds."""
        return self._invocation.transient

    def get_tx_timestamp(self) -> datetime:
        """Return the client's timestamp of the proposal (UTC, aware): the same on every endorser."""
        return self._invocation.timestamp

    def get_signed_proposal(self) -> SignedProposal | None:
        """Return the proposal as it was signed; None when the peer sent none."""
        return self._invocation.signed_proposal

    def get_binding(self) -> bytes:
        """Return SHA-256(nonce ‖ creator ‖ epoch), which ties transient fields to this proposal."""
        return self._invocation.binding

    # --- the public state ---

    async def get_state(self, key: str) -> bytes | None:
        """Return the committed value, None if there is none. The key is in the block's read set, in clear."""
        return await self._ledger.get_state("", keys.check_key(key)) or None

    async def put_state(self, key: str, value: bytes) -> None:
        """Write the key when the transaction commits. Fabric treats an empty value as a deletion."""
        await self._ledger.put_state("", keys.check_key(key), value)

    async def del_state(self, key: str) -> None:
        """Delete the key when the transaction commits; its history stays."""
        await self._ledger.del_state("", keys.check_key(key))

    def get_state_by_range(self, start_key: str, end_key: str) -> ResultsIterator[KV]:
        """Iterate over simple keys, ``start_key`` to before ``end_key`` (empty: open), sorted by bytes."""
        return self._range("", *keys.simple_range(start_key, end_key))

    async def get_state_by_range_with_pagination(
        self, start_key: str, end_key: str, page_size: int, bookmark: str = ""
    ) -> Page[KV]:
        """Return one page of the range. The peer refuses writes in a transaction that paginates."""
        return await self._page(*keys.simple_range(start_key, end_key), page_size, bookmark)

    def get_state_by_partial_composite_key(
        self, object_type: str, attributes: Sequence[str]
    ) -> ResultsIterator[KV]:
        """Iterate over the composite keys that begin with this type and these attributes."""
        return self._range("", *keys.composite_range(object_type, attributes))

    async def get_state_by_partial_composite_key_with_pagination(
        self, object_type: str, attributes: Sequence[str], page_size: int, bookmark: str = ""
    ) -> Page[KV]:
        """Return one page of it. The peer refuses writes in a transaction that paginates."""
        return await self._page(*keys.composite_range(object_type, attributes), page_size, bookmark)

    def get_history_for_key(self, key: str) -> ResultsIterator[KeyModification]:
        """Iterate over what committed transactions did to a public key, newest first."""
        checked = keys.check_key(key)
        return ResultsIterator(
            lambda: self._ledger.get_history_for_key(checked),
            self._ledger.next_modifications,
            self._ledger.close_query,
        )

    # --- private data ---

    async def get_private_data(self, collection: str, key: str) -> bytes | None:
        """Return the committed private value, None if there is none.

        The SHA-256 of the key lies in the block's read set. Only peers of the collection's members have the
        value; any other peer refuses.
        """
        return await self._ledger.get_state(keys.check_collection(collection), keys.check_key(key)) or None

    async def get_private_data_hash(self, collection: str, key: str) -> bytes | None:
        """Return the SHA-256 of the private value, which every peer has; None if there is none."""
        return (
            await self._ledger.get_private_data_hash(keys.check_collection(collection), keys.check_key(key))
            or None
        )

    async def put_private_data(self, collection: str, key: str, value: bytes) -> None:
        """Write the private key when the transaction commits. An empty value is a deletion."""
        await self._ledger.put_state(keys.check_collection(collection), keys.check_key(key), value)

    async def del_private_data(self, collection: str, key: str) -> None:
        """Delete the private key when the transaction commits; peers keep the old value in their private data
        store (see :meth:`purge_private_data`)."""
        await self._ledger.del_state(keys.check_collection(collection), keys.check_key(key))

    async def purge_private_data(self, collection: str, key: str) -> None:
        """Delete the private key and all its earlier values from the peers. Needs channel capability V2_5."""
        await self._ledger.purge_private_data(keys.check_collection(collection), keys.check_key(key))

    def get_private_data_by_range(self, collection: str, start_key: str, end_key: str) -> ResultsIterator[KV]:
        """Iterate over simple private keys. It leaves no trace in the read set, and the peer refuses writes
        in a transaction that does it (core/ledger/kvledger/txmgmt/txmgr/tx_simulator.go)."""
        return self._range(keys.check_collection(collection), *keys.simple_range(start_key, end_key))

    def get_private_data_by_partial_composite_key(
        self, collection: str, object_type: str, attributes: Sequence[str]
    ) -> ResultsIterator[KV]:
        """Iterate over composite private keys, with the limits of :meth:`get_private_data_by_range`."""
        return self._range(keys.check_collection(collection), *keys.composite_range(object_type, attributes))

    # --- keys and events ---

    @staticmethod
    def create_composite_key(object_type: str, attributes: Sequence[str]) -> str:
        """See :func:`fabric_shim.keys.create_composite_key`."""
        return keys.create_composite_key(object_type, attributes)

    @staticmethod
    def split_composite_key(composite_key: str) -> tuple[str, list[str]]:
        """See :func:`fabric_shim.keys.split_composite_key`."""
        return keys.split_composite_key(composite_key)

    def set_event(self, name: str, payload: bytes = b"") -> None:
        """Publish an event when the transaction commits; a second call replaces the first.

        :raises ShimError: the name is empty.
        """
        if not name:
            raise ShimError("The event's name must not be empty.")
        self._event = ChaincodeEvent(name, payload)

    @property
    def event(self) -> ChaincodeEvent | None:
        """The event set so far."""
        return self._event

    def _range(self, collection: str, start_key: str, end_key: str) -> ResultsIterator[KV]:
        return ResultsIterator(
            lambda: self._ledger.get_state_by_range(collection, start_key, end_key, None),
            self._ledger.next_states,
            self._ledger.close_query,
        )

    async def _page(self, start_key: str, end_key: str, page_size: int, bookmark: str) -> Page[KV]:
        if page_size <= 0:
            raise ShimError("The page size must be greater than zero.")
        batch = await self._ledger.get_state_by_range(
            "", start_key, end_key, PageRequest(page_size, bookmark)
        )
        return Page(batch.items, batch.bookmark)
