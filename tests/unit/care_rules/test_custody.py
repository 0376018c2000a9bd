"""Tags, salts and findings."""

import pytest
from care_rules.custody import open_finding, patient_tag, salt, seal_finding
from care_rules.errors import FindingInvalidError
from hypothesis import given
from hypothesis import strategies as st

PEPPER, OTHER = bytes(range(32)), bytes(32)


def test_tags_and_salts_depend_on_every_part() -> None:
    made = [
        patient_tag(PEPPER, "a"),
        patient_tag(PEPPER, "b"),
        patient_tag(OTHER, "a"),
        salt(PEPPER, "tx", "key"),
        salt(OTHER, "tx", "key"),
        salt(PEPPER, "tx2", "key"),
        salt(PEPPER, "tx", "key2"),
        salt(PEPPER, "txk", "ey"),
    ]
    assert len(set(made)) == len(made)
    assert all(len(text) == 64 for text in made)


def test_a_finding_is_opened_with_the_same_pepper_and_kind_only() -> None:
    finding = seal_finding(PEPPER, "history", {"latest": 3})
    with open_finding(PEPPER, "history", finding) as fields:
        assert fields.integer("latest", 1, 9) == 3
    for pepper, kind in ((OTHER, "history"), (PEPPER, "decision")):
        with pytest.raises(FindingInvalidError):
            open_finding(pepper, kind, finding)


@given(st.data())
def test_no_changed_finding_is_opened(data: st.DataObject) -> None:
    finding = seal_finding(PEPPER, "history", {"latest": 3})
    index = data.draw(st.integers(0, len(finding) - 1))
    letter = data.draw(st.characters(exclude_characters=finding[index]))
    with pytest.raises(FindingInvalidError):
        open_finding(PEPPER, "history", finding[:index] + letter + finding[index + 1 :])


@given(st.text())
def test_no_text_is_a_finding(text: str) -> None:
    with pytest.raises(FindingInvalidError):
        open_finding(PEPPER, "history", text)
