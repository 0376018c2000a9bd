"""What comes from the chaincode, or from whoever could make it look so."""

from __future__ import annotations

import pytest
from carechannel.replies import event_names


def test_an_event_names_what_it_names() -> None:
    assert event_names(b'{"custodian":"HospitalAMSP"}', "custodian", "HospitalAMSP")
    assert not event_names(b'{"custodian":"HospitalBMSP"}', "custodian", "HospitalAMSP")


@pytest.mark.parametrize(
    "payload", [b"", b"\xff", b"[" * 100_000, b"[]", b'"custodian"', b'{"custodian":1.5}', b"9" * 5000]
)
def test_an_event_with_a_hostile_payload_stops_nobody(payload: bytes) -> None:
    assert not event_names(payload, "custodian", "HospitalAMSP")
