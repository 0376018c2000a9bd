"""The facade without asyncio, from a plain function and from threads."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from fabric_gateway import EvaluateError, signers
from fabric_gateway.sync import connect

from tests.scenarios.gateway.conftest import CHANNEL, Fabric


def test_submit_evaluate_and_follow(fabric: Fabric) -> None:
    identity, key = fabric.credentials("org1")
    with connect(**fabric.peer("org1"), identity=identity, signer=signers.ecdsa(key)) as gateway:
        network = gateway.network(CHANNEL)
        basic = network.contract("basic")
        assert basic.submit_transaction("put", "sync", "value") == b"value"
        assert basic.evaluate_transaction("get", "sync") == b"value"
        with network.chaincode_events("basic") as events:
            submitted = basic.submit_async("event", arguments=["sync-event", "payload"])
            assert submitted.status().successful
            assert next(events).payload == b"payload"
        with pytest.raises(EvaluateError, match="NO"):
            basic.evaluate_transaction("errorMessage", "NO")


def test_from_many_threads(fabric: Fabric) -> None:
    identity, key = fabric.credentials("org1")
    with connect(**fabric.peer("org1"), identity=identity, signer=signers.ecdsa(key)) as gateway:
        basic = gateway.network(CHANNEL).contract("basic")
        with ThreadPoolExecutor(16) as threads:
            texts = [f"text {number}" for number in range(64)]
            results = list(threads.map(lambda text: basic.submit_transaction("echo", text), texts))
        assert [result.decode() for result in results] == texts
