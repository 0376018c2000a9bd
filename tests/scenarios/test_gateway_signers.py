"""Which keys and hashes peers of Fabric 3.1 take. A real CA certifies each; then it evaluates and submits."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from carechannel.identity import Identity
from carechannel.profile import Profile
from carechannel.sdk import CertificateAuthority, Enrollment
from carechannel.wallet import Credentials, FileWallet, HardwareKey, Password
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.x509.oid import NameOID
from fabric_gateway import EndorseError, EvaluateError, Gateway, connect, hash, signers
from fabric_gateway import Identity as GatewayIdentity
from fabric_gateway.signers import PrivateKey

from tests.scenarios.conftest import CHANNEL, Network
from tests.softhsm import MODULE, PIN, TOKEN, softhsm

ORGANIZATION = "hospital-a"
FUNCTION = "org.hyperledger.fabric:GetMetadata"
"""Every member may call it. Submitted, it is a transaction that writes nothing; peers check it like any."""


def _certified(network: Network, folder: Path, request: Callable[[str], bytes]) -> GatewayIdentity:
    """Somebody new, whom the organisation's CA certifies by a signing request."""
    profile = Profile.load(network.profile(ORGANIZATION))
    described = profile.authority()
    assert described.tls_roots is not None
    root = folder / "root.pem"
    root.write_text(described.tls_roots.text)
    authority = CertificateAuthority(described.url, root, described.name)
    registrar = Identity.load(network.user(ORGANIZATION, "registrar"), profile.msp_id)
    actor = Enrollment(registrar.certificate_pem, registrar.private_key_pem, b"")
    name = secrets.token_hex(16)
    secret = authority.register(actor, name, attributes={"care.patient": "true"}, max_enrollments=1)
    return GatewayIdentity(profile.msp_id, authority.enroll_csr(name, secret, request(name)))


def _request(key: PrivateKey) -> Callable[[str], bytes]:
    digest = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()

    def made(name: str) -> bytes:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        request = x509.CertificateSigningRequestBuilder(subject).sign(key, digest)
        return request.public_bytes(serialization.Encoding.PEM)

    return made


async def _gateway(
    network: Network,
    identity: GatewayIdentity,
    signer: signers.Signer,
    hashed: hash.Hash | None = None,
) -> Gateway:
    profile = Profile.load(network.profile(ORGANIZATION))
    peer = profile.peer(profile.care.gateway_peer)
    return await connect(
        address=peer.address,
        tls_root_pem=peer.tls_roots.text.encode(),
        server_name=peer.options.server_name,
        identity=identity,
        signer=signer,
        hash=hashed,
    )


async def _evaluates_and_submits(gateway: Gateway) -> None:
    async with gateway:
        contract = gateway.network(CHANNEL).contract("care")
        read = await contract.evaluate_transaction(FUNCTION)
        assert b"contracts" in read
        assert await contract.submit_transaction(FUNCTION) == read


KEYS: dict[str, Callable[[], PrivateKey]] = {
    "P-256": lambda: ec.generate_private_key(ec.SECP256R1()),
    "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
    "Ed25519": ed25519.Ed25519PrivateKey.generate,
}


@pytest.mark.parametrize("kind", list(KEYS))
async def test_peers_take_the_key(network: Network, tmp_path: Path, kind: str) -> None:
    key = KEYS[kind]()
    certified = _certified(network, tmp_path, _request(key))
    wallet = FileWallet(tmp_path / "wallet", Password("a long sentence"))
    wallet.put("member", Credentials(certified.msp_id, certified.certificate_pem, key))
    identity, signer = wallet.get("member")
    await _evaluates_and_submits(await _gateway(network, identity, signer))


@pytest.mark.parametrize("kind", ["secp256r1", "secp384r1", "ed25519"])
async def test_peers_take_a_key_in_a_token(network: Network, tmp_path: Path, kind: str) -> None:
    label = f"scenario-{kind}"
    softhsm().add_key(label, kind)
    with signers.pkcs11(module=MODULE, token=TOKEN, pin=PIN, label=label) as signer:
        certified = _certified(network, tmp_path, signer.signing_request)
    wallet = FileWallet(tmp_path / "wallet")
    place = HardwareKey(MODULE, TOKEN, label=label)
    wallet.put_hardware("member", certified.msp_id, certified.certificate_pem, place)
    with closing(wallet.get("member", pin=Password(PIN))) as opened:
        await _evaluates_and_submits(await _gateway(network, opened.identity, opened.signer))


@pytest.mark.parametrize("kind", ["P-256", "P-384"])
@pytest.mark.parametrize("hashed", [hash.sha384, hash.sha3_256, hash.sha3_384])
async def test_peers_of_a_sha2_msp_take_no_other_hash_than_sha256(
    network: Network, tmp_path: Path, kind: str, hashed: hash.Hash
) -> None:
    key = KEYS[kind]()
    identity = _certified(network, tmp_path, _request(key))
    async with await _gateway(network, identity, signers.signer_of(key), hashed) as gateway:
        contract = gateway.network(CHANNEL).contract("care")
        for call, error in (
            (contract.evaluate_transaction, EvaluateError),
            (contract.submit_transaction, EndorseError),
        ):
            with pytest.raises(error, match="access denied"):
                await call(FUNCTION)


async def test_a_high_s_is_denied(network: Network, tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    order = int("F" * 48 + "C7634D81F4372DDF581A0DB248B0A77AECEC196ACCC52973", 16)
    low = signers.signer_of(key)

    async def high(digest: bytes) -> bytes:
        r, s = decode_dss_signature(await low(digest))
        return encode_dss_signature(r, order - s)

    identity = _certified(network, tmp_path, _request(key))
    async with await _gateway(network, identity, high) as gateway:
        with pytest.raises(EvaluateError, match="access denied"):
            await gateway.network(CHANNEL).contract("care").evaluate_transaction(FUNCTION)
