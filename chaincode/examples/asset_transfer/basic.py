"""asset-transfer-basic: assets that every client of the channel may create, read, change and delete."""

from __future__ import annotations

import sys
from dataclasses import replace

from fabric_shim import serve
from fabric_shim.contract import Context, Contract, ContractChaincode, from_json, query, to_json, transaction

from asset_transfer.asset import Asset, AssetError, read_asset

FIRST_ASSETS = (
    Asset("asset1", "blue", 5, "Tomoko", 300),
    Asset("asset2", "red", 5, "Brad", 400),
    Asset("asset3", "green", 10, "Jin Soo", 500),
    Asset("asset4", "yellow", 10, "Max", 600),
    Asset("asset5", "black", 15, "Adriana", 700),
    Asset("asset6", "white", 15, "Michel", 800),
)


class AssetTransfer(Contract):
    """Assets in the public state, each under its id."""

    @transaction(name="InitLedger")
    async def init_ledger(self, ctx: Context) -> None:  # noqa: FS401 anybody may, as in the sample
        """Put the first assets on the ledger, over what is there under their ids."""
        for asset in FIRST_ASSETS:
            await ctx.stub.put_state(asset.id, to_json(asset))

    @transaction(name="CreateAsset")
    async def create_asset(  # noqa: FS401, PLR0917 as in the sample
        self, ctx: Context, asset_id: str, color: str, size: int, owner: str, appraised_value: int
    ) -> None:
        """Put a new asset on the ledger."""
        if await self.asset_exists(ctx, asset_id):
            raise AssetError(f"the asset {asset_id} already exists")
        await ctx.stub.put_state(asset_id, to_json(Asset(asset_id, color, size, owner, appraised_value)))

    @query(name="ReadAsset")
    async def read_asset(self, ctx: Context, asset_id: str) -> Asset:
        """Return an asset."""
        return await read_asset(ctx.stub, asset_id)

    @transaction(name="UpdateAsset")
    async def update_asset(  # noqa: FS401, PLR0917 as in the sample
        self, ctx: Context, asset_id: str, color: str, size: int, owner: str, appraised_value: int
    ) -> None:
        """Replace an asset."""
        if not await self.asset_exists(ctx, asset_id):
            raise AssetError(f"the asset {asset_id} does not exist")
        await ctx.stub.put_state(asset_id, to_json(Asset(asset_id, color, size, owner, appraised_value)))

    @transaction(name="DeleteAsset")
    async def delete_asset(self, ctx: Context, asset_id: str) -> None:  # noqa: FS401 anybody may
        """Take an asset off the ledger."""
        if not await self.asset_exists(ctx, asset_id):
            raise AssetError(f"the asset {asset_id} does not exist")
        await ctx.stub.del_state(asset_id)

    @query(name="AssetExists")
    async def asset_exists(self, ctx: Context, asset_id: str) -> bool:
        """Tell whether the asset is on the ledger."""
        return await ctx.stub.get_state(asset_id) is not None

    @transaction(name="TransferAsset")
    async def transfer_asset(self, ctx: Context, asset_id: str, new_owner: str) -> str:
        """Give an asset to a new owner; return the old one."""
        asset = await read_asset(ctx.stub, asset_id)
        await ctx.stub.put_state(asset_id, to_json(replace(asset, owner=new_owner)))
        return asset.owner

    @query(name="GetAllAssets")
    async def get_all_assets(self, ctx: Context) -> list[Asset]:
        """Return all assets, by id."""
        everything = ctx.stub.get_state_by_range("", "")  # noqa: FS206 the sample's function lists all
        return [from_json(Asset, found.value) async for found in everything]


if __name__ == "__main__":
    sys.exit(serve(ContractChaincode(AssetTransfer(), title="asset-transfer-basic", version="1.0")))
