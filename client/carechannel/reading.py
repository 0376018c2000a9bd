"""Reading at another institution: request, outcome, ciphertext, key, plaintext, receipt."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from carechannel.access import DEFAULT_TIMEOUT, Access, AccessRequest
from carechannel.blobs import BlobStore
from carechannel.code import PatientCode
from carechannel.crypto import InstitutionKey, RecordContext, open_content
from carechannel.errors import NotAvailableError
from carechannel.replies import Outcome, SealedRecord


@dataclass(frozen=True, slots=True)
class Record:
    """A record in clear: exactly the bytes that its custodian published."""

    custodian: str
    record_id: str
    version: int
    type: str
    media_type: str
    request_id: str
    data: bytes = field(repr=False)


class Reader:
    """Reads with the own institution's key what custodians released to it."""

    def __init__(self, access: Access, channel: str, home: Path, blobs_of: Callable[[str], BlobStore]):
        self._access = access
        self._channel = channel
        self._home = home
        self._blobs_of = blobs_of

    async def read(
        self,
        code: PatientCode,
        *,
        purpose: str,
        record_ids: Sequence[str],
        types: Sequence[str],
        custodians: Sequence[str],
        wait: float = DEFAULT_TIMEOUT,
    ) -> list[Record]:
        """Asks each custodian, waits, opens and acknowledges.

        Raises:
            NotAvailableError: none of them has anything for the caller.
        """
        self._access.check_code(code)

        async def ask(custodian: str) -> list[Record]:
            request = await self._access.request(
                code, custodian=custodian, purpose=purpose, record_ids=record_ids, types=types
            )
            outcome = await self._access.outcome(request, wait=wait)
            return await self.receive(request, outcome)

        try:
            async with asyncio.TaskGroup() as group:
                asked = [group.create_task(ask(custodian)) for custodian in custodians or code.custodians]
        except ExceptionGroup as failures:
            raise failures.exceptions[0] from failures
        records = [record for task in asked for record in task.result()]
        if not records:
            raise NotAvailableError("Nothing is available for this request.")
        return records

    async def receive(self, request: AccessRequest, outcome: Outcome) -> list[Record]:
        """Opens what an outcome releases, then writes the receipt; an outcome without records gives none.

        Raises:
            BlobError: ciphertext is missing or was tampered with.
            SealError: a key or a record does not open.
        """
        records = await self.open(request, outcome)
        await self._access.acknowledge(request, outcome)
        return records

    async def open(self, request: AccessRequest, outcome: Outcome) -> list[Record]:
        """Opens what an outcome releases; the receipt is still due.

        Raises:
            BlobError: ciphertext is missing or was tampered with.
            SealError: a key or a record does not open.
        """
        return list(await asyncio.gather(*(self._open(request, sealed) for sealed in outcome.records)))

    async def _open(self, request: AccessRequest, sealed: SealedRecord) -> Record:
        context = RecordContext(self._channel, sealed.record_id, sealed.version)
        key = InstitutionKey.load(self._home)
        secret = key.open_answer(sealed.sealed_key, context, request.request_id)
        blob = await self._blobs_of(request.custodian).get(sealed.blob.digest)
        data = open_content(blob, secret, context, sealed.commitment)
        return Record(
            request.custodian,
            sealed.record_id,
            sealed.version,
            sealed.type,
            sealed.media_type,
            request.request_id,
            data,
        )
