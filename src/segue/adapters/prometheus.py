"""
Migrations as Prometheus metrics.

An event is counted by provider, mode, stage and code; never by tenant or person, whose number has no bound. House rule:
one object a process; where several processes share a port, `PROMETHEUS_MULTIPROC_DIR` names the folder in which
prometheus-client adds them up.
"""

from __future__ import annotations

import os

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)
from prometheus_client.multiprocess import MultiProcessCollector

from segue.migration.events import MigrationEvent
from segue.migration.pins import PinEvent
from segue.migration.records import Stage

CONTENT_TYPE = CONTENT_TYPE_LATEST
_BUCKETS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 2.0, 5.0, 10.0)
_ATTEMPTS = "Attempts to migrate, by what became of them."
_TOOK = "How long attempts took."
_WAITED = "What of it was waited for: the store, the provider, the application."
_DIFFER = "Keys of a provider that are not as they were pinned, at the last comparison that had an answer."
_LABELS = ("provider", "mode", "stage", "code")


class PrometheusMetrics:
    """A listener for `on_event`."""

    def __init__(self, shown: CollectorRegistry = REGISTRY) -> None:
        """*shown*: the registry that shows the metrics; each may hold one such object."""
        self._attempts = Counter("segue_migrations", _ATTEMPTS, _LABELS, registry=shown)
        took = ("provider", "mode", "done")
        self._seconds = Histogram("segue_migration_seconds", _TOOK, took, buckets=_BUCKETS, registry=shown)
        self._waited = Counter("segue_migration_waited_seconds", _WAITED, ("port",), registry=shown)
        which = ("provider", "how")
        self._differ = Gauge(
            "segue_pinned_keys_differing", _DIFFER, which, registry=shown, multiprocess_mode="mostrecent"
        )

    def __call__(self, event: MigrationEvent) -> None:
        """Count an attempt."""
        outcome = event.outcome
        self._attempts.labels(outcome.provider, outcome.mode, outcome.stage.value, outcome.code).inc()
        done = "yes" if outcome.stage is Stage.DONE else "no"
        for name, milliseconds in event.milliseconds.items():
            if name == "total":
                seconds = self._seconds.labels(outcome.provider, outcome.mode, done)
                seconds.observe(milliseconds / 1000)
            else:
                self._waited.labels(name).inc(milliseconds / 1000)

    def compared(self, event: PinEvent) -> None:
        """A listener for `listen_to_pins`. A provider that gives no keys leaves what was known."""
        difference = event.report.difference
        if difference is None:
            return
        for how in ("withdrawn", "added", "replaced"):
            self._differ.labels(event.report.provider, how).set(len(getattr(difference, how)))


def exposition(shown: CollectorRegistry = REGISTRY) -> bytes:
    """What a scrape is answered: the metrics of this process, or of all that share the folder."""
    if not os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        return generate_latest(shown)
    every = CollectorRegistry()
    MultiProcessCollector(every)  # type: ignore[no-untyped-call]
    return generate_latest(every)
