"""What the rules see, and what they leave alone: one snippet for each way of writing it.

The snippets lie in ``cases/``: ``=== CODE: title`` begins one, ``clean`` is for no finding at all, and the
title says when the snippet stands in a contract class.
"""

from __future__ import annotations

import textwrap
from dataclasses import dataclass
from pathlib import Path

import pytest
from fabric_shim.check.engine import check_text
from fabric_shim.check.registry import all_rules

FOLDER = Path(__file__).parent / "cases"
IN_A_CONTRACT = " (in a contract)"
CONTRACT = """
import json, hashlib, logging
from fabric_shim import ChaincodeError, LedgerError, Response, Chaincode
from fabric_shim.contract import Context, Contract, Transient, Private, query, transaction
log = logging.getLogger(__name__)
class Assets(Contract):
    name = "assets"
"""


@dataclass(frozen=True)
class Case:
    expected: str
    title: str
    text: str


def cases(name: str) -> list[Case]:
    found = []
    for part in (FOLDER / name).read_text(encoding="utf-8").split("=== ")[1:]:
        head, _, text = part.partition("\n")
        expected, _, title = head.partition(": ")
        if title.endswith(IN_A_CONTRACT):
            text = CONTRACT + textwrap.indent(text, "    ")
        found.append(Case(expected, title, text))
    return found


FOUND, CLEAN = cases("found.txt"), cases("clean.txt")


def codes(case: Case) -> set[str]:
    return {finding.code for finding in check_text("contract.py", case.text, all_rules())}


@pytest.mark.parametrize("case", FOUND, ids=lambda case: case.title)
def test_found(case: Case) -> None:
    assert codes(case) == {case.expected}


@pytest.mark.parametrize("case", CLEAN, ids=lambda case: case.title)
def test_clean(case: Case) -> None:
    assert codes(case) == set()


def test_every_rule_for_code_has_a_case() -> None:
    found = {case.expected for case in FOUND}
    assert len(FOUND) == len({case.title for case in FOUND})
    assert {rule.code for rule in all_rules() if not rule.code.startswith("FS0")} - found == set()
