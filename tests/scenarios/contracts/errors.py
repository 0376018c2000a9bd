"""Fails in each of the ways that a client has to tell apart."""

from __future__ import annotations

import os
import sys

from fabric_shim import serve
from fabric_shim.contract import Context, Contract, ContractChaincode, query, transaction
from fabric_shim.errors import ChaincodeError


class Errors(Contract):
    """Any member may call everything."""

    name = "errors"

    @query
    async def exists(self, ctx: Context, key: str) -> bool:
        """Whether there is such a key."""
        return await ctx.stub.get_state(key) is not None

    @transaction(name="orgsFail")
    async def orgs_fail(self, ctx: Context, organizations: list[str]) -> str:
        """Refuse at the peers of these organisations."""
        if (own := ctx.stub.get_mspid()) in organizations:
            raise ChaincodeError(f"{own} refuses to endorse this")
        return "success"

    @transaction
    async def nondet(self, ctx: Context) -> str:
        """Give another result at every peer."""
        return os.environ["CHAINCODE_SERVER_ADDRESS"]  # noqa: FS201 - to differ is what it is for

    @query
    async def crash(self, ctx: Context) -> None:
        """End the process in the middle of the transaction."""
        os._exit(1)


if __name__ == "__main__":
    sys.exit(serve(ContractChaincode(Errors())))
