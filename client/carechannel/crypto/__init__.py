"""Sealing records, sealing keys to institutions, and patients' signatures."""

from carechannel.crypto.institution_key import InstitutionKey
from carechannel.crypto.record import RecordContext, SealedContent, Secret, open_content, seal_content
from carechannel.crypto.sign import sign, verify

__all__ = [
    "InstitutionKey",
    "RecordContext",
    "SealedContent",
    "Secret",
    "open_content",
    "seal_content",
    "sign",
    "verify",
]
