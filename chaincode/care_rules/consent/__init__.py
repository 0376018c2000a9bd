"""Consents: the supported part of FHIR R4 Consent, read strictly, and what it says to a question."""
