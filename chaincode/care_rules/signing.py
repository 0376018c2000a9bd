"""The exact bytes that a patient's key signs, so that a signature serves one thing at one place only."""

from care_rules.canonical import Json, canonical_json


def consent_grant(channel: str, custodian: str, consent: Json) -> bytes:
    """What the patient signs to grant a consent to one custodian on one channel."""
    return canonical_json({"channel": channel, "custodian": custodian, "consent": consent})


def consent_revoke(channel: str, custodian: str, consent_id: str) -> bytes:
    """What the patient signs to revoke a consent at one custodian."""
    return canonical_json({"channel": channel, "custodian": custodian, "revoke": consent_id})


def rebind(channel: str, handle: str, public_key: str, version: int) -> bytes:
    """What the new key signs to be bound to a handle; `public_key` is its SPKI DER in base64."""
    return canonical_json(
        {"channel": channel, "handle": handle, "public_key": public_key, "version": version}
    )
