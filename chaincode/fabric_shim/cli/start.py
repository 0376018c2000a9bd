"""``fabric-shim start module:object``."""

from __future__ import annotations

import argparse
import os
import sys

from fabric_shim import launch, settings
from fabric_shim.cli.target import TargetError, load
from fabric_shim.errors import ConfigurationError


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the target and the settings of a chaincode process."""
    parser.add_argument(
        "target", metavar="MODULE[:OBJECT]", help="a chaincode, a contract, or a module with some"
    )
    settings.add_arguments(parser)


def run(namespace: argparse.Namespace) -> int:
    """Serve until SIGTERM; 2 when a setting is missing or wrong, 1 when it cannot start."""
    try:
        told = settings.read(namespace, os.environ)
    except ConfigurationError as error:
        print(f"fabric-shim start: error: {error}", file=sys.stderr)
        return 2
    try:
        chaincode = load(namespace.target)
    except TargetError as error:
        print(f"fabric-shim start: error: {error}", file=sys.stderr)
        return 1
    return launch.run(chaincode, told)
