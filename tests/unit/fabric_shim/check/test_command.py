"""``fabric-shim check``: exit codes, formats and choices."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pytest
from fabric_shim.check import command
from fabric_shim.check.registry import all_rules

BAD = "import time\n\nAT = time.time()\n"
WARNED = 'async def f(ctx):\n    return [i.key async for i in ctx.stub.get_state_by_range("", "")]\n'


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def run(*arguments: str) -> int:
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return command.run(parser.parse_args(arguments))


def test_a_clean_file_gives_0_and_a_summary(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "good.py").write_text("LIMIT = 1\n")
    assert run("good.py") == 0
    assert capsys.readouterr().out == "Checked 1 file: no findings.\n"


def test_a_finding_gives_1_with_place_code_fix_and_summary(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "bad.py").write_text(BAD)
    assert run("bad.py") == 1
    place, fix, summary = capsys.readouterr().out.splitlines()
    assert place == "bad.py:3:6: FS101 time.time reads this machine's clock."
    assert fix.startswith("    fix: Use ctx.stub.get_tx_timestamp()")
    assert summary == "Checked 1 file: 1 error, 0 warnings."


def test_json_says_the_same(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "bad.py").write_text(BAD)
    assert run("--json", ".") == 1
    report = json.loads(capsys.readouterr().out)
    assert report["summary"] == {"errors": 1, "files": 1, "warnings": 0}
    (finding,) = report["findings"]
    assert finding["code"] == "FS101"
    assert (finding["path"], finding["line"], finding["column"]) == ("bad.py", 3, 6)
    assert finding["severity"] == "error"


@pytest.mark.parametrize(
    ("content", "line"),
    [
        (b"def f(:\n", 1),
        (b"A = 1\nB = (\n", 2),
        (b"\xff\xfe\xfa", 1),
        (b"A = 1\0\n", 1),
        (b"# coding: x-none\n", 1),
    ],
)
def test_what_is_no_python_gives_2_with_its_place_and_the_others_are_checked(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes, line: int
) -> None:
    (folder / "broken.py").write_bytes(content)
    (folder / "z.py").write_text(BAD)
    assert run(".") == 2
    out = capsys.readouterr().out
    assert f"broken.py:{line}:" in out
    assert " FS001 " in out
    assert "z.py:3:6: FS101" in out


def test_a_missing_file_gives_2(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("none.py") == 2
    assert "none.py:1:1: FS001 The file cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [(), ("empty",), ("--select", "FS999", "."), ("--explain", "X1")])
def test_wrong_usage_gives_2_and_one_sentence(
    folder: Path, capsys: pytest.CaptureFixture[str], arguments: tuple[str, ...]
) -> None:
    (folder / "empty").mkdir()
    assert run(*arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.count("\n") == 1


def test_folders_are_walked_without_environments_and_sorted(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("b.py", "a/c.py", ".venv/x.py", "env/x.py", "a/__pycache__/x.py", "tests/t.py", "note.txt"):
        (folder / name).parent.mkdir(exist_ok=True, parents=True)
        (folder / name).write_text(BAD)
    (folder / "env" / "pyvenv.cfg").write_text("")
    assert run(".", "b.py", "--exclude", "tests") == 1
    places = [line for line in capsys.readouterr().out.splitlines() if "FS101" in line]
    assert [place.split(":")[0] for place in places] == ["a/c.py", "b.py"]


def test_rules_are_selected_and_ignored_by_code_or_group(folder: Path) -> None:
    (folder / "bad.py").write_text(BAD)
    assert run("bad.py", "--select", "FS102") == 0
    assert run("bad.py", "--select", "fs1") == 1
    assert run("bad.py", "--select", "FS1", "--ignore", "FS101,FS102") == 0


def test_warnings_can_be_left_out(folder: Path) -> None:
    (folder / "warned.py").write_text(WARNED)
    assert run("warned.py") == 1
    assert run("warned.py", "--no-warnings") == 0


def test_list_and_explain_show_the_rules(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--list") == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [rule.code for rule in all_rules()]
    assert run("--explain", "fs104") == 0
    explained = capsys.readouterr().out
    assert explained.startswith("FS104 set-order (error)")
    assert "Bad:" in explained and "Good:" in explained and "# noqa: FS104" in explained


def test_a_file_is_checked_once_however_it_is_named(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "sub").mkdir()
    (folder / "b.py").write_text(BAD)
    (folder / "a_link.py").symlink_to("b.py")
    (folder / "here").symlink_to(".")
    (folder / "sub" / "up").symlink_to("..")
    assert run(".", "b.py", str(folder / "b.py"), "sub/../b.py") == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("b.py:3:6: FS101")
    assert lines[-1] == "Checked 1 file: 1 error, 0 warnings."


def test_a_link_to_nothing_is_reported(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "gone.py").symlink_to("nowhere.py")
    assert run(".") == 2
    assert "gone.py:1:1: FS001 The file cannot be read" in capsys.readouterr().out


@pytest.mark.parametrize("text", ["x = " + "-" * 900 + "1", "x = " + "+".join(["1"] * 5000)])
def test_what_is_nested_too_deeply_says_so(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    (folder / "deep.py").write_text(text + "\n")
    (folder / "z.py").write_text(BAD)
    assert run(".") == 2
    out = capsys.readouterr().out
    assert "deep.py:1:1: FS001 An expression is nested too deeply to be checked." in out
    assert "z.py:3:6: FS101" in out


def test_syntax_of_another_python_names_the_one_that_checks(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (folder / "newer.py").write_text("A = 1\nfrom_the_future A\n")
    assert run("newer.py") == 2
    wanted = f"newer.py:2:17: FS001 This is not Python 3.{sys.version_info[1]}, on which the check runs: "
    assert capsys.readouterr().out.startswith(wanted)


@pytest.mark.parametrize(
    ("content", "place"),
    [
        (b"\xef\xbb\xbfimport time\nAT = time.time()\n", "2:6"),
        (b"import time\r\nAT = time.time()\r\n", "2:6"),
        (b"import time\nif True:\n\tAT = time.time()\n", "3:7"),
        (b"# coding: latin-1\nimport time\nNAME = '\xe9'; AT = time.time()\n", "3:18"),
        (b'import re, time\nP = re.compile("\\d")\nAT = time.time()\n', "3:6"),
    ],
)
@pytest.mark.filterwarnings("error")
def test_encodings_and_line_ends(
    folder: Path, capsys: pytest.CaptureFixture[str], content: bytes, place: str
) -> None:
    (folder / "x.py").write_bytes(content)
    assert run("x.py") == 1
    assert capsys.readouterr().out.startswith(f"x.py:{place}: FS101")
