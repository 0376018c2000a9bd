"""Terminals in which the commands of a page are typed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.docs.pages import Typed, agrees, comes_in

_PROMPT = "<typed>"
_SECONDS = 30


def environment() -> Mapping[str, str]:
    """That of a user who has activated this Python environment and has set nothing of Fabric's."""
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    kept = {
        name: os.environ[name]
        for name in ("HOME", "LANG", "XDG_CACHE_HOME", "CARECHANNEL_CACHE", "FABRIC_BIN")
        if name in os.environ
    }
    return {**kept, "PATH": path}


class Terminal:
    """A shell that keeps its variables from one command to the next."""

    def __init__(self, folder: Path) -> None:
        self._shell = subprocess.Popen(
            ["bash", "--norc"],
            cwd=folder,
            env=environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def type(self, typed: Typed) -> None:
        """Run a command and compare its output with what the page shows."""
        assert self._shell.stdin is not None
        assert self._shell.stdout is not None
        self._shell.stdin.write(f'{typed.command}\necho "{_PROMPT}$?"\n')
        self._shell.stdin.flush()
        printed = ""
        for line in self._shell.stdout:
            before, prompt, status = line.partition(_PROMPT)
            printed += before
            if prompt:
                break
        else:
            raise AssertionError(f"the shell ended in: {typed.command}\n{printed}")
        if typed.shown:
            assert agrees(typed.shown, printed), f"$ {typed.command}\n{printed}\n(shown:)\n{typed.shown}"
        else:
            assert int(status) == 0, f"$ {typed.command}\n{printed}"

    def close(self) -> None:
        self._shell.kill()
        self._shell.communicate()


class OtherTerminal:
    """A terminal whose last command goes on running, until Ctrl-C."""

    def __init__(self, folder: Path, typed: list[Typed], log: Path) -> None:
        self._shown = "".join(each.shown for each in typed)
        self._log = log
        with log.open("wb") as output:
            self._process = subprocess.Popen(
                ["bash", "-c", "\n".join(each.command for each in typed)],
                cwd=folder,
                env=environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    def wait_until_it_serves(self) -> None:
        """Wait for the first line that the page shows."""
        self._wait_for(self._shown.splitlines()[0])

    def stop(self) -> None:
        """Press Ctrl-C, once all that the page shows has been printed."""
        self._wait_for(self._shown)
        os.killpg(self._process.pid, signal.SIGINT)
        self._process.wait(_SECONDS)

    def close(self) -> None:
        """End whatever still runs."""
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def _wait_for(self, shown: str) -> None:
        deadline = time.monotonic() + _SECONDS
        while not comes_in(shown, printed := self._log.read_text()):
            assert self._process.poll() is None, printed
            assert time.monotonic() < deadline, f"{printed}\n(shown:)\n{shown}"
            time.sleep(0.1)
