"""Reading, validating and classifying FHIR; each kind of bad input gives its own error."""

from __future__ import annotations

import json
from typing import Any

import pytest
from carechannel import fhir
from carechannel.errors import (
    ContentTooLargeError,
    EmptyContentError,
    FhirError,
    InvalidFhirError,
    NotFhirError,
    NotJsonError,
    SeveralPatientsError,
    TooManyLabelsError,
    WrongFhirVersionError,
)


def read(resource: Any) -> fhir.Resource:
    return fhir.read(json.dumps(resource).encode())


def bundle(*resources: Any, urls: bool = False) -> dict[str, Any]:
    entries = []
    for number, resource in enumerate(resources):
        entry: dict[str, Any] = {"resource": resource}
        if urls:
            entry["fullUrl"] = f"urn:uuid:00000000-0000-4000-8000-{number:012d}"
        entries.append(entry)
    return {"resourceType": "Bundle", "type": "collection", "entry": entries}


def observation(**elements: Any) -> dict[str, Any]:
    return {"resourceType": "Observation", "status": "final", "code": {"text": "x"}, **elements}


@pytest.mark.parametrize(
    ("data", "error", "words"),
    [
        (b"", EmptyContentError, "empty"),
        (b" \n\t", EmptyContentError, "empty"),
        (b'{\n "resourceType": }', NotJsonError, "line 2, column 18"),
        (b"<Patient xmlns='http://hl7.org/fhir'/>", NotJsonError, "XML"),
        (b'\xff\xfe{"a":1}', NotJsonError, "UTF-8"),
        (b'{"resourceType":"Patient","resourceType":"Patient"}', NotJsonError, "same key twice"),
        (b'{"resourceType":"Observation","valueInteger":NaN}', NotJsonError, "NaN"),
        (b"[" * 100_000, NotJsonError, "nested too deeply"),
        (b"[]", NotFhirError, "not an object"),
        (b"{}", NotFhirError, "no resourceType"),
        (b'{"resourceType":7}', NotFhirError, "no resourceType"),
        (b'{"resourceType":"Patiens"}', NotFhirError, "not one that FHIR has"),
        (b'{"resourceType":"MedicationOrder"}', WrongFhirVersionError, "DSTU2"),
        (b'{"resourceType":"ImagingManifest"}', WrongFhirVersionError, "STU3"),
        (b'{"resourceType":"NutritionIntake"}', WrongFhirVersionError, "R5"),
    ],
)
def test_what_is_not_fhir_r4_is_refused_by_name(data: bytes, error: type[FhirError], words: str) -> None:
    with pytest.raises(error, match=words):
        fhir.read(data)


def test_content_above_the_limit_is_refused_before_it_is_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(json, "loads", lambda *_, **__: pytest.fail("parsed"))
    with pytest.raises(ContentTooLargeError, match=r"64\.0 MiB; a record holds at most 64 MiB"):
        fhir.read(b" " * (fhir.MAX_BYTES + 1))


def test_a_profile_of_another_version_is_refused() -> None:
    profile = "http://hl7.org/fhir/3.0/StructureDefinition/Patient"
    with pytest.raises(WrongFhirVersionError, match=r"Patient\.meta\.profile says FHIR STU3"):
        read({"resourceType": "Patient", "meta": {"profile": [profile]}})


@pytest.mark.parametrize(
    ("resource", "version"),
    [
        ({"resourceType": "Encounter", "status": "in-progress", "class": [{"text": "x"}]}, "R5"),
        ({"resourceType": "Patient", "animal": {"species": {"text": "dog"}}}, "STU3"),
    ],
)
def test_a_shape_of_another_version_is_refused(resource: Any, version: str) -> None:
    with pytest.raises(WrongFhirVersionError, match=f"FHIR {version}, not R4"):
        read(resource)


@pytest.mark.parametrize(
    ("resource", "path"),
    [
        ({"resourceType": "Patient", "birthDate": "13.5.1960"}, "Patient.birthDate"),
        ({"resourceType": "Patient", "name": [{"given": ["a"]}, {"shoe": 1}]}, "Patient.name[1].shoe"),
        ({"resourceType": "Observation", "status": "final"}, "Observation.code"),
        ({"resourceType": "Bundle"}, "Bundle.type"),
        (
            bundle(observation(), {"resourceType": "Patient", "active": "x"}),
            "Bundle.entry[1].resource.active",
        ),
        (
            {"resourceType": "Patient", "contained": [{"resourceType": "Organization", "name": 1}]},
            "Patient.contained[0].name",
        ),
        (
            {
                "resourceType": "Parameters",
                "parameter": [{"name": "p", "resource": {"resourceType": "Bundle"}}],
            },
            "Parameters.parameter[0].resource.type",
        ),
        (bundle({"status": "final"}), "Bundle.entry[0].resource"),
        ({"resourceType": "MedicinalProduct"}, "MedicinalProduct.name"),
        (
            {"resourceType": "MedicinalProduct", "name": [{"productName": 1}]},
            "MedicinalProduct.name[0].productName",
        ),
        ({"resourceType": "MedicinalProduct", "nme": []}, "MedicinalProduct.nme"),
        (
            {"resourceType": "Patient", "extension": [{"url": "http://a", "_valueString": {"idd": "x"}}]},
            "Patient.extension[0]._valueString",
        ),
    ],
)
def test_invalid_r4_names_the_element(resource: Any, path: str) -> None:
    with pytest.raises(InvalidFhirError) as refused:
        read(resource)
    assert refused.value.path == path
    assert path in str(refused.value)


