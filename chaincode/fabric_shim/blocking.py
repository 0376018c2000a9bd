"""The stub for plain functions: the same methods, values instead of awaitables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Generic, Self, TypeVar, final

from fabric_shim._internal.steps import Blocking, Runner
from fabric_shim.invocation import ChaincodeEvent
from fabric_shim.iterators import Page, ResultsIterator
from fabric_shim.ledger import KV, CallResult, KeyModification
from fabric_shim.proposal import ProposalView
from fabric_shim.stub import ChaincodeStub

T = TypeVar("T")


async def run_blocking(stub: ChaincodeStub, function: Callable[[BlockingStub], T]) -> T:
    """Run a plain function of a transaction where it may block: on a worker thread; inline in a simulation.

    :param function: gets the blocking facade of ``stub``.
    :returns: what it returns; what it raises is raised.
    """
    result: T = await Blocking(lambda run: function(BlockingStub(stub, run)))
    return result


@final
class BlockingIterator(Generic[T]):
    """Results of a query in ledger order: ``for item in stub.get_state_by_range(…)``.

    Whoever stops early in a long transaction leaves through ``with`` or calls :meth:`close`.
    """

    def __init__(self, results: ResultsIterator[T], run: Runner) -> None:
        self._results = results
        self._run = run

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> T:
        try:
            return self._run(self._results.__anext__())
        except StopAsyncIteration:
            raise StopIteration from None

    def close(self) -> None:
        """See :meth:`ResultsIterator.aclose`."""
        self._run(self._results.aclose())

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


@final
class BlockingStub(ProposalView):
    """The :class:`~fabric_shim.stub.ChaincodeStub` of a plain function; every method is documented there.

    To be used in the function's own thread, until it returns.
    """

    def __init__(self, stub: ChaincodeStub, run: Runner) -> None:
        super().__init__(stub._invocation)
        self._stub = stub
        self._run = run

    def get_state(self, key: str) -> bytes | None:
        """See :meth:`ChaincodeStub.get_state`."""
        return self._run(self._stub.get_state(key))

    def get_multiple_states(self, *keys: str) -> list[bytes | None]:
        """See :meth:`ChaincodeStub.get_multiple_states`."""
        return self._run(self._stub.get_multiple_states(*keys))

    def put_state(self, key: str, value: bytes) -> None:
        """See :meth:`ChaincodeStub.put_state`."""
        self._run(self._stub.put_state(key, value))

    def del_state(self, key: str) -> None:
        """See :meth:`ChaincodeStub.del_state`."""
        self._run(self._stub.del_state(key))

    def get_state_validation_parameter(self, key: str) -> bytes | None:
        """See :meth:`ChaincodeStub.get_state_validation_parameter`."""
        return self._run(self._stub.get_state_validation_parameter(key))

    def set_state_validation_parameter(self, key: str, policy: bytes) -> None:
        """See :meth:`ChaincodeStub.set_state_validation_parameter`."""
        self._run(self._stub.set_state_validation_parameter(key, policy))

    def get_state_by_range(self, start_key: str, end_key: str) -> BlockingIterator[KV]:
        """See :meth:`ChaincodeStub.get_state_by_range`."""
        return BlockingIterator(self._stub.get_state_by_range(start_key, end_key), self._run)

    def get_state_by_range_with_pagination(
        self, start_key: str, end_key: str, page_size: int, bookmark: str = ""
    ) -> Page[KV]:
        """See :meth:`ChaincodeStub.get_state_by_range_with_pagination`."""
        return self._run(
            self._stub.get_state_by_range_with_pagination(start_key, end_key, page_size, bookmark)
        )

    def get_state_by_partial_composite_key(
        self, object_type: str, attributes: Sequence[str]
    ) -> BlockingIterator[KV]:
        """See :meth:`ChaincodeStub.get_state_by_partial_composite_key`."""
        return BlockingIterator(
            self._stub.get_state_by_partial_composite_key(object_type, attributes), self._run
        )

    def get_state_by_partial_composite_key_with_pagination(
        self, object_type: str, attributes: Sequence[str], page_size: int, bookmark: str = ""
    ) -> Page[KV]:
        """See :meth:`ChaincodeStub.get_state_by_partial_composite_key_with_pagination`."""
        return self._run(
            self._stub.get_state_by_partial_composite_key_with_pagination(
                object_type, attributes, page_size, bookmark
            )
        )

    def get_all_states_composite_key_with_pagination(self, page_size: int, bookmark: str = "") -> Page[KV]:
        """See :meth:`ChaincodeStub.get_all_states_composite_key_with_pagination`."""
        return self._run(self._stub.get_all_states_composite_key_with_pagination(page_size, bookmark))

    def get_query_result(self, query: str) -> BlockingIterator[KV]:
        """See :meth:`ChaincodeStub.get_query_result`."""
        return BlockingIterator(self._stub.get_query_result(query), self._run)

    def get_query_result_with_pagination(self, query: str, page_size: int, bookmark: str = "") -> Page[KV]:
        """See :meth:`ChaincodeStub.get_query_result_with_pagination`."""
        return self._run(self._stub.get_query_result_with_pagination(query, page_size, bookmark))

    def get_history_for_key(self, key: str) -> BlockingIterator[KeyModification]:
        """See :meth:`ChaincodeStub.get_history_for_key`."""
        return BlockingIterator(self._stub.get_history_for_key(key), self._run)

    def get_private_data(self, collection: str, key: str) -> bytes | None:
        """See :meth:`ChaincodeStub.get_private_data`."""
        return self._run(self._stub.get_private_data(collection, key))

    def get_multiple_private_data(self, collection: str, *keys: str) -> list[bytes | None]:
        """See :meth:`ChaincodeStub.get_multiple_private_data`."""
        return self._run(self._stub.get_multiple_private_data(collection, *keys))

    def get_private_data_hash(self, collection: str, key: str) -> bytes | None:
        """See :meth:`ChaincodeStub.get_private_data_hash`."""
        return self._run(self._stub.get_private_data_hash(collection, key))

    def put_private_data(self, collection: str, key: str, value: bytes) -> None:
        """See :meth:`ChaincodeStub.put_private_data`."""
        self._run(self._stub.put_private_data(collection, key, value))

    def del_private_data(self, collection: str, key: str) -> None:
        """See :meth:`ChaincodeStub.del_private_data`."""
        self._run(self._stub.del_private_data(collection, key))

    def purge_private_data(self, collection: str, key: str) -> None:
        """See :meth:`ChaincodeStub.purge_private_data`."""
        self._run(self._stub.purge_private_data(collection, key))

    def get_private_data_validation_parameter(self, collection: str, key: str) -> bytes | None:
        """See :meth:`ChaincodeStub.get_private_data_validation_parameter`."""
        return self._run(self._stub.get_private_data_validation_parameter(collection, key))

    def set_private_data_validation_parameter(self, collection: str, key: str, policy: bytes) -> None:
        """See :meth:`ChaincodeStub.set_private_data_validation_parameter`."""
        self._run(self._stub.set_private_data_validation_parameter(collection, key, policy))

    def get_private_data_by_range(
        self, collection: str, start_key: str, end_key: str
    ) -> BlockingIterator[KV]:
        """See :meth:`ChaincodeStub.get_private_data_by_range`."""
        return BlockingIterator(
            self._stub.get_private_data_by_range(collection, start_key, end_key), self._run
        )

    def get_private_data_by_partial_composite_key(
        self, collection: str, object_type: str, attributes: Sequence[str]
    ) -> BlockingIterator[KV]:
        """See :meth:`ChaincodeStub.get_private_data_by_partial_composite_key`."""
        return BlockingIterator(
            self._stub.get_private_data_by_partial_composite_key(collection, object_type, attributes),
            self._run,
        )

    def get_private_data_query_result(self, collection: str, query: str) -> BlockingIterator[KV]:
        """See :meth:`ChaincodeStub.get_private_data_query_result`."""
        return BlockingIterator(self._stub.get_private_data_query_result(collection, query), self._run)

    def invoke_chaincode(
        self, chaincode_name: str, args: Sequence[bytes | str], channel: str = ""
    ) -> CallResult:
        """See :meth:`ChaincodeStub.invoke_chaincode`."""
        return self._run(self._stub.invoke_chaincode(chaincode_name, args, channel))

    def start_write_batch(self) -> None:
        """See :meth:`ChaincodeStub.start_write_batch`."""
        self._stub.start_write_batch()

    def finish_write_batch(self) -> None:
        """See :meth:`ChaincodeStub.finish_write_batch`."""
        self._run(self._stub.finish_write_batch())

    create_composite_key = staticmethod(ChaincodeStub.create_composite_key)

    split_composite_key = staticmethod(ChaincodeStub.split_composite_key)

    def set_event(self, name: str, payload: bytes = b"") -> None:
        """See :meth:`ChaincodeStub.set_event`."""
        self._stub.set_event(name, payload)

    @property
    def event(self) -> ChaincodeEvent | None:
        """See :meth:`ChaincodeStub.event`."""
        return self._stub.event
