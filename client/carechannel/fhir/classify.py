"""What the custodian's index says of a record: types, categories, date and security labels."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from care_rules.errors import InputInvalidError
from care_rules.instants import parse_datetime

from carechannel.errors import TooManyLabelsError
from carechannel.fhir.read import Resource
from carechannel.fhir.tree import FhirObject, FhirValue, objects, walk

MEDIA_TYPE: Final = "application/fhir+json"
MAX_CATEGORIES: Final = 32
MAX_LABELS: Final = 32
_CATEGORY_LENGTH: Final = 128
_LABEL_LENGTH: Final = 256
_FRACTION: Final = re.compile(r"(\.[0-9]{6})[0-9]+")
_DATES: Final = (
    "effectiveDateTime effectivePeriod effectiveInstant onsetDateTime onsetPeriod occurrenceDateTime "
    "occurrencePeriod performedDateTime performedPeriod authoredOn authored recordedDate recorded date "
    "dateTime issued period started created whenHandedOver timestamp"
)


@dataclass(frozen=True, slots=True)
class Classification:
    """The index entry's description of a record."""

    type: str
    types: tuple[str, ...]
    """Every resource type that the record holds, sorted; a Bundle's own only if it is empty."""
    category: tuple[str, ...]
    """``system|code`` of category elements, sorted; at most `MAX_CATEGORIES`, which only help to find it."""
    date: str | None
    """FHIR dateTime of what the record tells about, where one is given."""
    labels: tuple[str, ...]
    """``system|code`` of every security label (``meta.security``) in it, sorted."""


def classify(resource: Resource) -> Classification:
    """Describes a valid resource for the index.

    Raises:
        TooManyLabelsError: more than `MAX_LABELS` different security labels, none of which may be dropped.
    """
    types: set[str] = set()
    categories: set[str] = set()
    labels: set[str] = set()
    for _, inner in walk(resource.tree):
        types.add(str(inner["resourceType"]))
        categories.update(code for code in _categories(inner) if len(code) <= _CATEGORY_LENGTH)
        labels.update(_labels(inner))
    if len(labels) > MAX_LABELS or any(len(label) > _LABEL_LENGTH for label in labels):
        raise TooManyLabelsError(
            f"The record carries more than {MAX_LABELS} different security labels, or one of more than "
            f"{_LABEL_LENGTH} characters; publish it in parts."
        )
    if len(types) > 1:
        types.discard("Bundle")
    return Classification(
        resource.type,
        tuple(sorted(types)),
        tuple(sorted(categories)[:MAX_CATEGORIES]),
        _date(resource.tree),
        tuple(sorted(labels)),
    )


def _categories(resource: FhirObject) -> Iterator[str]:
    category = resource.get("category")
    for _, concept in objects(category if isinstance(category, list) else [category]):
        yield from _codes(concept.get("coding"))


def _labels(resource: FhirObject) -> Iterator[str]:
    meta = resource.get("meta")
    if isinstance(meta, dict):
        yield from _codes(meta.get("security"))


def _codes(codings: FhirValue) -> Iterator[str]:
    for _, coding in objects(codings):
        if isinstance(code := coding.get("code"), str):
            yield f"{coding.get('system', '')}|{code}"


def _date(resource: FhirObject) -> str | None:
    meta = resource.get("meta")
    candidates = [resource.get(key) for key in _DATES.split()]
    candidates.append(meta.get("lastUpdated") if isinstance(meta, dict) else None)
    for candidate in candidates:
        text = candidate.get("start") if isinstance(candidate, dict) else candidate
        if isinstance(text, str) and (date := _index_date(text)) is not None:
            return date
    return None


def _index_date(text: str) -> str | None:
    """A FHIR dateTime to the microsecond; None for what is none (such as a Timing's ``date``)."""
    date = _FRACTION.sub(r"\1", text)
    try:
        parse_datetime(date)
    except InputInvalidError:
        return None
    return date
