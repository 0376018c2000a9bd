"""What a chaincode-as-a-service needs beside its code: a package, and each peer's external builder.

The package is the same for all members and holds no address and no secret; the builder tells its own peer
where the chaincode process listens. Formats: Fabric docs "Running Chaincode as an External Service" and
"External Builders and Launchers".
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from carechannel.sdk.admin import chaincode_package

from fabric_network.topology import Chaincode, Node

DIAL_TIMEOUT = "10s"


def package(chaincode: Chaincode) -> bytes:
    """The package (.tar.gz); equal bytes for an equal label, on every machine."""
    connection = {"client_auth_required": True, "dial_timeout": DIAL_TIMEOUT, "tls_required": True}
    return chaincode_package.package(chaincode.label, "ccaas", {"connection.json": _json(connection)})


def package_id(chaincode: Chaincode) -> str:
    """What a peer calls the installed package, and what the chaincode process has to call itself."""
    return chaincode_package.package_id(package(chaincode))


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
