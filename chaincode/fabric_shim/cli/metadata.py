"""``fabric-shim metadata generate module:object``."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from fabric_shim.cli.target import TargetError, load
from fabric_shim.contract import ContractChaincode


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the one command below this one."""
    commands = parser.add_subparsers(metavar="COMMAND", required=True)
    generate = commands.add_parser("generate", help="write it", description="Write the contract metadata.")
    generate.add_argument(
        "target", metavar="MODULE[:OBJECT]", help="a contract chaincode, a contract, or a module"
    )
    generate.add_argument(
        "-o", "--output", metavar="FILE", type=Path, help="where to; standard output by default"
    )


def run(namespace: argparse.Namespace) -> int:
    """Write what ``org.hyperledger.fabric:GetMetadata`` answers; 1 when there is none."""
    output: Path | None = namespace.output
    try:
        text = _metadata(namespace.target)
        if output is not None:
            _write(output, text)
    except (TargetError, OSError) as error:
        print(f"fabric-shim metadata generate: error: {error}", file=sys.stderr)
        return 1
    if output is None:
        sys.stdout.write(text)
    return 0


def _write(output: Path, text: str) -> None:
    """Write the whole file or leave what was there: a half-written one would be taken for the contract's."""
    if output.exists() and not output.is_file():
        output.write_text(text, encoding="utf-8")
        return
    target = output.resolve()
    unfinished = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        unfinished.write_text(text, encoding="utf-8")
        unfinished.replace(target)
    except OSError as error:
        unfinished.unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(output)) from None


def _metadata(target: str) -> str:
    chaincode = load(target)
    if not isinstance(chaincode, ContractChaincode):
        raise TargetError("The chaincode is not made of contracts, so it has no contract metadata.")
    return json.dumps(json.loads(chaincode.metadata), indent=2, ensure_ascii=False) + "\n"
