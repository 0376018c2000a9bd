"""asset-transfer-sbe: the peers of the organisation that owns an asset have to endorse its changes."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field, replace

from fabric_shim import serve
from fabric_shim.contract import (
    Context,
    Contract,
    ContractChaincode,
    from_json,
    query,
    to_json,
    transaction,
    wire_name,
)
from fabric_shim.state_based import KeyEndorsementPolicy

from asset_transfer.asset import AssetError


@dataclass(frozen=True)
class OwnedAsset:
    """An asset and the organisation whose endorsement its changes need."""

    id: str = field(metadata=wire_name("ID"))
    value: int = field(metadata=wire_name("Value"))
    owner: str = field(metadata=wire_name("Owner"))
    owner_org: str = field(metadata=wire_name("OwnerOrg"))


class AssetContract(Contract):
    """Assets in the public state, each with an endorsement policy of its own."""

    @transaction(name="CreateAsset")
    async def create_asset(self, ctx: Context, asset_id: str, value: int, owner: str) -> None:
        """Put a new asset of the client's organisation on the ledger."""
        if await self.asset_exists(ctx, asset_id):
            raise AssetError(f"The asset {asset_id} already exists")
        await _put(ctx, OwnedAsset(asset_id, value, owner, ctx.identity.msp_id))
        await _let_endorse(ctx, asset_id, ctx.identity.msp_id)

    @query(name="ReadAsset")
    async def read_asset(self, ctx: Context, asset_id: str) -> OwnedAsset:
        """Return an asset."""
        data = await ctx.stub.get_state(asset_id)
        if data is None:
            raise AssetError(f"The asset {asset_id} does not exist")
        return from_json(OwnedAsset, data)

    @transaction(name="UpdateAsset")
    async def update_asset(  # noqa: FS401 the endorsement decides
        self, ctx: Context, asset_id: str, new_value: int
    ) -> None:
        """Change an asset's value. Needs the endorsement of the owner's organisation."""
        await _put(ctx, replace(await self.read_asset(ctx, asset_id), value=new_value))

    @transaction(name="DeleteAsset")
    async def delete_asset(self, ctx: Context, asset_id: str) -> None:  # noqa: FS401 the endorsement decides
        """Take an asset off the ledger. Needs the endorsement of the owner's organisation."""
        if not await self.asset_exists(ctx, asset_id):
            raise AssetError(f"The asset {asset_id} does not exist")
        await ctx.stub.del_state(asset_id)

    @transaction(name="TransferAsset")
    async def transfer_asset(self, ctx: Context, asset_id: str, new_owner: str, new_owner_org: str) -> None:
        """Give an asset to a new owner, whose organisation endorses from then on. Needs the old one's."""
        asset = await self.read_asset(ctx, asset_id)
        await _put(ctx, replace(asset, owner=new_owner, owner_org=new_owner_org))
        await _let_endorse(ctx, asset_id, new_owner_org)

    @query(name="AssetExists")
    async def asset_exists(self, ctx: Context, asset_id: str) -> bool:
        """Tell whether the asset is on the ledger."""
        return await ctx.stub.get_state(asset_id) is not None


async def _put(ctx: Context, asset: OwnedAsset) -> None:
    await ctx.stub.put_state(asset.id, to_json(asset))


async def _let_endorse(ctx: Context, asset_id: str, msp_id: str) -> None:
    policy = KeyEndorsementPolicy()
    policy.add_orgs("MEMBER", msp_id)
    await ctx.stub.set_state_validation_parameter(asset_id, policy.policy())


if __name__ == "__main__":
    sys.exit(serve(ContractChaincode(AssetContract(), title="asset-transfer-sbe", version="1.0")))
