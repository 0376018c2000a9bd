"""Echoes, puts, gets, emits, refuses."""

from __future__ import annotations

import json
import sys

from fabric_shim import serve
from fabric_shim.contract import Context, Contract, ContractChaincode, query, transaction
from fabric_shim.errors import ChaincodeError


class Basic(Contract):
    """Any member may call everything."""

    name = "basic"

    @transaction
    async def echo(self, ctx: Context, text: str) -> str:
        """Give `text` back; writes nothing."""
        return text

    @query(name="echoTransient")
    async def echo_transient(self, ctx: Context) -> dict[str, str]:
        """Give the transient fields back."""
        return {name: value.decode() for name, value in sorted(ctx.stub.get_transient().items())}

    @transaction
    async def put(self, ctx: Context, key: str, value: str) -> str:
        """Put a value, and give it back."""
        await ctx.stub.put_state(key, value.encode())
        return value

    @query
    async def get(self, ctx: Context, key: str) -> str:
        """Give a value; empty if there is none."""
        return (await ctx.stub.get_state(key) or b"").decode()

    @transaction
    async def add(self, ctx: Context, key: str, amount: int) -> int:
        """Read a number and put it back with `amount` more: two at once conflict."""
        total = json.loads(await ctx.stub.get_state(key) or b"0") + amount
        await ctx.stub.put_state(key, json.dumps(total).encode())
        return int(total)

    @transaction
    async def event(self, ctx: Context, name: str, payload: str) -> str:
        """Emit an event."""
        ctx.stub.set_event(name, payload.encode())
        return payload

    @transaction(name="errorMessage")
    async def error_message(self, ctx: Context, message: str) -> None:
        """Refuse with `message`."""
        raise ChaincodeError(message)


if __name__ == "__main__":
    sys.exit(serve(ContractChaincode(Basic())))
