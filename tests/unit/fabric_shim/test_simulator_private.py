"""Private data: who has it, who may touch it, how long it lasts."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest
from fabric_shim.errors import ConfigurationError, EndorsementError, LedgerError, TransactionRefusedError
from fabric_shim.testing import (
    CollectionConfig,
    LedgerSimulator,
    TestIdentity,
    ValidationCode,
    load_collections,
)
from fabric_shim.testing.policies import parse

from tests.unit.fabric_shim.simulator_toy import Toy

ORGANIZATIONS = ("AMSP", "BMSP", "CMSP")
ALICE, BOB, CAROL = (TestIdentity.create(msp_id, "somebody") for msp_id in ORGANIZATIONS)
CONFIGURATION = """[
  {
    "name": "ab",
    "policy": "OR('AMSP.member', 'BMSP.member')",
    "requiredPeerCount": 1,
    "maxPeerCount": 1,
    "blockToLive": 3,
    "memberOnlyRead": true,
    "memberOnlyWrite": true
  },
  {
    "name": "open",
    "policy": "OR('AMSP.member')",
    "requiredPeerCount": 0,
    "maxPeerCount": 1,
    "blockToLive": 0,
    "endorsementPolicy": {"signaturePolicy": "OR('AMSP.member')"}
  }
]"""


@pytest.fixture
def ledger() -> LedgerSimulator:
    return LedgerSimulator(
        "ch", Toy(), name="toy", organizations=ORGANIZATIONS, collections=load_collections(CONFIGURATION)
    )


def sha256(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


async def refused(ledger: LedgerSimulator, who: TestIdentity, *call: str, peer: str = "AMSP") -> str:
    """The text of Fabric behind a masked refusal."""
    with pytest.raises(TransactionRefusedError, match="internal error") as error:
        await ledger.evaluate(call[0], call[1:], creator=who, peer=peer)
    assert isinstance(error.value.__cause__, LedgerError)
    return str(error.value.__cause__).replace(error.value.tx_id, "TX")


async def asked(ledger: LedgerSimulator, *call: str, peer: str, who: TestIdentity = ALICE) -> str:
    return (await ledger.evaluate(call[0], call[1:], creator=who, peer=peer)).payload.decode()


def test_the_configuration_file_of_the_peer_command(tmp_path: Path) -> None:
    file = tmp_path / "collections.json"
    file.write_text(CONFIGURATION)
    ab, open_to_all = load_collections(file)
    assert ab == CollectionConfig("ab", parse("OR('AMSP.member','BMSP.member')"), 1, 1, 3, True, True)
    assert (open_to_all.endorsement_policy, open_to_all.members) == ("OR('AMSP.member')", {"AMSP"})
    file.write_text(json.dumps([{"name": "c", "policy": "OR('AMSP.member')"}]))
    (shortest,) = load_collections(file)
    assert (shortest.required_peer_count, shortest.max_peer_count, shortest.block_to_live) == (0, 1, 0)
    LedgerSimulator("ch", Toy(), collections=file)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"policy": "AND('AMSP.member', 'BMSP.member')"},
            "signature policy is not an OR concatenation, NOutOf 2",
        ),
        ({"policy": "OR('AMSP.member', AND('AMSP.member', 'BMSP.member'))"}, "not an OR concatenation"),
        ({"policy": "OR('XMSP.member')"}, "collection member 'XMSP' is not part of the channel"),
        ({"policy": "nonsense"}, "cannot be read"),
        ({"requiredPeerCount": 2}, "maximum peer count (1) cannot be less than the required peer count (2)"),
        ({"requiredPeerCount": -1}, "requiredPeerCount (-1) cannot be less than zero"),
        ({"blockToLive": "3"}, "blockToLive must be a whole number"),
        ({"blockToLive": -1}, "blockToLive (-1) cannot be less than zero"),
        ({"name": "bad name!"}, "invalid collection name 'bad name!'"),
        ({"name": ""}, "has no name"),
        ({"endorsementPolicy": {}}, "signaturePolicy or channelConfigPolicy"),
        ({"endorsementPolicy": {"channelConfigPolicy": "/Channel/X"}}, "not /Channel/X"),
        ({"endorsementPolicy": {"signaturePolicy": "nonsense"}}, "cannot be read"),
    ],
)
def test_configurations_that_fabric_refuses(changes: dict[str, object], message: str) -> None:
    item = {"name": "c", "policy": "OR('AMSP.member')", "requiredPeerCount": 0, "maxPeerCount": 1, **changes}
    with pytest.raises(ConfigurationError) as error:
        LedgerSimulator(
            "ch", Toy(), organizations=ORGANIZATIONS, collections=load_collections(json.dumps([item]))
        )
    assert message in str(error.value)


@pytest.mark.parametrize("text", ["", "{}", "[1]", "[{]"])
def test_configurations_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ConfigurationError):
        load_collections(text)


@pytest.mark.parametrize("name", ["", "bad name!", "_implicit_org_AMSP", "_a", "a.b", "ä", "a\n"])
def test_what_is_no_collection_name(name: str) -> None:
    with pytest.raises(ConfigurationError, match="invalid collection name"):
        LedgerSimulator("ch", Toy(), collections=[name])


def test_names_of_collections_and_members_that_fabric_takes() -> None:
    LedgerSimulator("ch", Toy(), collections=["-", "a__b-", "0"])


def test_a_collection_comes_once() -> None:
    with pytest.raises(ConfigurationError, match="found duplicate"):
        LedgerSimulator("ch", Toy(), collections=["c", "c"])


def test_the_channels_endorsement_policy_by_its_reference() -> None:
    item = {
        "name": "c",
        "policy": "OR('AMSP.member')",
        "endorsementPolicy": {"channelConfigPolicy": "/Channel/Application/Endorsement"},
    }
    assert load_collections(json.dumps([item]))[0].endorsement_policy == "MAJORITY"


async def test_members_have_the_data_and_everybody_the_hashes(ledger: LedgerSimulator) -> None:
    await ledger.submit("put_private", ["open", "k"], creator=BOB, transient={"value": b"secret"})
    assert await asked(ledger, "get_private", "open", "k", peer="AMSP") == "secret"
    message = await refused(ledger, ALICE, "get_private", "open", "k", peer="BMSP")
    assert message == (
        "GET_STATE failed: transaction ID: TX: private data matching public hash version is not available. "
        "Public hash version = {BlockNum: 1, TxNum: 0}, Private data version = <nil>"
    )
    assert await asked(ledger, "private_hash", "open", "k", peer="BMSP") == sha256("secret").hex()
    assert await asked(ledger, "get_private", "open", "none", peer="BMSP") == "-"
    assert await asked(ledger, "list_private", "open", peer="BMSP") == ""
    assert await asked(ledger, "list_private", "open", peer="AMSP") == "k"
    assert ledger.private_state("open") == {"k": b"secret"}
    assert ledger.private_state("open", peer="AMSP") == {"k": b"secret"}
    assert ledger.private_state("open", peer="BMSP") == {}
    assert ledger.private_state("undefined", peer="AMSP") == {}
    assert ledger.private_hashes("open") == {sha256("k"): sha256("secret")}


async def test_many_private_keys_in_one_message_are_not_compared_with_the_hashes(
    ledger: LedgerSimulator,
) -> None:
    await ledger.submit("put_private", ["open", "k"], creator=ALICE)
    assert await asked(ledger, "get_privates", "open", "k", "l", peer="AMSP") == "v,-"
    assert await asked(ledger, "get_privates", "open", "k", "l", peer="BMSP") == "-,-"
    held = await ledger.endorse("get_privates", ["open", "k", "l"], creator=ALICE, peer="BMSP")
    assert (await ledger.commit([held])).codes == (ValidationCode.MVCC_READ_CONFLICT,)


async def test_clients_that_are_no_members(ledger: LedgerSimulator) -> None:
    await ledger.submit("put_private", ["ab", "k"], creator=BOB, peer="AMSP")
    assert await asked(ledger, "get_private", "ab", "k", peer="AMSP", who=BOB) == "v"
    for call in (("get_private", "ab", "k"), ("get_privates", "ab", "k", "l"), ("list_private", "ab")):
        text = await refused(ledger, CAROL, *call)
        assert text.endswith(
            "tx creator does not have read access permission on privatedata in "
            "chaincodeName:toy collectionName: ab"
        )
    for call in (
        ("put_private", "ab", "k"),
        ("delete_private", "ab", "k"),
        ("purge_private", "ab", "k"),
        ("protect_private", "ab", "k", ""),
    ):
        assert "does not have write access permission" in await refused(ledger, CAROL, *call)
    # The hash is everybody's.
    assert await asked(ledger, "private_hash", "ab", "k", peer="AMSP", who=CAROL) == sha256("v").hex()
    await ledger.submit("put_private", ["open", "k"], creator=CAROL, peer="AMSP")


async def test_unknown_collections(ledger: LedgerSimulator) -> None:
    assert (await refused(ledger, ALICE, "get_private", "typo", "k")).endswith(
        "collection ch/toy/typo could not be found"
    )
    assert (await refused(ledger, ALICE, "private_hash", "typo", "k")) == (
        "GET_PRIVATE_DATA_HASH failed: transaction ID: TX: "
        "collection [typo] not defined in the collection config for chaincode [toy]"
    )
    # Organisations that are not of the channel have no implicit collection.
    assert "not defined" in await refused(ledger, ALICE, "get_private", "_implicit_org_XMSP", "k")
    assert await asked(ledger, "get_private", "_implicit_org_CMSP", "k", peer="AMSP") == "-"


async def test_a_deletion_leaves_old_values_and_a_purge_does_not(ledger: LedgerSimulator) -> None:
    for value in (b"one", b"two"):
        for key in ("deleted", "purged"):
            await ledger.submit("put_private", ["open", key], creator=ALICE, transient={"value": value})
    deleted = await ledger.submit("delete_private", ["open", "deleted"], creator=ALICE)
    purged = await ledger.submit("purge_private", ["open", "purged"], creator=ALICE)
    assert ledger.private_state("open") == ledger.private_hashes("open") == {}
    assert ledger.private_store("open", "deleted") == (b"one", b"two")
    assert ledger.private_store("open", "purged") == ()
    assert deleted.private_writes == {"open": {"deleted": None}}
    assert purged.hashed_writes == {"open": {sha256("purged"): None}}


async def test_block_to_live(ledger: LedgerSimulator) -> None:
    await ledger.submit("put_private", ["ab", "k"], creator=ALICE)  # block 1, gone at block 1 + 3 + 1
    await ledger.submit("put_private", ["open", "k"], creator=ALICE)
    await ledger.submit("put_private", ["ab", "l"], creator=ALICE)  # block 3
    await ledger.submit("put", ["k"], creator=ALICE)
    reader = await ledger.endorse("get_private", ["ab", "k"], creator=ALICE)
    assert reader.payload == b"v"
    # Its own block is the one at which the key goes: it was still there when the block was validated.
    assert (await ledger.commit([reader])).codes == (ValidationCode.VALID,)
    assert ledger.private_state("ab") == {"l": b"v"}
    assert ledger.private_store("ab", "k") == ()
    assert await asked(ledger, "private_hash", "ab", "k", peer="CMSP") == ""
    for _ in range(2):
        await ledger.submit("put", ["k"], creator=ALICE)
    assert (ledger.private_state("ab"), ledger.private_store("ab", "l")) == ({}, ())
    assert ledger.private_state("open") == {"k": b"v"}


async def test_a_new_value_lives_as_long_again(ledger: LedgerSimulator) -> None:
    for _ in range(6):
        await ledger.submit("put_private", ["ab", "k"], creator=ALICE)
    assert ledger.private_state("ab") == {"k": b"v"}
    assert len(ledger.private_store("ab", "k")) == 4


async def test_too_few_peers_for_a_collection() -> None:
    configuration = CONFIGURATION.replace('"requiredPeerCount": 1', '"requiredPeerCount": 2').replace(
        '"maxPeerCount": 1', '"maxPeerCount": 2'
    )
    ledger = LedgerSimulator("ch", Toy(), collections=load_collections(configuration))
    for options in ({"peer": "AMSP"}, {}):
        with pytest.raises(EndorsementError) as error:
            await ledger.submit("put_private", ["ab", "k"], creator=ALICE, **options)  # type: ignore[arg-type]
        assert "required to disseminate to at least 2 peers, but know of only 1 eligible peers" in str(
            error.value
        )
    # A peer that is no member has both of them to send the data to.
    await ledger.submit("put_private", ["ab", "k"], creator=ALICE, peer="CMSP")
    await ledger.evaluate("get_private", ["ab", "k"], creator=ALICE, peer="AMSP")


async def test_no_queries_after_writes_nor_writes_after_private_queries(ledger: LedgerSimulator) -> None:
    class Mixed(Toy):
        async def write_then_list(self, stub: object, collection: str) -> str:
            await self.put(stub, "k")  # type: ignore[arg-type]
            return await self.list_private(stub, collection)  # type: ignore[arg-type]

        async def list_then_write(self, stub: object, collection: str) -> None:
            await self.list_private(stub, collection)  # type: ignore[arg-type]
            await self.put(stub, "k")  # type: ignore[arg-type]

    mixed = LedgerSimulator("ch", Mixed(), collections=["c"])
    assert (await refused(mixed, ALICE, "write_then_list", "c")) == (
        "GET_STATE_BY_RANGE failed: transaction ID: TX: txid [TX]: unsuppored transaction. "
        "Queries on pvt data is supported only in a read-only transaction"
    )
    assert (await refused(mixed, ALICE, "list_then_write", "c")).endswith(
        "txid [TX]: unsuppored transaction. Transaction has already performed queries on pvt data. "
        "Writes are not allowed"
    )
