"""One span per transaction."""

from __future__ import annotations

import pytest
from fabric_shim.observer import Call, Ended, Outcome
from fabric_shim.tracing import Tracing
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def tracing(exporter: InMemorySpanExporter) -> Tracing:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    return Tracing(provider)


@pytest.mark.parametrize(
    ("outcome", "status"),
    [("endorsed", StatusCode.UNSET), ("refused", StatusCode.UNSET), ("failed", StatusCode.ERROR)],
)
def test_a_span_tells_the_transaction(
    tracing: Tracing, exporter: InMemorySpanExporter, outcome: Outcome, status: StatusCode
) -> None:
    call = Call("care", "ab12", "asset:create")
    tracing.stream_opened()
    tracing.transaction_began(call)
    tracing.transaction_ended(call, Ended(outcome, "code-of-it", 0.1, 4))
    tracing.stream_closed()
    (span,) = exporter.get_finished_spans()
    assert (span.name, span.kind, span.status.status_code) == ("asset:create", SpanKind.SERVER, status)
    assert span.parent is None
    assert span.attributes == {
        "fabric.channel": "care",
        "fabric.tx_id": "ab12",
        "fabric.function": "asset:create",
        "fabric.outcome": outcome,
        "fabric.messages": 4,
    }


def test_two_runs_of_one_transaction_are_two_spans(tracing: Tracing, exporter: InMemorySpanExporter) -> None:
    first, second = Call("care", "1", "f"), Call("care", "1", "f")
    tracing.transaction_began(first)
    tracing.transaction_began(second)
    tracing.transaction_ended(second, Ended("endorsed", "", 0.1, 4))
    tracing.transaction_ended(first, Ended("failed", "", 0.1, 1))
    spans = exporter.get_finished_spans()
    assert [span.attributes and span.attributes["fabric.outcome"] for span in spans] == ["endorsed", "failed"]
