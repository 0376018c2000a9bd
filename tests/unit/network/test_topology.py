"""A topology file is a typed value, or sentences with file, key and mend."""

from __future__ import annotations

from pathlib import Path

import pytest
from fabric_network.errors import TopologyError
from fabric_network.topology import NodeKind, Topology, load, warnings
from fabric_network.topology.read import parse
from pydantic import ValidationError

DEV = Path(__file__).parents[3] / "network" / "topologies" / "dev.yaml"
TEXT = DEV.read_text()


@pytest.fixture(scope="module")
def dev() -> Topology:
    return load(DEV)


def refusal(*changes: tuple[str, str]) -> list[str]:
    """The sentences about dev.yaml after `changes` (old text, new text; each must be there)."""
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    with pytest.raises(TopologyError) as caught:
        parse(text, Path("dev.yaml"))
    lines = str(caught.value).split("\n")
    assert all(line.startswith("dev.yaml: ") for line in lines)
    assert len(lines) == len(caught.value.problems)
    return [line.removeprefix("dev.yaml: ") for line in lines]


def test_dev_has_the_nodes_of_two_hospitals_a_regulator_and_a_client_only_clinic(dev: Topology) -> None:
    by_organization = {
        org: [node.local_name for node in dev.nodes() if node.organization == org]
        for org in dev.organizations
    }
    assert by_organization == {
        "hospital-a": ["ca", "orderer0", "peer0", "care", "agent"],
        "hospital-b": ["ca", "orderer0", "peer0", "care", "agent"],
        "regulator": ["ca", "orderer0", "peer0", "care"],
        "clinic": ["ca"],
    }
    assert {name: channel.members for name, channel in dev.channels.items()} == {
        "regional-care": ("hospital-a", "hospital-b", "regulator", "clinic"),
        "cancer-registry": ("hospital-a", "regulator"),
    }
    assert dev.gateway_peer("clinic").name == "peer0.hospital-a"
    assert dev.gateway_peer("regulator").name == "peer0.regulator"


def test_a_node_has_its_names_and_ports(dev: Topology) -> None:
    peer = dev.node("peer0.hospital-b")
    assert (peer.hostname, peer.kind, peer.index) == ("peer0.hospital-b.example", NodeKind.PEER, 0)
    assert peer.address == f"127.0.0.1:{peer.listen}"
    with pytest.raises(KeyError):
        _ = peer.admin
    with pytest.raises(KeyError):
        dev.node("peer1.hospital-b")


def test_every_port_is_given_once_and_follows_the_base(dev: Topology) -> None:
    ports = [port for node in dev.nodes() for port in node.ports.values()]
    assert sorted(ports) == list(range(17000, 17000 + len(ports)))
    moved = load(DEV, base_port=21000)
    assert [port - 4000 for node in moved.nodes() for port in node.ports.values()] == ports


def test_a_fixed_port_is_kept_and_no_other_node_gets_it() -> None:
    topology = parse(
        TEXT.replace(
            "ports: {base: 17000}", "ports: {base: 17000, nodes: {peer0.regulator: {listen: 17001}}}"
        ),
        DEV,
    )
    ports = [port for node in topology.nodes() for port in node.ports.values()]
    assert topology.node("peer0.regulator").listen == 17001
    assert len(set(ports)) == len(ports)


def test_name_and_ports_can_be_overridden() -> None:
    topology = load(DEV, name="second", base_port=30000)
    assert (topology.name, topology.ports.base) == ("second", 30000)
    with pytest.raises(TopologyError, match=r"name: 'No Good' does not have the form"):
        load(DEV, name="No Good")


def test_the_value_is_frozen(dev: Topology) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        dev.name = "other"  # type: ignore[misc]
    with pytest.raises(TypeError):
        dev.organizations["x"] = dev.organizations["clinic"]  # type: ignore[index]


def test_every_organisation_has_an_administrator_and_a_node_identity(dev: Topology) -> None:
    for org in dev.organizations.values():
        assert [(user.alias, user.role) for user in org.users[:2]] == [
            ("admin", "administrator"),
            ("node", "node"),
        ]
    practitioner = dev.organizations["hospital-a"].people[1]
    assert (practitioner.role, practitioner.groups) == ("practitioner", ("emergency",))


def test_policies_default_to_a_majority_of_the_members_with_a_peer() -> None:
    lines = [line for line in TEXT.split("\n") if "endorsement:" not in line]
    topology = parse("\n".join(lines), DEV)
    channel = topology.channels["regional-care"]
    expected = "OutOf(2, 'HospitalAMSP.peer', 'HospitalBMSP.peer', 'RegulatorMSP.peer')"
    assert topology.lifecycle_endorsement(channel) == expected
    assert topology.endorsement(channel, channel.chaincodes["care"]) == expected


