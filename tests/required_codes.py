"""Make `client/carechannel/fhir/required_codes.json` from HL7's own definitions of R4 (4.0.1, CC0).

``python -m tests.required_codes`` writes it anew: always the same bytes, for its source is one frozen npm
package. That is ``hl7.fhir.r4.examples``, which `tests.examples` fetches and which holds, with the examples,
every StructureDefinition, ValueSet and CodeSystem of R4. The table has three parts, each sorted:

| part | content |
|---|---|
| ``codes`` | value set → its codes, for elements of type ``code`` |
| ``concepts`` | value set → code system → its codes, for elements of type ``CodeableConcept`` |
| ``elements`` | type, or path of a backbone element → JSON key → ``code SET``, ``concept SET``, type, path |

A key whose type leads to no required code is left out; so is ``extension``, which every element has. A value
set is left out where R4 does not list its codes but refers to a code system of somebody else.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, Final

from tests.examples import examples_dir

TARGET: Final = Path(__file__).parents[1] / "client" / "carechannel" / "fhir" / "required_codes.json"

Elements = dict[str, dict[str, str]]
Concepts = dict[str, list[str]]


def table() -> dict[str, Any]:
    """The three parts of the table."""
    sets: dict[str, Concepts] = {}
    elements = _useful(_elements(sets))
    named = {rule for keys in elements.values() for rule in keys.values()}
    return {
        "codes": {
            name: sorted({code for codes in sets[name].values() for code in codes})
            for name in sorted(sets)
            if f"code {name}" in named
        },
        "concepts": {name: sets[name] for name in sorted(sets) if f"concept {name}" in named},
        "elements": {name: dict(sorted(keys.items())) for name, keys in sorted(elements.items())},
    }


def text(content: dict[str, Any]) -> str:
    """The table as JSON with one line for each value set and each type."""
    parts = []
    for part, entries in content.items():
        lines = ",\n".join(
            f"    {json.dumps(name)}: {json.dumps(entry, separators=(',', ':'))}"
            for name, entry in entries.items()
        )
        parts.append(f"  {json.dumps(part)}: {{\n{lines}\n  }}")
    return "{\n" + ",\n".join(parts) + "\n}\n"


def _elements(sets: dict[str, Concepts]) -> Elements:
    """Every element of every type that is not primitive; fills in the value sets on the way."""
    found: Elements = {}
    for definition in _definitions():
        for element in definition["snapshot"]["element"][1:]:
            parent, _, key = element["path"].rpartition(".")
            if key in {"extension", "modifierExtension"}:
                continue
            keys = found.setdefault(parent, {})
            if target := element.get("contentReference"):
                keys[key] = target.removeprefix("#")
            for kind in [entry["code"] for entry in element.get("type", ())]:
                own = key.removesuffix("[x]") + kind[0].upper() + kind[1:] if key.endswith("[x]") else key
                keys[own] = _rule(element, kind, sets)
    return found


def _definitions() -> Iterator[dict[str, Any]]:
    for path in sorted(examples_dir().glob("StructureDefinition-*.json")):
        definition = json.loads(path.read_text(encoding="utf-8"))
        if (
            definition["kind"] in {"complex-type", "resource"}
            and definition.get("derivation") != "constraint"
        ):
            yield definition


def _rule(element: dict[str, Any], kind: str, sets: dict[str, Concepts]) -> str:
    binding = element.get("binding", {})
    if binding.get("strength") == "required" and kind in {"code", "Coding", "CodeableConcept"}:
        if kind == "Coding":
            raise ValueError(f"{element['path']}: R4 had no Coding with a required binding so far.")
        url = binding["valueSet"].partition("|")[0]
        name = url.rpartition("/")[2]
        concepts = _concepts(url)
        if concepts is not None:
            if sets.setdefault(name, concepts) != concepts:
                raise ValueError(f"Two value sets are called {name}.")
            return f"{'code' if kind == 'code' else 'concept'} {name}"
    return element["path"] if kind in {"BackboneElement", "Element"} else kind


def _useful(elements: Elements) -> Elements:
    """Only the keys that lead to a required code, found by going back from the codes."""
    useful: Elements = {}
    before = -1
    while before != (before := sum(map(len, useful.values()))):
        for name, keys in elements.items():
            kept = {key: rule for key, rule in keys.items() if " " in rule or rule in useful}
            if kept:
                useful[name] = kept
    return useful


def _concepts(url: str) -> Concepts | None:
    """The codes of a value set by their code system; None where R4 does not list them all."""
    value_set = _published("ValueSet").get(url)
    if value_set is None or "exclude" in value_set["compose"]:
        return None
    found: dict[str, set[str]] = {}
    for include in value_set["compose"]["include"]:
        if "filter" in include or "valueSet" in include:
            return None
        codes = found.setdefault(include["system"], set())
        if listed := include.get("concept"):
            codes.update(concept["code"] for concept in listed)
            continue
        system = _published("CodeSystem").get(include["system"])
        if system is None or system["content"] != "complete":
            return None
        codes.update(_selectable(system["concept"]))
    return {system: sorted(codes) for system, codes in sorted(found.items())}


def _selectable(concepts: list[dict[str, Any]]) -> Iterator[str]:
    """The codes of concepts and of those below them, without headings that are no choice by themselves."""
    for concept in concepts:
        heading = {"code": "notSelectable", "valueBoolean": True}
        if heading not in concept.get("property", ()):
            yield concept["code"]
        yield from _selectable(concept.get("concept", []))


@cache
def _published(kind: str) -> dict[str, dict[str, Any]]:
    found = {}
    for path in sorted(examples_dir().glob(f"{kind}-*.json")):
        resource = json.loads(path.read_text(encoding="utf-8"))
        found[resource["url"]] = resource
    return found


if __name__ == "__main__":
    TARGET.write_text(text(table()), encoding="utf-8")
    print(f"{TARGET}: {TARGET.stat().st_size / 1024:.0f} KiB")
