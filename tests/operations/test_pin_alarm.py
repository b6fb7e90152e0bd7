"""The alarm when a provider's keys are not the pinned ones: an event, a log line, a gauge."""

from __future__ import annotations

import json
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from prometheus_client import CollectorRegistry

from segue import Engine
from segue.adapters.prometheus import PrometheusMetrics
from segue.errors import FetchFailed
from segue.migration.key_sources import LiveKeys, PinnedKeys
from segue.migration.web import WebRequest, WebResponse
from segue.stores.memory import MemoryStore
from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import parse_jwks, public_jwk
from tests.migration.issuer import ISSUER, LATE, NOW, key, provider
from tests.operations.watched import config
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from segue.json import JsonValue
    from segue.migration.pins import PinEvent


class Published:
    """The provider's key set, while it answers."""

    def __init__(self) -> None:
        self.names = ["k1"]
        self.down = False

    def exchange(self, request: WebRequest) -> WebResponse:
        """See `Web.exchange`."""
        if self.down:
            raise FetchFailed(request.place, "no answer in time")
        return WebResponse(status=200, body=json.dumps({"keys": jwks(*self.names)}).encode())


def jwks(*names: str) -> list[JsonValue]:
    """One key under each name; another one for `other`."""
    return [
        {
            **public_jwk(
                key(ISSUER if name == "k1" else name).public_key(), key_id=name, algorithm=Algorithm.ES256
            )
        }
        for name in names
    ]


class Compared:
    """An engine that compares, and what its listeners heard."""

    def __init__(self) -> None:
        self.web, self.clock = Published(), ManualClock(NOW)
        self.events: list[PinEvent] = []
        self.shown = CollectorRegistry()
        live = LiveKeys(issuer=ISSUER, jwks_url=f"{ISSUER}/jwks")
        pinned = PinnedKeys(keys=parse_jwks({"keys": [*jwks("k1")]}), not_after=LATE, compare_with=live)
        self.engine = Engine(
            config(provider(keys=pinned)), store=MemoryStore(), web=self.web, clock=self.clock
        )
        self.engine.listen_to_pins(self.events.append)
        self.engine.listen_to_pins(PrometheusMetrics(self.shown).compared)

    def compare(self, *names: str) -> PinEvent:
        """The next hourly comparison, with these keys published."""
        self.clock.advance(timedelta(hours=1))
        self.web.names = list(names)
        self.engine.check_pins()
        return self.events[-1]

    def gauge(self, how: str) -> float | None:
        """What Prometheus is shown."""
        labels = {"provider": "old", "how": how}
        return self.shown.get_sample_value("segue_pinned_keys_differing", labels)


def test_t25_the_alarm_is_an_event_and_a_gauge(caplog: pytest.LogCaptureFixture) -> None:
    """Each comparison is told, a difference is news once, and the gauge goes up and down with it (T25)."""
    caplog.set_level(logging.INFO, "segue")
    made = Compared()
    assert (made.compare("k1").news, made.gauge("added"), made.gauge("withdrawn")) == (False, 0, 0)
    event = made.compare("other")
    assert (event.news, event.at) == (True, made.clock.now())
    assert json.loads(event.as_line()) == {
        "provider": "old",
        "differs": True,
        "withdrawn": ["k1"],
        "added": ["other"],
    }
    assert (made.gauge("added"), made.gauge("withdrawn"), made.gauge("replaced")) == (1, 1, 0)
    assert not made.compare("other").news
    assert made.compare("k1").news
    assert (made.gauge("added"), made.gauge("withdrawn")) == (0, 0)
    assert len([line for line in caplog.messages if "are not the pinned ones" in line]) == 1


def test_a_provider_that_is_silent_is_no_news() -> None:
    """What was known stays shown, and the event says why nothing could be compared."""
    made = Compared()
    made.compare("other")
    made.clock.advance(timedelta(days=3))
    made.web.down = True
    silent = made.compare()
    assert (silent.news, silent.report.difference, made.gauge("added")) == (False, None, 1)
    assert "failure" in json.loads(silent.as_line())


def test_a_listener_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """It harms neither the comparison nor the other listeners."""
    made = Compared()

    def failing(event: PinEvent) -> None:
        raise ZeroDivisionError(event.report.provider)

    made.engine.listen_to_pins(failing)
    later: list[PinEvent] = []
    made.engine.listen_to_pins(later.append)
    made.compare("other")
    assert later == made.events
    assert "a listener to pins failed" in caplog.text