def test_few_orderers_and_orderers_that_are_no_members_are_warned_about(dev: Topology) -> None:
    assert warnings(dev) == (
        "channels.cancer-registry.orderers: the channel stands still while one Raft orderer is down, for "
        "it has 2. "
        "3 let it go on.",
    )
    foreign = parse(
        TEXT.replace("orderers: [hospital-a, regulator]", "orderers: [hospital-a, hospital-b, regulator]"),
        DEV,
    )
    assert warnings(foreign) == (
        "channels.cancer-registry.orderers: hospital-b orders without being a member: it sees every block.",
    )


MISTAKES = {
    "unknown key, with the nearest": (
        ("    jurisdiction: FR", "    jurisdicton: FR"),
        ["organizations.hospital-b.jurisdiction: The key is missing. Add it."],
        "organizations.hospital-b.jurisdicton: The key is not known. Did you mean 'jurisdiction'? Known "
        "here: ",
    ),
    "unknown key at the top": (
        ("ordering: {", "orderring: {"),
        [],
        "orderring: The key is not known. Did you mean 'ordering'? Known here: name, ports, ordering, ",
    ),
    "unknown key in a chaincode": (
        ('        version: "1.0"\n', '        version: "1.0"\n        endorsment: x\n'),
        [],
        "channels.regional-care.chaincodes.care.endorsment: The key is not known. Did you mean "
        "'endorsement'?",
    ),
    "missing key": (
        ("    msp_id: ClinicMSP\n", ""),
        [],
        "organizations.clinic.msp_id: The key is missing. Add it.",
    ),
    "a version that YAML takes for a number": (
        ('version: "1.0"', "version: 1.0"),
        [],
        "channels.regional-care.chaincodes.care.version: 1.0 is not a text to YAML. Put the value in quotes.",
    ),
    "Norway": (
        ("jurisdiction: FR", "jurisdiction: NO"),
        [],
        "organizations.hospital-b.jurisdiction: False is not a text to YAML. Put the value in quotes.",
    ),
    "a country in full": (
        ("jurisdiction: FR", "jurisdiction: France"),
        [],
        "organizations.hospital-b.jurisdiction: 'France' does not have the form that is needed here. Write a "
        "country as two capital letters (ISO 3166-1): DE.",
    ),
    "a count that is a text": (
        ("    peers: 1", '    peers: "1"'),
        [],
        "organizations.hospital-a.peers: '1' is not a whole number. Write a whole number, without quotes.",
    ),
    "a negative count": (
        ("    orderers: 1", "    orderers: -1"),
        [],
        "organizations.hospital-a.orderers: -1 is out of range. It has to be at least 0.",
    ),
    "a port below 1024": (
        ("{base: 17000}", "{base: 80}"),
        [],
        "ports.base: 80 is out of range. It has to be at least 1024.",
    ),
    "ports that run past the end": (
        ("{base: 17000}", "{base: 65530}"),
        [],
        "ports.base: The ports run past 65535: ",
    ),
    "a duplicate port": (
        (
            "{base: 17000}",
            "{base: 17000, nodes: {peer0.regulator: {listen: 18000}, ca.clinic: {listen: 18000}}}",
        ),
        [],
        "ports.nodes.ca.clinic.listen: Port 18000 is already given to peer0.regulator.listen. Give each "
        "its own",
    ),
    "a port of no node": (
        ("{base: 17000}", "{base: 17000, nodes: {peer1.regulator: {listen: 18000}}}"),
        [],
        "ports.nodes.peer1.regulator: There is no such node. Did you mean 'peer0.regulator'? Write one of: ",
    ),
    "a port that the node does not have": (
        ("{base: 17000}", "{base: 17000, nodes: {peer0.regulator: {admin: 18000}}}"),
        [],
        "ports.nodes.peer0.regulator.admin: The node has no such port. Its ports are: chaincode, listen, "
        "operations.",
    ),
    "an unknown use of a port": (
        ("{base: 17000}", "{base: 17000, nodes: {peer0.regulator: {listn: 18000}}}"),
        [],
        "ports.nodes.peer0.regulator.listn: 'listn' is not known here. Did you mean 'listen'? Write one of: ",
    ),
    "a time without a unit": (
        ("batch_timeout: 50ms", "batch_timeout: '50'"),
        [],
        "ordering.batch_timeout: '50' does not have the form that is needed here. Write a time with its "
        "unit: ",
    ),
    "another consensus": (
        ("type: etcdraft", "type: solo"),
        [],
        "ordering.type: 'solo' is not known here. Write one of: etcdraft.",
    ),
    "a role with a typing error": (
        ("role: registrar}", "role: registar}"),
        [],
        "organizations.hospital-a.people[0].role: 'registar' is not known here. Did you mean 'registrar'?",
    ),
    "an alias that every organisation has": (
        ("alias: registrar", "alias: admin"),
        [],
        "organizations.hospital-a.people[0].alias: 'admin' is what every organisation has anyway. Leave "
        "the entry out",
    ),
    "a role of staff that would be the administrator's": (
        ("role: registrar}", "role: administrator}"),
        [],
        "organizations.hospital-a.people[0].role: The role 'administrator' belongs to an identity that every",
    ),
    "two people of one alias": (
        ("alias: auditor", "alias: registrar"),
        [],
        "organizations.hospital-a.people: The alias 'registrar' stands 2 times. Give each its own alias.",
    ),
    "two organisations of one name": (
        ("  hospital-b:", "  hospital-a:"),
        [],
        "hospital-a: The key stands twice in the same place, in lines 9 and 22. Remove one, or give it "
        "another name.",
    ),
    "two organisations of one MSP ID": (
        ("msp_id: ClinicMSP", "msp_id: HospitalAMSP"),
        [],
        "organizations.clinic.msp_id: 'HospitalAMSP' is already the msp_id of hospital-a. Give each "
        "organisation its",
    ),
    "two organisations of one domain": (
        ("domain: clinic.example", "domain: hospital-a.example"),
        [],
        "organizations.clinic.domain: 'hospital-a.example' is already the domain of hospital-a.",
    ),
    "no partner": (
        ("    partner: hospital-a\n", ""),
        [],
        "organizations.clinic.partner: clinic has no peer, and no partner that lends it one. Name an "
        "organisation "
        "with a peer as partner, or set peers to 1.",
    ),
    "a partner that does not exist": (
        ("partner: hospital-a", "partner: hospitala"),
        [],
        "organizations.clinic.partner: 'hospitala' is not an organisation. Did you mean 'hospital-a'?",
    ),
    "a partner outside the channel": (
        ("members: [hospital-a, regulator]", "members: [hospital-b, regulator, clinic]"),
        [
            "channels.cancer-registry.lifecycle_endorsement: HospitalAMSP is not the MSP ID of a member "
            "of the "
            "channel. Did you mean 'HospitalBMSP'? Write one of: HospitalBMSP, RegulatorMSP, ClinicMSP.",
        ],
        "organizations.clinic.partner: hospital-a is not a member of cancer-registry, so clinic cannot "
        "reach it.",
    ),
    "a partner for one that has a peer": (
        ("    orderers: 1", "    orderers: 1\n    partner: hospital-b"),
        [],
        "organizations.hospital-a.partner: It has a peer of its own and needs no partner. Leave partner out.",
    ),
    "a member that does not exist": (
        ("regulator, clinic]", "regulator, clinik]"),
        [],
        "channels.regional-care.members[3]: 'clinik' is not an organisation. Did you mean 'clinic'? Write "
        "one of: "
        "hospital-a, hospital-b, regulator, clinic.",
    ),
    "a member twice": (
        ("regulator, clinic]", "regulator, regulator]"),
        [],
        "channels.regional-care.members[3]: 'regulator' stands there twice. Remove one.",
    ),
    "no members": (
        ("members: [hospital-a, regulator]", "members: []"),
        [],
        "channels.cancer-registry.members: It is empty. Give at least one.",
    ),
    "no orderers": (
        ("    orderers: [hospital-a, regulator]\n", ""),
        [],
        "channels.cancer-registry.orderers: The key is missing. Add it.",
    ),
    "an orderer of one that runs none": (
        ("orderers: [hospital-a, regulator]", "orderers: [hospital-a, clinic]"),
        [],
        "channels.cancer-registry.orderers[1]: clinic runs no orderer. Set organizations.clinic.orderers "
        "to 1",
    ),
    "full blocks where members keep secrets": (
        (
            "    members: [hospital-a, regulator]",
            "    members: [hospital-a, regulator]\n    acls: {event/Block: /Channel/Application/Readers}",
        ),
        [],
        "channels.cancer-registry.acls.event/Block: Who may follow full blocks is sent the members' implicit "
        "collections too",
    ),
    "an ACL for nothing": (
        (
            "    members: [hospital-a, regulator]",
            "    members: [hospital-a, regulator]\n    acls: {x: /Channel/Y}",
        ),
        [],
        "channels.cancer-registry.acls.x: This is no resource of a peer. Name it as Fabric does: event/Block",
    ),
    "an ACL without a policy's path": (
        (
            "    members: [hospital-a, regulator]",
            "    members: [hospital-a, regulator]\n    acls: {event/Block: Readers}",
        ),
        [],
        "channels.cancer-registry.acls.event/Block: ",
    ),
    "a policy that cannot be read": (
        ("AND('HospitalAMSP.peer', 'RegulatorMSP.peer')", "AND('HospitalAMSP.peer' 'RegulatorMSP.peer')"),
        [],
        "channels.cancer-registry.lifecycle_endorsement: The policy cannot be read: ')' is expected where "
        "'RegulatorMSP.peer' stands. Write it like this: OutOf(2, 'HospitalAMSP.peer', 'RegulatorMSP.peer').",
    ),
    "a policy that wants more than there are": (
        ('"OutOf(2, ', '"OutOf(4, '),
        [],
        "channels.regional-care.lifecycle_endorsement: Nobody can satisfy the policy: it asks for 4 of 3. "
        "Members "
        "with peers are: HospitalAMSP (1), HospitalBMSP (1), RegulatorMSP (1).",
    ),
    "a policy that Fabric would refuse at the approval": (
        ("AND('HospitalAMSP.peer', 'RegulatorMSP.peer')", "'HospitalAMSP.peer'"),
        [],
        "channels.cancer-registry.lifecycle_endorsement: The policy cannot be read: 'HospitalAMSP.peer' "
        "stands alone, without a gate around it: OR('HospitalAMSP.peer'). Write it like this: OutOf(2, ",
    ),
    "a policy of a member without a peer": (
        ("OutOf(2, 'HospitalAMSP.peer'", "AND('ClinicMSP.peer'"),
        [],
        "channels.regional-care.lifecycle_endorsement: Nobody can satisfy the policy: ClinicMSP has no "
        "peer. ",
    ),
    "a policy with a typing error that others could satisfy": (
        ("'HospitalBMSP.peer', 'RegulatorMSP.peer')", "'HospitalBMSP.peer', 'RegulaterMSP.peer')"),
        [],
        "channels.regional-care.lifecycle_endorsement: RegulaterMSP is not the MSP ID of a member of the "
        "channel. Did you mean 'RegulatorMSP'? Write one of: ",
    ),
    "two signatures of one peer": (
        ("AND('HospitalAMSP.peer', 'RegulatorMSP.peer')", "AND('HospitalAMSP.peer', 'HospitalAMSP.peer')"),
        [],
        "channels.cancer-registry.lifecycle_endorsement: Nobody can satisfy the policy: it asks for more "
        "signatures",
    ),
    "two versions of one chaincode": (
        ('version: "1.0"', 'version: "1.1"'),
        [],
        "channels.cancer-registry.chaincodes.care.version: '1.0' differs from '1.1' on regional-care; one "
        "process",
    ),
    "a list where keys belong": (
        ("chaincodes:\n      care:", "chaincodes:\n      - care:"),
        [],
        "channels.regional-care.chaincodes: A list stands where keys with values are needed. Write a mapping",
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_a_sentence_with_key_and_mend(mistake: str) -> None:
    change, others, expected = MISTAKES[mistake]
    found = refusal(change)
    matching = [line for line in found if line.startswith(expected)]
    assert len(matching) == 1, found
    assert matching[0].endswith(".")
    for other in others:
        assert other in found


def test_all_mistakes_are_told_at_once() -> None:
    found = refusal(
        ("msp_id: ClinicMSP", "msp_id: HospitalAMSP"),
        ("partner: hospital-a", "partner: regulatr"),
        ("orderers: [hospital-a, regulator]", "orderers: [clinic]"),
    )
    assert [line.split(": ")[0] for line in found] == [
        "organizations.clinic.msp_id",
        "organizations.clinic.partner",
        "channels.cancer-registry.orderers[0]",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "The file is not a mapping. Begin with the keys name, organizations and channels."),
        ("- a\n- b\n", "The file is not a mapping."),
        ("name: [dev\n", "This is not YAML: "),
        ("name: dev\n", "organizations: The key is missing."),
        (
            "name: dev\norganizations: []\nchannels: {}\n",
            "organizations: A list stands where keys with values",
        ),
    ],
)
def test_a_file_of_another_kind_is_refused(text: str, expected: str) -> None:
    with pytest.raises(TopologyError) as caught:
        parse(text, Path("x.yaml"))
    assert f"x.yaml: {expected}" in str(caught.value)


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TopologyError, match=r"missing\.yaml: The file cannot be read: No such file"):
        load(tmp_path / "missing.yaml")
