"""What the contracts' processes cost: processor time and resident memory, by language."""

from __future__ import annotations

import psutil
from fabric_network.up import native_runner

from bench.chaincode.network import LANGUAGES, Network

MIB = 2**20


class Processes:
    """The processes of every language's contract, one for each member."""

    def __init__(self, network: Network) -> None:
        running = native_runner(network.topology, network.layout).running()
        self._by_language = {
            language: [psutil.Process(running[name].pid) for name in network.chaincode_nodes(language)]
            for language in LANGUAGES
        }

    def cpu(self, language: str) -> float:
        """Seconds of processor time (user and system) that the language's processes have used so far."""
        return sum(sum(process.cpu_times()[:2]) for process in self._by_language[language])

    def memory(self, language: str) -> float:
        """Resident MiB of the language's largest process."""
        return max(process.memory_info().rss for process in self._by_language[language]) / MIB
