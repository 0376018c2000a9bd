"""The codes that a consent may carry, by element."""

from typing import Final

SCOPE: Final = {("http://terminology.hl7.org/CodeSystem/consentscope", "patient-privacy")}

CATEGORIES: Final = {
    ("http://loinc.org", "59284-0"),  # Consent Document
    ("http://loinc.org", "64292-6"),  # Release of information consent
    ("http://loinc.org", "57016-8"),  # Privacy policy acknowledgment Document
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "INFA"),  # information access
    ("http://terminology.hl7.org/CodeSystem/v3-ActCode", "IDSCL"),  # information disclosure
}

POLICY_RULE: Final = {("http://terminology.hl7.org/CodeSystem/v3-ActCode", "OPTIN")}

RECIPIENT: Final = {("http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "IRCP")}

HANDLE: Final = "urn:carechannel:handle"
INSTITUTION: Final = "urn:carechannel:msp"
STAFF: Final = "urn:carechannel:staff"
