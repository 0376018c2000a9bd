"""Chaincode packages: made so that equal content gives equal bytes, and read.

Format: Fabric docs "Packaging a chaincode"; package ID as in `core/chaincode/persistence` of Fabric's source.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import tarfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

from carechannel.sdk.errors import PackageError

_LABEL = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9_.+-]*)")
_METADATA, _CODE = "metadata.json", "code.tar.gz"
MAX_UNPACKED = 100 * 1024 * 1024
"""Bytes that a package may unpack to; a peer would not take the message either."""


@dataclass(frozen=True)
class PackageContent:
    """What is in a package: `kind` is its type (`ccaas`, `golang` …), `code` the inner archive."""

    label: str
    kind: str
    code: bytes


def package(label: str, kind: str, files: Mapping[str, bytes]) -> bytes:
    """A package (.tar.gz) of `files` by their names: the same bytes on every machine, at any time.

    For a chaincode as a service `kind` is `ccaas` and `files` is `connection.json`. Raises `PackageError` for
    a label or name that Fabric would not take.
    """
    _check_label(label)
    for name in files:
        if (
            not name
            or name.startswith("/")
            or "\0" in name
            or not {"", ".", ".."}.isdisjoint(name.split("/"))
        ):
            raise PackageError(f"{name!r} is no name for a file in a package.")
    metadata = json.dumps({"label": label, "type": kind}, sort_keys=True, separators=(",", ":")).encode()
    return _tar_gz({_CODE: _tar_gz(files), _METADATA: metadata})


def package_id(content: bytes) -> str:
    """What a peer calls the package once it is installed: label and SHA-256. Raises `PackageError`."""
    return f"{read_package(content).label}:{hashlib.sha256(content).hexdigest()}"


def read_package(content: bytes) -> PackageContent:
    """Raises `PackageError` for what is no chaincode package, or unpacks to more than `MAX_UNPACKED`."""
    try:
        with tarfile.open(fileobj=io.BytesIO(_unzipped(content)), mode="r:") as archive:
            files = {
                entry.name: reader.read()
                for entry in archive
                if entry.isreg() and (reader := archive.extractfile(entry)) is not None
            }
        metadata = json.loads(files[_METADATA])
        label, kind = metadata["label"], metadata["type"]
        code = files[_CODE]
    except (
        OSError,
        EOFError,
        zlib.error,
        tarfile.TarError,
        ValueError,
        KeyError,
        TypeError,
        RecursionError,
    ) as error:
        raise PackageError(
            f"That is no chaincode package, a .tar.gz with {_METADATA} and {_CODE} ({type(error).__name__})."
        ) from error
    if not isinstance(label, str) or not isinstance(kind, str):
        raise PackageError(f"The package's {_METADATA} tells no label and type.")
    _check_label(label)
    return PackageContent(label, kind, code)


def _check_label(label: str) -> None:
    if not _LABEL.fullmatch(label):
        raise PackageError(
            f"{label!r} is no label: letters, digits, '_', '.', '+', '-', beginning with a letter or digit."
        )


def _unzipped(content: bytes) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(content)) as reader:
        unpacked = reader.read(MAX_UNPACKED + 1)
    if len(unpacked) > MAX_UNPACKED:
        raise PackageError(f"The package unpacks to more than {MAX_UNPACKED // 1024**2} MB.")
    return unpacked


def _tar_gz(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    try:
        with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
            for name, content in sorted(files.items()):
                entry = tarfile.TarInfo(name)
                entry.size, entry.mode = len(content), 0o644
                archive.addfile(entry, io.BytesIO(content))
    except (ValueError, UnicodeError) as error:
        raise PackageError(f"A file's name does not fit into a package: {error}.") from error
    # Uncompressed, because two machines' zlib need not compress to the same bytes; and without the header's
    # two bytes on compressor and operating system (RFC 1952, XFL and OS), which differ between Pythons.
    packed = gzip.compress(buffer.getvalue(), compresslevel=0, mtime=0)
    return packed[:8] + b"\x00\xff" + packed[10:]
