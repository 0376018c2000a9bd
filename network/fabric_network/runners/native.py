"""Nodes as processes of this machine, each in a session of its own, so that they outlive the command."""

from __future__ import annotations

import contextlib
import hashlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import psutil

from fabric_network.errors import NodeError
from fabric_network.interrupts import deferred
from fabric_network.runners.record import MARK, Record, identity, marked
from fabric_network.runners.runner import Running, Service
from fabric_network.topology import NodeKind

PROBE_INTERVAL = 0.03
TERMINATION = 15.0
"""How long a node has to stop by itself before it is killed, in seconds."""

STOP_ORDER = (NodeKind.AGENT, NodeKind.CHAINCODE, NodeKind.PEER, NodeKind.ORDERER, NodeKind.CA)


class NativeRunner:
    """Runs nodes whose records lie in `run_folder` and whose output goes to `log_file(name)`.

    `kinds` tells what each node of the topology is, for the order of stopping; one that is not in it (of an
    older topology) is stopped first.
    """

    def __init__(
        self, run_folder: Path, log_file: Callable[[str], Path], kinds: Mapping[str, NodeKind]
    ) -> None:
        self._run_folder = run_folder
        self._log_file = log_file
        self._kinds = kinds
        self._started: list[str] = []

    def running(self) -> dict[str, Running]:
        """By the records alone: cheap."""
        found: dict[str, Running] = {}
        for file in sorted(self._run_folder.glob("*.json")):
            record = Record.load(file)
            process = record.process() if record else None
            if process is not None:
                found[file.stem] = Running(file.stem, process.pid, process.create_time())
        return found

    def start(self, services: Iterable[Service]) -> list[str]:
        wanted = list(services)
        self.stop([service.name for service in wanted if self._has_changed(service)])
        alive = self.running()
        started = []
        for service in wanted:
            if service.name not in alive:
                started.append(service.name)
                self._started.append(service.name)
                with deferred():
                    self._spawn(service)
        return started

    def stop_strays(self) -> list[str]:
        return self.stop(set(marked(self._run_folder)) - set(self.running()))

    def wait_ready(self, services: Iterable[Service], timeout: float) -> None:
        waiting = list(services)
        deadline = time.monotonic() + timeout
        while True:
            reasons = self._ask(waiting)
            waiting = [service for service in waiting if service.name in reasons]
            if not waiting:
                return
            if time.monotonic() > deadline:
                name, reason = next(iter(reasons.items()))
                raise NodeError(
                    f"{name} is not ready after {timeout:.0f} seconds: {reason}. {self._last_words(name)}"
                )
            time.sleep(PROBE_INTERVAL)

    def stop(self, names: Iterable[str] | None = None) -> list[str]:
        processes = self._processes()
        chosen = [name for name in (processes if names is None else names) if name in processes]
        for batch in self._in_stopping_order(chosen):
            _end([processes[name] for name in batch])
            for name in batch:
                (self._run_folder / f"{name}.json").unlink(missing_ok=True)
        return chosen

    def abandon(self) -> list[str]:
        return self.stop(self._started)

    def _ask(self, services: Iterable[Service]) -> dict[str, str]:
        """Why those that are not ready are not."""
        alive = self.running()
        reasons = {}
        for service in services:
            if service.name not in alive:
                raise NodeError(f"{service.name} stopped by itself. {self._last_words(service.name)}")
            reason = service.probe(alive[service.name].pid)
            if reason is not None:
                reasons[service.name] = reason
        return reasons

    def _spawn(self, service: Service) -> None:
        record_file = self._run_folder / f"{service.name}.json"
        log = self._log_file(service.name)
        for folder in (self._run_folder, log.parent):
            folder.mkdir(parents=True, exist_ok=True)
        environment = {**os.environ, **service.command.environment, MARK: str(record_file)}
        with log.open("ab") as output:
            try:
                process = subprocess.Popen(
                    service.command.argv,
                    env=environment,
                    cwd=service.command.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=output,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    # Ledgers, private data and the CA's database are their organisation's own.
                    umask=0o077,
                )
            except OSError as error:
                raise NodeError(f"{service.name} cannot be started: {error}.") from error
        try:
            started = identity(psutil.Process(process.pid))
        except psutil.Error as error:
            raise NodeError(f"{service.name} stopped by itself. {self._last_words(service.name)}") from error
        Record(process.pid, started, service.command.argv, _digest(service)).save(record_file)

    def _has_changed(self, service: Service) -> bool:
        record = Record.load(self._run_folder / f"{service.name}.json")
        return record is not None and record.process() is not None and record.digest != _digest(service)

    def _processes(self) -> dict[str, psutil.Process]:
        processes = marked(self._run_folder)
        for name, running in self.running().items():
            with contextlib.suppress(psutil.NoSuchProcess):
                processes.setdefault(name, psutil.Process(running.pid))
        return processes

    def _in_stopping_order(self, names: Iterable[str]) -> list[list[str]]:
        chosen = list(names)
        batches = [[name for name in chosen if name not in self._kinds]]
        batches += [[name for name in chosen if self._kinds.get(name) is kind] for kind in STOP_ORDER]
        return [batch for batch in batches if batch]

    def _last_words(self, name: str) -> str:
        log = self._log_file(name)
        lines = log.read_text(errors="replace").splitlines() if log.is_file() else []
        last = next((line.strip() for line in reversed(lines) if line.strip()), "")
        quoted = f"It last said: {last[:300]!r}. " if last else ""
        return f"{quoted}See: carechannel-network logs {name}"


def _end(processes: list[psutil.Process]) -> None:
    """Ask, wait, then kill what is left, with the children it started in its session."""
    groups = {process.pid: process for process in processes}
    for process in processes:
        with contextlib.suppress(psutil.NoSuchProcess):
            process.terminate()
    _, left = psutil.wait_procs(processes, timeout=TERMINATION)
    for process in left:
        with contextlib.suppress(ProcessLookupError, psutil.NoSuchProcess):
            if groups[process.pid].is_running():
                os.killpg(process.pid, signal.SIGKILL)
    psutil.wait_procs(left, timeout=TERMINATION)


def _digest(service: Service) -> str:
    digest = hashlib.sha256()
    for part in (*service.command.argv, *sorted(f"{k}={v}" for k, v in service.command.environment.items())):
        digest.update(part.encode() + b"\0")
    for file in service.inputs:
        digest.update(file.read_bytes() if file.is_file() else b"\0missing")
    return digest.hexdigest()