def test_messages_repeat_no_value() -> None:
    with pytest.raises(InvalidFhirError) as refused:
        read({"resourceType": "Patient", "birthDate": "Quillfeather"})
    assert "Quillfeather" not in str(refused.value)


def test_what_the_models_fault_wrongly_is_accepted() -> None:
    extension = {"url": "http://a", "_valueString": {"extension": [{"url": "http://b", "valueString": "x"}]}}
    read({"resourceType": "Patient", "extension": [extension]})
    concept = {"code": "CHEST\u00a0"}
    read({"resourceType": "CodeSystem", "status": "active", "content": "complete", "concept": [concept]})


def test_faults_that_are_real_stay_faults_beside_them() -> None:
    extension = {"url": "http://a", "_valueString": {"id": "x"}}
    with pytest.raises(InvalidFhirError) as refused:
        read({"resourceType": "Observation", "extension": [extension], "status": "final"})
    assert refused.value.path == "Observation.code"


def test_the_bytes_are_kept() -> None:
    data = b'{ "resourceType" : "Patient",\r\n "active":true }\n\n'
    assert fhir.read(data).data == data


def test_classification() -> None:
    label = {"system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality", "code": "R"}
    category = [{"coding": [{"system": "http://c", "code": "laboratory"}]}]
    inner = observation(meta={"security": [label]}, category=category, contained=[{"resourceType": "Device"}])
    described = fhir.classify(read({**bundle(inner), "timestamp": "2026-03-02T10:20:00.123456789Z"}))
    assert described.type == "Bundle"
    assert described.types == ("Device", "Observation")
    assert described.category == ("http://c|laboratory",)
    assert described.labels == ("http://terminology.hl7.org/CodeSystem/v3-Confidentiality|R",)
    assert described.date == "2026-03-02T10:20:00.123456Z"


@pytest.mark.parametrize(
    ("elements", "date"),
    [
        ({"effectiveDateTime": "2026-03"}, "2026-03"),
        ({"effectivePeriod": {"start": "2026-03-02"}}, "2026-03-02"),
        ({"meta": {"lastUpdated": "2026-03-02T00:00:00Z"}}, "2026-03-02T00:00:00Z"),
        ({}, None),
    ],
)
def test_the_date_is_of_what_the_record_tells(elements: dict[str, Any], date: str | None) -> None:
    assert fhir.classify(read(observation(**elements))).date == date


def test_an_empty_bundle_is_a_bundle() -> None:
    assert fhir.classify(read({"resourceType": "Bundle", "type": "collection"})).types == ("Bundle",)


def test_no_label_is_dropped() -> None:
    labels = [{"system": "http://s", "code": f"c{number}"} for number in range(33)]
    with pytest.raises(TooManyLabelsError):
        fhir.classify(read(observation(meta={"security": labels})))


PATIENT = {"resourceType": "Patient", "id": "p"}


@pytest.mark.parametrize(
    "content",
    [
        bundle(PATIENT, observation(subject={"reference": "Patient/p"})),
        bundle(PATIENT, observation(subject={"reference": "Patient/p/_history/1"})),
        bundle(
            {"resourceType": "Patient"},
            observation(subject={"reference": "urn:uuid:00000000-0000-4000-8000-000000000000"}),
            urls=True,
        ),
        bundle(observation(subject={"reference": "Group/g"}), PATIENT),
        bundle(observation(subject={"reference": "#p"}, contained=[PATIENT]), PATIENT),
        bundle(observation(), observation()),
        PATIENT,
    ],
)
def test_content_about_one_patient(content: Any) -> None:
    fhir.check_one_patient(read(content))


@pytest.mark.parametrize(
    ("content", "second"),
    [
        (bundle(PATIENT, {"resourceType": "Patient", "id": "q"}), "Bundle.entry[1].resource"),
        (bundle({"resourceType": "Patient"}, {"resourceType": "Patient"}), "Bundle.entry[1].resource"),
        (
            bundle(PATIENT, observation(subject={"reference": "Patient/q"})),
            "Bundle.entry[1].resource.subject",
        ),
        (
            bundle(
                observation(subject={"reference": "http://a/Patient/p"}),
                observation(subject={"reference": "http://b/Patient/p"}),
            ),
            "Bundle.entry[1].resource.subject",
        ),
        (
            bundle(PATIENT, {"resourceType": "AllergyIntolerance", "patient": {"reference": "urn:uuid:x"}}),
            "Bundle.entry[1].resource.patient",
        ),
    ],
)
def test_content_about_two_patients_is_refused_with_both_places(content: Any, second: str) -> None:
    with pytest.raises(SeveralPatientsError) as refused:
        fhir.check_one_patient(read(content))
    assert second in str(refused.value)
