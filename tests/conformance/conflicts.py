"""Transactions that were endorsed on one state and come one after another: what the later ones become."""

from __future__ import annotations

import json

import pytest

from tests.conformance.ledger import HOME_COLLECTION, OTHER, Ledger

VALID, POLICY, MVCC, PHANTOM = 0, 10, 11, 12
FEW, MANY = 4, 130


def do(key: str, *steps: str, collection: str = "") -> list[str]:
    return ["parity:do", collection, key, json.dumps(steps)]


class TestConflicts:
    @pytest.mark.parametrize("collection", ["", HOME_COLLECTION])
    async def test_a_key_that_was_read(self, ledger: Ledger, collection: str) -> None:
        key = "race-a"
        await ledger.submit(*do(key, "put 1", collection=collection))
        write = do(key, "put 2", collection=collection)
        read = ["parity:copy", collection, key, "race-copy"]
        assert await ledger.race(read, write, read, write) == [VALID, VALID, MVCC, VALID]
        assert await ledger.race(do(key, "delete", collection=collection), read) == [VALID, MVCC]
        assert await ledger.race(do(key, "put 1", collection=collection), read) == [VALID, MVCC]

    @pytest.mark.parametrize("collection", ["", HOME_COLLECTION])
    async def test_a_policy_changes_the_version(self, ledger: Ledger, collection: str) -> None:
        key = "race-b"
        await ledger.submit(*do(key, "put 1", collection=collection))
        read = ["parity:copy", collection, key, "race-copy"]
        change = do(key, "policy AMSP", collection=collection)
        assert await ledger.race(change, read) == [VALID, MVCC]

    async def test_a_policy_counts_at_once(self, ledger: Ledger) -> None:
        await ledger.submit(*do("race-c", "put 1"))
        change, write = do("race-c", f"policy {OTHER}"), do("race-c", "put 2")
        assert await ledger.race(change, write, change) == [VALID, POLICY, POLICY]

    async def test_only_the_hash_was_read(self, ledger: Ledger) -> None:
        key = "race-d"
        await ledger.submit(*do(key, "put 1", collection=HOME_COLLECTION))
        read = ["parity:copy_hash", HOME_COLLECTION, key, "race-copy"]
        purge = do(key, "purge", collection=HOME_COLLECTION)
        assert await ledger.race(purge, read) == [VALID, MVCC]

    @pytest.mark.parametrize(
        ("change", "code"),
        [
            (do("{}-1a", "put new"), PHANTOM),
            (do("{}-1", "delete"), PHANTOM),
            (do("{}-1", "put other"), PHANTOM),
            (do("{}-3", "put other"), VALID),
            (do("{}-9", "put new"), VALID),
            (do("{}-0", "put new"), VALID),
        ],
    )
    async def test_a_range_that_was_read(self, ledger: Ledger, change: list[str], code: int) -> None:
        name = "race-e-" + "".join(letter for letter in change[2] + change[3] if letter.isalnum())
        for number in range(1, FEW + 1):
            await ledger.submit(*do(f"{name}-{number}", "put 1"))
        count = ["parity:copy_count", f"{name}-1", f"{name}-3", "0", "race-copy"]
        changed = [part.format(name) if "{}" in part else part for part in change]
        assert await ledger.race(changed, count) == [VALID, code]

    @pytest.mark.parametrize(("number", "code"), [(99, PHANTOM), (100, PHANTOM), (101, VALID)])
    async def test_a_range_that_was_left_early(self, ledger: Ledger, number: int, code: int) -> None:
        name = f"race-f-{number}"
        await ledger.submit("parity:put_numbered", name, str(MANY))
        first = ["parity:copy_count", f"{name}-", f"{name}~", "1", "race-copy"]
        assert await ledger.race(do(f"{name}-{number:03}", "put other"), first) == [VALID, code]
