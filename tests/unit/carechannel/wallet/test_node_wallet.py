"""Identities as Fabric's Node client keeps them."""

from __future__ import annotations

import json

import pytest
from carechannel.errors import CareChannelError, IdentityError, WalletError, WrongCertificateError
from carechannel.wallet import Password, node_wallet
from carechannel.wallet.key_at_rest import key_pem
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, PrivateFormat

from tests.unit.carechannel.wallet.people import credentials

GIVEN = credentials()
CONTENT = {
    "credentials": {
        "certificate": GIVEN.certificate_pem.decode(),
        "privateKey": key_pem(GIVEN.private_key).decode(),
    },
    "mspId": "HospitalAMSP",
    "type": "X.509",
    "version": 1,
}


@pytest.mark.parametrize("kind", ["p256", "p384", "ed25519"])
def test_out_and_in_again(kind: str) -> None:
    given = credentials(kind)
    again = node_wallet.parse(node_wallet.serialize(given))
    assert (again.msp_id, again.certificate_pem) == (given.msp_id, given.certificate_pem)
    assert key_pem(again.private_key) == key_pem(given.private_key)


def test_it_is_nodes_format() -> None:
    assert json.loads(node_wallet.serialize(GIVEN)) == CONTENT


def test_a_certificate_with_the_line_ends_of_windows() -> None:
    windows = {
        "certificate": GIVEN.certificate_pem.decode().replace("\n", "\r\n"),
        "privateKey": key_pem(GIVEN.private_key).decode().replace("\n", "\r\n"),
    }
    assert node_wallet.parse(json.dumps({**CONTENT, "credentials": windows}).encode())


def test_an_encrypted_key() -> None:
    locked = GIVEN.private_key.private_bytes(
        Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"secret")
    )
    content = {**CONTENT, "credentials": {**CONTENT["credentials"], "privateKey": locked.decode()}}  # type: ignore[dict-item]
    assert node_wallet.parse(json.dumps(content).encode(), Password("secret"))
    with pytest.raises(IdentityError, match="give its password"):
        node_wallet.parse(json.dumps(content).encode())


@pytest.mark.parametrize(
    ("content", "error", "sentence"),
    [
        (b"", WalletError, "not JSON"),
        (b"\xff", WalletError, "not JSON"),
        (b"[" * 100_000, WalletError, "not JSON"),
        (b"[]", WalletError, "not an X.509 identity"),
        ({**CONTENT, "version": 2}, WalletError, "version 1"),
        ({**CONTENT, "type": "HSM-X.509"}, WalletError, "hardware module"),
        ({**CONTENT, "mspId": None}, WalletError, "not an X.509 identity"),
        ({**CONTENT, "mspId": ""}, IdentityError, "MSP ID"),
        ({**CONTENT, "credentials": {"certificate": "", "privateKey": ""}}, IdentityError, "private key"),
        (
            {
                **CONTENT,
                "credentials": {
                    "certificate": GIVEN.certificate_pem.decode(),
                    "privateKey": key_pem(credentials().private_key).decode(),
                },
            },
            WrongCertificateError,
            "do not belong together",
        ),
    ],
)
def test_what_is_not_one(
    content: bytes | dict[str, object], error: type[CareChannelError], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        node_wallet.parse(content if isinstance(content, bytes) else json.dumps(content).encode())


@pytest.mark.parametrize("part", ["certificate", "privateKey"])
@pytest.mark.parametrize("text", ["\ud800", "ü"])
def test_half_a_letter_is_no_pem(part: str, text: str) -> None:
    damaged = {**CONTENT, "credentials": {**CONTENT["credentials"], part: text}}  # type: ignore[dict-item]
    with pytest.raises(IdentityError):
        node_wallet.parse(json.dumps(damaged).encode())
