"""A patient's wallet: ``<folder>/<channel>/`` with ``msp`` (certificate, key) and ``wallet.json``.

Key and handle are made here, per channel, so that two consortia cannot tell that they know the same patient.
The private key is readable by its owner only and is never sent anywhere.
"""

from __future__ import annotations

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

from carechannel.code import PatientCode
from carechannel.errors import WalletError
from carechannel.files import write_atomically
from carechannel.identity import Identity


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

    @classmethod
    def create(cls, wallet: Path, channel: str, msp_id: str) -> Self:
        """Makes a fresh handle and key for a channel.

        Raises:
            WalletError: the wallet has one for that channel already, or cannot be written.
        """
        folder = wallet / channel
        made = cls(folder, channel, msp_id, secrets.token_hex(16), (msp_id,))
        try:
            wallet.mkdir(parents=True, exist_ok=True, mode=0o700)
            folder.mkdir(mode=0o700)
            for name in ("msp", "msp/keystore", "msp/signcerts"):
                (folder / name).mkdir(mode=0o700)
            write_atomically(made._key_path, _pem(ec.generate_private_key(ec.SECP256R1())))
            made._save()
        except FileExistsError as error:
            raise WalletError(f"The wallet already has a key in {folder}; name another folder.") from error
        except OSError as error:
            raise WalletError(f"The wallet {wallet} cannot be written: {error.strerror}.") from error
        return made

    @classmethod
    def load(cls, wallet: Path, channel: str) -> Self:
        """Reads the part of a wallet that belongs to a channel.

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
                    return cls(folder, channel, msp_id, handle, custodians)
        raise WalletError(f"{folder / 'wallet.json'} is damaged.")

    def signing_request(self, common_name: str) -> bytes:
        """A PKCS #10 request (PEM) for the wallet's key."""
        subject = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, common_name)])
        request = x509.CertificateSigningRequestBuilder(subject).sign(self._private_key(), hashes.SHA256())
        return request.public_bytes(serialization.Encoding.PEM)

    def keep_certificate(self, certificate_pem: bytes) -> None:
        """Stores the certificate that the home institution's CA issued for the wallet's key."""
        write_atomically(self.folder / "msp" / "signcerts" / "cert.pem", certificate_pem)

    def discard(self) -> None:
        """Removes the wallet's part for this channel: to be used only while the key is not certified yet."""
        shutil.rmtree(self.folder)

    def identity(self) -> Identity:
        """The patient as the network knows them.

        Raises:
            IdentityError: there is no certificate yet, or it is unusable.
            ExpiredCertificateError: the certificate is not valid now.
        """
        return Identity.load(self.folder / "msp", self.msp_id)

    def with_custodians(self, custodians: Iterable[str]) -> Self:
        """The wallet with more custodians, saved."""
        grown = replace(self, custodians=tuple(sorted({*self.custodians, *custodians})))
        grown._save()
        return grown

    def code(self) -> PatientCode:
        """What the patient hands to an institution that is to ask for records."""
        return PatientCode(self.channel, self.handle, self.custodians)

    @property
    def _key_path(self) -> Path:
        return self.folder / "msp" / "keystore" / "key.pem"

    def _private_key(self) -> ec.EllipticCurvePrivateKey:
        try:
            key = serialization.load_pem_private_key(self._key_path.read_bytes(), password=None)
        except (OSError, ValueError) as error:
            raise WalletError(f"The key {self._key_path} cannot be used.") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise WalletError(f"The key {self._key_path} is not an elliptic-curve key.")
        return key

    def _save(self) -> None:
        content = {"handle": self.handle, "msp_id": self.msp_id, "custodians": list(self.custodians)}
        write_atomically(self.folder / "wallet.json", canonical_json(content))


def _pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
