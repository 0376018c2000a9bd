"""Passwords and PINs on their way from a person, a file or the environment to where they are needed."""

from __future__ import annotations

import os
import unicodedata
from pathlib import Path
from typing import Final, Self

from carechannel.errors import WalletPasswordError
from carechannel.wallet.secret_files import read_secret

_LONGEST: Final = 1024


class Password:
    """A secret that is shown by no ``repr``, log or error."""

    __slots__ = ("_secret",)

    def __init__(self, secret: str) -> None:
        """Takes a text; composed and decomposed letters (é) are the same password.

        Raises:
            WalletPasswordError: it is empty, longer than 1,024 bytes, or no text in UTF-8.
        """
        self._secret = unicodedata.normalize("NFC", secret)
        if any(unicodedata.category(letter) == "Cs" for letter in self._secret):
            raise WalletPasswordError("A password is text in UTF-8, and this is none.")
        if not 0 < len(self.bytes) <= _LONGEST:
            raise WalletPasswordError(f"A password has 1 to {_LONGEST} bytes.")

    @classmethod
    def from_environment(cls, name: str) -> Self:
        """The value of an environment variable.

        Raises:
            WalletPasswordError: there is none of that name, or it is empty.
        """
        value = os.environ.get(name)
        if not value:
            raise WalletPasswordError(f"The environment variable {name} is not set, or it is empty.")
        return cls(value)

    @classmethod
    def from_file(cls, path: Path) -> Self:
        """The first line of a file to which only its owner has a right.

        Raises:
            WalletModeError: others may read or write the file.
            WalletPasswordError: it cannot be read, or it is not one line of text.
        """
        try:
            text = read_secret(path, _LONGEST + 2).decode()
        except (OSError, UnicodeDecodeError) as error:
            raise WalletPasswordError(f"The password cannot be read from {path}.") from error
        line = text.removesuffix("\n").removesuffix("\r")
        if not line or "\n" in line:
            raise WalletPasswordError(f"{path} has to hold the password in one line, and nothing else.")
        return cls(line)

    @property
    def text(self) -> str:
        """As a PIN is given to a token."""
        return self._secret

    @property
    def bytes(self) -> bytes:
        """As a key is derived from it: UTF-8."""
        return self._secret.encode()

    def __repr__(self) -> str:
        return "<Password>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Password) and self._secret == other._secret

    def __hash__(self) -> int:
        return hash(self._secret)
