"""asset-transfer-private-data: what clients send in transient fields, and what lies in the collections."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TypeVar

from fabric_shim.contract import wire_name

from asset_transfer.asset import AssetError

_OBJECT_TYPE = wire_name("objectType")
_ASSET_ID = wire_name("assetID")
_BUYER_MSP = wire_name("buyerMSP")
_BUYER_ID = wire_name("buyerID")
_APPRAISED_VALUE = wire_name("appraisedValue")


@dataclass(frozen=True)
class AssetProperties:
    """A new asset: ``asset_properties``."""

    object_type: str = field(default="", metadata=_OBJECT_TYPE)
    asset_id: str = field(default="", metadata=_ASSET_ID)
    color: str = ""
    size: int = 0
    appraised_value: int = field(default=0, metadata=_APPRAISED_VALUE)


@dataclass(frozen=True)
class AssetOwner:
    """To whose organisation an asset goes: ``asset_owner``."""

    asset_id: str = field(default="", metadata=_ASSET_ID)
    buyer_msp: str = field(default="", metadata=_BUYER_MSP)


@dataclass(frozen=True)
class AssetKey:
    """Which asset: ``asset_delete``, ``asset_purge`` and ``agreement_delete``."""

    asset_id: str = field(default="", metadata=_ASSET_ID)


@dataclass(frozen=True)
class AssetValue:
    """What an asset is worth: ``asset_value``, and in the collections of the seller and of the buyer."""

    asset_id: str = field(default="", metadata=_ASSET_ID)
    appraised_value: int = field(default=0, metadata=_APPRAISED_VALUE)


@dataclass(frozen=True)
class SharedAsset:
    """An asset in the collection of both organisations. ``owner`` is a client's id in clear."""

    object_type: str = field(metadata=_OBJECT_TYPE)
    asset_id: str = field(metadata=_ASSET_ID)
    color: str
    size: int
    owner: str


@dataclass(frozen=True)
class Agreement:
    """Who has agreed to buy an asset."""

    asset_id: str = field(metadata=_ASSET_ID)
    buyer_id: str = field(metadata=_BUYER_ID)


Input = TypeVar("Input", AssetProperties, AssetOwner, AssetKey, AssetValue)


def complete(given: Input | None, missing: str) -> Input:
    """Return what a client sent in a transient field.

    :param missing: what to say when it did not.
    :raises AssetError: it is missing, or a text of it is empty or a number not positive.
    """
    if given is None:
        raise AssetError(missing)
    for part in fields(given):
        name = part.metadata.get("json", part.name)
        match getattr(given, part.name):
            case "":
                raise AssetError(f"{name} field must be a non-empty string")
            case int(number) if number <= 0:
                raise AssetError(f"{name} field must be a positive integer")
    return given
