"""hfc 1.0.0 under today's Python, protobuf and cryptography, beside the official Fabric messages."""

from __future__ import annotations

import importlib.metadata
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from carechannel.sdk import CertificateAuthority, SdkMissingError, _hfc


def run_python(program: str) -> str:
    """In a process of its own, for imports are for ever."""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


PREPARE = "from carechannel.sdk import _hfc; _hfc.prepare()\n"
OURS = """
from fabric_protos.common import common_pb2 as ours
from fabric_protos.peer import chaincode_event_pb2
"""
THEIRS = """
from hfc.protos.common import common_pb2 as theirs
from hfc.protos.peer import chaincode_event_pb2 as events
"""
EXCHANGE = """
sent = theirs.ChannelHeader(type=theirs.ENDORSER_TRANSACTION, channel_id="c")
sent.timestamp.seconds = 5
got = ours.ChannelHeader.FromString(sent.SerializeToString())
print(got.channel_id, got.timestamp.seconds, got.type == ours.ENDORSER_TRANSACTION, theirs.HeaderType.Name(3))
"""


@pytest.mark.parametrize("imports", [OURS + PREPARE + THEIRS, PREPARE + THEIRS + OURS])
def test_both_kinds_of_messages_live_in_one_process(imports: str) -> None:
    assert run_python(imports + EXCHANGE) == "c 5 True ENDORSER_TRANSACTION"


def test_map_fields_and_all_modules() -> None:
    assert (
        run_python(
            PREPARE
            + """
import importlib, pkgutil
import hfc.protos
names = [m.name for m in pkgutil.walk_packages(hfc.protos.__path__, "hfc.protos.") if m.name.endswith("_pb2")]
for name in names:
    importlib.import_module(name)
from hfc.protos.peer.chaincode_pb2 import ChaincodeInput
message = ChaincodeInput(args=[b"f"], decorations={"k": b"v"})
print(len(names) > 30, dict(ChaincodeInput.FromString(message.SerializeToString()).decorations))
"""
        )
        == "True {'k': b'v'}"
    )


def test_whole_client_of_hfc_can_be_imported() -> None:
    program = PREPARE + OURS + "from hfc.fabric import Client\nprint(Client.__name__)"
    assert run_python(program) == "Client"


def test_module_that_python_3_12_dropped() -> None:
    program = (
        """
import importlib.util
find = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "_sha256" else find(name, package)
"""
        + PREPARE
        + PREPARE
        + "from _sha256 import sha256; print(sha256(b'').hexdigest()[:8])"
    )
    assert run_python(program) == "e3b0c442"


def test_key_generation_of_hfc() -> None:
    program = (
        PREPARE + "from hfc.util.crypto.crypto import ecies; print(ecies().generate_private_key().curve.name)"
    )
    assert run_python(program) == "secp256r1"


def test_secrets_do_not_reach_the_log_of_hfc() -> None:
    _hfc.prepare()
    assert not logging.getLogger("hfc.fabric_ca.caservice").isEnabledFor(logging.DEBUG)


def test_without_hfc_the_recipe_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_name: str) -> str:
        raise importlib.metadata.PackageNotFoundError

    monkeypatch.setattr(importlib.metadata, "version", missing)
    with pytest.raises(SdkMissingError, match=r"override-dependencies") as error:
        CertificateAuthority("https://127.0.0.1:1", Path("root.pem"))
    assert error.value.code == "sdk-missing"


def test_another_version_of_hfc_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.metadata, "version", lambda _name: "0.9.0")
    with pytest.raises(SdkMissingError, match=r"0\.9\.0 is installed, but only 1\.0\.0"):
        _hfc.prepare()


def test_package_can_be_imported_without_hfc() -> None:
    program = """
import sys
sys.modules["hfc"] = None
import carechannel.sdk
print("ok")
"""
    assert run_python(program) == "ok"
