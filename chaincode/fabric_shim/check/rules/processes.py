"""FS113."""

from __future__ import annotations

from fabric_shim.check.rule import ForbiddenNames


class Processes(ForbiddenNames):
    """Other programs."""

    code = "FS113"
    name = "processes"
    reason = (
        "Another program reads clocks, files and settings of its own machine, and may not be there on the "
        "next one."
    )
    fix = "Do it in Python in the contract, or let the client do it and pass the result."
    bad = """
import subprocess

async def version(ctx) -> str:
    return subprocess.check_output(["git", "describe"]).decode()  # FS113
"""
    good = """
VERSION = "1.4.0"

async def version(ctx) -> str:
    return VERSION
"""
    forbidden = (
        (
            "runs or ends something outside the contract",
            "subprocess. pty. ctypes. cffi. sh. pexpect. os.system os.popen os.startfile os.kill "
            "os.posix_spawn os.posix_spawnp os.execv os.execve os.execvp os.execvpe os.execl os.execle "
            "os.execlp os.spawnl os.spawnv os.spawnvp os.spawnlp os._exit os.abort",
        ),
        (
            "ends the chaincode process with every transaction in it",
            "builtins.exit builtins.quit sys.exit",
        ),
    )
