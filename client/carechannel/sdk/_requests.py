"""What is looked at before something is asked of a CA, and what is made of an answer."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import quote

from carechannel.sdk.errors import CaReplyError, CaRequestError


def enrollment_name(name: str) -> str:
    """`name` if somebody can enrol under it.

    Raises `CaRequestError`: it is empty, or holds a colon or a control character (RFC 7617).
    """
    if not name or ":" in name or not name.isprintable():
        raise CaRequestError(
            "An enrolment name has at least one letter, no colon and no control character "
            "(it is sent as a user's name in HTTP)."
        )
    return name


def segment(name: str) -> str:
    """`name` as a part of a path.

    Raises `CaRequestError`: it is one that the CA's routes cannot carry.
    """
    if name in {"", ".", ".."} or "/" in name or not name.isprintable():
        raise CaRequestError(
            f"The CA cannot be asked about {name!r}: a name that is empty, '.', '..', or has a slash or a "
            "control character in it, does not fit into an address."
        )
    return quote(name, safe="")


def moment(name: str, at: datetime | None) -> str | None:
    """A point in time as the CA wants it (RFC 3339).

    Raises `CaRequestError`: it has no time zone.
    """
    if at is None:
        return None
    if at.tzinfo is None:
        raise CaRequestError(f"{name} has no time zone; give one, such as datetime.UTC.")
    # In UTC: with SQLite, Fabric CA compares the text of two times, whatever their zones.
    return f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"


def hexadecimal(name: str, digits: str) -> str:
    """A serial number or key identifier, as Fabric CA keeps it: small letters, no colons, no leading zeros.

    Raises `CaRequestError`: it is not hexadecimal.
    """
    bare = digits.replace(":", "").lower().lstrip("0")
    if not bare or not set(bare) <= set("0123456789abcdef"):
        raise CaRequestError(f"{name} has to be hexadecimal, such as 3f:a2:… or 3fa2….")
    return bare


def registered(
    attributes: Mapping[str, str] | None, authority: Mapping[str, str] | None
) -> list[dict[str, object]]:
    """Attributes of certificates, and those that are for the CA alone, as hfc sends them.

    Raises `CaRequestError`: one that the CA takes for an authority stands among the attributes.
    """
    for name in attributes or {}:
        if name.strip().lower().startswith("hf."):
            raise CaRequestError(
                f"{name!r} is what an identity may do at the CA, and belongs into no certificate; give it as "
                "an authority if that is meant."
            )
    return [
        *({"name": name, "value": value, "ecert": True} for name, value in (attributes or {}).items()),
        *({"name": name, "value": value, "ecert": False} for name, value in (authority or {}).items()),
    ]


@contextmanager
def understood(url: str) -> Iterator[None]:
    """Turns what hfc's code trips over in an answer into a sentence."""
    try:
        yield
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        raise CaReplyError(
            f"The CA at {url} says that it did what was asked, but its answer is not what a Fabric CA gives."
        ) from error


class Reply:
    """A JSON object from a CA, read strictly: what is not of the wanted type raises `CaReplyError`."""

    def __init__(self, url: str, content: object) -> None:
        if not isinstance(content, Mapping):
            raise _unlike(url, "an object")
        self._url = url
        self._content = content

    def text(self, key: str) -> str:
        value = self._content.get(key)
        if not isinstance(value, str):
            raise _unlike(self._url, f"the text {key}")
        return value

    def number(self, key: str) -> int:
        """0 where it is absent: Go leaves a zero out."""
        value = self._content.get(key, 0)
        if not isinstance(value, int) or isinstance(value, bool):
            raise _unlike(self._url, f"the number {key}")
        return value

    def flag(self, key: str) -> bool:
        """False where it is absent: Go leaves it out then."""
        value = self._content.get(key, False)
        if not isinstance(value, bool):
            raise _unlike(self._url, f"the flag {key}")
        return value

    def object(self, key: str) -> Reply:
        return Reply(self._url, self._content.get(key))

    def objects(self, key: str, *, optional: bool = False) -> Sequence[Reply]:
        """The objects of a list; `optional` ones may be absent or null, as Go writes an empty list."""
        value = self._content.get(key)
        if value is None and optional:
            return ()
        if not isinstance(value, list):
            raise _unlike(self._url, f"the list {key}")
        return tuple(Reply(self._url, item) for item in value)


def _unlike(url: str, what: str) -> CaReplyError:
    return CaReplyError(
        f"The CA at {url} says success, but {what} is missing in its answer or is something else."
    )
