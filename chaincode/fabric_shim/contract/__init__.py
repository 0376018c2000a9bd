"""Contracts: typed transaction functions instead of a hand-written ``invoke``."""

from fabric_shim.contract.context import BlockingContext, Context
from fabric_shim.contract.declared import Contract, query, transaction
from fabric_shim.contract.hooks import BlockingCall, Call
from fabric_shim.contract.info import Contact, Info, License
from fabric_shim.contract.router import ContractChaincode
from fabric_shim.contract.serializer import JsonSerializer, Serializer, from_json, to_json
from fabric_shim.contract.types import Private, Transient, wire_name

__all__ = [
    "BlockingCall",
    "BlockingContext",
    "Call",
    "Contact",
    "Context",
    "Contract",
    "ContractChaincode",
    "Info",
    "JsonSerializer",
    "License",
    "Private",
    "Serializer",
    "Transient",
    "from_json",
    "query",
    "to_json",
    "transaction",
    "wire_name",
]
