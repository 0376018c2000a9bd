"""Bad input at the command line: one sentence, exit 1, a stable code, and nothing changed anywhere."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psutil
import pytest
from carechannel.consents import draft
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.scenarios.conftest import CHANNEL, Network
from tests.scenarios.people import CUSTODIAN, READER, Patient, new_patient, observation


@pytest.fixture(scope="module")
async def patient(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Patient:
    person = await new_patient(network, tmp_path_factory.mktemp("patient") / "wallet")
    async with network.consortium("hospital-a", "registrar") as consortium:
        await consortium.records.publish(person.handle, observation())
    consent = draft(person.handle, institutions=[READER])
    async with person.connected() as consortium:
        await consortium.consents.grant(person.handle, consent, custodian=CUSTODIAN)
    return person


def carechannel(
    network: Network, *arguments: str, organization: str = "hospital-a", identity: str | Path = "registrar"
) -> subprocess.CompletedProcess[str]:
    environment = {
        **os.environ,
        "CARECHANNEL_PROFILE": str(network.profile(organization)),
        "CARECHANNEL_IDENTITY": str(identity),
        "CARECHANNEL_CONSORTIUM": CHANNEL,
    }
    program = str(Path(sys.executable).with_name("carechannel"))
    return subprocess.run(
        [program, *arguments], capture_output=True, text=True, check=False, env=environment, timeout=120
    )


def assert_refused(reply: subprocess.CompletedProcess[str], code: str) -> None:
    assert reply.returncode == 1, reply.stdout + reply.stderr
    assert code in reply.stderr, reply.stderr
    assert "Traceback" not in reply.stderr
    assert not reply.stdout.strip()


async def holdings(network: Network, patient: Patient) -> tuple[object, ...]:
    """What a refused publication must leave as it was."""
    folders = [network.root / "orgs" / "hospital-a" / name for name in ("blobs", "blobs-mirror", "home")]
    files = sorted((str(p), p.stat().st_size) for folder in folders for p in folder.rglob("*") if p.is_file())
    async with network.consortium("hospital-a", "registrar") as consortium:
        return (files, await consortium.records.list(patient.handle))


TWO_PATIENTS = {
    "resourceType": "Bundle",
    "type": "collection",
    "entry": [
        {"resource": {"resourceType": "Patient", "id": "one"}},
        {"resource": {"resourceType": "Patient", "id": "two"}},
    ],
}
NOT_R4 = {"resourceType": "Observation", "status": "finished", "code": {"text": "x"}}
WRONG_VERSION = {
    "resourceType": "Observation",
    "meta": {"profile": ["http://hl7.org/fhir/5.0/StructureDefinition/Observation"]},
    "status": "final",
    "code": {"text": "x"},
}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"{'resourceType': 'Patient'", "not-json"),
        (b"", "empty"),
        (b'{"hello": "world"}', "not-fhir"),
        (b"[1, 2, 3]", "not-fhir"),
        (json.dumps(TWO_PATIENTS).encode(), "several-patients"),
        (json.dumps(NOT_R4).encode(), "invalid-fhir"),
        (json.dumps(WRONG_VERSION).encode(), "wrong-fhir-version"),
    ],
    ids=["not JSON", "empty", "not FHIR", "a list", "two patients", "not R4", "R5"],
)
async def test_a_file_that_is_no_record(
    network: Network, patient: Patient, tmp_path: Path, content: bytes, code: str
) -> None:
    file = tmp_path / "input.json"
    file.write_bytes(content)
    before = await holdings(network, patient)
    assert_refused(carechannel(network, "records", "publish", str(file), "--patient", patient.handle), code)
    assert await holdings(network, patient) == before


async def test_a_hundred_megabytes(network: Network, patient: Patient, tmp_path: Path) -> None:
    file = tmp_path / "huge.json"
    with file.open("wb") as huge:
        huge.truncate(100 * 1024 * 1024)
    before = await holdings(network, patient)
    assert_refused(
        carechannel(network, "records", "publish", str(file), "--patient", patient.handle), "too-large"
    )
    assert await holdings(network, patient) == before


async def test_an_unknown_handle(network: Network, patient: Patient, tmp_path: Path) -> None:
    file = tmp_path / "observation.json"
    file.write_bytes(observation())
    before = await holdings(network, patient)
    assert_refused(
        carechannel(network, "records", "publish", str(file), "--patient", "0" * 32), "handle-unknown"
    )
    assert await holdings(network, patient) == before


def test_an_unknown_consortium(network: Network, patient: Patient) -> None:
    reply = carechannel(network, "records", "list", "--patient", patient.handle, "--consortium", "no-such")
    assert_refused(reply, "unknown-consortium")
    assert CHANNEL in reply.stderr


def test_the_network_is_down(network: Network, patient: Patient, tmp_path: Path) -> None:
    profile = json.loads(network.profile("hospital-a").read_bytes())
    for peer in profile["peers"].values():
        peer["url"] = "grpcs://127.0.0.1:1"
    moved = tmp_path / "profile.json"
    moved.write_text(json.dumps(profile))
    reply = carechannel(
        network, "--json", "records", "list", "--patient", patient.handle, "--profile", str(moved)
    )
    assert_refused(reply, "network-down")
    assert json.loads(reply.stderr)["error"]["code"] == "network-down"


def test_a_certificate_of_another_ca(network: Network, patient: Patient, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    stranger = self_signed(tmp_path / "stranger", now - timedelta(hours=1), now + timedelta(days=1))
    reply = carechannel(network, "records", "list", "--patient", patient.handle, identity=stranger)
    assert_refused(reply, "wrong-certificate")


def test_an_expired_certificate(network: Network, patient: Patient, tmp_path: Path) -> None:
    now = datetime.now(UTC)
    expired = self_signed(tmp_path / "expired", now - timedelta(days=2), now - timedelta(days=1))
    reply = carechannel(network, "records", "list", "--patient", patient.handle, identity=expired)
    assert_refused(reply, "expired-certificate")


def test_a_blob_that_is_missing_and_one_that_was_tampered_with(network: Network, patient: Patient) -> None:
    """At the reader's side: hospital B, which knows hospital A's primary store only."""
    command = ("records", "read", str(patient.wallet.code()))
    reader = {"organization": "hospital-b", "identity": "practitioner"}
    store = network.root / "orgs" / "hospital-a" / "blobs"
    kept = store.with_name("blobs-kept")
    shutil.copytree(store, kept)
    try:
        for blob in (path for path in store.rglob("*") if path.is_file()):
            content = bytearray(blob.read_bytes())
            content[-1] ^= 1
            blob.write_bytes(bytes(content))
        reply = carechannel(network, *command, **reader)
        assert_refused(reply, "blob-tampered")
        shutil.rmtree(store)
        store.mkdir()
        reply = carechannel(network, *command, **reader)
        assert_refused(reply, "blob-missing")
    finally:
        shutil.rmtree(store)
        kept.rename(store)


def test_an_answer_that_is_not_there_yet(network: Network, patient: Patient) -> None:
    agent = next(node["pid"] for node in network.status()["nodes"] if node["node"] == "agent.hospital-a")
    who = {"organization": "hospital-b", "identity": "practitioner"}
    process = psutil.Process(agent)
    process.send_signal(signal.SIGSTOP)
    try:
        asked = carechannel(
            network,
            "--json",
            "access",
            "request",
            str(patient.wallet.code()),
            "--custodian",
            CUSTODIAN,
            **who,
        )
        assert asked.returncode == 0, asked.stderr
        request_id = json.loads(asked.stdout)["request_id"]
        pending = carechannel(network, "access", "outcome", request_id, "--custodian", CUSTODIAN, **who)
        assert_refused(pending, "answer-pending")
    finally:
        process.send_signal(signal.SIGCONT)
    there = carechannel(
        network, "access", "outcome", request_id, "--custodian", CUSTODIAN, "--wait", "60", **who
    )
    assert there.returncode == 0, there.stderr


def test_wrong_usage_is_exit_2(network: Network) -> None:
    assert carechannel(network, "records", "publish").returncode == 2
    assert carechannel(network, "no-such-command").returncode == 2


def self_signed(folder: Path, start: datetime, end: datetime) -> Path:
    """An MSP folder whose certificate no member's CA signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "stranger")])
    certificate = x509.CertificateBuilder(name, name, key.public_key(), 1, start, end).sign(
        key, hashes.SHA256()
    )
    for part in ("signcerts", "keystore"):
        (folder / "msp" / part).mkdir(parents=True)
    pem = serialization.Encoding.PEM
    (folder / "msp" / "signcerts" / "cert.pem").write_bytes(certificate.public_bytes(pem))
    (folder / "msp" / "keystore" / "key.pem").write_bytes(
        key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return folder
