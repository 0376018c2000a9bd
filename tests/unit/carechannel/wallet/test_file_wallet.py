"""The wallet of an institution's people and services."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
from carechannel.errors import (
    CareChannelError,
    EntryExistsError,
    IdentityError,
    UnknownEntryError,
    WalletError,
    WalletModeError,
    WalletPasswordError,
)
from carechannel.wallet import FileWallet, HardwareKey, Password
from carechannel.wallet.key_at_rest import COST, key_pem
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed
from fabric_gateway import signers
from fabric_gateway.errors import PinError

from tests.softhsm import MODULE, PIN, TOKEN, softhsm
from tests.unit.carechannel.certificates import pem
from tests.unit.carechannel.wallet.people import CA, CHEAP, PASSWORD, credentials, wallet


@pytest.mark.parametrize("kind", ["p256", "p384", "ed25519"])
async def test_what_is_put_signs(tmp_path: Path, kind: str) -> None:
    kept, given = wallet(tmp_path), credentials(kind)
    kept.put("it-admin", given)
    identity, signer = wallet(tmp_path).get("it-admin")
    assert (identity.msp_id, identity.certificate_pem) == ("HospitalAMSP", given.certificate_pem)
    assert signers.agreed_hash(identity, signer, None)
    digest = os.urandom(32)
    signature = await signer(digest)
    key = given.private_key.public_key()
    if isinstance(key, ed25519.Ed25519PublicKey):
        key.verify(signature, digest)
    else:
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))


def test_the_folder_is_the_owners_and_the_key_is_encrypted(tmp_path: Path) -> None:
    given = credentials()
    wallet(tmp_path).put("it-admin", given)
    (file,) = (tmp_path / "wallet").iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "wallet").stat().st_mode) == 0o700
    written = file.read_text()
    assert "PRIVATE KEY" not in written
    secret = key_pem(given.private_key).split(b"\n")[1]
    assert secret.decode() not in written
    assert json.loads(written)["key"]["sealed"]["cipher"] == "AES-256-GCM"


def test_a_password_costs_128_mebibytes_to_try_unless_told_otherwise(tmp_path: Path) -> None:
    FileWallet(tmp_path / "w", PASSWORD).put("a", credentials())
    sealed = json.loads((tmp_path / "w" / "a.id").read_text())["key"]["sealed"]
    assert (sealed["n"], sealed["r"], sealed["p"]) == (2**17, 8, 1)
    assert COST == 2**17


def test_list_and_remove_need_no_password(tmp_path: Path) -> None:
    kept = wallet(tmp_path)
    kept.put("b", credentials(name="bob"))
    kept.put("a", credentials("ed25519", "alice", timedelta(days=12, hours=1)))
    others = wallet(tmp_path, None)
    assert [(e.name, e.common_name, e.key_type, e.is_hardware) for e in others.list()] == [
        ("a", "alice", "Ed25519", False),
        ("b", "bob", "P-256", False),
    ]
    assert others.entry("a").remaining().days == 12
    others.remove("a")
    assert others.names() == ("b",)
    with pytest.raises(UnknownEntryError, match="has no entry a"):
        others.remove("a")
    with pytest.raises(UnknownEntryError, match="has no entry a"):
        others.get("a")


@pytest.mark.parametrize("password", [None, Password("wrong-4711")])
def test_a_key_needs_the_password(tmp_path: Path, password: Password | None) -> None:
    wallet(tmp_path).put("a", credentials())
    with pytest.raises(WalletPasswordError) as raised:
        wallet(tmp_path, password).get("a")
    assert "4711" not in str(raised.value)
    if password is None:
        with pytest.raises(WalletPasswordError):
            wallet(tmp_path, None).put("b", credentials())
        assert wallet(tmp_path).names() == ("a",)


def test_an_entry_is_replaced_only_if_asked(tmp_path: Path) -> None:
    kept, first, second = wallet(tmp_path), credentials(), credentials()
    kept.put("a", first)
    with pytest.raises(EntryExistsError, match="already"):
        kept.put("a", second)
    assert kept.entry("a").certificate_pem == first.certificate_pem
    kept.put("a", second, replace=True)
    assert kept.credentials("a").certificate_pem == second.certificate_pem


@pytest.mark.parametrize("name", ["Jürgen Groß", "病院-管理者", "o'neil@a.example", "a b", "x" * 200])
def test_names_of_any_script(tmp_path: Path, name: str) -> None:
    kept = wallet(tmp_path)
    kept.put(name, credentials())
    assert kept.names() == (name,)
    assert kept.get(name)


def test_composed_and_decomposed_letters_are_one_name_and_one_password(tmp_path: Path) -> None:
    FileWallet(tmp_path / "wallet", Password("caf\u00e9"), cost=CHEAP).put("Zo\u00eb", credentials())
    again = FileWallet(tmp_path / "wallet", Password("cafe\u0301"))
    assert again.get("Zoe\u0308")
    with pytest.raises(EntryExistsError):
        again.put("Zoe\u0308", credentials())


@pytest.mark.parametrize(
    "name",
    [
        "",
        ".",
        "..",
        ".hidden",
        "../escape",
        "a/b",
        "/etc/passwd",
        "a\\b",
        "a\0b",
        "a\nb",
        " a",
        "a ",
        "a\u202eb",
        "a\ud800",
        "x" * 201,
        "é" * 101,
    ],
)
def test_names_that_are_no_names(tmp_path: Path, name: str) -> None:
    kept = wallet(tmp_path)
    kept.put("a", credentials())
    for act in (kept.entry, kept.get, kept.remove, kept.credentials, lambda n: kept.put(n, credentials())):
        with pytest.raises(WalletError, match="A name in a wallet"):
            act(name)
    assert [path.name for path in tmp_path.rglob("*") if path.is_file()] == ["a.id"]


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o666, 0o601])
def test_an_entry_open_to_others_is_not_read(tmp_path: Path, mode: int) -> None:
    kept = wallet(tmp_path)
    kept.put("a", credentials())
    (tmp_path / "wallet" / "a.id").chmod(mode)
    for act in (kept.entry, kept.get):
        with pytest.raises(WalletModeError, match=f"mode {mode:04o}.*run: chmod 600 '.*a.id'"):
            act("a")


@pytest.mark.parametrize("mode", [0o750, 0o755, 0o701, 0o777])
def test_a_folder_open_to_others_is_not_used(tmp_path: Path, mode: int) -> None:
    kept = wallet(tmp_path)
    kept.put("a", credentials())
    (tmp_path / "wallet").chmod(mode)
    for act in (
        kept.names,
        kept.list,
        lambda: kept.get("a"),
        lambda: kept.remove("a"),
        lambda: kept.put("b", credentials()),
    ):
        with pytest.raises(WalletModeError, match=f"mode {mode:04o}.*run: chmod 700"):
            act()


def _link(path: Path) -> None:
    target = path.with_name("target")
    path.rename(target)
    path.symlink_to(target)


def _pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path, 0o600)


def _folder(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


def _huge(path: Path) -> None:
    with path.open("ab") as file:
        file.truncate(50_000_000_000)


@pytest.mark.parametrize(
    ("harm", "sentence"),
    [
        (_link, "symbolic link"),
        (_pipe, "not a regular file"),
        (_folder, "regular file|cannot be read|directory"),
        (_huge, "more than 262144 bytes"),
    ],
)
def test_files_that_are_not_entries(tmp_path: Path, harm: Callable[[Path], None], sentence: str) -> None:
    kept = wallet(tmp_path)
    kept.put("a", credentials())
    harm(tmp_path / "wallet" / "a.id")
    with pytest.raises(WalletError, match=sentence):
        kept.get("a")


def _changed(path: Path, change: Callable[[dict[str, object]], None]) -> None:
    content = json.loads(path.read_text())
    change(content)
    path.write_text(json.dumps(content))


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(mspId="HospitalBMSP"),
        lambda c: c.update(certificate=credentials().certificate_pem.decode()),
        lambda c: c["authorities"].update(roots=[pem(CA.certificate).decode()]),
        lambda c: c["key"]["sealed"].update(n=2**15),
        lambda c: c["key"]["sealed"].update(data=c["key"]["sealed"]["data"][:-8] + "AAAAAAA="),
    ],
    ids=["msp", "certificate", "roots", "cost", "data"],
)
def test_what_was_changed_does_not_open(tmp_path: Path, change: Callable[[dict[str, object]], None]) -> None:
    kept = wallet(tmp_path)
    kept.put("a", credentials())
    _changed(tmp_path / "wallet" / "a.id", change)
    with pytest.raises(WalletPasswordError, match="wrong, or the entry was changed"):
        kept.get("a")


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(format="carechannel-wallet/2"),
        lambda c: c.update(name="b"),
        lambda c: c.update(mspId=""),
        lambda c: c.update(certificate="nonsense"),
        lambda c: c.update(certificate=c["certificate"] * 2),
        lambda c: c.update(key={}),
        lambda c: c["key"].update(sealed={}),
        lambda c: c["key"]["sealed"].update(n=2**40),
        lambda c: c["key"]["sealed"].update(n=1),
        lambda c: c["key"]["sealed"].update(n=True),
        lambda c: c["key"]["sealed"].update(nonce=""),
        lambda c: c["key"]["sealed"].update(salt="*"),
        lambda c: c["key"].clear() or c["key"].update(pkcs11={"module": "x.so"}),
        lambda c: (
            c["key"].clear()
            or c["key"].update(
                pkcs11={"module": "x.so", "token": "t", "slot": None, "label": "l", "id": None}
            )
        ),
        lambda c: (
            c["key"].clear()
            or c["key"].update(
                pkcs11={"module": "/x.so", "token": "t", "slot": None, "label": "l", "id": "zz"}
            )
        ),
    ],
)
def test_what_is_damaged_says_so(tmp_path: Path, change: Callable[[dict[str, object]], None]) -> None:
    kept = wallet(tmp_path)
    kept.put("a", credentials())
    _changed(tmp_path / "wallet" / "a.id", change)
    with pytest.raises(WalletError, match=r"damaged|renamed") as raised:
        kept.get("a", pin=PASSWORD)
    assert not isinstance(raised.value, WalletPasswordError)


def test_every_cut_of_a_file_is_a_sentence(tmp_path: Path) -> None:
    kept = wallet(tmp_path)
    kept.put("a", credentials())
    path = tmp_path / "wallet" / "a.id"
    whole = path.read_bytes()
    for length in range(0, len(whole), 7):
        path.write_bytes(whole[:length])
        with pytest.raises(WalletError, match="damaged"):
            kept.entry("a")
    for content in (b"\xff\xfe", b"[" * 200_000, b"null", b"[]", b"1e999", b'{"credentials":{},"mspId":"a"}'):
        path.write_bytes(content)
        with pytest.raises(WalletError):
            kept.entry("a")


def test_a_renamed_entry_is_not_somebody_else(tmp_path: Path) -> None:
    kept = wallet(tmp_path)
    kept.put("admin", credentials(name="admin"))
    kept.put("clerk", credentials(name="clerk"))
    (tmp_path / "wallet" / "clerk.id").replace(tmp_path / "wallet" / "admin.id")
    with pytest.raises(WalletError, match="was it renamed"):
        kept.get("admin")


def test_of_many_writers_one_wins_and_the_others_are_told(tmp_path: Path) -> None:
    given = [credentials(name=f"writer-{number}") for number in range(12)]
    wallet(tmp_path).put("other", given[0])

    def put(number: int) -> bool:
        try:
            wallet(tmp_path).put("a", given[number])
        except EntryExistsError:
            return False
        return True

    with ThreadPoolExecutor(12) as threads:
        won = list(threads.map(put, range(12)))
    assert sum(won) == 1
    kept = wallet(tmp_path).credentials("a")
    assert kept.certificate_pem == given[won.index(True)].certificate_pem
    assert not [path for path in (tmp_path / "wallet").iterdir() if path.suffix == ".part"]


def test_a_reader_never_sees_half_an_entry(tmp_path: Path) -> None:
    kept, given = wallet(tmp_path), [credentials(), credentials()]
    kept.put("a", given[0])
    done = threading.Event()

    def write() -> None:
        for number in range(20):
            kept.put("a", given[number % 2], replace=True)
        done.set()

    writer = threading.Thread(target=write)
    writer.start()
    seen = set()
    while not done.is_set():
        seen.add(kept.credentials("a").certificate_pem)
    writer.join()
    assert seen <= {each.certificate_pem for each in given}


def test_a_writer_that_is_killed_leaves_whole_entries(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from pathlib import Path\n"
        "from tests.unit.carechannel.wallet.people import credentials, wallet\n"
        "kept, given = wallet(Path(sys.argv[1])), credentials()\n"
        "kept.put('first', given, replace=True)\n"
        "print('ready', flush=True)\n"
        "number = 0\n"
        "while True:\n"
        "    kept.put(f'n{number}', given); number += 1\n"
    )
    root = Path(__file__).parents[4]
    for after in (0.05, 0.11, 0.2):
        writer = subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path)], cwd=root, stdout=subprocess.PIPE, text=True
        )
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
        time.sleep(after)
        writer.send_signal(signal.SIGKILL)
        writer.wait()
        writer.stdout.close()
        kept = wallet(tmp_path)
        for name in kept.names():
            assert kept.credentials(name)
            kept.remove(name)


def test_no_such_folder(tmp_path: Path) -> None:
    with pytest.raises(WalletError, match="no folder"):
        wallet(tmp_path).list()
    (tmp_path / "wallet").write_text("")
    with pytest.raises(WalletError, match="not a folder"):
        wallet(tmp_path).list()
    with pytest.raises(CareChannelError):
        wallet(tmp_path).put("a", credentials())


async def test_a_key_in_a_token_beside_the_others(tmp_path: Path) -> None:
    key = softhsm().add_key("wallet-key", "secp256r1")
    assert isinstance(key, ec.EllipticCurvePublicKey)
    certificate = pem(CA.issue("hsm-admin", key))
    kept = wallet(tmp_path, None)
    made = kept.put_hardware(
        "hsm", "HospitalAMSP", certificate, HardwareKey(MODULE, TOKEN, label="wallet-key", id=b"wallet-key")
    )
    assert kept.list() == (made,)
    assert kept.entry("hsm").is_hardware
    assert PIN not in (tmp_path / "wallet" / "hsm.id").read_text()
    identity, signer = kept.get("hsm", pin=Password(PIN))
    assert isinstance(signer, signers.Pkcs11Signer)
    with signer:
        assert signer.public_key == identity.certificate.public_key()
        digest = os.urandom(32)
        key.verify(await signer(digest), digest, ec.ECDSA(Prehashed(hashes.SHA256())))
    with pytest.raises(WalletPasswordError, match="no PIN was given"):
        kept.get("hsm")
    with pytest.raises(PinError, match="is wrong"):
        kept.get("hsm", pin=Password("wrong-9876"))
    with pytest.raises(WalletError, match="never leaves it"):
        kept.credentials("hsm")


def test_a_place_in_a_token_has_to_be_one() -> None:
    with pytest.raises(WalletError, match="not absolute"):
        HardwareKey(Path("vendor.so"), "t")
    with pytest.raises(WalletError, match="label or slot"):
        HardwareKey(MODULE)


def test_a_certificate_for_a_token_has_to_be_one(tmp_path: Path) -> None:
    with pytest.raises(IdentityError, match="not one PEM certificate"):
        wallet(tmp_path).put_hardware("a", "HospitalAMSP", b"nonsense", HardwareKey(MODULE, "t"))
    assert not (tmp_path / "wallet").exists()


def test_nothing_secret_in_a_repr(tmp_path: Path) -> None:
    kept = wallet(tmp_path)
    made = kept.put("a", credentials())
    shown = repr(kept) + repr(made) + repr(kept.credentials("a")) + repr(kept.get("a")) + repr(PASSWORD)
    assert "horse" not in shown
    assert "PRIVATE" not in shown
    assert "sealed" not in shown.replace("SealedKey", "")
    assert "private_key" not in shown


def test_no_health_code_is_loaded() -> None:
    program = (
        "import sys; from carechannel.wallet import FileWallet, msp_folder, node_wallet\n"
        "health = {'care_rules', 'fhir', 'pydantic', 'hfc', 'pkcs11'}\n"
        "print(sorted(health & {name.split('.')[0] for name in sys.modules}))"
    )
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


def test_a_folder_that_cannot_be_listed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mine = wallet(tmp_path)
    mine.put("alice", credentials())

    def refused(path: Path) -> None:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "iterdir", refused)  # root may read everything
    with pytest.raises(WalletError, match="cannot be read: Permission denied"):
        mine.names()
