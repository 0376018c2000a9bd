"""A CA that answers wrongly: every call of ours raises, whatever hfc makes of the answer."""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from carechannel.sdk import (
    CaRefusedError,
    CaReplyError,
    CaRequestError,
    CaUnreachableError,
    CertificateAuthority,
    Enrollment,
    SdkError,
)
from carechannel.sdk.enrollment import key_to_pem, new_key, signing_request
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.unit.sdk.scripted_ca import Issuer, ScriptedCa, cut, drip, replies, scripted_ca, silent, text

Call = Callable[[CertificateAuthority, Enrollment], object]


@pytest.fixture(scope="module")
def scripted_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ScriptedCa]:
    with scripted_ca(tmp_path_factory.mktemp("scripted")) as made:
        yield made


@pytest.fixture
def script(scripted_server: ScriptedCa) -> ScriptedCa:
    scripted_server.requests.clear()
    return scripted_server


@pytest.fixture
def scripted(script: ScriptedCa) -> CertificateAuthority:
    return CertificateAuthority(script.url, script.root, timeout=2)


@pytest.fixture(scope="module")
def somebody(scripted_server: ScriptedCa) -> Enrollment:
    key = new_key()
    issuer = scripted_server.issuer
    certificate = issuer.issue("somebody", key.public_key()).public_bytes(Encoding.PEM)
    return Enrollment(certificate, key_to_pem(key), issuer.pem)


def csr() -> bytes:
    return signing_request("a", new_key()).public_bytes(Encoding.PEM)


CALLS: dict[str, Call] = {
    "enroll": lambda ca, _: ca.enroll("a", "b"),
    "enroll_csr": lambda ca, _: ca.enroll_csr("a", "b", csr()),
    "reenroll": lambda ca, who: ca.reenroll(who),
    "register": lambda ca, who: ca.register(who, "a"),
    "info": lambda ca, _: ca.info(),
    "revoke": lambda ca, who: ca.revocations.revoke(who, "a"),
    "revoke_certificate": lambda ca, who: ca.revocations.revoke_certificate(who, "a1", "b2"),
    "revoke_pem": lambda ca, who: ca.revocations.revoke_pem(who, who.cert_pem),
    "crl": lambda ca, who: ca.revocations.crl(who),
    "identities.list": lambda ca, who: ca.identities.list(who),
    "identities.get": lambda ca, who: ca.identities.get(who, "a"),
    "identities.modify": lambda ca, who: ca.identities.modify(who, "a", secret="b"),
    "identities.remove": lambda ca, who: ca.identities.remove(who, "a"),
    "affiliations.list": lambda ca, who: ca.affiliations.list(who),
    "affiliations.get": lambda ca, who: ca.affiliations.get(who, "a"),
    "affiliations.add": lambda ca, who: ca.affiliations.add(who, "a"),
    "affiliations.rename": lambda ca, who: ca.affiliations.rename(who, "a", "b"),
    "affiliations.remove": lambda ca, who: ca.affiliations.remove(who, "a"),
    "certificates.list": lambda ca, who: ca.certificates.list(who),
}
every_call = pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)

HEAD = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n"
SUCCESS = b'{"result":%s,"errors":[],"messages":[],"success":true}'
WRONG_RESULTS = {
    "nothing": b"{}",
    "null": b"null",
    "text": b'"done"',
    "a list": b"[]",
    "numbers": b'{"Cert":1,"ServerInfo":2,"secret":3,"CRL":4,"RevokedCerts":5,"identities":6,"certs":7,'
    b'"id":8,"name":9,"CAName":10,"CAChain":11}',
    "nulls": b'{"Cert":null,"ServerInfo":null,"secret":null,"CRL":null,"RevokedCerts":{},"identities":null,'
    b'"certs":null,"id":null,"name":null,"CAName":null}',
    "empty texts": b'{"Cert":"","ServerInfo":{"CAChain":""},"secret":"","CRL":"","RevokedCerts":"",'
    b'"identities":"","certs":"","id":"","name":false,"CAName":"","CAChain":"","Version":""}',
    "no base64": b'{"Cert":"%%%","ServerInfo":{"CAChain":"%%%"},"secret":[],"CRL":"%%%","RevokedCerts":[{}],'
    b'"identities":[1],"certs":[{"PEM":"x"}],"id":"a","type":2,"name":{},"CAName":"","CAChain":"%%%",'
    b'"Version":"v"}',
}


