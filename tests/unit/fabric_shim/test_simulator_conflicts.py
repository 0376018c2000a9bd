"""Several transactions in one block, held transactions: what is a conflict at commit, and what is not."""

from __future__ import annotations

import pytest
from fabric_shim.errors import TransactionInvalidError
from fabric_shim.testing import LedgerSimulator, TestIdentity, ValidationCode
from fabric_shim.testing.blocks import Endorsed

from tests.unit.fabric_shim.simulator_toy import Toy

SOMEBODY = TestIdentity.create("AMSP", "somebody")
OTHER = TestIdentity.create("BMSP", "somebody else")
VALID = ValidationCode.VALID
CONFLICT = ValidationCode.MVCC_READ_CONFLICT
PHANTOM = ValidationCode.PHANTOM_READ_CONFLICT
COLLECTION = "_implicit_org_AMSP"


@pytest.fixture
def ledger() -> LedgerSimulator:
    return LedgerSimulator("ch", Toy())


async def held(ledger: LedgerSimulator, *call: str) -> Endorsed:
    return await ledger.endorse(call[0], call[1:], creator=SOMEBODY)


async def codes(ledger: LedgerSimulator, *calls: str) -> tuple[ValidationCode, ...]:
    """Endorse all of them on the same state, then commit them as one block."""
    return (await ledger.commit([await held(ledger, *call.split()) for call in calls])).codes


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (["put k", "put k"], (VALID, VALID)),  # blind writes
        (["put k", "copy k l"], (VALID, CONFLICT)),
        (["copy k l", "put k"], (VALID, VALID)),
        (["copy k k", "copy k k", "copy k k"], (VALID, CONFLICT, CONFLICT)),
        (["delete k", "get k"], (VALID, CONFLICT)),
        (["delete none", "get none"], (VALID, CONFLICT)),  # written to, though nothing changed
        (["put new", "get new"], (VALID, CONFLICT)),
        (["put l", "get k"], (VALID, VALID)),
        (["copy k l", "put l"], (VALID, VALID)),
        # What an invalid transaction wrote has changed nothing.
        (["put k", "copy k l", "copy l m"], (VALID, CONFLICT, VALID)),
        (["protect none cA==", "get none"], (VALID, VALID)),
        (["protect k cA==", "get k"], (VALID, CONFLICT)),
        (["protection k", "put k"], (VALID, VALID)),
        (["put k", "protection k"], (VALID, CONFLICT)),
    ],
)
async def test_reads_in_one_block(
    ledger: LedgerSimulator, calls: list[str], expected: tuple[ValidationCode, ...]
) -> None:
    await ledger.submit("put", ["k"], creator=SOMEBODY)
    assert await codes(ledger, *calls) == expected


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (["put a5", "count a b total"], (VALID, PHANTOM)),
        (["delete a2", "count a b total"], (VALID, PHANTOM)),
        (["put a2", "count a b total"], (VALID, PHANTOM)),
        (["delete a5", "count a b total"], (VALID, VALID)),
        (["put b", "count a b total"], (VALID, VALID)),
        (["put a5", "count b c total"], (VALID, VALID)),
        (["put b5", "count b c total"], (VALID, PHANTOM)),
        (["count a b total", "put a5"], (VALID, VALID)),
        # Left after the first result: the peer has read all three, but has not seen the end.
        (["put a0", "first a b"], (VALID, PHANTOM)),
        (["count a b a4", "count a b a5"], (VALID, PHANTOM)),
    ],
)
async def test_ranges_in_one_block(
    ledger: LedgerSimulator, calls: list[str], expected: tuple[ValidationCode, ...]
) -> None:
    await ledger.submit("put", ["a1", "a2", "a3"], creator=SOMEBODY)
    assert await codes(ledger, *calls) == expected


async def test_a_range_that_was_left_is_checked_as_far_as_it_was_read(ledger: LedgerSimulator) -> None:
    keys = [f"a{number:03}" for number in range(150)]
    await ledger.submit("put", keys, creator=SOMEBODY)
    # The peer reads one result more than the 100 of its first message.
    assert await codes(ledger, "put a101x", "first a b") == (VALID, VALID)
    assert await codes(ledger, "put a100", "first a b") == (VALID, PHANTOM)
    left = await held(ledger, "first", "a", "b")
    assert [
        (read.end_key, read.exhausted) for read in left.read_write_set.namespaces["chaincode"].ranges
    ] == [("a100", False)]


