"""Members of a consortium: each registers itself, and the others approve."""

from __future__ import annotations

import base64
import secrets
from typing import Final

from care_rules.canonical import canonical_json

from carechannel.crypto import InstitutionKey
from carechannel.errors import RefusedError
from carechannel.ledger import Committed, Ledger
from carechannel.profile import Profile
from carechannel.replies import CustodyStatus, Institution, parse
from carechannel.replies import Institutions as InstitutionList

_PEPPER_SIZE: Final = 32


class Institutions:
    """The members' entries on the channel, public to all of them."""

    def __init__(self, ledger: Ledger, profile: Profile):
        self._ledger = ledger
        self._profile = profile

    async def list(self) -> tuple[Institution, ...]:
        """All registered institutions, by MSP ID."""
        return parse(InstitutionList, await self._ledger.evaluate("institutions:list")).institutions

    async def get(self, msp_id: str) -> Institution:
        """One institution.

        Raises:
            RefusedError: it is not registered (``institution-unknown``).
        """
        return parse(Institution, await self._ledger.evaluate("institutions:get", msp_id))

    async def join(self) -> tuple[Committed, ...]:
        """Registers the own institution as the profile describes it, and opens its custody if it runs a peer.

        Makes the institution's HPKE key where there is none. What is done already is not done again: the
        transactions that were needed are returned. The caller is the institution's administrator.

        Raises:
            RefusedError: the caller's certificate does not allow it.
        """
        msp_id = self._profile.msp_id
        member = self._profile.consortium(self._ledger.channel).members[msp_id]
        key = InstitutionKey.load_or_create(self._profile.care.home)
        wanted = (member.name, member.role, member.jurisdiction, key.public_key)
        done: tuple[Committed, ...] = ()
        known = await self._own_entry()
        if known is None or (known.name, known.role, known.jurisdiction, known.hpke_public_key) != wanted:
            names = ("name", "role", "jurisdiction", "hpke_public_key")
            entry = canonical_json(dict(zip(names, wanted, strict=True))).decode()
            done += (await self._ledger.submit("institutions:register", entry),)
        if member.peer is not None and not await self._custody_is_open(msp_id):
            pepper = base64.b64encode(secrets.token_bytes(_PEPPER_SIZE)).decode()
            opened = await self._ledger.submit(
                "institutions:open_custody", msp_id, custodian=msp_id, content={"pepper": pepper}
            )
            done += (opened,)
        return done

    async def approve(self, msp_id: str) -> Committed:
        """Approves another institution's entry as it stands; the caller is an administrator.

        Raises:
            RefusedError: not registered, approved before (``already-approved``), or not for the caller to do.
        """
        entry = await self.get(msp_id)
        return await self._ledger.submit("institutions:approve", msp_id, entry.digest)

    async def approve_all(self) -> dict[str, Committed]:
        """Approves every institution that the own one has not approved yet; what was done, by MSP ID."""
        own = self._profile.msp_id
        return {
            entry.msp_id: await self._ledger.submit("institutions:approve", entry.msp_id, entry.digest)
            for entry in await self.list()
            if entry.msp_id != own and own not in entry.approvals
        }

    async def _own_entry(self) -> Institution | None:
        try:
            return await self.get(self._profile.msp_id)
        except RefusedError as error:
            if error.code != "institution-unknown":
                raise
        return None

    async def _custody_is_open(self, msp_id: str) -> bool:
        reply = await self._ledger.evaluate("institutions:custody_status", msp_id, custodian=msp_id)
        return parse(CustodyStatus, reply).open
