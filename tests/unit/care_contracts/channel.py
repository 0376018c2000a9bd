"""A channel in memory: two hospitals, a clinic, a regulator, and the steps of a record's life on it."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from care_contracts.chaincode import CareChaincode
from care_rules import signing
from care_rules.canonical import canonical_json
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509.oid import NameOID
from fabric_shim.errors import TransactionRefusedError
from fabric_shim.testing import LedgerSimulator, TestIdentity, TransactionResult

CHANNEL = "regional-care"
A, B, CLINIC, REGULATOR = "HospitalAMSP", "HospitalBMSP", "ClinicMSP", "RegulatorMSP"
ROLES = {A: "provider", B: "provider", CLINIC: "provider", REGULATOR: "regulator"}


def hex_id(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]


HANDLE = hex_id("the patient's handle")
RECORD = hex_id("a record")


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def spki(identity: TestIdentity) -> str:
    key = identity.private_key
    return b64(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))


def sign(identity: TestIdentity, message: bytes) -> str:
    return b64(identity.private_key.sign(message, ec.ECDSA(SHA256())))


def entry(**changes: Any) -> dict[str, Any]:
    return {
        "handle": HANDLE,
        "record_id": RECORD,
        "version": 1,
        "type": "Bundle",
        "types": ["Patient", "Observation"],
        "category": ["laboratory"],
        "date": "2024-05-01",
        "labels": [],
        "media_type": "application/fhir+json",
        "size": 1234,
        "blob": {"digest": "ab" * 32, "size": 1262},
        "commitment": "cd" * 32,
        "sealed_key": b64(b"sealed to the custodian"),
        **changes,
    }


def consent(consent_id: str = "", kind: str = "permit", **provision: Any) -> dict[str, Any]:
    return {
        "resourceType": "Consent",
        "id": consent_id or hex_id("a consent"),
        "status": "active",
        "scope": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/consentscope", "code": "patient-privacy"}
            ]
        },
        "category": [{"coding": [{"system": "http://loinc.org", "code": "59284-0"}]}],
        "patient": {"identifier": {"system": "urn:carechannel:handle", "value": HANDLE}},
        "dateTime": "2026-01-01T00:00:00Z",
        "policyRule": {
            "coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-ActCode", "code": "OPTIN"}]
        },
        "provision": {"type": kind, **provision},
    }


def actor(value: str) -> dict[str, Any]:
    system = "staff" if "/" in value else "msp"
    return {
        "role": {
            "coding": [
                {"system": "http://terminology.hl7.org/CodeSystem/v3-ParticipationType", "code": "IRCP"}
            ]
        },
        "reference": {"identifier": {"system": f"urn:carechannel:{system}", "value": value}},
    }


def purpose(code: str) -> dict[str, str]:
    return {"system": "http://terminology.hl7.org/CodeSystem/v3-ActReason", "code": code}


def resource_class(code: str) -> dict[str, str]:
    return {"system": "http://hl7.org/fhir/resource-types", "code": code}


def sealed_for(identity_msp: str, record: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "record_id": record["record_id"],
        "version": record["version"],
        "sealed_key": b64(f"sealed to {identity_msp}".encode()),
    }


def staff_id(identity: TestIdentity) -> str:
    certificate = x509.load_pem_x509_certificate(identity.certificate_pem)
    return str(certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)[0].value)


def refused(code: str) -> Any:
    """The transaction must be refused with this code, in a sentence that repeats no id or handle."""
    return pytest.raises(TransactionRefusedError, match=rf"^{code}: [^0-9a-f]*((?![0-9a-f]{{32}}).)*$")


class People:
    """Certificates, made once for all tests."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, int], TestIdentity] = {}

    def of(self, msp_id: str, role: str, number: int = 0) -> TestIdentity:
        key = msp_id, role, number
        if key not in self._made:
            name = hex_id(f"{msp_id}/{role}/{number}")
            attributes = {"care.role": role} if role else None
            self._made[key] = TestIdentity.create(msp_id, name, attributes=attributes)
        return self._made[key]


PEOPLE = People()


