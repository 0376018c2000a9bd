"""From a topology to a network that endorses. Can be repeated: what is done already is left alone."""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from fabric_network import allotment, binaries
from fabric_network.certificates import lacking, write_channel_msps
from fabric_network.channels import Channels
from fabric_network.configuration import write_ca_configuration, write_configuration
from fabric_network.execute import Executor
from fabric_network.files import write
from fabric_network.interrupts import deferred
from fabric_network.lifecycle import Lifecycle
from fabric_network.lock import locked
from fabric_network.members import Members
from fabric_network.paths import Layout
from fabric_network.ports import check_free
from fabric_network.readiness import Readiness
from fabric_network.runners import NativeRunner, Runner
from fabric_network.services import environment_file, services
from fabric_network.topology import NodeKind, Topology

START_TIMEOUT = 60.0
"""How long nodes may take to answer their probes, in seconds."""
ENDORSEMENT_TIMEOUT = 60.0
"""How long a network whose nodes answer may take until it endorses, in seconds."""

MEMBER_NODES = (NodeKind.ORDERER, NodeKind.PEER, NodeKind.CHAINCODE)


def native_runner(topology: Topology, layout: Layout) -> NativeRunner:
    """The runner of this network's processes on this machine."""
    return NativeRunner(layout.run, layout.log, {node.name: node.kind for node in topology.nodes()})


class Up:
    """One run of `up`. `progress` is told each step in a few words.

    `bare` leaves out what is not Fabric's: institutions made known on the channels, key agents. Raises
    `NetworkError` with a sentence; what runs then goes on running, and the next run goes on from there. When
    it is interrupted (`KeyboardInterrupt`), whatever this run has started is stopped again.
    """

    def __init__(
        self, topology: Topology, layout: Layout, progress: Callable[[str], None], *, bare: bool = False
    ) -> None:
        self._bare = bare
        self._topology = topology
        self._layout = layout
        self._progress = progress
        self._runner: Runner = native_runner(topology, layout)
        self._executor = Executor()

    def run(self) -> bool:
        """Gives whether anything had to be done."""
        with locked(self._layout.run):
            try:
                return self._run()
            except KeyboardInterrupt:
                with deferred():
                    self._executor.cancel()
                    self._runner.abandon()
                raise

    def _run(self) -> bool:
        self._runner.stop_strays()
        self._check_ports()
        allotment.keep(self._topology, self._layout)
        self._provide_binaries()
        changed = self._start_cas()
        changed |= self._start_member_nodes()
        if changed or not self._is_deployed():
            self._deploy()
            changed = True
        Readiness(self._topology, self._layout).wait(ENDORSEMENT_TIMEOUT)
        if changed:
            self._progress("every member gets endorsements on every channel")
        if not self._bare:
            changed |= self._introduce_members()
            changed |= self._start("key agents", NodeKind.AGENT)
        write(self._layout.run / "deployed", self._deployed())
        return changed

    def _check_ports(self) -> None:
        running = self._runner.running()
        check_free(
            {
                port: f"{node.name} {use}"
                for node in self._topology.nodes()
                if node.name not in running and not self._topology.is_external(node)
                for use, port in node.ports.items()
            }
        )

    def _provide_binaries(self) -> None:
        programs = [program for product in binaries.PRODUCTS for program in product.required]
        if not all((self._layout.bin / program).exists() for program in programs):
            binaries.link(binaries.ensure(progress=self._progress), self._layout.bin)

    def _start_cas(self) -> bool:
        write_ca_configuration(self._topology, self._layout)
        started = self._start("certificate authorities", NodeKind.CA)
        return self._issue_certificates() or started

    def _issue_certificates(self) -> bool:
        write_channel_msps(self._topology, self._layout)
        found = {
            org.id: lacking(self._topology, self._layout, org)
            for org in self._topology.organizations.values()
        }
        lacks = {name: lacks for name, lacks in found.items() if lacks}
        if not lacks:
            return False
        # Only here, for hfc takes long to import and is seldom needed.
        from fabric_network.issuing import issue  # noqa: PLC0415

        issue(self._topology, self._layout, lacks, self._executor)
        self._progress(f"{sum(map(len, lacks.values()))} identities have their certificates")
        return True

    def _start_member_nodes(self) -> bool:
        write_configuration(self._topology, self._layout)
        Channels(self._topology, self._layout, self._executor).make_genesis_blocks()
        external = [node for node in self._topology.nodes() if self._topology.is_external(node)]
        self._runner.stop([node.name for node in external])
        for node in external:
            file = environment_file(self._layout, node)
            self._progress(f"{node.name} is yours to run, with the environment of {file}")
        return self._start("orderers, peers and chaincodes", *MEMBER_NODES)

    def _deploy(self) -> None:
        channels = Channels(self._topology, self._layout, self._executor)
        lifecycle = Lifecycle(self._topology, self._layout)
        self._tell("joined", channels.join_orderers())
        self._tell("joined", channels.join_peers())
        self._tell("installed", lifecycle.install())
        self._tell("committed", lifecycle.deploy())

    def _introduce_members(self) -> bool:
        introduced = Members(self._topology, self._layout, self._executor).introduce()
        self._tell("members introduced on", introduced)
        return bool(introduced)

    def _start(self, what: str, *kinds: NodeKind) -> bool:
        wanted = services(self._topology, self._layout, *kinds)
        started = self._runner.start(wanted)
        self._runner.wait_ready(wanted, START_TIMEOUT)
        if started:
            self._progress(f"{what} run ({len(started)} started)")
        return bool(started)

    def _tell(self, done: str, what: list[str]) -> None:
        for one in what:
            self._progress(f"{done} {one}")

    def _is_deployed(self) -> bool:
        file = self._layout.run / "deployed"
        return file.is_file() and file.read_text() == self._deployed()

    def _deployed(self) -> str:
        return hashlib.sha256(repr(self._topology).encode()).hexdigest()
