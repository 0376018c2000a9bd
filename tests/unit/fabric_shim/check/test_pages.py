"""The rules' pages: made from the rules, and the committed ones are up to date."""

from __future__ import annotations

from pathlib import Path

import pytest
from fabric_shim.check import pages
from fabric_shim.check.registry import all_rules

DOCS = Path(__file__).parents[4] / "docs" / "chaincode"


def test_the_committed_pages_are_what_the_rules_say() -> None:
    committed = {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "rules").iterdir()}
    assert committed == pages.pages(), "run: python -m fabric_shim.check.pages docs/chaincode/rules"


def test_each_rule_has_a_page_with_reason_fix_and_examples() -> None:
    made = pages.pages()
    for rule in all_rules():
        text = made[f"{rule.code}.md"]
        assert rule.reason in text and rule.fix in text
        assert rule.bad.strip() in text and rule.good.strip() in text
        assert f"({rule.code}.md)" in made[pages.INDEX]


def test_writing_replaces_what_is_there_and_removes_what_is_gone(tmp_path: Path) -> None:
    (tmp_path / "FS999.md").write_text("old")
    (tmp_path / "FS101.md").write_text("old")
    assert pages.main([str(tmp_path)]) == 0
    assert {path.name: path.read_text(encoding="utf-8") for path in tmp_path.iterdir()} == pages.pages()


def test_wrong_usage_gives_2(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as refused:
        pages.main([])
    assert refused.value.code == 2
    assert "folder" in capsys.readouterr().err
