"""Reading one JSON object key by key, so that nothing in it is left unread.

``with Fields.of(value, "in") as fields: …`` takes each key with its type and limits; whatever is left at the
end of the block is refused by its path. A consent's reader passes its own error classes, so that an element
which is not supported and one which is malformed carry different codes.
"""

import base64
import binascii
import re
from collections.abc import Iterator, Sequence
from types import TracebackType
from typing import Final, Self

from care_rules.canonical import Json
from care_rules.errors import CareError, InputInvalidError

HANDLE: Final = re.compile(r"[0-9a-f]{32}")
DIGEST: Final = re.compile(r"[0-9a-f]{64}")
MSP_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
STAFF_ID: Final = re.compile(r"[A-Za-z0-9._@-]{1,128}")
ATTRIBUTE: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")


class Fields:
    """The keys of one JSON object that are still to be read; ``path`` is its name in messages."""

    def __init__(
        self, values: dict[str, Json], path: str, invalid: type[CareError], unknown: type[CareError]
    ):
        self.path = path
        self._values = values
        self._invalid = invalid
        self._unknown = unknown

    @classmethod
    def of(
        cls,
        value: Json,
        path: str,
        *,
        invalid: type[CareError] = InputInvalidError,
        unknown: type[CareError] = InputInvalidError,
    ) -> Self:
        """Starts to read an object; `invalid` is raised for malformed keys, `unknown` for those left over."""
        if not isinstance(value, dict):
            raise invalid(f"{path} must be an object.")
        return cls(dict(value), path, invalid, unknown)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.end()

    def end(self) -> None:
        """Refuses whatever key has not been read."""
        for key in sorted(self._values):
            raise self._unknown(f"{self.at(key)} is not supported; leave it out.")

    def at(self, key: str) -> str:
        """The path of a key; one that is not a plain name is not repeated in messages."""
        return f"{self.path}.{key}" if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]{0,63}", key) else f"{self.path}.?"

    def has(self, key: str) -> bool:
        """Whether the key is given and not read yet."""
        return key in self._values

    def take(self, key: str) -> Json:
        """The value of a key that must be given."""
        if key not in self._values:
            raise self._invalid(f"{self.at(key)} is missing.")
        return self._values.pop(key)

    def null(self, key: str) -> bool:
        """Whether the key is given as null; then it is read."""
        if self._values.get(key, "") is not None:
            return False
        del self._values[key]
        return True

    def text(self, key: str, *, limit: int = 256, pattern: re.Pattern[str] | None = None) -> str:
        """Text of 1 to `limit` characters that fully matches `pattern`."""
        return self._text(self.take(key), self.at(key), limit, pattern)

    def choice(self, key: str, allowed: Sequence[str]) -> str:
        """One of the allowed texts, which the message lists."""
        value = self.take(key)
        if not isinstance(value, str) or value not in allowed:
            raise self._invalid(f"{self.at(key)} must be one of: {', '.join(allowed)}.")
        return value

    def integer(self, key: str, low: int, high: int) -> int:
        """A whole number from `low` to `high`."""
        value = self.take(key)
        if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
            raise self._invalid(f"{self.at(key)} must be a whole number from {low} to {high}.")
        return value

    def base64(self, key: str, *, limit: int, size: int | None = None) -> bytes:
        """Bytes in standard base64 with padding, at most `limit` of them and exactly `size` where given."""
        value = self.take(key)
        try:
            data = base64.b64decode(value, validate=True) if isinstance(value, str) else None
        except (binascii.Error, ValueError):
            data = None
        if data is None or len(data) > limit or (size is not None and len(data) != size):
            wanted = f"{size} bytes" if size is not None else f"at most {limit} bytes"
            raise self._invalid(f"{self.at(key)} must be {wanted} in base64 with padding.")
        return data

    def items(self, key: str, *, least: int = 0, most: int = 100) -> list[tuple[str, Json]]:
        """The items of a list of `least` to `most`, each with its path."""
        value = self.take(key)
        if not isinstance(value, list) or not least <= len(value) <= most:
            raise self._invalid(f"{self.at(key)} must be a list of {least} to {most} items.")
        return [(f"{self.at(key)}[{index}]", item) for index, item in enumerate(value)]

    def texts(
        self,
        key: str,
        *,
        least: int = 0,
        most: int = 100,
        limit: int = 256,
        pattern: re.Pattern[str] | None = None,
    ) -> tuple[str, ...]:
        """A list of different texts."""
        values = tuple(
            self._text(item, path, limit, pattern) for path, item in self.items(key, least=least, most=most)
        )
        if len(set(values)) != len(values):
            raise self._invalid(f"{self.at(key)} holds an item twice.")
        return values

    def child(self, key: str) -> "Fields":
        """The object under a key."""
        path = self.at(key)
        return Fields.of(self.take(key), path, invalid=self._invalid, unknown=self._unknown)

    def children(self, key: str, *, least: int = 0, most: int = 100) -> Iterator["Fields"]:
        """The objects of a list, each to be read in its own block."""
        for path, item in self.items(key, least=least, most=most):
            yield Fields.of(item, path, invalid=self._invalid, unknown=self._unknown)

    def _text(self, value: Json, path: str, limit: int, pattern: re.Pattern[str] | None) -> str:
        if not isinstance(value, str) or not 1 <= len(value) <= limit:
            raise self._invalid(f"{path} must be text of 1 to {limit} characters.")
        if pattern is not None and not pattern.fullmatch(value):
            raise self._invalid(f"{path} does not have the form that it must have.")
        return value


def check_text(value: str, name: str, pattern: re.Pattern[str]) -> str:
    """A public argument that must fully match a pattern.

    Raises:
        InputInvalidError: it does not.
    """
    if not pattern.fullmatch(value):
        raise InputInvalidError(f"The argument {name} does not have the form that it must have.")
    return value
