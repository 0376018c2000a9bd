"""What counts as good key material on disk, and what has to be issued again."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from fabric_network.certificates import lacking, registrar_secret, write_channel_msps
from fabric_network.files import write
from fabric_network.identities import TlsFiles, identities
from fabric_network.material import msp_is_good, read_key, read_msp, tls_is_good
from fabric_network.paths import Layout
from fabric_network.topology import Topology

from tests.unit.network.builders import Root, dev_topology


@pytest.fixture(scope="module")
def root() -> Root:
    return Root.make()


def tls_files(folder: Path) -> TlsFiles:
    return TlsFiles(folder / "server.crt", folder / "server.key", folder / "ca.crt")


def test_msp_folder_has_the_standard_layout_and_private_keys(tmp_path: Path, root: Root) -> None:
    folder = tmp_path / "msp"
    root.write_msp(folder)
    found = {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()}
    assert found == {
        "cacerts/ca.pem",
        "tlscacerts/ca.pem",
        "signcerts/cert.pem",
        "keystore/key.pem",
        "config.yaml",
    }
    assert (folder / "keystore" / "key.pem").stat().st_mode & 0o777 == 0o600
    assert (folder / "keystore").stat().st_mode & 0o777 == 0o700
    assert msp_is_good(folder, root.pem)
    assert read_msp(folder)[0] == (folder / "signcerts" / "cert.pem").read_bytes()


@pytest.mark.parametrize(
    "missing",
    ["cacerts/ca.pem", "tlscacerts/ca.pem", "signcerts/cert.pem", "keystore/key.pem", "config.yaml"],
)
def test_half_an_msp_folder_is_none(tmp_path: Path, root: Root, missing: str) -> None:
    root.write_msp(tmp_path / "msp")
    (tmp_path / "msp" / missing).unlink()
    assert not msp_is_good(tmp_path / "msp", root.pem)


def test_expired_foreign_and_unfitting_certificates_are_no_good(tmp_path: Path, root: Root) -> None:
    folder = tmp_path / "msp"
    root.write_msp(folder, lifetime=timedelta(seconds=-1))
    assert not msp_is_good(folder, root.pem)
    root.write_msp(folder)
    assert not msp_is_good(folder, Root.make().pem)
    (folder / "signcerts" / "cert.pem").write_bytes(root.issue("other")[0])
    assert not msp_is_good(folder, root.pem)
    (folder / "signcerts" / "cert.pem").write_bytes(b"no certificate")
    assert not msp_is_good(folder, root.pem)


def test_root_of_the_same_name_with_another_key_does_not_pass(tmp_path: Path, root: Root) -> None:
    folder = tmp_path / "msp"
    root.write_msp(folder)
    impostor = Root.make()
    for place in ("cacerts", "tlscacerts"):
        (folder / place / "ca.pem").write_bytes(impostor.pem)
    assert not msp_is_good(folder, impostor.pem)


def test_tls_is_good_for_its_hosts_only(tmp_path: Path, root: Root) -> None:
    files = tls_files(tmp_path)
    assert not tls_is_good(files, root.pem, ())
    root.write_tls(files, hosts=("a.example", "b.example"))
    assert tls_is_good(files, root.pem, ("a.example",))
    assert tls_is_good(files, root.pem, ())
    assert not tls_is_good(files, root.pem, ("c.example",))
    assert files.key.stat().st_mode & 0o777 == 0o600
    root.write_tls(files)
    assert not tls_is_good(files, root.pem, ("a.example",))


def test_unreadable_key_is_none(tmp_path: Path) -> None:
    assert read_key(tmp_path / "none") is None
    (tmp_path / "key").write_text("no key")
    assert read_key(tmp_path / "key") is None


class Issued:
    """A network folder in which everything of one organisation is issued."""

    def __init__(self, folder: Path, root: Root, organization: str) -> None:
        self.topology: Topology = dev_topology()
        self.layout = Layout(folder, "dev")
        self.organization = self.topology.organizations[organization]
        write(self.layout.organization(organization).ca.certificate, root.pem)
        for identity in identities(self.topology, self.layout, self.organization):
            if identity.msp is not None:
                root.write_msp(identity.msp, clients=identity.knows_clients)
            if identity.tls is not None:
                root.write_tls(identity.tls, hosts=identity.hosts)

    def lacking(self) -> set[tuple[str, bool, bool]]:
        found = lacking(self.topology, self.layout, self.organization)
        return {
            (str((lack.identity.msp or lack.identity.tls.key).parent.name), lack.msp, lack.tls)  # type: ignore[union-attr]
            for lack in found
        }


def test_only_what_is_missing_is_lacking(tmp_path: Path, root: Root) -> None:
    issued = Issued(tmp_path, root, "clinic")
    assert issued.lacking() == set()
    user = issued.layout.organization("clinic").user("practitioner")
    (user.msp / "keystore" / "key.pem").unlink()
    (issued.layout.organization("clinic").user("node").tls.certificate).unlink()
    assert issued.lacking() == {("practitioner", True, False), ("node", False, True)}


def test_everything_is_lacking_at_first(tmp_path: Path, root: Root) -> None:
    topology, layout = dev_topology(), Layout(tmp_path, "dev")
    write(layout.organization("hospital-a").ca.certificate, root.pem)
    organization = topology.organizations["hospital-a"]
    assert len(lacking(topology, layout, organization)) == len(identities(topology, layout, organization))


def test_channel_msp_holds_no_key_and_is_left_alone(tmp_path: Path, root: Root) -> None:
    topology, layout = dev_topology(), Layout(tmp_path, "dev")
    for name in topology.organizations:
        write(layout.organization(name).ca.certificate, root.pem)
    write_channel_msps(topology, layout)
    msp = layout.organization("hospital-a").msp
    assert sorted(path.name for path in msp.iterdir()) == ["cacerts", "config.yaml", "tlscacerts"]
    before = msp.stat().st_ino
    write_channel_msps(topology, layout)
    assert msp.stat().st_ino == before


def test_registrar_secret_is_made_once_and_private(tmp_path: Path) -> None:
    layout = Layout(tmp_path, "dev")
    secret = registrar_secret(layout, "hospital-a")
    assert len(secret) > 40
    assert registrar_secret(layout, "hospital-a") == secret
    assert registrar_secret(layout, "hospital-b") != secret
    assert layout.organization("hospital-a").ca.registrar_secret.stat().st_mode & 0o777 == 0o600
