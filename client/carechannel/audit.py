"""Who asked for what and got what, each entry checked against the hash in its block."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from care_rules.audit.entries import describe
from care_rules.canonical import Json, parse_json
from care_rules.errors import InputInvalidError
from fabric_gateway import Block, ValidationCode

from carechannel.ledger import Ledger
from carechannel.replies import AuditEntries, AuditEntry, parse


@dataclass(frozen=True, slots=True)
class Disclosure:
    """One entry of the custodian's audit, and whether a block of the chain bears it out."""

    custodian: str
    kind: str
    transaction_id: str
    block_number: int
    at: str
    request_id: str | None
    details: dict[str, object] = field(repr=False)
    verified: bool
    """Whether the transaction is valid and wrote exactly this value under this key."""


class Audit:
    """The accounting of disclosures at a custodian; for its auditors, regulators' auditors and the
    patient."""

    def __init__(self, ledger: Ledger):
        self._ledger = ledger

    async def disclosures(
        self,
        custodian: str,
        *,
        handle: str | None = None,
        institution: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[Disclosure]:
        """Requests, decisions, answers and receipts, newest request first, each checked against its block.

        The block comes from the own institution's (or its partner's) peer, not from the custodian's.

        Args:
            custodian: MSP ID of the institution whose disclosures are asked for.
            handle: only those of one patient; a patient must give their own.
            institution: MSP ID; only requests of its people.
            since: only requests made at or after (aware).
            until: only requests made before (aware).

        Raises:
            RefusedError: the caller is none of those who may ask.
        """
        query: dict[str, Json] = {
            "handle": handle,
            "institution": institution,
            "since": _instant(since),
            "until": _instant(until),
        }
        content = {key: value for key, value in query.items() if value is not None}
        entries: list[AuditEntry] = []
        bookmark = ""
        while True:
            page = await self._ask(
                "audit:disclosures", custodian, content | ({"bookmark": bookmark} if bookmark else {})
            )
            entries += page.entries
            bookmark = page.bookmark
            if not bookmark:
                return await self._check(custodian, entries)

    async def history(self, custodian: str, handle: str, record_id: str) -> list[Disclosure]:
        """The versions of a record, oldest first, each checked against its block.

        Raises:
            RefusedError: the caller is none of those who may ask.
        """
        content: dict[str, Json] = {"handle": handle, "record_id": record_id}
        page = await self._ask("audit:history", custodian, content)
        return await self._check(custodian, list(page.entries))

    async def _ask(self, function: str, custodian: str, content: Mapping[str, Json]) -> AuditEntries:
        reply = await self._ledger.evaluate(function, custodian, custodian=custodian, content=content)
        return parse(AuditEntries, reply)

    async def _check(self, custodian: str, entries: list[AuditEntry]) -> list[Disclosure]:
        blocks: dict[str, Block] = {}
        checked = []
        for entry in entries:
            if entry.transaction_id not in blocks:
                blocks[entry.transaction_id] = await self._ledger.block_of(entry.transaction_id)
            checked.append(_disclosure(custodian, entry, blocks[entry.transaction_id]))
        return checked


def bears_out(entry: AuditEntry, block: Block) -> bool:
    """Whether a block holds the entry: a valid transaction of its id that wrote its value under its key.

    A block carries SHA-256 of the key and of the value of a private write, never themselves.
    """
    transaction = block.transaction(entry.transaction_id)
    if transaction is None or transaction.invocation is None or not block.data_intact:
        return False
    if transaction.validation_code is not ValidationCode.VALID:
        return False
    key_hash = hashlib.sha256(entry.key.encode()).digest()
    value_hash = hashlib.sha256(base64.b64decode(entry.value)).digest()
    return any(
        (write.collection, write.key_hash, write.value_hash) == (entry.collection, key_hash, value_hash)
        for write in transaction.invocation.read_write_set.private_writes
    )


def told_by(entry: AuditEntry) -> dict[str, object] | None:
    """What the stored value itself says; None where the entry claims to be something else.

    The custodian's peer also sends these fields in the clear, but only the stored value is in the block.
    """
    kind_in_key = entry.key.split("\0")[1:2]
    try:
        value = parse_json(base64.b64decode(entry.value, validate=True))
        told = describe(entry.kind, value)
    except (InputInvalidError, KeyError, ValueError):
        return None
    request_id = value.get("request_id") if isinstance(value, dict) else None
    claimed = (entry.kind, entry.transaction_id, entry.at, entry.request_id)
    return dict(told) if claimed == (*kind_in_key, told["transaction_id"], told["at"], request_id) else None


def _disclosure(custodian: str, entry: AuditEntry, block: Block) -> Disclosure:
    told = told_by(entry)
    return Disclosure(
        custodian,
        entry.kind,
        entry.transaction_id,
        block.number,
        entry.at,
        entry.request_id,
        told or {},
        told is not None and bears_out(entry, block),
    )


def _instant(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
