"""Prometheus metrics of a chaincode process. Imported only when they are served: it takes time to load."""

from __future__ import annotations

import platform
from importlib.metadata import version
from typing import Final, get_args

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, Info
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.gc_collector import GCCollector
from prometheus_client.process_collector import ProcessCollector

from fabric_shim.observer import Call, Ended, Unrun

DISTRIBUTION: Final = "carechannel-chaincode"
CONTENT_TYPE: Final = CONTENT_TYPE_LATEST

_MAX_FUNCTIONS: Final = 500
_OTHER: Final = "other"
_SECONDS: Final = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_MESSAGES: Final = (2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)


class Metrics:
    """The observer that counts. Labels are the function's bounded name and the outcome, nothing else."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self._transactions = Counter(
            "fabric_shim_transactions",
            "Transactions answered or given up.",
            ("function", "outcome"),
            registry=registry,
        )
        self._seconds = Histogram(
            "fabric_shim_transaction_duration_seconds",
            "Time from a transaction's message to its answer.",
            ("function",),
            buckets=_SECONDS,
            registry=registry,
        )
        self._messages = Histogram(
            "fabric_shim_transaction_messages",
            "Messages of a transaction, in both directions.",
            ("function",),
            buckets=_MESSAGES,
            registry=registry,
        )
        self._in_flight = Gauge(
            "fabric_shim_transactions_in_flight", "Transactions that run now.", registry=registry
        )
        self._streams = Gauge("fabric_shim_streams", "Peers that are connected now.", registry=registry)
        self._turned_away = Counter(
            "fabric_shim_transactions_turned_away",
            "Transactions answered with an error at once: too many at a time, or the process is stopping.",
            ("reason",),
            registry=registry,
        )
        self._reloads = Counter(
            "fabric_shim_tls_reloads",
            "Changes of the TLS files: used, or failed and the former ones stay.",
            ("outcome",),
            registry=registry,
        )
        # Shown from the start: an alert on a counter's growth does not see its first step.
        for reason in get_args(Unrun):
            self._turned_away.labels(reason)
        for outcome in ("used", "failed"):
            self._reloads.labels(outcome)
        build = Info("fabric_shim_build", "Versions of this process.", registry=registry)
        build.info({"version": version(DISTRIBUTION), "python": platform.python_version()})
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        self._functions: set[str] = set()

    def stream_opened(self) -> None:
        self._streams.inc()

    def stream_closed(self) -> None:
        self._streams.dec()

    def transaction_began(self, _call: Call, /) -> None:
        self._in_flight.inc()

    def transaction_ended(self, call: Call, ended: Ended) -> None:
        function = self._label(call.function)
        self._in_flight.dec()
        self._transactions.labels(function, ended.outcome).inc()
        self._seconds.labels(function).observe(ended.seconds)
        self._messages.labels(function).observe(ended.messages)

    def turned_away(self, reason: Unrun) -> None:
        self._turned_away.labels(reason).inc()

    def tls_reloaded(self, *, used: bool) -> None:
        self._reloads.labels("used" if used else "failed").inc()

    def exposition(self) -> bytes:
        """Give all metrics in Prometheus' text format (:data:`CONTENT_TYPE`)."""
        return generate_latest(self._registry)

    def _label(self, function: str) -> str:
        """Hold the number of series bounded even for a chaincode whose own labels are not."""
        if function in self._functions:
            return function
        if len(self._functions) >= _MAX_FUNCTIONS:
            return _OTHER
        self._functions.add(function)
        return function
