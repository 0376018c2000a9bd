"""What two runs do not have in common is named by key, never by value."""

from __future__ import annotations

import pytest
from fabric_shim.chaincode import Response
from fabric_shim.stub import ChaincodeEvent
from fabric_shim.testing.differences import differences
from fabric_shim.testing.rwset import RangeRead, ReadWriteSet
from fabric_shim.testing.simulation import Executed
from fabric_shim.testing.world import Version

OK = Executed(Response(200, "fine", b"payload"), ChaincodeEvent("event", b"payload"))


@pytest.mark.parametrize(
    ("second", "expected"),
    [
        (OK, []),
        (Executed(Response(500, "fine", b"payload"), OK.event), ["the response's status (200 and 500)"]),
        (Executed(Response(200, "secret", b"payload"), OK.event), ["the response's message"]),
        (Executed(Response(200, "fine", b"secret"), OK.event), ["the response's payload"]),
        (Executed(OK.response, ChaincodeEvent("other", b"payload")), ["the event's name"]),
        (Executed(OK.response, ChaincodeEvent("event", b"secret")), ["the event's payload"]),
        (Executed(OK.response, None), ["the event's name", "the event's payload"]),
    ],
)
def test_answers(second: Executed, expected: list[str]) -> None:
    assert differences(OK, ReadWriteSet(), second, ReadWriteSet()) == expected


def test_read_and_write_sets() -> None:
    first, second = ReadWriteSet(), ReadWriteSet()
    one, other = first.namespaces["cc"], second.namespaces["cc"]
    one.public.reads["r"], other.public.reads["r"] = Version(1, 0), Version(2, 0)
    one.public.reads["same"] = other.public.reads["same"] = None
    one.public.write("b", b"secret 1")
    other.public.write("a", b"secret 2")
    one.public.validation_parameters["k"] = b"p"
    one.collections["c"].write("p", None, purge=True)
    other.collections["c"].write("p", None)
    one.ranges.append(RangeRead("a", "b", exhausted=True, results=()))
    second.namespaces["called"].public.write("k", b"v")
    assert differences(OK, first, OK, second) == [
        "the writes of called: 'k'",
        "the reads of cc: 'r'",
        "the writes of cc: 'a', 'b'",
        "the validation parameters of cc: 'k'",
        "the range queries of cc",
        "the purges of cc, collection c: 'p'",
    ]
