"""The command line's root: finds the command, and loads its module only then."""

from __future__ import annotations

import argparse
import errno
import importlib
import os
import sys
from collections.abc import Callable, Sequence
from importlib.metadata import version
from typing import Final, Protocol, cast

_READER_GONE: Final = 128 + 13
_COMMANDS: Final = {
    "start": ("fabric_shim.cli.start", "serve a chaincode to peers"),
    "metadata": ("fabric_shim.cli.metadata", "write the contract metadata as JSON"),
    "check": ("fabric_shim.check.command", "look for non-deterministic or leaky chaincode"),
}


class _Command(Protocol):
    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, namespace: argparse.Namespace) -> int: ...


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line.

    :param argv: the arguments without the program's name; None takes the process's own.
    :returns: the exit code: 0 done, 1 it failed or found something; 141 when standard output was closed.
    :raises SystemExit: with code 2, the command line is wrong; 0 after ``--help`` and ``--version``.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    parser = argparse.ArgumentParser(
        prog="fabric-shim", description="Python chaincode for Hyperledger Fabric."
    )
    parser.add_argument(
        "--version", action="version", version=f"fabric-shim {version('carechannel-chaincode')}"
    )
    commands = parser.add_subparsers(dest="command", metavar="COMMAND", required=True)
    for name, (module, meaning) in _COMMANDS.items():
        command = commands.add_parser(name, help=meaning, description=f"{meaning.capitalize()}.")
        if words[:1] == [name]:
            chosen = cast(_Command, importlib.import_module(module))
            chosen.add_arguments(command)
            command.set_defaults(run=chosen.run)
    namespace = parser.parse_args(words)
    run: Callable[[argparse.Namespace], int] = namespace.run
    try:
        code = run(namespace)
        sys.stdout.flush()
    except BrokenPipeError:
        return _unwritten(_READER_GONE)
    except OSError as error:
        # Errors of files name the file; the standard output has no name.
        if error.errno != errno.ENOSPC or error.filename is not None:
            raise
        print(f"fabric-shim: error: standard output: {error.strerror}", file=sys.stderr)
        return _unwritten(1)
    return code


def _unwritten(code: int) -> int:
    # Python's own flush at the end must not fail a second time.
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code
