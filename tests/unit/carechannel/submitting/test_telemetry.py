"""Spans and metrics of calls; what is planted in requests, answers and errors is in neither."""

from __future__ import annotations

import grpc
import pytest
from carechannel.submitting import Deadline, DeadlineError
from carechannel.submitting.metrics import Metrics
from carechannel.submitting.observer import Call, Ended
from carechannel.submitting.tracing import Tracing
from fabric_gateway import CommitError, EndorseError, EvaluateError, ValidationCode
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from prometheus_client import CollectorRegistry, generate_latest

from tests.unit.carechannel.submitting.conftest import Site
from tests.unit.carechannel.submitting.gateways import fails, hangs

SECRET = "PLANTED-SECRET"
Wires = tuple[CollectorRegistry, InMemorySpanExporter, list[object]]


@pytest.fixture
def wires() -> Wires:
    registry, spans = CollectorRegistry(), InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    return registry, spans, [Metrics(registry), Tracing(provider)]


async def test_a_call_is_a_span_with_one_child_per_step_and_one_sample(site: Site, wires: Wires) -> None:
    registry, spans, observers = wires
    site.chain.verdicts.append(ValidationCode.MVCC_READ_CONFLICT)
    submitted = await site.submitter(observers=observers, functions=["Create"]).submit("Create")

    finished = spans.get_finished_spans()
    parent = finished[-1]
    assert parent.name == "submit Create"
    assert dict(parent.attributes or {}) == {
        "fabric.channel": "channel1",
        "fabric.chaincode": "basic",
        "fabric.function": "Create",
        "fabric.outcome": "committed",
        "fabric.attempts": 2,
        "fabric.tx_id": submitted.transaction_id,
    }
    steps = [span for span in finished if span.parent and span.parent.span_id == parent.context.span_id]
    assert [span.name for span in steps] == ["endorse", "submit", "commit-status"] * 2
    labels = {"kind": "submit", "channel": "channel1", "chaincode": "basic", "function": "Create"}
    assert (
        registry.get_sample_value("fabric_client_calls_total", labels | {"outcome": "committed", "code": ""})
        == 1
    )
    assert registry.get_sample_value("fabric_client_call_attempts_sum", labels) == 2
    assert registry.get_sample_value("fabric_client_calls_in_flight") == 0
    endorsed = {"step": "endorse", "code": "ok"}
    assert registry.get_sample_value("fabric_client_step_duration_seconds_count", endorsed) == 2


async def test_a_call_joins_the_applications_span(site: Site, wires: Wires) -> None:
    _, spans, observers = wires
    provider = TracerProvider()
    with trace.use_span(provider.get_tracer("application").start_span("ward")) as outer:
        await site.submitter(observers=observers).evaluate("Read")
    assert {span.context.trace_id for span in spans.get_finished_spans()} == {
        outer.get_span_context().trace_id
    }


async def test_how_calls_end_is_told_by_code(site: Site, wires: Wires) -> None:
    registry, _, observers = wires
    submitter = site.submitter(observers=observers)
    await submitter.submit("Create", idempotency_key="k")
    await submitter.submit("Create", idempotency_key="k")
    site.chain.verdicts.append(ValidationCode.ENDORSEMENT_POLICY_FAILURE)
    with pytest.raises(CommitError):
        await submitter.submit("Create")
    site.peers[0].script("endorse", fails(grpc.StatusCode.UNKNOWN, "chaincode response 500, no"))
    with pytest.raises(EndorseError):
        await submitter.submit("Create")
    for peer in site.peers:
        peer.script("endorse", hangs(), hangs(), hangs())
    with pytest.raises(DeadlineError):
        await submitter.submit("Create", deadline=Deadline.after(0.2))
    told = {
        (sample.labels["outcome"], sample.labels["code"])
        for metric in registry.collect()
        for sample in metric.samples
        if sample.name == "fabric_client_calls_total"
    }
    assert told == {
        ("committed", ""),
        ("replayed", ""),
        ("failed", "invalid"),
        ("failed", "refused"),
        ("failed", "deadline"),
    }


async def test_nothing_planted_reaches_a_span_a_metric_or_a_log(
    site: Site, wires: Wires, caplog: pytest.LogCaptureFixture
) -> None:
    registry, spans, observers = wires
    caplog.set_level("DEBUG")
    for peer in site.peers:
        peer.result = SECRET.encode()
    submitter = site.submitter(observers=observers, functions=["Create"])
    request = {"arguments": [SECRET], "transient": {SECRET: SECRET.encode()}}
    await submitter.submit("Create", **request, idempotency_key=SECRET)
    await submitter.submit("Create", **request, idempotency_key=SECRET)
    await submitter.submit(SECRET, **request)
    await submitter.evaluate(SECRET, **request)
    for text in (f"chaincode response 500, {SECRET}", SECRET):
        site.peers[0].script("endorse", fails(grpc.StatusCode.UNKNOWN, text, SECRET))
        site.peers[0].script("evaluate", fails(grpc.StatusCode.UNKNOWN, text, SECRET))
        with pytest.raises(EndorseError):
            await submitter.submit("Create", **request)
        with pytest.raises(EvaluateError):
            await submitter.evaluate("Create", **request)

    told = generate_latest(registry).decode() + "".join(span.to_json() for span in spans.get_finished_spans())
    assert 'function="Create"' in told
    assert 'function="other"' in told
    assert SECRET not in told
    assert SECRET not in caplog.text


async def test_an_observer_that_fails_stops_nothing(site: Site, caplog: pytest.LogCaptureFixture) -> None:
    class Broken:
        def call_began(self, call: Call) -> None:
            raise RuntimeError(SECRET)

        def step_began(self, call: Call, step: str) -> None:
            raise RuntimeError(SECRET)

        def step_ended(self, call: Call, step: str, code: str, seconds: float) -> None:
            raise RuntimeError(SECRET)

        def call_ended(self, call: Call, ended: Ended) -> None:
            raise RuntimeError(SECRET)

    assert (await site.submitter(observers=[Broken()]).submit("Create")).attempts == 1
    assert "RuntimeError" in caplog.text
    assert SECRET not in caplog.text
