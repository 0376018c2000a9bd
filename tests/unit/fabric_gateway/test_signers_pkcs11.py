"""Keys in a token: SoftHSM2 stands for the hardware."""

from __future__ import annotations

import asyncio
import hashlib
import os
import pickle
import subprocess
import sys
import textwrap
import threading
from collections.abc import Iterator
from pathlib import Path

import pkcs11
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.utils import Prehashed, decode_dss_signature
from fabric_gateway import Identity, hash, signers
from fabric_gateway.errors import HardwareKeyError, IdentityError, PinError
from pkcs11 import Attribute, KeyType, ObjectClass
from pkcs11.exceptions import AttributeSensitive, DataLenRange, DeviceError, MechanismInvalid, PKCS11Error
from pkcs11.types import Session
from pkcs11.util.ec import encode_named_curve_parameters

from tests.softhsm import MODULE, PIN, TOKEN, TWINS, SoftHsm, softhsm
from tests.unit.fabric_gateway.people import certificate_for
from tests.waiting import eventually

ORDERS = {
    "secp256r1": 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551,
    "secp384r1": int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16),
}


@pytest.fixture(scope="module")
def hsm() -> SoftHsm:
    made = softhsm()
    for kind in ("secp256r1", "secp384r1", "ed25519"):
        made.add_key(f"signer-{kind}", kind)
    made.add_key("double", "secp256r1", b"double-1")
    made.add_key("double", "secp256r1", b"double-2")
    return made


@pytest.fixture
def p256(hsm: SoftHsm) -> Iterator[signers.Pkcs11Signer]:
    with _open("signer-secp256r1") as opened:
        yield opened


def _open(label: str | None = "signer-secp256r1", pin: str = PIN, **options: object) -> signers.Pkcs11Signer:
    everything: dict[str, object] = {"module": MODULE, "token": TOKEN, "label": label, "pin": pin}
    return signers.pkcs11(**(everything | options))  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", ["secp256r1", "secp384r1"])
@pytest.mark.parametrize("hashed", [hash.sha256, hash.sha384, hash.sha3_256, hash.sha3_384])
async def test_ecdsa_signatures_verify_and_are_low(hsm: SoftHsm, kind: str, hashed: hash.Hash) -> None:
    with _open(f"signer-{kind}") as sign:
        key = sign.public_key
        assert isinstance(key, ec.EllipticCurvePublicKey)
        for number in range(20):
            digest = hashed(b"%d" % number)
            signature = await sign(digest)
            assert decode_dss_signature(signature)[1] <= ORDERS[kind] // 2
            size = hashes.SHA256() if len(digest) == 32 else hashes.SHA384()
            key.verify(signature, digest, ec.ECDSA(Prehashed(size)))


async def test_ed25519_signs_the_message(hsm: SoftHsm) -> None:
    with _open("signer-ed25519") as sign:
        assert isinstance(sign.public_key, ed25519.Ed25519PublicKey)
        message = os.urandom(5000)
        sign.public_key.verify(await sign(message), message)


async def test_200_signatures_at_once(p256: signers.Pkcs11Signer) -> None:
    digests = [os.urandom(32) for _ in range(200)]
    signatures = await asyncio.gather(*(p256(digest) for digest in digests))
    key = p256.public_key
    assert isinstance(key, ec.EllipticCurvePublicKey)
    for digest, signature in zip(digests, signatures, strict=True):
        key.verify(signature, digest, ec.ECDSA(Prehashed(hashes.SHA256())))


async def test_several_signers_and_threads_on_one_token(hsm: SoftHsm) -> None:
    opened = [_open(f"signer-{kind}") for kind in ("secp256r1", "secp384r1", "ed25519")]
    digest = os.urandom(32)
    try:
        await asyncio.gather(
            *(sign(digest) for sign in opened * 30),
            *(asyncio.to_thread(sign.sign, digest) for sign in opened * 10),
        )
        opened.pop().close()
        await asyncio.gather(*(sign(digest) for sign in opened))
    finally:
        for sign in opened:
            sign.close()


