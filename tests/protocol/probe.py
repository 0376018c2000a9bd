"""A contract that uses every function of the stub: run on the simulator and on a real peer alike."""

from __future__ import annotations

import base64
import builtins
import sys

from fabric_shim import serve
from fabric_shim.contract import Context, Contract, ContractChaincode, query, transaction
from fabric_shim.errors import ChaincodeError, LedgerError
from fabric_shim.ledger import KV

from tests.protocol.probe_parity import Parity

OBJECT_TYPE = "thing"


class Probe(Contract):
    """Thin functions, one per use of the stub."""

    name = "probe"

    @transaction
    async def put(self, ctx: Context, key: str, value: str) -> str:
        """Write a key."""
        await ctx.stub.put_state(key, value.encode())
        return ctx.stub.get_tx_id()

    @transaction
    async def delete(self, ctx: Context, key: str) -> None:
        """Delete a key."""
        await ctx.stub.del_state(key)

    @query
    async def get(self, ctx: Context, key: str) -> str | None:
        """Read a key."""
        value = await ctx.stub.get_state(key)
        return None if value is None else value.decode()

    @transaction
    async def read_own_write(self, ctx: Context, key: str) -> str:
        """Write and read back: the read sees what was committed before."""
        await ctx.stub.put_state(key, b"own write")
        return (await ctx.stub.get_state(key) or b"nothing").decode()

    @transaction
    async def put_empty(self, ctx: Context, key: str) -> None:
        """Write an empty value."""
        await ctx.stub.put_state(key, b"")

    @transaction
    async def overwrite(self, ctx: Context, key: str) -> None:
        """Write one key twice, and another before deleting it."""
        await ctx.stub.put_state(key, b"first")
        await ctx.stub.put_state(key, b"second")
        await ctx.stub.put_state(f"{key}-deleted", b"first")
        await ctx.stub.del_state(f"{key}-deleted")

    @query
    async def range(self, ctx: Context, start: str, end: str) -> list[str]:
        """List simple keys."""
        return [_entry(kv) async for kv in ctx.stub.get_state_by_range(start, end)]

    @transaction
    async def fill(self, ctx: Context, count: int) -> None:
        """Write simple and composite keys."""
        for number in builtins.range(count):
            name = f"{number:04}"
            await ctx.stub.put_state(f"fill-{name}", name.encode())
            key = ctx.stub.create_composite_key(OBJECT_TYPE, ["odd" if number % 2 else "even", name])
            await ctx.stub.put_state(key, name.encode())

    @query
    async def count(self, ctx: Context, start: str, end: str) -> int:
        """Count simple keys, over as many batches as the peer makes of them."""
        return len([kv async for kv in ctx.stub.get_state_by_range(start, end)])

    @query
    async def first(self, ctx: Context, start: str, end: str) -> str:
        """Read one key of a range and leave it."""
        async with ctx.stub.get_state_by_range(start, end) as found:
            kv = await anext(found)
        return f"{kv.key},{await ctx.stub.get_state(kv.key) == kv.value}"

    @query
    async def pages(self, ctx: Context, start: str, end: str, size: int) -> list[list[str]]:
        """List simple keys page by page."""
        pages: list[list[str]] = []
        bookmark = ""
        while True:
            page = await ctx.stub.get_state_by_range_with_pagination(start, end, size, bookmark)
            pages.append([kv.key for kv in page.items])
            if not (bookmark := page.bookmark):
                return pages

    @query
    async def things(self, ctx: Context, attributes: list[str]) -> list[list[str]]:
        """Split the composite keys under these attributes."""
        found = ctx.stub.get_state_by_partial_composite_key(OBJECT_TYPE, attributes)
        return [ctx.stub.split_composite_key(kv.key)[1] async for kv in found]

    @query
    async def things_page(self, ctx: Context, attributes: list[str], size: int) -> list[list[str]]:
        """The first two pages of composite keys."""
        stub = ctx.stub
        first = await stub.get_state_by_partial_composite_key_with_pagination(OBJECT_TYPE, attributes, size)
        second = await stub.get_state_by_partial_composite_key_with_pagination(
            OBJECT_TYPE, attributes, size, first.bookmark
        )
        return [[stub.split_composite_key(kv.key)[1][-1] for kv in page.items] for page in (first, second)]

    @query
    async def history(self, ctx: Context, key: str) -> list[dict[str, object]]:
        """What transactions did to a key."""
        return [
            {
                "tx_id": change.tx_id,
                "value": change.value.decode(),
                "timestamp": change.timestamp.isoformat(),
                "is_delete": change.is_delete,
            }
            async for change in ctx.stub.get_history_for_key(key)
        ]

    @transaction
    async def put_private(self, ctx: Context, collection: str) -> str:
        """Write the transient fields to a collection; composite keys where the name has a slash."""
        for name, value in sorted(ctx.stub.get_transient().items()):
            await ctx.stub.put_private_data(collection, _private_key(ctx, name), value)
        return ctx.stub.get_tx_id()

    @transaction
    async def delete_private(self, ctx: Context, collection: str, name: str) -> None:
        """Delete a private key."""
        await ctx.stub.del_private_data(collection, _private_key(ctx, name))

    @transaction
    async def purge_private(self, ctx: Context, collection: str, name: str) -> None:
        """Purge a private key."""
        await ctx.stub.purge_private_data(collection, _private_key(ctx, name))

    @query
    async def get_private(self, ctx: Context, collection: str, name: str) -> list[str | None]:
        """Read a private key, and its hash in hex."""
        key = _private_key(ctx, name)
        value = await ctx.stub.get_private_data(collection, key)
        digest = await ctx.stub.get_private_data_hash(collection, key)
        return [value.decode() if value else None, digest.hex() if digest else None]

    @query
    async def private_hash(self, ctx: Context, collection: str, name: str) -> str | None:
        """Read the hash of a private key, which every peer has."""
        digest = await ctx.stub.get_private_data_hash(collection, _private_key(ctx, name))
        return digest.hex() if digest else None

    @query
    async def private_range(self, ctx: Context, collection: str, start: str, end: str) -> list[str]:
        """List simple private keys."""
        found = ctx.stub.get_private_data_by_range(collection, start, end)
        return [_entry(kv) async for kv in found]

    @query
    async def private_things(self, ctx: Context, collection: str, attributes: list[str]) -> list[list[str]]:
        """List composite private keys."""
        found = ctx.stub.get_private_data_by_partial_composite_key(collection, OBJECT_TYPE, attributes)
        return [ctx.stub.split_composite_key(kv.key)[1] async for kv in found]

    @transaction
    async def private_range_then_write(self, ctx: Context, collection: str) -> str:
        """What the peer says to a write after a private range query."""
        async for _ in ctx.stub.get_private_data_by_range(collection, "", ""):
            pass
        return await _refusal(ctx)

    @transaction
    async def page_then_write(self, ctx: Context) -> str:
        """What the peer says to a write after a paginated query."""
        await ctx.stub.get_state_by_range_with_pagination("", "", 1)
        return await _refusal(ctx)

    @transaction
    async def write_then_private_range(self, ctx: Context, collection: str) -> str:
        """What the peer says to a private range query after a write."""
        await ctx.stub.put_state("written", b"first")
        try:
            async for _ in ctx.stub.get_private_data_by_range(collection, "", ""):
                pass
        except LedgerError as error:
            raise ChaincodeError("The ledger refused the query.", code="query-refused") from error
        return "accepted"

    @transaction
    async def write_then_page(self, ctx: Context) -> str:
        """What the peer says to a paginated query after a write."""
        await ctx.stub.put_state("written", b"first")
        try:
            await ctx.stub.get_state_by_range_with_pagination("", "", 1)
        except LedgerError as error:
            raise ChaincodeError("The ledger refused the query.", code="query-refused") from error
        return "accepted"

    @transaction
    async def event(self, ctx: Context, name: str) -> None:
        """Publish an event with the transient payload."""
        ctx.stub.set_event("replaced")
        ctx.stub.set_event(name, ctx.stub.get_transient().get("payload", b""))
        await ctx.stub.put_state("event", name.encode())

    @query
    async def proposal(self, ctx: Context) -> dict[str, object]:
        """What the proposal says, and what the caller's certificate says."""
        signed = ctx.stub.get_signed_proposal()
        return {
            "tx_id": ctx.stub.get_tx_id(),
            "channel": ctx.stub.get_channel_id(),
            "timestamp": ctx.stub.get_tx_timestamp().isoformat(),
            "binding": ctx.stub.get_binding().hex(),
            "transient": sorted(ctx.stub.get_transient()),
            "signed": signed is not None and ctx.stub.get_creator() in signed.proposal_bytes,
            "msp_id": ctx.identity.msp_id,
            "id": base64.b64decode(ctx.identity.id).decode(),
            "ous": list(ctx.identity.organizational_units),
            "attributes": dict(ctx.identity.attributes),
        }

    @query
    async def refuse(self, ctx: Context, code: str) -> None:
        """Refuse with a code."""
        raise ChaincodeError("As asked.", code=code)

    @query
    async def crash(self, ctx: Context, secret: str) -> None:
        """Fail with an exception that carries data."""
        raise ValueError(secret)


def _entry(kv: KV) -> str:
    return f"{kv.key}={kv.value.decode()}"


def _private_key(ctx: Context, name: str) -> str:
    return ctx.stub.create_composite_key(OBJECT_TYPE, name.split("/")) if "/" in name else name


async def _refusal(ctx: Context) -> str:
    try:
        await ctx.stub.put_state("written", b"afterwards")
        await ctx.stub.finish_write_batch()
    except LedgerError as error:
        raise ChaincodeError("The ledger refused the write.", code="write-refused") from error
    return "accepted"


def chaincode() -> ContractChaincode:
    return ContractChaincode(Probe(), Parity(), title="Probe", version="1.0", default="probe")


if __name__ == "__main__":
    sys.exit(serve(chaincode()))
