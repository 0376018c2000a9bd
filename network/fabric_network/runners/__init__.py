"""How the processes of a network are run; `Runner` is what every way of running them offers."""

from fabric_network.runners.native import NativeRunner
from fabric_network.runners.runner import Runner, Running, Service

__all__ = ["NativeRunner", "Runner", "Running", "Service"]
