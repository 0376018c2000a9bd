"""The measured contract in Python: the same functions as in Node and Go, on the contract API."""

from __future__ import annotations

import sys

from fabric_shim import serve
from fabric_shim.contract import Context, Contract, ContractChaincode, Transient, query, transaction

COLLECTION = "benchCollection"


class Bench(Contract):
    """What is measured; every language's contract API is asked for the same."""

    name = "bench"

    @transaction
    async def create(self, ctx: Context, key: str, value: str) -> None:
        """Put a value."""
        await ctx.stub.put_state(key, value.encode())

    @query
    async def read(self, ctx: Context, key: str) -> str:
        """Give a value."""
        return (await ctx.stub.get_state(key) or b"").decode()

    @transaction
    async def update(self, ctx: Context, key: str, value: str) -> int:
        """Read a value and put another; gives the length of what was there."""
        old = await ctx.stub.get_state(key) or b""
        await ctx.stub.put_state(key, value.encode())
        return len(old)

    @transaction(name="writeMany")
    async def write_many(self, ctx: Context, prefix: str, count: int, value: str) -> None:
        """Put a value under `count` keys that begin with `prefix`."""
        content = value.encode()
        for number in range(count):
            await ctx.stub.put_state(f"{prefix}{number}", content)

    @query(name="readMany")
    async def read_many(self, ctx: Context, prefix: str, count: int) -> int:
        """Read `count` keys one by one; gives the length of all their values."""
        length = 0
        for number in range(count):
            length += len(await ctx.stub.get_state(f"{prefix}{number}") or b"")
        return length

    @query(name="readManyAtOnce")
    async def read_many_at_once(self, ctx: Context, prefix: str, count: int) -> int:
        """The same in one request."""
        keys = [f"{prefix}{number}" for number in range(count)]
        return sum(len(value or b"") for value in await ctx.stub.get_multiple_states(*keys))

    @transaction(name="createPrivate")
    async def create_private(self, ctx: Context, key: str, *, value: Transient[str]) -> None:
        """Put the transient field `value` into the collection."""
        await ctx.stub.put_private_data(COLLECTION, key, value.encode())

    @query
    async def history(self, ctx: Context, key: str) -> int:
        """Give the number of a key's versions."""
        count = 0
        async for _ in ctx.stub.get_history_for_key(key):
            count += 1
        return count


if __name__ == "__main__":
    sys.exit(serve(ContractChaincode(Bench())))
