"""A chaincode process, of whatever language: its command, and the environment that tells it what it is."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping
from pathlib import Path

from fabric_network.commands.command import Command
from fabric_network.paths import ChaincodeLayout
from fabric_network.topology import Chaincode, Node


def environment(node: Node, files: ChaincodeLayout, msp_id: str, package_id: str) -> Mapping[str, str]:
    """What the process `node` is told, under the names that each language's chaincode reads.

    Python: `fabric_shim`. Go: fabric-samples' external chaincodes, and `shim.GetMSPID`. Node: the options of
    `fabric-chaincode-node server`, which reads `CORE_` and the option's name.
    """
    certificate, key = str(files.server_certificate), str(files.server_key)
    # With the CA's root as what clients must have, everybody gets in whom it ever issued a certificate. Only
    # fabric_shim takes the peer's own instead: to a Go server that does not name its issuer the peer shows
    # none (crypto/tls, SupportsCertificate), and Node's OpenSSL trusts roots only.
    root = str(files.client_ca)
    return {
        "CHAINCODE_ID": package_id,
        "CHAINCODE_SERVER_ADDRESS": node.address,
        "CHAINCODE_TLS_DISABLED": "false",
        "CORE_PEER_LOCALMSPID": msp_id,
        "CHAINCODE_TLS_CERT_FILE": certificate,
        "CHAINCODE_TLS_KEY_FILE": key,
        "CHAINCODE_CLIENT_CA_FILE": str(files.client_certificate),
        "CHAINCODE_TLS_CERT": certificate,
        "CHAINCODE_TLS_KEY": key,
        "CHAINCODE_CLIENT_CA_CERT": root,
        "CORE_CHAINCODE_ID": package_id,
        "CORE_CHAINCODE_ADDRESS": node.address,
        "CORE_CHAINCODE_TLS_CERT_FILE": certificate,
        "CORE_CHAINCODE_TLS_KEY_FILE": key,
        "CORE_CHAINCODE_TLS_CLIENT_CACERT_FILE": root,
    }


def command(chaincode: Chaincode, folder: Path, files: ChaincodeLayout, told: Mapping[str, str]) -> Command:
    """The process of `chaincode`, which is `told` its environment.

    A `command` runs in `folder`, that of the topology file; a program with a slash in it is found from there,
    any other on the PATH.
    """
    if chaincode.module is not None:
        arguments = ("-m", chaincode.module)
        return Command(Path(sys.executable), arguments, {**told, "PYTHONUNBUFFERED": "1"}, files.root)
    program, *rest = chaincode.command
    return Command(folder / program if "/" in program else Path(program), tuple(rest), told, folder)


def named_files(chaincode: Chaincode, folder: Path) -> tuple[Path, ...]:
    """The files that the chaincode's command names: its program, a script."""
    return tuple(file for part in chaincode.command if (file := folder / part).is_file())


def dotenv(told: Mapping[str, str]) -> str:
    """The environment as a file that shells and debuggers read: NAME=value."""
    return "".join(f"{name}={shlex.quote(value)}\n" for name, value in told.items())
