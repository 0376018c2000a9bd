"""Identities of an institution's people and services: one folder, one file for each, private keys encrypted.

The folder has mode 0700, its files 0600, and neither is read when others have a right to it. A file is
written beside its place and renamed there, so an entry is there wholly or not at all: never a key without its
certificate. Names and certificates can be read without the password.
"""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Final, NamedTuple

from fabric_gateway import Identity as GatewayIdentity
from fabric_gateway import IdentityError as GatewayIdentityError
from fabric_gateway import signers

from carechannel.errors import (
    EntryExistsError,
    IdentityError,
    UnknownEntryError,
    WalletError,
    WalletPasswordError,
)
from carechannel.files import flush_folder, write_atomically
from carechannel.wallet import entry as entries
from carechannel.wallet.credentials import Authorities, Credentials, as_sentence, check_certificate
from carechannel.wallet.entry import Entry, HardwareKey, SealedKey
from carechannel.wallet.key_at_rest import COST, open_key, seal_key
from carechannel.wallet.password import Password
from carechannel.wallet.secret_files import check_folder, read_secret

_SUFFIX: Final = ".id"
_LONGEST_NAME: Final = 200


class Opened(NamedTuple):
    """What :func:`fabric_gateway.connect` needs of an entry; closed after use."""

    identity: GatewayIdentity
    signer: signers.EcdsaSigner | signers.Ed25519Signer | signers.Pkcs11Signer

    def close(self) -> None:
        """End the session with the token; nothing is open of a key from a file. May be repeated."""
        if isinstance(self.signer, signers.Pkcs11Signer):
            self.signer.close()


