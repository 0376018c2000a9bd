"""FS102."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from fabric_shim.check.module import Module
from fabric_shim.check.rule import ForbiddenNames, Place, at


class Randomness(ForbiddenNames):
    """Random numbers."""

    code = "FS102"
    name = "randomness"
    reason = (
        "Each endorser draws another number, so their results differ and the transaction is not endorsed."
    )
    fix = (
        "Let the client choose the value and pass it (private: in a transient field), or derive it from "
        "ctx.stub.get_tx_id()."
    )
    bad = """
import secrets

async def draw(ctx, key: str) -> None:
    ticket = secrets.token_hex(16)  # FS102
    await ctx.stub.put_state(key, ticket.encode())
"""
    good = """
async def draw(ctx, key: str) -> None:
    ticket = ctx.stub.get_tx_id()
    await ctx.stub.put_state(key, ticket.encode())
"""
    forbidden = (
        (
            "is random: another value on each endorser",
            "random. secrets. os.urandom os.getrandom ssl.RAND_bytes numpy.random. Crypto.Random. "
            "Cryptodome.Random. nacl.utils.random",
        ),
        (
            "makes a random key: another one on each endorser",
            "cryptography.hazmat.primitives.ciphers.aead.AESGCM.generate_key "
            "cryptography.hazmat.primitives.ciphers.aead.ChaCha20Poly1305.generate_key "
            "cryptography.fernet.Fernet.generate_key "
            "cryptography.hazmat.primitives.asymmetric.ec.generate_private_key "
            "cryptography.hazmat.primitives.asymmetric.rsa.generate_private_key",
        ),
    )

    allowed = frozenset({"secrets.compare_digest"})

    def check(self, module: Module) -> Iterator[Place]:
        """Find every use; a generator of one's own that is given its seed is no chance."""
        for node, name in module.named:
            made = module.names.parents.get(node)
            seeded = name == "random.Random" and isinstance(made, ast.Call) and _has_seed(made)
            if name.startswith("random.Random().") or seeded:
                continue
            if (what := self.forbids(name)) is not None:
                yield at(module, node, f"{name} {what}.")


def _has_seed(made: ast.Call) -> bool:
    seeds = (*made.args, *(keyword.value for keyword in made.keywords))
    return any(not (isinstance(seed, ast.Constant) and seed.value is None) for seed in seeds)
