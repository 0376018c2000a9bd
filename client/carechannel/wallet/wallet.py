"""A patient's wallet: ``<folder>/<channel>/`` with ``msp`` (certificate, key) and ``wallet.json``.

Key and handle are made here, per channel, so that two consortia cannot tell that they know the same patient.
The private key is readable by its owner only, encrypted if the wallet has a password, and never sent.
"""

from __future__ import annotations

import json
import secrets
import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Self

from care_rules.canonical import canonical_json, parse_json
from care_rules.errors import InputInvalidError
from care_rules.fields import HANDLE, MSP_ID
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from fabric_gateway import IdentityError as GatewayIdentityError
from fabric_gateway.signers import PrivateKey, read_private_key

from carechannel.code import PatientCode
from carechannel.errors import IdentityError, WalletError, WalletPasswordError
from carechannel.files import write_atomically
from carechannel.identity import Identity
from carechannel.wallet.credentials import Credentials
from carechannel.wallet.key_at_rest import COST, key_pem, open_key, seal_key
from carechannel.wallet.password import Password
from carechannel.wallet.secret_files import read_bounded, read_secret


@dataclass(frozen=True)
class Wallet:
    """The part of a patient's wallet that belongs to one channel."""

    folder: Path
    channel: str
    msp_id: str
    """Of the home institution, whose CA certifies the patient."""
    handle: str = field(repr=False)
    custodians: tuple[str, ...] = ()
    """MSP IDs of the institutions that keep records of the patient."""
    password: Password | None = field(default=None, repr=False, compare=False)
    """Of the private key; None where it lies unencrypted."""

    @classmethod
    def create(
        cls, wallet: Path, channel: str, msp_id: str, *, password: Password | None = None, cost: int = COST
    ) -> Self:
        """Makes a fresh handle and key for a channel.

        Args:
            wallet: the patient's folder; made if it is not there.
            channel: name of the consortium.
            msp_id: of the home institution.
            password: encrypts the private key; None leaves it to the file's mode alone.
            cost: of trying a password, see :mod:`carechannel.wallet.key_at_rest`.

        Raises:
            WalletError: the wallet has one for that channel already, or cannot be written.
        """
        folder = wallet / channel
        made = cls(folder, channel, msp_id, secrets.token_hex(16), (msp_id,), password)
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            wallet.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.mkdir(mode=0o700)
            for name in ("msp", "msp/keystore", "msp/signcerts"):
                (folder / name).mkdir(mode=0o700)
            if password is None:
                write_atomically(made._key_path, key_pem(key))
            else:
                sealed = seal_key(key, password, made._context, cost=cost)
                write_atomically(made._sealed_path, json.dumps(sealed).encode())
            made._save()
        except FileExistsError as error:
            raise WalletError(f"The wallet already has a key in {folder}; name another folder.") from error
        except OSError as error:
            raise WalletError(f"The wallet {wallet} cannot be written: {error.strerror}.") from error
        return made

    @classmethod
    def load(cls, wallet: Path, channel: str, *, password: Password | None = None) -> Self:
        """Reads the part of a wallet that belongs to a channel. The password is needed for its key only.

        Raises:
            WalletError: there is none, or it is damaged.
        """
        folder = wallet / channel
        try:
            content = parse_json((folder / "wallet.json").read_bytes())
        except OSError as error:
            raise WalletError(
                f"There is no wallet for {channel} in {wallet}; `carechannel patients enrol` makes one."
            ) from error
        except InputInvalidError as error:
            raise WalletError(f"{folder / 'wallet.json'} is damaged.") from error
        match content:
            case {"handle": str(handle), "msp_id": str(msp_id), "custodians": [*members]} if HANDLE.fullmatch(
                handle
            ):
                custodians = tuple(member for member in members if isinstance(member, str))
                if all(MSP_ID.fullmatch(member) for member in (msp_id, *custodians)):
                    return cls(folder, channel, msp_id, handle, custodians, password)
        raise WalletError(f"{folder / 'wallet.json'} is damaged.")

    def signing_request(self, common_name: str) -> bytes:
        """A PKCS #10 request (PEM) for the wallet's key."""
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
        request = x509.CertificateSigningRequestBuilder(subject).sign(self._private_key(), hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM)

    def keep_certificate(self, certificate_pem: bytes) -> None:
        """Stores the certificate that the home institution's CA issued for the wallet's key.

        Raises:
            WalletError: it cannot be written.
        """
        self._write(self.folder / "msp" / "signcerts" / "cert.pem", certificate_pem)

    def discard(self) -> None:
        """Removes the wallet's part for this channel: to be used only while the key is not certified yet."""
        shutil.rmtree(self.folder)

    def identity(self) -> Identity:
        """The patient as the network knows them.

        Raises:
            IdentityError: there is no certificate yet, or it is unusable.
            ExpiredCertificateError: the certificate is not valid now.
            WalletPasswordError: the key is encrypted, and the password is missing or wrong.
            WalletModeError: others have a right to the key.
        """
        certificate = self.folder / "msp" / "signcerts" / "cert.pem"
        try:
            content = read_bounded(certificate)
        except OSError as error:
            raise IdentityError(
                f"There is no certificate {certificate} yet; `carechannel patients enrol` gets one."
            ) from error
        return Identity.of(Credentials(self.msp_id, content, self._private_key()), str(self.folder))

    def with_custodians(self, custodians: Iterable[str]) -> Self:
        """The wallet with more custodians, saved.

        Raises:
            WalletError: it cannot be written.
        """
        grown = replace(self, custodians=tuple(sorted({*self.custodians, *custodians})))
        grown._save()
        return grown

    def code(self) -> PatientCode:
        """What the patient hands to an institution that is to ask for records."""
        return PatientCode(self.channel, self.handle, self.custodians)

    @property
    def _key_path(self) -> Path:
        return self.folder / "msp" / "keystore" / "key.pem"

    @property
    def _sealed_path(self) -> Path:
        return self.folder / "msp" / "keystore" / "key.sealed"

    @property
    def _context(self) -> bytes:
        """What a sealed key belongs to."""
        return canonical_json({"channel": self.channel, "msp_id": self.msp_id, "handle": self.handle})

    def _private_key(self) -> ec.EllipticCurvePrivateKey:
        sealed = self._sealed_path.exists()
        path = self._sealed_path if sealed else self._key_path
        try:
            content = read_secret(path)
            key = self._opened(content) if sealed else read_private_key(content)
        except (OSError, ValueError, GatewayIdentityError) as error:
            raise WalletError(f"The key {path} cannot be used.") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise WalletError(f"The key {path} is not an elliptic-curve key.")
        return key

    def _opened(self, content: bytes) -> PrivateKey:
        if self.password is None:
            raise WalletPasswordError(f"The key of the wallet {self.folder} needs its password.")
        return open_key(json.loads(content), self.password, self._context)

    def _save(self) -> None:
        content = {"handle": self.handle, "msp_id": self.msp_id, "custodians": list(self.custodians)}
        self._write(self.folder / "wallet.json", canonical_json(content))

    @staticmethod
    def _write(path: Path, content: bytes) -> None:
        try:
            write_atomically(path, content)
        except OSError as error:
            raise WalletError(f"{path} cannot be written: {error.strerror}.") from error
