"""Who endorsed, private collections, and keys that have an endorsement policy of their own."""

from __future__ import annotations

import sys

from fabric_shim import serve
from fabric_shim.contract import Context, Contract, ContractChaincode, Transient, query, transaction
from fabric_shim.errors import ChaincodeError
from fabric_shim.state_based import KeyEndorsementPolicy, RoleType


class PrivateContract(Contract):
    """Any member may call everything; collections and policies refuse, not the contract."""

    name = "private"

    @transaction(name="getPeerOrg")
    async def get_peer_org(self, ctx: Context) -> str:
        """Give the MSP ID of the peer that runs this."""
        return ctx.stub.get_mspid()

    @transaction(name="checkEndorsingOrg")
    async def check_endorsing_org(self, ctx: Context) -> str:
        """Refuse at a peer of an organisation that no transient field is named after."""
        if ctx.stub.get_mspid() not in ctx.stub.get_transient():
            raise ChaincodeError(f"nothing is meant for {ctx.stub.get_mspid()}")
        return "success"

    @transaction(name="writePrivateData")
    async def write_private_data(
        self, ctx: Context, *, collection: Transient[str], key: Transient[str], value: Transient[str]
    ) -> None:
        """Write a key to one or more collections, separated by commas."""
        for name in collection.split(","):
            await ctx.stub.put_private_data(name, key, value.encode())

    @query(name="readPrivateData")
    async def read_private_data(self, ctx: Context, collection: str, key: str) -> str:
        """Read a key of a collection."""
        value = await ctx.stub.get_private_data(collection, key)
        if value is None:
            raise ChaincodeError(f"{collection} has no such key")
        return value.decode()

    @transaction(name="setStateWithEndorser")
    async def set_state_with_endorser(self, ctx: Context, key: str, value: str, organization: str) -> None:
        """Put a value that only `organization` may change."""
        await ctx.stub.put_state(key, value.encode())
        await self._restrict(ctx, key, organization)

    @transaction(name="setStateEndorsers")
    async def set_state_endorsers(self, ctx: Context, key: str, one: str, other: str) -> None:
        """Let two organisations together change a value."""
        await self._restrict(ctx, key, one, other)

    @transaction(name="changeState")
    async def change_state(self, ctx: Context, key: str, value: str) -> None:
        """Put another value."""
        await ctx.stub.put_state(key, value.encode())

    @query(name="getState")
    async def get_state(self, ctx: Context, key: str) -> str:
        """Give a value."""
        return (await ctx.stub.get_state(key) or b"").decode()

    async def _restrict(self, ctx: Context, key: str, *organizations: str) -> None:
        policy = KeyEndorsementPolicy()
        policy.add_orgs(RoleType.MEMBER, *organizations)
        await ctx.stub.set_state_validation_parameter(key, policy.policy())


if __name__ == "__main__":
    sys.exit(serve(ContractChaincode(PrivateContract())))
