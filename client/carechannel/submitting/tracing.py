"""OpenTelemetry spans of calls and their steps, for processes that have the extra ``telemetry`` installed."""

from __future__ import annotations

from opentelemetry.trace import (
    Span,
    SpanKind,
    Status,
    StatusCode,
    TracerProvider,
    get_tracer,
    set_span_in_context,
)

from carechannel.submitting.observer import Call, Ended, Step


class Tracing:
    """One span per call, a child of the application's current one, and a child of it per step.

    A chaincode's spans are joined by ``fabric.tx_id``: Fabric carries no trace context.

    Args:
        provider: where the spans go; None: the process's own.
    """

    def __init__(self, provider: TracerProvider | None = None):
        self._tracer = get_tracer("carechannel.submitting", tracer_provider=provider)
        self._calls: dict[Call, Span] = {}
        self._steps: dict[Call, Span] = {}

    def call_began(self, call: Call) -> None:
        self._calls[call] = self._tracer.start_span(
            f"{call.kind} {call.function}",
            kind=SpanKind.CLIENT,
            attributes={
                "fabric.channel": call.channel,
                "fabric.chaincode": call.chaincode,
                "fabric.function": call.function,
            },
        )

    def step_began(self, call: Call, step: Step) -> None:
        self._steps[call] = self._tracer.start_span(
            step, context=set_span_in_context(self._calls[call]), kind=SpanKind.CLIENT
        )

    def step_ended(self, call: Call, _step: Step, code: str, _seconds: float) -> None:
        span = self._steps.pop(call)
        span.set_attribute("fabric.outcome", code)
        if code != "ok":
            span.set_status(Status(StatusCode.ERROR))
        span.end()

    def call_ended(self, call: Call, ended: Ended) -> None:
        span = self._calls.pop(call)
        span.set_attribute("fabric.outcome", ended.outcome)
        span.set_attribute("fabric.attempts", ended.attempts)
        if ended.transaction_id is not None:
            span.set_attribute("fabric.tx_id", ended.transaction_id)
        if ended.code:
            span.set_attribute("fabric.code", ended.code)
            span.set_status(Status(StatusCode.ERROR))
        span.end()
