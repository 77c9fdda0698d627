"""Figures for Prometheus. Labels are routes, statuses and the start of a digest; never an id, a name or a text."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

__all__ = ["CONTENT_TYPE", "Metrics"]

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)
_TEXTS = (1, 2, 4, 8, 16, 32, 64)


class Metrics:
    """The figures of one service; an instance, so that two services of one process never share any."""

    def __init__(self) -> None:
        self.registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        self.requests = Counter(
            "triage_http_requests", "Requests", ("method", "route", "status"), registry=registry
        )
        self.seconds = Histogram(
            "triage_http_seconds", "Time to answer", ("route",), buckets=_SECONDS, registry=registry
        )
        self.decisions = Counter(
            "triage_decisions", "Decisions by what was decided", ("action", "model"), registry=registry
        )
        self.batch = Histogram("triage_batch_texts", "Texts a batch", buckets=_TEXTS, registry=registry)
        self.waited = Histogram(
            "triage_queue_wait_seconds", "Wait of a batch's oldest text", buckets=_SECONDS, registry=registry
        )
        self.scoring = Histogram(
            "triage_scoring_seconds", "Time to score a batch", buckets=_SECONDS, registry=registry
        )

    def gauge(self, name: str, words: str, read: Callable[[], float]) -> None:
        """Add a gauge that is read when the figures are."""
        Gauge(name, words, registry=self.registry).set_function(read)

    def observe_request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request."""
        known = method if method in ("GET", "POST", "DELETE", "HEAD") else "other"
        self.requests.labels(known, route, str(status)).inc()
        self.seconds.labels(route).observe(seconds)

    def observe_batch(self, texts: int, waited: float, seconds: float) -> None:
        """Count one batch."""
        self.batch.observe(texts)
        self.waited.observe(waited)
        self.scoring.observe(seconds)

    def text(self) -> bytes:
        """Return all figures in Prometheus' text format."""
        return generate_latest(self.registry)
