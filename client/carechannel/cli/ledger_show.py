"""How the commands of ``carechannel ledger`` write what they found."""

from __future__ import annotations

import json
import sys
import textwrap
from collections.abc import Callable, Mapping, Sequence

import typer
from fabric_ledger import UNSIGNED, Comparison, KeyWrite, Report, Severity, Verdict, words
from fabric_ledger.report import Finding, Flag

from carechannel.cli.ledger_text import printable
from carechannel.cli.session import WIDTH, is_json

_SHOWN = 20
_TEXT = 300

Words = Mapping[str, object]


def one(title: str, told: Words) -> None:
    """A few values."""
    if is_json():
        _json(told)
        return
    typer.echo(title)
    _values(told, indent=2)


def block(told: Words) -> None:
    """A block with its transactions."""
    if is_json():
        _json(told)
        return
    typer.echo(f"Block {told['block']}")
    _values({name: value for name, value in told.items() if name not in {"block", "transactions"}}, indent=2)
    for place, each in enumerate(_list(told["transactions"])):
        typer.echo(f"\nTransaction {place}")
        _values(each, indent=2)


def transaction(told: Words) -> None:
    """A transaction."""
    if is_json():
        _json(told)
        return
    typer.echo("Transaction")
    _values(told, indent=2)


def history(found: Sequence[KeyWrite]) -> None:
    """The writes of a key."""
    rows = [
        {
            "block": each.block,
            "transaction": each.transaction,
            "transaction_id": each.transaction_id,
            "timestamp": None if each.timestamp is None else each.timestamp.isoformat(),
            "msp_id": each.msp_id,
            "validation": words.code(each.validation_code),
            "deleted": each.deleted,
            "value": None if each.value is None else words.text(each.value),
            "value_sha256": None if each.value_hash is None else each.value_hash.hex(),
        }
        for each in found
    ]
    if is_json():
        _json(rows)
        return
    typer.echo(f"{len(rows)} writes" if rows else "No block writes that key.")
    for row in rows:
        typer.echo()
        _values({name: value for name, value in row.items() if value is not None}, indent=2)


def report(found: Report) -> None:
    """What verification came to."""
    if is_json():
        _json(_report(found))
        return
    typer.echo(_headline(found))
    typer.echo()
    told: dict[str, object] = {
        "channel": found.channel,
        "blocks": f"{found.blocks} ({found.first_block} to {found.last_block})",
        "proven up to block": found.proven_to,
        "hash of first block": found.genesis_hash.hex(),
        "that hash": "is the expected one" if found.anchored else "is to be compared by another way",
        "hash of last block": found.last_hash.hex(),
        "its end": "is to be compared by another way (--height)"
        if found.expected_height is None
        else f"{found.expected_height} blocks were expected",
        "transactions": found.transactions,
        "signatures checked": found.signatures,
        "configurations": "; ".join(
            f"block {number}: {', '.join(changes)}" for number, changes in found.configurations
        ),
        "flags": _counts(found.verdicts),
        "commit hashes": _counts(found.commit_hashes),
    }
    _values(told, indent=2)
    _findings(found)
    typer.echo("\nNo signature covers:")
    for region in UNSIGNED:
        _paragraph(f"- {region}")


def comparison(found: Comparison, names: tuple[str, str]) -> None:
    """How two copies differ."""
    told: dict[str, object] = {
        "copies": list(names),
        "heights": list(found.heights),
        "same": found.same,
        "first_difference": found.first_difference,
        "differing_flags": found.flag_count,
        "flags": [
            {
                "block": each.block,
                "transaction": each.transaction,
                "validation": [each.first.name, each.second.name],
            }
            for each in found.flags
        ],
        "commit_hash_difference": found.commit_hash_difference,
        "unreadable": list(found.unreadable),
    }
    if is_json():
        _json(told)
        return
    shorter = min(found.heights)
    typer.echo("The copies are the same." if found.same else "The copies differ.")
    typer.echo()
    for name, height, broken in zip(names, found.heights, found.unreadable, strict=True):
        _paragraph(f"{name}: {height} blocks" + (f"; {broken}" if broken else ""))
    if found.heights[0] != found.heights[1] and found.first_difference is None:
        _paragraph(f"One is longer; up to block {shorter - 1} both were compared.")
    if found.first_difference is not None:
        _paragraph(f"The first block that differs is {found.first_difference}.")
    if found.commit_hash_difference is not None:
        _paragraph(f"The peers' states part at block {found.commit_hash_difference} (commit hash).")
    for each in found.flags[:_SHOWN]:
        _paragraph(
            f"Block {each.block}, transaction {each.transaction}: {each.first.name} in the first, "
            f"{each.second.name} in the second."
        )


def progress() -> Callable[[Report], None] | None:
    """A line on standard error that counts, where somebody sees it."""
    if is_json() or not sys.stderr.isatty():
        return None

    def tell(found: Report) -> None:
        typer.echo(f"\r{found.blocks} blocks, {found.signatures} signatures", err=True, nl=False)

    return tell