async def test_the_loop_goes_on_while_a_token_signs(p256: signers.Pkcs11Signer) -> None:
    entered, leave = threading.Event(), threading.Event()
    inner = p256._key._sign

    def slow(data: bytes) -> bytes:
        entered.set()
        assert leave.wait(10)
        return inner(data)

    p256._key._sign = slow  # type: ignore[method-assign]
    signature = asyncio.create_task(p256(bytes(32)))
    await asyncio.to_thread(entered.wait, 10)
    turns = 0
    for _ in range(100):
        await asyncio.sleep(0)
        turns += 1
    assert turns == 100
    assert not signature.done()
    leave.set()
    assert await signature


async def test_a_cancelled_caller_leaves_the_signer_usable(p256: signers.Pkcs11Signer) -> None:
    tasks = [asyncio.create_task(p256(bytes(32))) for _ in range(50)]
    await asyncio.sleep(0)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert await p256(bytes(32))


async def test_closed_is_closed(hsm: SoftHsm) -> None:
    before = threading.active_count()
    sign = _open()
    await sign(bytes(32))
    await sign.aclose()
    await sign.aclose()
    with pytest.raises(HardwareKeyError, match="closed; open another"):
        await sign(bytes(32))
    assert threading.active_count() == before
    # Logged out: the keys cannot be seen any more.
    with pkcs11.lib(str(MODULE)).get_token(token_label=TOKEN).open() as session:
        assert list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY})) == []


async def test_closing_lets_signatures_under_way_end(hsm: SoftHsm) -> None:
    sign = _open()
    entered, leave = threading.Event(), threading.Event()
    inner = sign._key._sign

    def slow(data: bytes) -> bytes:
        entered.set()
        assert leave.wait(10)
        return inner(data)

    sign._key._sign = slow  # type: ignore[method-assign]
    under_way = asyncio.create_task(sign(bytes(32)))
    await asyncio.to_thread(entered.wait, 10)
    closing = asyncio.create_task(sign.aclose())
    await eventually(lambda: sign._threads._shutdown)
    with pytest.raises(HardwareKeyError, match="closed; open another"):
        await sign(bytes(32))
    leave.set()
    assert await under_way
    await closing


def test_the_key_cannot_be_taken_out(hsm: SoftHsm) -> None:
    with (
        _open(),
        pkcs11.lib(str(MODULE)).get_token(token_label=TOKEN).open() as session,
    ):
        found = list(
            session.get_objects(
                {Attribute.CLASS: ObjectClass.PRIVATE_KEY, Attribute.LABEL: "signer-secp256r1"}
            )
        )
        assert len(found) == 1
        assert not found[0][Attribute.EXTRACTABLE]
        with pytest.raises(AttributeSensitive):
            _ = found[0][Attribute.VALUE]


def test_a_wrong_pin_is_given_once(hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    from fabric_gateway.signers import _pkcs11_login as login

    tries = 0
    original = login.Login._open

    def counted(self: login.Login) -> None:
        nonlocal tries
        tries += 1
        original(self)

    monkeypatch.setattr(login.Login, "_open", counted)
    with pytest.raises(PinError, match="is wrong; it is not tried again") as raised:
        _open(pin="wrong-9876")
    assert tries == 1
    assert "9876" not in "".join(str(part) for part in (raised.value, raised.value.__cause__))
    assert raised.value.code == "hardware-pin"
    _open().close()


async def test_another_pin_is_refused_while_the_token_is_open(p256: signers.Pkcs11Signer) -> None:
    with pytest.raises(PinError, match="not the one that this process has it open with"):
        _open(pin="wrong-9876")
    assert await p256(bytes(32))


def test_no_pin(hsm: SoftHsm) -> None:
    with pytest.raises(PinError, match="empty; the token was not asked"):
        _open(pin="")


def test_the_pin_is_shown_nowhere(p256: signers.Pkcs11Signer) -> None:
    shown = repr(p256) + repr(p256._key) + repr(vars(p256)) + repr(p256._key._login)
    assert PIN not in shown
    assert repr(p256) == "<Pkcs11Signer signer-secp256r1 on hospital, secp256r1>"
    with pytest.raises(TypeError):
        pickle.dumps(p256)


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"module": "/nowhere/vendor.so"}, "there is no PKCS#11 module /nowhere/vendor.so"),
        ({"module": "vendor.so"}, "not absolute"),
        ({"module": __file__}, "cannot be used as a PKCS#11 module"),
        ({"token": "nobody"}, r"no token with the label nobody .* there are: .*hospital \(slot \d+\)"),
        ({"token": None, "slot": 4711}, "no token in slot 4711"),
        ({"token": TWINS}, "2 tokens with the label twins .* give the slot: .*slot"),
        ({"token": None}, "name the token"),
        ({"label": "nobody"}, "no private key with the label nobody on the token hospital"),
        ({"label": None, "id": b"\x01\x02"}, "no private key with the id 0102"),
        ({"label": "double"}, "2 private keys with the label double .* give the id .*" + b"double-1".hex()),
        ({"label": None}, "name the key"),
    ],
)
def test_what_is_not_there_has_a_sentence(hsm: SoftHsm, options: dict[str, object], sentence: str) -> None:
    with pytest.raises(HardwareKeyError, match=sentence):
        _open(**options)


