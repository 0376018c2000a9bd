"""The chaincode that finds the contract function for a transaction and calls it."""

from __future__ import annotations

from typing import Final

from fabric_shim.chaincode import Chaincode, Response
from fabric_shim.contract.context import Context
from fabric_shim.contract.contract import Contract, TransactionFunction, transaction_functions
from fabric_shim.contract.metadata import contract_metadata
from fabric_shim.contract.serializer import canonical_json, decode_arguments, encode_result
from fabric_shim.errors import ContractDefinitionError, UnknownFunctionError
from fabric_shim.stub import ChaincodeStub

GET_METADATA: Final = "org.hyperledger.fabric:GetMetadata"


class ContractChaincode(Chaincode):
    """A chaincode made of contracts; ``contract:function`` on the wire calls one.

    :param contracts: at least one, each with a name of its own.
    :param title: the chaincode's name for people, in its metadata.
    :param version: the chaincode's version, in its metadata.
    :param default: name of the contract that functions without a contract name belong to; None: no contract.
    :raises ContractDefinitionError: a contract cannot be served as written; the message names the place.
    """

    def __init__(self, *contracts: Contract, title: str, version: str, default: str | None = None) -> None:
        self._functions = {contract.name: transaction_functions(contract) for contract in contracts}
        if not contracts or len(self._functions) != len(contracts):
            raise ContractDefinitionError("A chaincode needs contracts, each with a name of its own.")
        if default is not None and default not in self._functions:
            raise ContractDefinitionError(
                f"The default contract {default} is none of the chaincode's contracts."
            )
        self._default = default
        self._metadata = canonical_json(contract_metadata(title, version, self._functions, default))

    @property
    def metadata(self) -> bytes:
        """The contract metadata as JSON."""
        return self._metadata

    async def invoke(self, stub: ChaincodeStub) -> Response:
        """Call the function that the first argument names, with the others as its arguments."""
        wire_name, *arguments = stub.get_args() or (b"",)
        if wire_name == GET_METADATA.encode():
            return Response.success(self._metadata)
        function = self._find(wire_name)
        result = await function.call(Context(stub), *decode_arguments(function, arguments))
        return Response.success(encode_result(result))

    def _find(self, wire_name: bytes) -> TransactionFunction:
        contract, colon, name = wire_name.decode(errors="replace").rpartition(":")
        functions = self._functions.get(contract if colon else self._default or "", {})
        try:
            return functions[name]
        except KeyError:
            raise UnknownFunctionError(
                f"The chaincode has no such function; {GET_METADATA} lists all that it has."
            ) from None
