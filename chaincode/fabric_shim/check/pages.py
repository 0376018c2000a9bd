"""``python -m fabric_shim.check.pages FOLDER``: write a page for each rule, and their list."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from fabric_shim.check.registry import all_rules
from fabric_shim.check.rule import Rule

_GROUPS = {
    "FS0": "The check itself",
    "FS1": "Determinism: the same on every endorser, and in every process",
    "FS2": "What the ledger does with a transaction",
    "FS3": "Private data and what everybody can read",
    "FS4": "Callers and errors",
}
INDEX = "README.md"


def pages() -> dict[str, str]:
    """Every page's text by its file name."""
    return {INDEX: _index(), **{f"{rule.code}.md": page(rule) for rule in all_rules()}}


def page(rule: Rule) -> str:
    """The page of one rule, in Markdown."""
    return f"""# {rule.code} {rule.name}

{_sentence_case(rule.severity.value)}. {rule.reason}

**Fix.** {rule.fix}

## Bad

The check speaks up at the lines marked `# {rule.code}`.

```python
{rule.bad.strip()}
```

## Good

```python
{rule.good.strip()}
```

Where it is meant, say why on the same line: `# noqa: {rule.code} the reason`. [All rules]({INDEX})
"""


def write_pages(folder: Path) -> None:
    """Write the pages and remove those of rules that are gone."""
    folder.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for old in folder.glob("*.md"):
        if old.name not in wanted:
            old.unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text, encoding="utf-8")


def _index() -> str:
    parts = [
        "# The rules of `fabric-shim check`",
        "",
        "Made by `python -m fabric_shim.check.pages`: change the rules, not this.",
        "",
    ]
    for prefix, title in _GROUPS.items():
        parts += [f"## {title}", "", "| code | name | | what to do instead |", "|---|---|---|---|"]
        parts += [
            f"| [{rule.code}]({rule.code}.md) | {rule.name} | {rule.severity.value} | {rule.fix} |"
            for rule in all_rules()
            if rule.code.startswith(prefix)
        ]
        parts.append("")
    return "\n".join(parts)


def _sentence_case(text: str) -> str:
    return text[:1].upper() + text[1:]


def main(arguments: list[str]) -> int:
    """Write the pages into the folder that is named."""
    parser = argparse.ArgumentParser(
        prog="python -m fabric_shim.check.pages", description="Write the rules' pages and their index."
    )
    parser.add_argument("folder", type=Path, help="where they go, such as docs/chaincode/rules")
    write_pages(parser.parse_args(arguments).folder)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
