"""The processes of a test network, as the operating system knows them."""

from __future__ import annotations

import os
import signal

import psutil

from tests.scenarios.conftest import Network


def processes_of(network: Network) -> list[psutil.Process]:
    """Every live process that has the network's folder in its command line or environment."""
    found = []
    for process in psutil.process_iter():
        try:
            traces = [*process.cmdline(), *process.environ().values()]
            mine = process.pid != os.getpid() and process.status() != psutil.STATUS_ZOMBIE
            if mine and any(str(network.root) in trace for trace in traces):
                found.append(process)
        except (psutil.NoSuchProcess, psutil.AccessDenied):
            continue
    return found


def kill_all(network: Network) -> None:
    """End every process of the network as a power cut would."""
    for process in processes_of(network):
        process.send_signal(signal.SIGKILL)
