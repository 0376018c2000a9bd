"""The network as one frozen, validated value, read from a topology file.

`load` gives a `Topology`; `Topology.nodes()` derives every process of the network from it.
"""

from fabric_network.topology.checks import warnings
from fabric_network.topology.collection import Collection, EndorsementPolicy
from fabric_network.topology.model import (
    Chaincode,
    Channel,
    Ordering,
    Organization,
    Person,
    Ports,
    Topology,
)
from fabric_network.topology.nodes import Node, NodeKind
from fabric_network.topology.read import load

__all__ = [
    "Chaincode",
    "Channel",
    "Collection",
    "EndorsementPolicy",
    "Node",
    "NodeKind",
    "Ordering",
    "Organization",
    "Person",
    "Ports",
    "Topology",
    "load",
    "warnings",
]