async def test_label_and_id_and_slot_choose(hsm: SoftHsm) -> None:
    (slot,) = hsm.slots(TOKEN)
    with _open("double", id=b"double-2") as sign, _open(None, id=b"double-1", token=None, slot=slot) as other:
        assert sign.public_key != other.public_key
        assert await sign(bytes(32))


async def test_the_key_is_found_by_fabrics_identifier(hsm: SoftHsm) -> None:
    (slot,) = hsm.slots(TOKEN)
    key = hsm.add_key("by-ski", "secp256r1")
    assert isinstance(key, ec.EllipticCurvePublicKey)
    ski = signers.fabric_ski(key)
    numbers = key.public_numbers()
    assert (
        ski
        == hashlib.sha256(b"\x04" + numbers.x.to_bytes(32, "big") + numbers.y.to_bytes(32, "big")).digest()
    )
    key = hsm.add_key("with-ski", "secp256r1", b"placeholder")
    with pkcs11.lib(str(MODULE)).get_token(token_label=TOKEN).open(rw=True, user_pin=PIN) as session:
        for found in list(session.get_objects({Attribute.LABEL: "with-ski"})):
            found[Attribute.ID] = signers.fabric_ski(key)
    identity = Identity("Org1MSP", certificate_for(key))
    with _open(None, identity=identity, token=None, slot=slot) as sign:
        assert sign.public_key == key
    with pytest.raises(HardwareKeyError, match="no private key with the id"):
        _open(
            None,
            identity=Identity(
                "Org1MSP", certificate_for(ec.generate_private_key(ec.SECP256R1()).public_key())
            ),
        )


@pytest.mark.parametrize("kind", ["secp256r1", "ed25519"])
def test_a_trial_shows_a_key_of_another(hsm: SoftHsm, kind: str) -> None:
    stranger = (
        ec.generate_private_key(ec.SECP256R1()).public_key()
        if kind == "secp256r1"
        else ed25519.Ed25519PrivateKey.generate().public_key()
    )
    with pytest.raises(IdentityError, match="does not belong to the certificate of this Org1MSP identity"):
        _open(f"signer-{kind}", identity=Identity("Org1MSP", certificate_for(stranger)))


def test_a_token_without_public_keys_takes_it_from_the_certificate(hsm: SoftHsm) -> None:
    key = hsm.add_key("private-only", "secp256r1")
    with pkcs11.lib(str(MODULE)).get_token(token_label=TOKEN).open(rw=True, user_pin=PIN) as session:
        for public in list(
            session.get_objects({Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.LABEL: "private-only"})
        ):
            public.destroy()
    with _open("private-only") as sign:
        assert sign.public_key is None
    with _open("private-only", identity=Identity("Org1MSP", certificate_for(key))) as sign:
        assert sign.public_key == key


async def test_logged_out_by_other_code(p256: signers.Pkcs11Signer) -> None:
    session = p256._key._login._session
    assert session is not None
    session.close()  # logs the whole process out
    assert await p256(bytes(32))
    assert await p256(bytes(32))


