"""Real CAs for the tests of `carechannel.sdk`."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from carechannel.sdk import CertificateAuthority, Enrollment
from fabric_network.render.ca import REGISTRAR

from tests.unit.sdk.real_ca import SECRET, RunningCa, started


@pytest.fixture(scope="session")
def running_ca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCa]:
    with started(tmp_path_factory.mktemp("ca")) as running:
        yield running


@pytest.fixture(scope="session")
def brief_ca(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningCa]:
    """A CA whose TLS certificates are good for 10 to 70 seconds: it counts from the nearest full minute."""
    home = tmp_path_factory.mktemp("brief-ca")
    with started(home):
        pass  # its own TLS certificate is made at the first start, and is to last
    with started(home, tls_expiry="40s") as running:
        yield running


@pytest.fixture
def ca(running_ca: RunningCa) -> CertificateAuthority:
    return running_ca.client()


@pytest.fixture(scope="session")
def registrar(running_ca: RunningCa) -> Enrollment:
    return running_ca.client().enroll(REGISTRAR, SECRET)
