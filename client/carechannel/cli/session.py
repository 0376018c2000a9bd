"""What happens around every command: profile and identity in, a result or one sentence out."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from carechannel.client import CareChannel
from carechannel.consortium import Consortium
from carechannel.errors import CareChannelError
from carechannel.identity import Identity
from carechannel.profile import Profile
from carechannel.wallet import Wallet

T = TypeVar("T")
Row = Mapping[str, object]

WIDTH = 80
_UNLIMITED = 10_000
_ID_SHOWN = 7
_TIME_SHOWN = 19
_HEADINGS = {"transaction_id": "tx id", "verified": "ok"}
"""Of columns whose name is wider than what stands below."""
_as_json = False


def set_json(wanted: bool) -> None:
    """Whether results are written as JSON; once asked for, it stays so for this run."""
    global _as_json  # noqa: PLW0603  one command line, one way of writing
    _as_json = wanted or _as_json


def is_json() -> bool:
    """Whether results are to be written as JSON."""
    return _as_json


def console() -> Console:
    """Where results for people go: as wide as the terminal, 80 columns where there is none."""
    return Console() if sys.stdout.isatty() else Console(width=WIDTH, soft_wrap=False)


@contextmanager
def refusals() -> Iterator[None]:
    """Turns an error into one sentence on standard error and exit status 1."""
    try:
        yield
    except CareChannelError as error:
        fail(error)


def fail(error: CareChannelError) -> None:
    """Writes an error and ends the command with status 1."""
    if _as_json:
        content = {"code": error.code, "message": str(error), "transaction_id": error.transaction_id}
        typer.echo(json.dumps({"error": content}), err=True)
    else:
        about = (
            f" [{error.code}, transaction {error.transaction_id}]"
            if error.transaction_id
            else f" [{error.code}]"
        )
        typer.echo(f"{error}{about}", err=True)
    raise typer.Exit(1)


def act(profile: Path, identity: Path, consortium: str, action: Callable[[Consortium], Awaitable[T]]) -> T:
    """Runs an action on a consortium as a member of staff."""
    with refusals():
        described, actor = _staff(profile, identity)
        return asyncio.run(_connected(described, actor, lambda care: action(care.consortium(consortium))))
    raise AssertionError("unreachable")


def act_on_each(
    profile: Path,
    identity: Path,
    consortia: Sequence[str] | None,
    action: Callable[[Consortium], Awaitable[Sequence[T]]],
) -> list[T]:
    """Runs an action as a member of staff on the named consortia, or on all, one after another."""

    async def each(care: CareChannel) -> list[T]:
        names = consortia or list(care.profile.care.consortia)
        return [item for name in names for item in await action(care.consortium(name))]

    with refusals():
        return asyncio.run(_connected(*_staff(profile, identity), each))
    raise AssertionError("unreachable")


def act_as_patient(
    profile: Path, wallet: Path, consortium: str, action: Callable[[Consortium, Wallet], Awaitable[T]]
) -> T:
    """Runs an action on a consortium as the patient whose wallet it is."""
    with refusals():
        described = Profile.load(profile)
        described.consortium(consortium)
        kept = Wallet.load(wallet, consortium)
        return asyncio.run(
            _connected(described, kept.identity(), lambda care: action(care.consortium(consortium), kept))
        )
    raise AssertionError("unreachable")


def show(title: str, rows: Sequence[Row], columns: Sequence[str] = (), *, empty: str = "None.") -> None:
    """Writes rows: for programs all of them as a list of objects, for people a table of the named columns.

    A table that is wider than the terminal is written as a line for each value instead.
    """
    if _as_json:
        typer.echo(json.dumps(list(rows), default=str))
        return
    if not rows:
        typer.echo(empty)
        return
    typer.echo(f"{title}\n")
    names = columns or list(rows[0])
    table = Table(box=None, pad_edge=False, show_edge=False)
    for name in names:
        table.add_column(_HEADINGS.get(name, name.replace("_", " ")), no_wrap=True)
    for row in rows:
        # As text: a string would be read as rich's markup, and what is listed was named by others.
        table.add_row(*(Text(_short(name, row[name])) for name in names))
    out = console()
    if out.measure(table, options=out.options.update_width(_UNLIMITED)).maximum <= out.width:
        out.print(table)
    else:
        for number, row in enumerate(rows):
            if number:
                typer.echo()
            _lines({name: row[name] for name in names})


def show_one(title: str, row: Row) -> None:
    """Writes one result: for programs an object, for people a line for each value, in full."""
    if _as_json:
        typer.echo(json.dumps(row, default=str))
        return
    typer.echo(title)
    _lines(row)


def _lines(row: Row) -> None:
    width = max(len(name) for name in row)
    for name, value in row.items():
        typer.echo(f"{name.replace('_', ' '):<{width}} {_text(value)}")


async def _connected(
    profile: Profile, identity: Identity, action: Callable[[CareChannel], Awaitable[T]]
) -> T:
    async with CareChannel.connect(profile, identity) as care:
        return await action(care)


def _staff(profile: Path, identity: Path) -> tuple[Profile, Identity]:
    described = Profile.load(profile)
    return described, Identity.load(user_folder(described, identity), described.msp_id)


def user_folder(profile: Profile, identity: Path) -> Path:
    """A user's folder: the path as given, or the name of a user in the profile's users folder."""
    if identity.exists() or identity.is_absolute():
        return identity
    for base in (profile.care.users, profile.care.users.parent):
        if (base / identity).is_dir():
            return base / identity
    return identity


def _short(name: str, value: object) -> str:
    """A value in a table: times to the second, transaction ids by their beginning."""
    text = _text(value)
    if name == "transaction_id" and len(text) > _ID_SHOWN:
        return f"{text[:_ID_SHOWN]}…"
    if (name == "at" or name.endswith("_at")) and len(text) > _TIME_SHOWN:
        return text[:_TIME_SHOWN].replace("T", " ")
    return text


def _text(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, tuple | list):
        return ", ".join(plain(str(item)) for item in value)
    return plain(str(value))


def plain(text: str) -> str:
    """A text without what a terminal would obey: such letters are shown as Python writes them. PEM stays."""
    if text.startswith("-----BEGIN "):
        return text
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
