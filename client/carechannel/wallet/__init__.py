"""The patient's own folder: key, certificate and handle of each consortium."""

from carechannel.wallet.enrolment import EnrolmentTicket, enrol, invite
from carechannel.wallet.wallet import Wallet

__all__ = ["EnrolmentTicket", "Wallet", "enrol", "invite"]
