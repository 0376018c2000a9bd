"""Private keys of consents: version 1 is the grant, version 2 its revocation."""

from typing import Final

from care_rules.keys import Key

CONSENT: Final = "consent"
GRANTED: Final = 1
REVOKED: Final = 2


def consent_key(tag: str, consent_id: str, version: int) -> Key:
    """Where a version of a patient's consent lies."""
    return CONSENT, (tag, consent_id, f"{version:08d}")


def consents_of(tag: str) -> Key:
    """The prefix of all consents of a patient."""
    return CONSENT, (tag,)
