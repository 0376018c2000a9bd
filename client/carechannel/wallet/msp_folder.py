"""Identities in Fabric's standard MSP folder, as cryptogen and fabric-ca-client write it.

msp/signcerts/cert.pem   the certificate (cryptogen: <name>@<domain>-cert.pem)
msp/keystore/…_sk        private keys in PEM; fabric-ca-client leaves those of earlier enrolments there
msp/cacerts/…            root certificates, msp/intermediatecerts/… those between
msp/config.yaml          NodeOUs
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from fabric_gateway import IdentityError as GatewayIdentityError
from fabric_gateway.signers import PrivateKey, fabric_ski, read_private_key

from carechannel.errors import IdentityError, WalletError, WrongCertificateError
from carechannel.files import flush_folder, write_atomically
from carechannel.wallet.credentials import Authorities, Credentials, as_sentence, check_certificate
from carechannel.wallet.key_at_rest import key_pem
from carechannel.wallet.password import Password
from carechannel.wallet.secret_files import read_bounded


def read(folder: Path, msp_id: str, key_password: Password | None = None) -> Credentials:
    """The identity in an MSP folder, or in the folder that holds one as ``msp``.

    Of several private keys the one is taken that fits the certificate. Dates are not looked at.

    Args:
        folder: the MSP folder or the one above.
        msp_id: of the organisation; the folder does not say it.
        key_password: of an encrypted private key.

    Raises:
        IdentityError: certificate or key are missing, unreadable or too many.
        WrongCertificateError: no key fits the certificate, or no CA of the folder issued it.
    """
    msp = folder / "msp" if (folder / "msp").is_dir() else folder
    path = _only_file(msp / "signcerts")
    content = _content(path)
    try:
        certificate = check_certificate(msp_id, content)
    except IdentityError as error:
        raise IdentityError(f"{path} is not a certificate in PEM: {error}") from error
    authorities = Authorities(
        roots=_certificates(msp / "cacerts"),
        intermediates=_certificates(msp / "intermediatecerts"),
        config=_config(msp / "config.yaml"),
    )
    key = _fitting_key(msp, certificate, key_password)
    _check_issuer(certificate, authorities, msp)
    return Credentials(msp_id, content, key, authorities)


def write(folder: Path, credentials: Credentials) -> None:
    """Write an MSP folder, with the private key as it is in ``keystore/<SKI>_sk``; wholly or not at all.

    Raises:
        WalletError: the folder is there already, or cannot be written.
    """
    if folder.exists() or folder.is_symlink():
        raise WalletError(f"{folder} is there already; name another folder.")
    written = None
    try:
        written = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=folder.parent))
        authorities = credentials.authorities
        ski = fabric_ski(credentials.private_key.public_key()).hex()
        files = {
            "signcerts/cert.pem": credentials.certificate_pem,
            f"keystore/{ski}_sk": key_pem(credentials.private_key),
            **{f"cacerts/ca-{n}.pem": pem.encode() for n, pem in enumerate(authorities.roots)},
            **{
                f"intermediatecerts/ca-{n}.pem": pem.encode()
                for n, pem in enumerate(authorities.intermediates)
            },
        }
        if authorities.config is not None:
            files["config.yaml"] = authorities.config.encode()
        for name, content in files.items():
            (written / name).parent.mkdir(mode=0o700, exist_ok=True)
            write_atomically(written / name, content)
        os.rename(written, folder)  # noqa: PTH104  fails on a folder with content, as Path.rename does
        flush_folder(folder.parent)
    except OSError as error:
        raise WalletError(f"{folder} cannot be written: {error.strerror}.") from error
    finally:
        if written is not None:
            shutil.rmtree(written, ignore_errors=True)


def _files(folder: Path) -> list[Path]:
    """The files of a folder, without hidden ones: of Kubernetes and file managers, never of Fabric."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _only_file(folder: Path) -> Path:
    if not folder.is_dir():
        raise IdentityError(
            f"There is no folder {folder}; name a user's folder with --identity or CARECHANNEL_IDENTITY."
        )
    found = _files(folder)
    if len(found) != 1:
        raise IdentityError(f"{folder} must hold one file and holds {len(found)}; enrol again.")
    return found[0]


def _content(path: Path) -> bytes:
    try:
        return read_bounded(path)
    except OSError as error:
        raise IdentityError(f"{path} cannot be read: {error.strerror}.") from error
    except WalletError as error:
        raise IdentityError(str(error)) from error


def _certificates(folder: Path) -> tuple[str, ...]:
    found = []
    for path in _files(folder):
        content = _content(path)
        try:
            x509.load_pem_x509_certificates(content)
            found.append(content.decode("ascii"))
        except ValueError as error:
            raise IdentityError(f"{path} is not a certificate in PEM.") from error
    return tuple(found)


def _config(path: Path) -> str | None:
    if not path.is_file():
        return None
    try:
        return _content(path).decode()
    except UnicodeDecodeError as error:
        raise IdentityError(f"{path} is not text in UTF-8.") from error


def _fitting_key(msp: Path, certificate: x509.Certificate, password: Password | None) -> PrivateKey:
    """The private key of the certificate among those of ``keystore``."""
    keystore = msp / "keystore"
    files = _files(keystore)
    if not files:
        raise IdentityError(f"{keystore} must hold one file or more and holds 0; enrol again.")
    fitting: list[PrivateKey] = []
    others: list[Path] = []
    unreadable: list[tuple[Path, GatewayIdentityError]] = []
    for path in files:
        try:
            key = read_private_key(_content(path), None if password is None else password.bytes)
        except GatewayIdentityError as error:
            unreadable.append((path, error))
            continue
        if key.public_key() == certificate.public_key():
            fitting.append(key)
        else:
            others.append(path)
    if len(fitting) == 1:
        return fitting[0]
    if fitting:
        raise IdentityError(
            f"{keystore} holds {len(fitting)} files with the key of the certificate; remove all but one."
        )
    if unreadable and not others:
        path, problem = unreadable[0]
        wanted = (
            "a private key in PEM that the password opens"
            if password
            else "an unencrypted private key in PEM"
        )
        raise IdentityError(f"{path} is not {wanted}: {as_sentence(problem)}") from problem
    raise WrongCertificateError(
        f"Certificate and private key in {msp} do not belong together: none of {len(files)} files in "
        "keystore holds the elliptic-curve or Ed25519 key of the certificate; enrol again."
    )


def _check_issuer(certificate: x509.Certificate, authorities: Authorities, msp: Path) -> None:
    issuers = [
        issuer
        for pem in (*authorities.roots, *authorities.intermediates)
        for issuer in x509.load_pem_x509_certificates(pem.encode())
    ]
    if issuers and not any(_issued_by(certificate, issuer) for issuer in issuers):
        raise WrongCertificateError(
            f"The certificate in {msp} is not issued by the CA that the folder names."
        )


def _issued_by(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True
