"""Several things done to one key in one transaction, and keys and bookmarks that are unusual."""

from __future__ import annotations

import hashlib
import json

import pytest

from tests.conformance.ledger import HOME, HOME_COLLECTION, OTHER, Ledger, Recorded, ask

PUBLIC = ""


async def do(ledger: Ledger, collection: str, key: str, *steps: str) -> Recorded:
    done = await ledger.submit("parity:do", collection, key, json.dumps(steps))
    return await ledger.recorded(done.tx_id)


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


class TestSequences:
    async def test_a_purge_before_a_write_leaves_the_value(self, ledger: Ledger) -> None:
        await do(ledger, HOME_COLLECTION, "seq-a", "put first")
        shown = await do(ledger, HOME_COLLECTION, "seq-a", "purge", "put second")
        assert shown.private_writes == {HOME_COLLECTION: {sha256("seq-a"): sha256("second")}}
        assert await ask(ledger, "get_private", HOME_COLLECTION, "seq-a") == [
            "second",
            sha256("second").hex(),
        ]

    @pytest.mark.parametrize("last", ["purge", "delete"])
    async def test_a_write_before_its_deletion_leaves_nothing(self, ledger: Ledger, last: str) -> None:
        shown = await do(ledger, HOME_COLLECTION, f"seq-{last}", "put value", last)
        assert shown.private_writes == {HOME_COLLECTION: {sha256(f"seq-{last}"): None}}
        assert await ask(ledger, "get_private", HOME_COLLECTION, f"seq-{last}") == [None, None]

    @pytest.mark.parametrize("collection", [PUBLIC, HOME_COLLECTION])
    async def test_a_policy_before_the_first_write_counts(self, ledger: Ledger, collection: str) -> None:
        await do(ledger, collection, "seq-b", f"policy {OTHER}", "put value")
        assert await self._policy(ledger, collection, "seq-b") == [OTHER]

    @pytest.mark.parametrize("collection", [PUBLIC, HOME_COLLECTION])
    async def test_the_last_policy_of_a_transaction_counts(self, ledger: Ledger, collection: str) -> None:
        await do(ledger, collection, "seq-c", "put value", f"policy {OTHER}", f"policy {HOME}")
        assert await self._policy(ledger, collection, "seq-c") == [HOME]

    @pytest.mark.parametrize("collection", [PUBLIC, HOME_COLLECTION])
    async def test_a_policy_does_not_keep_a_deleted_key(self, ledger: Ledger, collection: str) -> None:
        await do(ledger, collection, "seq-d", "put value")
        await do(ledger, collection, "seq-d", "delete", f"policy {OTHER}")
        assert await self._policy(ledger, collection, "seq-d") is None
        await do(ledger, collection, "seq-d", "put value")
        assert await self._policy(ledger, collection, "seq-d") is None

    async def test_a_policy_is_not_history_and_a_needless_deletion_is(self, ledger: Ledger) -> None:
        await do(ledger, PUBLIC, "seq-e", "delete")
        await do(ledger, PUBLIC, "seq-e", "put value", "delete", "put again")
        await do(ledger, PUBLIC, "seq-e", f"policy {HOME}")
        changes = await ask(ledger, "history", "seq-e")
        assert [(each["value"], each["is_delete"]) for each in changes] == [("again", False), ("", True)]

    async def test_keys_that_begin_like_others(self, ledger: Ledger) -> None:
        for key in ("seq-f", "seq-f\x00a", "seq-f\x00", "seq-f\U0010ffff"):
            await do(ledger, PUBLIC, key, f"put {len(key)}")
        assert await ask(ledger, "range", "seq-f", "seq-f~") == [
            "seq-f=5",
            "seq-f\x00=6",
            "seq-f\x00a=7",
        ]
        assert await ask(ledger, "range", "seq-f~", "seq-g") == ["seq-f\U0010ffff=6"]
        for key, count in (("seq-f", 1), ("seq-f\x00", 1), ("seq-f\x00a", 1)):
            assert len(await ask(ledger, "history", key)) == count

    async def test_a_bookmark_is_where_the_page_begins(self, ledger: Ledger) -> None:
        for name in "abcd":
            await do(ledger, PUBLIC, f"seq-g-{name}", "put value")
        bounds = "seq-g-b", "seq-g-d"
        assert await self._page(ledger, *bounds, "2", "") == [["seq-g-b", "seq-g-c"], ""]
        assert await self._page(ledger, *bounds, "1", "") == [["seq-g-b"], "seq-g-c"]
        assert await self._page(ledger, *bounds, "9", "seq-g-a") == [["seq-g-a", "seq-g-b", "seq-g-c"], ""]
        assert await self._page(ledger, *bounds, "9", "seq-g-bb") == [["seq-g-c"], ""]
        assert await self._page(ledger, *bounds, "9", "seq-g-d") == [[], ""]

    @staticmethod
    async def _policy(ledger: Ledger, collection: str, key: str) -> list[str] | None:
        if collection:
            found = await ledger.evaluate("parity:get_private_policy", collection, key)
        else:
            found = await ledger.evaluate("parity:get_policy", key)
        policy: list[str] | None = json.loads(found) if found else None
        return policy

    @staticmethod
    async def _page(ledger: Ledger, start: str, end: str, size: str, bookmark: str) -> list[object]:
        found: list[object] = await ask(ledger, "parity:page", start, end, size, bookmark)
        return found
