"""``carechannel wallet``"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from fabric_gateway import IdentityError as GatewayIdentityError

from carechannel.cli import secrets
from carechannel.cli.options import AsJson
from carechannel.cli.session import Row, is_json, refusals, set_json, show_one
from carechannel.cli.wallet_table import described, show_entries, summary
from carechannel.errors import CareChannelError, IdentityError, WalletError
from carechannel.files import write_atomically
from carechannel.wallet import Credentials, Entry, FileWallet, HardwareKey, Password, msp_folder, node_wallet
from carechannel.wallet.credentials import as_sentence
from carechannel.wallet.secret_files import check_folder, read_bounded

app = typer.Typer(
    help="Identities of staff and services: keys encrypted, or in a token.", no_args_is_help=True
)

Folder = Annotated[
    Path, typer.Option("--wallet", envvar="CARECHANNEL_FILE_WALLET", help="The wallet's folder (mode 0700).")
]
Name = Annotated[str, typer.Argument(help="Name of the entry.")]


@app.command("list")
def list_(*, wallet: Folder, as_json: AsJson = False) -> None:
    """List names, certificates and when they expire. Needs no password."""
    set_json(as_json)
    with refusals():
        opened = FileWallet(wallet)
        rows = [_listed(opened, name) for name in opened.names()]
    show_entries(rows)


@app.command()
def show(name: Name, *, wallet: Folder, as_json: AsJson = False) -> None:
    """Show one identity: certificate, dates, where the key is. Needs no password."""
    set_json(as_json)
    with refusals():
        row = described(FileWallet(wallet).entry(name))
    show_one(name, row)


@app.command("import")
def import_(
    name: Name,
    *,
    wallet: Folder,
    msp: Annotated[Path | None, typer.Option("--msp", help="From an MSP folder.")] = None,
    node: Annotated[Path | None, typer.Option("--node", help="From a file of a Node wallet.")] = None,
    certificate: Annotated[Path | None, typer.Option("--certificate", help="A certificate in PEM …")] = None,
    key: Annotated[Path | None, typer.Option("--key", help="… with its private key in PEM,")] = None,
    module: Annotated[
        Path | None,
        typer.Option("--pkcs11-module", help="… or with its key in a token: the vendor's library."),
    ] = None,
    token: Annotated[str | None, typer.Option("--token", help="Label of the token.")] = None,
    slot: Annotated[int | None, typer.Option("--slot", help="Id of the token's slot.")] = None,
    key_label: Annotated[
        str | None, typer.Option("--key-label", help="Label of the key in the token.")
    ] = None,
    key_id: Annotated[str | None, typer.Option("--key-id", help="Id of the key in the token, hex.")] = None,
    msp_id: Annotated[
        str | None, typer.Option("--msp-id", help="MSP ID of the organisation; a Node wallet has it.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Replace an entry of that name.")] = False,
    password_env: secrets.PasswordEnv = None,
    password_file: secrets.PasswordFile = None,
    key_password_env: secrets.KeyPasswordEnv = None,
    key_password_file: secrets.KeyPasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Take an identity into the wallet; what it is taken from stays as it is."""
    set_json(as_json)
    if sum(source is not None for source in (msp, node, certificate)) != 1:
        raise typer.BadParameter("Name one source: --msp, --node or --certificate.")
    if (certificate is not None) != ((key is not None) != (module is not None)):
        raise typer.BadParameter("Beside --certificate name its --key or its --pkcs11-module.")
    if (node is None) != (msp_id is not None):
        raise typer.BadParameter("Name the --msp-id, unless the identity comes from a Node wallet.")
    try:
        id = None if key_id is None else bytes.fromhex(key_id)
    except ValueError as error:
        raise typer.BadParameter("--key-id is written in hexadecimal digits.") from error
    with refusals():
        if certificate is not None and module is not None:
            place = HardwareKey(module, token, slot, key_label, id)
            made = FileWallet(wallet).put_hardware(
                name, msp_id or "", _bytes(certificate), place, replace=replace
            )
        else:
            key_password = secrets.given(key_password_env, key_password_file)
            if msp is not None:
                taken = msp_folder.read(msp, msp_id or "", key_password)
            elif node is not None:
                taken = node_wallet.parse(_bytes(node), key_password)
            else:
                taken = Credentials.from_pem(
                    msp_id or "", _bytes(certificate or Path()), _bytes(key or Path()), key_password
                )
            password = secrets.wanted(password_env, password_file, "Password of the wallet", new=True)
            made = FileWallet(wallet, password).put(name, taken, replace=replace)
    show_one(f"Imported {made.name}", summary(made))


