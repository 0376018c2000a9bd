"""Prometheus metrics of calls, for processes that have the extra ``telemetry`` installed."""

from __future__ import annotations

from typing import Final

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram

from carechannel.submitting.observer import Call, Ended, Step

_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)
_ATTEMPTS: Final = (0, 1, 2, 3, 4, 6, 8, 12)
_CALL: Final = ("kind", "channel", "chaincode", "function")


class Metrics:
    """The observer that counts. Labels are names out of small sets that the application chose, and outcomes.

    Args:
        registry: where the metrics are kept; at most one of these per registry.
    """

    def __init__(self, registry: CollectorRegistry = REGISTRY):
        self._calls = Counter(
            "fabric_client_calls", "Calls ended.", (*_CALL, "outcome", "code"), registry=registry
        )
        self._seconds = Histogram(
            "fabric_client_call_duration_seconds",
            "Time of whole calls, pauses between attempts included.",
            _CALL,
            buckets=_SECONDS,
            registry=registry,
        )
        self._attempts = Histogram(
            "fabric_client_call_attempts",
            "Transactions proposed, or evaluations, for one call.",
            _CALL,
            buckets=_ATTEMPTS,
            registry=registry,
        )
        self._steps = Histogram(
            "fabric_client_step_duration_seconds",
            "Time of single steps.",
            ("step", "code"),
            buckets=_SECONDS,
            registry=registry,
        )
        self._in_flight = Gauge("fabric_client_calls_in_flight", "Calls that run now.", registry=registry)

    def call_began(self, _call: Call, /) -> None:
        self._in_flight.inc()

    def step_began(self, _call: Call, _step: Step, /) -> None:
        """Say nothing: a step is counted when it ends."""

    def step_ended(self, _call: Call, step: Step, code: str, seconds: float) -> None:
        self._steps.labels(step, code).observe(seconds)

    def call_ended(self, call: Call, ended: Ended) -> None:
        labels = (call.kind, call.channel, call.chaincode, call.function)
        self._in_flight.dec()
        self._calls.labels(*labels, ended.outcome, ended.code).inc()
        self._seconds.labels(*labels).observe(ended.seconds)
        self._attempts.labels(*labels).observe(ended.attempts)
