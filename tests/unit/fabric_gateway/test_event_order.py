"""The order of events, without a network: whatever honest streams bring, each event comes once."""

from __future__ import annotations

import pytest
from fabric_gateway import ChaincodeEvent, Checkpoint, EventsError
from fabric_gateway._event_order import ChaincodeOrder
from hypothesis import given, settings
from hypothesis import strategies as st

Message = tuple[int, list[ChaincodeEvent]]


class Messages:
    """Stands between the machine and plain lists: a message is the place of its content in the list."""

    def __init__(self) -> None:
        self.known: list[Message] = []

    def encode(self, number: int, ids: list[str]) -> bytes:
        self.known.append((number, [ChaincodeEvent(number, i, "c", "e", b"") for i in ids]))
        return str(len(self.known) - 1).encode()

    def parse(self, content: bytes) -> Message:
        return self.known[int(content)]


def ledgers() -> st.SearchStrategy[list[tuple[int, list[str]]]]:
    """Blocks with events: numbers that leap, ids that are never repeated."""
    sizes = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 4)), max_size=8)

    def build(drawn: list[tuple[int, int]]) -> list[tuple[int, list[str]]]:
        number, made = 0, []
        for leap, size in drawn:
            number += leap
            made.append((number, [f"{number}.{place}" for place in range(size)]))
        return made

    return sizes.map(build)


@settings(deadline=None)
@given(ledgers(), st.data())
def test_streams_cut_anywhere_and_begun_too_early_bring_each_event_once(
    ledger: list[tuple[int, list[str]]], data: st.DataObject
) -> None:
    messages, delivered = Messages(), list[str]()
    order = ChaincodeOrder(Checkpoint(0), messages.parse)
    last: tuple[int, str | None] = (0, None)
    expected = [i for _, ids in ledger for i in ids]
    for _ in range(20):
        back = data.draw(st.integers(0, 4))
        whole = back > 0 or data.draw(st.booleans())
        order.reconnected(Checkpoint(*last) if not whole else Checkpoint(max(0, last[0] - back)))
        stop = data.draw(st.integers(0, len(ledger)))
        sent = 0
        for number, ids in ledger:
            if number < last[0] - back or sent == stop:
                continue
            rest = ids
            if not whole and last[1] in ids:
                rest = ids[ids.index(last[1]) + 1 :]
            if not rest:
                continue
            sent += 1
            for new in order.take(messages.encode(number, rest)):
                delivered.append(new.transaction_id)
                last = (number, new.transaction_id)
    assert delivered == expected[: len(delivered)]


def test_a_checkpoint_within_a_block_skips_what_is_before() -> None:
    messages = Messages()
    order = ChaincodeOrder(Checkpoint(5, "b"), messages.parse)
    order.reconnected(Checkpoint(5, "b"))
    assert order.take(messages.encode(4, ["z"])) == ()
    got = order.take(messages.encode(5, ["a", "b", "c"]))
    assert [event.transaction_id for event in got] == ["c"]


def test_a_stream_that_ignores_the_checkpoint_must_bring_its_transaction() -> None:
    messages = Messages()
    for later in ((5, ["a", "c"]), (6, ["d"])):
        order = ChaincodeOrder(Checkpoint(5, "b"), messages.parse)
        order.reconnected(Checkpoint(5, "b"))
        order.take(messages.encode(4, ["z"]))
        with pytest.raises(EventsError, match="events are missing"):
            order.take(messages.encode(*later))


def test_blocks_that_go_backwards_are_refused() -> None:
    messages = Messages()
    order = ChaincodeOrder(None, messages.parse)
    order.reconnected(None)
    order.take(messages.encode(5, ["a"]))
    with pytest.raises(EventsError, match="block 4 after block 5"):
        order.take(messages.encode(4, ["b"]))


def test_events_in_another_order_than_before_are_refused() -> None:
    for again in (["b", "a", "c"], ["a", "c"]):
        messages = Messages()
        order = ChaincodeOrder(Checkpoint(5), messages.parse)
        order.reconnected(Checkpoint(5))
        order.take(messages.encode(5, ["a", "b"]))
        order.reconnected(Checkpoint(5, "b"))
        with pytest.raises(EventsError, match="in another order than before"):
            order.take(messages.encode(5, again))


def test_a_block_in_two_messages_is_one_block() -> None:
    messages = Messages()
    order = ChaincodeOrder(Checkpoint(5), messages.parse)
    order.reconnected(Checkpoint(5))
    got = [*order.take(messages.encode(5, ["a", "b"])), *order.take(messages.encode(5, ["b", "c"]))]
    assert [event.transaction_id for event in got] == ["a", "b", "c"]
    assert order.take(messages.encode(6, [])) == ()
