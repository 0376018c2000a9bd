"""OpenTelemetry spans of transactions, for processes that have the extra ``telemetry`` installed.

Fabric carries no trace context from a client to a chaincode, so every span is a root; its attribute
``fabric.tx_id`` is what joins it with the client's own spans.
"""

from __future__ import annotations

from opentelemetry.context import Context
from opentelemetry.trace import Span, SpanKind, Status, StatusCode, TracerProvider, get_tracer

from fabric_shim.observer import Call, Ended


class Tracing:
    """The observer that makes one span per transaction: id, channel, function and outcome, never data.

    :param provider: where the spans go; None: the process's own provider, as ``opentelemetry-instrument`` or
        the chaincode's module has set it.
    """

    def __init__(self, provider: TracerProvider | None = None) -> None:
        self._tracer = get_tracer("fabric_shim", tracer_provider=provider)
        self._spans: dict[Call, Span] = {}

    def stream_opened(self) -> None:
        """Say nothing: a stream lives as long as the process."""

    def stream_closed(self) -> None:
        """Say nothing: its transactions have been ended one by one."""

    def transaction_began(self, call: Call) -> None:
        self._spans[call] = self._tracer.start_span(
            call.function,
            context=Context(),
            kind=SpanKind.SERVER,
            attributes={
                "fabric.channel": call.channel_id,
                "fabric.tx_id": call.tx_id,
                "fabric.function": call.function,
            },
        )

    def transaction_ended(self, call: Call, ended: Ended) -> None:
        span = self._spans.pop(call)
        span.set_attribute("fabric.outcome", ended.outcome)
        span.set_attribute("fabric.messages", ended.messages)
        if ended.outcome == "failed":
            span.set_status(Status(StatusCode.ERROR))
        span.end()
