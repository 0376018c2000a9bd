"""The parity table has a row for all that the stub and its helpers offer, and a test for each row."""

from __future__ import annotations

import re

from fabric_shim import ChaincodeStub, ClientIdentity
from fabric_shim.state_based import KeyEndorsementPolicy

from tests.docs.pages import PAGES

ROWS = [
    [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
    for line in (PAGES / "parity.md").read_text().splitlines()
    if line.startswith("| ") and line.count("|") >= 8 and not line.startswith("| |")
]
OF_THE_RUNTIME = {"flush", "event"}
SHORT_FOR = {
    "id": "get_id",
    "organizational_units": "has_ou_value",
}


def test_every_row_names_a_test() -> None:
    assert len(ROWS) > 80
    assert [row[0] for row in ROWS if not re.search(r"`tests/[\w/]+\.py::\w+", row[6])] == []
    assert [row[0] for row in ROWS if not all(row[:6])] == []


def test_every_function_has_a_row() -> None:
    described = {name for row in ROWS for name in re.findall(r"`(\w+)`", row[0])}
    offered = {
        SHORT_FOR.get(name, name)
        for owner in (ChaincodeStub, ClientIdentity, KeyEndorsementPolicy)
        for name in vars(owner)
        if not name.startswith("_")
    }
    assert offered - OF_THE_RUNTIME <= described
