"""Health records: published by their custodian, read by others under the patient's consent."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from carechannel import fhir
from carechannel.access import DEFAULT_TIMEOUT, Access, AccessRequest
from carechannel.blobs import BlobStore, FolderStore, MirroredStore
from carechannel.code import PatientCode
from carechannel.crypto import InstitutionKey
from carechannel.errors import ProfileError
from carechannel.fhir import Classification
from carechannel.journal import Journal
from carechannel.ledger import Ledger
from carechannel.patients import Patients
from carechannel.profile import Profile
from carechannel.publishing import Published, Publisher, history_of
from carechannel.reading import Reader, Record
from carechannel.replies import Outcome, RecordVersion, parse
from carechannel.replies import Records as RecordList


class Records:
    """Records of one consortium."""

    def __init__(self, ledger: Ledger, profile: Profile, patients: Patients, access: Access):
        self._ledger = ledger
        self._profile = profile
        self._patients = patients
        self._reader = Reader(access, ledger.channel, profile.care.home, self._blobs_of)

    async def publish(self, handle: str, data: bytes) -> Published:
        """Publishes a FHIR R4 resource (JSON) of a patient, with the own institution as custodian.

        When it returns, the transaction is valid, ciphertext lies in both blob stores and the sealed key in
        the collection and the journal. Publishing the same content again after a crash finishes what was
        begun.

        Raises:
            FhirError: the content is not a valid FHIR R4 record of one patient.
            UnknownHandleError: no patient of that handle is bound on this channel.
            RefusedError: the caller may not publish.
            BlobError, JournalError: it could not be stored; nothing is published.
            TransactionError: the network did not take it; publishing again resumes.
        """
        description = await self._examine(data)
        await self._patients.get(handle)
        return await self._publisher().publish(handle, data, description)

    async def amend(self, handle: str, record_id: str, data: bytes) -> Published:
        """Publishes a further version of a record.

        Raises:
            RefusedError: there is no such record here (``record-unknown``), or another version came first.
            FhirError, UnknownHandleError, BlobError, JournalError, TransactionError: as for `publish`.
        """
        description = await self._examine(data)
        await self._patients.get(handle)
        return await self._publisher().amend(handle, record_id, data, description)

    async def resume(self) -> Sequence[Published]:
        """Finishes the publications of this channel that a crash left unfinished."""
        return await self._publisher().resume()

    async def list(self, handle: str, *, custodian: str | None = None) -> tuple[RecordVersion, ...]:
        """The newest version of each record of a patient; `custodian` is the own institution unless named.

        Raises:
            RefusedError: the caller is neither the patient nor the custodian's own staff.
        """
        keeper = custodian or self._profile.msp_id
        reply = await self._ledger.evaluate("ehr:list", keeper, custodian=keeper, content={"handle": handle})
        return parse(RecordList, reply).records

    async def history(
        self, handle: str, record_id: str, *, custodian: str | None = None
    ) -> tuple[RecordVersion, ...]:
        """All versions of a record, oldest first; empty when there is none of that id.

        Raises:
            RefusedError: the caller is neither the patient, nor the custodian's own staff, nor an auditor.
        """
        keeper = custodian or self._profile.msp_id
        return (await history_of(self._ledger, keeper, handle, record_id)).versions

    async def read(
        self,
        code: PatientCode,
        *,
        purpose: str = "TREAT",
        record_ids: Sequence[str] = (),
        types: Sequence[str] = (),
        custodians: Sequence[str] = (),
        wait: float = DEFAULT_TIMEOUT,
    ) -> Sequence[Record]:
        """Asks the custodians that the patient's code names, and opens what they release.

        Every call is a request on the ledger, decided, answered and acknowledged. `wait` is in seconds.

        Raises:
            NotAvailableError: nothing is available; hidden, denied and absent look the same.
            AnswerPendingError: a custodian did not answer in time.
            BlobError, SealError: what was released cannot be opened.
        """
        return await self._reader.read(
            code, purpose=purpose, record_ids=record_ids, types=types, custodians=custodians, wait=wait
        )

    async def open(self, request: AccessRequest, outcome: Outcome) -> Sequence[Record]:
        """Opens what an outcome releases; the caller still owes the receipt (`Access.acknowledge`).

        Raises:
            BlobError, SealError: what was released cannot be opened.
        """
        return await self._reader.open(request, outcome)

    async def receive(self, request: AccessRequest, outcome: Outcome) -> Sequence[Record]:
        """Opens what the outcome of an earlier request releases, and writes the receipt.

        Raises:
            BlobError, SealError: what was released cannot be opened.
        """
        return await self._reader.receive(request, outcome)

    async def _examine(self, data: bytes) -> Classification:
        return await asyncio.to_thread(_examine, data)

    def _publisher(self) -> Publisher:
        home = self._profile.care.home
        return Publisher(
            self._ledger,
            self._own_blobs(),
            InstitutionKey.load(home),
            Journal(home, self._ledger.channel),
            self._profile.msp_id,
        )

    def _own_blobs(self) -> BlobStore:
        own = self._profile.care.blobs.get(self._profile.msp_id)
        if own is None or own.mirror is None:
            raise ProfileError(
                "The own institution has no two blob stores in the profile, so it cannot be a custodian."
            )
        return MirroredStore(FolderStore(own.primary), FolderStore(own.mirror))

    def _blobs_of(self, custodian: str) -> BlobStore:
        if custodian == self._profile.msp_id:
            return self._own_blobs()
        folders = self._profile.care.blobs.get(custodian)
        if folders is None:
            raise ProfileError(f"The profile does not say where {custodian} keeps its blobs.")
        return FolderStore(folders.primary)


def _examine(data: bytes) -> Classification:
    resource = fhir.read(data)
    fhir.check_one_patient(resource)
    return fhir.classify(resource)
