"""MSP folders and TLS files on disk: written whole, and judged whether they are still good."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from fabric_network.files import PRIVATE, make_folder, write
from fabric_network.identities import TlsFiles
from fabric_network.render.msp import node_ous


def write_channel_msp(folder: Path, root: bytes) -> None:
    """What a channel's configuration takes in of an organisation: its root and the NodeOUs."""
    if not (
        _same(folder / "cacerts" / "ca.pem", root) and _same(folder / "config.yaml", node_ous().encode())
    ):
        make_folder(folder, lambda target: _write_roots(target, root))


def write_msp(folder: Path, root: bytes, cert_pem: bytes, key_pem: bytes, *, clients: bool = True) -> None:
    """Somebody's MSP folder, in Fabric's standard layout; `clients` as in `node_ous`."""

    def fill(target: Path) -> None:
        _write_roots(target, root, clients=clients)
        write(target / "keystore" / "key.pem", key_pem, PRIVATE)
        (target / "keystore").chmod(0o700)
        write(target / "signcerts" / "cert.pem", cert_pem)

    make_folder(folder, fill)


def write_tls(files: TlsFiles, root: bytes, cert_pem: bytes, key_pem: bytes) -> None:
    """Certificate last: `tls_is_good` only when all are there and fit."""
    write(files.key, key_pem, PRIVATE)
    write(files.root, root)
    write(files.certificate, cert_pem)


def read_msp(folder: Path) -> tuple[bytes, bytes]:
    """Certificate and key of an MSP folder, PEM."""
    return (folder / "signcerts" / "cert.pem").read_bytes(), (folder / "keystore" / "key.pem").read_bytes()


def read_key(file: Path) -> ec.EllipticCurvePrivateKey | None:
    """None if there is no readable elliptic-curve key in `file`."""
    if not file.is_file():
        return None
    try:
        key = serialization.load_pem_private_key(file.read_bytes(), password=None)
    except ValueError:
        return None
    return key if isinstance(key, ec.EllipticCurvePrivateKey) else None


def msp_is_good(folder: Path, root: bytes, *, clients: bool = True) -> bool:
    return (
        _same(folder / "cacerts" / "ca.pem", root)
        and _same(folder / "tlscacerts" / "ca.pem", root)
        and _same(folder / "config.yaml", node_ous(clients=clients).encode())
        and _fits(folder / "signcerts" / "cert.pem", folder / "keystore" / "key.pem", root)
    )


def tls_is_good(files: TlsFiles, root: bytes, hosts: tuple[str, ...]) -> bool:
    if not _same(files.root, root) or not _fits(files.certificate, files.key, root):
        return False
    return not hosts or set(hosts) <= _certified_hosts(files.certificate)


def _certified_hosts(file: Path) -> set[str]:
    extensions = x509.load_pem_x509_certificate(file.read_bytes()).extensions
    try:
        names = extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    except x509.ExtensionNotFound:
        return set()
    return {*names.get_values_for_type(x509.DNSName), *map(str, names.get_values_for_type(x509.IPAddress))}


def _fits(certificate_file: Path, key_file: Path, root: bytes) -> bool:
    """The certificate is from `root`, has not expired, and is for the key."""
    key = read_key(key_file)
    if key is None or not certificate_file.is_file():
        return False
    try:
        certificate = x509.load_pem_x509_certificate(certificate_file.read_bytes())
        certificate.verify_directly_issued_by(x509.load_pem_x509_certificate(root))
    except (ValueError, TypeError, InvalidSignature):
        return False
    return (
        certificate.not_valid_after_utc > datetime.now(UTC) and certificate.public_key() == key.public_key()
    )


def _same(file: Path, content: bytes) -> bool:
    return file.is_file() and file.read_bytes() == content


def _write_roots(folder: Path, root: bytes, *, clients: bool = True) -> None:
    write(folder / "cacerts" / "ca.pem", root)
    write(folder / "tlscacerts" / "ca.pem", root)
    write(folder / "config.yaml", node_ous(clients=clients))
