"""A Python chaincode runtime for Hyperledger Fabric: chaincode as a service, over mutual TLS."""

from fabric_shim.chaincode import Chaincode, Response
from fabric_shim.errors import ChaincodeError, LedgerError, ShimError
from fabric_shim.identity import ClientIdentity
from fabric_shim.iterators import Page, ResultsIterator
from fabric_shim.launch import serve
from fabric_shim.ledger import KV, CallResult, KeyModification
from fabric_shim.server import ChaincodeServer
from fabric_shim.state_based import KeyEndorsementPolicy, RoleType
from fabric_shim.stub import ChaincodeEvent, ChaincodeStub, Invocation, SignedProposal
from fabric_shim.tls import TlsConfig

__all__ = [
    "KV",
    "CallResult",
    "Chaincode",
    "ChaincodeError",
    "ChaincodeEvent",
    "ChaincodeServer",
    "ChaincodeStub",
    "ClientIdentity",
    "Invocation",
    "KeyEndorsementPolicy",
    "KeyModification",
    "LedgerError",
    "Page",
    "Response",
    "ResultsIterator",
    "RoleType",
    "ShimError",
    "SignedProposal",
    "TlsConfig",
    "serve",
]
