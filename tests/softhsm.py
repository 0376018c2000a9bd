"""A hardware security module in software: SoftHSM2, with tokens of this test run.

Debian's package softhsm2 (module and softhsm2-util) is needed. The module reads its settings when it is
loaded, once in a process: so all tests of one process share the tokens that are made here.
"""

from __future__ import annotations

import atexit
import os
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pkcs11
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from pkcs11 import Attribute, KeyType, Mechanism
from pkcs11.util.ec import encode_named_curve_parameters

from tests.tools import needed, softhsm_module

MODULE = needed(softhsm_module(), "SoftHSM2")
PIN = "pin-4711-hospital"
TOKEN = "hospital"
"""Label of the token with the keys."""
TWINS = "twins"
"""Label that two tokens have."""

PublicKey = ec.EllipticCurvePublicKey | ed25519.Ed25519PublicKey


@dataclass(frozen=True)
class SoftHsm:
    """Where the tokens lie; removed at the end of the process."""

    settings: Path
    tokens: Path

    def environment(self) -> dict[str, str]:
        return {**os.environ, "SOFTHSM2_CONF": str(self.settings)}

    def slots(self, label: str) -> list[int]:
        return [token.slot.slot_id for token in pkcs11.lib(str(MODULE)).get_tokens(token_label=label)]

    def add_key(self, label: str, kind: str, id: bytes | None = None) -> PublicKey:
        """Make a key pair in the token: secp256r1, secp384r1 or ed25519. It cannot be taken out."""
        token = pkcs11.lib(str(MODULE)).get_token(token_label=TOKEN)
        with token.open(rw=True, user_pin=PIN) as session:
            edwards = kind == "ed25519"
            parameters = session.create_domain_parameters(
                KeyType.EC_EDWARDS if edwards else KeyType.EC,
                {Attribute.EC_PARAMS: encode_named_curve_parameters("1.3.101.112" if edwards else kind)},
                local=True,
            )
            public, _ = parameters.generate_keypair(
                mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN if edwards else Mechanism.EC_KEY_PAIR_GEN,
                store=True,
                label=label,
                id=id or label.encode(),
            )
            point = bytes(public[Attribute.EC_POINT])[2:]
        if edwards:
            return ed25519.Ed25519PublicKey.from_public_bytes(point)
        curve = ec.SECP256R1() if kind == "secp256r1" else ec.SECP384R1()
        return ec.EllipticCurvePublicKey.from_encoded_point(curve, point)


@cache
def softhsm() -> SoftHsm:
    """The module of this process, with a token that has keys to be made and two that have the same label."""
    if not MODULE.is_file() or shutil.which("softhsm2-util") is None:
        raise AssertionError("SoftHSM2 is missing: apt-get install softhsm2")
    folder = Path(tempfile.mkdtemp(prefix="softhsm-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    made = SoftHsm(folder / "softhsm2.conf", folder / "tokens")
    made.tokens.mkdir()
    made.settings.write_text(
        f"directories.tokendir = {made.tokens}\nobjectstore.backend = file\nlog.level = ERROR\n"
    )
    os.environ["SOFTHSM2_CONF"] = str(made.settings)
    for label in (TOKEN, TWINS, TWINS):
        subprocess.run(
            [
                "softhsm2-util",
                "--init-token",
                "--free",
                *("--label", label, "--pin", PIN, "--so-pin", "security-officer"),
            ],
            check=True,
            capture_output=True,
        )
    return made
