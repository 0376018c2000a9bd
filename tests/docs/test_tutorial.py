"""The tutorial's parts that need no network: what it writes, tests and checks."""

from __future__ import annotations

from pathlib import Path

from tests.docs.pages import agrees, comes_in, commands
from tests.docs.walk import walk


def test_write_test_and_check(tmp_path: Path) -> None:
    walk("README.md", ["Write it", "Test it", "Check it"], tmp_path)


def test_shown_output_is_compared() -> None:
    assert agrees("ready in … s\n", "ready in 3.5 s\n")
    assert not agrees("ready in … s\n", "ready in 3.5 minutes\n")
    assert agrees("first\n…\nlast\n", "first\nsecond\nthird\nlast\n")
    assert not agrees("first\n", "first\nsecond\n")
    assert comes_in("… INFO one\n… two …\n", "begin\nx INFO one\nnoise\nsay two times\nend")
    assert not comes_in("two\none\n", "one\ntwo\n")


def test_console_blocks_are_commands_with_their_output() -> None:
    console = "$ one \\\n    more\nprinted\n$ two\n"
    assert [(each.command, each.shown) for each in commands(console)] == [
        ("one \\\n    more", "printed\n"),
        ("two", ""),
    ]
