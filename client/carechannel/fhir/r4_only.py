"""Validation of the resource types that R4 (4.0.1) defines differently from R4B (4.3.0), or alone.

``fhir.resources`` models R4B. Between the two, HL7 replaced EffectEvidenceSynthesis, RiskEvidenceSynthesis,
the ten MedicinalProduct types and six Substance types, and redefined Evidence and EvidenceVariable.
``r4_only.json`` lists the elements of R4's definitions (http://hl7.org/fhir/R4, CC0): type, cardinality, and
the choice ``[x]`` that an element belongs to. Data types that both versions share are checked by the R4B
models.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from importlib.resources import files
from typing import Final

from care_rules.errors import InputInvalidError
from care_rules.instants import parse_datetime

from carechannel.fhir.models import check, model_of
from carechannel.fhir.problem import Problem
from carechannel.fhir.tree import FhirObject, FhirValue

_BASE_KEYS: Final = {
    "DomainResource": {
        "resourceType",
        "id",
        "meta",
        "implicitRules",
        "_implicitRules",
        "language",
        "_language",
    }
    | {"text", "contained", "extension", "modifierExtension"},
    "BackboneElement": {"id", "extension", "modifierExtension"},
    "Element": {"id", "extension"},
}
_PRIMITIVES: Final = {"string", "decimal", "integer", "boolean", "date", "dateTime"}


@dataclass(frozen=True, slots=True)
class _Element:
    type: str
    required: bool
    repeats: bool
    choice: str | None


@dataclass(frozen=True, slots=True)
class _Definition:
    base: str
    elements: dict[str, _Element]


def defines(name: str) -> bool:
    """Whether R4 has its own definition of this resource type."""
    definition = _definitions().get(name)
    return definition is not None and definition.base == "DomainResource"


def check_r4(value: FhirObject, name: str, path: str) -> list[Problem]:
    """What breaks R4's definition `name` in an object."""
    definition = _definitions()[name]
    base = _BASE_KEYS[definition.base]
    found = _check_base(value, definition.base, path)
    for key, item in value.items():
        if key in base:
            continue
        element = definition.elements.get(key.removeprefix("_"))
        if element is None or (key.startswith("_") and element.type not in _PRIMITIVES):
            found.append(Problem(f"{path}.{key}", "R4 has no such element here"))
        elif not key.startswith("_"):
            found += _check_element(item, element, f"{path}.{key}")
    return found + _check_presence(value, definition, path)


def _check_base(value: FhirObject, base: str, path: str) -> list[Problem]:
    model = model_of(base)
    if model is None:
        raise TypeError(f"fhir.resources has no model {base}.")
    known = {key: item for key, item in value.items() if key in _BASE_KEYS[base] and key != "resourceType"}
    return check(model, known, path)


def _check_presence(value: FhirObject, definition: _Definition, path: str) -> list[Problem]:
    found: list[Problem] = []
    choices: dict[str, list[str]] = {}
    required: set[str] = set()
    for key, element in definition.elements.items():
        given = key in value or f"_{key}" in value
        name = f"{element.choice}[x]" if element.choice else key
        if given:
            choices.setdefault(name, []).append(key)
        if element.required:
            required.add(name)
    found += [Problem(f"{path}.{name}", "is required") for name in sorted(required) if name not in choices]
    found += [
        Problem(f"{path}.{name}", "is given with more than one type")
        for name, keys in choices.items()
        if len(keys) > 1
    ]
    return found


def _check_element(value: FhirValue, element: _Element, path: str) -> list[Problem]:
    if not element.repeats:
        return _check_one(value, element.type, path)
    if not isinstance(value, list) or not value:
        return [Problem(path, "must be a list")]
    return [
        problem
        for index, item in enumerate(value)
        for problem in _check_one(item, element.type, f"{path}[{index}]")
    ]


def _check_one(value: FhirValue, kind: str, path: str) -> list[Problem]:
    if kind in _PRIMITIVES:
        return [] if _is_primitive(value, kind) else [Problem(path, "does not have the form of its type")]
    if not isinstance(value, dict):
        return [Problem(path, "must be an object")]
    if kind in _definitions():
        return check_r4(value, kind, path)
    model = model_of(kind)
    if model is None:
        raise TypeError(f"fhir.resources has no model {kind}.")
    return check(model, value, path)


def _is_primitive(value: FhirValue, kind: str) -> bool:
    match kind:
        case "boolean":
            return isinstance(value, bool)
        case "integer":
            return isinstance(value, int) and not isinstance(value, bool)
        case "decimal":
            return isinstance(value, int | float) and not isinstance(value, bool)
        case "string":
            return isinstance(value, str) and bool(value.strip())
        case _:
            return isinstance(value, str) and _is_date(value, kind)


def _is_date(text: str, kind: str) -> bool:
    try:
        parse_datetime(text)
    except InputInvalidError:
        return kind == "dateTime" and _is_fine_instant(text)
    return kind == "dateTime" or "T" not in text


def _is_fine_instant(text: str) -> bool:
    """R4 allows any number of decimals in a second; only six are kept here."""
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False


@cache
def _definitions() -> dict[str, _Definition]:
    table = json.loads(files("carechannel.fhir").joinpath("r4_only.json").read_text(encoding="utf-8"))
    return {
        name: _Definition(entry["base"], {key: _element(text) for key, text in entry["elements"].items()})
        for name, entry in table.items()
    }


def _element(text: str) -> _Element:
    kind, cardinality, *choice = text.split()
    least, most = cardinality.split("..")
    return _Element(kind, least == "1", most == "*", choice[0].removesuffix("[x]") if choice else None)
