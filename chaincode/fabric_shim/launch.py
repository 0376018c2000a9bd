"""The command line of a chaincode process: ``serve(chaincode)`` is all that its ``__main__`` needs."""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import sys
from collections.abc import Sequence

from fabric_shim import logs, settings
from fabric_shim.chaincode import Chaincode
from fabric_shim.errors import ConfigurationError
from fabric_shim.observer import Observer, Observers
from fabric_shim.server import ChaincodeServer
from fabric_shim.settings import OperationsSettings, ServerSettings

_log = logging.getLogger(__name__)


def serve(chaincode: Chaincode, argv: Sequence[str] | None = None) -> int:
    """Serve a chaincode as the command line or the environment says, until SIGTERM.

    :param argv: the arguments without the program's name; None takes the process's own.
    :returns: the process's exit code: 0 stopped as asked, 1 it could not start.
    :raises SystemExit: with code 2, a setting is missing or wrong; 0 after ``--help``.
    """
    parser = argparse.ArgumentParser(description="Serve the chaincode to the peers of one organisation.")
    settings.add_arguments(parser)
    try:
        told = settings.read(parser.parse_args(argv), os.environ)
    except ConfigurationError as error:
        parser.error(str(error))
    return run(chaincode, told)


def run(chaincode: Chaincode, told: ServerSettings) -> int:
    """Serve a chaincode until SIGTERM; gives the process's exit code as :func:`serve` does."""
    logs.configure(told.log_level, told.log_format)
    try:
        asyncio.run(_serve(chaincode, told))
    except ConfigurationError as error:
        print(f"Error: {error}", file=sys.stderr)
        return 1
    return 0


async def _serve(chaincode: Chaincode, told: ServerSettings) -> None:
    observers: list[Observer] = [logs.TransactionLog()]
    if told.tracing:
        observers.append(_tracing())
    if told.operations is None:
        await _server(chaincode, told, observers).serve_forever(told.grace)
    else:
        await _serve_with_operations(chaincode, told, told.operations, observers)


async def _serve_with_operations(
    chaincode: Chaincode, told: ServerSettings, operations: OperationsSettings, observers: list[Observer]
) -> None:
    # They take time to load and only processes with an operations listener need them.
    from fabric_shim.metrics import Metrics  # noqa: PLC0415
    from fabric_shim.operations import Operations  # noqa: PLC0415

    metrics = Metrics()
    server = _server(chaincode, told, [*observers, metrics])
    listener = Operations(operations.address, metrics, server.unhealthy, operations.tls)
    _log.info("Serving /healthz and /metrics on port %d", await listener.start())
    try:
        await server.serve_forever(told.grace)
    finally:
        await listener.stop()


def _server(chaincode: Chaincode, told: ServerSettings, observers: list[Observer]) -> ChaincodeServer:
    return ChaincodeServer(
        chaincode,
        told.chaincode_id,
        str(told.address),
        told.tls,
        observer=Observers(observers),
        limits=told.limits,
    )


def _tracing() -> Observer:
    try:
        from fabric_shim.tracing import Tracing  # noqa: PLC0415 - an optional extra
    except ModuleNotFoundError:
        raise ConfigurationError(
            "--tracing needs OpenTelemetry: install carechannel-chaincode[telemetry]."
        ) from None
    return Tracing()
