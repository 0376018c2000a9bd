"""FHIR R4 content: reading, validating and classifying it."""

from carechannel.fhir.classify import MEDIA_TYPE, Classification, classify
from carechannel.fhir.patients import check_one_patient
from carechannel.fhir.read import MAX_BYTES, Resource, check_size, read
from carechannel.fhir.tree import walk

__all__ = [
    "MAX_BYTES",
    "MEDIA_TYPE",
    "Classification",
    "Resource",
    "check_one_patient",
    "check_size",
    "classify",
    "read",
    "walk",
]
