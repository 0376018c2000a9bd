"""From bytes to a valid FHIR R4 resource. The bytes themselves are kept exactly as they came."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Final, NoReturn

from carechannel.errors import ContentTooLargeError, EmptyContentError, NotFhirError, NotJsonError
from carechannel.fhir.tree import FhirObject, FhirValue
from carechannel.fhir.validate import validate

MAX_BYTES: Final = 64 * 1024 * 1024
"""The largest content of one record; checked before anything is parsed."""


@dataclass(frozen=True, slots=True)
class Resource:
    """A valid FHIR R4 resource: its exact bytes and what they say."""

    data: bytes = field(repr=False)
    tree: FhirObject = field(repr=False)

    @property
    def type(self) -> str:
        """The resource type, such as ``Bundle``."""
        return str(self.tree["resourceType"])


def read(data: bytes) -> Resource:
    """Parses and validates one FHIR R4 resource in JSON (https://hl7.org/fhir/R4/json.html).

    Raises:
        EmptyContentError: nothing but white space.
        ContentTooLargeError: more than `MAX_BYTES`.
        NotJsonError: not JSON in UTF-8, or a key given twice.
        NotFhirError: JSON, but no resource.
        WrongFhirVersionError: a resource of DSTU2, STU3 or R5.
        InvalidFhirError: breaks a rule of R4; names the element.
    """
    check_size(len(data))
    tree = _parse(data)
    if not isinstance(tree, dict):
        raise NotFhirError("This is JSON but not a FHIR resource: it is not an object.")
    validate(tree)
    return Resource(data, tree)


def check_size(size: int) -> None:
    """Refuses content above `MAX_BYTES`, given its size in bytes (so that a file need not be read for it).

    Raises:
        ContentTooLargeError: it is above the limit.
    """
    if size > MAX_BYTES:
        raise ContentTooLargeError(
            f"The content has {size / 2**20:.1f} MiB; a record holds at most {MAX_BYTES // 2**20} MiB. "
            "Publish it in parts."
        )


def _parse(data: bytes) -> FhirValue:
    if not data.strip():
        raise EmptyContentError("The content is empty; give a FHIR R4 resource in JSON.")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        raise NotJsonError(f"The content is not UTF-8 text (byte {error.start + 1}).") from error
    if text.lstrip().startswith("<"):
        raise NotJsonError("The content looks like XML; convert it to FHIR's JSON format first.")
    try:
        tree: FhirValue = json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise NotJsonError(f"The content is not JSON: {error.msg} at {where}.") from error
    except RecursionError as error:
        raise NotJsonError("The JSON is nested too deeply to be a FHIR resource.") from error
    return tree


def _unique(pairs: list[tuple[str, FhirValue]]) -> FhirObject:
    values = dict(pairs)
    if len(values) != len(pairs):
        raise NotJsonError("An object in the JSON has the same key twice; give each key once.")
    return values


def _refuse_constant(name: str) -> NoReturn:
    raise NotJsonError(f"The content is not JSON: it holds {name}.")
