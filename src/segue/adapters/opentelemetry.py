"""
Migrations as OpenTelemetry spans.

A span is made when the attempt is over, with the times that it had, as a child of whatever span the caller is in: the
request's, where the framework is instrumented. House rule: what is on it is what is in the event, so no token and no
raw id.
"""

from __future__ import annotations

from datetime import UTC, datetime

from opentelemetry import trace
from opentelemetry.trace import SpanKind, Status, StatusCode, Tracer

from segue._version import __version__
from segue.http.status import FAULT_CODE
from segue.migration.events import MigrationEvent

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class MigrationSpans:
    """A listener for `on_event`."""

    def __init__(self, tracer: Tracer | None = None) -> None:
        """*tracer*: None: that of the configured provider."""
        self._tracer = tracer or trace.get_tracer("segue", __version__)

    def __call__(self, event: MigrationEvent) -> None:
        """Make the span of an attempt."""
        since = event.at - _EPOCH
        begun = ((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds) * 1000
        span = self._tracer.start_span(
            "segue.migrate", kind=SpanKind.INTERNAL, start_time=begun, attributes=_attributes(event)
        )
        if event.outcome.retryable or event.answer == FAULT_CODE:
            span.set_status(Status(StatusCode.ERROR, event.outcome.code))
        span.end(begun + int(event.milliseconds["total"] * 1_000_000))


def _attributes(event: MigrationEvent) -> dict[str, str | bool | float]:
    outcome = event.outcome
    named: dict[str, str | bool | float | None] = {
        "operation": event.operation_id,
        "code": outcome.code,
        "stage": outcome.stage.value,
        "retryable": outcome.retryable,
        "provider": outcome.provider or None,
        "tenant": outcome.tenant_id or None,
        "mode": outcome.mode or None,
        "subject": event.subject,
        "session": event.session,
    }
    named |= {f"ms.{port}": spent for port, spent in event.milliseconds.items()}
    return {f"segue.{name}": value for name, value in named.items() if value is not None}