@every_call
@pytest.mark.parametrize("body", [b"", b"<html>", b"{", b"\xff\xfe", b"[" * 100_000], ids=str)
def test_not_json(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment, call: Call, body: bytes
) -> None:
    script.act = replies(body[:100_000])
    with pytest.raises(CaReplyError, match=r"not with JSON\. Is it a Fabric CA"):
        call(scripted, somebody)


@every_call
@pytest.mark.parametrize("body", [b"[]", b'"yes"', b"null", b"1"])
def test_json_that_is_no_object(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment, call: Call, body: bytes
) -> None:
    script.act = replies(body)
    with pytest.raises(CaReplyError, match="not an object"):
        call(scripted, somebody)


@every_call
@pytest.mark.parametrize("success", [False, None, "true", 1])
def test_success_is_not_true(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment, call: Call, success: object
) -> None:
    script.answers({}, success=success)
    with pytest.raises(CaRefusedError, match=r"refused: Authentication failure\.") as refused:
        call(scripted, somebody)
    assert refused.value.ca_codes == (20,)


@every_call
@pytest.mark.parametrize("status", [301, 401, 500])
def test_success_with_another_status(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment, call: Call, status: int
) -> None:
    script.answers({}, status=status)
    with pytest.raises(CaRefusedError, match=f"status {status}"):
        call(scripted, somebody)


@every_call
@pytest.mark.parametrize("result", WRONG_RESULTS.values(), ids=WRONG_RESULTS)
def test_success_without_what_was_asked_for(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment, call: Call, result: bytes
) -> None:
    script.act = replies(SUCCESS % result)
    with pytest.raises(CaReplyError):
        call(scripted, somebody)


IDENTITY = {"id": "a", "type": "client", "affiliation": "", "attrs": [], "max_enrollments": 1}


@pytest.mark.parametrize(
    "wrong",
    [
        {"id": None},
        {"max_enrollments": "1"},
        {"max_enrollments": True},
        {"attrs": {}},
        {"attrs": [{"name": "a", "value": "b", "ecert": "true"}]},
        {"attrs": [{"name": "a"}]},
    ],
    ids=str,
)
def test_an_identity_of_other_types(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment, wrong: dict[str, object]
) -> None:
    script.answers(IDENTITY)
    assert scripted.identities.get(somebody, "a").max_enrollments == 1
    script.answers(IDENTITY | wrong)
    with pytest.raises(CaReplyError, match="is missing in its answer or is something else"):
        scripted.identities.get(somebody, "a")


def test_a_certificate_without_an_authority_key_identifier(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment
) -> None:
    bare = (
        x509.CertificateBuilder(x509.Name([]), x509.Name([]), new_key().public_key(), 1)
        .not_valid_before(datetime(2026, 1, 1))
        .not_valid_after(datetime(2026, 1, 2))
        .sign(new_key(), hashes.SHA256())
        .public_bytes(Encoding.PEM)
    )
    script.answers({"certs": [{"PEM": bare.decode()}], "caname": ""})
    with pytest.raises(CaReplyError):
        scripted.certificates.list(somebody)
    with pytest.raises(CaRequestError, match="no certificate that a Fabric CA issued"):
        scripted.revocations.revoke_pem(somebody, bare)


@every_call
def test_errors_that_are_none(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment, call: Call
) -> None:
    script.act = replies(b'{"success":false,"errors":"none"}', status=500)
    with pytest.raises(CaRefusedError, match="refused: status 500"):
        call(scripted, somebody)


@every_call
@pytest.mark.parametrize("after", [b"", b"HTTP/1.1 200", HEAD, HEAD + b'{"success":'], ids=str)
def test_cut_in_the_middle(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment, call: Call, after: bytes
) -> None:
    script.act = cut(after)
    with pytest.raises(CaUnreachableError, match="broke off before its answer was complete") as error:
        call(scripted, somebody)
    assert error.value.outcome_unknown
    assert "may have done" in str(error.value)


