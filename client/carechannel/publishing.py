"""Publishing: seal, store twice, note in the journal, submit; after a crash it goes on where it stopped."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from care_rules.canonical import Json

from carechannel.blobs import BlobStore
from carechannel.crypto import InstitutionKey, RecordContext, seal_content
from carechannel.crypto.institution_key import seal_for_custody
from carechannel.errors import RefusedError, SealError
from carechannel.fhir import MEDIA_TYPE, Classification
from carechannel.journal import Journal, JournalEntry
from carechannel.ledger import Ledger
from carechannel.replies import RecordHistory, parse


@dataclass(frozen=True, slots=True)
class Published:
    """A record version that is committed, and durable in two places."""

    record_id: str
    version: int
    transaction_id: str
    block_number: int
    digest: str
    """Of the ciphertext: the blob's name."""


class Publisher:
    """Publishes as custodian: on the own institution's channel peer, into its own blob stores."""

    def __init__(
        self, ledger: Ledger, blobs: BlobStore, key: InstitutionKey, journal: Journal, custodian: str
    ):
        self._ledger = ledger
        self._blobs = blobs
        self._key = key
        self._journal = journal
        self._custodian = custodian

    async def publish(self, handle: str, data: bytes, description: Classification) -> Published:
        """Publishes a new record; one with the same content that a crash left unfinished is finished
        instead."""
        for entry in self._journal.pending():
            if (
                entry.function == "ehr:publish"
                and entry.entry.get("handle") == handle
                and self._holds(entry, data)
            ):
                return await self._submit(entry)
        return await self._begin("ehr:publish", handle, data, description, record_id=secrets.token_hex(16))

    async def amend(self, handle: str, record_id: str, data: bytes, description: Classification) -> Published:
        """Publishes the next version of a record."""
        history = await history_of(self._ledger, self._custodian, handle, record_id)
        if not history.versions:
            raise RefusedError("The patient has no record of that id here.", code="record-unknown")
        version = history.versions[-1].version + 1
        return await self._begin("ehr:amend", handle, data, description, record_id=record_id, version=version)

    async def resume(self) -> list[Published]:
        """Finishes everything that a crash left unfinished."""
        return [await self._submit(entry) for entry in self._journal.pending()]

    async def _begin(
        self,
        function: str,
        handle: str,
        data: bytes,
        description: Classification,
        *,
        record_id: str,
        version: int = 1,
    ) -> Published:
        context = RecordContext(self._ledger.channel, record_id, version)
        sealed = seal_content(data, context)
        digest = await self._blobs.put(sealed.blob)
        content: dict[str, Json] = {
            "handle": handle,
            "record_id": record_id,
            "version": version,
            "type": description.type,
            "types": list(description.types),
            "category": list(description.category),
            "date": description.date,
            "labels": list(description.labels),
            "media_type": MEDIA_TYPE,
            "size": len(data),
            "blob": {"digest": digest, "size": len(sealed.blob)},
            "commitment": sealed.commitment,
            "sealed_key": seal_for_custody(sealed.secret, self._key.public_key, context, self._custodian),
        }
        entry = JournalEntry(record_id, version, function, content)
        self._journal.prepare(entry)
        return await self._submit(entry)

    async def _submit(self, entry: JournalEntry) -> Published:
        content = dict(entry.entry)
        if entry.function == "ehr:amend":
            history = await history_of(self._ledger, self._custodian, str(content["handle"]), entry.record_id)
            content["finding"] = history.finding
        try:
            committed = await self._ledger.submit(
                entry.function, self._custodian, custodian=self._custodian, content=content
            )
        except RefusedError:
            self._journal.discard(entry)
            raise
        self._journal.complete(entry)
        blob = entry.entry["blob"]
        digest = str(blob["digest"]) if isinstance(blob, dict) else ""
        return Published(
            entry.record_id, entry.version, committed.transaction_id, committed.block_number, digest
        )

    def _holds(self, entry: JournalEntry, data: bytes) -> bool:
        """Whether a journal entry was made for exactly these bytes."""
        context = RecordContext(self._ledger.channel, entry.record_id, entry.version)
        try:
            secret = self._key.open_custody(str(entry.entry["sealed_key"]), context, self._custodian)
        except SealError:
            return False
        return secret.commitment(data) == entry.entry["commitment"]


async def history_of(ledger: Ledger, custodian: str, handle: str, record_id: str) -> RecordHistory:
    """All versions of a record as a custodian's index holds them, oldest first."""
    content: dict[str, Json] = {"handle": handle, "record_id": record_id}
    reply = await ledger.evaluate("ehr:history", custodian, custodian=custodian, content=content)
    return parse(RecordHistory, reply)
