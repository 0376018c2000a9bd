"""HL7's own R4 examples (npm hl7.fhir.r4.examples 4.0.1): all go through, the invalid ones by name."""

from __future__ import annotations

from carechannel import fhir
from carechannel.crypto import InstitutionKey, RecordContext, open_content, seal_content
from carechannel.crypto.institution_key import seal_for_custody
from carechannel.errors import InvalidFhirError
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

from tests.examples import example_files

INVALID = {
    "ImplementationGuide-fhir.json": "ImplementationGuide.name",
    "ig-r4.json": "ImplementationGuide.name",
    "Questionnaire-qs1.json": "Questionnaire.item[0].item[0].linkId",
    **{
        f"SearchParameter-{kind}-extensions-{name}-{element}.json": "SearchParameter.base"
        for kind, name in (("codesystem", "CodeSystem"), ("valueset", "ValueSet"))
        for element in ("author", "effective", "end", "keyword", "workflow")
    },
}
"""What lacks an element that R4 requires, and which one."""


def test_every_example_goes_through_validate_classify_seal_open() -> None:
    key = InstitutionKey(X25519PrivateKey.generate())
    refused = {}
    files = example_files()
    for number, path in enumerate(files):
        data = path.read_bytes()
        try:
            resource = fhir.read(data)
        except InvalidFhirError as error:
            refused[path.name] = error.path
            continue
        described = fhir.classify(resource)
        assert 1 <= len(described.types) <= 200, path.name
        context = RecordContext("regional-care", f"{number:032x}", 1)
        sealed = seal_content(resource.data, context)
        custody = seal_for_custody(sealed.secret, key.public_key, context, "HospitalAMSP")
        secret = key.open_custody(custody, context, "HospitalAMSP")
        assert open_content(sealed.blob, secret, context, sealed.commitment) == data, path.name
    assert len(files) > 5000
    assert refused == INVALID
