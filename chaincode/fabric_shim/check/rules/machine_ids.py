"""FS103."""

from __future__ import annotations

from fabric_shim.check.rule import ForbiddenNames


class MachineIds(ForbiddenNames):
    """UUIDs of clock, network card or chance."""

    code = "FS103"
    name = "machine-ids"
    reason = (
        "uuid1, uuid4 and their like are made of the clock, the network card or random bits: each endorser "
        "makes another id."
    )
    fix = "Use ctx.stub.get_tx_id(), or uuid.uuid5 over it, or an id that the client chose."
    bad = """
import uuid

async def create(ctx, owner: str) -> None:
    await ctx.stub.put_state(str(uuid.uuid4()), owner.encode())  # FS103
"""
    good = """
import uuid

async def create(ctx, owner: str) -> None:
    asset_id = uuid.uuid5(uuid.NAMESPACE_OID, ctx.stub.get_tx_id())
    await ctx.stub.put_state(str(asset_id), owner.encode())
"""
    forbidden = (
        (
            "gives another id on each endorser",
            "uuid.uuid1 uuid.uuid4 uuid.uuid6 uuid.uuid7 uuid.getnode uuid_utils. ulid. nanoid. ksuid. "
            "shortuuid. bson.ObjectId",
        ),
    )
    allowed = frozenset({"uuid_utils.uuid3", "uuid_utils.uuid5"})
