"""``carechannel ledger``: read and verify a channel's ledger, from a peer or from files of blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from fabric_ledger import Comparison, LedgerBlock, Report, history, verification, words
from fabric_ledger.compare import compare as compare_copies
from fabric_ledger.errors import SourceError
from fabric_ledger.sources import formats

from carechannel.cli import ledger_show, options
from carechannel.cli.ledger_source import Origin, refusals
from carechannel.cli.session import set_json

app = typer.Typer(
    help="Read and verify a channel's ledger, from a peer or from files of blocks.", no_args_is_help=True
)

Profile = Annotated[
    Path | None,
    typer.Option("--profile", envvar="CARECHANNEL_PROFILE", help="Connection profile of your institution."),
]
Identity = Annotated[
    Path | None,
    typer.Option("--identity", envvar="CARECHANNEL_IDENTITY", help="Who asks: a user's folder or name."),
]
Channel = Annotated[
    str | None,
    typer.Option("--channel", "--consortium", envvar="CARECHANNEL_CONSORTIUM", help="Name of the channel."),
]
Peer = Annotated[str | None, typer.Option("--peer", help="A peer of the profile; by default the own one.")]
Files = Annotated[
    list[Path] | None,
    typer.Option("--files", help="Files or folders of blocks, in place of a peer; may be repeated."),
]


@app.command()
def info(
    *,
    files: Files = None,
    profile: Profile = None,
    identity: Identity = None,
    channel: Channel = None,
    peer: Peer = None,
    as_json: options.AsJson = False,
) -> None:
    """Say how long the ledger is and how it ends."""
    set_json(as_json)
    with refusals():
        origin = Origin.of(files, profile, identity, channel, peer)
        told = asyncio.run(origin.describe())
    ledger_show.one("Ledger", told)


@app.command()
def block(
    number: Annotated[int, typer.Argument(help="Number of the block.", min=0)],
    *,
    files: Files = None,
    profile: Profile = None,
    identity: Identity = None,
    channel: Channel = None,
    peer: Peer = None,
    as_json: options.AsJson = False,
) -> None:
    """Show a block, decoded."""
    set_json(as_json)
    with refusals():
        origin = Origin.of(files, profile, identity, channel, peer)
        found = asyncio.run(origin.block(number))
        told = words.block(found)
    ledger_show.block(told)


@app.command()
def transaction(
    transaction_id: Annotated[str, typer.Argument(help="Id of the transaction.")],
    *,
    files: Files = None,
    profile: Profile = None,
    identity: Identity = None,
    channel: Channel = None,
    peer: Peer = None,
    as_json: options.AsJson = False,
) -> None:
    """Show a transaction, decoded: who, what, endorsed by whom, valid or why not, what it read and wrote."""
    set_json(as_json)
    with refusals():
        origin = Origin.of(files, profile, identity, channel, peer)
        found = asyncio.run(origin.block_of(transaction_id))
    decoded = words.decoded(found)
    if (inside := decoded.transaction(transaction_id)) is not None:
        ledger_show.transaction({"block": decoded.number} | words.transaction(inside))


@app.command("history")
def history_of(
    key: Annotated[str, typer.Argument(help="The key; of a private one its name or its SHA-256.")],
    *,
    chaincode: Annotated[str, typer.Option("--chaincode", help="Whose key it is.")],
    collection: Annotated[str, typer.Option("--collection", help="Collection, for a private key.")] = "",
    files: Files = None,
    profile: Profile = None,
    identity: Identity = None,
    channel: Channel = None,
    peer: Peer = None,
    as_json: options.AsJson = False,
) -> None:
    """List every write of a key, valid or not, from the blocks."""
    set_json(as_json)

    async def read(origin: Origin) -> list[history.KeyWrite]:
        found: list[history.KeyWrite] = []
        async with origin.copy() as blocks:
            async for each in blocks:
                found += history.writes(words.decoded(each), chaincode, key, collection)
        return found

    with refusals():
        found = asyncio.run(read(Origin.of(files, profile, identity, channel, peer)))
    ledger_show.history(found)


@app.command()
def verify(
    *,
    genesis_hash: Annotated[
        str | None, typer.Option("--genesis-hash", help="Header hash of block 0, from a source you trust.")
    ] = None,
    height: Annotated[
        int | None, typer.Option("--height", help="So many blocks there must be at least.", min=1)
    ] = None,
    files: Files = None,
    profile: Profile = None,
    identity: Identity = None,
    channel: Channel = None,
    peer: Peer = None,
    as_json: options.AsJson = False,
) -> None:
    """Verify hashes, signatures, policies and flags of every block; exit status 1 if anything is wrong."""
    set_json(as_json)
    expected = _hash(genesis_hash)
    with refusals():
        origin = Origin.of(files, profile, identity, channel, peer)
        report = asyncio.run(_verified(origin, expected, height, channel))
    ledger_show.report(report)
    if not report.intact:
        raise typer.Exit(1)


@app.command("compare")
def compare_two(
    *,
    peers: Annotated[
        list[str] | None, typer.Option("--peer", help="A peer of the profile; one or two.")
    ] = None,
    files: Annotated[
        list[Path] | None, typer.Option("--files", help="A file or folder of blocks; one or two.")
    ] = None,
    profile: Profile = None,
    identity: Identity = None,
    channel: Channel = None,
    as_json: options.AsJson = False,
) -> None:
    """Compare two copies of a ledger: two peers, two files, or one of each; exit status 1 if they differ."""
    set_json(as_json)
    names = [*(str(path) for path in files or ()), *(peers or ())]
    if len(names) != 2:  # noqa: PLR2004 - two copies
        raise typer.BadParameter("give two copies in all, by --peer and --files")

    async def read(origins: Sequence[Origin]) -> Comparison:
        async with origins[0].copy() as first, origins[1].copy() as second:
            return await compare_copies(first, second)

    with refusals():
        origins = [Origin.of([path], None, None, None, None) for path in files or ()]
        origins += [Origin.of(None, profile, identity, channel, peer) for peer in peers or ()]
        found = asyncio.run(read(origins))
    ledger_show.comparison(found, (names[0], names[1]))
    if not found.same:
        raise typer.Exit(1)


@app.command()
def export(
    out: Annotated[Path, typer.Argument(help="A new file, or with --split a new or empty folder.")],
    *,
    split: Annotated[bool, typer.Option("--split", help="One file for each block, in a folder.")] = False,
    files: Files = None,
    profile: Profile = None,
    identity: Identity = None,
    channel: Channel = None,
    peer: Peer = None,
    as_json: options.AsJson = False,
) -> None:
    """Write the blocks to a file (each: length as a varint, then common.Block), or one file a block."""
    set_json(as_json)
    if out.exists() and not (split and out.is_dir() and not any(out.iterdir())):
        raise typer.BadParameter(f"{out} exists already; give a new name")
    with refusals():
        origin = Origin.of(files, profile, identity, channel, peer)
        count = asyncio.run(_exported(origin, out, split=split))
    ledger_show.one("Exported", {"blocks": count, "to": str(out)})


async def _verified(
    origin: Origin, expected: bytes | None, height: int | None, channel: str | None
) -> Report:
    async with origin.copy() as blocks:
        with verification(genesis_hash=expected, height=height, channel=channel) as run:
            return await run.all(blocks, ledger_show.progress())


async def _exported(origin: Origin, out: Path, *, split: bool) -> int:
    count = 0
    try:
        async with origin.copy() as blocks:
            if split:
                out.mkdir(exist_ok=True)  # noqa: ASYNC240 - a command does nothing else meanwhile
                async for each in blocks:
                    with (out / f"{each.number:08d}.block").open("xb") as file:
                        file.write(formats.single(_whole(each)))
                    count += 1
                return count
            part = out.with_name(out.name + ".part")
            with part.open("xb") as stream:
                try:
                    async for each in blocks:
                        formats.write(stream, _whole(each))
                        count += 1
                except BaseException:
                    part.unlink()
                    raise
            part.rename(out)
    except OSError as error:
        raise SourceError(f"{error.filename or out} cannot be written: {error.strerror}") from error
    return count


def _whole(block: LedgerBlock) -> LedgerBlock:
    if block.stray is not None:
        raise SourceError(
            f"block {block.number} holds {block.stray}, which an export would not keep; copy the file itself"
        )
    return block


def _hash(text: str | None) -> bytes | None:
    if text is None:
        return None
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != 32:  # noqa: PLR2004 - SHA-256
        raise typer.BadParameter("the hash of block 0 is 64 hexadecimal digits", param_hint="--genesis-hash")
    return found
