"""Sealing and opening: what fits opens to the same bytes, whatever was changed does not open."""

from __future__ import annotations

import base64
import dataclasses
import stat
from pathlib import Path

import pytest
from care_rules import signing
from carechannel.crypto import InstitutionKey, RecordContext, Secret, open_content, seal_content, sign, verify
from carechannel.crypto.institution_key import seal_for_answer, seal_for_custody
from carechannel.errors import CommitmentError, InstitutionKeyError, SealError
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from hypothesis import given
from hypothesis import strategies as st

CONTEXT = RecordContext("regional-care", "ab" * 16, 1)
KEY = InstitutionKey(X25519PrivateKey.generate())
OTHER_KEY = InstitutionKey(X25519PrivateKey.generate())
contexts = st.builds(RecordContext, st.text(max_size=20), st.text(max_size=20), st.integers(1, 2**31))


@given(st.binary(max_size=2000), contexts)
def test_sealed_content_opens_to_the_same_bytes(data: bytes, context: RecordContext) -> None:
    sealed = seal_content(data, context)
    assert open_content(sealed.blob, sealed.secret, context, sealed.commitment) == data
    assert len(sealed.blob) == len(data) + 12 + 16


@given(st.binary(min_size=1, max_size=200), st.data())
def test_no_changed_bit_goes_unseen(data: bytes, choice: st.DataObject) -> None:
    sealed = seal_content(data, CONTEXT)
    place = choice.draw(st.integers(0, len(sealed.blob) - 1))
    bit = choice.draw(st.integers(0, 7))
    changed = bytearray(sealed.blob)
    changed[place] ^= 1 << bit
    with pytest.raises(SealError):
        open_content(bytes(changed), sealed.secret, CONTEXT, sealed.commitment)


@given(contexts, contexts)
def test_content_opens_in_its_own_context_only(context: RecordContext, other: RecordContext) -> None:
    sealed = seal_content(b"content", context)
    if context != other:
        with pytest.raises(SealError):
            open_content(sealed.blob, sealed.secret, other, sealed.commitment)


@pytest.mark.parametrize("blob", [b"", b"short", bytes(28)])
def test_what_is_no_sealed_content_is_refused(blob: bytes) -> None:
    with pytest.raises(SealError):
        open_content(blob, Secret.generate(), CONTEXT, "00" * 32)


def test_another_plaintext_than_the_committed_one_is_refused() -> None:
    sealed = seal_content(b"content", CONTEXT)
    with pytest.raises(CommitmentError):
        open_content(sealed.blob, sealed.secret, CONTEXT, "00" * 32)


def test_equal_contents_share_nothing_visible() -> None:
    first, second = seal_content(b"content", CONTEXT), seal_content(b"content", CONTEXT)
    assert first.secret != second.secret
    assert first.commitment != second.commitment
    assert not {first.blob[i : i + 8] for i in range(20)} & {second.blob[i : i + 8] for i in range(20)}


@given(st.binary(min_size=64, max_size=64), contexts, st.text(max_size=70))
def test_a_key_opens_for_whom_and_what_it_was_sealed(data: bytes, context: RecordContext, about: str) -> None:
    secret = Secret.from_bytes(data)
    custody = seal_for_custody(secret, KEY.public_key, context, about)
    answer = seal_for_answer(secret, KEY.public_key, context, about)
    assert KEY.open_custody(custody, context, about) == secret
    assert KEY.open_answer(answer, context, about) == secret
    for sealed, opening in ((answer, KEY.open_custody), (custody, KEY.open_answer)):
        with pytest.raises(SealError):
            opening(sealed, context, about)
    with pytest.raises(SealError):
        OTHER_KEY.open_answer(answer, context, about)
    with pytest.raises(SealError):
        KEY.open_answer(answer, dataclasses.replace(context, version=context.version + 1), about)
    with pytest.raises(SealError):
        KEY.open_answer(answer, context, about + "x")


@pytest.mark.parametrize(
    "text", ["", "?", base64.b64encode(bytes(10)).decode(), base64.b64encode(bytes(200)).decode()]
)
def test_what_is_no_sealed_key_is_refused(text: str) -> None:
    with pytest.raises(SealError):
        KEY.open_custody(text, CONTEXT, "HospitalAMSP")


@pytest.mark.parametrize("public_key", [bytes(3), bytes(32), b"\x01" + bytes(31)])
def test_a_public_key_that_is_none_is_refused(public_key: bytes) -> None:
    """Too short, or a point of low order, which any institution could register as its key."""
    with pytest.raises(InstitutionKeyError):
        seal_for_answer(Secret.generate(), base64.b64encode(public_key).decode(), CONTEXT, "request")


def test_secrets_do_not_show() -> None:
    sealed = seal_content(b"content", CONTEXT)
    assert "key=" not in repr(sealed.secret)
    assert "content" not in repr(sealed.blob)
    assert "blob=" not in repr(sealed)


def test_the_institutions_key_is_made_once_and_private(tmp_path: Path) -> None:
    home = tmp_path / "home"
    made = InstitutionKey.load_or_create(home)
    assert InstitutionKey.load_or_create(home).public_key == made.public_key
    assert InstitutionKey.load(home).public_key == made.public_key
    assert stat.S_IMODE((home / "hpke.key").stat().st_mode) == 0o600
    assert len(base64.b64decode(made.public_key)) == 32


def test_a_missing_and_a_broken_institution_key_are_named(tmp_path: Path) -> None:
    with pytest.raises(InstitutionKeyError, match="institution join"):
        InstitutionKey.load(tmp_path)
    (tmp_path / "hpke.key").write_bytes(b"short")
    with pytest.raises(InstitutionKeyError, match="cannot be used"):
        InstitutionKey.load(tmp_path)


def test_a_signature_is_the_keys_over_the_message() -> None:
    key, other = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    message = signing.consent_revoke("regional-care", "HospitalAMSP", "ab" * 16)
    signature = sign(key, message)
    assert verify(key.public_key(), signature, message)
    assert not verify(other.public_key(), signature, message)
    assert not verify(key.public_key(), signature, message + b" ")
    assert not verify(key.public_key(), "?", message)
