"""A question about disclosures, and the page of requests that answers it."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from care_rules import instants
from care_rules.access.model import AccessRequest
from care_rules.canonical import Json
from care_rules.errors import InputInvalidError
from care_rules.fields import HANDLE, MSP_ID, Fields

DEFAULT_LIMIT: Final = 100
MAX_LIMIT: Final = 1000

_BOOKMARK: Final = re.compile(r"([0-9]{1,18})\.([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Filter:
    """Which requests: about a patient, by an institution, from ``since`` to before ``until``
    (microseconds).
    """

    handle: str | None = None
    institution: str | None = None
    since: int | None = None
    until: int | None = None
    limit: int = DEFAULT_LIMIT
    after: tuple[int, str] | None = None

    def selects(self, request: AccessRequest) -> bool:
        """Whether a request is asked for, on whatever page."""
        return (
            (self.handle is None or request.asked.handle == self.handle)
            and (self.institution is None or request.requester.msp_id == self.institution)
            and (self.since is None or request.requested_at >= self.since)
            and (self.until is None or request.requested_at < self.until)
        )


def parse_filter(value: Json) -> Filter:
    """The filter that a caller gives.

    Raises:
        InputInvalidError: a key is malformed or unknown.
    """
    with Fields.of(value, "in") as fields:
        return Filter(
            handle=fields.text("handle", pattern=HANDLE) if fields.has("handle") else None,
            institution=fields.text("institution", pattern=MSP_ID) if fields.has("institution") else None,
            since=_instant(fields, "since"),
            until=_instant(fields, "until"),
            limit=fields.integer("limit", 1, MAX_LIMIT) if fields.has("limit") else DEFAULT_LIMIT,
            after=_bookmark(fields),
        )


def page(requests: Iterable[AccessRequest], wanted: Filter) -> tuple[list[AccessRequest], str]:
    """The next page, newest first, and the bookmark of the one after it (empty at the end)."""
    selected = sorted(
        (request for request in requests if wanted.selects(request)),
        key=lambda request: (-request.requested_at, request.request_id),
    )
    if wanted.after is not None:
        at, request_id = wanted.after
        selected = [
            request for request in selected if (-request.requested_at, request.request_id) > (-at, request_id)
        ]
    shown = selected[: wanted.limit]
    more = len(selected) > len(shown)
    return shown, f"{shown[-1].requested_at}.{shown[-1].request_id}" if more else ""


def _instant(fields: Fields, key: str) -> int | None:
    if not fields.has(key):
        return None
    try:
        return instants.parse_instant(fields.text(key, limit=40))
    except InputInvalidError as error:
        raise InputInvalidError(f"{fields.at(key)}: {error}") from error


def _bookmark(fields: Fields) -> tuple[int, str] | None:
    if not fields.has("bookmark"):
        return None
    value = fields.take("bookmark")
    if value == "":
        return None
    found = _BOOKMARK.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise InputInvalidError(f"{fields.at('bookmark')} is not one that this function returned.")
    return int(found[1]), found[2]
