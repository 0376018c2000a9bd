"""What an observer of transactions counts."""

from __future__ import annotations

import pytest
from fabric_shim.metrics import Metrics
from fabric_shim.observer import Call, Ended, Observers, Outcome
from prometheus_client.parser import text_string_to_metric_families


def samples(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = metrics.exposition().decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def value(metrics: Metrics, name: str, **labels: str) -> float | None:
    return samples(metrics).get((f"fabric_shim_{name}", frozenset(labels.items())))


def test_transactions_are_counted_by_function_and_outcome() -> None:
    metrics = Metrics()
    outcomes: tuple[Outcome, ...] = ("endorsed", "endorsed", "refused")
    for outcome in outcomes:
        call = Call("care", "1", "asset:create")
        metrics.transaction_began(call)
        metrics.transaction_ended(call, Ended(outcome, "", 0.004, 6))
    labels = {"function": "asset:create"}
    assert value(metrics, "transactions_total", outcome="endorsed", **labels) == 2
    assert value(metrics, "transactions_total", outcome="refused", **labels) == 1
    assert value(metrics, "transaction_duration_seconds_count", **labels) == 3
    assert value(metrics, "transaction_duration_seconds_sum", **labels) == pytest.approx(0.012)
    assert value(metrics, "transaction_duration_seconds_bucket", le="0.0025", **labels) == 0
    assert value(metrics, "transaction_duration_seconds_bucket", le="0.005", **labels) == 3
    assert value(metrics, "transaction_messages_sum", **labels) == 18


def test_what_runs_now() -> None:
    metrics = Metrics()
    first, second = Call("care", "1", "f"), Call("care", "1", "f")
    metrics.stream_opened()
    metrics.stream_opened()
    metrics.stream_closed()
    metrics.transaction_began(first)
    metrics.transaction_began(second)
    metrics.transaction_ended(first, Ended("failed", "internal", 1.0, 1))
    assert value(metrics, "transactions_in_flight") == 1
    assert value(metrics, "streams") == 1


def test_what_was_turned_away_and_reloaded() -> None:
    metrics = Metrics()
    assert value(metrics, "transactions_turned_away_total", reason="busy") == 0
    assert value(metrics, "tls_reloads_total", outcome="failed") == 0
    # Beside observers that are told of streams and transactions only.
    observers = Observers((Broken(), metrics))
    observers.turned_away("busy")
    observers.turned_away("busy")
    observers.turned_away("stopping")
    observers.tls_reloaded(used=False)
    assert value(metrics, "transactions_turned_away_total", reason="busy") == 2
    assert value(metrics, "transactions_turned_away_total", reason="stopping") == 1
    assert value(metrics, "tls_reloads_total", outcome="failed") == 1
    assert value(metrics, "tls_reloads_total", outcome="used") == 0


def test_functions_without_bound_share_a_label() -> None:
    metrics = Metrics()
    for number in range(600):
        call = Call("care", "1", f"argument-{number}")
        metrics.transaction_began(call)
        metrics.transaction_ended(call, Ended("endorsed", "", 0.0, 2))
    counted = [labels for name, labels in samples(metrics) if name == "fabric_shim_transactions_total"]
    assert len(counted) == 501
    assert value(metrics, "transactions_total", function="other", outcome="endorsed") == 100


def test_no_id_channel_or_code_is_published() -> None:
    metrics = Metrics()
    call = Call("channel-of-it", "id-of-it", "f")
    metrics.transaction_began(call)
    metrics.transaction_ended(call, Ended("refused", "code-of-it", 0.1, 2))
    assert b"of-it" not in metrics.exposition()


def test_the_process_is_described() -> None:
    text = Metrics().exposition()
    assert b"process_resident_memory_bytes" in text
    assert b'fabric_shim_build_info{python="3.' in text


class Broken:
    def stream_opened(self) -> None:
        raise ValueError("secret")

    def stream_closed(self) -> None:
        raise ValueError("secret")

    def transaction_began(self, call: Call) -> None:
        raise ValueError("secret")

    def transaction_ended(self, call: Call, ended: Ended) -> None:
        raise ValueError("secret")


def test_an_observer_that_fails_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    metrics = Metrics()
    observers = Observers((Broken(), metrics))
    call = Call("care", "1", "f")
    observers.stream_opened()
    observers.transaction_began(call)
    observers.transaction_ended(call, Ended("endorsed", "", 0.1, 2))
    assert value(metrics, "transactions_total", function="f", outcome="endorsed") == 1
    assert value(metrics, "streams") == 1
    observers.stream_closed()
    assert value(metrics, "streams") == 0
    assert "An observer (Broken) failed: ValueError" in caplog.text
    assert "secret" not in caplog.text
