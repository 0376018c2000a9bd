"""FS115."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from typing import Final

from fabric_shim.check.module import Module
from fabric_shim.check.rule import ForbiddenNames, Place, at

_LOCAL_DIRECTIVE: Final = re.compile(r"%[-#]?[aAbBcxXpZ]")
_NUMBER_BY_LOCALE: Final = re.compile(r"[^%]*n")
_FROM_STAMP: Final = frozenset({"datetime.datetime.fromtimestamp", "datetime.date.fromtimestamp"})


class LocaleAndZone(ForbiddenNames):
    """The machine's language and time zone."""

    code = "FS115"
    name = "locale-and-zone"
    reason = (
        "Language, sort order and time zone are settings of the machine, and its time-zone rules are a file "
        "that is updated now and then: the same instant is written in another way on another endorser."
    )
    fix = "Stay in UTC with numbers: isoformat(), tz=timezone.utc, sorted() without a locale."
    bad = """
from datetime import datetime

async def day(ctx, key: str, seconds: int) -> None:
    when = datetime.fromtimestamp(seconds)  # FS115
    await ctx.stub.put_state(key, when.strftime("%d %B %Y").encode())  # FS115
"""
    good = """
from datetime import datetime, timezone

async def day(ctx, key: str, seconds: int) -> None:
    when = datetime.fromtimestamp(seconds, tz=timezone.utc)
    await ctx.stub.put_state(key, when.strftime("%Y-%m-%d").encode())
"""
    forbidden = (
        (
            "depends on this machine's language",
            "locale. gettext.",
        ),
        (
            "depends on this machine's time zone",
            "time.tzset time.tzname time.timezone time.altzone time.daylight time.mktime "
            "dateutil.tz.tzlocal tzlocal.",
        ),
        (
            "reads this machine's time-zone rules",
            "zoneinfo.ZoneInfo zoneinfo.available_timezones dateutil.tz.gettz",
        ),
    )

    def check(self, module: Module) -> Iterator[Place]:
        """Find names, and calls that fall back on the machine's settings."""
        yield from super().check(module)
        for node in module.nodes:
            if isinstance(node, ast.FormattedValue) and _formats_locally(node):
                yield at(module, node.value, "This format depends on this machine's language or zone.")
        for call in module.calls:
            name = module.names.resolve(call.func) or ""
            method = call.func.attr if isinstance(call.func, ast.Attribute) else ""
            if name in _FROM_STAMP and len(call.args) + len(call.keywords) < 2:  # noqa: PLR2004 - the time zone
                yield at(module, call, f"{name} without tz= uses this machine's time zone.")
            elif method == "astimezone" and not call.args and not call.keywords:
                yield at(module, call, "astimezone() without a zone uses this machine's.")
            elif method in ("strftime", "strptime") and any(map(_is_local, call.args)):
                yield at(
                    module,
                    call,
                    f"The directives of this {method} depend on this machine's language or zone.",
                )


def _formats_locally(node: ast.AST) -> bool:
    """Whether a format in an f-string is of the machine's language: ``{n:n}``, ``{day:%A}``."""
    if not isinstance(node, ast.FormattedValue) or not isinstance(node.format_spec, ast.JoinedStr):
        return False
    texts = [part for part in node.format_spec.values if isinstance(part, ast.Constant)]
    by_number = bool(texts) and _NUMBER_BY_LOCALE.fullmatch(str(texts[-1].value)) is not None
    return by_number or any(map(_is_local, texts))


def _is_local(argument: ast.expr) -> bool:
    return (
        isinstance(argument, ast.Constant)
        and isinstance(argument.value, str)
        and _LOCAL_DIRECTIVE.search(argument.value) is not None
    )
