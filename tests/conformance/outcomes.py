"""What a transaction knows of its proposal and caller, and how it ends: result, event, refusal, metadata."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import pytest

from tests.conformance.ledger import HOME, Ledger, RefusedError
from tests.protocol.probe import chaincode


class TestOutcomes:
    async def test_proposal(self, ledger: Ledger) -> None:
        asked = await ledger.submit("proposal", transient={"field": b"1", "another": b""})
        seen = json.loads(asked.payload)
        assert seen["tx_id"] == asked.tx_id
        assert len(bytes.fromhex(asked.tx_id)) == 32
        assert seen["channel"] == ledger.channel
        assert seen["transient"] == ["another", "field"]
        assert len(bytes.fromhex(seen["binding"])) == 32
        assert seen["signed"]
        timestamp = datetime.fromisoformat(seen["timestamp"])
        assert timestamp == (await ledger.recorded(asked.tx_id)).timestamp
        assert timestamp.utcoffset() == timedelta(0)
        again = json.loads(await ledger.evaluate("proposal"))
        assert again["tx_id"] != seen["tx_id"]
        assert again["binding"] != seen["binding"]
        assert again["transient"] == []
        assert timestamp < datetime.fromisoformat(again["timestamp"])

    async def test_caller(self, ledger: Ledger) -> None:
        seen = json.loads(await ledger.evaluate("proposal"))
        subject, issuer = ledger.certificate.subject, ledger.certificate.issuer
        assert seen["msp_id"] == HOME
        assert seen["id"] == f"x509::{subject.rfc4514_string()}::{issuer.rfc4514_string()}"
        assert seen["attributes"]["care.role"] == "auditor"
        assert seen["ous"] == ["client"]

    async def test_event(self, ledger: Ledger) -> None:
        emitted = await ledger.submit("event", "happened", transient={"payload": b"public \xff"})
        assert (await ledger.recorded(emitted.tx_id)).event == ("happened", b"public \xff")
        silent = await ledger.submit("put", "event-none", "v")
        assert (await ledger.recorded(silent.tx_id)).event is None

    async def test_an_evaluation_changes_nothing(self, ledger: Ledger) -> None:
        assert await ledger.evaluate("put", "evaluated-k", "v") != b""
        assert await ledger.evaluate("get", "evaluated-k") == b""

    async def test_a_refusal_reaches_the_caller(self, ledger: Ledger) -> None:
        for call in (ledger.evaluate, ledger.submit):
            with pytest.raises(RefusedError) as refused:
                await call("refuse", "not-here")
            assert (refused.value.status, refused.value.message) == (500, "not-here: As asked.")

    async def test_an_exception_is_masked(self, ledger: Ledger) -> None:
        for call in (ledger.evaluate, ledger.submit):
            with pytest.raises(RefusedError) as refused:
                await call("crash", "a secret")
            assert (refused.value.status, refused.value.message) == (500, "internal error")

    @pytest.mark.parametrize(
        ("function", "arguments", "code"),
        [
            ("no_such_function", [], "unknown-function"),
            ("no-such-contract:get", ["k"], "unknown-function"),
            ("get", [], "bad-argument"),
            ("get", ["k", "too many"], "bad-argument"),
            ("fill", ["not a number"], "bad-argument"),
        ],
    )
    async def test_what_cannot_be_called(
        self, ledger: Ledger, function: str, arguments: list[str], code: str
    ) -> None:
        with pytest.raises(RefusedError, match=f"^{code}: ") as refused:
            await ledger.evaluate(function, *arguments)
        assert refused.value.status == 500

    async def test_functions_go_by_their_contract_too(self, ledger: Ledger) -> None:
        await ledger.submit("probe:put", "qualified-k", "v")
        assert await ledger.evaluate("probe:get", "qualified-k") == b"v"

    async def test_metadata(self, ledger: Ledger) -> None:
        answer = await ledger.evaluate("org.hyperledger.fabric:GetMetadata")
        assert answer == chaincode().metadata
        transactions = json.loads(answer)["contracts"]["probe"]["transactions"]
        assert {"put", "get", "history", "put_private"} <= {each["name"] for each in transactions}
