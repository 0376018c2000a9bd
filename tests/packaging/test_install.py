"""The core client installs without the overrides that hfc needs, and works without hfc."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


def run(*arguments: str | Path, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run([str(a) for a in arguments], capture_output=True, text=True, check=False, **options)


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment outside the workspace, so that the workspace's settings do not help."""
    folder = tmp_path_factory.mktemp("plain")
    uv = os.environ.get("UV") or shutil.which("uv")
    assert uv, "the suite runs under uv (make test)"
    for made in (
        run(uv, "venv", "--no-config", folder / "venv", cwd=folder),
        run(
            uv, "pip", "install", "--no-config", "--python", folder / "venv" / "bin" / "python",
            ROOT / "chaincode", ROOT / "client", cwd=folder,
        ),
    ):  # fmt: skip
        assert made.returncode == 0, made.stderr
    return folder / "venv" / "bin"


def test_the_client_imports_without_hfc(environment: Path) -> None:
    program = "import carechannel, fabric_gateway, importlib.util as u; print(u.find_spec('hfc'))"
    reply = run(environment / "python", "-c", program)
    assert reply.returncode == 0, reply.stderr
    assert reply.stdout.strip() == "None"


def test_the_command_line_starts(environment: Path) -> None:
    reply = run(environment / "carechannel", "--help")
    assert reply.returncode == 0
    assert "records" in reply.stdout


def test_what_needs_hfc_says_how_to_get_it(environment: Path) -> None:
    program = (
        "from pathlib import Path\n"
        "from carechannel.sdk import CertificateAuthority, SdkMissingError\n"
        "try:\n"
        "    CertificateAuthority('https://127.0.0.1:1', Path('/none'))\n"
        "except SdkMissingError as error:\n"
        "    print(error)\n"
    )
    reply = run(environment / "python", "-c", program)
    assert reply.returncode == 0, reply.stderr
    assert "override-dependencies" in reply.stdout
