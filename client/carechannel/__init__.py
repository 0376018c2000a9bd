"""Share health records under the patient's own consent over a Hyperledger Fabric consortium."""

from carechannel.client import CareChannel
from carechannel.code import PatientCode
from carechannel.consents import draft as draft_consent
from carechannel.consortium import Consortium
from carechannel.errors import CareChannelError
from carechannel.identity import Identity
from carechannel.profile import Profile
from carechannel.publishing import Published
from carechannel.reading import Record
from carechannel.wallet import Wallet

__all__ = [
    "CareChannel",
    "CareChannelError",
    "Consortium",
    "Identity",
    "PatientCode",
    "Profile",
    "Published",
    "Record",
    "Wallet",
    "draft_consent",
]
