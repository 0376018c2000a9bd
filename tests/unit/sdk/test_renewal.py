"""Which certificates end soon, MSP folders, and renewal ahead of the end; certificates live for seconds."""

from __future__ import annotations

import asyncio
import errno
import os
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from carechannel.identity import Identity
from carechannel.sdk import (
    CaRefusedError,
    CaRequestError,
    CaUnreachableError,
    CertificateAuthority,
    CertificateExpiry,
    CertificateFileError,
    Enrollment,
    RenewalPlan,
    SdkError,
    expiring,
    keep_renewed,
    read_msp,
    write_msp,
)
from carechannel.sdk.enrollment import key_to_pem, new_key
from carechannel.sdk.expiry import in_folder, of_ca
from carechannel.wallet import Credentials, FileWallet, Password
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from fabric_network.render.ca import REGISTRAR

from tests.unit.sdk.real_ca import SECRET, RunningCa
from tests.unit.sdk.scripted_ca import Issuer, ScriptedCa, replies, scripted_ca
from tests.waiting import eventually

DAY = timedelta(days=1)


@pytest.fixture(scope="module")
def issuer() -> Issuer:
    return Issuer()


def enrolled(issuer: Issuer, name: str = "somebody", *, ends: timedelta = DAY) -> Enrollment:
    key = new_key()
    certificate = issuer.issue(name, key.public_key(), ends=ends)
    return Enrollment(certificate.public_bytes(Encoding.PEM), key_to_pem(key), issuer.pem)


# MSP folders


def test_a_folder_that_other_clients_read(issuer: Issuer, tmp_path: Path) -> None:
    mine = enrolled(issuer)
    write_msp(tmp_path / "me" / "msp", mine)
    assert read_msp(tmp_path / "me") == mine
    assert Identity.load(tmp_path / "me", "HospitalAMSP").certificate_pem == mine.cert_pem
    (key,) = [path.name for path in (tmp_path / "me" / "msp" / "keystore").iterdir()]
    assert len(key) == 67
    assert key.endswith("_sk")
    modes = {
        path.relative_to(tmp_path).as_posix(): path.stat().st_mode & 0o777
        for path in (tmp_path / "me" / "msp").rglob("*")
    }
    assert modes == {
        "me/msp/config.yaml": 0o644,
        "me/msp/cacerts": 0o755,
        "me/msp/cacerts/ca.pem": 0o644,
        "me/msp/signcerts": 0o755,
        "me/msp/signcerts/cert.pem": 0o644,
        "me/msp/keystore": 0o700,
        f"me/msp/keystore/{key}": 0o600,
    }
    assert [path.name for path in (tmp_path / "me").iterdir()] == ["msp"]


def test_writing_again_keeps_what_is_not_the_enrolments(issuer: Issuer, tmp_path: Path) -> None:
    folder = tmp_path / "msp"
    write_msp(folder, enrolled(issuer))
    (folder / "config.yaml").write_text("mine")
    (folder / "tlscacerts").mkdir()
    (folder / "tlscacerts" / "tls.pem").write_bytes(issuer.pem)
    (folder / "keystore" / "old_sk").write_bytes(key_to_pem(new_key()))
    renewed = enrolled(issuer)
    write_msp(folder, renewed)
    assert read_msp(folder) == renewed
    assert (folder / "config.yaml").read_text() == "mine"
    assert (folder / "tlscacerts" / "tls.pem").read_bytes() == issuer.pem
    assert len(list((folder / "keystore").iterdir())) == 1


def test_a_chain_that_has_changed(issuer: Issuer, tmp_path: Path) -> None:
    folder, other = tmp_path / "msp", Issuer(name="other root")
    write_msp(folder, enrolled(issuer))
    (folder / "config.yaml").write_text("")
    renewed = enrolled(other)
    write_msp(folder, renewed)
    assert read_msp(folder) == renewed
    assert [path.read_bytes() for path in (folder / "cacerts").iterdir()] == [other.pem]
    assert Identity.load(folder, "HospitalAMSP").certificate_pem == renewed.cert_pem


class Killed(BaseException):
    """The process ends here."""


