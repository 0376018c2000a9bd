"""Reading an object key by key."""

import pytest
from care_rules.errors import ConsentUnsupportedError, InputInvalidError
from care_rules.fields import Fields


def test_what_is_not_read_is_refused_by_its_path() -> None:
    with (
        pytest.raises(InputInvalidError, match=r"^in\.b is not supported"),
        Fields.of({"a": "x", "b": 1}, "in") as fields,
    ):
        fields.text("a")


def test_a_key_that_is_no_plain_name_is_not_repeated() -> None:
    for key in ("Jane Doe", "a.b", "", "x" * 65, "1970-01-01"):
        with pytest.raises(ConsentUnsupportedError, match=r"^in\.\? is") as caught:
            Fields.of({key: 1}, "in", unknown=ConsentUnsupportedError).end()
        assert not key or key not in str(caught.value)


def test_an_error_inside_is_not_hidden_by_what_is_left() -> None:
    with pytest.raises(InputInvalidError, match=r"^in\.a is missing"), Fields.of({"b": 1}, "in") as fields:
        fields.text("a")


@pytest.mark.parametrize("value", ["AA", "AA=", "AA==\n", "A A=", "_w==", "é", 1, None, ["AA=="]])
def test_base64_is_standard_and_padded(value: object) -> None:
    with pytest.raises(InputInvalidError):
        Fields.of({"a": value}, "in").base64("a", limit=10)


def test_numbers_are_not_booleans() -> None:
    with pytest.raises(InputInvalidError):
        Fields.of({"a": True}, "in").integer("a", 0, 1)


def test_a_list_item_is_named_by_its_place() -> None:
    with pytest.raises(InputInvalidError, match=r"^in\.a\[1\]"):
        Fields.of({"a": ["x", 1]}, "in").texts("a")
