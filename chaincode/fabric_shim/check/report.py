"""How findings are written: for people, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict

from fabric_shim.check.finding import Finding, Severity
from fabric_shim.check.rule import Rule


def as_text(findings: Sequence[Finding], files: int) -> str:
    """One finding after the other, each with its fix, and a summary line."""
    lines = [line for finding in findings for line in (str(finding), f"    fix: {finding.fix}")]
    return "\n".join([*lines, summary(findings, files)])


def as_json(findings: Sequence[Finding], files: int) -> str:
    """An object with ``findings`` and ``summary``, its keys sorted."""
    return json.dumps(
        {
            "findings": [asdict(finding) for finding in findings],
            "summary": {
                "files": files,
                "errors": _count(findings, Severity.ERROR),
                "warnings": _count(findings, Severity.WARNING),
            },
        },
        indent=2,
        sort_keys=True,
    )


def summary(findings: Sequence[Finding], files: int) -> str:
    """The last line of a report."""
    checked = _plural(files, "file")
    if not findings:
        return f"Checked {checked}: no findings."
    errors, warnings = _count(findings, Severity.ERROR), _count(findings, Severity.WARNING)
    return f"Checked {checked}: {_plural(errors, 'error')}, {_plural(warnings, 'warning')}."


def as_list(rules: Iterable[Rule]) -> str:
    """A line for each rule."""
    return "\n".join(f"{rule.code}  {rule.severity.value:<7}  {rule.name}: {rule.fix}" for rule in rules)


def explanation(rule: Rule) -> str:
    """Everything that is known of a rule, for a terminal."""
    return "\n".join(
        [
            f"{rule.code} {rule.name} ({rule.severity.value})",
            "",
            f"Why: {rule.reason}",
            f"Fix: {rule.fix}",
            "",
            "Bad:",
            *_indented(rule.bad),
            "",
            "Good:",
            *_indented(rule.good),
            "",
            f"To keep it where it is meant: # noqa: {rule.code} the reason",
        ]
    )


def _indented(example: str) -> list[str]:
    return [f"    {line}".rstrip() for line in example.strip().splitlines()]


def _count(findings: Sequence[Finding], severity: Severity) -> int:
    return sum(finding.severity == severity.value for finding in findings)


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
