"""Goes through sections of a page as its reader does: writes the files, types the commands."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from contextlib import ExitStack
from pathlib import Path

from tests.docs.pages import commands, snippets
from tests.docs.terminal import OtherTerminal, Terminal

ANOTHER = "another terminal"
FIRST_PORT = 17000


def walk(page: str, sections: Collection[str], folder: Path, *, first_port: int = FIRST_PORT) -> None:
    """Write the page's files into a folder and run the consoles of some of its sections there.

    :param first_port: takes the place of 17000 in the page, so that a network of the reader's may be running.
    """
    moved = _moved(first_port)
    chosen = [each for each in snippets(page) if each.section in sections]
    assert {each.section for each in chosen} == set(sections)
    for each in snippets(page):
        if each.title and each.language != "console":
            (folder / each.title).write_text(moved(each.text))
    with ExitStack() as stack:
        terminal = Terminal(folder)
        stack.callback(terminal.close)
        other: OtherTerminal | None = None
        for number, each in enumerate(chosen):
            if each.language != "console":
                continue
            typed = commands(moved(each.text))
            assert typed, each.text
            if each.title == ANOTHER:
                if other is not None:
                    other.stop()
                other = OtherTerminal(folder, typed, folder / f"terminal-{number}.log")
                stack.callback(other.close)
                other.wait_until_it_serves()
            else:
                for line in typed:
                    terminal.type(line)
        if other is not None:
            other.stop()


def _moved(first_port: int) -> Callable[[str], str]:
    def moved(text: str) -> str:
        return re.sub(r"\b17(\d\d\d)\b", lambda found: str(first_port + int(found[1])), text)

    return moved
