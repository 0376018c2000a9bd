"""Helpers of other files of what is checked: what they do to the ledger is known."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest
from fabric_shim.check import check

READS = """
    async def everything(ctx):
        return [item async for item in ctx.stub.get_state_by_range("a", "b")]
    """
WRITES = """
    async def keep(ctx, key):
        await ctx.stub.put_state(key, b"1")
    """
CONTRACT = """
    {imports}
    async def close_all(ctx):
        for item in await {read}(ctx):
            await {write}(ctx, item.key)
    """


def write(folder: Path, files: dict[str, str]) -> Path:
    for name, text in files.items():
        file = folder / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(textwrap.dedent(text))
    return folder


def found(*paths: Path) -> list[tuple[str, int, str]]:
    return [(Path(f.path).name, f.line, f.code) for f in check(paths, select=["FS202"])]


@pytest.mark.parametrize(
    ("imports", "read", "keep"),
    [
        ("from .reads import everything; from .sub.writes import keep", "everything", "keep"),
        ("from . import reads; from .sub import writes", "reads.everything", "writes.keep"),
        ("from . import reads as r; from .sub.writes import keep as k", "r.everything", "k"),
        ("from pack.reads import everything; import pack.sub.writes", "everything", "pack.sub.writes.keep"),
        ("from pack import reads; import pack.sub.writes as w", "reads.everything", "w.keep"),
        ("from .passing import everything, keep", "everything", "keep"),
        ("from . import passing", "passing.everything", "passing.keep"),
        ("from .through import read, keep", "read", "keep"),
    ],
)
def test_a_phantom_through_helpers_of_other_files(tmp_path: Path, imports: str, read: str, keep: str) -> None:
    folder = write(
        tmp_path,
        {
            "pack/__init__.py": "",
            "pack/reads.py": READS,
            "pack/sub/__init__.py": "",
            "pack/sub/writes.py": WRITES,
            "pack/passing.py": "from .reads import everything\nfrom pack.sub.writes import keep\n",
            "pack/through.py": """
                from .passing import everything, keep as inner
                async def read(ctx):
                    return await everything(ctx)
                async def keep(ctx, key):
                    await inner(ctx, key)
                """,
            "pack/contract.py": CONTRACT.format(imports=imports, read=read, write=keep),
        },
    )
    assert found(folder / "pack") == [("contract.py", 4, "FS202")]


def test_helpers_from_one_folder_up_and_of_another_package(tmp_path: Path) -> None:
    imports = "from ..reads import everything; from other.writes import keep"
    folder = write(
        tmp_path,
        {
            "pack/__init__.py": "",
            "pack/reads.py": READS,
            "pack/sub/__init__.py": "",
            "pack/sub/contract.py": CONTRACT.format(imports=imports, read="everything", write="keep"),
            "other/__init__.py": "",
            "other/writes.py": WRITES,
        },
    )
    assert found(folder / "pack", folder / "other") == [("contract.py", 4, "FS202")]
    # What was not named is not read.
    assert found(folder / "pack") == []


def test_files_beside_each_other_without_a_package(tmp_path: Path) -> None:
    imports = "from reads import everything; from writes import keep"
    contract = CONTRACT.format(imports=imports, read="everything", write="keep")
    folder = write(tmp_path, {"reads.py": READS, "writes.py": WRITES, "contract.py": contract})
    assert found(folder) == [("contract.py", 4, "FS202")]


def test_circles_and_files_that_cannot_be_read_end(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "a.py": """
                from b import f, x as y
                async def g(ctx):
                    await f(ctx)
                    await y(ctx)
                """,
            "b.py": """
                from a import g, y as x
                async def f(ctx):
                    await g(ctx)
                    await x(ctx)
                """,
            "c.py": CONTRACT.format(
                imports="from a import g; from b import y; from broken import keep", read="g", write="keep"
            ),
            "broken.py": "def keep(:\n",
        },
    )
    assert found(folder) == [("broken.py", 1, "FS001")]


def test_order_counts_across_files_too(tmp_path: Path) -> None:
    folder = write(
        tmp_path,
        {
            "helpers.py": READS + WRITES,
            "contract.py": """
                from helpers import everything, keep
                async def first_written(ctx):
                    await keep(ctx, "a")
                    return len(await everything(ctx))
                """,
        },
    )
    assert found(folder) == []


def test_the_folder_that_the_check_runs_in_does_not_matter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    imports = "from pack.reads import everything; from ..writes import keep"
    files = {
        "pack/__init__.py": "",
        "pack/reads.py": READS,
        "pack/writes.py": WRITES,
        "pack/sub/__init__.py": "",
        "pack/sub/contract.py": CONTRACT.format(imports=imports, read="everything", write="keep"),
    }
    folder = write(tmp_path, files)
    monkeypatch.chdir(folder / "pack" / "sub")
    assert found(Path("contract.py"), Path("../reads.py"), Path("../writes.py")) == [
        ("contract.py", 4, "FS202")
    ]