async def test_a_module_that_was_started_again_by_other_code(p256: signers.Pkcs11Signer) -> None:
    module = pkcs11.lib(str(MODULE))
    module.finalize()
    module.initialize()
    signatures = await asyncio.gather(*(p256(bytes(32)) for _ in range(20)))
    assert len(signatures) == 20


async def test_a_token_that_was_away(hsm: SoftHsm, p256: signers.Pkcs11Signer) -> None:
    away = hsm.tokens.with_name("away")
    hsm.tokens.rename(away)
    try:
        for _ in range(2):
            with pytest.raises(HardwareKeyError):
                await p256(bytes(32))
    finally:
        away.rename(hsm.tokens)
    assert await p256(bytes(32))


async def test_a_pin_changed_meanwhile_is_given_once(hsm: SoftHsm, monkeypatch: pytest.MonkeyPatch) -> None:
    from fabric_gateway.signers import _pkcs11_login as login

    sign = _open()
    try:
        sign._key._login._pin = "changed-in-the-token"
        tries = 0
        original = login.Login._open

        def counted(self: login.Login) -> None:
            nonlocal tries
            tries += 1
            original(self)

        monkeypatch.setattr(login.Login, "_open", counted)
        session = sign._key._login._session
        assert session is not None
        session.close()
        told = await asyncio.gather(*(sign(bytes(32)) for _ in range(50)), return_exceptions=True)
        assert {type(each) for each in told} == {PinError}
        assert tries == 1
    finally:
        sign.close()
    with _open() as again:
        assert await again(bytes(32))


def test_after_a_fork_each_process_opens_its_own(hsm: SoftHsm) -> None:
    program = f"""
        import asyncio, os, sys
        from fabric_gateway import signers
        from fabric_gateway.errors import HardwareKeyError
        where = dict(module={str(MODULE)!r}, token={TOKEN!r}, label="signer-secp256r1", pin=os.environ["PIN"])
        parents = signers.pkcs11(**where)
        parents.sign(bytes(32))
        child = os.fork()
        if child == 0:
            try:
                parents.sign(bytes(32))
            except HardwareKeyError as error:
                print(error, flush=True)
            parents.close()
            with signers.pkcs11(**where) as own:
                print(len(own.sign(bytes(32))) > 60, flush=True)
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        print(len(parents.sign(bytes(32))) > 60)
        parents.close()
    """
    ran = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**hsm.environment(), "PIN": PIN},
    )
    assert ran.returncode == 0, ran.stderr
    told, child, parent = ran.stdout.splitlines()
    assert "before the process forked" in told
    assert (child, parent) == ("True", "True")


def test_without_the_extra_the_error_names_it(tmp_path: Path) -> None:
    (tmp_path / "pkcs11.py").write_text("raise ImportError('no such library')\n")
    program = (
        "from fabric_gateway import signers\n"
        f"signers.pkcs11(module={str(MODULE)!r}, token='t', label='l', pin='1')\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
    )
    assert ran.returncode == 1
    assert "pip install 'carechannel[pkcs11]'" in ran.stderr


async def test_a_digest_of_no_hash_is_refused(p256: signers.Pkcs11Signer) -> None:
    with pytest.raises(IdentityError, match="32 or 48 bytes"):
        await p256(b"the whole message")


@pytest.mark.parametrize("kind", ["secp256r1", "secp384r1", "ed25519"])
def test_a_certificate_can_be_asked_for(hsm: SoftHsm, kind: str) -> None:
    with _open(f"signer-{kind}") as sign:
        request = x509.load_pem_x509_csr(sign.signing_request("Jürgen " + "x" * 50))
        assert request.is_signature_valid
        assert request.public_key() == sign.public_key
        assert request.subject.rfc4514_string() == "CN=Jürgen " + "x" * 50
        with pytest.raises(IdentityError, match="1 to 64 characters"):
            sign.signing_request("x" * 65)


def _token_session() -> Session:
    return pkcs11.lib(str(MODULE)).get_token(token_label=TOKEN).open(rw=True, user_pin=PIN)


