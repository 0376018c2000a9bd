"""One consortium, as one identity sees it."""

from __future__ import annotations

from carechannel.access import Access
from carechannel.agent import KeyAgent
from carechannel.audit import Audit
from carechannel.consents import Consents
from carechannel.identity import Identity
from carechannel.institutions import Institutions
from carechannel.ledger import Gateways, Ledger
from carechannel.patients import Patients
from carechannel.profile import Profile
from carechannel.records import Records


class Consortium:
    """Made by `CareChannel.consortium`; everything in it goes over the consortium's own channel."""

    def __init__(self, profile: Profile, identity: Identity, gateways: Gateways, name: str):
        self._profile = profile
        self._ledger = Ledger(profile, identity, gateways, name)
        self.name = name
        self.msp_id = profile.msp_id
        self.institutions = Institutions(self._ledger, profile)
        self.patients = Patients(self._ledger)
        self.consents = Consents(self._ledger)
        self.access = Access(self._ledger)
        self.records = Records(self._ledger, profile, self.patients, self.access)
        self.audit = Audit(self._ledger)

    def key_agent(self) -> KeyAgent:
        """The agent that answers requests to the own institution; the identity is its ``node``.

        Raises:
            InstitutionKeyError: the institution has no key yet.
        """
        return KeyAgent(self._ledger, self._profile)
