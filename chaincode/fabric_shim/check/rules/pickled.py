"""FS108."""

from __future__ import annotations

from fabric_shim.check.rule import ForbiddenNames


class Pickled(ForbiddenNames):
    """Pickle and marshal."""

    code = "FS108"
    name = "pickle"
    reason = (
        "Their bytes depend on the Python version and on object identity, so endorsers may write different "
        "values; and reading them runs whatever code somebody has put into the ledger."
    )
    fix = (
        "Write canonical JSON: contract results do so by themselves; otherwise json.dumps(value, "
        "sort_keys=True)."
    )
    bad = """
import pickle

async def keep(ctx, key: str, names: list[str]) -> None:
    await ctx.stub.put_state(key, pickle.dumps(names))  # FS108
"""
    good = """
import json

async def keep(ctx, key: str, names: list[str]) -> None:
    await ctx.stub.put_state(key, json.dumps(names, sort_keys=True).encode())
"""
    forbidden = (
        (
            "has bytes that depend on the Python version, and runs code when read",
            "pickle. _pickle. marshal. shelve. dill. cloudpickle. joblib. jsonpickle.",
        ),
    )
    allowed = frozenset({"pickle.PickleError", "pickle.PicklingError", "pickle.UnpicklingError"})
