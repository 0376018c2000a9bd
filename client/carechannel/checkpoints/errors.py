"""What goes wrong with checkpoints in a database, beyond :class:`fabric_gateway.CheckpointError` itself."""

from __future__ import annotations

from fabric_gateway import CheckpointError


class CheckpointTakenError(CheckpointError):
    """Another reader of the same name has begun since this one loaded its checkpoint. Nothing was saved."""

    code = "checkpoint-taken"
