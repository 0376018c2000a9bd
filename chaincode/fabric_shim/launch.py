"""The command line of a chaincode process: ``serve(chaincode)`` is all that its ``__main__`` needs."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from fabric_shim.chaincode import Chaincode
from fabric_shim.errors import ConfigurationError
from fabric_shim.server import ChaincodeServer, TlsConfig

_SETTINGS = (
    ("--chaincode-id", "CHAINCODE_ID", "package id of the installed chaincode (label:hash)"),
    ("--address", "CHAINCODE_SERVER_ADDRESS", "host:port to listen on"),
    ("--tls-cert", "CHAINCODE_TLS_CERT_FILE", "PEM certificate of this server"),
    ("--tls-key", "CHAINCODE_TLS_KEY_FILE", "PEM private key of this server"),
    (
        "--client-ca",
        "CHAINCODE_CLIENT_CA_FILE",
        "PEM CA certificates that the peer's client certificate must have",
    ),
)


def serve(chaincode: Chaincode, argv: Sequence[str] | None = None) -> int:
    """Serve a chaincode as the command line or the environment says, until SIGTERM.

    :param argv: the arguments without the program's name; None takes the process's own.
    :returns: the process's exit code: 0 stopped as asked, 1 it could not start.
    """
    parser = argparse.ArgumentParser(description="Serve the chaincode to the peers of one organisation.")
    for option, variable, meaning in _SETTINGS:
        value = os.environ.get(variable)
        parser.add_argument(option, default=value, required=not value, help=f"{meaning} (or {variable})")
    parser.add_argument("--log-level", default="INFO", choices=("DEBUG", "INFO", "WARNING", "ERROR"))
    arguments = parser.parse_args(argv)
    logging.basicConfig(
        level=arguments.log_level, stream=sys.stderr, format="%(asctime)s %(levelname)s %(name)s %(message)s"
    )
    tls = TlsConfig(Path(arguments.tls_cert), Path(arguments.tls_key), Path(arguments.client_ca))
    try:
        asyncio.run(_serve(chaincode, arguments.chaincode_id, arguments.address, tls))
    except ConfigurationError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(chaincode: Chaincode, chaincode_id: str, address: str, tls: TlsConfig) -> None:
    await ChaincodeServer(chaincode, chaincode_id, address, tls).serve_forever()
