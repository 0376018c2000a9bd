"""The commands. Each prints plain lines, and plain sentences where something is wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from fabric_network import binaries, topology
from fabric_network.allotment import known_base
from fabric_network.cli import INTERRUPTED, hints
from fabric_network.cli.options import (
    DEFAULT_BUILD_DIR,
    DEFAULT_TOPOLOGY,
    BuildDirOption,
    JsonOption,
    NameOption,
    PortsOption,
    TopologyOption,
)
from fabric_network.down import clean as clean_network
from fabric_network.down import down as stop_network
from fabric_network.errors import NetworkError
from fabric_network.logs import follow as follow_log
from fabric_network.logs import tail
from fabric_network.paths import Layout
from fabric_network.progress import Progress
from fabric_network.status import OK, NetworkStatus, network_status, to_json, to_tables
from fabric_network.topology import Topology
from fabric_network.up import Up

WIDTH = 80

app = typer.Typer(
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Start and operate a Hyperledger Fabric consortium network on this machine.",
)


@dataclass(frozen=True)
class _Network:
    topology: Topology
    layout: Layout


@app.command()
def install() -> None:
    """Find Fabric and Fabric CA on this machine, or build them once."""
    with _plain_errors():
        progress = Progress(_say)
        for found in binaries.ensure(progress=progress):
            _say(f"{found.product.name} {found.product.version_text}: {found.folder}")


@app.command()
def validate(
    file: TopologyOption = DEFAULT_TOPOLOGY, name: NameOption = None, ports: PortsOption = None
) -> None:
    """Check a topology file without starting anything."""
    with _plain_errors():
        value = topology.load(file, name=name, base_port=ports)
        for warning in topology.warnings(value):
            _say(f"warning: {warning}")
        _say(f"{file} is valid: {value.name}, {len(value.nodes())} nodes, {len(value.channels)} channels.")


@app.command()
def up(  # noqa: PLR0917 - typer calls it by name
    file: TopologyOption = DEFAULT_TOPOLOGY,
    name: NameOption = None,
    ports: PortsOption = None,
    build_dir: BuildDirOption = DEFAULT_BUILD_DIR,
    bare: Annotated[
        bool, typer.Option("--bare", help="Fabric alone: no institutions, no key agents.")
    ] = False,
    brief: Annotated[bool, typer.Option("--brief", help="Do not say what can be done next.")] = False,
) -> None:
    """Bring the network up, or go on where it was left. Does nothing when it is up."""
    with _plain_errors():
        network = _load(file, name, ports, build_dir)
        progress = Progress(_say)
        changed = Up(network.topology, network.layout, progress, bare=bare).run()
        progress("ready" if changed else "ready; nothing had to be done")
        if not brief:
            _say_what_next(network)


@app.command()
def down(
    file: TopologyOption = DEFAULT_TOPOLOGY,
    name: NameOption = None,
    build_dir: BuildDirOption = DEFAULT_BUILD_DIR,
) -> None:
    """Stop all that `up` started. Data and certificates stay."""
    with _plain_errors():
        network = _load(file, name, None, build_dir)
        stopped = stop_network(network.topology, network.layout)
        _say(f"{len(stopped)} nodes stopped." if stopped else "Nothing was running.")


@app.command()
def clean(
    file: TopologyOption = DEFAULT_TOPOLOGY,
    name: NameOption = None,
    build_dir: BuildDirOption = DEFAULT_BUILD_DIR,
    force: Annotated[bool, typer.Option("--force", help="Do not ask.")] = False,
) -> None:
    """Stop the network and remove its folder, with all ledgers, keys and records."""
    with _plain_errors():
        network = _load(file, name, None, build_dir)
        root = network.layout.root
        if not root.exists():
            _say(f"There is nothing at {root}.")
            return
        if not force and not typer.confirm(f"Remove {root} with all ledgers, keys and records?"):
            _say("Nothing was removed.")
            return
        clean_network(network.topology, network.layout)
        _say(f"{root} is removed.")


@app.command()
def status(  # noqa: PLR0917 - typer calls it by name
    file: TopologyOption = DEFAULT_TOPOLOGY,
    name: NameOption = None,
    ports: PortsOption = None,
    build_dir: BuildDirOption = DEFAULT_BUILD_DIR,
    as_json: JsonOption = False,
    exit_zero: Annotated[
        bool, typer.Option("--exit-zero", help="Exit 0 whatever the nodes' health is.")
    ] = False,
) -> None:
    """Show every node: process, port, health, ledger height, certificate. Exit 1 unless all are healthy."""
    with _plain_errors():
        network = _load(file, name, ports, build_dir)
        report = network_status(network.topology, network.layout)
        if as_json:
            typer.echo(json.dumps(to_json(report), indent=2))
        else:
            console = Console(width=None if sys.stdout.isatty() else WIDTH)
            for table in to_tables(report):
                console.print(table, "")
            _say_health(report)
        if not (report.healthy or exit_zero):
            raise typer.Exit(1)


@app.command()
def logs(  # noqa: PLR0917 - typer calls it by name
    node: Annotated[str, typer.Argument(help="Name of a node, as `status` shows it.")],
    file: TopologyOption = DEFAULT_TOPOLOGY,
    name: NameOption = None,
    build_dir: BuildDirOption = DEFAULT_BUILD_DIR,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on as more is written.")] = False,
    lines: Annotated[int, typer.Option("--lines", "-n", min=0, help="How many of the last lines.")] = 100,
) -> None:
    """Print what a node wrote."""
    with _plain_errors():
        network = _load(file, name, None, build_dir)
        log = network.layout.log(node)
        known = [one.name for one in network.topology.nodes()]
        if node not in known:
            raise NetworkError(f"There is no node {node!r}. The nodes are: {', '.join(known)}.")
        for line in tail(log, lines):
            typer.echo(line)
        if follow:
            for text in follow_log(log):
                typer.echo(text, nl=False)


def _load(file: Path, name: str | None, ports: int | None, build_dir: Path) -> _Network:
    hints.remember(file, name, build_dir)
    value = topology.load(file, name=name, base_port=ports)
    layout = Layout(build_dir, value.name)
    base = known_base(layout) if ports is None else None
    if base not in (None, value.ports.base):
        value = topology.load(file, name=value.name, base_port=base)
    return _Network(value, layout)


@contextmanager
def _plain_errors() -> Iterator[None]:
    try:
        yield
    except NetworkError as error:
        typer.echo(f"Error: {hints.mend(str(error))}", err=True)
        raise typer.Exit(1) from error
    except OSError as error:
        typer.echo(f"Error: {error.strerror or error}: {error.filename or 'system call'}", err=True)
        raise typer.Exit(1) from error
    except KeyboardInterrupt:
        typer.echo("Interrupted.", err=True)
        raise typer.Exit(INTERRUPTED) from None


def _say(line: str) -> None:
    typer.echo(line)


def _say_health(report: NetworkStatus) -> None:
    total, sick = len(report.nodes), sum(node.health != OK for node in report.nodes)
    if sick and all(node.environment for node in report.nodes if node.health != OK):
        _say(f"{sick} of {total} nodes are yours to run, and do not answer.")
    elif sick:
        _say(f"Not healthy: {sick} of {total} nodes. Start what is missing: {hints.command('up')}")
    else:
        _say(f"All {total} nodes are healthy.")


def _say_what_next(network: _Network) -> None:
    _say("")
    _say(f"Look around: {hints.command('status')}")
    _say(f"Stop:        {hints.command('down')}     (data stays)")
    consortium = next((one for one in network.topology.channels.values() if one.keeps_members), None)
    if consortium is None:
        _say(f"Connect:     {network.layout.profiles}     (a connection profile for each organisation)")
        return
    organization = network.topology.members(consortium)[0]
    person = next(iter(organization.people), None)
    role = person.role if person else "administrator"
    _say(f"Work as a member, for example as {organization.name}'s {role}:")
    user = network.layout.organization(organization.id).user(person.alias if person else "admin")
    _say(f"  export CARECHANNEL_PROFILE={network.layout.profile(organization.id)}")
    _say(f"  export CARECHANNEL_IDENTITY={user.root}")
    _say(f"  export CARECHANNEL_CONSORTIUM={consortium.name}")
    _say(f"  {hints.program('carechannel')} institution list")
    _say(f"  {hints.program('carechannel')} --help")
