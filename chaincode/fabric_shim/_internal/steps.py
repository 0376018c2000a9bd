"""Contract coroutines driven by hand: what they may await, and how to run one to its end.

A contract function awaits the stub and nothing else. What the stub awaits in the end is one of the two
objects of this module; whoever drives the coroutine gets it from ``coroutine.send`` and resumes with the
answer. No event loop is involved, so none is visible to a contract.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Generator
from functools import partial
from typing import Final, Generic, Protocol, TypeVar, final

from fabric_shim.errors import AwaitError

T = TypeVar("T")


class Runner(Protocol):
    """Runs a coroutine of the stub to its end, blocking the calling thread."""

    def __call__(self, coroutine: Coroutine[object, object, T], /) -> T: ...


@final
class Ask:
    """A ledger request of a transaction; awaiting it gives the payload of the peer's answer.

    :ivar calls: it calls a chaincode, which may be this one: the answer can depend on other transactions.
    """

    __slots__ = ("calls", "frame", "owner")

    def __init__(self, owner: object, frame: bytes, *, calls: bool = False) -> None:
        self.owner: Final = owner
        self.frame: Final = frame
        self.calls: Final = calls

    def __await__(self) -> Generator[Ask, bytes, bytes]:
        return (yield self)


@final
class Blocking(Generic[T]):
    """A plain function to be run where it may block; awaiting it gives what the function returns."""

    __slots__ = ("function",)

    def __init__(self, function: Callable[[Runner], T]) -> None:
        self.function: Final = function

    def __await__(self) -> Generator[Blocking[T], T, T]:
        return (yield self)


def unsupported(awaited: object) -> AwaitError:
    """Make the error for an awaited object that nobody will resume."""
    kind = type(awaited)
    if isinstance(awaited, Ask):
        return not_awaitable("a call of another transaction's stub")
    return not_awaitable("a bare yield" if awaited is None else f"{kind.__module__}.{kind.__qualname__}")


def not_awaitable(what: str) -> AwaitError:
    """Make the error that says what a contract function may await."""
    return AwaitError(
        f"A contract function awaited {what}; it may await calls of its own stub only, one after another."
    )


def run_to_end(coroutine: Coroutine[object, object, T]) -> T:
    """Run a coroutine that needs no peer, such as a transaction of the simulator, in the calling thread.

    Plain functions run inline. Awaiting anything that is not the stub raises
    :class:`~fabric_shim.errors.AwaitError` at the place of the await.

    :returns: what the coroutine returns; what it raises is raised.
    """
    resume: Callable[[], object] = partial(coroutine.send, None)
    while True:
        try:
            awaited = resume()
        except StopIteration as end:
            result: T = end.value
            return result
        if isinstance(awaited, Blocking):
            resume = _run_inline(coroutine, awaited)
        else:
            resume = partial(coroutine.throw, unsupported(awaited))


def _run_inline(
    coroutine: Coroutine[object, object, object], blocking: Blocking[object]
) -> Callable[[], object]:
    try:
        return partial(coroutine.send, blocking.function(run_to_end))
    except BaseException as error:
        # It is the coroutine's to see, whatever it is.
        return partial(coroutine.throw, error)
