"""FS111."""

from __future__ import annotations

from fabric_shim.check.rule import ForbiddenNames


class Files(ForbiddenNames):
    """Files and folders."""

    code = "FS111"
    name = "files"
    reason = (
        "Files differ from machine to machine and change without a transaction; what is written to one is "
        "on no ledger."
    )
    fix = "Keep the data on the ledger, pass it as an argument, or write it into the code as a constant."
    bad = """
from pathlib import Path

async def price(ctx, asset: str) -> str:
    return Path("prices", asset).read_text()  # FS111
"""
    good = """
async def price(ctx, asset: str) -> str:
    value = await ctx.stub.get_state(f"price-{asset}")
    return (value or b"").decode()
"""
    forbidden = (
        (
            "works on this machine's files",
            "builtins.open builtins.input io.open io.FileIO codecs.open os.open os.fdopen os.read "
            "os.write os.listdir os.scandir os.walk os.stat os.lstat os.access os.remove os.unlink "
            "os.rename os.replace os.mkdir os.makedirs os.rmdir os.chdir os.getcwd os.truncate os.link "
            "os.symlink os.readlink pathlib.Path().open pathlib.Path().read_text "
            "pathlib.Path().read_bytes pathlib.Path().write_text pathlib.Path().write_bytes "
            "pathlib.Path().exists pathlib.Path().is_file pathlib.Path().is_dir pathlib.Path().iterdir "
            "pathlib.Path().glob pathlib.Path().rglob pathlib.Path().stat pathlib.Path().mkdir "
            "pathlib.Path().touch pathlib.Path().unlink pathlib.Path().rename pathlib.Path().replace "
            "pathlib.Path().resolve pathlib.Path().absolute pathlib.Path().expanduser pathlib.Path.cwd "
            "pathlib.Path.home shutil. tempfile. glob. fileinput. sqlite3. dbm. zipfile. tarfile. mmap. "
            "linecache. importlib.resources. pkgutil.get_data",
        ),
        (
            "looks at this machine's files",
            "os.path.exists os.path.isfile os.path.isdir os.path.getmtime os.path.getsize "
            "os.path.realpath os.path.abspath os.path.expanduser",
        ),
    )