@app.command()
def export(
    name: Name,
    *,
    wallet: Folder,
    msp: Annotated[Path | None, typer.Option("--msp", help="Into a new MSP folder.")] = None,
    node: Annotated[Path | None, typer.Option("--node", help="Into a new file of a Node wallet.")] = None,
    password_env: secrets.PasswordEnv = None,
    password_file: secrets.PasswordFile = None,
    as_json: AsJson = False,
) -> None:
    """Write an identity out, with its private key NOT encrypted. The entry stays."""
    set_json(as_json)
    target = msp or node
    if target is None or (msp is not None and node is not None):
        raise typer.BadParameter("Name one target: --msp or --node.")
    with refusals():
        FileWallet(wallet).entry(name)
        password = secrets.wanted(password_env, password_file, "Password of the wallet")
        credentials = FileWallet(wallet, password).credentials(name)
        if msp is not None:
            msp_folder.write(msp, credentials)
        else:
            try:
                write_atomically(target, node_wallet.serialize(credentials), replace=False)
            except FileExistsError as error:
                raise WalletError(f"{target} is there already; name another file.") from error
            except OSError as error:
                raise WalletError(f"{target} cannot be written: {error.strerror}.") from error
    show_one(f"Exported {name}", {"to": str(target), "private_key": "not encrypted"})


@app.command()
def remove(
    name: Name,
    *,
    wallet: Folder,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: AsJson = False,
) -> None:
    """Remove an identity from the wallet. It is not revoked by that."""
    set_json(as_json)
    with refusals():
        FileWallet(wallet).entry(name)
        if not yes and not typer.confirm(f"Remove {name} from {wallet}?", err=True):
            raise typer.Exit(1)
        FileWallet(wallet).remove(name)
    show_one(f"Removed {name}", {"removed": name})


@app.command()
def check(
    *,
    wallet: Folder,
    days: Annotated[
        int, typer.Option("--days", min=0, help="Warn of what expires within so many days.")
    ] = 30,
    password_env: secrets.PasswordEnv = None,
    password_file: secrets.PasswordFile = None,
    pin_env: secrets.PinEnv = None,
    pin_file: secrets.PinFile = None,
    as_json: AsJson = False,
) -> None:
    """Check modes, dates and, given password or PIN, that every key opens and fits. Status 1 on a finding."""
    set_json(as_json)
    with refusals():
        password, pin = secrets.given(password_env, password_file), secrets.given(pin_env, pin_file)
        check_folder(wallet)
        opened = FileWallet(wallet, password)
        rows: list[Row] = []
        for name in opened.names():
            row = dict(_listed(opened, name, days))
            if row["problem"] is None:
                entry = opened.entry(name)
                secret = pin if entry.is_hardware else password
                row["key_checked"] = secret is not None
                if secret is not None:
                    row["problem"] = _problem(opened, name, pin)
            rows.append(row)
    show_entries(rows)
    found = [row for row in rows if row["problem"] is not None]
    if not is_json():
        unchecked = sum(row.get("key_checked") is False for row in rows)
        about = f"; {unchecked} keys not opened: name password or PIN" if unchecked else ""
        typer.echo(f"\n{len(rows)} entries, {len(found)} with a finding{about}.")
    if found:
        raise typer.Exit(1)


def _listed(opened: FileWallet, name: str, days: int | None = None) -> Row:
    """A row for an entry; one that cannot be read is a row that says why."""
    try:
        entry = opened.entry(name)
    except CareChannelError as error:
        return {"name": name, "problem": str(error), "code": error.code}
    row = dict(summary(entry))
    row["problem"] = None if days is None else _date_problem(entry, days)
    return row


def _date_problem(entry: Entry, days: int) -> str | None:
    left = entry.remaining()
    if left.total_seconds() < 0:
        return "The certificate has expired; enrol again."
    begins = entry.certificate.not_valid_before_utc
    if begins > datetime.now(UTC):
        return f"The certificate is valid only from {begins:%Y-%m-%d %H:%M} UTC; check the clock."
    return f"The certificate expires within {days} days; re-enrol." if left.days < days else None


def _problem(opened: FileWallet, name: str, pin: Password | None) -> str | None:
    """Whether the key opens and fits the certificate."""
    try:
        opened.get(name, pin=pin).close()
    except CareChannelError as error:
        return str(error)
    except GatewayIdentityError as error:
        return as_sentence(error)
    return None


def _bytes(path: Path) -> bytes:
    try:
        return read_bounded(path)
    except OSError as error:
        raise IdentityError(f"{path} cannot be read: {error.strerror}.") from error
