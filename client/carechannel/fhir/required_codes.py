"""The codes that FHIR R4 (4.0.1) requires: its bindings of strength *required*, where R4 lists the codes.

``tests/required_codes.py`` makes ``required_codes.json`` from HL7's definitions (CC0), and describes it. It
covers elements of type ``code``, and of type ``CodeableConcept``, of which at least one coding must be from
the value set (text alone is no substitute: http://hl7.org/fhir/R4/terminologies.html#required).

Not covered, as others keep the list and R4 only refers to it: media types (BCP 13), currencies (ISO 4217),
UCUM units of the three research types that require them, and LOINC's LL379-9 (MolecularSequence). Languages
are not bound as required in R4. Of the types that only R4B has, no codes are checked.
"""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Final, TypeAlias

from carechannel.fhir.problem import Problem
from carechannel.fhir.tree import FhirObject, FhirValue, objects

_RULE: Final = "is not one of the codes that R4 allows here"
_EXTENSIONS: Final = {"extension": "Extension", "modifierExtension": "Extension"}
_UNLISTED: Final = ""


@dataclass(frozen=True, slots=True)
class _Codes:
    allowed: frozenset[str]

    def allow(self, value: FhirValue) -> bool:
        return value is None or (isinstance(value, str) and value in self.allowed)


@dataclass(frozen=True, slots=True)
class _Concepts:
    allowed: Mapping[str, frozenset[str]]

    def allow(self, value: FhirValue) -> bool:
        codings = objects(value.get("coding")) if isinstance(value, dict) else ()
        return any(self._holds(coding.get("system"), coding.get("code")) for _, coding in codings)

    def _holds(self, system: FhirValue, code: FhirValue) -> bool:
        return isinstance(system, str) and isinstance(code, str) and code in self.allowed.get(system, ())


_Element: TypeAlias = _Codes | _Concepts | str
"""What an element must be one of, or the type (or path of a backbone element) of what it holds."""


def check_codes(resource: FhirObject, name: str, path: str) -> list[Problem]:
    """The elements whose code R4 does not allow there, outermost first.

    Resources inside the resource are not looked into.

    Args:
        resource: has the structure of R4, as the models check it.
        name: its resource type.
        path: where it lies, as FHIRPath.
    """
    found: list[Problem] = []
    waiting = deque([(resource, name, path)])
    while waiting:
        value, kind, at = waiting.popleft()
        elements = _elements().get(kind, _EXTENSIONS)
        for key, item in value.items():
            element = elements.get(key, _UNLISTED)
            for place, one in _each(item, f"{at}.{key}"):
                if not isinstance(element, str) and not element.allow(one):
                    found.append(Problem(place, _RULE))
                if isinstance(one, dict):
                    waiting.append((one, element if isinstance(element, str) else _UNLISTED, place))
    return found


def _each(value: FhirValue, path: str) -> Iterator[tuple[str, FhirValue]]:
    if not isinstance(value, list):
        yield path, value
        return
    for index, item in enumerate(value):
        yield f"{path}[{index}]", item


@cache
def _elements() -> dict[str, dict[str, _Element]]:
    table = json.loads(files("carechannel.fhir").joinpath("required_codes.json").read_text(encoding="utf-8"))
    rules: dict[str, _Element] = {
        f"code {name}": _Codes(frozenset(codes)) for name, codes in table["codes"].items()
    }
    for name, systems in table["concepts"].items():
        rules[f"concept {name}"] = _Concepts({system: frozenset(codes) for system, codes in systems.items()})
    return {
        name: _EXTENSIONS | {key: rules.get(rule, rule) for key, rule in elements.items()}
        for name, elements in table["elements"].items()
    }
