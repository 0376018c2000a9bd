"""Where the commands of ``carechannel ledger`` take blocks from: files, or a peer of a profile."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from pathlib import Path

import typer
from fabric_gateway import FabricGatewayError, Network
from fabric_gateway.blocks import header_hash
from fabric_ledger import BlockFiles, LedgerBlock, PeerBlocks, SourceError, as_async, words
from fabric_ledger.errors import LedgerError

from carechannel.cli.ledger_text import printable
from carechannel.cli.session import fail, is_json, user_folder
from carechannel.errors import CareChannelError
from carechannel.identity import Identity
from carechannel.ledger import Gateways
from carechannel.profile import Profile

Copy = AsyncIterator[LedgerBlock]


@contextmanager
def refusals() -> Iterator[None]:
    """Turn an error into one sentence on standard error and exit status 1."""
    try:
        yield
    except CareChannelError as error:
        fail(error)
    except (LedgerError, FabricGatewayError) as error:
        stop(str(error), error.code)


def stop(sentence: str, code: str) -> None:
    """End the command with status 1 and a sentence."""
    if is_json():
        typer.echo(json.dumps({"error": {"code": code, "message": sentence}}), err=True)
    else:
        typer.echo(printable(f"{sentence[:1].upper()}{sentence[1:].rstrip('.')}. [{code}]"), err=True)
    raise typer.Exit(1)


class Origin(ABC):
    """A ledger that a command was pointed at."""

    @staticmethod
    def of(
        files: Sequence[Path] | None,
        profile: Path | None,
        identity: Path | None,
        channel: str | None,
        peer: str | None,
    ) -> Origin:
        """Files where they are given, else a peer; neither is wrong usage."""
        if files:
            if peer is not None:
                raise typer.BadParameter("give either --files or --peer")
            return _Files(files)
        if profile is None or identity is None or channel is None:
            raise typer.BadParameter("give --files, or --profile, --identity and --channel to ask a peer")
        return _Peer(profile, identity, channel, peer)

    @abstractmethod
    def copy(self, start: int = 0, end: int | None = None) -> AbstractAsyncContextManager[Copy]:
        """The blocks in order."""

    @abstractmethod
    async def describe(self) -> dict[str, object]:
        """What the ledger is and how it ends."""

    async def block(self, number: int) -> LedgerBlock:
        """One block."""
        async with self.copy(number, number) as blocks:
            async for each in blocks:
                if each.number == number:
                    return each
        raise SourceError(f"there is no block {number}")

    async def block_of(self, transaction_id: str) -> LedgerBlock:
        """The first block that holds a transaction."""
        needle = transaction_id.encode()
        async with self.copy() as blocks:
            async for each in blocks:
                inside = any(needle in envelope for envelope in each.data)
                if inside and words.decoded(each).transaction(transaction_id) is not None:
                    return each
        raise SourceError("no block holds a transaction of that id")


class _Files(Origin):
    def __init__(self, paths: Sequence[Path]) -> None:
        self._files = BlockFiles(paths)

    @asynccontextmanager
    async def copy(self, start: int = 0, end: int | None = None) -> AsyncIterator[Copy]:
        del start, end  # files are read from their beginning
        yield as_async(self._files)

    async def describe(self) -> dict[str, object]:
        first = last = None
        count = transactions = 0
        for each in self._files:
            first = first or each
            last = each
            count += 1
            transactions += len(each.data)
        if first is None or last is None:
            raise SourceError("the files hold no block")
        decoded = words.decoded(first).transactions
        return {
            "channel": decoded[0].channel if decoded else None,
            "first_block": first.number,
            "last_block": last.number,
            "blocks": count,
            "transactions": transactions,
            "genesis_hash": header_hash(first.number, first.previous_hash, first.data_hash).hex(),
            "last_hash": header_hash(last.number, last.previous_hash, last.data_hash).hex(),
        }


class _Peer(Origin):
    def __init__(self, profile: Path, identity: Path, channel: str, peer: str | None) -> None:
        self._profile = Profile.load(profile)
        self._identity = Identity.load(user_folder(self._profile, identity), self._profile.msp_id)
        self._channel = channel
        self._peer = peer or self._profile.care.gateway_peer

    @asynccontextmanager
    async def copy(self, start: int = 0, end: int | None = None) -> AsyncIterator[Copy]:
        async with self._network() as network:
            yield aiter(PeerBlocks(network, start=start, end=end))

    async def describe(self) -> dict[str, object]:
        async with self._network() as network:
            info = await network.chain_info()
            genesis = await network.block_by_number(0)
            return {
                "channel": self._channel,
                "peer": self._peer,
                "blocks": info.height,
                "last_block": info.height - 1,
                "genesis_hash": genesis.hash.hex(),
                "last_hash": info.current_block_hash.hex(),
            }

    async def block_of(self, transaction_id: str) -> LedgerBlock:
        async with self._network() as network:
            number = (await network.block_by_transaction_id(transaction_id)).number
        return await self.block(number)

    @asynccontextmanager
    async def _network(self) -> AsyncIterator[Network]:
        gateways = Gateways(self._profile, self._identity)
        try:
            yield (await gateways.to(self._peer)).network(self._channel)
        finally:
            await gateways.aclose()
