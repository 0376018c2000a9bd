"""Comments that silence a rule."""

from __future__ import annotations

import pytest
from fabric_shim.check.engine import check_text
from fabric_shim.check.registry import all_rules, chosen


def found(text: str, *select: str) -> list[tuple[int, str]]:
    return [(f.line, f.code) for f in check_text("a.py", text, chosen(select) if select else all_rules())]


@pytest.mark.parametrize(
    "comment",
    [
        "# noqa: FS101 for the log only",
        "# noqa: FS101 - for the log only",
        "# NOQA:fs101: for the log only",
        "# noqa: S311, FS101 for the log only",
        "# type: ignore # noqa: FS101 for the log only",
    ],
)
def test_a_code_with_a_reason_silences(comment: str) -> None:
    assert found(f"import time\nAT = time.time()  {comment}\n") == []


def test_without_a_reason_it_is_a_finding_itself() -> None:
    assert found("import time\nAT = time.time()  # noqa: FS101\n") == [(2, "FS002")]
    assert found("import time\nAT = time.time()  # noqa: FS101 -\n") == [(2, "FS002")]


def test_another_code_or_none_silences_nothing() -> None:
    assert found("import time\nAT = time.time()  # noqa: S311 other tool's\n") == [(2, "FS101")]
    assert found("import time\nAT = time.time()  # noqa\n") == [(2, "FS101")]
    assert found("import time\nAT = time.time()  # noqa: FS102 wrong rule\n") == [(2, "FS101"), (2, "FS003")]


def test_what_silences_nothing_is_a_finding_unless_its_rule_did_not_run() -> None:
    text = "A = 1  # noqa: FS101 nothing here\n"
    assert found(text) == [(1, "FS003")]
    assert found(text, "FS102", "FS003") == []
    assert found("A = 1  # noqa: FS999 no such rule\n") == [(1, "FS003")]


def test_it_stands_at_either_end_of_a_statement_of_several_lines() -> None:
    assert found("import time\nAT = (  \n    time.time()\n)  # noqa: FS101 shown only\n") == []
    assert found("import time\nAT = max(\n    time.time(),  # noqa: FS101 shown only\n    0,\n)\n") == []


def test_on_a_function_it_stands_in_the_head_and_does_not_cover_the_body() -> None:
    text = (
        "from functools import cache\n@cache\ndef f(\n    ctx, key\n):  # noqa: FS120 one peer only\n"
        "    return hash(key)\n"
    )
    assert found(text) == [(6, "FS105")]


def test_a_text_that_looks_like_a_comment_is_none() -> None:
    assert found("import time\nAT = time.time(), '# noqa: FS101 text'\n") == [(2, "FS101")]
