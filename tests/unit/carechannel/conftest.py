from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path

import pytest
from carechannel.code import PatientCode
from fabric_shim.testing import TestIdentity

from tests.unit.carechannel.simulated import CHANNEL, MEMBERS, A, B, Chain, Member

PATIENT_JSON = b'{"resourceType": "Patient", "active": true, "gender": "other"}\n'


@dataclass
class Care:
    """A channel on which all institutions are active, and a patient of A."""

    chain: Chain
    root: Path
    handle: str

    def member(self, msp_id: str, role: str) -> Member:
        person = TestIdentity.create(msp_id, secrets.token_hex(16), attributes={"care.role": role})
        return Member(self.chain, self.root, person)

    @property
    def code(self) -> PatientCode:
        return PatientCode(CHANNEL, self.handle, (A,))

    patient: Member = None  # type: ignore[assignment]  # set by the fixture


@pytest.fixture
async def care(tmp_path: Path) -> Care:
    made = Care(Chain(), tmp_path, secrets.token_hex(16))
    administrators = [made.member(msp_id, "administrator") for msp_id in MEMBERS]
    for administrator in administrators:
        await administrator.institutions.join()
    for administrator in administrators:
        await administrator.institutions.approve_all()
    made.patient = made.member(A, "patient")
    await made.patient.patients.bind(made.handle)
    return made


@pytest.fixture
def b_practitioner(care: Care) -> Member:
    return care.member(B, "practitioner")
