"""What a custodian's secret, the pepper, is for: tags, salts and findings.

The pepper is 32 random bytes that only the custodian's own peers hold. Blocks carry the plain SHA-256 of
every private key and value, so a private key names its patient by a keyed tag, and every private value
carries a salt that nobody else can compute.

A finding is a statement about private state that a read-only call at the custodian made, with the custodian's
HMAC. A submitted function takes it in place of reading that state itself: each private key that a transaction
reads stands, as a hash, in the block and would tie the transaction to the one that wrote the key.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping
from typing import Final

from care_rules.canonical import Json, canonical_json, parse_json
from care_rules.errors import FindingInvalidError, InputInvalidError
from care_rules.fields import Fields

PEPPER_BYTES: Final = 32
FINDING_LIMIT: Final = 1024 * 1024


def patient_tag(pepper: bytes, handle: str) -> str:
    """The name of a patient in the custodian's private keys (64 hex digits)."""
    return _mac(pepper, b"patient", handle.encode())


def salt(pepper: bytes, transaction_id: str, key: str) -> str:
    """The salt of the value that a transaction writes under a key: equal on all of the custodian's peers."""
    return _mac(pepper, b"salt", transaction_id.encode() + b"\0" + key.encode())


def seal_finding(pepper: bytes, kind: str, statement: Mapping[str, Json]) -> str:
    """The finding that states something of a kind: base64url of its canonical JSON, a dot, the MAC in hex."""
    body = canonical_json({"kind": kind, "statement": statement})
    return f"{base64.urlsafe_b64encode(body).decode()}.{_mac(pepper, b'finding', body)}"


def open_finding(pepper: bytes, kind: str, finding: str) -> Fields:
    """The statement of a finding of that kind, ready to be read.

    Raises:
        FindingInvalidError: not made with this pepper, or of another kind.
    """
    body, _, mac = finding.partition(".")
    try:
        data = base64.b64decode(body, altchars=b"-_", validate=True)
        genuine = hmac.compare_digest(_mac(pepper, b"finding", data).encode(), mac.encode())
        value = parse_json(data, limit=FINDING_LIMIT) if genuine else None
    except (binascii.Error, ValueError, InputInvalidError):
        value = None
    if not isinstance(value, dict) or value.get("kind") != kind:
        raise FindingInvalidError("The finding is not one of this custodian about this; fetch it again.")
    return Fields.of(value["statement"], "finding", invalid=FindingInvalidError, unknown=FindingInvalidError)


def _mac(pepper: bytes, use: bytes, message: bytes) -> str:
    return hmac.new(pepper, use + b"\0" + message, hashlib.sha256).hexdigest()
