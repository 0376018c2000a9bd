"""A PostgreSQL server of its own in a temporary folder, reached by its Unix socket only."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from tests.tools import needed, postgresql_programs

_BINARIES = needed(postgresql_programs(), "PostgreSQL")
_ACCOUNT = "postgres"


class PostgreSql:
    """PostgreSQL refuses to run as root, so it runs as Debian's ``postgres`` where the tests are root's."""

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="carechannel-pg-"))
        self._user = _ACCOUNT if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(self._folder, self._user)
        self._process: subprocess.Popen[bytes] | None = None
        initdb = ["initdb", "--no-sync", "--auth=trust", f"--username={_ACCOUNT}", "-E", "UTF8", "-D", "data"]
        subprocess.run(
            [_BINARIES / initdb[0], *initdb[1:]],
            cwd=self._folder,
            user=self._user,
            check=True,
            capture_output=True,
        )

    @property
    def url(self) -> str:
        """For SQLAlchemy, with asyncpg."""
        return f"postgresql+asyncpg://{_ACCOUNT}@/postgres?host={self._folder}"

    def start(self) -> None:
        with (self._folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [
                    _BINARIES / "postgres",
                    "-D",
                    "data",
                    "-k",
                    self._folder,
                    "-c",
                    "listen_addresses=",
                    "-c",
                    "fsync=off",
                ],
                cwd=self._folder,
                user=self._user,
                stdout=log,
                stderr=log,
            )
        ready = [_BINARIES / "pg_isready", "-q", "-h", self._folder]
        for _ in range(600):
            if subprocess.run(ready, check=False).returncode == 0:
                return
            time.sleep(0.05)
        raise RuntimeError((self._folder / "log").read_text())

    def stop(self) -> None:
        """End it without waiting for clients."""
        if self._process is not None:
            self._process.send_signal(signal.SIGINT)
            self._process.wait(30)
            self._process = None

    def remove(self) -> None:
        self.stop()
        shutil.rmtree(self._folder)
