"""The binding of a handle to the patient's public key: public state, and random in every part."""

from dataclasses import dataclass
from typing import Final

from care_rules.canonical import Json
from care_rules.fields import Fields
from care_rules.keys import Key

BINDING: Final = "binding"
PUBLIC_KEY_BYTES: Final = 256


@dataclass(frozen=True, slots=True)
class Binding:
    """``public_key`` is SPKI DER in base64, ``home`` the MSP ID that vouched first, ``version``
    counts the keys.
    """

    handle: str
    public_key: str
    home: str
    version: int
    bound_at: str

    def value(self) -> dict[str, Json]:
        """The JSON of the binding, as stored and as returned."""
        return {
            "handle": self.handle,
            "public_key": self.public_key,
            "home": self.home,
            "version": self.version,
            "bound_at": self.bound_at,
        }


def read_binding(value: Json) -> Binding:
    """A binding as it was stored."""
    with Fields.of(value, "binding") as fields:
        return Binding(
            fields.text("handle"),
            fields.text("public_key", limit=512),
            fields.text("home"),
            fields.integer("version", 1, 2**31),
            fields.text("bound_at"),
        )


def binding_key(handle: str) -> Key:
    """Where a handle's binding lies."""
    return BINDING, (handle,)
