"""One custodian's own collection within one transaction.

A submitted transaction reads by single key only (Fabric refuses writes after a private range query), and
each key that it reads stands as a hash in the block. So it may read the pepper, keys that a public request
id names, and the keys that it is about to create; what else it has to know comes as a finding of an
evaluated function.
"""

import base64
from dataclasses import dataclass
from typing import Self

from care_rules import custody
from care_rules.canonical import Json, canonical_json, parse_json
from care_rules.errors import CustodyClosedError, CustodyOpenError
from care_rules.fields import MSP_ID, Fields, check_text
from care_rules.keys import CUSTODY, Key
from fabric_shim import LedgerError
from fabric_shim.contract import Context


@dataclass(frozen=True, slots=True)
class PrivateItem:
    """A private key and its value, as stored."""

    key: str
    value: bytes

    @property
    def json(self) -> Json:
        """The value."""
        return parse_json(self.value)


def collection_name(custodian: str) -> str:
    """Fabric's name of an organisation's implicit collection.

    Raises:
        InputInvalidError: the custodian is not an MSP ID.
    """
    return f"_implicit_org_{check_text(custodian, 'custodian', MSP_ID)}"


class Custody:
    """A custodian's collection whose pepper this peer holds."""

    def __init__(self, ctx: Context, custodian: str, pepper: bytes) -> None:
        self.custodian = custodian
        self.collection = collection_name(custodian)
        self._stub = ctx.stub
        self._pepper = pepper

    @classmethod
    async def of(cls, ctx: Context, custodian: str) -> Self:
        """The custody of a custodian, on one of its own peers.

        Raises:
            CustodyClosedError: it is not open, or this peer is another organisation's.
            InputInvalidError: the custodian is not an MSP ID.
        """
        pepper = await _read_pepper(ctx, custodian)
        if pepper is None:
            raise CustodyClosedError(
                "The custodian has no custody here; open it, or ask the custodian's own peer."
            )
        return cls(ctx, custodian, pepper)

    def tag(self, handle: str) -> str:
        """The patient's name in this collection's keys."""
        return custody.patient_tag(self._pepper, handle)

    def seal(self, kind: str, statement: dict[str, Json]) -> str:
        """A finding about this collection."""
        return custody.seal_finding(self._pepper, kind, statement)

    def open(self, kind: str, finding: str) -> Fields:
        """The statement of a finding about this collection.

        Raises:
            FindingInvalidError: not one of this custodian, or of another kind.
        """
        return custody.open_finding(self._pepper, kind, finding)

    async def get(self, key: Key) -> PrivateItem | None:
        """One key, None if there is none."""
        name = self._stub.create_composite_key(*key)
        value = await self._stub.get_private_data(self.collection, name)
        return None if value is None else PrivateItem(name, value)

    async def scan(self, prefix: Key) -> list[PrivateItem]:
        """All keys that begin like this, in order. For evaluated functions only."""
        return [
            PrivateItem(item.key, item.value)
            async for item in self._stub.get_private_data_by_partial_composite_key(self.collection, *prefix)
        ]

    async def put(self, key: Key, value: dict[str, Json]) -> None:
        """Writes a value, salted, when the transaction commits."""
        name = self._stub.create_composite_key(*key)
        salt = custody.salt(self._pepper, self._stub.get_tx_id(), name)
        await self._stub.put_private_data(self.collection, name, canonical_json({**value, "salt": salt}))

    async def put_again(self, item: PrivateItem) -> None:
        """Writes what is there already: a repeated call commits, and changes nothing."""
        await self._stub.put_private_data(self.collection, item.key, item.value)

    async def delete(self, key: Key) -> None:
        """Deletes a key when the transaction commits."""
        await self._stub.del_private_data(self.collection, self._stub.create_composite_key(*key))


async def open_custody(ctx: Context, custodian: str, pepper: bytes) -> None:
    """Keeps the custodian's pepper in its collection, once and for all.

    Raises:
        CustodyOpenError: there is one already.
    """
    collection = collection_name(custodian)
    if await is_open(ctx, custodian):
        raise CustodyOpenError("The custody is open already; its pepper never changes.")
    value = canonical_json({"pepper": base64.b64encode(pepper).decode()})
    await ctx.stub.put_private_data(collection, CUSTODY, value)


async def is_open(ctx: Context, custodian: str) -> bool:
    """Whether this peer holds the custodian's pepper."""
    return await _read_pepper(ctx, custodian) is not None


async def _read_pepper(ctx: Context, custodian: str) -> bytes | None:
    try:
        value = await ctx.stub.get_private_data(collection_name(custodian), CUSTODY)
    except LedgerError as error:
        # A peer outside the collection knows the hash of the pepper's entry but not the entry.
        raise CustodyClosedError(
            "This peer is not one of the custodian's; ask the custodian's own."
        ) from error
    if value is None:
        return None
    with Fields.of(parse_json(value), CUSTODY) as fields:
        return fields.base64("pepper", limit=custody.PEPPER_BYTES, size=custody.PEPPER_BYTES)
