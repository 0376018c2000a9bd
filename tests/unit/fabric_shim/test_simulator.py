"""The ledger simulator, held to what the same contract gave on a Fabric 3.1.1 peer."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta

import pytest
from fabric_shim.errors import LedgerError, TransactionRefusedError
from fabric_shim.testing import LedgerSimulator, TestIdentity

from tests.protocol.probe import OBJECT_TYPE, chaincode

COLLECTION = "_implicit_org_AMSP"
SOMEBODY = TestIdentity.create("AMSP", "somebody", attributes={"care.role": "auditor"})


class Ledger(LedgerSimulator):
    """The probe chaincode, called by one person."""

    def __init__(self) -> None:
        super().__init__("ch", chaincode())

    async def put(self, *args: str, **transient: bytes) -> str:
        return (await self.submit(args[0], args[1:], creator=SOMEBODY, transient=transient)).tx_id

    async def ask(self, *args: str) -> object:
        payload = (await self.evaluate(args[0], args[1:], creator=SOMEBODY)).payload
        return json.loads(payload) if payload[:1] in b'[{"' and payload else payload


@pytest.fixture
def ledger() -> Ledger:
    return Ledger()


async def test_reads_see_the_committed_state_only(ledger: Ledger) -> None:
    result = await ledger.submit("read_own_write", ["k"], creator=SOMEBODY)
    assert result.payload == b"nothing"
    result = await ledger.submit("read_own_write", ["k"], creator=SOMEBODY)
    assert result.payload == b"own write"


async def test_history_is_newest_first(ledger: Ledger) -> None:
    begin = ledger.now
    tx_ids = [
        await ledger.put("put", "k", "v1"),
        await ledger.put("delete", "k"),
        await ledger.put("put", "k", "v3"),
    ]
    await ledger.put("put_empty", "k")
    assert await ledger.ask("get", "k") == b""
    history = await ledger.ask("history", "k")
    assert isinstance(history, list)
    assert [(change["value"], change["is_delete"]) for change in history] == [
        ("", True),  # an empty value is a deletion
        ("v3", False),
        ("", True),
        ("v1", False),
    ]
    assert [change["tx_id"] for change in reversed(history[1:])] == tx_ids
    assert history[-1]["timestamp"] == (begin + timedelta(seconds=1)).isoformat()
    assert [change.value for change in ledger.history("k")] == [b"", b"v3", b"", b"v1"]


async def test_ranges_and_pages(ledger: Ledger) -> None:
    await ledger.put("fill", "250")
    assert await ledger.ask("range", "fill-0010", "fill-0012") == ["fill-0010=0010", "fill-0011=0011"]
    assert await ledger.ask("count", "", "") == b"250"
    assert await ledger.ask("first", "fill-", "fill~") == b"fill-0000,True"
    pages = await ledger.ask("pages", "fill-", "fill~", "100")
    assert isinstance(pages, list)
    assert [len(page) for page in pages] == [100, 100, 50]
    assert pages[1][0] == "fill-0100"
    things = await ledger.ask("things", '["odd"]')
    assert isinstance(things, list)
    assert (len(things), things[:2]) == (125, [["odd", "0001"], ["odd", "0003"]])
    assert await ledger.ask("things_page", '["even"]', "3") == [
        ["0000", "0002", "0004"],
        ["0006", "0008", "0010"],
    ]


async def test_keys_are_sorted_by_their_bytes(ledger: Ledger) -> None:
    for key in ("b", "ä", "\U0001f600", "\uffff", "a", "B"):
        await ledger.put("put", key, "v")
    assert await ledger.ask("range", "", "") == [
        f"{key}=v" for key in ("B", "a", "b", "ä", "\uffff", "\U0001f600")
    ]


async def test_private_data(ledger: Ledger) -> None:
    fields = {"a": b"va", "b": b"vb", "x/1": b"v1", "x/2": b"v2", "y/3": b"v3"}
    result = await ledger.submit("put_private", [COLLECTION], creator=SOMEBODY, transient=fields)
    assert result.writes == {}
    assert result.private_writes[COLLECTION]["a"] == b"va"
    sha256 = hashlib.sha256
    assert result.hashed_writes[COLLECTION][sha256(b"a").digest()] == sha256(b"va").digest()

    assert await ledger.ask("get_private", COLLECTION, "a") == ["va", sha256(b"va").hexdigest()]
    assert await ledger.ask("private_range", COLLECTION, "", "") == ["a=va", "b=vb"]
    assert await ledger.ask("private_things", COLLECTION, '["x"]') == [["x", "1"], ["x", "2"]]
    assert await ledger.ask("get_private", "_implicit_org_BMSP", "a") == [None, None]
    assert ledger.state == {}
    await ledger.put("delete_private", COLLECTION, "a")
    await ledger.put("purge_private", COLLECTION, "x/1")
    assert await ledger.ask("get_private", COLLECTION, "a") == [None, None]
    assert ledger.private_state(COLLECTION) == {
        "b": b"vb",
        f"\x00{OBJECT_TYPE}\x00x\x002\x00": b"v2",
        f"\x00{OBJECT_TYPE}\x00y\x003\x00": b"v3",
    }


@pytest.mark.parametrize(
    ("function", "args", "code"),
    [
        ("private_range_then_write", [COLLECTION], "write-refused"),
        ("page_then_write", [], "write-refused"),
        ("write_then_private_range", [COLLECTION], "query-refused"),
    ],
)
async def test_what_cannot_go_together(ledger: Ledger, function: str, args: list[str], code: str) -> None:
    with pytest.raises(TransactionRefusedError) as caught:
        await ledger.submit(function, args, creator=SOMEBODY)
    assert caught.value.code == code


async def test_what_a_block_shows_of_the_reads(ledger: Ledger) -> None:
    result = await ledger.evaluate("get", ["k"], creator=SOMEBODY)
    assert result.reads.public == {"k"}
    result = await ledger.evaluate("get_private", [COLLECTION, "p"], creator=SOMEBODY)
    assert (result.reads.public, result.reads.private) == (set(), {COLLECTION: {"p"}})
    result = await ledger.evaluate("range", ["a", "b"], creator=SOMEBODY)
    assert (result.reads.public, result.reads.ranges) == (set(), [("a", "b")])
    result = await ledger.evaluate("private_range", [COLLECTION, "a", "b"], creator=SOMEBODY)
    assert (result.reads.public, result.reads.private, result.reads.ranges) == (set(), {}, [])


async def test_only_successful_submits_commit(ledger: Ledger) -> None:
    evaluated = await ledger.evaluate("put", ["k", "v"], creator=SOMEBODY)
    assert (evaluated.committed, dict(evaluated.writes)) == (False, {"k": b"v"})
    assert ledger.state == {}
    with pytest.raises(TransactionRefusedError, match="not-here") as refused:
        await ledger.submit("refuse", ["not-here"], creator=SOMEBODY)
    assert (refused.value.status, refused.value.code) == (500, "not-here")
    assert refused.value.__cause__ is None
    with pytest.raises(TransactionRefusedError, match="internal error") as masked:
        await ledger.submit("crash", ["secret"], creator=SOMEBODY)
    assert isinstance(masked.value.__cause__, ValueError)
    assert (ledger.state, ledger.history("k")) == ({}, ())


async def test_events(ledger: Ledger) -> None:
    result = await ledger.submit("event", ["e"], creator=SOMEBODY, transient={"payload": b"p"})
    assert result.event is not None
    assert (result.event.name, result.event.payload) == ("e", b"p")


async def test_proposal(ledger: Ledger) -> None:
    timestamp = datetime(2030, 1, 2, 3, 4, 5, 678901, tzinfo=UTC)
    result = await ledger.evaluate("proposal", creator=SOMEBODY, transient={"in": b"1"}, timestamp=timestamp)
    seen = json.loads(result.payload)
    assert seen["timestamp"] == "2030-01-02T03:04:05.678901+00:00"
    assert (seen["tx_id"], seen["channel"], seen["transient"]) == (result.tx_id, "ch", ["in"])
    assert seen["id"] == "x509::CN=somebody,OU=client::CN=ca.AMSP,O=AMSP"
    assert seen["attributes"] == {"care.role": "auditor"}
    again = await ledger.evaluate("proposal", creator=SOMEBODY)
    assert again.tx_id != result.tx_id
    assert len(bytes.fromhex(again.tx_id)) == 32


async def test_peers_of_others_lack_implicit_collections(ledger: Ledger) -> None:
    await ledger.put("put_private", COLLECTION, a=b"va")
    result = await ledger.evaluate("private_range", [COLLECTION, "", ""], creator=SOMEBODY, peer="AMSP")
    assert result.payload == b'["a=va"]'
    result = await ledger.evaluate("private_range", [COLLECTION, "", ""], creator=SOMEBODY, peer="BMSP")
    assert result.payload == b"[]"
    result = await ledger.evaluate("get_private", [COLLECTION, "other"], creator=SOMEBODY, peer="BMSP")
    assert result.payload == b"[null,null]"
    with pytest.raises(TransactionRefusedError) as caught:
        await ledger.evaluate("get_private", [COLLECTION, "a"], creator=SOMEBODY, peer="BMSP")
    assert "not available" in str(caught.value.__cause__)


async def test_unknown_collections(ledger: Ledger) -> None:
    with pytest.raises(TransactionRefusedError) as caught:
        await ledger.evaluate("get_private", ["typo", "k"], creator=SOMEBODY)
    assert isinstance(caught.value.__cause__, LedgerError)
    declared = LedgerSimulator("ch", chaincode(), collections=["shared"])
    await declared.evaluate("get_private", ["shared", "k"], creator=SOMEBODY)
