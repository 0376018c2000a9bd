"""Validation of one JSON object by the R4B models of ``fhir.resources``, with their known faults evened out.

| where the models are stricter than R4 | what is done |
|---|---|
| no ``_value[x]`` in Extension (a primitive's own id and extensions) | taken out, checked as an Element |
| a code may not hold a no-break space | only space, tab and line ends are white space, as R4 defines it |
"""

from __future__ import annotations

import copy
import re
from collections.abc import Sequence
from functools import cache
from typing import Final

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from carechannel.fhir.problem import Problem
from carechannel.fhir.tree import FhirObject, FhirValue

_VALUE: Final = re.compile(r"_value[A-Z][A-Za-z0-9]*")
_STAND_IN: Final = "code"
_RULES: Final = {
    "extra_forbidden": "R4 has no such element here",
    "missing": "is required",
    "model_field_validation.missing": "is required",
    "value_error": "does not have the form of its type",
    "model_type": "must be an object",
    "list_type": "must be a list",
    "string_type": "must be text",
    "string_pattern_mismatch": "does not have the form of its type",
}


@cache
def model_of(name: str) -> type[BaseModel] | None:
    """The R4B model of a resource or data type; None where R4B has none."""
    from fhir.resources.R4B import get_fhir_model_class  # noqa: PLC0415  costly, and few commands need it

    try:
        found = get_fhir_model_class(name)
    except (KeyError, ValueError):
        return None
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def check(model: type[BaseModel], value: FhirValue, path: str) -> list[Problem]:
    """What breaks the model's rules, in document order; empty when the value is valid."""
    errors = _errors(model, value)
    found: list[Problem] = []
    while isinstance(value, dict) and (faults := [error for error in errors if _is_fault(error)]):
        value = copy.deepcopy(value)
        for error in faults:
            found += _take_out(value, error, path)
        errors = _errors(model, value)
    return found + [_problem(error, path) for error in errors]


def _errors(model: type[BaseModel], value: FhirValue) -> list[ErrorDetails]:
    try:
        model.model_validate(value)
    except ValidationError as error:
        return error.errors(include_url=False)
    return []


def _is_fault(error: ErrorDetails) -> bool:
    if error["type"] == "extra_forbidden":
        place = error["loc"]
        return _is_value(place[-1]) and bool({"extension", "modifierExtension"} & set(place[-3:-1]))
    if error["type"] == "string_pattern_mismatch":
        pattern = str(error["ctx"]["pattern"])
        return isinstance(error["input"], str) and bool(re.search(pattern, error["input"], re.ASCII))
    return False


def _is_value(key: int | str) -> bool:
    return isinstance(key, str) and bool(_VALUE.fullmatch(key))


def _take_out(value: FhirObject, error: ErrorDetails, path: str) -> list[Problem]:
    """Removes what the models fault wrongly from a copy, and checks what was removed by R4's own rule."""
    *way, last = error["loc"]
    place: FhirValue = value
    for key in way:
        place = _step(place, key)
    if isinstance(place, list) and isinstance(last, int):
        place[last] = _STAND_IN
        return []
    if not isinstance(place, dict):
        raise TypeError("The model's error does not lead to an element.")
    if error["type"] == "string_pattern_mismatch":
        place[str(last)] = _STAND_IN
        return []
    element = model_of("FHIRPrimitiveExtension")
    if element is None:
        raise TypeError("fhir.resources has no model for a primitive's extension.")
    return check(element, place.pop(str(last)), fhir_path(path, error["loc"]))


def _step(place: FhirValue, key: int | str) -> FhirValue:
    if isinstance(place, list) and isinstance(key, int):
        return place[key]
    if isinstance(place, dict):
        return place[str(key)]
    raise TypeError("The model's error does not lead to an element.")


def _problem(error: ErrorDetails, path: str) -> Problem:
    return Problem(fhir_path(path, error["loc"]), _RULES.get(error["type"], "breaks a rule of its type"))


def fhir_path(start: str, place: Sequence[int | str]) -> str:
    """A place in JSON as FHIRPath: ``entry[3].resource``."""
    path = start
    for key in place:
        path += f"[{key}]" if isinstance(key, int) else f".{key}"
    return path
