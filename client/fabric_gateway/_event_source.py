"""Where a stream of events is asked for: by a request of its own for each place, or by one signed before."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, Protocol, TypeVar

from fabric_gateway import ledger
from fabric_gateway._event_kinds import Kind
from fabric_gateway._event_order import Start
from fabric_gateway._session import Session
from fabric_gateway.checkpoint import Checkpoint, Checkpointer
from fabric_gateway.errors import ArgumentError, EventsError, StatusCode

Item = TypeVar("Item")


class Source(Protocol[Item]):
    """Gives the engine its first place, and the request for each stream."""

    session: Session
    kind: Kind[Item]
    checkpointer: Checkpointer | None

    @property
    def resumable(self) -> bool:
        """Whether a stream that broke can be asked for again without a gap."""
        ...

    async def start(self) -> Checkpoint | None:
        """Where to begin; None where only the peer knows."""
        ...

    async def request(self, position: Checkpoint | None) -> tuple[bytes, Checkpoint | None]:
        """The signed request for what comes from ``position`` on, and where the stream will begin."""
        ...


class Following(Generic[Item]):
    """Asks anew, and signs, wherever the reader stands."""

    resumable = True

    def __init__(
        self,
        session: Session,
        kind: Kind[Item],
        channel: str,
        *,
        signed: Callable[[Checkpoint | None], Awaitable[bytes]],
        start_block: int | None,
        checkpoint: Checkpoint | Checkpointer | None,
    ) -> None:
        self.session = session
        self.kind = kind
        self.checkpointer = None if isinstance(checkpoint, Checkpoint) else checkpoint
        if self.checkpointer is not None and not hasattr(self.checkpointer, "load"):
            raise ArgumentError(
                f"checkpoint is of type {type(checkpoint).__name__}; give a Checkpoint or a checkpointer"
            )
        self._channel = channel
        self._signed = signed
        self._start = first_position(start_block, checkpoint if isinstance(checkpoint, Checkpoint) else None)

    async def start(self) -> Checkpoint:
        saved = await self.checkpointer.load() if self.checkpointer else None
        if (position := first_position(None, saved) or self._start) is not None:
            return position
        return Checkpoint((await ledger.chain_info(self.session, self._channel, ())).height)

    async def request(self, position: Checkpoint | None) -> tuple[bytes, Checkpoint | None]:
        return await self._signed(position), position


class Repeating(Generic[Item]):
    """Sends one signed request again and again; what is delivered is passed over."""

    checkpointer: Checkpointer | None = None

    def __init__(
        self, session: Session, kind: Kind[Item], start: Start, signed: Callable[[], Awaitable[bytes]]
    ) -> None:
        self.session = session
        self.kind = kind
        self.resumable = start.fixed
        self._start = start.position
        self._signed = signed

    async def start(self) -> Checkpoint | None:
        return self._start

    async def request(self, position: Checkpoint | None) -> tuple[bytes, Checkpoint | None]:  # noqa: ARG002 - fixed
        return await self._signed(), self._start


def first_position(start_block: int | None, checkpoint: Checkpoint | None) -> Checkpoint | None:
    """The checkpoint, else the start block, else None for the next block.

    Raises:
        EventsError: the block number is none.
        ArgumentError: the checkpoint is none.
    """
    if not isinstance(checkpoint, Checkpoint | None):
        raise ArgumentError(f"a checkpoint is of type {type(checkpoint).__name__}; give a Checkpoint")
    position = checkpoint or (None if start_block is None else Checkpoint(start_block))
    if position is not None and not _is_block_number(position.block_number):
        raise EventsError(
            f"{position.block_number!r} is not a block number; blocks are counted from 0",
            code=StatusCode.INVALID_ARGUMENT,
        )
    return position


def _is_block_number(number: object) -> bool:
    return isinstance(number, int) and not isinstance(number, bool) and 0 <= number < 2**64
