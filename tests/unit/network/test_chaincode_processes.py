"""What runs a chaincode: a Python module, a command of any language, or its developer."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from fabric_network import services as module
from fabric_network.commands import chaincode
from fabric_network.configuration import write_configuration
from fabric_network.errors import TopologyError
from fabric_network.paths import Layout
from fabric_network.render.chaincode import package_id
from fabric_network.services import chaincode_environment, service, services
from fabric_network.status import DOWN, OK, network_status, to_json, to_tables
from fabric_network.topology import NodeKind, Topology
from fabric_network.topology.read import parse
from rich.console import Console

from tests.unit.network.builders import DEV, Root

MODULE = "        module: care_contracts\n"
NODE = "care.hospital-a"
PRINTED = "import json, os; print(json.dumps(dict(os.environ)))"


def topology(way: str, folder: Path = DEV.parent) -> Topology:
    """dev.yaml whose chaincode is run as the line `way` says."""
    return parse(DEV.read_text().replace(MODULE, f"        {way}\n" if way else ""), folder / "dev.yaml")


def refusal(way: str) -> list[str]:
    with pytest.raises(TopologyError) as caught:
        topology(way)
    return [str(problem) for problem in caught.value.problems if "regional-care" in problem.key]


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    return Layout(tmp_path / "build", "dev")


MISTAKES = {
    "": ": Nothing says what runs the chaincode. Give a module (of Python), a command ",
    "command: []": ": Nothing says what runs the chaincode. Give a module ",
    "external: false": ": Nothing says what runs the chaincode. Give a module ",
    "{module: a, command: [b]}": ".command: module says already what runs the chaincode. Keep one.",
    "{command: [b], external: true}": ".external: command says already what runs the chaincode. Keep one.",
    "command: node server.js": ".command: 'node server.js' stands where a list is needed. Write it as ",
    "command: [serve, 9999]": ".command[1]: 9999 is not a text to YAML. Put the value in quotes.",
    "command: ['']": ".command[0]: '' is out of range. It has to be at least of length 1.",
    "external: 'yes'": ".external: 'yes' is neither true nor false. Write true or false, without quotes.",
    "module: some-thing": ".module: 'some-thing' does not have the form that is needed here. Write ",
}


@pytest.mark.parametrize("way", MISTAKES)
def test_a_mistake_is_a_sentence_with_key_and_mend(way: str) -> None:
    lines = (
        way.strip("{}").replace(", command", "\n        command").replace(", external", "\n        external")
    )
    found = refusal(lines)
    assert [
        line for line in found if line.startswith(f"channels.regional-care.chaincodes.care{MISTAKES[way]}")
    ]


def test_two_channels_must_say_the_same() -> None:
    text = DEV.read_text().replace(MODULE, "        command: [serve]\n", 1)
    text = text.replace(MODULE, "        command: [serve, quickly]\n", 1)
    with pytest.raises(
        TopologyError, match=r"cancer-registry.chaincodes.care.command: \('serve', 'quickly'\) differs"
    ):
        parse(text, DEV)


def test_a_module_is_run_by_this_python(layout: Layout) -> None:
    run = service(topology(MODULE.strip()), layout, topology(MODULE.strip()).node(NODE)).command
    assert run.argv == (sys.executable, "-m", "care_contracts")
    assert run.folder == layout.organization("hospital-a").chaincode.root


@pytest.mark.parametrize(
    ("way", "argv"),
    [
        ("command: [node, server.js, --quiet]", ("node", "server.js", "--quiet")),
        ("command: [bin/serve]", ("{folder}/bin/serve",)),
        ("command: [/opt/serve]", ("/opt/serve",)),
    ],
)
def test_a_command_runs_in_the_folder_of_the_topology_file(
    layout: Layout, tmp_path: Path, way: str, argv: tuple[str, ...]
) -> None:
    value = topology(way, tmp_path)
    run = service(value, layout, value.node(NODE)).command
    assert run.argv == tuple(part.format(folder=tmp_path) for part in argv)
    assert run.folder == tmp_path


def test_a_changed_program_or_script_is_started_again(layout: Layout, tmp_path: Path) -> None:
    """What a runner restarts a service for are its inputs."""
    (tmp_path / "serve").touch()
    (tmp_path / "rules.js").touch()
    value = topology("command: [./serve, rules.js, --quiet]", tmp_path)
    inputs = service(value, layout, value.node(NODE)).inputs
    assert set(inputs) >= {tmp_path / "serve", tmp_path / "rules.js"}


def test_each_language_finds_its_own_names(layout: Layout) -> None:
    value = topology("command: [serve]")
    node = value.node(NODE)
    files = layout.organization("hospital-a").chaincode
    told = service(value, layout, node).command.environment
    certificate, key = str(files.server_certificate), str(files.server_key)
    identifier = package_id(value.chaincodes()[0])
    python = {
        "CHAINCODE_ID": identifier,
        "CHAINCODE_SERVER_ADDRESS": node.address,
        "CHAINCODE_TLS_CERT_FILE": certificate,
        "CHAINCODE_TLS_KEY_FILE": key,
        "CHAINCODE_CLIENT_CA_FILE": str(files.client_certificate),
    }
    go = {
        "CHAINCODE_TLS_DISABLED": "false",
        "CHAINCODE_TLS_CERT": certificate,
        "CHAINCODE_TLS_KEY": key,
        "CHAINCODE_CLIENT_CA_CERT": str(files.client_ca),
        "CORE_PEER_LOCALMSPID": "HospitalAMSP",
    }
    javascript = {
        "CORE_CHAINCODE_ID": identifier,
        "CORE_CHAINCODE_ADDRESS": node.address,
        "CORE_CHAINCODE_TLS_CERT_FILE": certificate,
        "CORE_CHAINCODE_TLS_KEY_FILE": key,
        "CORE_CHAINCODE_TLS_CLIENT_CACERT_FILE": str(files.client_ca),
    }
    assert told == {**python, **go, **javascript}


def test_a_node_has_the_chaincode_of_its_name() -> None:
    before, registry = DEV.read_text().split("  cancer-registry:\n")
    text = f"{before}  cancer-registry:\n{registry.replace('      care:', '      registry:')}"
    value = parse(text.replace(MODULE, "        external: true\n", 1), DEV)
    for name, channel, external in (("care", "regional-care", True), ("registry", "cancer-registry", False)):
        node = value.node(f"{name}.hospital-a")
        assert value.chaincode_of(node) == value.channels[channel].chaincodes[name]
        assert value.is_external(node) is external


def test_what_the_developer_runs_is_not_started_here(layout: Layout) -> None:
    value = topology("external: true")
    assert value.is_external(value.node(NODE))
    assert not value.is_external(value.node("peer0.hospital-a"))
    assert services(value, layout, NodeKind.CHAINCODE) == ()
    assert len(services(value, layout, NodeKind.PEER)) == 3


def provide_certificates(value: Topology, layout: Layout) -> None:
    root = Root.make()
    for name in value.organizations:
        files = layout.organization(name)
        files.tls_root.parent.mkdir(parents=True)
        files.tls_root.write_bytes(root.pem)
        chain = files.chaincode
        chain.root.mkdir(parents=True)
        chain.client_ca.write_bytes(root.pem)
        certificate, key = root.issue("chaincode-client")
        chain.client_certificate.write_bytes(certificate)
        chain.client_key.write_bytes(key)


def test_the_developers_file_is_an_environment_that_a_shell_reads(tmp_path: Path) -> None:
    value, layout = topology("external: true"), Layout(tmp_path / "it's a build", "dev")
    provide_certificates(value, layout)
    write_configuration(value, layout)
    file = layout.organization("hospital-a").chaincode.environment("care")
    shell = subprocess.run(
        ["/bin/sh", "-ac", f'. "$0"; exec "$1" -c "{PRINTED}"', str(file), sys.executable],
        env={},
        capture_output=True,
        text=True,
        check=True,
    )
    expected = dict(chaincode_environment(value, layout, value.node(NODE)))
    assert {name: json.loads(shell.stdout)[name] for name in expected} == expected
    started_here = topology(MODULE.strip())
    other = Layout(tmp_path / "other", "dev")
    provide_certificates(started_here, other)
    write_configuration(started_here, other)
    assert not other.organization("hospital-a").chaincode.environment("care").exists()


@pytest.mark.parametrize(("answer", "health"), [(None, OK), ("no TLS connection", DOWN)])
def test_status_tells_where_it_is_expected_and_with_which_environment(
    layout: Layout, monkeypatch: pytest.MonkeyPatch, answer: str | None, health: str
) -> None:
    monkeypatch.setattr(module, "speaks_mutual_tls", lambda *_: lambda _pid: answer)
    value = topology("external: true")
    status = network_status(value, layout)
    node = next(one for one in status.nodes if one.node == NODE)
    file = layout.organization("hospital-a").chaincode.environment("care")
    assert (node.health, node.port, node.environment) == (health, value.node(NODE).listen, file)
    listed = to_json(status)["nodes"]
    assert isinstance(listed, list)
    assert [one["environment"] for one in listed if one["node"] == NODE] == [str(file)]
    assert [one["environment"] for one in listed if one["role"] == "peer"] == [None] * 3
    console = Console(width=80)
    with console.capture() as captured:
        for table in to_tables(status):
            console.print(table)
    shown = captured.get().splitlines()
    assert max(map(len, shown)) <= 80
    assert "YOURS TO RUN" in "".join(shown)
    assert str(file) in "".join(line.removeprefix(NODE).strip() for line in shown)


def test_environment_values_are_quoted_only_where_needed() -> None:
    assert chaincode.dotenv({"A": "127.0.0.1:1", "B": "/a b"}) == "A=127.0.0.1:1\nB='/a b'\n"


def test_key_agents_answer_only_where_carechannels_own_chaincode_runs() -> None:
    other = topology("command: [serve]")
    assert [node.name for node in other.nodes_of(NodeKind.AGENT)] == []
    care = topology(MODULE.strip())
    assert [node.name for node in care.nodes_of(NodeKind.AGENT)] == ["agent.hospital-a", "agent.hospital-b"]
