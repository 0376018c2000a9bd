"""Reading files that hold secrets, or that others may have put there."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import Final

from carechannel.errors import WalletError, WalletModeError

LONGEST: Final = 256 * 1024
"""Bytes; an entry with a chain of certificates has a few thousand."""

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


def read_bounded(path: Path, longest: int = LONGEST) -> bytes:
    """The content of a regular file that is not longer than told. Pipes and devices are not waited for.

    Raises:
        WalletError: it is something else, or longer.
        OSError: it cannot be opened.
    """
    return _read(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC), path, longest, secret=False)


def read_secret(path: Path, longest: int = LONGEST) -> bytes:
    """The same for a file with a secret: no symbolic link, and nobody but its owner has any right to it.

    Raises:
        WalletModeError: others may read or write it.
        WalletError: it is a link or no regular file, or longer.
        OSError: it cannot be opened.
    """
    if path.is_symlink():
        raise WalletError(f"{path} is a symbolic link; put the file itself there.")
    flags = os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOFOLLOW
    return _read(os.open(path, flags), path, longest, secret=True)


def check_folder(folder: Path) -> None:
    """Refuse a folder of secrets to which anybody but its owner has a right.

    Raises:
        WalletModeError: it is so.
        WalletError: there is no such folder.
    """
    try:
        mode = folder.stat().st_mode
    except OSError as error:
        raise WalletError(f"There is no folder {folder} ({error.strerror}).") from error
    if not stat.S_ISDIR(mode):
        raise WalletError(f"{folder} is not a folder.")
    if mode & _OTHERS:
        raise WalletModeError(
            f"The folder {folder} is open to others (mode {stat.S_IMODE(mode):04o}); "
            f"run: chmod 700 '{folder}'"
        )


def _read(descriptor: int, path: Path, longest: int, *, secret: bool) -> bytes:
    with os.fdopen(descriptor, "rb") as file:
        told = os.fstat(file.fileno())
        if not stat.S_ISREG(told.st_mode):
            raise WalletError(f"{path} is not a regular file.")
        if secret and told.st_mode & _OTHERS:
            raise WalletModeError(
                f"{path} holds a secret and is open to others (mode {stat.S_IMODE(told.st_mode):04o}); "
                f"run: chmod 600 '{path}'"
            )
        content = file.read(longest + 1)
    if len(content) > longest:
        raise WalletError(f"{path} has more than {longest} bytes, which is too long for what it should be.")
    return content
