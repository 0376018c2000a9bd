"""What the examples share: an asset, and how they refuse."""

from __future__ import annotations

from dataclasses import dataclass, field

from fabric_shim import ChaincodeError, ChaincodeStub
from fabric_shim.contract import from_json, wire_name


class AssetError(ChaincodeError):
    """A refusal in the samples' own words. Without a code, its text alone reaches the client."""

    code = ""


@dataclass(frozen=True)
class Asset:
    """An asset on the ledger."""

    id: str = field(metadata=wire_name("ID"))
    color: str = field(metadata=wire_name("Color"))
    size: int = field(metadata=wire_name("Size"))
    owner: str = field(metadata=wire_name("Owner"))
    appraised_value: int = field(metadata=wire_name("AppraisedValue"))


async def read_asset(stub: ChaincodeStub, asset_id: str) -> Asset:
    """Return the asset.

    :raises AssetError: there is none.
    """
    data = await stub.get_state(asset_id)
    if data is None:
        raise AssetError(f"the asset {asset_id} does not exist")
    return from_json(Asset, data)
