"""The chaincode stub: what a transaction may do to the ledger, beside its proposal.

Names and meaning follow fabric-chaincode-go (shim/interfaces.go, shim/stub.go). Where this stub differs:

- Empty keys and collections are refused with :class:`~fabric_shim.errors.KeyFormatError` everywhere; Go
  checks a few. So is a page size below 1.
- Writes are held back and go to the peer together (:meth:`ChaincodeStub.flush`), so a peer's refusal comes
  there, and a transaction whose write was refused cannot succeed even if it catches the error.
- Queries start at their first item, and are freed by themselves.
- A page is a value with its items and bookmark; Go gives an iterator beside the metadata.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from fabric_shim._internal.write_buffer import WriteBuffer
from fabric_shim.errors import LedgerError, ShimError
from fabric_shim.invocation import ChaincodeEvent, Invocation, SignedProposal
from fabric_shim.iterators import Page, ResultsIterator
from fabric_shim.keys import (
    ALL_COMPOSITE_KEYS,
    check_collection,
    check_key,
    composite_range,
    create_composite_key,
    simple_range,
    split_composite_key,
)
from fabric_shim.ledger import (
    KV,
    Batch,
    CallResult,
    KeyModification,
    Ledger,
    PageRequest,
    Write,
    WriteKind,
)
from fabric_shim.proposal import ProposalView

__all__ = ["ChaincodeEvent", "ChaincodeStub", "Invocation", "SignedProposal"]

_LARGEST_PAGE: Final = 2**31 - 1
_CALL_REFUSED: Final = 500


class ChaincodeStub(ProposalView):
    """One transaction's view of its proposal and of the ledger.

    Reads see the committed state only: a transaction never sees its own writes. Writes are held back and sent
    together, in order (:meth:`flush`).

    Ledger calls raise :class:`~fabric_shim.errors.LedgerError` when the peer refuses and
    :class:`~fabric_shim.errors.KeyFormatError` for keys that no ledger can hold. They are awaited one after
    another; :meth:`get_multiple_states` reads many keys at once.
    """

    def __init__(self, invocation: Invocation, ledger: Ledger) -> None:
        super().__init__(invocation)
        self._ledger = ledger
        self._event: ChaincodeEvent | None = None
        self._writes = WriteBuffer(ledger)
        self._queries: list[ResultsIterator[KV] | ResultsIterator[KeyModification]] = []

    # --- the public state ---

    async def get_state(self, key: str) -> bytes | None:
        """Return the committed value, None if there is none. The key is in the block's read set, in clear."""
        return await self._ledger.get_state("", check_key(key)) or None

    async def get_multiple_states(self, *keys: str) -> list[bytes | None]:
        """Return one committed value per key, in the order of the keys, None for each that is missing.

        In one message where the peer offers it (Fabric 3.1). The peer's answer must stay below 100 MiB: read
        very large values in smaller groups.
        """
        return await self._multiple("", keys)

    async def put_state(self, key: str, value: bytes) -> None:
        """Write the key when the transaction commits. Fabric treats an empty value as a deletion."""
        await self._write(WriteKind.PUT, "", key, value)

    async def del_state(self, key: str) -> None:
        """Delete the key when the transaction commits; its history stays."""
        await self._write(WriteKind.DELETE, "", key)

    async def get_state_validation_parameter(self, key: str) -> bytes | None:
        """Return the key's own endorsement policy, None if it has none.

        See :class:`~fabric_shim.state_based.KeyEndorsementPolicy`. The key is in the block's read set.
        """
        return await self._ledger.get_validation_parameter("", check_key(key)) or None

    async def set_state_validation_parameter(self, key: str, policy: bytes) -> None:
        """Set who must endorse later changes of this key, beginning with the next block.

        A key without a value cannot have a policy: for one that neither exists nor is written in this
        transaction nothing is stored.
        """
        await self._write(WriteKind.VALIDATION_PARAMETER, "", key, policy)

    def get_state_by_range(self, start_key: str, end_key: str) -> ResultsIterator[KV]:
        """Iterate over simple keys, ``start_key`` to before ``end_key`` (empty: open), sorted by bytes."""
        return self._range("", *simple_range(start_key, end_key))

    async def get_state_by_range_with_pagination(
        self, start_key: str, end_key: str, page_size: int, bookmark: str = ""
    ) -> Page[KV]:
        """Return one page of the range. The peer refuses writes in a transaction that paginates."""
        return await self._page(*simple_range(start_key, end_key), page_size, bookmark)

    def get_state_by_partial_composite_key(
        self, object_type: str, attributes: Sequence[str]
    ) -> ResultsIterator[KV]:
        """Iterate over the composite keys that begin with this type and these attributes."""
        return self._range("", *composite_range(object_type, attributes))

    async def get_state_by_partial_composite_key_with_pagination(
        self, object_type: str, attributes: Sequence[str], page_size: int, bookmark: str = ""
    ) -> Page[KV]:
        """Return one page of it. The peer refuses writes in a transaction that paginates."""
        return await self._page(*composite_range(object_type, attributes), page_size, bookmark)

    async def get_all_states_composite_key_with_pagination(
        self, page_size: int, bookmark: str = ""
    ) -> Page[KV]:
        """Return one page of all composite keys. The peer refuses writes in a transaction that paginates."""
        return await self._page(*ALL_COMPOSITE_KEYS, page_size, bookmark)

    def get_query_result(self, query: str) -> ResultsIterator[KV]:
        """Iterate over what a rich query (CouchDB's Mango, JSON) finds in the public state.

        Nothing of it is checked again at commit: what it found may have changed (no phantom protection).
        The first item raises :class:`~fabric_shim.errors.QueryNotSupportedError` on LevelDB.
        """
        return self._query("", query)

    async def get_query_result_with_pagination(
        self, query: str, page_size: int, bookmark: str = ""
    ) -> Page[KV]:
        """Return one page of a rich query. The peer refuses writes in a transaction that paginates.

        :raises QueryNotSupportedError: the peer's state database is LevelDB.
        """
        page = _page_request(page_size, bookmark)
        await self._before_checked_query("", page)
        return await self._drained(await self._ledger.get_query_result("", query, page))

    def get_history_for_key(self, key: str) -> ResultsIterator[KeyModification]:
        """Iterate over what committed transactions did to a public key, newest first."""
        checked = check_key(key)
        found = ResultsIterator(
            lambda: self._ledger.get_history_for_key(checked),
            self._ledger.next_modifications,
            self._ledger.close_query,
        )
        self._queries.append(found)
        return found

    # --- private data ---

    async def get_private_data(self, collection: str, key: str) -> bytes | None:
        """Return the committed private value, None if there is none.

        The SHA-256 of the key lies in the block's read set. Only peers of the collection's members have the
        value; any other peer refuses.
        """
        return await self._ledger.get_state(check_collection(collection), check_key(key)) or None

    async def get_multiple_private_data(self, collection: str, *keys: str) -> list[bytes | None]:
        """Return one committed private value per key, in the keys' order, None for each that is missing.

        Attention: where a peer takes many keys in one message (Fabric 3.1) and lacks a value that exists, it
        does not refuse as for :meth:`get_private_data`: the value looks missing
        (core/ledger/kvledger/txmgmt/txmgr/query_executor.go, GetPrivateDataMultipleKeys).
        """
        return await self._multiple(check_collection(collection), keys)

    async def get_private_data_hash(self, collection: str, key: str) -> bytes | None:
        """Return the SHA-256 of the private value, which every peer has; None if there is none."""
        return await self._ledger.get_private_data_hash(check_collection(collection), check_key(key)) or None

    async def put_private_data(self, collection: str, key: str, value: bytes) -> None:
        """Write the private key when the transaction commits. An empty value is a deletion."""
        await self._write(WriteKind.PUT, check_collection(collection), key, value)

    async def del_private_data(self, collection: str, key: str) -> None:
        """Delete the private key when the transaction commits; peers keep the old value in their private data
        store (see :meth:`purge_private_data`)."""
        await self._write(WriteKind.DELETE, check_collection(collection), key)

    async def purge_private_data(self, collection: str, key: str) -> None:
        """Delete the private key and all its earlier values from the peers. Needs channel capability V2_5."""
        await self._write(WriteKind.PURGE, check_collection(collection), key)

    async def get_private_data_validation_parameter(self, collection: str, key: str) -> bytes | None:
        """Return the private key's own endorsement policy, None if it has none."""
        return (
            await self._ledger.get_validation_parameter(check_collection(collection), check_key(key)) or None
        )

    async def set_private_data_validation_parameter(self, collection: str, key: str, policy: bytes) -> None:
        """Set who must endorse later changes of this private key (see
        :meth:`set_state_validation_parameter`)."""
        await self._write(WriteKind.VALIDATION_PARAMETER, check_collection(collection), key, policy)

    def get_private_data_by_range(self, collection: str, start_key: str, end_key: str) -> ResultsIterator[KV]:
        """Iterate over simple private keys. It leaves no trace in the read set, and the peer refuses writes
        in a transaction that does it (core/ledger/kvledger/txmgmt/txmgr/tx_simulator.go)."""
        return self._range(check_collection(collection), *simple_range(start_key, end_key))

    def get_private_data_by_partial_composite_key(
        self, collection: str, object_type: str, attributes: Sequence[str]
    ) -> ResultsIterator[KV]:
        """Iterate over composite private keys, with the limits of :meth:`get_private_data_by_range`."""
        return self._range(check_collection(collection), *composite_range(object_type, attributes))

    def get_private_data_query_result(self, collection: str, query: str) -> ResultsIterator[KV]:
        """Iterate over what a rich query finds in a collection, with the limits of
        :meth:`get_private_data_by_range` and :meth:`get_query_result`."""
        return self._query(check_collection(collection), query)

    # --- other chaincodes ---

    async def invoke_chaincode(
        self, chaincode_name: str, args: Sequence[bytes | str], channel: str = ""
    ) -> CallResult:
        """Call another chaincode with the caller's own proposal, and return its answer whatever it is.

        On this channel, its reads and writes become part of this transaction, under its own name. On another
        channel it may only read: its writes are dropped, and nothing checks its reads at commit. Its event is
        dropped. It sees this transaction's id, creator and transient fields.

        As in Go, a failure is not raised: look at ``status``, which is 200 for success. A call that the peer
        itself refuses (no such chaincode, no access, the calling chaincode itself) has status 500 and the
        peer's text, which may name a key, as payload.

        :param args: the function's name first; text goes as UTF-8.
        :param channel: another channel that the peer has joined; empty: this one.
        :raises LedgerError: the peer refused a write that this transaction made before the call.
        """
        await self._writes.flush_unless_held()
        wire_args = [arg.encode() if isinstance(arg, str) else arg for arg in args]
        try:
            return await self._ledger.invoke_chaincode(chaincode_name, channel, wire_args)
        except LedgerError as error:
            return CallResult(_CALL_REFUSED, "", str(error).encode())

    # --- batches of writes ---

    def start_write_batch(self) -> None:
        """Send no write before :meth:`finish_write_batch` or the transaction's end.

        Without it writes go together too, but a transaction with more of them than one message carries sends
        them as it goes on.
        """
        self._writes.hold()

    async def finish_write_batch(self) -> None:
        """Send the writes made so far.

        :raises LedgerError: the peer refused one; the transaction can no longer succeed.
        """
        self._writes.release()
        await self._writes.flush()

    async def flush(self) -> None:
        """Send the writes that are held back, and free the queries that were left before their end.

        The runtime does it at the end of a transaction that succeeds; a contract has no use for it.

        :raises LedgerError: the peer refused a write, now or earlier in this transaction.
        """
        await self._writes.flush()
        for found in self._queries:
            await found.aclose()

    # --- keys and events ---

    @staticmethod
    def create_composite_key(object_type: str, attributes: Sequence[str]) -> str:
        """See :func:`fabric_shim.keys.create_composite_key`."""
        return create_composite_key(object_type, attributes)

    @staticmethod
    def split_composite_key(composite_key: str) -> tuple[str, list[str]]:
        """See :func:`fabric_shim.keys.split_composite_key`."""
        return split_composite_key(composite_key)

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

    async def _write(self, kind: WriteKind, collection: str, key: str, value: bytes = b"") -> None:
        if not isinstance(value, bytes):
            raise TypeError(f"The value must be bytes, not {type(value).__name__}.")
        if self._writes.add(Write(kind, collection, check_key(key), value)):
            await self._writes.flush_unless_held()

    async def _before_checked_query(self, collection: str, page: PageRequest | None) -> None:
        # The peer checks the order of writes with these queries, and with no other read.
        if collection or page is not None:
            await self._writes.flush_unless_held()

    async def _multiple(self, collection: str, keys: Sequence[str]) -> list[bytes | None]:
        for key in keys:
            check_key(key)
        if not keys:
            return []
        return [value or None for value in await self._ledger.get_states(collection, keys)]

    def _range(self, collection: str, start_key: str, end_key: str) -> ResultsIterator[KV]:
        async def first() -> Batch[KV]:
            await self._before_checked_query(collection, None)
            return await self._ledger.get_state_by_range(collection, start_key, end_key, None)

        return self._found(first)

    def _query(self, collection: str, query: str) -> ResultsIterator[KV]:
        async def first() -> Batch[KV]:
            await self._before_checked_query(collection, None)
            return await self._ledger.get_query_result(collection, query, None)

        return self._found(first)

    def _found(self, first: Callable[[], Awaitable[Batch[KV]]]) -> ResultsIterator[KV]:
        found = ResultsIterator(first, self._ledger.next_states, self._ledger.close_query)
        self._queries.append(found)
        return found

    async def _page(self, start_key: str, end_key: str, page_size: int, bookmark: str) -> Page[KV]:
        page = _page_request(page_size, bookmark)
        await self._before_checked_query("", page)
        return await self._drained(await self._ledger.get_state_by_range("", start_key, end_key, page))

    async def _drained(self, first: Batch[KV]) -> Page[KV]:
        batch, items = first, first.items
        while batch.has_more:
            batch = await self._ledger.next_states(batch.query_id)
            items += batch.items
        return Page(items, first.bookmark, first.fetched_records_count)


def _page_request(size: int, bookmark: str) -> PageRequest:
    if not 1 <= size <= _LARGEST_PAGE:
        raise ShimError(f"The page size must be from 1 to {_LARGEST_PAGE}.")
    return PageRequest(size, bookmark)
