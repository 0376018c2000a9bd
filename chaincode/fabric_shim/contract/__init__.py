"""Contracts: typed transaction functions instead of a hand-written ``invoke``."""

from fabric_shim.contract.context import Context
from fabric_shim.contract.contract import Contract, query, transaction
from fabric_shim.contract.router import ContractChaincode

__all__ = ["Context", "Contract", "ContractChaincode", "query", "transaction"]
