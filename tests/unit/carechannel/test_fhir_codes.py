"""Required codes: each kind of place takes R4's codes and refuses others by path, without the value."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from carechannel import fhir
from carechannel.errors import InvalidFhirError

from tests.required_codes import TARGET, table, text

WRONG = "robot-7731"
PATIENT: dict[str, Any] = {"resourceType": "Patient", "gender": "female"}
OBSERVATION: dict[str, Any] = {"resourceType": "Observation", "status": "final", "code": {"text": "x"}}
CLINICAL = "http://terminology.hl7.org/CodeSystem/condition-clinical"
QUANTITY: dict[str, Any] = {"value": 1, "comparator": "<"}
VALUE_SET: dict[str, Any] = {"resourceType": "ValueSet", "status": "draft"}
FILTER: dict[str, Any] = {"property": "concept", "op": "is-a", "value": "x"}
SEARCH = {"resourceType": "Bundle", "type": "searchset"}
EVIDENCE_VARIABLE: dict[str, Any] = {
    "resourceType": "EvidenceVariable",
    "status": "draft",
    "type": "continuous",
    "characteristic": [{"definitionCanonical": "http://example.org/x"}],
}


def observation(**elements: Any) -> dict[str, Any]:
    return {**OBSERVATION, **elements}


def patient(**elements: Any) -> dict[str, Any]:
    return {**PATIENT, **elements}


def condition(*codings: dict[str, Any], **elements: Any) -> dict[str, Any]:
    status = {**({"coding": list(codings)} if codings else {}), **elements}
    return {"resourceType": "Condition", "subject": {"display": "x"}, "clinicalStatus": status}


def coding(code: str, system: str = CLINICAL) -> dict[str, Any]:
    return {"system": system, "code": code}


def bundle(*resources: dict[str, Any]) -> dict[str, Any]:
    return {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [{"resource": resource} for resource in resources],
    }


def extended(**value: Any) -> list[dict[str, Any]]:
    return [{"url": "http://example.org/x", **value}]


PLACES = {
    "resource": (OBSERVATION, "Observation.status"),
    "optional element": (PATIENT, "Patient.gender"),
    "inherited element": (
        patient(text={"status": "empty", "div": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>'}),
        "Patient.text.status",
    ),
    "data type": (patient(identifier=[{"use": "usual", "value": "x"}]), "Patient.identifier[0].use"),
    "second in a list": (patient(name=[{"use": "usual"}, {"use": "old"}]), "Patient.name[1].use"),
    "contact point": (patient(telecom=[{"system": "phone", "value": "x"}]), "Patient.telecom[0].system"),
    "data type in a data type": (
        patient(managingOrganization={"identifier": {"use": "official"}}),
        "Patient.managingOrganization.identifier.use",
    ),
    "backbone element": (patient(contact=[{"gender": "other"}]), "Patient.contact[0].gender"),
    "data type in a backbone element": (
        patient(contact=[{"name": {"use": "nickname"}}]),
        "Patient.contact[0].name.use",
    ),
    "choice type": (observation(valueQuantity=QUANTITY), "Observation.valueQuantity.comparator"),
    "specialised choice type": (
        {"resourceType": "Condition", "subject": {"display": "x"}, "onsetAge": QUANTITY},
        "Condition.onsetAge.comparator",
    ),
    "primitive list": (
        {
            "resourceType": "HealthcareService",
            "availableTime": [{"daysOfWeek": ["mon", "tue"]}],
        },
        "HealthcareService.availableTime[0].daysOfWeek[1]",
    ),
    "deep data type": (
        observation(effectiveTiming={"repeat": {"when": ["ACM"], "dayOfWeek": ["sun"]}}),
        "Observation.effectiveTiming.repeat.when[0]",
    ),
    "content reference": (
        {
            **VALUE_SET,
            "compose": {
                "include": [{"system": "http://example.org"}],
                "exclude": [{"system": "http://example.org", "filter": [FILTER]}],
            },
        },
        "ValueSet.compose.exclude[0].filter[0].op",
    ),
    "content reference to itself": (
        {
            "resourceType": "Questionnaire",
            "status": "draft",
            "item": [
                {
                    "linkId": "1",
                    "type": "group",
                    "item": [
                        {
                            "linkId": "2",
                            "type": "group",
                            "item": [{"linkId": "3", "type": "string"}],
                        },
                    ],
                },
            ],
        },
        "Questionnaire.item[0].item[0].item[0].type",
    ),
    "entry of a bundle": (bundle(PATIENT, OBSERVATION), "Bundle.entry[1].resource.status"),
    "entry without its resource": (
        {**SEARCH, "entry": [{"resource": PATIENT, "search": {"mode": "match"}}]},
        "Bundle.entry[0].search.mode",
    ),
    "bundle in a bundle": (
        bundle(PATIENT, bundle(patient(contact=[{"telecom": [{"use": "work"}]}]))),
        "Bundle.entry[1].resource.entry[0].resource.contact[0].telecom[0].use",
    ),
    "contained": (observation(contained=[{**PATIENT, "id": "p"}]), "Observation.contained[0].gender"),
    "parameter": (
        {
            "resourceType": "Parameters",
            "parameter": [{"name": "x", "part": [{"name": "y", "valueHumanName": {"use": "temp"}}]}],
        },
        "Parameters.parameter[0].part[0].valueHumanName.use",
    ),
    "extension": (
        patient(extension=extended(valueIdentifier={"use": "temp"})),
        "Patient.extension[0].valueIdentifier.use",
    ),
    "extension of an extension": (
        observation(modifierExtension=extended(extension=extended(valueQuantity=QUANTITY))),
        "Observation.modifierExtension[0].extension[0].valueQuantity.comparator",
    ),
    "extension of a primitive": (
        patient(_birthDate={"extension": extended(valueHumanName={"use": "maiden"})}),
        "Patient._birthDate.extension[0].valueHumanName.use",
    ),
    "extension in a type without codes": (
        observation(effectivePeriod={"extension": extended(valueAge=QUANTITY)}),
        "Observation.effectivePeriod.extension[0].valueAge.comparator",
    ),
    "type that only R4 has": (EVIDENCE_VARIABLE, "EvidenceVariable.type"),
    "coded concept": (condition(coding("active")), "Condition.clinicalStatus"),
}


@pytest.mark.parametrize(("resource", "path"), PLACES.values(), ids=PLACES)
def test_a_wrong_code_is_refused_wherever_it_lies(resource: dict[str, Any], path: str) -> None:
    fhir.read(json.dumps(resource).encode())
    wrong = put(resource, path, condition(coding(WRONG))["clinicalStatus"] if "clinical" in path else WRONG)
    with pytest.raises(InvalidFhirError) as caught:
        fhir.read(json.dumps(wrong).encode())
    assert caught.value.path == path
    assert f"{path} is not one of the codes that R4 allows here" in str(caught.value)
    assert WRONG not in str(caught.value)


def put(resource: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """A copy of the resource with another value at the path."""
    changed = copy.deepcopy(resource)
    *way, last = [
        int(part) if part.isdigit() else part
        for part in path.replace("]", "").replace("[", ".").split(".")[1:]
    ]
    place: Any = changed
    for key in way:
        place = place[key]
    assert place[last] != value
    place[last] = value
    return changed


@pytest.mark.parametrize(
    "resource",
    [
        condition(coding("active", "http://example.org/other"), coding("remission")),
        condition(coding("resolved"), text="in words too"),
        {k: v for k, v in PATIENT.items() if k != "gender"}
        | {"_gender": {"extension": extended(valueCode="x")}},
        {
            "resourceType": "HealthcareService",
            "availableTime": [
                {"daysOfWeek": ["mon", None], "_daysOfWeek": [None, {"extension": extended(valueCode="x")}]}
            ],
        },
        {"resourceType": "Binary", "contentType": "application/x-anything"},
        patient(photo=[{"contentType": "image/x-anything", "language": "tlh"}], language="tlh"),
        patient(extension=extended(valueMoney={"value": 1, "currency": "SLE"})),
        observation(category=[{"coding": [coding("anything", "http://example.org")]}]),
    ],
)
def test_what_r4_leaves_open_is_taken(resource: dict[str, Any]) -> None:
    fhir.read(json.dumps(resource).encode())


@pytest.mark.parametrize(
    "resource",
    [
        condition(text="active"),
        condition(coding("active", "http://example.org/other")),
        condition({"code": "active"}),
        condition({"system": CLINICAL}),
        condition(coding("Active")),
    ],
)
def test_a_required_concept_needs_one_coding_of_the_value_set(resource: dict[str, Any]) -> None:
    with pytest.raises(InvalidFhirError, match="not one of the codes") as caught:
        fhir.read(json.dumps(resource).encode())
    assert caught.value.path == "Condition.clinicalStatus"


@pytest.mark.parametrize("status", ["finished", "Final", "FINAL", "preliminary-", "registered amended"])
def test_codes_are_compared_exactly(status: str) -> None:
    with pytest.raises(InvalidFhirError, match=r"Observation\.status is not one of the codes"):
        fhir.read(json.dumps(observation(status=status)).encode())


def test_a_heading_of_a_code_system_is_no_code() -> None:
    item = {"linkId": "1", "type": "question"}
    form = {"resourceType": "Questionnaire", "status": "draft", "item": [item]}
    with pytest.raises(InvalidFhirError, match=r"Questionnaire\.item\[0\]\.type is not one of the codes"):
        fhir.read(json.dumps(form).encode())


def test_a_broken_structure_is_told_before_a_wrong_code() -> None:
    with pytest.raises(InvalidFhirError, match=r"Observation\.code is required"):
        fhir.read(json.dumps({"resourceType": "Observation", "status": WRONG}).encode())


def test_the_table_is_what_hl7s_definitions_give() -> None:
    made = text(table())
    assert TARGET.read_text(encoding="utf-8") == made
    assert len(made.encode()) < 150_000
    bound = [rule for keys in table()["elements"].values() for rule in keys.values() if " " in rule]
    assert len(bound) == 349
