"""Private data in the implicit collection of the caller's organisation."""

from __future__ import annotations

import hashlib

import pytest

from tests.conformance.ledger import HOME_COLLECTION, OTHER, Ledger, RefusedError, ask

OTHER_COLLECTION = f"_implicit_org_{OTHER}"


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def composite(*attributes: str) -> str:
    return "\x00thing\x00" + "".join(f"{attribute}\x00" for attribute in attributes)


class TestPrivateData:
    async def test_values_and_their_hashes(self, ledger: Ledger) -> None:
        fields = {"value-a": b"va", "value-b": b"vb", "value/1": b"v1"}
        written = await ledger.submit("put_private", HOME_COLLECTION, transient=fields)
        shown = await ledger.recorded(written.tx_id)
        assert shown.writes == {}
        assert shown.private_writes == {
            HOME_COLLECTION: {
                sha256("value-a"): sha256("va"),
                sha256("value-b"): sha256("vb"),
                sha256(composite("value", "1")): sha256("v1"),
            }
        }
        assert await ask(ledger, "get_private", HOME_COLLECTION, "value-a") == ["va", sha256("va").hex()]
        assert await ask(ledger, "get_private", HOME_COLLECTION, "value/1") == ["v1", sha256("v1").hex()]
        assert await ask(ledger, "get_private", HOME_COLLECTION, "value-none") == [None, None]
        assert await ask(ledger, "get_private", OTHER_COLLECTION, "value-a") == [None, None]
        assert await ledger.evaluate("get", "value-a") == b""

    async def test_delete(self, ledger: Ledger) -> None:
        await ledger.submit("put_private", HOME_COLLECTION, transient={"delete-a": b"v", "delete/1": b"v"})
        deleted = await ledger.submit("delete_private", HOME_COLLECTION, "delete-a")
        await ledger.submit("delete_private", HOME_COLLECTION, "delete/1")
        for name in ("delete-a", "delete/1"):
            assert await ask(ledger, "get_private", HOME_COLLECTION, name) == [None, None]
        assert await ask(ledger, "private_range", HOME_COLLECTION, "delete-", "delete~") == []
        shown = await ledger.recorded(deleted.tx_id)
        assert shown.private_writes == {HOME_COLLECTION: {sha256("delete-a"): None}}

    async def test_purge(self, ledger: Ledger) -> None:
        await ledger.submit("put_private", HOME_COLLECTION, transient={"purge-a": b"v", "purge/1": b"v"})
        purged = await ledger.submit("purge_private", HOME_COLLECTION, "purge-a")
        await ledger.submit("purge_private", HOME_COLLECTION, "purge/1")
        for name in ("purge-a", "purge/1"):
            assert await ask(ledger, "get_private", HOME_COLLECTION, name) == [None, None]
        assert await ask(ledger, "private_things", HOME_COLLECTION, '["purge"]') == []
        shown = await ledger.recorded(purged.tx_id)
        assert shown.private_writes == {HOME_COLLECTION: {sha256("purge-a"): None}}

    async def test_an_empty_value_is_a_deletion(self, ledger: Ledger) -> None:
        await ledger.submit("put_private", HOME_COLLECTION, transient={"nil": b"v"})
        written = await ledger.submit("put_private", HOME_COLLECTION, transient={"nil": b""})
        shown = await ledger.recorded(written.tx_id)
        assert shown.private_writes == {HOME_COLLECTION: {sha256("nil"): None}}
        assert await ask(ledger, "get_private", HOME_COLLECTION, "nil") == [None, None]
        assert await ask(ledger, "private_range", HOME_COLLECTION, "nil", "nil~") == []

    async def test_ranges(self, ledger: Ledger) -> None:
        fields = {f"range-{number:03}": b"v" for number in range(150)}
        fields |= {f"{side}/{number}": b"v" for side in ("left", "right") for number in range(2)}
        await ledger.submit("put_private", HOME_COLLECTION, transient=fields)
        found = await ask(ledger, "private_range", HOME_COLLECTION, "range-", "range~")
        assert found == [f"range-{number:03}=v" for number in range(150)]
        found = await ask(ledger, "private_range", HOME_COLLECTION, "range-010", "range-012")
        assert found == ["range-010=v", "range-011=v"]
        everything = await ask(ledger, "private_range", HOME_COLLECTION, "", "")
        assert len(everything) >= 150
        assert not any(entry.startswith("\x00") for entry in everything)
        found = await ask(ledger, "private_things", HOME_COLLECTION, '["left"]')
        assert found == [["left", "0"], ["left", "1"]]
        assert await ask(ledger, "private_range", OTHER_COLLECTION, "", "") == []

    async def test_what_a_block_shows(self, ledger: Ledger) -> None:
        await ledger.submit("put_private", HOME_COLLECTION, transient={"shown-a": b"v"})
        asked = await ledger.submit("get_private", HOME_COLLECTION, "shown-a")
        shown = await ledger.recorded(asked.tx_id)
        assert shown.private_reads == {HOME_COLLECTION: {sha256("shown-a")}}
        assert (shown.reads, shown.ranges) == (set(), [])
        listed = await ledger.submit("private_range", HOME_COLLECTION, "shown-", "shown~")
        shown = await ledger.recorded(listed.tx_id)
        assert (shown.private_reads, shown.reads, shown.ranges) == ({}, set(), [])

    async def test_the_peers_of_others_have_the_hash_only(self, ledger: Ledger) -> None:
        await ledger.submit("put_private", HOME_COLLECTION, transient={"others-a": b"v"})
        with pytest.raises(RefusedError) as refused:
            await ledger.evaluate("get_private", HOME_COLLECTION, "others-a", peer=OTHER)
        assert (refused.value.status, refused.value.message) == (500, "internal error")
        digest = await ledger.evaluate("private_hash", HOME_COLLECTION, "others-a", peer=OTHER)
        assert digest == sha256("v").hex().encode()
        absent = await ask(ledger, "get_private", HOME_COLLECTION, "others-none", peer=OTHER)
        assert absent == [None, None]
        assert await ask(ledger, "private_range", HOME_COLLECTION, "others-", "others~", peer=OTHER) == []

    async def test_an_unknown_collection_is_refused(self, ledger: Ledger) -> None:
        for function, *arguments in (
            ("get_private", "typo", "k"),
            ("private_range", "typo", "", ""),
            ("delete_private", "typo", "k"),
        ):
            with pytest.raises(RefusedError, match="internal error"):
                await ledger.evaluate(function, *arguments)

    @pytest.mark.parametrize(
        ("function", "arguments", "code"),
        [
            ("private_range_then_write", [HOME_COLLECTION], "write-refused"),
            ("page_then_write", [], "write-refused"),
            ("write_then_private_range", [HOME_COLLECTION], "query-refused"),
            ("write_then_page", [], "query-refused"),
        ],
    )
    async def test_what_cannot_go_together(
        self, ledger: Ledger, function: str, arguments: list[str], code: str
    ) -> None:
        with pytest.raises(RefusedError, match=f"^{code}: "):
            await ledger.submit(function, *arguments)
        assert await ledger.evaluate("get", "written") == b""
