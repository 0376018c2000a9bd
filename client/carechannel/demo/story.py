"""The story, step by step: every outcome is checked, and one that is not as it must be ends it."""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

from carechannel import fhir
from carechannel.audit import Disclosure
from carechannel.consents import draft
from carechannel.demo.cast import HOME, OTHER, OUTSIDER, REGULATOR, Cast
from carechannel.demo.step import Steps, insist
from carechannel.errors import NotAvailableError
from carechannel.publishing import Published
from carechannel.wallet import Wallet, enrol, invite

T = TypeVar("T")

PURPOSE = "TREAT"
EXPECTED = ((OTHER, "deny"), (OTHER, "permit"), (OUTSIDER, "deny"), (OTHER, "deny"))
"""Who asks in the story, in order, and what must be decided."""


class Story:
    """A fresh patient of the first hospital, a record, four requests, a consent, and an audit."""

    def __init__(self, cast: Cast, folder: Path, data: bytes, steps: Steps):
        self._cast = cast
        self._folder = folder
        self._data = data
        self._steps = steps
        self._custodian = cast.profile(HOME).msp_id
        self._reader = cast.profile(OTHER).msp_id

    async def run(self) -> Sequence[Disclosure]:
        """Plays it; returns the audit's entries.

        Raises:
            FhirError: the content cannot be published; nothing was done.
            UnknownConsortiumError: not all who play are members of it; nothing was done.
            StoryError: a step did not come out as it must.
            CareChannelError: a step failed.
        """
        fhir.check_one_patient(fhir.read(self._data))
        for organization in (HOME, OTHER, OUTSIDER, REGULATOR):
            self._cast.profile(organization).consortium(self._cast.consortium)
        take = self._steps.take
        wallet = await take("The patient enrols at Hospital A", self._enrol)
        published = await take("Hospital A publishes the record", lambda: self._publish(wallet))
        await take("Hospital B asks, without consent", lambda: self._ask_in_vain(wallet, OTHER))
        consent_id = await take("The patient permits treatment at Hospital B", lambda: self._grant(wallet))
        await take("Hospital B asks again", lambda: self._read(wallet))
        await take("The clinic asks, not named in it", lambda: self._ask_in_vain(wallet, OUTSIDER))
        await take("The patient revokes", lambda: self._revoke(wallet, consent_id))
        await take("Hospital B asks once more", lambda: self._ask_in_vain(wallet, OTHER))
        return await take("The regulator's auditor checks", lambda: self._audit(wallet, published))

    async def _enrol(self) -> tuple[Wallet, str]:
        profile = self._cast.profile(HOME)
        ticket = invite(profile, self._cast.staff(HOME, "registrar"))
        wallet = Wallet.create(self._folder, self._cast.consortium, profile.msp_id)
        enrol(profile, wallet, ticket)
        async with self._cast.connect(HOME, wallet.identity()) as care:
            bound = await care.consortium(self._cast.consortium).patients.bind(wallet.handle)
        return wallet, f"own key, random handle; block {bound.block_number}"

    async def _publish(self, wallet: Wallet) -> tuple[Published, str]:
        resource = fhir.read(self._data)
        count = sum(1 for _ in fhir.walk(resource.tree)) - 1
        what = f"{resource.type} of {count} resources" if count else resource.type
        async with self._cast.connect(HOME, "registrar") as care:
            records = care.consortium(self._cast.consortium).records
            published = await records.publish(wallet.handle, self._data)
        return published, f"{what}, {len(self._data)} bytes, sealed; block {published.block_number}"

    async def _grant(self, wallet: Wallet) -> tuple[str, str]:
        consent = draft(wallet.handle, institutions=[self._reader], purposes=[PURPOSE])
        async with self._cast.connect(HOME, wallet.identity()) as care:
            consents = care.consortium(self._cast.consortium).consents
            granted = await consents.grant(wallet.handle, consent, custodian=self._custodian)
        return str(consent["id"]), f"signed with the patient's own key; block {granted.block_number}"

    async def _revoke(self, wallet: Wallet, consent_id: str) -> tuple[None, str]:
        async with self._cast.connect(HOME, wallet.identity()) as care:
            consents = care.consortium(self._cast.consortium).consents
            revoked = await consents.revoke(wallet.handle, consent_id, custodian=self._custodian)
        return None, f"signed with the patient's own key; block {revoked.block_number}"

    async def _read(self, wallet: Wallet) -> tuple[None, str]:
        async with self._cast.connect(OTHER, "practitioner") as care:
            records = await care.consortium(self._cast.consortium).records.read(
                wallet.code(), purpose=PURPOSE
            )
        insist(len(records) == 1, f"{len(records)} records came instead of one")
        digest = hashlib.sha256(records[0].data).hexdigest()
        insist(digest == hashlib.sha256(self._data).hexdigest(), "The record came with other bytes")
        return None, f"read, the same {len(records[0].data)} bytes: sha256 {digest[:16]}…"

    async def _ask_in_vain(self, wallet: Wallet, organization: str) -> tuple[None, str]:
        async with self._cast.connect(organization, "practitioner") as care:
            records = care.consortium(self._cast.consortium).records
            refused = await _is_refused(lambda: records.read(wallet.code(), purpose=PURPOSE))
        insist(refused, "A record came without consent")
        return None, "not available"

    async def _audit(self, wallet: Wallet, published: Published) -> tuple[Sequence[Disclosure], str]:
        async with self._cast.connect(REGULATOR, "auditor") as care:
            audit = care.consortium(self._cast.consortium).audit
            entries = await audit.disclosures(self._custodian, handle=wallet.handle)
            versions = await audit.history(self._custodian, wallet.handle, published.record_id)
        checked = [*entries, *versions]
        insist(all(entry.verified for entry in checked), "An audit entry does not agree with its block")
        insist(
            [entry.transaction_id for entry in versions] == [published.transaction_id],
            "The record's history is not its one publication",
        )
        told = [(self._cast.profile(who).msp_id, decision) for who, decision in EXPECTED]
        insist(decisions(entries) == told, "The audit tells another story")
        return checked, f"{len(checked)} entries, each equal to the hash in its block"


def decisions(entries: Sequence[Disclosure]) -> list[tuple[str, str]]:
    """Of an audit, who asked (MSP ID) and what was decided, in the order of the requests' blocks."""
    asked = {}
    decided = {}
    for entry in entries:
        requester = entry.details.get("requester")
        if entry.kind == "request" and isinstance(requester, dict):
            asked[entry.request_id] = (entry.block_number, str(requester.get("msp_id")))
        if entry.kind == "decision":
            decided[entry.request_id] = str(entry.details.get("decision"))
    ordered = sorted(
        (block, msp_id, decided.get(request_id, "none")) for request_id, (block, msp_id) in asked.items()
    )
    return [(msp_id, decision) for _, msp_id, decision in ordered]


async def _is_refused(action: Callable[[], Awaitable[T]]) -> bool:
    try:
        await action()
    except NotAvailableError:
        return True
    return False