def test_keys_that_are_no_signing_keys_of_fabric(hsm: SoftHsm) -> None:
    with _token_session() as session:
        session.generate_keypair(KeyType.RSA, 2048, store=True, label="rsa", id=b"rsa")
        for curve in ("secp521r1", "secp224r1"):
            session.create_domain_parameters(
                KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters(curve)}, local=True
            ).generate_keypair(store=True, label=curve, id=curve.encode())
        session.create_domain_parameters(
            KeyType.EC, {Attribute.EC_PARAMS: encode_named_curve_parameters("secp256r1")}, local=True
        ).generate_keypair(
            store=True, label="derives", id=b"derives", private_template={Attribute.SIGN: False}
        )
    for label in ("rsa", "secp521r1", "secp224r1"):
        with pytest.raises(HardwareKeyError, match=f"the key {label} .* neither ECDSA on P-256 or P-384 nor"):
            _open(label)
    with pytest.raises(HardwareKeyError, match="with the label derives on the token hospital cannot sign"):
        _open("derives")


async def test_other_code_that_is_logged_in(hsm: SoftHsm) -> None:
    session = _token_session()
    with _open() as sign:
        assert await sign(bytes(32))
        session.close()  # logs the signer out too
        assert await sign(bytes(32))
    session = _token_session()
    _open().close()
    assert list(session.get_objects({Attribute.CLASS: ObjectClass.PRIVATE_KEY}))  # is not logged out by it
    session.close()


@pytest.mark.parametrize("told", [DataLenRange, MechanismInvalid])
async def test_what_another_login_would_not_mend_is_told_at_once(
    p256: signers.Pkcs11Signer, told: type[PKCS11Error]
) -> None:
    def refuse(_data: bytes) -> bytes:
        raise told

    generation = p256._key._login.generation
    p256._key._sign = refuse  # type: ignore[method-assign]
    with pytest.raises(HardwareKeyError, match=f"the token hospital did not sign .{told.__name__}"):
        await p256(bytes(32))
    assert p256._key._login.generation == generation


async def test_what_another_login_does_not_mend_is_told(p256: signers.Pkcs11Signer) -> None:
    tries = 0

    def broken(_data: bytes) -> bytes:
        nonlocal tries
        tries += 1
        raise DeviceError

    p256._key._sign = broken  # type: ignore[method-assign]
    with pytest.raises(HardwareKeyError, match="did not sign"):
        await p256(bytes(32))
    assert tries == 2


async def test_a_key_that_was_removed_from_the_token(hsm: SoftHsm) -> None:
    hsm.add_key("short-lived", "secp256r1")
    with _open("short-lived") as sign:
        with pkcs11.lib(str(MODULE)).get_token(token_label=TOKEN).open(rw=True) as session:
            for found in list(session.get_objects({Attribute.LABEL: "short-lived"})):
                found.destroy()
        with pytest.raises(HardwareKeyError, match="no private key with the label short-lived"):
            await sign(bytes(32))


async def test_a_signature_of_another_length_is_not_passed_on(p256: signers.Pkcs11Signer) -> None:
    p256._key._sign = lambda _data: bytes(70)  # type: ignore[method-assign]
    with pytest.raises(HardwareKeyError, match="70 bytes instead of 64"):
        await p256(bytes(32))


def test_the_identifier_of_an_ed25519_key() -> None:
    key = ed25519.Ed25519PrivateKey.generate().public_key()
    assert signers.fabric_ski(key) == hashlib.sha256(key.public_bytes_raw()).digest()


def test_an_identity_with_another_kind_of_key() -> None:
    key = rsa.generate_private_key(65537, 2048).public_key()
    with pytest.raises(IdentityError, match="neither ECDSA nor Ed25519"):
        _open(identity=Identity("Org1MSP", certificate_for(key)))  # type: ignore[arg-type]


def test_a_request_needs_the_public_key(hsm: SoftHsm) -> None:
    hsm.add_key("no-public", "secp256r1")
    with _token_session() as session:
        for public in list(
            session.get_objects({Attribute.CLASS: ObjectClass.PUBLIC_KEY, Attribute.LABEL: "no-public"})
        ):
            public.destroy()
    with _open("no-public") as sign, pytest.raises(HardwareKeyError, match="does not show the public key"):
        sign.signing_request("somebody")
