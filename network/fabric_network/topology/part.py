"""What every part of a topology has in common."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict

HIDDEN = "<"
"""How the keys begin that `read` and the model add themselves; nobody writes one in a file by accident."""


class Part(BaseModel):
    """A frozen value with exactly the keys that its fields have."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_default=True)


def keys(part: type[Part]) -> list[str]:
    """The keys that `part` has in a file."""
    names = [str(field.validation_alias or name) for name, field in part.model_fields.items()]
    return [name for name in names if not name.startswith(HIDDEN)]
