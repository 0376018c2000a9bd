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


def test_importing_ours_brings_in_neither_hfc_nor_hooks() -> None:
    program = """
import logging, sys
finders = list(sys.meta_path)
import carechannel, carechannel.sdk, fabric_gateway
from carechannel.sdk import _hfc, _protos, renewal
print(sys.meta_path == finders, [n for n in sys.modules if n == "hfc" or n.startswith("hfc.")],
      [n for n in logging.root.manager.loggerDict if n.startswith("hfc")])
"""
    assert run_python(program) == "True [] []"


def test_what_preparing_changes_in_the_process_is_what_the_page_names() -> None:
    program = """
import builtins, logging, sys
import cryptography.x509, google.protobuf.descriptor_pool, fabric_protos.common.common_pb2
from carechannel.sdk import _hfc
from cryptography.hazmat.primitives.asymmetric import ec
before = (list(sys.meta_path), list(sys.path), list(sys.path_hooks), vars(ec).copy(), vars(builtins).copy())
_hfc.prepare()
first = list(sys.meta_path)
_hfc.prepare()
# six, which hfc imports, has a finder of its own.
added = [each for each in sys.meta_path if each not in before[0] and type(each).__module__ != "six"]
print([type(each).__name__ for each in added], first == sys.meta_path, sys.path == before[1],
      sys.path_hooks == before[2], vars(ec) == before[3], vars(builtins) == before[4],
      logging.getLogger("hfc").level, logging.getLogger().handlers)
finder = added[0]
others = ["hfc", "hfc.protos", "hfc.fabric", "x_pb2", "fabric_protos.common.common_pb2",
          "google.protobuf.any_pb2", "hfcx.protos.a_pb2"]
print([finder.find_spec(name, None) for name in others])
"""
    first, second = run_python(program).splitlines()
    assert first == "['_Finder'] True True True True True 0 []"
    assert second == str([None] * 7)


def test_first_use_by_many_threads_at_once() -> None:
    program = """
import sys
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
sys.setswitchinterval(1e-6)
together = Barrier(12)
from carechannel.sdk import _hfc
names = ["common.common", "peer.chaincode", "peer.transaction", "orderer.ab", "discovery.protocol",
         "msp.identities"]
import importlib
def use(number):
    together.wait()
    _hfc.prepare()
    module = importlib.import_module(f"hfc.protos.{names[number % 6]}_pb2")
    return bool(module.DESCRIPTOR.message_types_by_name)
with ThreadPoolExecutor(12) as pool:
    told = list(pool.map(use, range(12)))
print(all(told), len([f for f in sys.meta_path if type(f).__name__ == "_Finder"]))
"""
    assert {run_python(program) for _ in range(3)} == {"True 1"}


def test_a_hfc_that_lacks_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    program = """
import sys
sys.modules["hkdf"] = None
from carechannel.sdk import SdkMissingError, _hfc
try:
    _hfc.prepare()
except SdkMissingError as error:
    print(error)
"""
    assert "not all that it needs" in run_python(program)


def test_a_module_of_hfc_without_a_descriptor(tmp_path: Path) -> None:
    program = f"""
from carechannel.sdk._protos import _serialized_descriptor
from pathlib import Path
source = Path({str(tmp_path)!r}) / "x_pb2.py"
source.write_text("DESCRIPTOR = 1")
try:
    _serialized_descriptor(source)
except ImportError as error:
    print(error)
"""
    assert "not the hfc that is known here" in run_python(program)


def test_protobuf_is_the_fast_one_and_both_pools_serve_it() -> None:
    program = (
        PREPARE
        + OURS
        + THEIRS
        + """
from google.protobuf.internal import api_implementation
pools = [each.ChannelHeader.DESCRIPTOR.file.pool for each in (ours, theirs)]
print(api_implementation.Type(), pools[0] is pools[1])
"""
    )
    assert run_python(program) == "upb False"


def test_key_generation_of_hfc() -> None:
    program = (
        PREPARE + "from hfc.util.crypto.crypto import ecies; print(ecies().generate_private_key().curve.name)"
    )
    assert run_python(program) == "secp256r1"


def test_secrets_do_not_reach_the_log_of_hfc() -> None:
    _hfc.prepare()
    _hfc.prepare()
    for name in ("caservice", "identityService", "affiliationService", "certificateService"):
        logger = logging.getLogger(f"hfc.fabric_ca.{name}")
        logger.setLevel(logging.DEBUG)
        assert len(logger.filters) == 1
        assert not logger.filter(logging.makeLogRecord({"levelno": logging.DEBUG}))
        assert logger.filter(logging.makeLogRecord({"levelno": logging.WARNING}))


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
