"""The snippets of a documentation page, and how they are run.

* ```` ```python title="assets.py" ```` (or json, toml, yaml, sh): a file of that name.
* ```` ```console ````: lines that begin with ``$`` are typed, one after another; what follows is printed.
  Of a command that shows nothing only the exit code counts, which must be 0.
* ```` ```console title="another terminal" ````: its last command goes on running.
* Other ```` ```python ```` blocks of a page are one module, in their order.

``…`` stands for any text in a line, and alone for any lines. A run of spaces counts as one: Go prints
protobuf messages with one space or two.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

PAGES = Path(__file__).parents[2] / "docs" / "chaincode"

_PIECE = re.compile(
    r"^#+ (?P<heading>[^\n]+)$"
    r"|^```(?P<language>\w+)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Snippet:
    """A fenced block: in which section it stands, its language and title, its text."""

    section: str
    language: str
    title: str
    text: str


@dataclass(frozen=True)
class Typed:
    """A command of a console block and the output that the page shows."""

    command: str
    shown: str


def snippets(page: str) -> list[Snippet]:
    """All fenced blocks of a page, in order."""
    found: list[Snippet] = []
    section = ""
    for piece in _PIECE.finditer((PAGES / page).read_text()):
        if piece["heading"]:
            section = piece["heading"]
        else:
            found.append(Snippet(section, piece["language"], piece["title"] or "", piece["text"]))
    return found


def module(page: str) -> str:
    """The page's untitled Python blocks as one module."""
    return "\n\n".join(each.text for each in snippets(page) if each.language == "python" and not each.title)


def table(page: str, first: str) -> list[list[str]]:
    """The rows of the table whose first column is headed so, cell by cell."""
    found = re.search(rf"^\| {first} \|.*?(?:\n\n|\Z)", (PAGES / page).read_text(), re.M | re.S)
    assert found is not None
    return [
        [cell.strip().replace("\\|", "|") for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        for line in found[0].strip().splitlines()[2:]
    ]


def commands(console: str) -> list[Typed]:
    """The commands of a console block. A line that ends in a backslash goes on in the next one."""
    typed = re.findall(r"^\$ ((?:.*\\\n)*.*)\n((?:(?!\$ ).*\n)*)", console, re.MULTILINE)
    return [Typed(command, shown) for command, shown in typed]


def agrees(shown: str, printed: str) -> bool:
    """Whether the printed output is what the page shows."""
    return re.fullmatch(_pattern(shown), _plain(printed), re.DOTALL) is not None


def comes_in(shown: str, printed: str) -> bool:
    """Whether the shown lines are among the printed ones, in their order."""
    lines = [_pattern(line) for line in shown.splitlines()]
    return re.search("(?:^|\n)" + "\n(?:.*\n)?".join(lines), _plain(printed), re.DOTALL) is not None


def _pattern(shown: str) -> str:
    lines = [
        ".*" if line == "…" else "[^\n]*".join(re.escape(part) for part in line.split("…"))
        for line in _plain(shown).splitlines()
    ]
    return "\n".join(lines)


def _plain(text: str) -> str:
    return "\n".join(" ".join(line.split()) for line in text.strip().splitlines())
