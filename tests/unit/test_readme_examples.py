"""The chaincode that the README shows runs as it stands there."""

from __future__ import annotations

import re
from pathlib import Path

from fabric_shim.testing import LedgerSimulator, TestIdentity

README = Path(__file__).parents[2] / "chaincode" / "README.md"
START = "raise SystemExit(serve("


async def test_the_contract_of_the_chaincode_readme() -> None:
    found = re.search(r"```python\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    code, _, chaincode = found[1].partition(START)
    names: dict[str, object] = {}
    exec(code + "chaincode = (" + chaincode.rstrip()[:-1], names)
    simulator = LedgerSimulator("channel", names["chaincode"])
    creator = TestIdentity.create("OrgMSP", "somebody")
    await simulator.submit("assets:create", ["key", "value"], creator=creator)
    assert (await simulator.evaluate("assets:read", ["key"], creator=creator)).payload == b"value"
