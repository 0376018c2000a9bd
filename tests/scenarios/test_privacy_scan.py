"""After all scenarios: nothing that they planted lies in any block, database, log or metric."""

from __future__ import annotations

import json
import urllib.request
from collections.abc import Iterable
from pathlib import Path

import pytest
from carechannel.consents import draft
from carechannel.errors import NotAvailableError
from fabric_network import topology

from tests.scan.blocks import block_places
from tests.scan.needles import Needle, found_in
from tests.scan.places import Place, places
from tests.scenarios.conftest import CHANNEL, SECOND_CHANNEL, Network
from tests.scenarios.people import CUSTODIAN, READER, Patient, new_patient

NAME = "Zephyrine Quillfeather"
IDENTIFIER = "MRN-7730-4418-X"
DIAGNOSIS = "Takotsubo cardiomyopathy"
VALUE = "troponin 4471.25 ng/L"
CANARY = "Canary Clinic of Needleham"

PLANTED = tuple(Needle.of(value) for value in (NAME, IDENTIFIER, DIAGNOSIS, VALUE))

RECORD = json.dumps(
    {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [
            {
                "resource": {
                    "resourceType": "Patient",
                    "id": "p",
                    "name": [{"text": NAME}],
                    "identifier": [{"system": "urn:example:mrn", "value": IDENTIFIER}],
                }
            },
            {
                "resource": {
                    "resourceType": "Condition",
                    "subject": {"reference": "Patient/p"},
                    "code": {"text": DIAGNOSIS},
                }
            },
            {
                "resource": {
                    "resourceType": "Observation",
                    "status": "final",
                    "subject": {"reference": "Patient/p"},
                    "code": {"text": "troponin"},
                    "valueString": VALUE,
                }
            },
        ],
    }
).encode()


def search(found: Iterable[Place], needles: tuple[Needle, ...]) -> list[str]:
    return [f"{name}: {value}" for name, data in found for value in found_in(data, needles)]


def metrics(network: Network) -> list[Place]:
    """What every node with an operations port tells a monitoring system."""
    file = Path(topology.__file__).parents[2] / "topologies" / "dev.yaml"
    value = topology.load(file, name=network.name, base_port=network.port_base)
    read = []
    for node in value.nodes():
        if "operations" in node.ports:
            with urllib.request.urlopen(f"http://127.0.0.1:{node.operations}/metrics", timeout=10) as reply:
                read.append((f"metrics of {node.name}", reply.read()))
    return read


async def blocks(network: Network) -> list[Place]:
    found = []
    async with network.gateway("regulator", "auditor") as gateway:
        for channel in (CHANNEL, SECOND_CHANNEL):
            found += [place async for place in block_places(gateway.network(channel))]
    return found


@pytest.fixture(scope="module")
async def planted(network: Network, tmp_path_factory: pytest.TempPathFactory) -> Patient:
    """A patient whose record went all the ways: published, denied, permitted, read, revoked, audited."""
    patient = await new_patient(network, tmp_path_factory.mktemp("planted") / "wallet")
    async with network.consortium("hospital-a", "registrar") as consortium:
        await consortium.records.publish(patient.handle, RECORD)
    consent = draft(patient.handle, institutions=[READER])
    async with network.consortium("hospital-b", "practitioner") as consortium:
        with pytest.raises(NotAvailableError):
            await consortium.records.read(patient.wallet.code())
        async with patient.connected() as home:
            await home.consents.grant(patient.handle, consent, custodian=CUSTODIAN)
        (record,) = await consortium.records.read(patient.wallet.code())
        assert record.data == RECORD
        async with patient.connected() as home:
            await home.consents.revoke(patient.handle, str(consent["id"]), custodian=CUSTODIAN)
    async with network.consortium("regulator", "auditor") as consortium:
        assert await consortium.audit.disclosures(CUSTODIAN, handle=patient.handle)
    return patient


async def test_no_block_holds_what_was_planted(network: Network, planted: Patient) -> None:
    found = await blocks(network)
    assert len(found) > 100
    assert search(found, PLANTED) == []


async def test_no_database_log_or_file_holds_what_was_planted(network: Network, planted: Patient) -> None:
    looked_at: set[str] = set()

    def seen() -> Iterable[Place]:
        for name, data in places(network.root):
            looked_at.update(name.split("/"))
            yield name, data

    assert search(seen(), PLANTED) == []
    assert {"stateLeveldb", "pvtdataStore", "historyLeveldb", "peer0.hospital-a.log"} <= looked_at
    assert any(name.startswith("blockfile") for name in looked_at)


def test_no_metric_holds_what_was_planted(network: Network, planted: Patient) -> None:
    found = metrics(network)
    assert len(found) >= 6
    assert search(found, PLANTED) == []


async def test_consents_and_requests_stay_with_the_custodian(network: Network, planted: Patient) -> None:
    """Neither the record's index nor who asked for what lies on another member's peer."""
    handle = (Needle.of(planted.handle),)
    organizations = network.root / "orgs"
    private = [
        name
        for organization in ("hospital-b", "regulator")
        for name, data in places(organizations / organization / "peers")
        if "pvtdata" in name.lower() or "transientstore" in name.lower()
        for _ in found_in(data, handle)
    ]
    assert private == []


async def test_the_scan_finds_what_is_planted_in_clear(network: Network, planted: Patient) -> None:
    """A name given as a public argument has to show up in blocks, databases and nowhere be missed."""
    needle = (Needle.of(CANARY),)
    async with network.gateway("regulator", "admin") as gateway:
        contract = gateway.network(SECOND_CHANNEL).contract("care", "institutions")
        own = json.loads(await contract.evaluate_transaction("get", "RegulatorMSP"))
        entry = {key: own[key] for key in ("role", "jurisdiction", "hpke_public_key")} | {"name": CANARY}
        await contract.submit_transaction("register", json.dumps(entry))
    in_blocks = search(await blocks(network), needle)
    assert any("arguments" in where for where in in_blocks)
    assert any("write" in where for where in in_blocks)
    in_files = search(places(network.root), needle)
    for store in ("stateLeveldb", "blockfile"):
        assert any(store in where for where in in_files), store
