"""A Python chaincode runtime for Hyperledger Fabric: chaincode as a service, over mutual TLS, on asyncio."""

from fabric_shim.chaincode import Chaincode, Response
from fabric_shim.errors import ChaincodeError, LedgerError, ShimError
from fabric_shim.identity import ClientIdentity
from fabric_shim.iterators import Page, ResultsIterator
from fabric_shim.launch import serve
from fabric_shim.ledger import KV, KeyModification
from fabric_shim.server import ChaincodeServer, TlsConfig
from fabric_shim.stub import ChaincodeEvent, ChaincodeStub, Invocation, SignedProposal

__all__ = [
    "KV",
    "Chaincode",
    "ChaincodeError",
    "ChaincodeEvent",
    "ChaincodeServer",
    "ChaincodeStub",
    "ClientIdentity",
    "Invocation",
    "KeyModification",
    "LedgerError",
    "Page",
    "Response",
    "ResultsIterator",
    "ShimError",
    "SignedProposal",
    "TlsConfig",
    "serve",
]
