"""What is known of a started process, kept in `run/<node>.json`: enough never to mistake another for it."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from fabric_network.files import write

MARK = "CARECHANNEL_NODE"
"""Environment variable of every process of a network: the path of its record."""


@dataclass(frozen=True)
class Record:
    """`identity` tells this process from a later one with the same pid; `digest` is of command and inputs."""

    pid: int
    identity: str
    argv: tuple[str, ...]
    digest: str

    def save(self, file: Path) -> None:
        write(file, json.dumps(asdict(self), indent=2) + "\n")

    @staticmethod
    def load(file: Path) -> Record | None:
        """None if there is none, or if it cannot be read."""
        try:
            content = json.loads(file.read_text())
            return Record(
                int(content["pid"]), str(content["identity"]), tuple(content["argv"]), str(content["digest"])
            )
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def process(self) -> psutil.Process | None:
        """The process if it still is the one that was started and has not ended."""
        try:
            process = psutil.Process(self.pid)
            if identity(process) != self.identity or process.status() == psutil.STATUS_ZOMBIE:
                return None
        except psutil.Error:
            return None
        return process


def identity(process: psutil.Process) -> str:
    """Boot and start tick of a process where the system has them (Linux), else its start time.

    The start time alone moves when the clock is set.
    """
    boot = Path("/proc/sys/kernel/random/boot_id")
    stat = Path(f"/proc/{process.pid}/stat")
    try:
        ticks = stat.read_text().rpartition(")")[2].split()[19]
        return f"{boot.read_text().strip()}/{ticks}"
    except FileNotFoundError:
        return f"{process.create_time():.3f}"


def marked(run_folder: Path) -> dict[str, psutil.Process]:
    """Every process that bears the mark of a node of `run_folder`, by node name, record or not."""
    found: dict[str, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            mark = Path(process.environ().get(MARK, "/"))
            leader = process.status() != psutil.STATUS_ZOMBIE and _leads_its_session(process)
        except psutil.Error:
            continue
        if leader and mark.parent == run_folder:
            found[mark.stem] = process
    return found


def _leads_its_session(process: psutil.Process) -> bool:
    """A node's own children (a builder's script) bear the mark too, but live in its session."""
    try:
        return os.getsid(process.pid) == process.pid
    except OSError:
        return False
