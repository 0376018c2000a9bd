"""The patient code: what a patient hands to a second institution, as text or as a QR code.

``care1.`` followed by the unpadded base64url (RFC 4648 section 5) of canonical JSON with the channel ``c``,
the patient's handle there ``h`` and the MSP IDs ``m`` of the institutions that keep records of the patient.
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import Final, Self

from care_rules.canonical import canonical_json, parse_json
from care_rules.errors import InputInvalidError
from care_rules.fields import HANDLE, MSP_ID

from carechannel.errors import PatientCodeError

_PREFIX: Final = "care1."
_MAX_CUSTODIANS: Final = 100


@dataclass(frozen=True, slots=True)
class PatientCode:
    """Where a patient's records are, and under which handle."""

    channel: str
    handle: str = field(repr=False)
    custodians: tuple[str, ...]

    def __str__(self) -> str:
        content = canonical_json({"c": self.channel, "h": self.handle, "m": list(self.custodians)})
        return _PREFIX + base64.urlsafe_b64encode(content).rstrip(b"=").decode()

    @classmethod
    def parse(cls, text: str) -> Self:
        """Reads a code.

        Raises:
            PatientCodeError: the text is none.
        """
        encoded = text.strip()
        if not encoded.startswith(_PREFIX):
            raise PatientCodeError(f"A patient code starts with {_PREFIX!r}; this text does not.")
        encoded = encoded.removeprefix(_PREFIX)
        try:
            content = parse_json(
                base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
            )
        except (binascii.Error, ValueError, InputInvalidError) as error:
            raise PatientCodeError("The patient code is damaged; let the patient show it again.") from error
        match content:
            case {"c": str(channel), "h": str(handle), "m": [*members], **others} if not others:
                custodians = tuple(str(member) for member in members)
                named = 0 < len(custodians) <= _MAX_CUSTODIANS and all(map(MSP_ID.fullmatch, custodians))
                if named and HANDLE.fullmatch(handle) and channel:
                    return cls(channel, handle, custodians)
        raise PatientCodeError("The patient code is damaged; let the patient show it again.")
