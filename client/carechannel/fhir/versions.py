"""Telling other FHIR versions apart from a broken R4 resource, as well as the content allows.

FHIR JSON names no version of its own. What gives it away: a resource type that R4 does not have, a profile
whose address carries a version, or a shape that is valid in STU3 or R5 though not in R4.
"""

from __future__ import annotations

import re
from importlib import import_module
from typing import Final

from care_rules.resource_types import RESOURCE_TYPES
from pydantic import BaseModel, ValidationError

from carechannel.fhir.tree import FhirObject

_OLDER: Final = {
    "DSTU2": "BodySite ClinicalImpression Conformance DeviceComponent DeviceUseRequest DiagnosticOrder "
    "EligibilityRequest EligibilityResponse ImagingObjectSelection MedicationOrder Order OrderResponse "
    "ProcedureRequest ProcessRequest ProcessResponse ReferralRequest",
    "STU3": "DataElement ExpansionProfile ImagingManifest Sequence ServiceDefinition",
    "R5": "ActorDefinition ArtifactAssessment BiologicallyDerivedProductDispense ConditionDefinition "
    "DeviceAssociation DeviceDispense DeviceUsage EncounterHistory FormularyItem GenomicStudy "
    "ImagingSelection InventoryItem InventoryReport NutritionIntake Permission RequestOrchestration "
    "Requirements TestPlan Transport",
}
_TYPES: Final = {name: version for version, names in _OLDER.items() for name in names.split()}
_PROFILE: Final = re.compile(r"^https?://hl7\.org/fhir/(?:(DSTU2|STU3|R5)|([135])\.0)/")
_NUMBERS: Final = {"1": "DSTU2", "3": "STU3", "5": "R5"}
_MODELS: Final = {"STU3": "fhir.resources.STU3", "R5": "fhir.resources"}


def version_of_type(resource_type: str) -> str | None:
    """The FHIR version that has this resource type where R4 and R4B do not; None where there is none."""
    return None if resource_type in RESOURCE_TYPES else _TYPES.get(resource_type)


def version_of_profile(resource: FhirObject) -> str | None:
    """The FHIR version that a profile in ``meta.profile`` carries in its address, where it is not R4."""
    meta = resource.get("meta")
    profiles = meta.get("profile") if isinstance(meta, dict) else None
    for profile in profiles if isinstance(profiles, list) else ():
        if isinstance(profile, str) and (found := _PROFILE.match(profile)):
            return found[1] or _NUMBERS[found[2]]
    return None


def version_of_shape(resource: FhirObject) -> str | None:
    """The other FHIR version in which the resource would be valid; to be asked once it failed in R4."""
    for version, package in _MODELS.items():
        model = _model(package, str(resource["resourceType"]))
        if model is not None and _accepts(model, resource):
            return version
    return None


def _model(package: str, resource_type: str) -> type[BaseModel] | None:
    try:
        found = import_module(package).get_fhir_model_class(resource_type)
    except (KeyError, ValueError):
        return None
    return found if isinstance(found, type) and issubclass(found, BaseModel) else None


def _accepts(model: type[BaseModel], resource: FhirObject) -> bool:
    try:
        model.model_validate(resource)
    except ValidationError:
        return False
    return True
