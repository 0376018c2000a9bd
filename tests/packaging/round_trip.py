"""Runs in an environment made by docs/sdk/install.md: round_trip.py URL ROOT NAME, secret on stdin."""

import importlib
import pkgutil
import secrets
import sys
from pathlib import Path

import carechannel
import carechannel.sdk
import fabric_gateway
from carechannel.sdk import CaRefusedError, CertificateAuthority
from cryptography import x509

assert "hfc" not in sys.modules
assert Path(carechannel.__file__).is_relative_to(sys.prefix), carechannel.__file__


def modules_below(package):
    return [found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")]


ours = modules_below(carechannel.sdk)
for name in [*ours, *modules_below(fabric_gateway)]:
    importlib.import_module(name)

import hfc.fabric  # noqa: E402 - only once it is prepared
import hfc.fabric_ca  # noqa: E402
import hfc.protos  # noqa: E402
import hfc.util  # noqa: E402

theirs = [
    name for package in (hfc.protos, hfc.fabric_ca, hfc.util, hfc.fabric) for name in modules_below(package)
]
failed = set()
for name in theirs:
    try:
        importlib.import_module(name)
    except ImportError:
        failed.add(name)
# Both import a module that hfc 1.0.0 does not have; nothing imports them.
assert failed == {"hfc.fabric.channel.instantiation", "hfc.fabric.channel.invocation"}, failed

url, root, authority = sys.argv[1:]
ca = CertificateAuthority(url, Path(root), authority)
registrar = ca.enroll("registrar-admin", sys.stdin.read())
name = f"Ärztin {secrets.token_hex(8)}"
secret = ca.register(registrar, name, attributes={"care.role": "Pädiatrie"})
first = ca.enroll(name, secret)
kept = ca.reenroll(first, key=first.private_key())
assert kept.private_key().public_key() == first.private_key().public_key()
assert ca.identities.get(registrar, name).id == name
assert len(ca.certificates.list(registrar, enrollment_id=name)) == 2
revoked = ca.revocations.revoke(registrar, name)
crl = x509.load_pem_x509_crl(revoked.crl_pem)
assert crl.get_revoked_certificate_by_serial_number(kept.certificate().serial_number) is not None
try:
    ca.reenroll(kept)
except CaRefusedError:
    print(len(ours) > 10, len(theirs) > 50)
