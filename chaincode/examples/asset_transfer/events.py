"""asset-transfer-events: every change of an asset is published as a chaincode event.

A client may hand over ``asset_properties`` in a transient field: the peer of the client's own organisation
keeps them in the organisation's implicit collection, and ReadAsset shows them to its clients only.
"""

from __future__ import annotations

import sys
from dataclasses import replace

from fabric_shim import serve
from fabric_shim.contract import (
    Context,
    Contract,
    ContractChaincode,
    Private,
    Transient,
    from_json,
    query,
    to_json,
    transaction,
)

from asset_transfer.asset import Asset, AssetError, read_asset


class AssetTransferEvents(Contract):
    """Assets in the public state, their properties in the implicit collection of who wrote them."""

    @transaction(name="CreateAsset")
    async def create_asset(  # noqa: PLR0917 - as in the sample
        self,
        ctx: Context,
        asset_id: str,
        color: str,
        size: int,
        owner: str,
        appraised_value: int,
        *,
        asset_properties: Transient[bytes | None] = None,
    ) -> None:
        """Put a new asset on the ledger."""
        if await ctx.stub.get_state(asset_id) is not None:
            raise AssetError(f"the asset {asset_id} already exists")
        await self._keep(ctx, asset_id, asset_properties)
        await self._put(ctx, "CreateAsset", Asset(asset_id, color, size, owner, appraised_value))

    @query(name="ReadAsset")
    async def read_asset(self, ctx: Context, asset_id: str) -> Private[dict[str, object]]:
        """Return an asset, to clients of its properties' keeper with the properties."""
        asset = from_json(dict[str, object], to_json(await read_asset(ctx.stub, asset_id)))
        if _at_home(ctx):
            properties = await ctx.stub.get_private_data(_collection(ctx), asset_id)
            if properties is not None:
                asset["asset_properties"] = from_json(object, properties)
        return asset

    @transaction(name="UpdateAsset")
    async def update_asset(  # noqa: PLR0917 - as in the sample
        self,
        ctx: Context,
        asset_id: str,
        color: str,
        size: int,
        owner: str,
        appraised_value: int,
        *,
        asset_properties: Transient[bytes | None] = None,
    ) -> None:
        """Replace an asset."""
        await read_asset(ctx.stub, asset_id)
        await self._keep(ctx, asset_id, asset_properties)
        await self._put(ctx, "UpdateAsset", Asset(asset_id, color, size, owner, appraised_value))

    @transaction(name="TransferAsset")
    async def transfer_asset(
        self, ctx: Context, asset_id: str, new_owner: str, *, asset_properties: Transient[bytes | None] = None
    ) -> str:
        """Give an asset to a new owner; return the old one."""
        asset = await read_asset(ctx.stub, asset_id)
        await self._keep(ctx, asset_id, asset_properties)
        await self._put(ctx, "TransferAsset", replace(asset, owner=new_owner))
        return asset.owner

    @transaction(name="DeleteAsset")
    async def delete_asset(self, ctx: Context, asset_id: str) -> None:
        """Take an asset off the ledger, and the properties that the client's organisation keeps of it."""
        asset = await read_asset(ctx.stub, asset_id)
        # Every peer has the hash, so all endorsers come to the same reads and writes.
        if await ctx.stub.get_private_data_hash(_collection(ctx), asset_id) is not None:
            await ctx.stub.del_private_data(_collection(ctx), asset_id)
        await ctx.stub.del_state(asset_id)
        ctx.stub.set_event("DeleteAsset", to_json(asset))

    async def _put(self, ctx: Context, event: str, asset: Asset) -> None:
        await ctx.stub.put_state(asset.id, to_json(asset))
        ctx.stub.set_event(event, to_json(asset))

    async def _keep(self, ctx: Context, asset_id: str, properties: bytes | None) -> None:
        """Write the properties where they belong; no other organisation's peer may pass them on."""
        if properties is not None and _at_home(ctx):
            await ctx.stub.put_private_data(_collection(ctx), asset_id, properties)


def _at_home(ctx: Context) -> bool:
    """Tell whether the peer is of the client's own organisation."""
    return ctx.identity.msp_id == ctx.stub.get_mspid()


def _collection(ctx: Context) -> str:
    return f"_implicit_org_{ctx.identity.msp_id}"


if __name__ == "__main__":
    sys.exit(serve(ContractChaincode(AssetTransferEvents(), title="asset-transfer-events", version="1.0")))