@pytest.mark.parametrize("same_key", [False, True])
def test_killed_at_every_write(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, same_key: bool
) -> None:
    """Whoever reads the folder afterwards finds the old enrolment or the new one, and can write it again."""
    folder, kept = tmp_path / "msp", enrolled(issuer)
    for step in range(20):
        write_msp(folder, kept)
        new = Enrollment(kept.cert_pem, kept.key_pem, issuer.pem) if same_key else enrolled(issuer)
        left = iter(range(step))

        def killing(call: Callable[..., object], left: Iterator[int] = left) -> Callable[..., object]:
            def called(*arguments: object, **options: object) -> object:
                if next(left, None) is None:
                    raise Killed
                return call(*arguments, **options)

            return called

        with monkeypatch.context() as patch:
            for name in ("replace", "unlink", "rename"):
                patch.setattr(Path, name, killing(getattr(Path, name)))
            with suppress(Killed):
                write_msp(folder, new)
                break
        assert read_msp(folder) in {kept, new}
        assert Identity.load(folder, "HospitalAMSP").certificate_pem in {kept.cert_pem, new.cert_pem}
    else:
        raise AssertionError("there is an end to the writes")
    assert step >= 2


def test_an_intermediate_certificate_goes_where_fabric_looks(issuer: Issuer, tmp_path: Path) -> None:
    between = Issuer(name="between")
    middle = issuer.issue("between", between.key.public_key(), ca=True).public_bytes(Encoding.PEM)
    mine = enrolled(between)
    write_msp(tmp_path / "msp", Enrollment(mine.cert_pem, mine.key_pem, middle + issuer.pem))
    assert (tmp_path / "msp" / "intermediatecerts" / "ica.pem").read_bytes() == middle
    assert (tmp_path / "msp" / "cacerts" / "ca.pem").read_bytes() == issuer.pem
    assert "Certificate: intermediatecerts/ica.pem" in (tmp_path / "msp" / "config.yaml").read_text()
    assert read_msp(tmp_path / "msp").ca_chain_pem == middle + issuer.pem


def test_the_key_among_others(issuer: Issuer, tmp_path: Path) -> None:
    mine = enrolled(issuer)
    write_msp(tmp_path / "msp", mine)
    (tmp_path / "msp" / "keystore" / "a_sk").write_bytes(key_to_pem(new_key()))
    (tmp_path / "msp" / "keystore" / "b_sk").write_bytes(b"no key")
    assert read_msp(tmp_path / "msp") == mine


def test_folders_that_hold_no_enrolment(issuer: Issuer, tmp_path: Path) -> None:
    with pytest.raises(CertificateFileError, match="cannot be read"):
        read_msp(tmp_path / "none")
    folder = tmp_path / "msp"
    write_msp(folder, enrolled(issuer))
    next((folder / "keystore").iterdir()).write_bytes(key_to_pem(new_key()))
    with pytest.raises(CertificateFileError, match="no unencrypted P-256 key that fits"):
        read_msp(folder)
    (folder / "signcerts" / "second.pem").write_bytes(issuer.pem)
    with pytest.raises(CertificateFileError, match="must hold one file and holds 2"):
        read_msp(folder)


