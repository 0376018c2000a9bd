"""All rules, by code."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Iterable
from functools import cache

from fabric_shim.check import rules
from fabric_shim.check.rule import Rule
from fabric_shim.errors import ConfigurationError


@cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule in ``fabric_shim.check.rules``, by code."""
    modules = (
        importlib.import_module(f"{rules.__name__}.{found.name}")
        for found in pkgutil.iter_modules(rules.__path__)
    )
    found = (
        member()
        for module in modules
        for member in vars(module).values()
        if inspect.isclass(member) and issubclass(member, Rule) and member.__module__ == module.__name__
    )
    return tuple(sorted(found, key=lambda rule: rule.code))


def rule(code: str) -> Rule:
    """The rule of a code.

    :raises ConfigurationError: there is none.
    """
    for known in all_rules():
        if known.code == code.upper():
            return known
    raise ConfigurationError(f"There is no rule {code}; `fabric-shim check --list` shows all.")


def chosen(select: Iterable[str] = (), ignore: Iterable[str] = ()) -> tuple[Rule, ...]:
    """The rules whose codes begin with one of `select` (none: all) and with none of `ignore`.

    :raises ConfigurationError: no rule begins like that.
    """
    selected, ignored = _prefixes(select), _prefixes(ignore)
    return tuple(
        known
        for known in all_rules()
        if known.code.startswith(selected or "FS") and not (ignored and known.code.startswith(ignored))
    )


def _prefixes(given: Iterable[str]) -> tuple[str, ...]:
    prefixes = tuple(part.strip().upper() for codes in given for part in codes.split(",") if part.strip())
    for prefix in prefixes:
        if not any(known.code.startswith(prefix) for known in all_rules()):
            raise ConfigurationError(f"There is no rule {prefix}; `fabric-shim check --list` shows all.")
    return prefixes
