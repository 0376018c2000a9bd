"""The channel's public state: institutions and bindings. Nothing about a person's health or consent."""

from care_rules.canonical import Json, canonical_json, parse_json
from care_rules.institutions.model import Institution, institution_key, read_institution
from care_rules.keys import Key
from care_rules.patients.model import Binding, binding_key, read_binding
from fabric_shim.contract import Context


async def read(ctx: Context, key: Key) -> Json:
    """The value of a key, None if there is none. The key is in the block when the transaction is
    submitted.
    """
    value = await ctx.stub.get_state(ctx.stub.create_composite_key(*key))
    return None if value is None else parse_json(value)


async def scan(ctx: Context, prefix: Key) -> list[Json]:
    """The values of all keys that begin like this."""
    return [parse_json(item.value) async for item in ctx.stub.get_state_by_partial_composite_key(*prefix)]


async def write(ctx: Context, key: Key, value: Json) -> None:
    """Writes a key when the transaction commits."""
    await ctx.stub.put_state(ctx.stub.create_composite_key(*key), canonical_json(value))


async def institution(ctx: Context, msp_id: str) -> Institution | None:
    """A registered institution, None if there is none of that MSP ID."""
    value = await read(ctx, institution_key(msp_id))
    return None if value is None else read_institution(value)


async def binding(ctx: Context, handle: str) -> Binding | None:
    """A handle's binding, None if it is not bound."""
    value = await read(ctx, binding_key(handle))
    return None if value is None else read_binding(value)
