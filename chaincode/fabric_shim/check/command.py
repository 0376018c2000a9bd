"""``fabric-shim check PATH…``: arguments only; the work is in :mod:`fabric_shim.check.engine`."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fabric_shim.check.engine import check_files
from fabric_shim.check.files import python_files
from fabric_shim.check.finding import Severity
from fabric_shim.check.registry import all_rules, chosen, rule
from fabric_shim.check.report import as_json, as_list, as_text, explanation
from fabric_shim.check.rules.unreadable import Unreadable
from fabric_shim.errors import ConfigurationError

CLEAN = 0
FOUND = 1
UNUSABLE = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's arguments."""
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", type=Path, help="a Python file, or a folder of them"
    )
    parser.add_argument("--json", action="store_true", help="write the findings as JSON")
    parser.add_argument(
        "--select", metavar="CODE", action="append", default=[], help="only these rules (FS1: all FS1…)"
    )
    parser.add_argument("--ignore", metavar="CODE", action="append", default=[], help="all but these rules")
    parser.add_argument(
        "--exclude", metavar="PATTERN", action="append", default=[], help="leave out paths or names like this"
    )
    parser.add_argument("--no-warnings", action="store_true", help="errors only")
    parser.add_argument("--list", action="store_true", help="print all rules and exit")
    parser.add_argument(
        "--explain", metavar="CODE", help="print a rule with its reason and examples and exit"
    )


def run(arguments: argparse.Namespace) -> int:
    """Check; return 0 when there is nothing to say, 1 for findings, 2 for wrong usage or unreadable files."""
    try:
        if arguments.list:
            return _print(as_list(all_rules()))
        if arguments.explain:
            return _print(explanation(rule(arguments.explain)))
        return _check(arguments)
    except ConfigurationError as error:
        print(error, file=sys.stderr)
        return UNUSABLE


def _check(arguments: argparse.Namespace) -> int:
    rules = chosen(arguments.select, arguments.ignore)
    if not arguments.paths:
        raise ConfigurationError("Name at least one Python file or folder to check.")
    files = python_files(arguments.paths, arguments.exclude)
    findings = check_files(files, rules)
    if arguments.no_warnings:
        findings = [finding for finding in findings if finding.severity != Severity.WARNING.value]
    _print(as_json(findings, len(files)) if arguments.json else as_text(findings, len(files)))
    if any(finding.code == Unreadable.code for finding in findings):
        return UNUSABLE
    return FOUND if findings else CLEAN


def _print(text: str) -> int:
    print(text)
    return CLEAN
