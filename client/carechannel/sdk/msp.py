"""An enrolment as an MSP folder in Fabric's standard layout, which the peer's tools and all clients read."""

from __future__ import annotations

import hashlib
import tempfile
from contextlib import suppress
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from carechannel.files import flush_folder, write_atomically
from carechannel.sdk.enrollment import Enrollment
from carechannel.sdk.errors import CaRequestError, CertificateFileError

_PUBLIC = 0o644
_TRIAL = 32 * 1024
"""Bytes; what an enrolment with a long chain takes."""
_ROLES = (("Client", "client"), ("Peer", "peer"), ("Admin", "admin"), ("Orderer", "orderer"))


def write_msp(folder: Path, enrollment: Enrollment) -> None:
    """Write certificate, key (mode 600) and the CA's certificates to an MSP folder, new or in use.

    A new folder appears whole, with a `config.yaml` that tells roles apart by NodeOUs. In one that is there
    the new key is put beside the old, then the certificate replaced, then the old key removed: whoever reads
    it meanwhile, or after this was killed, finds a certificate and, among the keys, the one that fits. All
    else in it stays.

    Raises `CertificateFileError`: it cannot be written.
    """
    try:
        if folder.exists():
            _renew(folder, enrollment)
            return
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as aside:
            made = Path(aside, "msp")
            made.mkdir(mode=0o755)
            _renew(made, enrollment)
            made.rename(folder)
        flush_folder(folder.parent)
    except OSError as error:
        raise CertificateFileError(f"The MSP folder {folder} cannot be written: {error.strerror}.") from error


def reserve_msp(folder: Path) -> None:
    """See that a new MSP folder can be written, before a CA is asked: a secret may be good for once only.

    Raises `CertificateFileError`: it is there already, or cannot be written.
    """
    if folder.exists():
        raise CertificateFileError(f"{folder} is there already; name another folder, or use reenroll.")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix=f".{folder.name}.", dir=folder.parent) as aside:
            write_atomically(Path(aside, "trial"), bytes(_TRIAL))
    except OSError as error:
        raise CertificateFileError(f"The MSP folder {folder} cannot be written: {error.strerror}.") from error


def read_msp(folder: Path) -> Enrollment:
    """The enrolment in an MSP folder, or in the folder that holds one as `msp`.

    Of several keys, which other clients leave in `keystore`, it takes the one that fits the certificate.

    Raises `CertificateFileError`: there is not one certificate, or no unencrypted key that fits it.
    """
    msp = folder / "msp" if (folder / "msp").is_dir() else folder
    certificates = _files(msp / "signcerts")
    if len(certificates) != 1:
        raise CertificateFileError(
            f"{msp / 'signcerts'} must hold one file and holds {len(certificates)}; enrol again."
        )
    chain = b"".join(
        content
        for name in ("intermediatecerts", "cacerts")
        if (msp / name).is_dir()
        for content in _files(msp / name)
    )
    for key in _files(msp / "keystore"):
        found = Enrollment(certificates[0], key, chain)
        with suppress(CaRequestError):
            found.checked_key()
            return found
    raise CertificateFileError(
        f"{msp / 'keystore'} holds no unencrypted P-256 key that fits the certificate; enrol again."
    )


def _renew(msp: Path, enrollment: Enrollment) -> None:
    roots, intermediates = _sorted(enrollment.ca_chain_pem)
    keys, certificates = msp / "keystore", msp / "signcerts"
    keys.mkdir(mode=0o700, exist_ok=True)
    key = keys / f"{_subject_key_id(enrollment)}_sk"
    write_atomically(key, enrollment.key_pem)
    issuers = [
        *_write_beside(msp / "cacerts", "ca", roots),
        *_write_beside(msp / "intermediatecerts", "ica", intermediates),
    ]
    if not (msp / "config.yaml").exists():
        issuer = "intermediatecerts/ica.pem" if intermediates else "cacerts/ca.pem"
        _write(msp / "config.yaml", _node_ous(issuer))
    certificates.mkdir(mode=0o755, exist_ok=True)
    old = _visible(certificates)
    certificate = old[0] if len(old) == 1 else certificates / "cert.pem"
    _write(certificate, enrollment.cert_pem)
    for path in [*_visible(keys), *_visible(certificates)]:
        if path not in {key, certificate}:
            path.unlink()
    for name in ("cacerts", "intermediatecerts") if issuers else ():
        for path in _visible(msp / name):
            if path not in issuers and not _is_named(msp, path):
                path.unlink()


def _write_beside(folder: Path, stem: str, certificates: list[bytes]) -> list[Path]:
    """The files that hold these certificates, written unless they are there."""
    found: list[Path] = []
    for number, content in enumerate(certificates):
        same = [path for path in _visible(folder) if path.read_bytes().strip() == content.strip()]
        if same:
            found += same
            continue
        path = folder / f"{stem}{number or ''}.pem"
        if path.exists():
            path = folder / f"{stem}-{hashlib.sha256(content).hexdigest()[:16]}.pem"
        _write(path, content)
        found.append(path)
    return found


def _is_named(msp: Path, certificate: Path) -> bool:
    """Whether `config.yaml`, which is its owner's, speaks of this certificate."""
    return certificate.relative_to(msp).as_posix().encode() in (msp / "config.yaml").read_bytes()


def _subject_key_id(enrollment: Enrollment) -> str:
    """Fabric's: SHA-256 of the uncompressed point (`bccsp/sw/ecdsakey.go`). It names key files by it."""
    point = enrollment.private_key().public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return hashlib.sha256(point).hexdigest()


def _sorted(chain_pem: bytes) -> tuple[list[bytes], list[bytes]]:
    """The self-signed certificates of a chain, and the others."""
    roots: list[bytes] = []
    intermediates: list[bytes] = []
    for certificate in x509.load_pem_x509_certificates(chain_pem) if chain_pem.strip() else []:
        own = certificate.subject == certificate.issuer
        (roots if own else intermediates).append(certificate.public_bytes(Encoding.PEM))
    return roots, intermediates


def _node_ous(certificate: str) -> bytes:
    """Fabric's `msp/configbuilder.go` reads it; `certificate` is the one that issues to members."""
    lines = ["NodeOUs:", "  Enable: true"]
    for role, unit in _ROLES:
        lines += [
            f"  {role}OUIdentifier:",
            f"    Certificate: {certificate}",
            f"    OrganizationalUnitIdentifier: {unit}",
        ]
    return "\n".join([*lines, ""]).encode()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(mode=0o755, exist_ok=True)
    write_atomically(path, content, mode=_PUBLIC)


def _visible(folder: Path) -> list[Path]:
    """The files of a folder, without hidden ones: of Kubernetes, file managers, and interrupted writes."""
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and not path.name.startswith("."))


def _files(folder: Path) -> list[bytes]:
    try:
        if not folder.is_dir():
            raise CertificateFileError(f"{folder} cannot be read: there is no such folder.")
        return [path.read_bytes() for path in _visible(folder)]
    except OSError as error:
        raise CertificateFileError(f"{folder} cannot be read: {error.strerror}.") from error
