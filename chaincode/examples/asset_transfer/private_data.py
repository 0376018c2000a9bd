"""asset-transfer-private-data: assets that both organisations see, at prices that only the owner's keeps.

The asset lies in the collection of both organisations, its appraised value in that of the owner. A buyer
agrees by keeping the same value in the buyer's own collection; their hashes, known to every peer, tell.
What is private comes in transient fields, so it never reaches a block.
"""

from __future__ import annotations

import base64
import sys
from dataclasses import replace

from fabric_shim import KV, LedgerError, ResultsIterator, serve
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

from asset_transfer.asset import AssetError
from asset_transfer.private_records import (
    Agreement,
    AssetKey,
    AssetOwner,
    AssetProperties,
    AssetValue,
    SharedAsset,
    complete,
)

ASSETS = "assetCollection"
AGREEMENT = "transferAgreement"


class PrivateAssetTransfer(Contract):
    """Assets in private data collections, which change only at a peer of the client's own organisation."""

    @transaction(name="CreateAsset")
    async def create_asset(
        self, ctx: Context, *, asset_properties: Transient[AssetProperties | None] = None
    ) -> None:
        """Create an asset of the client's."""
        given = complete(asset_properties, "asset not found in the transient map input")
        if await ctx.stub.get_private_data(ASSETS, given.asset_id) is not None:
            raise AssetError(f"this asset already exists: {given.asset_id}")  # noqa: FS305 an id, to its client
        _check_peer(ctx, "CreateAsset")
        asset = SharedAsset(given.object_type, given.asset_id, given.color, given.size, _client_id(ctx))
        value = AssetValue(given.asset_id, given.appraised_value)
        await ctx.stub.put_private_data(ASSETS, asset.asset_id, to_json(asset))
        await ctx.stub.put_private_data(_own_collection(ctx), asset.asset_id, to_json(value))

    @transaction(name="AgreeToTransfer")
    async def agree_to_transfer(
        self, ctx: Context, *, asset_value: Transient[AssetValue | None] = None
    ) -> None:
        """Agree, as a buyer, to an asset's appraised value."""
        value = complete(asset_value, "asset_value key not found in the transient map")
        if await self.read_asset(ctx, value.asset_id) is None:
            raise AssetError(f"{value.asset_id} does not exist")  # noqa: FS305 an id, to its client
        _check_peer(ctx, "AgreeToTransfer")
        await ctx.stub.put_private_data(_own_collection(ctx), value.asset_id, to_json(value))
        await ctx.stub.put_private_data(ASSETS, _agreement_key(ctx, value.asset_id), _client_id(ctx).encode())

    @transaction(name="TransferAsset")
    async def transfer_asset(self, ctx: Context, *, asset_owner: Transient[AssetOwner | None] = None) -> None:
        """Give an asset of the client's to the buyer who has agreed to its value."""
        given = complete(asset_owner, "asset owner not found in the transient map")
        asset = await self.read_asset(ctx, given.asset_id)
        if asset is None:
            raise AssetError(f"{given.asset_id} does not exist")  # noqa: FS305 an id, to its client
        _check_peer(ctx, "TransferAsset")
        await _check_agreement(ctx, asset, given.buyer_msp)  # noqa: FS305 an id and a collection, to its client
        agreement = await self.read_transfer_agreement(ctx, given.asset_id)
        if agreement is None:
            raise AssetError(f"BuyerID not found in TransferAgreement for {given.asset_id}")  # noqa: FS305 an id, to its client
        await ctx.stub.put_private_data(
            ASSETS, given.asset_id, to_json(replace(asset, owner=agreement.buyer_id))
        )
        await ctx.stub.del_private_data(_own_collection(ctx), given.asset_id)
        await ctx.stub.del_private_data(ASSETS, _agreement_key(ctx, given.asset_id))

    @transaction(name="DeleteAsset")
    async def delete_asset(self, ctx: Context, *, asset_delete: Transient[AssetKey | None] = None) -> None:
        """Delete an asset whose value the client's organisation keeps."""
        asset_id = complete(asset_delete, "asset to delete not found in the transient map").asset_id
        _check_peer(ctx, "DeleteAsset")
        if await ctx.stub.get_private_data(ASSETS, asset_id) is None:
            raise AssetError(f"asset not found: {asset_id}")  # noqa: FS305 an id, to its client
        own = _own_collection(ctx)
        if await ctx.stub.get_private_data(own, asset_id) is None:
            text = f"asset not found in owner's private Collection {own}: {asset_id}"
            raise AssetError(text)  # noqa: FS305 an id, to its client
        await ctx.stub.del_private_data(ASSETS, asset_id)
        await ctx.stub.del_private_data(own, asset_id)

    @transaction(name="PurgeAsset")
    async def purge_asset(self, ctx: Context, *, asset_purge: Transient[AssetKey | None] = None) -> None:
        """Delete an asset with all that the peers still have of its past, whether it still exists or not."""
        asset_id = complete(asset_purge, "asset to purge not found in the transient map").asset_id
        _check_peer(ctx, "PurgeAsset")
        await ctx.stub.purge_private_data(ASSETS, asset_id)
        await ctx.stub.purge_private_data(_own_collection(ctx), asset_id)

    @transaction(name="DeleteTranferAgreement")
    async def delete_transfer_agreement(
        self, ctx: Context, *, agreement_delete: Transient[AssetKey | None] = None
    ) -> None:
        """Withdraw the agreement to buy an asset. The function's name is spelt as clients know it."""
        if agreement_delete is not None and not agreement_delete.asset_id:
            raise AssetError("transient input ID field must be a non-empty string")
        asset_id = complete(agreement_delete, "asset to delete not found in the transient map").asset_id
        _check_peer(ctx, "DeleteTranferAgreement")
        key = _agreement_key(ctx, asset_id)
        if await ctx.stub.get_private_data(ASSETS, key) is None:
            raise AssetError(f"asset's transfer_agreement does not exist: {asset_id}")  # noqa: FS305 an id, to its client
        await ctx.stub.del_private_data(_own_collection(ctx), asset_id)
        await ctx.stub.del_private_data(ASSETS, key)

    @query(name="ReadAsset")
    async def read_asset(self, ctx: Context, asset_id: str) -> Private[SharedAsset | None]:
        """Return an asset, or nothing."""
        data = await _read(ctx, ASSETS, asset_id, "asset")
        return None if data is None else from_json(SharedAsset, data)

    @query(name="ReadAssetPrivateDetails")
    async def read_asset_private_details(
        self, ctx: Context, collection: str, asset_id: str
    ) -> Private[AssetValue | None]:
        """Return an asset's value as an organisation's collection has it, or nothing."""
        data = await _read(ctx, collection, asset_id, "asset details")
        return None if data is None else from_json(AssetValue, data)

    @query(name="ReadTransferAgreement")
    async def read_transfer_agreement(self, ctx: Context, asset_id: str) -> Private[Agreement | None]:
        """Return who has agreed to buy an asset, or nothing."""
        buyer_id = await _read(ctx, ASSETS, _agreement_key(ctx, asset_id), "TransferAgreement")
        return None if buyer_id is None else Agreement(asset_id, buyer_id.decode())

    @query(name="GetAssetByRange")
    async def get_asset_by_range(
        self, ctx: Context, start_key: str, end_key: str
    ) -> Private[list[SharedAsset]]:
        """Return the assets from one id to before another."""
        return await _assets(ctx.stub.get_private_data_by_range(ASSETS, start_key, end_key))

    @query(name="QueryAssetByOwner")
    async def query_asset_by_owner(
        self, ctx: Context, asset_type: str, owner: str
    ) -> Private[list[SharedAsset]]:
        """Return an owner's assets of a type. Needs CouchDB."""
        selector = to_json({"selector": {"objectType": asset_type, "owner": owner}})
        return await self.query_assets(ctx, selector.decode())

    @query(name="QueryAssets")
    async def query_assets(self, ctx: Context, query_string: str) -> Private[list[SharedAsset]]:
        """Return the assets that a CouchDB query finds."""
        return await _assets(ctx.stub.get_private_data_query_result(ASSETS, query_string))


