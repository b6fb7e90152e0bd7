"""Events as Prometheus metrics and OpenTelemetry spans."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode
from prometheus_client import CollectorRegistry

from segue.adapters.opentelemetry import MigrationSpans
from segue.adapters.prometheus import PrometheusMetrics, exposition
from segue.errors import StoreUnavailable
from segue.stores.memory import MemoryStore
from tests.migration.issuer import NOW, token
from tests.operations.watched import Watched, users

if TYPE_CHECKING:
    from opentelemetry.sdk.trace import ReadableSpan

    from segue.ids import AppId
    from segue.migration.rollout import Rollout


def sample(registry: CollectorRegistry, name: str, **labels: str) -> float | None:
    """One value."""
    return registry.get_sample_value(name, labels)


def test_metrics_agree_with_the_events() -> None:
    """Every event is counted once, by what became of it, and its time is in the histogram."""
    registry, watched = CollectorRegistry(), Watched()
    watched.engine.listen(PrometheusMetrics(registry))
    for text in users(5):
        watched.ask(text)
    watched.ask("no token")
    good = {"provider": "old", "mode": "on"}
    assert sample(registry, "segue_migrations_total", stage="done", code="MIGRATED", **good) == 5
    bad = {"provider": "", "mode": "", "stage": "token_validate", "code": "TOKEN_MALFORMED"}
    assert sample(registry, "segue_migrations_total", **bad) == 1
    assert sample(registry, "segue_migration_seconds_count", done="yes", **good) == 5
    waited = sample(registry, "segue_migration_waited_seconds_total", port="Ledger")
    assert waited is not None
    assert waited > 0
    text = exposition(registry).decode()
    assert "alice" not in text
    assert "user-1" not in text


@pytest.fixture
def spans() -> InMemorySpanExporter:
    """What was exported."""
    return InMemorySpanExporter()


def exported(spans: InMemorySpanExporter, watched: Watched, *texts: str) -> tuple[ReadableSpan, ...]:
    """The spans of these attempts, inside one of the application's."""
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(spans))
    tracer = provider.get_tracer("test")
    watched.engine.listen(MigrationSpans(tracer))
    with tracer.start_as_current_span("request"):
        for text in texts:
            watched.ask(text)
    return spans.get_finished_spans()


def test_spans(spans: InMemorySpanExporter) -> None:
    """An attempt is one span inside the caller's, with its own times and what the event says."""
    watched = Watched()
    good, bad, outer = exported(spans, watched, token(), "no token")
    assert (good.name, outer.name) == ("segue.migrate", "request")
    assert good.parent is not None
    assert outer.context is not None
    assert good.parent.span_id == outer.context.span_id
    assert good.start_time == int(NOW.timestamp() * 1_000_000_000)
    assert good.end_time is not None
    assert good.end_time > int(NOW.timestamp() * 1_000_000_000)
    assert good.attributes is not None
    assert bad.attributes is not None
    assert (good.attributes["segue.code"], bad.attributes["segue.code"]) == ("MIGRATED", "TOKEN_MALFORMED")
    assert "alice" not in str(dict(good.attributes))
    assert {good.status.status_code, bad.status.status_code} == {StatusCode.UNSET}


class _Down(MemoryStore):
    """Does not answer."""

    def load_rollouts(self, app_id: AppId) -> dict[str, Rollout]:
        raise StoreUnavailable(app_id)


def test_span_of_a_fault(spans: InMemorySpanExporter) -> None:
    """What is our fault, or that of what we need, is an error."""
    span, _ = exported(spans, Watched(store=_Down()), token())
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "STORE_UNAVAILABLE")
