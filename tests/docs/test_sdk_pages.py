"""docs/sdk/ca.md: its commands and its Python run against a real Fabric CA."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

from tests.docs.pages import Typed, commands, module, snippets
from tests.docs.terminal import Terminal
from tests.unit.sdk.real_ca import SECRET, started

PAGE = "../sdk/ca.md"
ADDRESS = "https://localhost:7054"


def test_the_page_of_certificate_authorities(tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    with started(tmp_path / "home") as ca:
        (tmp_path / "ca-root.pem").write_bytes(ca.root.read_bytes())
        (tmp_path / "registrar-secret").write_text(SECRET)
        (tmp_path / "registrar-secret").chmod(0o600)
        with closing(Terminal(tmp_path)) as terminal:
            for each in snippets(PAGE):
                if each.language == "console":
                    for typed in commands(each.text):
                        terminal.type(
                            Typed(
                                typed.command.replace(ADDRESS, ca.url), typed.shown.replace(ADDRESS, ca.url)
                            )
                        )
        (tmp_path / "page.py").write_text(module(PAGE).replace(ADDRESS, ca.url))
        told = subprocess.run(
            [sys.executable, "page.py"], cwd=tmp_path, capture_output=True, text=True, check=False
        )
        assert told.returncode == 0, told.stderr


def test_every_error_is_in_the_table() -> None:
    from carechannel.sdk import errors

    text = (Path(__file__).parents[2] / "docs" / "sdk" / "ca.md").read_text()
    for name in ("CaRequestError", "CaUnreachableError", "CaRefusedError", "CaReplyError"):
        assert f"`{name}` | `{getattr(errors, name).code}`" in text