def _check_peer(ctx: Context, function: str) -> None:
    """Refuse clients of other organisations: what they send or ask for is not for this peer.

    :raises AssetError: the client is of another organisation.
    """
    client, peer = ctx.identity.msp_id, ctx.stub.get_mspid()
    if client != peer:
        raise AssetError(
            f"{function} cannot be performed: Error client from org {client} is not authorized"
            f" to read or write private data from an org {peer} peer"
        )


async def _check_agreement(ctx: Context, asset: SharedAsset, buyer_msp: str) -> None:
    """Check that the client owns the asset and that the buyer keeps the same value of it.

    :raises AssetError: one of the two does not hold.
    """
    failed = "failed transfer verification:"
    if _client_id(ctx) != asset.owner:
        raise AssetError(f"{failed} error: submitting client identity does not own asset")
    seller, buyer = _own_collection(ctx), _collection(buyer_msp)
    sellers = await ctx.stub.get_private_data_hash(seller, asset.asset_id)
    missing = f"{failed} hash of appraised value for {asset.asset_id} does not exist in collection"
    if sellers is None:
        raise AssetError(f"{missing} {seller}")
    buyers = await ctx.stub.get_private_data_hash(buyer, asset.asset_id)
    if buyers is None:
        raise AssetError(f"{missing} {buyer}. AgreeToTransfer must be called by the buyer first")
    if sellers != buyers:
        raise AssetError(
            f"{failed} hash for appraised value for owner {sellers.hex()}"
            f" does not value for seller {buyers.hex()}"
        )


async def _read(ctx: Context, collection: str, key: str, what: str) -> bytes | None:
    """Read for a client, who is told why the peer refuses.

    :raises AssetError: the client may not read the collection, or the peer does not have it.
    """
    try:
        return await ctx.stub.get_private_data(collection, key)
    except LedgerError as error:
        raise AssetError(f"failed to read {what}: {error}") from error  # noqa: FS403 no data is in it


async def _assets(found: ResultsIterator[KV]) -> list[SharedAsset]:
    return [from_json(SharedAsset, entry.value) async for entry in found]


def _agreement_key(ctx: Context, asset_id: str) -> str:
    return ctx.stub.create_composite_key(AGREEMENT, [asset_id])


def _own_collection(ctx: Context) -> str:
    return _collection(ctx.identity.msp_id)


def _collection(msp_id: str) -> str:
    return f"{msp_id}PrivateCollection"


def _client_id(ctx: Context) -> str:
    """Return the client's identity in clear: ``x509::<subject>::<issuer>``."""
    return base64.b64decode(ctx.identity.id).decode()


if __name__ == "__main__":
    sys.exit(
        serve(ContractChaincode(PrivateAssetTransfer(), title="asset-transfer-private-data", version="1.0"))
    )
