"""The check as a test helper, and our own contracts and examples under it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import care_contracts
import pytest
from fabric_shim import keys
from fabric_shim.check import assert_clean, check
from fabric_shim.errors import ConfigurationError

CHAINCODE = Path(__file__).parents[4] / "chaincode"


@pytest.mark.parametrize("folder", ["care_rules", "care_contracts", "examples"])
def test_our_own_contracts_are_clean(folder: str) -> None:
    assert_clean(CHAINCODE / folder)


def test_a_package_and_a_module_are_taken_too() -> None:
    assert_clean(care_contracts)
    assert_clean(keys)


def test_it_fails_with_the_whole_report(tmp_path: Path) -> None:
    bad = tmp_path / "bad.py"
    bad.write_text("import time\nAT = time.time()\n")
    with pytest.raises(AssertionError, match=r"bad\.py:2:6: FS101 .*\n    fix: .*\nChecked 1 file: 1 error"):
        assert_clean(bad)
    assert_clean(str(bad), ignore=["FS101"])
    (finding,) = check([tmp_path])
    assert (finding.line, finding.code, finding.severity) == (2, "FS101", "error")


def test_nothing_to_check_is_an_error_not_clean(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError):
        assert_clean(tmp_path)
    with pytest.raises(ConfigurationError):
        assert_clean(ModuleType("made_up"))
    with pytest.raises(ConfigurationError):
        assert_clean(sys)
    with pytest.raises(ConfigurationError):
        check([CHAINCODE / "care_rules"], select=["FS999"])


def test_helpers_that_call_one_another_twice_cost_no_more_for_that(tmp_path: Path) -> None:
    helpers = [
        f"async def h{n}(ctx):\n    await h{n - 1}(ctx)\n    await h{n - 1}(ctx)\n" for n in range(1, 40)
    ]
    first = "async def h0(ctx):\n    await ctx.stub.put_state('k', b'v')\n"
    file = tmp_path / "deep.py"
    file.write_text(first + "".join(helpers))
    # Path by path this would take 2^39 steps, and the test's timeout.
    assert check([file], select=["FS2"]) == []
