"""Make fabric-sdk-py (hfc) 1.0.0 run under today's Python, protobuf and cryptography.

`prepare()` has to be called before anything of hfc is imported; the other modules here that import hfc do so.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import logging
import sys
from types import ModuleType

from cryptography.hazmat.primitives.asymmetric import ec

from carechannel.sdk import _protos
from carechannel.sdk.errors import SdkMissingError

DISTRIBUTION = "fabric-sdk-py"
VERSION = "1.0.0"
RECIPE = (
    "Install it with uv: add the dependency carechannel[sdk] to your project, put\n"
    '    override-dependencies = ["pysha3 ; python_version < \'3.6\'", "requests>=2.32"]\n'
    "under [tool.uv] in its pyproject.toml, and run: uv sync"
)


def prepare() -> None:
    """Check that hfc is here in the version known to work, and mend what is old in it.

    Raises `SdkMissingError` with the recipe for installing it.
    """
    try:
        found = importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError as error:
        raise SdkMissingError(f"{DISTRIBUTION} {VERSION} is not installed. {RECIPE}") from error
    if found != VERSION:
        raise SdkMissingError(f"{DISTRIBUTION} {found} is installed, but only {VERSION} works here. {RECIPE}")
    _provide_sha256_module()
    _protos.install()
    _use_curve_instances()
    # hfc writes whole CA replies, enrolment secrets included, to its log at DEBUG.
    logging.getLogger("hfc.fabric_ca").setLevel(logging.INFO)


def _provide_sha256_module() -> None:
    """Python 3.12 folded `_sha256`, which hfc imports, into another private module."""
    if "_sha256" not in sys.modules and importlib.util.find_spec("_sha256") is None:
        module = ModuleType("_sha256")
        vars(module)["sha256"] = hashlib.sha256
        sys.modules["_sha256"] = module


def _use_curve_instances() -> None:
    """hfc gives `ec.generate_private_key` a curve class; cryptography 46 and later want an instance."""
    from hfc.util.crypto import crypto  # noqa: PLC0415 - hfc may only be imported once it is prepared

    def generate_private_key(self: crypto.Ecies) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(self.curve())

    crypto.Ecies.generate_private_key = generate_private_key
