"""What a chaincode-as-a-service needs beside its code: a package, and each peer's external builder.

The package is the same for all members and holds no address and no secret; the builder tells its own peer
where the chaincode process listens. Formats: Fabric docs "Running Chaincode as an External Service" and
"External Builders and Launchers"; package ID as in `core/chaincode/persistence`.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

from fabric_network.topology import Chaincode, Node

DIAL_TIMEOUT = "10s"


def package(chaincode: Chaincode) -> bytes:
    """The package (.tar.gz); equal bytes for an equal label, on every machine."""
    metadata = {"label": chaincode.label, "type": "ccaas"}
    connection = {"client_auth_required": True, "dial_timeout": DIAL_TIMEOUT, "tls_required": True}
    code = _tar_gz({"connection.json": _json(connection)})
    return _tar_gz({"code.tar.gz": code, "metadata.json": _json(metadata)})


def package_id(chaincode: Chaincode) -> str:
    """What a peer calls the installed package, and what the chaincode process has to call itself."""
    return f"{chaincode.label}:{hashlib.sha256(package(chaincode)).hexdigest()}"


def connection(node: Node, *, root: str, certificate: str, key: str) -> str:
    """The peer's side: where the chaincode process `node` listens, and PEM texts for mutual TLS with it.

    `root` issued the process's certificate; `certificate` and `key` are what the peer shows. A secret.
    """
    return _json(
        {
            "address": node.address,
            "client_auth_required": True,
            "client_cert": certificate,
            "client_key": key,
            "dial_timeout": DIAL_TIMEOUT,
            "domain": node.hostname,
            "root_cert": root,
            "tls_required": True,
        }
    ).decode()


def builder_scripts(connections: Path) -> Mapping[str, str]:
    """The external builder's scripts by name (POSIX sh; write them to its `bin` with mode 755).

    `release` copies what the peer needs from `connections` and the peer keeps that copy: a chaincode that
    moves to another address has to be installed again.
    """
    return {
        "detect": _DETECT,
        "build": _BUILD,
        "release": _RELEASE.replace("@CONNECTIONS@", _quoted(connections)),
    }


def _quoted(path: Path) -> str:
    return "'" + str(path).replace("'", "'\\''") + "'"


_DETECT = """\
#!/bin/sh
# detect SOURCE METADATA: 0 if this builder takes the package.
grep -q '"type" *: *"ccaas"' "$2/metadata.json"
"""

_BUILD = """\
#!/bin/sh
# build SOURCE METADATA OUTPUT: nothing to compile; keep what release needs.
set -eu
cp "$2/metadata.json" "$3/metadata.json"
"""

_RELEASE = """\
#!/bin/sh
# release BUILD_OUTPUT RELEASE_OUTPUT: show the peer where its chaincode process listens.
set -eu
umask 077
connections=@CONNECTIONS@
label=$(sed -n 's/.*"label" *: *"\\([A-Za-z0-9][A-Za-z0-9_.+-]*\\)".*/\\1/p' "$1/metadata.json")
if [ -z "$label" ] || [ ! -f "$connections/$label.json" ]; then
    echo "this peer has no connection file for the chaincode package '$label' in $connections" >&2
    exit 1
fi
mkdir -p "$2/chaincode/server"
cp "$connections/$label.json" "$2/chaincode/server/connection.json"
"""


def _json(document: Mapping[str, object]) -> bytes:
    return json.dumps(document, sort_keys=True, separators=(",", ":")).encode()


def _tar_gz(files: Mapping[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(content), 0o644
            archive.addfile(entry, io.BytesIO(content))
    # Uncompressed, because two machines' zlib need not compress to the same bytes; and without the header's
    # two bytes on compressor and operating system (RFC 1952, XFL and OS), which differ between Pythons.
    packed = gzip.compress(buffer.getvalue(), compresslevel=0, mtime=0)
    return packed[:8] + b"\x00\xff" + packed[10:]