class FileWallet:
    """The wallet in `folder`. Any number of programs may use it at the same time.

    Methods read and write files, and with the password they compute for some tenths of a second: in a program
    whose event loop is busy, call them in a thread.
    """

    def __init__(self, folder: Path, password: Password | None = None, *, cost: int = COST) -> None:
        """Nothing is read yet.

        Args:
            folder: made by the first `put` if it is not there.
            password: for private keys in files; None suffices to list, show and remove, and for PKCS#11 keys.
            cost: of trying a password (N of scrypt), for keys that are put.
        """
        self.folder = folder
        self._password = password
        self._cost = cost

    def __repr__(self) -> str:
        return f"<FileWallet {self.folder}>"

    def names(self) -> tuple[str, ...]:
        """Of all entries, sorted.

        Raises:
            WalletModeError: the folder is open to others.
            WalletError: there is no such folder, or it cannot be read.
        """
        check_folder(self.folder)
        try:
            found = [path.name for path in self.folder.iterdir() if not path.name.startswith(".")]
        except OSError as error:
            raise WalletError(f"The folder {self.folder} cannot be read: {error.strerror}.") from error
        return tuple(sorted(name.removesuffix(_SUFFIX) for name in found if name.endswith(_SUFFIX)))

    def list(self) -> tuple[Entry, ...]:
        """All entries, sorted by name. The password is not needed.

        Raises:
            WalletModeError: the folder or an entry is open to others.
            WalletError: there is no such folder, or an entry is damaged.
        """
        return tuple(self.entry(name) for name in self.names())

    def entry(self, name: str) -> Entry:
        """Who that is, and where the key lies. The password is not needed.

        Raises:
            UnknownEntryError: there is no entry of that name.
            WalletModeError: the folder or the entry is open to others.
            WalletError: the entry is damaged.
        """
        path = self._path(name)
        check_folder(self.folder)
        try:
            content = read_secret(path)
        except FileNotFoundError as error:
            raise UnknownEntryError(f"The wallet {self.folder} has no entry {name}.") from error
        except OSError as error:
            raise WalletError(f"{path} cannot be read: {error.strerror}.") from error
        return entries.parse(content, checked_name(name))

    def get(self, name: str, *, pin: Password | None = None) -> Opened:
        """Identity and signer, ready for :func:`fabric_gateway.connect`.

        Args:
            name: of the entry.
            pin: of the token, for an entry whose key is in one.

        Raises:
            UnknownEntryError: there is no entry of that name.
            WalletPasswordError: password or PIN is missing; the password is wrong, or the entry was changed.
            WalletError: the entry is damaged or open to others.
            IdentityError: key and certificate do not belong together.
            fabric_gateway.errors.HardwareKeyError: the token does not give the key, or refuses the PIN.
        """
        found = self.entry(name)
        identity = GatewayIdentity(found.msp_id, found.certificate_pem)
        if isinstance(found.key, HardwareKey):
            return Opened(identity, _hardware_signer(name, identity, found.key, pin))
        key = self.credentials(name).private_key
        try:
            return Opened(identity, signers.signer_of(key))
        except GatewayIdentityError as error:
            raise IdentityError(as_sentence(error)) from error

    def credentials(self, name: str) -> Credentials:
        """Certificate and private key of an entry, to be exported.

        Raises:
            UnknownEntryError: there is no entry of that name.
            WalletPasswordError: the password is missing or wrong, or the entry was changed.
            WalletError: the entry is damaged or open to others, or its key is in a token.
        """
        found = self.entry(name)
        if not isinstance(found.key, SealedKey):
            raise WalletError(f"The key of {name} is in a PKCS#11 token, and never leaves it.")
        key = open_key(found.key.sealed, self._needed_password(), found.context)
        return Credentials(found.msp_id, found.certificate_pem, key, found.authorities)

    def put(self, name: str, credentials: Credentials, *, replace: bool = False) -> Entry:
        """Keep an identity, its private key encrypted under the wallet's password.

        Raises:
            EntryExistsError: there is one of that name, and `replace` is false. Of two writers one gets this.
            WalletPasswordError: the wallet was opened without a password.
            WalletModeError: the folder is open to others.
            WalletError: the name cannot be used, or the folder cannot be written.
        """
        made = Entry(
            checked_name(name),
            credentials.msp_id,
            credentials.certificate_pem,
            SealedKey({}),
            credentials.authorities,
        )
        if not replace and self._path(name).exists():
            raise self._exists(name)
        sealed = seal_key(credentials.private_key, self._needed_password(), made.context, cost=self._cost)
        return self._write(
            Entry(made.name, made.msp_id, made.certificate_pem, entries.sealed(sealed), made.authorities),
            replace=replace,
        )

    def put_hardware(
        self,
        name: str,
        msp_id: str,
        certificate_pem: bytes,
        key: HardwareKey,
        *,
        authorities: Authorities | None = None,
        replace: bool = False,
    ) -> Entry:
        """Keep an identity whose key is in a PKCS#11 token: the certificate and the key's place, never a PIN.

        Raises:
            EntryExistsError: there is one of that name, and `replace` is false.
            IdentityError: the certificate is none.
            WalletModeError: the folder is open to others.
            WalletError: the name cannot be used, or the folder cannot be written.
        """
        check_certificate(msp_id, certificate_pem)
        made = Entry(checked_name(name), msp_id, certificate_pem, key, authorities or Authorities())
        return self._write(made, replace=replace)

    def remove(self, name: str) -> None:
        """Forget an identity. What stood in the file may stay on the disk for a while, encrypted.

        Raises:
            UnknownEntryError: there is no entry of that name.
            WalletModeError: the folder is open to others.
            WalletError: it cannot be removed.
        """
        path = self._path(name)
        check_folder(self.folder)
        try:
            path.unlink()
            flush_folder(self.folder)
        except FileNotFoundError as error:
            raise UnknownEntryError(f"The wallet {self.folder} has no entry {name}.") from error
        except OSError as error:
            raise WalletError(f"{path} cannot be removed: {error.strerror}.") from error

    def _write(self, made: Entry, *, replace: bool) -> Entry:
        path = self._path(made.name)
        try:
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            check_folder(self.folder)
            write_atomically(path, entries.serialize(made), replace=replace)
        except FileExistsError as error:
            raise self._exists(made.name) from error
        except OSError as error:
            raise WalletError(f"{path} cannot be written: {error.strerror}.") from error
        return made

    def _exists(self, name: str) -> EntryExistsError:
        return EntryExistsError(
            f"The wallet {self.folder} has an entry {name} already; replace it or name another."
        )

    def _needed_password(self) -> Password:
        if self._password is None:
            raise WalletPasswordError("The private key needs the wallet's password, and none was given.")
        return self._password

    def _path(self, name: str) -> Path:
        return self.folder / f"{checked_name(name)}{_SUFFIX}"


def checked_name(name: str) -> str:
    """A name as it is kept: letters of any script, composed (NFC).

    Raises:
        WalletError: it is empty or too long, or has letters that are no part of a file's name.
    """
    composed = unicodedata.normalize("NFC", name)
    if (
        not composed.isprintable()
        or composed != composed.strip()
        or composed.startswith(".")
        or any(letter in composed for letter in "/\\")
        or not 0 < len(composed.encode(errors="surrogatepass")) <= _LONGEST_NAME
    ):
        raise WalletError(
            f"A name in a wallet has 1 to {_LONGEST_NAME} bytes of printable letters, no / or \\, and does "
            "not begin with a dot."
        )
    return composed


def _hardware_signer(
    name: str, identity: GatewayIdentity, key: HardwareKey, pin: Password | None
) -> signers.Pkcs11Signer:
    if pin is None:
        raise WalletPasswordError(f"The key of {name} is in a PKCS#11 token, and no PIN was given.")
    return signers.pkcs11(
        module=key.module,
        pin=pin.text,
        token=key.token,
        slot=key.slot,
        label=key.label,
        id=key.id,
        identity=identity,
    )
