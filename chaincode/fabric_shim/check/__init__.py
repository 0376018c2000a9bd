"""The determinism and safety check: static rules for chaincode (``fabric-shim check PATH…``).

It reads source text and never imports or runs what it checks. As a test::

    from fabric_shim.check import assert_clean

    def test_my_contract_is_deterministic():
        assert_clean("my_contract")
"""

from __future__ import annotations

from collections.abc import Iterable
from os import PathLike
from pathlib import Path
from types import ModuleType

from fabric_shim.check.engine import check_files
from fabric_shim.check.files import python_files
from fabric_shim.check.finding import Finding, Severity
from fabric_shim.check.registry import chosen
from fabric_shim.check.report import as_text
from fabric_shim.errors import ConfigurationError

__all__ = ["Finding", "Severity", "assert_clean", "check"]


def check(
    paths: Iterable[str | PathLike[str]], *, select: Iterable[str] = (), ignore: Iterable[str] = ()
) -> list[Finding]:
    """Check files and folders.

    :param select: codes, or how they begin; none: all rules.
    :param ignore: codes, or how they begin.
    :returns: the findings, sorted by place; a file that cannot be read is one (``FS001``).
    :raises ConfigurationError: there is no Python file in the paths, or no such rule.
    """
    return check_files(python_files(Path(path) for path in paths), chosen(select, ignore))


def assert_clean(
    what: ModuleType | str | PathLike[str], *, select: Iterable[str] = (), ignore: Iterable[str] = ()
) -> None:
    """Fail with the whole report unless the check finds nothing.

    :param what: a module or package that is imported already, or the path of a file or folder.
    :raises AssertionError: there are findings.
    :raises ConfigurationError: as :func:`check`.
    """
    places = _places(what) if isinstance(what, ModuleType) else [Path(what)]
    findings = check(places, select=select, ignore=ignore)
    if findings:
        raise AssertionError("\n" + as_text(findings, len(python_files(places))))


def _places(module: ModuleType) -> list[Path]:
    folders = [Path(folder) for folder in getattr(module, "__path__", [])]
    if folders:
        return folders
    file: str | None = getattr(module, "__file__", None)
    if file is None:
        raise ConfigurationError(f"The module {module.__name__} has no source file.")
    return [Path(file)]
