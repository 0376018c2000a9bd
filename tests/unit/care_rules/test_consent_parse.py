"""Reading FHIR Consents: what is supported is read, everything else is refused by its path."""

import copy
from typing import Any

import pytest
from care_rules.consent.model import Actor, Consent, Effect
from care_rules.consent.parse import parse_consent
from care_rules.errors import CareError, ConsentInvalidError, ConsentUnsupportedError
from care_rules.instants import parse_datetime
from hypothesis import given
from hypothesis import strategies as st

HANDLE, CONSENT = "0123456789abcdef" * 2, "fedcba9876543210" * 2
TERMS = "http://terminology.hl7.org/CodeSystem"

FULL: dict[str, Any] = {
    "resourceType": "Consent",
    "id": CONSENT,
    "status": "active",
    "scope": {
        "coding": [{"system": f"{TERMS}/consentscope", "code": "patient-privacy", "display": "Privacy"}]
    },
    "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
    "patient": {"identifier": {"system": "urn:carechannel:handle", "value": HANDLE}},
    "dateTime": "2026-01-01T10:00:00+01:00",
    "policyRule": {"coding": [{"system": f"{TERMS}/v3-ActCode", "code": "OPTIN"}]},
    "provision": {
        "type": "permit",
        "period": {"start": "2026-01-01", "end": "2026-12"},
        "actor": [
            {
                "role": {"coding": [{"system": f"{TERMS}/v3-ParticipationType", "code": "IRCP"}]},
                "reference": {"identifier": {"system": "urn:carechannel:msp", "value": "HospitalBMSP"}},
            },
            {
                "role": {"coding": [{"system": f"{TERMS}/v3-ParticipationType", "code": "IRCP"}]},
                "reference": {"identifier": {"system": "urn:carechannel:staff", "value": "ClinicMSP/ab12"}},
            },
        ],
        "purpose": [{"system": f"{TERMS}/v3-ActReason", "code": "TREAT"}],
        "class": [{"system": "http://hl7.org/fhir/resource-types", "code": "Observation"}],
    },
}


def changed(path: str, value: Any) -> dict[str, Any]:
    """FULL with one element set, or removed where the value is ...; the path is FHIRPath without the type."""
    document = copy.deepcopy(FULL)
    parts: list[Any] = []
    for part in path.split("."):
        name, _, index = part.rstrip("]").partition("[")
        parts += [name, int(index)] if index else [name]
    target: Any = document
    for part in parts[:-1]:
        target = target[part]
    if value is ...:
        del target[parts[-1]]
    else:
        target[parts[-1]] = value
    return document


def test_everything_that_is_supported_is_read() -> None:
    assert parse_consent(FULL) == Consent(
        consent_id=CONSENT,
        handle=HANDLE,
        dated=parse_datetime("2026-01-01T09:00:00Z").start,
        effect=Effect.PERMIT,
        start=parse_datetime("2026-01-01").start,
        end=parse_datetime("2027-01-01").start,
        actors=(Actor("HospitalBMSP"), Actor("ClinicMSP", "ab12")),
        purposes=("TREAT",),
        classes=("Observation",),
    )


def test_what_is_left_out_means_any() -> None:
    document = changed("provision", {"type": "deny"})
    assert parse_consent(document) == Consent(
        CONSENT, HANDLE, parse_datetime("2026-01-01T09:00:00Z").start, Effect.DENY
    )


UNSUPPORTED = [
    *[(name, {}) for name in (
        "meta", "implicitRules", "language", "text", "contained", "extension", "modifierExtension",
        "identifier", "performer", "organization", "sourceAttachment", "sourceReference", "policy",
        "verification",
    )],
    *[(f"provision.{name}", {}) for name in (
        "id", "extension", "modifierExtension", "action", "securityLabel", "code", "dataPeriod", "data",
        "provision",
    )],
    ("_status", {"extension": []}),
    ("scope.text", "x"),
    ("scope.coding[0].version", "1"),
    ("scope.coding[0].userSelected", True),
    ("patient.reference", "Patient/1"),
    ("patient.display", "Jane"),
    ("patient.identifier.use", "official"),
    ("provision.period.extension", []),
    ("provision.actor[0].id", "x"),
    ("provision.actor[0].reference.reference", "Organization/1"),
    ("provision.actor[0].reference.type", "Organization"),
    ("provision.actor[0].role.text", "x"),
    ("provision.purpose[0].extension", []),
]  # fmt: skip