@dataclass
class Care:
    """A fresh channel; each step is the transaction that a client would send."""

    sim: LedgerSimulator = field(default_factory=lambda: LedgerSimulator(CHANNEL, CareChaincode()))

    people = PEOPLE
    patient = PEOPLE.of(A, "patient")
    registrar = PEOPLE.of(A, "registrar")
    node = PEOPLE.of(A, "node")
    asker = PEOPLE.of(B, "practitioner")

    @staticmethod
    def person(name: str, msp_id: str, role: str) -> TestIdentity:
        return TestIdentity.create(msp_id, name, attributes={"care.role": role})

    async def submit(
        self, function: str, *args: str, by: TestIdentity, private: object = None, **options: Any
    ) -> TransactionResult:
        return await self.sim.submit(function, args, creator=by, transient=_transient(private), **options)

    async def evaluate(
        self, function: str, *args: str, by: TestIdentity, private: object = None, **options: Any
    ) -> Any:
        result = await self.sim.evaluate(function, args, creator=by, transient=_transient(private), **options)
        return json.loads(result.payload)

    async def register(self, msp_id: str, **changes: str) -> TransactionResult:
        proposed = {
            "name": f"Institution {msp_id}",
            "role": ROLES.get(msp_id, "provider"),
            "jurisdiction": "DE",
            "hpke_public_key": b64(hashlib.sha256(msp_id.encode()).digest()),
            **changes,
        }
        by = self.people.of(msp_id, "administrator")
        return await self.submit("institutions:register", json.dumps(proposed), by=by)

    async def approve(self, msp_id: str, approver: str) -> TransactionResult:
        by = self.people.of(approver, "administrator")
        digest = (await self.evaluate("institutions:get", msp_id, by=by))["digest"]
        return await self.submit("institutions:approve", msp_id, digest, by=by)

    async def open_custody(self, msp_id: str) -> TransactionResult:
        pepper = hashlib.sha256(f"pepper of {msp_id}".encode()).digest()
        by = self.people.of(msp_id, "node")
        return await self.submit("institutions:open_custody", msp_id, by=by, private={"pepper": b64(pepper)})

    async def ready(self, handles: Sequence[tuple[str, TestIdentity]] = ()) -> "Care":
        for msp_id in (A, B, CLINIC, REGULATOR):
            await self.register(msp_id)
        for msp_id, approvers in ((A, [B, CLINIC]), (B, [A, CLINIC]), (CLINIC, [A, B]), (REGULATOR, [A, B])):
            for approver in approvers:
                await self.approve(msp_id, approver)
        await self.open_custody(A)
        await self.open_custody(B)
        for handle, identity in handles or [(HANDLE, self.patient)]:
            await self.submit("patients:bind", handle, by=identity)
        return self

    async def publish(self, custodian: str = A, **changes: Any) -> TransactionResult:
        by = self.people.of(custodian, "registrar")
        return await self.submit("ehr:publish", custodian, by=by, private=entry(**changes))

    async def amend(self, **changes: Any) -> TransactionResult:
        new = entry(**{"version": 2, **changes})
        about = {"handle": new["handle"], "record_id": new["record_id"]}
        finding = (await self.evaluate("ehr:history", A, by=self.registrar, private=about))["finding"]
        return await self.submit("ehr:amend", A, by=self.registrar, private={**new, "finding": finding})

    def signed(
        self, fhir: Mapping[str, Any], custodian: str = A, by: TestIdentity | None = None
    ) -> dict[str, Any]:
        message = signing.consent_grant(CHANNEL, custodian, fhir)
        return {"handle": HANDLE, "consent": fhir, "signature": sign(by or self.patient, message)}

    async def grant(self, fhir: Mapping[str, Any], custodian: str = A, **options: Any) -> TransactionResult:
        private = self.signed(fhir, custodian)
        return await self.submit("consent:grant", custodian, by=self.patient, private=private, **options)

    async def revocation(self, consent_id: str, custodian: str = A) -> dict[str, Any]:
        listed = await self.evaluate("consent:list", custodian, by=self.patient, private={"handle": HANDLE})
        findings = {item["consent_id"]: item["finding"] for item in listed["consents"]}
        message = signing.consent_revoke(CHANNEL, custodian, consent_id)
        return {
            "handle": HANDLE,
            "consent_id": consent_id,
            "signature": sign(self.patient, message),
            "finding": findings[consent_id],
        }

    async def revoke(self, consent_id: str) -> TransactionResult:
        return await self.submit(
            "consent:revoke", A, by=self.patient, private=await self.revocation(consent_id)
        )

    async def request(self, by: TestIdentity | None = None, **asked: Any) -> TransactionResult:
        private = {"handle": HANDLE, "purpose": "TREAT", **asked}
        return await self.submit("access:request", A, by=by or self.asker, private=private)

    async def decision(self, request_id: str, **options: Any) -> dict[str, Any]:
        return await self.evaluate(
            "access:decision", A, by=self.node, private={"request_id": request_id}, **options
        )

    async def answering(self, request_id: str, **options: Any) -> dict[str, Any]:
        decided = await self.decision(request_id, **options)
        return {
            "request_id": request_id,
            "finding": decided["finding"],
            "keys": [sealed_for(decided["requester"]["msp_id"], record) for record in decided["records"]],
            "padding": b64(bytes(64)),
        }

    async def answer(self, request_id: str) -> TransactionResult:
        return await self.submit("access:answer", A, by=self.node, private=await self.answering(request_id))

    async def outcome(
        self, request_id: str, by: TestIdentity | None = None, **options: Any
    ) -> dict[str, Any]:
        private = {"request_id": request_id}
        return await self.evaluate("access:outcome", A, by=by or self.asker, private=private, **options)

    async def acknowledge(self, request_id: str, by: TestIdentity | None = None) -> TransactionResult:
        got = await self.outcome(request_id, by)
        records = [
            {"record_id": record["record_id"], "version": record["version"]}
            for record in got.get("records", [])
        ]
        private = {"request_id": request_id, "status": got["status"], "records": records}
        return await self.submit("access:acknowledge", A, by=by or self.asker, private=private)

    async def ask(self, by: TestIdentity | None = None, **asked: Any) -> dict[str, Any]:
        """Request, answer, outcome."""
        request_id = (await self.request(by, **asked)).tx_id
        await self.answer(request_id)
        return await self.outcome(request_id, by)


def _transient(private: object) -> dict[str, bytes]:
    if private is None:
        return {}
    return {"in": private if isinstance(private, bytes) else canonical_json(private)}
