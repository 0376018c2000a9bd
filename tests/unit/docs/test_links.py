"""Every relative link of every document leads somewhere, to the heading or the test that it names."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
DOCUMENTS = sorted(
    path
    for path in ROOT.rglob("*.md")
    if not {".venv", "node_modules", ".build"} & set(path.relative_to(ROOT).parts)
)
_LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)?(?:#([^)\s]+))?\)")
_FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)
_TEST = re.compile(r"`(tests/[\w/]+\.py)::([\w:]+)`")


def _anchor(heading: str) -> str:
    """GitHub's anchor of a heading."""
    text = re.sub(r"[^\w\- ]", "", heading.replace("`", "").strip().lower())
    return text.replace(" ", "-")


def _anchors(document: Path) -> set[str]:
    text = _FENCE.sub("", document.read_text())
    return {_anchor(line.lstrip("#")) for line in text.splitlines() if line.startswith("#")}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(document: Path) -> None:
    broken = []
    for target, anchor in _LINK.findall(_FENCE.sub("", document.read_text())):
        if "://" in target or target.startswith("mailto:"):
            continue
        found = (document.parent / target).resolve() if target else document
        if not found.exists():
            broken.append(target)
        elif anchor and found.suffix == ".md" and anchor not in _anchors(found):
            broken.append(f"{target}#{anchor}")
    assert not broken


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_tests_that_a_document_names_exist(document: Path) -> None:
    missing = []
    for file, name in _TEST.findall(document.read_text()):
        source = (ROOT / file).read_text() if (ROOT / file).exists() else ""
        if not all(
            re.search(rf"^\s*(?:async )?(?:def|class) {part}\b", source, re.M) for part in name.split("::")
        ):
            missing.append(f"{file}::{name}")
    assert not missing