UNSUPPORTED_VALUES = [
    ("resourceType", "Patient", "Consent.resourceType"),
    ("status", "draft", "Consent.status"),
    ("status", "inactive", "Consent.status"),
    ("scope.coding[0].code", "research", "Consent.scope.coding[0]"),
    ("scope.coding[0].system", "http://example.org", "Consent.scope.coding[0]"),
    ("category[0].coding[0].code", "acd", "Consent.category[0].coding[0]"),
    ("policyRule.coding[0].code", "OPTOUT", "Consent.policyRule.coding[0]"),
    ("patient.identifier.system", "urn:oid:1", "Consent.patient.identifier.system"),
    ("provision.actor[0].role.coding[0].code", "PRCP", "Consent.provision.actor[0].role.coding[0]"),
    (
        "provision.actor[1].reference.identifier.system",
        "urn:x",
        "Consent.provision.actor[1].reference.identifier.system",
    ),
    ("provision.purpose[0].code", "BTG", "Consent.provision.purpose[0]"),
    ("provision.purpose[0].code", "treat", "Consent.provision.purpose[0]"),
    ("provision.purpose[0].system", "http://loinc.org", "Consent.provision.purpose[0]"),
    ("provision.class[0].code", "Observations", "Consent.provision.class[0]"),
    ("provision.class[0].system", "urn:ietf:bcp:13", "Consent.provision.class[0]"),
]

INVALID = [
    *[(name, ...) for name in (
        "resourceType", "id", "status", "scope", "category", "patient", "dateTime", "policyRule", "provision",
        "provision.type", "patient.identifier", "patient.identifier.system", "patient.identifier.value",
        "scope.coding", "scope.coding[0].system", "provision.actor[0].role", "provision.actor[0].reference",
        "provision.purpose[0].code",
    )],
    ("id", "not an id"),
    ("id", HANDLE.upper()),
    ("category", []),
    ("category", {}),
    ("scope.coding", []),
    ("scope.coding", [{}, {}]),
    ("patient.identifier.value", "Jane Doe"),
    ("dateTime", "yesterday"),
    ("dateTime", 2026),
    ("provision", []),
    ("provision.type", "allow"),
    ("provision.type", None),
    ("provision.period", {}),
    ("provision.period", None),
    ("provision.period.end", "2025"),
    ("provision.period.start", "2026-13"),
    ("provision.actor", []),
    ("provision.actor", "HospitalBMSP"),
    ("provision.actor", [FULL["provision"]["actor"][0]] * 65),
    ("provision.actor[0].reference.identifier.value", "HospitalBMSP/ab12"),
    ("provision.actor[0].reference.identifier.value", ""),
    ("provision.actor[1].reference.identifier.value", "ClinicMSP"),
    ("provision.actor[1].reference.identifier.value", "ClinicMSP/"),
    ("provision.actor[1].reference.identifier.value", "/ab12"),
    ("provision.actor[1].reference.identifier.value", "ClinicMSP/a/b"),
    ("provision.purpose", []),
    ("provision.class", []),
    ("scope.coding[0].display", "x" * 257),
]  # fmt: skip


@pytest.mark.parametrize(("path", "value"), UNSUPPORTED)
def test_an_unsupported_element_is_refused_by_its_path(path: str, value: Any) -> None:
    with pytest.raises(ConsentUnsupportedError) as caught:
        parse_consent(changed(path, value))
    assert str(caught.value).startswith(f"Consent.{path} ")


@pytest.mark.parametrize(("path", "value", "named"), UNSUPPORTED_VALUES)
def test_an_unsupported_code_is_refused_by_its_path(path: str, value: Any, named: str) -> None:
    with pytest.raises(ConsentUnsupportedError) as caught:
        parse_consent(changed(path, value))
    assert str(caught.value).startswith(f"{named} ")


@pytest.mark.parametrize(("path", "value"), INVALID)
def test_a_malformed_element_is_refused_by_its_path(path: str, value: Any) -> None:
    with pytest.raises(ConsentInvalidError) as caught:
        parse_consent(changed(path, value))
    element = path.partition("[")[0] if value is not ... else path
    assert str(caught.value).startswith(f"Consent.{'.'.join(element.split('.')[:2])}")


@pytest.mark.parametrize("value", [None, 1, "Consent", [], [FULL]])
def test_anything_but_an_object_is_refused(value: Any) -> None:
    with pytest.raises(ConsentInvalidError):
        parse_consent(value)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=10),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from([*FULL, *FULL["provision"], "x"]), inner, max_size=4)
    ),
    max_leaves=10,
)
PATHS = [
    *FULL, *[f"provision.{name}" for name in FULL["provision"]], "scope.coding", "patient.identifier",
    "provision.actor[0].role", "provision.actor[0].reference", "provision.period.start",
    "provision.purpose[0]",
]  # fmt: skip


@given(st.sampled_from(PATHS), JSON)
def test_whatever_stands_in_an_element_no_other_error_escapes(path: str, value: Any) -> None:
    try:
        parse_consent(changed(path, value))
    except CareError as error:
        assert error.code in {"consent-invalid", "consent-unsupported"}
