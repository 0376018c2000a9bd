"""FS114."""

from __future__ import annotations

from fabric_shim.check.rule import ForbiddenNames


class Environment(ForbiddenNames):
    """The process's surroundings."""

    code = "FS114"
    name = "environment"
    reason = (
        "Environment variables, command line, platform and Python version are each operator's own: what "
        "depends on them differs between endorsers."
    )
    fix = "Keep settings on the ledger or as constants in the code, which all organisations approve."
    bad = """
import os

async def fee(ctx) -> int:
    return int(os.environ["FEE"])  # FS114
"""
    good = """
async def fee(ctx) -> int:
    return int(await ctx.stub.get_state("fee") or 0)
"""
    forbidden = (
        (
            "is this machine's own",
            "os.environ os.environb os.getenv os.getenvb os.getpid os.getppid os.uname os.cpu_count "
            "os.getlogin os.getuid os.geteuid os.getloadavg os.name os.times platform. getpass. pwd. "
            "resource. psutil. gc. tracemalloc. sysconfig. site. dotenv. importlib.metadata. "
            "pkg_resources.",
        ),
        (
            "is this process's own",
            "sys.argv sys.version sys.version_info sys.hexversion sys.platform sys.flags sys.maxsize "
            "sys.byteorder sys.hash_info sys.implementation sys.executable sys.path sys.modules "
            "sys.getsizeof sys.getrefcount sys.stdin",
        ),
    )
