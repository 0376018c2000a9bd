"""Passwords and PINs for commands: from a prompt, an environment variable or a file, never an argument."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from carechannel.errors import WalletPasswordError
from carechannel.wallet import Password

PasswordEnv = Annotated[
    str | None,
    typer.Option("--password-env", metavar="NAME", help="Environment variable with the wallet's password."),
]
PasswordFile = Annotated[
    Path | None, typer.Option("--password-file", help="File (mode 0600) with the wallet's password.")
]
KeyPasswordEnv = Annotated[
    str | None,
    typer.Option(
        "--key-password-env",
        metavar="NAME",
        help="Environment variable with the imported key's own password.",
    ),
]
KeyPasswordFile = Annotated[
    Path | None,
    typer.Option("--key-password-file", help="File (mode 0600) with the imported key's password."),
]
PinEnv = Annotated[
    str | None, typer.Option("--pin-env", metavar="NAME", help="Environment variable with the token's PIN.")
]
PinFile = Annotated[Path | None, typer.Option("--pin-file", help="File (mode 0600) with the token's PIN.")]


def given(variable: str | None, file: Path | None) -> Password | None:
    """The secret that the options name, None if they name none. Both at once is wrong usage.

    Raises:
        WalletPasswordError: it is not there, or empty.
        WalletModeError: others may read the file.
    """
    if variable is not None and file is not None:
        raise typer.BadParameter("Name an environment variable or a file, not both.")
    if variable is not None:
        return Password.from_environment(variable)
    return None if file is None else Password.from_file(file)


def wanted(variable: str | None, file: Path | None, prompt: str, *, new: bool = False) -> Password:
    """The secret that the options name, or one that is asked for: twice, where it is a new one.

    Raises:
        WalletPasswordError: it is not there, or there is nobody to ask.
        WalletModeError: others may read the file.
    """
    if (found := given(variable, file)) is not None:
        return found
    if not sys.stdin.isatty():
        raise WalletPasswordError(
            f"{prompt} is needed and there is no terminal to ask at; "
            "name it with --password-env or --password-file (--pin-env, --pin-file for a PIN)."
        )
    return Password(str(typer.prompt(prompt, hide_input=True, confirmation_prompt=new, err=True)))
