"""Each rule's own examples: the bad one is found where it says so, the good one is clean under all rules."""

from __future__ import annotations

import re

import pytest
from fabric_shim.check.engine import check_text
from fabric_shim.check.registry import all_rules
from fabric_shim.check.rule import Rule

RULES = all_rules()
# FS0… are about the check itself.
CODE_RULES = [rule for rule in RULES if not rule.code.startswith("FS0")]
LEAST = 21


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_bad_example_is_found_at_the_marked_lines_and_by_no_other_rule(rule: Rule) -> None:
    marked = [
        number
        for number, line in enumerate(rule.bad.splitlines(), start=1)
        if re.search(rf"# {rule.code}$", line)
    ]
    found = check_text("bad.py", rule.bad, RULES)
    assert marked
    assert [(finding.line, finding.code) for finding in found] == [(line, rule.code) for line in marked]
    assert all(finding.fix == rule.fix and finding.severity == rule.severity.value for finding in found)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.code)
def test_the_good_example_is_clean(rule: Rule) -> None:
    assert check_text("good.py", rule.good, RULES) == []


@pytest.mark.parametrize("rule", CODE_RULES, ids=lambda rule: rule.code)
def test_a_comment_with_a_reason_silences_the_rule(rule: Rule) -> None:
    silenced = re.sub(rf"# {rule.code}$", f"# noqa: {rule.code} meant here", rule.bad, flags=re.MULTILINE)
    assert check_text("bad.py", silenced, RULES) == []


def test_there_are_enough_rules_each_with_its_own_code_and_name() -> None:
    assert len(CODE_RULES) >= LEAST
    assert len({rule.code for rule in RULES}) == len({rule.name for rule in RULES}) == len(RULES)
    for rule in RULES:
        assert re.fullmatch(r"FS[0-9]{3}", rule.code)
        assert rule.reason.endswith((".", ").")) and rule.fix.endswith(".")
