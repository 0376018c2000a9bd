"""Runs rules over files."""

from __future__ import annotations

import sys
import tokenize
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from fabric_shim.check.finding import Finding
from fabric_shim.check.module import Module
from fabric_shim.check.noqa import Noqa, noqa_comments
from fabric_shim.check.package import Package
from fabric_shim.check.registry import all_rules
from fabric_shim.check.rule import Place, Rule
from fabric_shim.check.rules.noqa_unused import NoqaUnused
from fabric_shim.check.rules.noqa_without_reason import NoqaWithoutReason
from fabric_shim.check.rules.unreadable import Unreadable
from fabric_shim.errors import ConfigurationError

# A newer Python's syntax is no error of the file; only a check that runs on that Python can read it.
_NOT_PYTHON: Final = "This is not Python {}.{}, on which the check runs".format(*sys.version_info)
_TOO_DEEP: Final = "An expression is nested too deeply to be checked."


def check_files(files: Iterable[Path], rules: Iterable[Rule]) -> list[Finding]:
    """The findings in all files, sorted by place.

    :raises ConfigurationError: there is no file.
    """
    active = tuple(rules)
    names = tuple(files)
    if not names:
        raise ConfigurationError("There is no Python file to check in what was named.")
    package = Package(names)
    return sorted(finding for file in names for finding in check_file(file, active, package))


def check_file(path: Path, rules: Iterable[Rule], package: Package | None = None) -> list[Finding]:
    """The findings in one file, sorted. A file that cannot be read or parsed is a finding of its own.

    :param package: the files that are checked with it.
    """
    name = path.as_posix()
    try:
        with tokenize.open(path) as file:
            text = file.read()
    except SyntaxError as error:
        return [_unreadable(name, f"{_NOT_PYTHON}: {error.msg}.")]
    except UnicodeDecodeError:
        return [_unreadable(name, "The file is not text in the encoding that it declares.")]
    except OSError as error:
        return [_unreadable(name, f"The file cannot be read: {error.strerror}.")]
    return check_text(name, text, rules, package)


def check_text(path: str, text: str, rules: Iterable[Rule], package: Package | None = None) -> list[Finding]:
    """The findings in a module's text, sorted."""
    try:
        module = Module(path, text, package)
        comments = list(noqa_comments(text))
    except SyntaxError as error:
        return [_unreadable(path, f"{_NOT_PYTHON}: {error.msg}.", error.lineno, error.offset)]
    except RecursionError:
        return [_unreadable(path, _TOO_DEEP)]
    except (ValueError, MemoryError, tokenize.TokenError) as error:
        return [_unreadable(path, f"{_NOT_PYTHON}: {type(error).__name__}.")]
    active = tuple(rules)
    try:
        found = [
            rule.finding(path, place)
            for rule in active
            for place in rule.check(module)
            if not _silenced(rule, place, comments)
        ]
    except RecursionError:
        return [_unreadable(path, _TOO_DEEP)]
    return sorted(found + _about_comments(path, comments, active))


def _silenced(rule: Rule, place: Place, comments: list[Noqa]) -> bool:
    silencing = [c for c in comments if rule.code in c.codes and c.line in (place.line, place.last_line)]
    for comment in silencing:
        comment.used.add(rule.code)
    return bool(silencing)


def _about_comments(path: str, comments: list[Noqa], active: tuple[Rule, ...]) -> list[Finding]:
    codes = {rule.code for rule in active}
    known = {rule.code for rule in all_rules()}
    found: list[Finding] = []
    for comment in comments:
        if NoqaWithoutReason.code in codes and not comment.reason:
            found.append(
                _at(path, comment, NoqaWithoutReason(), "The comment silences a rule without a reason.")
            )
        if NoqaUnused.code not in codes:
            continue
        for code in comment.codes:
            if code not in known:
                found.append(_at(path, comment, NoqaUnused(), f"There is no rule {code}."))
            elif code in codes and code not in comment.used:
                found.append(_at(path, comment, NoqaUnused(), f"Nothing on this line breaks {code}."))
    return found


def _at(path: str, comment: Noqa, rule: Rule, message: str) -> Finding:
    return rule.finding(path, Place(comment.line, comment.column - 1, comment.line, message))


def _unreadable(path: str, message: str, line: int | None = None, column: int | None = None) -> Finding:
    place = Place(line or 1, max((column or 1) - 1, 0), line or 1, message)
    return Unreadable().finding(path, place)