@pytest.mark.parametrize(
    ("calls", "expected"),
    [
        (["put_private {} k", "put_private {} k"], (VALID, VALID)),
        (["put_private {} k", "get_private {} k"], (VALID, CONFLICT)),
        (["put_private {} k", "private_hash {} k"], (VALID, CONFLICT)),
        (["purge_private {} k", "get_private {} k"], (VALID, CONFLICT)),
        (["put_private {} none", "private_hash {} none"], (VALID, CONFLICT)),
        (["put_private {} l", "list_private {}"], (VALID, VALID)),  # private ranges are not checked
        (["put k", "get_private {} k"], (VALID, VALID)),
    ],
)
async def test_private_reads_in_one_block(
    ledger: LedgerSimulator, calls: list[str], expected: tuple[ValidationCode, ...]
) -> None:
    await ledger.submit("put_private", [COLLECTION, "k"], creator=SOMEBODY)
    assert await codes(ledger, *(call.format(COLLECTION) for call in calls)) == expected


async def test_a_held_transaction_is_checked_when_it_is_committed(ledger: LedgerSimulator) -> None:
    await ledger.submit("put", ["k"], creator=SOMEBODY)
    stale = await held(ledger, "copy", "k", "l")
    fresh = await held(ledger, "copy", "m", "l")
    await ledger.submit("put", ["k"], creator=SOMEBODY)
    block = await ledger.commit([stale, fresh])
    assert (block.number, block.codes) == (3, (CONFLICT, VALID))
    assert (ledger.state, len(ledger.blocks)) == ({"k": b"v", "l": b"nothing"}, 3)
    # The same key at the same value, but written anew: versions count, not values.
    again = await held(ledger, "get", "k")
    await ledger.submit("put", ["k"], creator=SOMEBODY)
    assert (await ledger.commit([again])).codes == (CONFLICT,)


async def test_a_conflict_with_a_deletion_and_a_new_key(ledger: LedgerSimulator) -> None:
    await ledger.submit("put", ["k"], creator=SOMEBODY)
    one, two = await held(ledger, "get", "k"), await held(ledger, "get", "new")
    await ledger.submit("delete", ["k"], creator=SOMEBODY)
    await ledger.submit("put", ["new"], creator=SOMEBODY)
    assert (await ledger.commit([one, two])).codes == (CONFLICT, CONFLICT)


async def test_a_transaction_counts_once(ledger: LedgerSimulator) -> None:
    once = await held(ledger, "put", "k")
    duplicate = ValidationCode.DUPLICATE_TXID
    assert (await ledger.commit([once, once])).codes == (VALID, duplicate)
    assert (await ledger.commit([once])).codes == (duplicate,)
    assert len(ledger.history("k")) == 1
    # An invalid one cannot be sent again either.
    late = await held(ledger, "get", "k")
    await ledger.submit("put", ["k"], creator=SOMEBODY)
    assert (await ledger.commit([late])).codes == (CONFLICT,)
    assert (await ledger.commit([late])).codes == (duplicate,)


async def test_only_valid_transactions_leave_traces(ledger: LedgerSimulator) -> None:
    listening = ledger.events()
    held_ones = [
        await held(ledger, "emit", "one"),
        await held(ledger, "put", "k"),
        await held(ledger, "copy", "one", "two"),
        await held(ledger, "emit", "three"),
    ]
    block = await ledger.commit(held_ones)
    assert block.codes == (VALID, VALID, CONFLICT, VALID)
    assert [(event.block_number, event.name, event.payload) for event in block.events] == [
        (1, "one", b"payload"),
        (1, "three", b"payload"),
    ]
    assert listening.take() == list(block.events)
    assert listening.take() == []
    assert ledger.history("two") == ()
    assert [change.tx_id for change in ledger.history("one")] == [held_ones[0].tx_id]


async def test_submit_raises_with_the_code(ledger: LedgerSimulator) -> None:
    duplicate = await held(ledger, "put", "k")
    ledger._count -= 1  # the client sends the same nonce again
    await ledger.commit([duplicate])
    with pytest.raises(TransactionInvalidError, match="DUPLICATE_TXID") as error:
        await ledger.submit("put", ["k"], creator=SOMEBODY)
    assert (error.value.validation_code, error.value.tx_id) == (9, duplicate.tx_id)