def test_a_place_that_cannot_be_written(issuer: Issuer, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(CertificateFileError, match="cannot be written"):
        write_msp(tmp_path / "file" / "msp", enrolled(issuer))


# Expiry


def test_who_ends_soon(issuer: Issuer, tmp_path: Path) -> None:
    for name, ends in (("late", 40 * DAY), ("soon", 5 * DAY), ("ended", -DAY / 24 / 60)):
        write_msp(tmp_path / name / "msp", enrolled(issuer, name, ends=ends))
    found = in_folder(tmp_path)
    assert {each.name for each in found} == {"late", "soon", "ended", "scripted root"}
    ends = [each.name for each in expiring(found, 30 * DAY) if each.name != "scripted root"]
    assert ends == ["ended", "soon"]
    (soon,) = [each for each in found if each.name == "soon"]
    assert Path(soon.found) == tmp_path / "soon" / "msp" / "signcerts" / "cert.pem"
    assert timedelta(days=4.9) < soon.remaining() < 5 * DAY
    assert soon.remaining(soon.not_after + DAY) == -DAY
    assert expiring(found, timedelta(0), now=soon.not_after)[-1] == soon


def test_a_single_file_with_several_certificates(issuer: Issuer, tmp_path: Path) -> None:
    (tmp_path / "chain.pem").write_bytes(enrolled(issuer).cert_pem + issuer.pem)
    assert len(in_folder(tmp_path / "chain.pem")) == 2


def test_a_folder_without_certificates(tmp_path: Path) -> None:
    with pytest.raises(CertificateFileError, match="no certificate in"):
        in_folder(tmp_path)


def test_a_damaged_certificate_is_not_passed_over(issuer: Issuer, tmp_path: Path) -> None:
    write_msp(tmp_path / "msp", enrolled(issuer))
    damaged = issuer.pem.replace(b"MII", b"MIJ")
    (tmp_path / "msp" / "cacerts" / "ca.pem").write_bytes(damaged)
    with pytest.raises(CertificateFileError, match=r"ca\.pem holds a certificate that cannot be read"):
        in_folder(tmp_path)


def test_what_a_ca_issued(ca: CertificateAuthority, registrar: Enrollment) -> None:
    found = of_ca(ca.certificates.list(registrar, enrollment_id=REGISTRAR, revoked=False), ca.url)
    assert {(each.name, each.found) for each in found} == {(REGISTRAR, ca.url)}
    assert expiring(found, 30 * DAY) == ()
    assert set(expiring(found, 400 * DAY)) == set(found)


# Renewal


class Kept:
    """Counts and keeps what was renewed."""

    def __init__(self) -> None:
        self.enrollments: list[Enrollment] = []
        self.errors: list[SdkError] = []

    async def renewed(self, enrollment: Enrollment) -> None:
        self.enrollments.append(enrollment)

    async def failed(self, error: SdkError) -> None:
        self.errors.append(error)


async def ended(task: asyncio.Task[None]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError):
        await task


@pytest.mark.parametrize("same_key", [False, True])
async def test_renewed_before_it_ends(brief_ca: RunningCa, tmp_path: Path, same_key: bool) -> None:
    """A certificate of seconds is renewed a second from now, for one that lasts longer."""
    ca = brief_ca.client()
    registrar = ca.enroll(REGISTRAR, SECRET)
    name = f"Ärztin {same_key}"
    brief = ca.reenroll(ca.enroll(name, ca.register(registrar, name)), profile="tls", hosts=["a.example"])
    left = brief.certificate().not_valid_after_utc - datetime.now(UTC)
    assert timedelta(0) < left < timedelta(seconds=75)
    plan = RenewalPlan(ahead=left - timedelta(seconds=1), same_key=same_key)
    folder = tmp_path / "msp"
    written = asyncio.Event()

    async def keep(enrollment: Enrollment) -> None:
        await asyncio.to_thread(write_msp, folder, enrollment)
        written.set()

    began = datetime.now(UTC)
    task = asyncio.create_task(keep_renewed(ca, brief, keep, plan=plan))
    try:
        await asyncio.wait_for(written.wait(), 30)
    finally:
        await ended(task)
    assert datetime.now(UTC) - began >= timedelta(seconds=0.9)
    kept = read_msp(folder)
    assert kept.certificate().not_valid_after_utc > datetime.now(UTC) + 300 * DAY
    assert (kept.key_pem == brief.key_pem) is same_key
    assert kept.common_name() == name


async def test_hosts_and_profile_are_asked_for_again(brief_ca: RunningCa) -> None:
    ca, kept = brief_ca.client(), Kept()
    current = ca.enroll(REGISTRAR, SECRET)
    plan = RenewalPlan(ahead=10_000 * DAY, profile="tls", hosts=["a.example"])
    task = asyncio.create_task(keep_renewed(ca, current, kept.renewed, plan=plan))
    try:
        await eventually(lambda: bool(kept.enrollments), 20)
        await asyncio.sleep(0.5)
    finally:
        await ended(task)
    (only,) = kept.enrollments  # the second is due halfway to its end, not at once
    names = only.certificate().extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["a.example"]


@pytest.fixture
def script(tmp_path: Path) -> Iterator[ScriptedCa]:
    with scripted_ca(tmp_path) as made:
        yield made


async def test_a_ca_that_comes_back_in_time(script: ScriptedCa, tmp_path: Path) -> None:
    kept, current = Kept(), enrolled(script.issuer, ends=timedelta(seconds=20))
    certificate = script.issuer.issue("somebody", current.private_key().public_key())
    plan = RenewalPlan(ahead=DAY, retry=timedelta(seconds=0.05), same_key=True)
    ca = CertificateAuthority(script.url, script.root, timeout=2)
    script.act = replies(b"<html>gateway error")
    task = asyncio.create_task(keep_renewed(ca, current, kept.renewed, plan=plan, failed=kept.failed))
    try:
        await eventually(lambda: len(kept.errors) >= 2)
        script.certifies(certificate.public_bytes(Encoding.PEM), script.issuer.pem)
        await eventually(lambda: bool(kept.enrollments))
    finally:
        await ended(task)
    assert kept.enrollments[0].certificate() == certificate


async def test_a_ca_that_does_not_come_back_in_time(script: ScriptedCa) -> None:
    kept, current = Kept(), enrolled(script.issuer, ends=timedelta(seconds=2))
    plan = RenewalPlan(ahead=DAY, retry=timedelta(seconds=0.2))
    away = CertificateAuthority("https://127.0.0.1:1", script.root)
    with pytest.raises(CaUnreachableError):
        await asyncio.wait_for(keep_renewed(away, current, kept.renewed, plan=plan, failed=kept.failed), 20)
    assert datetime.now(UTC) >= current.certificate().not_valid_after_utc
    assert kept.errors
    assert kept.enrollments == []


async def test_a_certificate_that_has_ended(ca: CertificateAuthority) -> None:
    late = enrolled(Issuer(), ends=timedelta(seconds=-1))
    with pytest.raises(CaRefusedError, match="expired at"):
        await asyncio.wait_for(keep_renewed(ca, late, Kept().renewed), 20)


async def test_a_revoked_identity(ca: CertificateAuthority, registrar: Enrollment) -> None:
    current = ca.enroll("to-be-revoked", ca.register(registrar, "to-be-revoked"))
    ca.revocations.revoke(registrar, "to-be-revoked")
    with pytest.raises(CaRefusedError):
        await asyncio.wait_for(
            keep_renewed(ca, current, Kept().renewed, plan=RenewalPlan(ahead=10_000 * DAY)), 20
        )


async def test_what_cannot_be_kept_is_not_swallowed(script: ScriptedCa) -> None:
    async def broken(_enrollment: Enrollment) -> None:
        raise OSError("disk full")

    current = enrolled(script.issuer, ends=timedelta(seconds=20))
    certificate = script.issuer.issue("somebody", current.private_key().public_key())
    script.certifies(certificate.public_bytes(Encoding.PEM), script.issuer.pem)
    ca = CertificateAuthority(script.url, script.root)
    with pytest.raises(OSError, match="disk full"):
        await asyncio.wait_for(
            keep_renewed(ca, current, broken, plan=RenewalPlan(ahead=DAY, same_key=True)), 20
        )


async def test_waiting_costs_nothing_and_can_be_cancelled(ca: CertificateAuthority, issuer: Issuer) -> None:
    threads = threading.active_count()
    task = asyncio.create_task(keep_renewed(ca, enrolled(issuer, ends=100 * DAY), Kept().renewed))
    await asyncio.sleep(0.1)
    assert not task.done()
    await ended(task)
    assert threading.active_count() <= threads


async def test_an_enrolment_that_cannot_be_used(ca: CertificateAuthority, issuer: Issuer) -> None:
    wrong = Enrollment(enrolled(issuer).cert_pem, enrolled(issuer).key_pem, issuer.pem)
    with pytest.raises(CaRequestError, match="do not belong together"):
        await keep_renewed(ca, wrong, Kept().renewed, plan=RenewalPlan(ahead=400 * DAY))


def test_expiry_of_a_certificate_without_a_name() -> None:
    at = datetime(2026, 1, 1, tzinfo=UTC)
    assert CertificateExpiry("a", "1", "b", at, at).remaining(at) == timedelta(0)


def test_certificates_in_a_wallet(issuer: Issuer, tmp_path: Path) -> None:
    key = new_key()
    certificate = issuer.issue("nurse", key.public_key(), ends=timedelta(days=9))
    pem = certificate.public_bytes(Encoding.PEM)
    FileWallet(tmp_path / "wallet", Password("pw"), cost=2**14).put("nurse", Credentials("AMSP", pem, key))
    (found,) = in_folder(tmp_path)
    assert (found.name, found.found) == ("nurse", str(tmp_path / "wallet" / "nurse.id"))


def test_a_folder_that_cannot_be_read_is_not_passed_over(
    issuer: Issuer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "cert.pem").write_bytes(issuer.pem)
    (tmp_path / "closed").mkdir()
    really = os.scandir

    def refused(path: str) -> object:
        if str(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", str(path))
        return really(path)

    monkeypatch.setattr(os, "scandir", refused)  # as root may read everything
    with pytest.raises(CertificateFileError, match="closed cannot be read: Permission denied"):
        in_folder(tmp_path)


def test_looking_ahead_without_end(issuer: Issuer, tmp_path: Path) -> None:
    (tmp_path / "cert.pem").write_bytes(issuer.pem)
    assert len(expiring(in_folder(tmp_path), timedelta.max)) == 1


@pytest.mark.parametrize("plan", [{"ahead": -DAY}, {"retry": timedelta(0)}, {"retry": -DAY}])
def test_a_plan_that_would_ask_without_pause_or_too_late(plan: dict[str, timedelta]) -> None:
    with pytest.raises(ValueError, match="ahead of its end"):
        RenewalPlan(**plan)  # type: ignore[arg-type]
