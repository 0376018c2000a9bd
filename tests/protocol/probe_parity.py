"""The probe's second contract: batches, key-level endorsement, calls of other chaincodes, rich queries."""

from __future__ import annotations

import builtins
from collections.abc import Awaitable
from dataclasses import dataclass
from typing import TypeVar

from fabric_shim.contract import Context, Contract, query, transaction
from fabric_shim.errors import ChaincodeError, LedgerError
from fabric_shim.state_based import KeyEndorsementPolicy

MANY = "many"
T = TypeVar("T")


@dataclass(frozen=True)
class Answer:
    """What a called chaincode answered."""

    status: int
    message: str
    payload: str


class Parity(Contract):
    """Thin functions, one per use of the stub."""

    name = "parity"

    @transaction
    async def put_many(self, ctx: Context, count: int, held: bool) -> str | None:
        """Write many keys; in a batch that is held back, if so asked. Reads one of them before the end."""
        if held:
            ctx.stub.start_write_batch()
        for number in builtins.range(count):
            await ctx.stub.put_state(f"{MANY}-{number:05}", str(number).encode())
        await ctx.stub.put_state(f"{MANY}-00000", b"overwritten")
        await ctx.stub.del_state(f"{MANY}-00001")
        if held:
            await ctx.stub.finish_write_batch()
        return _text(await ctx.stub.get_state(f"{MANY}-00002"))

    @query
    async def get_many(self, ctx: Context, count: int) -> list[str | None]:
        """Read many keys at once."""
        names = [f"{MANY}-{number:05}" for number in builtins.range(count)]
        return [_text(value) for value in await ctx.stub.get_multiple_states(*names)]

    @query
    async def get_these(self, ctx: Context, names: list[str]) -> list[str | None]:
        """Read keys at once."""
        return [_text(value) for value in await ctx.stub.get_multiple_states(*names)]

    @query
    async def get_these_private(self, ctx: Context, collection: str, names: list[str]) -> list[str | None]:
        """Read private keys at once."""
        found = await ctx.stub.get_multiple_private_data(collection, *names)
        return [_text(value) for value in found]

    @transaction
    async def put_with_policy(self, ctx: Context, key: str, value: str, msp_ids: list[str]) -> None:
        """Write a key and say who must endorse its changes."""
        await ctx.stub.put_state(key, value.encode())
        await ctx.stub.set_state_validation_parameter(key, _policy(msp_ids))

    @transaction
    async def set_policy(self, ctx: Context, key: str, msp_ids: list[str]) -> None:
        """Change who must endorse a key's changes; nobody in particular, when no organisation is given."""
        await ctx.stub.set_state_validation_parameter(key, _policy(msp_ids) if msp_ids else b"")

    @query
    async def get_policy(self, ctx: Context, key: str) -> list[str] | None:
        """Who must endorse a key's changes."""
        return _organisations(await ctx.stub.get_state_validation_parameter(key))

    @transaction
    async def put_private_with_policy(
        self, ctx: Context, collection: str, key: str, msp_ids: list[str]
    ) -> None:
        """The same in a collection; the value comes in the transient field."""
        await ctx.stub.put_private_data(collection, key, ctx.stub.get_transient()["value"])
        await ctx.stub.set_private_data_validation_parameter(collection, key, _policy(msp_ids))

    @query
    async def get_private_policy(self, ctx: Context, collection: str, key: str) -> list[str] | None:
        """Who must endorse a private key's changes."""
        return _organisations(await ctx.stub.get_private_data_validation_parameter(collection, key))

    @transaction
    async def call(self, ctx: Context, chaincode: str, channel: str, arguments: list[str]) -> Answer:
        """Call another chaincode between two writes of our own."""
        await ctx.stub.put_state("call-before", b"v")
        called = await ctx.stub.invoke_chaincode(chaincode, arguments, channel)
        await ctx.stub.put_state("call-after", str(called.status).encode())
        return Answer(called.status, called.message, called.payload.decode())

    @query
    async def ask(self, ctx: Context, chaincode: str, channel: str, arguments: list[str]) -> Answer:
        """Call another chaincode, and nothing else."""
        called = await ctx.stub.invoke_chaincode(chaincode, arguments, channel)
        return Answer(called.status, called.message, called.payload.decode())

    @query
    async def composite_pages(self, ctx: Context, size: int) -> list[list[str]]:
        """All composite keys page by page: how many the peer says it fetched, and their last attributes."""
        pages: list[list[str]] = []
        bookmark = ""
        while True:
            page = await ctx.stub.get_all_states_composite_key_with_pagination(size, bookmark)
            names = [ctx.stub.split_composite_key(kv.key)[1][-1] for kv in page.items]
            pages.append([str(page.fetched_records_count), *names])
            if not (bookmark := page.bookmark):
                return pages

    @query
    async def rich_query(self, ctx: Context, kind: str, collection: str) -> int:
        """Query the public or a collection's state by what is in the values."""
        text = '{"selector":{}}'
        match kind:
            case "page":
                query_ = ctx.stub.get_query_result_with_pagination(text, 3)
                return len((await _refused_with_code(query_)).items)
            case "private":
                found = ctx.stub.get_private_data_query_result(collection, text)
            case _:
                found = ctx.stub.get_query_result(text)
        return len((await _refused_with_code(anext(found))).key)

    @transaction
    async def left_early(self, ctx: Context, start: str, end: str) -> str:
        """Leave a query in its middle, then write."""
        async for kv in ctx.stub.get_state_by_range(start, end):
            await ctx.stub.put_state("left-early", kv.key.encode())
            return kv.key
        return ""

    @query
    async def caller(self, ctx: Context) -> dict[str, object]:
        """The client identity by Go's functions."""
        identity = ctx.identity
        identity.assert_attribute_value("care.role", "auditor")
        return {
            "same": identity.get_id() == identity.id
            and identity.get_mspid() == identity.msp_id
            and identity.get_x509_certificate() == identity.certificate,
            "client": identity.has_ou_value("client"),
            "admin": identity.has_ou_value("admin"),
            "arguments": ctx.stub.get_args_slice().decode(),
            "decorations": len(ctx.stub.get_decorations()),
        }

    @transaction
    async def do(self, ctx: Context, collection: str, key: str, steps: list[str]) -> None:
        """Do several things to one key, public without a collection: put, delete, purge, policy."""
        stub = ctx.stub
        for step in steps:
            what, _, value = step.partition(" ")
            if what == "put":
                data = value.encode()
                await (
                    stub.put_private_data(collection, key, data) if collection else stub.put_state(key, data)
                )
            elif what == "delete":
                await (stub.del_private_data(collection, key) if collection else stub.del_state(key))
            elif what == "purge":
                await stub.purge_private_data(collection, key)
            elif collection:
                await stub.set_private_data_validation_parameter(collection, key, _policy([value]))
            else:
                await stub.set_state_validation_parameter(key, _policy([value]))

    @transaction
    async def copy(self, ctx: Context, collection: str, key: str, target: str) -> None:
        """Read a key, and write to another one whether it was there."""
        stub = ctx.stub
        found = await (stub.get_private_data(collection, key) if collection else stub.get_state(key))
        await stub.put_state(f"{target}-{stub.get_tx_id()}", str(found is not None).encode())

    @transaction
    async def copy_hash(self, ctx: Context, collection: str, key: str, target: str) -> None:
        """Read a private key's hash, and write it to a public key."""
        found = await ctx.stub.get_private_data_hash(collection, key)
        await ctx.stub.put_state(f"{target}-{ctx.stub.get_tx_id()}", found or b"none")

    @transaction
    async def copy_count(self, ctx: Context, start: str, end: str, most: int, target: str) -> None:
        """Count a range's keys, no further than to `most` (0: all), and write the count to a key."""
        count = 0
        async with ctx.stub.get_state_by_range(start, end) as found:
            async for _ in found:
                count += 1
                if count == most:
                    break
        await ctx.stub.put_state(f"{target}-{ctx.stub.get_tx_id()}", str(count).encode())

    @transaction
    async def put_numbered(self, ctx: Context, name: str, count: int) -> None:
        """Write keys that end in a number of three digits, from 0 on."""
        for number in range(count):
            await ctx.stub.put_state(f"{name}-{number:03}", b"v")

    @query
    async def page(
        self, ctx: Context, start: str, end: str, size: int, bookmark: str
    ) -> tuple[list[str], str]:
        """One page of a range, and the bookmark of the next one."""
        page = await ctx.stub.get_state_by_range_with_pagination(start, end, size, bookmark)
        return [each.key for each in page.items], page.bookmark


async def _refused_with_code(asked: Awaitable[T]) -> T:
    try:
        return await asked
    except LedgerError as error:
        raise ChaincodeError("As the ledger says.", code=error.code) from error


def _text(value: bytes | None) -> str | None:
    return None if value is None else value.decode()


def _policy(msp_ids: list[str]) -> bytes:
    policy = KeyEndorsementPolicy()
    policy.add_orgs("PEER", *msp_ids)
    return policy.policy()


def _organisations(policy: bytes | None) -> list[str] | None:
    return None if policy is None else KeyEndorsementPolicy(policy).list_orgs()
