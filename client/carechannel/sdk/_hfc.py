"""Make fabric-sdk-py (hfc) 1.0.0 run under today's Python, protobuf and cryptography.

`prepare()` has to be called before anything of hfc is imported; the other modules here that import hfc do so.
What it leaves changed in the process, all of which concerns hfc alone (`docs/sdk/install.md` lists it too):

1. on Python 3.12 and later, `sys.modules["_sha256"]`;
2. a finder in `sys.meta_path` that answers for `hfc.protos.*_pb2` only;
3. `hfc.util.crypto.crypto.Ecies.generate_private_key`;
4. a filter on the loggers `hfc.fabric_ca.*` that drops what is below INFO.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import importlib.util
import logging
import sys
import threading
from types import ModuleType

from cryptography.hazmat.primitives.asymmetric import ec

from carechannel.sdk import _protos
from carechannel.sdk.errors import SdkMissingError

DISTRIBUTION = "fabric-sdk-py"
VERSION = "1.0.0"
RECIPE = (
    "Install it with uv: add the dependency carechannel[sdk] to your project, put\n"
    '    override-dependencies = ["pysha3 ; python_version < \'3.6\'", "requests>=2.32"]\n'
    "under [tool.uv] in its pyproject.toml, and run: uv sync\n"
    "For plain pip see docs/sdk/install.md."
)
_LOGGERS = tuple(
    f"hfc.fabric_ca.{name}"
    for name in ("caservice", "identityService", "affiliationService", "certificateService")
)

_lock = threading.RLock()


def prepare() -> None:
    """Check that hfc is here in the version known to work, and mend what is old in it.

    May be called from any thread, any number of times. Raises `SdkMissingError` with the recipe for
    installing it; nothing is changed then.
    """
    try:
        found = importlib.metadata.version(DISTRIBUTION)
    except importlib.metadata.PackageNotFoundError as error:
        raise SdkMissingError(f"{DISTRIBUTION} {VERSION} is not installed. {RECIPE}") from error
    if found != VERSION:
        raise SdkMissingError(f"{DISTRIBUTION} {found} is installed, but only {VERSION} works here. {RECIPE}")
    with _lock:
        _provide_sha256_module()
        _protos.install()
        _use_curve_instances()
        _keep_secrets_out_of_the_log()


def _provide_sha256_module() -> None:
    """Python 3.12 folded `_sha256`, which hfc imports, into another private module."""
    if "_sha256" not in sys.modules and importlib.util.find_spec("_sha256") is None:
        module = ModuleType("_sha256")
        vars(module)["sha256"] = hashlib.sha256
        sys.modules["_sha256"] = module


def _use_curve_instances() -> None:
    """hfc gives `ec.generate_private_key` a curve class; cryptography 46 and later want an instance."""
    try:
        from hfc.util.crypto import crypto  # noqa: PLC0415 - hfc may only be imported once it is prepared
    except ImportError as error:
        raise SdkMissingError(
            f"{DISTRIBUTION} {VERSION} is installed, but not all that it needs: {error}. {RECIPE}"
        ) from error

    def generate_private_key(self: crypto.Ecies) -> ec.EllipticCurvePrivateKey:
        return ec.generate_private_key(self.curve())

    crypto.Ecies.generate_private_key = generate_private_key


def _keep_secrets_out_of_the_log() -> None:
    """hfc writes whole CA replies, enrolment secrets included, to its log at DEBUG.

    A level could be set back by an application that configures logging later; a filter stays.
    """
    for name in _LOGGERS:
        logging.getLogger(name).addFilter(_from_info_on)


def _from_info_on(record: logging.LogRecord) -> bool:
    return record.levelno >= logging.INFO