@every_call
@pytest.mark.parametrize("act", [silent, drip])
def test_too_slow(
    script: ScriptedCa,
    somebody: Enrollment,
    call: Call,
    act: Callable[[object], None],
) -> None:
    script.act = act
    impatient = CertificateAuthority(script.url, script.root, timeout=0.2)
    began = time.monotonic()
    with pytest.raises(CaUnreachableError, match=r"did not answer within 0\.2 s") as error:
        call(impatient, somebody)
    assert time.monotonic() - began < 2
    assert error.value.outcome_unknown
    assert threading.active_count() < 20


def test_a_server_that_does_not_speak_tls(script: ScriptedCa) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(CaUnreachableError, match="did not answer within") as error:
            CertificateAuthority(url, script.root, timeout=0.2).info()
    assert not error.value.outcome_unknown


def test_an_answer_without_end(script: ScriptedCa, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("carechannel.sdk._https.MAX_ANSWER", 1000)
    script.act = replies(b" " * 2000)
    with pytest.raises(CaUnreachableError, match="is above"):
        CertificateAuthority(script.url, script.root).info()


def test_what_the_ca_repeats_of_a_request_is_not_shown(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment
) -> None:
    told = {"code": 5, "message": 'Invalid request body: bad; body={"secret":"s3cret"}\x1b[31m'}
    script.act = replies(json.dumps({"success": False, "errors": [told]}).encode(), status=400)
    with pytest.raises(CaRefusedError) as refused:
        scripted.register(somebody, "a", secret="s3cret")
    assert str(refused.value) == f"The CA at {script.url} refused: Invalid request body: bad."


def test_secrets_reach_neither_log_nor_errors(
    script: ScriptedCa,
    scripted: CertificateAuthority,
    somebody: Enrollment,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("hfc", "hfc.fabric_ca.caservice", "hfc.fabric_ca.identityService"):
        logging.getLogger(name).setLevel(logging.DEBUG)
    script.answers({"secret": "s3cret"})
    assert scripted.register(somebody, "a") == "s3cret"
    script.answers({"secret": "s3cret"}, success=False)
    with pytest.raises(CaRefusedError):
        scripted.register(somebody, "a", secret="s3cret")
    assert "s3cret" not in caplog.text


# What an enrolment gives


def test_certificate_for_another_key(script: ScriptedCa, scripted: CertificateAuthority) -> None:
    other = script.issuer.issue("a", new_key().public_key()).public_bytes(Encoding.PEM)
    script.certifies(other, script.issuer.pem)
    with pytest.raises(CaReplyError, match="for the name and key that were sent"):
        scripted.enroll("a", "b")


def certified(
    script: ScriptedCa, name: str = "a", *, by: Issuer | None = None, **times: timedelta
) -> tuple[bytes, bytes]:
    """A signing request, and the certificate that the CA will give for it."""
    key = new_key()
    certificate = (by or script.issuer).issue(name, key.public_key(), **times)
    script.certifies(certificate.public_bytes(Encoding.PEM), script.issuer.pem)
    return signing_request("a", key).public_bytes(Encoding.PEM), certificate.public_bytes(Encoding.PEM)


def test_certificate_that_fits(script: ScriptedCa, scripted: CertificateAuthority) -> None:
    request, certificate = certified(script)
    assert scripted.enroll_csr("a", "b", request) == certificate


def test_certificate_in_another_name(script: ScriptedCa, scripted: CertificateAuthority) -> None:
    request, _ = certified(script, "b")
    with pytest.raises(CaReplyError, match="for the name and key"):
        scripted.enroll_csr("a", "b", request)


def test_certificate_of_another_issuer(script: ScriptedCa, scripted: CertificateAuthority) -> None:
    request, _ = certified(script, by=Issuer())
    with pytest.raises(CaReplyError, match="does not come from the chain"):
        scripted.enroll_csr("a", "b", request)


@pytest.mark.parametrize(
    ("begins", "ends"), [(timedelta(hours=1), timedelta(hours=2)), (timedelta(hours=-2), timedelta(hours=-1))]
)
def test_certificate_of_another_time(
    script: ScriptedCa, scripted: CertificateAuthority, begins: timedelta, ends: timedelta
) -> None:
    request, _ = certified(script, begins=begins, ends=ends)
    with pytest.raises(CaReplyError, match=r"which is not now .* Check the clocks"):
        scripted.enroll_csr("a", "b", request)


def test_another_name_of_the_ca(script: ScriptedCa) -> None:
    script.answers({"CAName": "other", "CAChain": text(script.issuer.pem), "Version": "1"})
    with pytest.raises(CaReplyError, match="calls itself 'other', not 'mine'"):
        CertificateAuthority(script.url, script.root, "mine").info()


# What a revocation gives


def test_nothing_was_revoked(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment
) -> None:
    script.answers({"RevokedCerts": None, "CRL": ""})
    told = scripted.revocations.revoke(somebody, "a")
    assert (told.certificates, told.crl_pem) == ((), None)


@pytest.mark.parametrize("crl", ["", text(b"no CRL"), "%"])
def test_revoked_without_a_readable_crl(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment, crl: str
) -> None:
    script.answers({"RevokedCerts": [{"Serial": "1", "AKI": "2"}], "CRL": crl})
    with pytest.raises(CaReplyError, match="did what was asked, but gave no readable CRL"):
        scripted.revocations.revoke(somebody, "a")


# What is not sent at all


WRONG_REQUESTS: dict[str, Call] = {
    "no name": lambda ca, _: ca.enroll("", "b"),
    "colon": lambda ca, who: ca.register(who, "a:b"),
    "control character": lambda ca, who: ca.register(who, "a\nb"),
    "long name": lambda ca, _: ca.enroll("a" * 65, "b"),
    "no secret": lambda ca, _: ca.enroll("a", ""),
    "empty secret": lambda ca, who: ca.register(who, "a", secret=""),
    "empty new secret": lambda ca, who: ca.identities.modify(who, "a", secret=""),
    "authority in certificates": lambda ca, who: ca.register(who, "a", attributes={"hf.Revoker": "true"}),
    "authority among attributes": lambda ca, who: ca.identities.modify(
        who, "a", attributes={"HF.Registrar.Roles": "*"}
    ),
    "half a letter": lambda ca, who: ca.register(who, "a", attributes={"b": "\udc80"}),
    "no request": lambda ca, _: ca.enroll_csr("a", "b", b"x"),
    "host beyond ASCII": lambda ca, _: ca.enroll("a", "b", hosts=["bücher.example"]),
    "slash": lambda ca, who: ca.identities.get(who, "a/b"),
    "dots": lambda ca, who: ca.identities.remove(who, ".."),
    "empty path": lambda ca, who: ca.affiliations.remove(who, ""),
    "empty new affiliation": lambda ca, who: ca.affiliations.add(who, ""),
    "slash in a new affiliation": lambda ca, who: ca.affiliations.rename(who, "a", "b/c"),
    "reason": lambda ca, who: ca.revocations.revoke(who, "a", reason="affiliationchange"),  # type: ignore[arg-type]  # what hfc calls it
    "serial": lambda ca, who: ca.revocations.revoke_certificate(who, "xyz", "1"),
    "no serial": lambda ca, who: ca.revocations.revoke_certificate(who, "", "1"),
    "no certificate": lambda ca, who: ca.revocations.revoke_pem(who, b"x"),
    "date without a zone": lambda ca, who: ca.revocations.crl(who, revoked_after=datetime(2026, 1, 1)),
    "two filters": lambda ca, who: ca.certificates.list(who, expired=False, expires_before=datetime.now(UTC)),
    "two other filters": lambda ca, who: ca.certificates.list(
        who, revoked=False, revoked_before=datetime.now(UTC)
    ),
    "empty filter": lambda ca, who: ca.certificates.list(who, enrollment_id=""),
}


@pytest.mark.parametrize("call", WRONG_REQUESTS.values(), ids=WRONG_REQUESTS)
def test_what_cannot_be_asked_is_not_sent(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment, call: Call
) -> None:
    with pytest.raises(CaRequestError) as error:
        call(scripted, somebody)
    assert str(error.value).endswith(".")
    assert script.requests == []


def test_names_do_not_become_parts_of_the_address(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment
) -> None:
    with pytest.raises(SdkError):
        scripted.identities.remove(somebody, "a?force=true#ü %41")
    line = script.requests[0].split(b"\r\n")[0]
    assert line == b"DELETE /api/v1/identities/a%3Fforce%3Dtrue%23%C3%BC%20%2541 HTTP/1.1"


@every_call
def test_the_name_of_the_ca_goes_with_every_request(
    script: ScriptedCa, somebody: Enrollment, call: Call
) -> None:
    script.answers(None)
    with pytest.raises(CaReplyError):
        call(CertificateAuthority(script.url, script.root, "c&a"), somebody)
    head, _, body = script.requests[0].partition(b"\r\n\r\n")
    line = head.split(b"\r\n")[0]
    if body:
        assert json.loads(body)["caname"] == "c&a"
        assert b"ca=" not in line
    else:
        assert line.count(b"ca=c%26a ") == 1


def other_key(kind: str) -> bytes:
    key = {
        "another": new_key,
        "P-384": lambda: ec.generate_private_key(ec.SECP384R1()),
        "Ed25519": ed25519.Ed25519PrivateKey.generate,
    }[kind]()
    return bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


@pytest.mark.parametrize("kind", ["another", "P-384", "Ed25519"])
def test_key_that_does_not_fit(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment, kind: str
) -> None:
    with pytest.raises(CaRequestError):
        scripted.reenroll(Enrollment(somebody.cert_pem, other_key(kind), b""))
    assert script.requests == []


def test_no_key_or_no_certificate(scripted: CertificateAuthority, somebody: Enrollment) -> None:
    with pytest.raises(CaRequestError, match="unencrypted ECDSA key"):
        scripted.identities.list(Enrollment(somebody.cert_pem, b"x", b""))
    with pytest.raises(CaRequestError, match="none in PEM"):
        scripted.identities.list(Enrollment(b"x", somebody.key_pem, b""))


@pytest.mark.parametrize(
    ("begins", "ends", "told"),
    [
        (timedelta(hours=-2), timedelta(hours=-1), "expired at"),
        (timedelta(hours=1), timedelta(hours=2), "valid only from .* check the clock"),
    ],
)
def test_a_refusal_names_the_wrong_time_of_ones_certificate(
    script: ScriptedCa, scripted: CertificateAuthority, begins: timedelta, ends: timedelta, told: str
) -> None:
    key = new_key()
    certificate = script.issuer.issue("late", key.public_key(), begins=begins, ends=ends)
    script.answers(None, status=401, success=False)
    with pytest.raises(CaRefusedError, match=f"Authentication failure. .*{told}"):
        scripted.identities.list(
            Enrollment(certificate.public_bytes(Encoding.PEM), key_to_pem(key), script.issuer.pem)
        )


@pytest.mark.parametrize("url", ["http://127.0.0.1:1", "127.0.0.1:1", "https://", "https://a:b", "ftp://a"])
def test_addresses_that_are_none(script: ScriptedCa, url: str) -> None:
    with pytest.raises(CaRequestError):
        CertificateAuthority(url, script.root)


def test_root_that_is_none(script: ScriptedCa, tmp_path: Path) -> None:
    (tmp_path / "x.pem").write_text("x")
    with pytest.raises(CaRequestError, match="holds no root certificate"):
        CertificateAuthority(script.url, tmp_path / "x.pem")


def test_one_object_serves_many_threads(
    script: ScriptedCa, scripted: CertificateAuthority, somebody: Enrollment
) -> None:
    script.answers({"secret": "s"})
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda number: scripted.register(somebody, f"n{number}"), range(64)))
    assert told == ["s"] * 64
    bodies = [json.loads(request.partition(b"\r\n\r\n")[2])["id"] for request in script.requests]
    assert sorted(bodies) == sorted(f"n{number}" for number in range(64))


def test_issued_certificate_needs_an_authority_key_id(script: ScriptedCa) -> None:
    from carechannel.sdk import IssuedCertificate

    issued = IssuedCertificate.of(script.issuer.issue("a", new_key().public_key()).public_bytes(Encoding.PEM))
    identifier = x509.SubjectKeyIdentifier.from_public_key(script.issuer.key.public_key()).digest
    assert (issued.enrollment_id, issued.authority_key_id) == ("a", identifier.hex())