def _headline(found: Report) -> str:
    if found.intact:
        unknown = found.verdicts[Verdict.UNKNOWN]
        told = f"; {unknown} flags cannot be recomputed" if unknown else ""
        return f"The ledger is intact up to block {found.last_block}{told}."
    broken = found.first_break
    where = "" if broken is None else f": the first break is at block {broken.block}"
    what = "TAMPERED" if found.severities[Severity.TAMPERED] else "NOT WHAT IT SHOULD BE"
    return f"{what}{where}."


def _findings(found: Report) -> None:
    if found.findings:
        typer.echo("\nFindings:")
    for each in found.findings[:_SHOWN]:
        _paragraph(f"- {_finding(each)}")
    if len(found.findings) > _SHOWN:
        _paragraph(f"- and {sum(found.severities.values()) - _SHOWN} more (--json gives them)")
    unknown = [each for each in found.flags if each.verdict is Verdict.UNKNOWN]
    if unknown:
        typer.echo("\nFlags that cannot be recomputed:")
        for reason in dict.fromkeys(each.why for each in unknown):
            first = next(each for each in unknown if each.why == reason)
            count = sum(each.why == reason for each in unknown)
            _paragraph(f"- {count} from block {first.block}, transaction {first.transaction} on: {reason}")


def _finding(each: Finding) -> str:
    place = "" if each.block is None else f"block {each.block}"
    if each.transaction is not None:
        place += f", transaction {each.transaction}"
    return f"[{each.severity}] {place}: {each.sentence} ({each.check})"


def _report(found: Report) -> dict[str, object]:
    return {
        "intact": found.intact,
        "channel": found.channel,
        "first_block": found.first_block,
        "last_block": found.last_block,
        "proven_to": found.proven_to,
        "blocks": found.blocks,
        "transactions": found.transactions,
        "signatures": found.signatures,
        "genesis_hash": found.genesis_hash.hex(),
        "genesis_expected": found.anchored,
        "height_expected": found.expected_height,
        "last_hash": found.last_hash.hex(),
        "configurations": [
            {"block": number, "changes": list(changes)} for number, changes in found.configurations
        ],
        "flags": {verdict.name.lower(): count for verdict, count in found.verdicts.items()},
        "commit_hashes": {verdict.name.lower(): count for verdict, count in found.commit_hashes.items()},
        "severities": {severity.value: count for severity, count in found.severities.items()},
        "findings": [
            {
                "block": each.block,
                "transaction": each.transaction,
                "check": each.check,
                "severity": each.severity.value,
                "sentence": each.sentence,
            }
            for each in found.findings
        ],
        "transactions_not_valid_or_unknown": [_flag(each) for each in found.flags],
        "unsigned": list(UNSIGNED),
    }


def _flag(each: Flag) -> dict[str, object]:
    return {
        "block": each.block,
        "transaction": each.transaction,
        "transaction_id": each.transaction_id,
        "recorded": each.recorded.name,
        "recomputed": None if each.recomputed is None else each.recomputed.name,
        "verdict": each.verdict.value,
        "why": each.why,
    }


def _counts(counts: Mapping[Verdict, int]) -> str:
    return ", ".join(f"{count} {verdict}" for verdict, count in counts.items() if count) or "none"


def _values(told: Words, indent: int) -> None:
    width = max((len(name) for name in told), default=0)
    for name, value in told.items():
        label = " " * indent + f"{name.replace('_', ' '):<{width}} "
        if isinstance(value, Mapping):
            typer.echo(label.rstrip())
            _values(value, indent + 2)
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            typer.echo(label.rstrip())
            for each in value:
                _wrapped(" " * (indent + 2) + "- ", _short(each))
        else:
            _wrapped(label, _plain(value))


def _short(told: Words) -> str:
    """A person or an access of the read/write set, in a line."""
    if "subject" in told:
        return f"{told['msp_id']}  {told['subject']}"
    return ", ".join(
        f"{name.replace('_', ' ')} {_plain(value)}"
        for name, value in told.items()
        if value not in (None, False)
    )


def _plain(value: object) -> str:
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(_plain(each) for each in value) or "none"
    told = str(value)
    return told if len(told) <= _TEXT else f"{told[:_TEXT]}… ({len(told)} characters; --json gives all)"


def _wrapped(label: str, told: str) -> None:
    """A value after its label; a hash or id that does not fit beside it goes whole to a line of its own."""
    told = printable(told)
    room = WIDTH - len(label)
    if len(told) > room and " " not in told and len(told) <= WIDTH - 4:
        typer.echo(f"{label.rstrip()}\n    {told}")
        return
    lines = textwrap.wrap(told, max(room, 20)) or [""]
    typer.echo(f"{label}{lines[0]}".rstrip())
    for line in lines[1:]:
        typer.echo(" " * len(label) + line)


def _paragraph(told: str) -> None:
    typer.echo(textwrap.fill(printable(told), WIDTH, subsequent_indent="  "))


def _list(value: object) -> list[Words]:
    return value if isinstance(value, list) else []


def _json(told: object) -> None:
    typer.echo(json.dumps(told, default=str))
