"""Patient codes."""

from __future__ import annotations

import base64

import pytest
from carechannel.code import PatientCode
from carechannel.errors import PatientCodeError
from hypothesis import given
from hypothesis import strategies as st

CODE = PatientCode("regional-care", "ab" * 16, ("HospitalAMSP", "HospitalBMSP"))


@given(
    st.text("abc-", min_size=1, max_size=30),
    st.text("0123456789abcdef", min_size=32, max_size=32),
    st.lists(st.text("ABCmsp0", min_size=1, max_size=20), min_size=1, max_size=9),
)
def test_a_code_reads_as_it_was_written(channel: str, handle: str, custodians: list[str]) -> None:
    code = PatientCode(channel, handle, tuple(custodians))
    assert PatientCode.parse(str(code)) == code


def test_it_fits_a_link_and_a_qr_code() -> None:
    assert str(CODE).startswith("care1.")
    assert set(str(CODE)[6:]) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    assert PatientCode.parse(f"  {CODE}\n") == CODE


def test_the_handle_does_not_show() -> None:
    assert "abab" not in repr(CODE)


def _code(content: bytes) -> str:
    return "care1." + base64.urlsafe_b64encode(content).rstrip(b"=").decode()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "care2.AAAA",
        "care1.",
        "care1.!!!!",
        str(CODE)[:-3],
        _code(b"[]"),
        _code(b'{"c":"x","h":"abab","m":["AMSP"]}'),
        _code(b'{"c":"","h":"' + b"ab" * 16 + b'","m":["AMSP"]}'),
        _code(b'{"c":"x","h":"' + b"ab" * 16 + b'","m":[]}'),
        _code(b'{"c":"x","h":"' + b"ab" * 16 + b'","m":["../x"]}'),
        _code(b'{"c":"x","h":"' + b"ab" * 16 + b'","m":["AMSP"],"x":1}'),
    ],
)
def test_what_is_no_code_is_refused(text: str) -> None:
    with pytest.raises(PatientCodeError):
        PatientCode.parse(text)


@given(st.text(max_size=60))
def test_no_text_breaks_the_reader(text: str) -> None:
    with pytest.raises(PatientCodeError):
        PatientCode.parse("care1." + text)
