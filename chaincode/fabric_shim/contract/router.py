"""The chaincode that finds the contract function for a transaction and calls it."""

from __future__ import annotations

import dataclasses
from typing import Final

from fabric_shim.chaincode import Chaincode, Response
from fabric_shim.contract.declared import Contract
from fabric_shim.contract.functions import SYSTEM_CONTRACT, TransactionFunction
from fabric_shim.contract.info import Info
from fabric_shim.contract.metadata import contract_metadata
from fabric_shim.contract.serializer import JsonSerializer, Serializer, to_json
from fabric_shim.contract.served import ServedContract
from fabric_shim.errors import ContractDefinitionError, UnknownFunctionError
from fabric_shim.observer import UNKNOWN_FUNCTION
from fabric_shim.stub import ChaincodeStub

GET_METADATA: Final = f"{SYSTEM_CONTRACT}:GetMetadata"
FIRST: Final = ""


class ContractChaincode(Chaincode):
    """A chaincode made of contracts; ``contract:function`` on the wire calls one.

    :param contracts: at least one, each with a name of its own.
    :param title: the chaincode's name for people, in its metadata; by default its default contract's name.
    :param version: the chaincode's version, in its metadata; by default ``latest``.
    :param default: name of the contract that functions without a contract name belong to. By default the
        first one, as in Go, Node and Java; None: no contract.
    :param info: what else the metadata tells people about the chaincode.
    :param serializer: how arguments and results look on the wire.
    :raises ContractDefinitionError: a contract cannot be served as written; the message names the place.
    """

    def __init__(
        self,
        *contracts: Contract,
        title: str = "",
        version: str = "",
        default: str | None = FIRST,
        info: Info | None = None,
        serializer: Serializer | None = None,
    ) -> None:
        served = [ServedContract(contract, serializer or JsonSerializer()) for contract in contracts]
        self._contracts = {one.contract.name: one for one in served}
        if not contracts or len(self._contracts) != len(contracts):
            raise ContractDefinitionError("A chaincode needs contracts, each with a name of its own.")
        self._default = contracts[0].name if default == FIRST else default
        if self._default is not None and self._default not in self._contracts:
            raise ContractDefinitionError(
                f"The default contract {self._default} is none of the chaincode's contracts."
            )
        self._routes = self._all_routes()
        given = info or Info()
        about = dataclasses.replace(given, title=title or given.title, version=version or given.version)
        described = {name: (one.contract, one.functions) for name, one in self._contracts.items()}
        self._metadata = to_json(contract_metadata(about, described, self._default))

    @property
    def metadata(self) -> bytes:
        """The contract metadata as JSON (Fabric's contract schema)."""
        return self._metadata

    def function_label(self, stub: ChaincodeStub) -> str:
        """Name the called function as ``contract:function``; ``unknown`` for any that does not exist."""
        wire_name = _wire_name(stub)
        if wire_name == GET_METADATA:
            return GET_METADATA
        found = self._routes.get(wire_name)
        return found[0].label(found[1]) if found else UNKNOWN_FUNCTION

    async def init(self, stub: ChaincodeStub) -> Response:
        """Call the function that the INIT message names, as for a transaction; succeed if it names none."""
        return await self.invoke(stub) if _wire_name(stub) else Response.success()

    async def invoke(self, stub: ChaincodeStub) -> Response:
        """Call the function that the first argument names, with the others as its arguments."""
        wire_name = _wire_name(stub)
        if wire_name == GET_METADATA:
            return Response.success(self._metadata)
        contract, function = self._routes.get(wire_name) or (self._answers_unknown(wire_name), None)
        return Response.success(await contract.invoke(function, stub, stub.get_args()[1:]))

    def _all_routes(self) -> dict[str, tuple[ServedContract, TransactionFunction]]:
        routes = {}
        for name, contract in self._contracts.items():
            for function in contract.functions.values():
                routes[f"{name}:{function.name}"] = (contract, function)
                if name == self._default:
                    routes[function.name] = (contract, function)
        return routes

    def _answers_unknown(self, wire_name: str) -> ServedContract:
        contract, colon, _ = wire_name.rpartition(":")
        addressed = self._contracts.get(contract if colon else self._default or "")
        if addressed is None or not addressed.answers_unknown:
            raise UnknownFunctionError(
                f"The chaincode has no such function; {GET_METADATA} lists all that it has."
            )
        return addressed


def _wire_name(stub: ChaincodeStub) -> str:
    arguments = stub.get_args()
    return arguments[0].decode(errors="replace") if arguments else ""
