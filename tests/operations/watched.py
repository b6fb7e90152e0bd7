"""An engine that is watched: its events, its log, its store, and requests to its migration route."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec

from segue import Config, Engine, HttpSettings
from segue.http.message import HttpRequest, HttpResponse
from segue.ids import PUBLIC_APP
from segue.migration.events import MigrationEvent
from segue.migration.kinds import AnyProvider
from segue.sessions.model import ByProvenance, Session
from segue.stores.memory import MemoryStore
from segue.stores.ports import Store
from tests.migration.issuer import ISSUER, NOW, provider, token
from tests.support.clock import ManualClock

SECRET = "a deployment secret for tests, 0123456789"
API = "http://localhost:8000"
_numbers = itertools.count()


def config(*providers: AnyProvider, **changes: Any) -> Config:
    """A deployment on localhost."""
    return Config(
        http=HttpSettings(api_domain=API, website_domain="http://localhost:3000"),
        secrets=(SECRET,),
        providers=providers or (provider(),),
        **changes,
    )


class Watched:
    """One process."""

    def __init__(
        self,
        *providers: AnyProvider,
        store: Store | None = None,
        clock: ManualClock | None = None,
        **changes: Any,
    ) -> None:
        self.store = store or MemoryStore()
        self.clock = clock or ManualClock(NOW)
        self.events: list[MigrationEvent] = []
        self.engine = Engine(
            config(*providers, **changes), store=self.store, clock=self.clock, on_event=self.events.append
        )

    def ask(self, text: str | None = None, *, key: str | None = None, **changes: Any) -> HttpResponse:
        """What the route answers to a page with this token; alice's unless told."""
        return self.engine.respond(request(token() if text is None else text, key=key, **changes))

    def code(self, text: str | None = None, **changes: Any) -> str:
        """The result or code of the same."""
        return code_of(self.ask(text, **changes))

    @property
    def codes(self) -> list[str]:
        """Of all events."""
        return [event.outcome.code for event in self.events]

    @property
    def counts(self) -> Counter[tuple[str, str, str]]:
        """What the events say: mode, stage and code, and how often."""
        return Counter(
            (event.outcome.mode, event.outcome.stage.value, event.outcome.code) for event in self.events
        )

    @property
    def stored(self) -> Counter[tuple[str, str, str]]:
        """The same of the store."""
        self.engine.report()  # writes what waits
        counts: Counter[tuple[str, str, str]] = Counter()
        for each in self.store.count_attempts(PUBLIC_APP):
            counts[each.outcome.mode, each.outcome.stage.value, each.outcome.code] += each.count
        return counts

    def sessions(self) -> tuple[Session, ...]:
        """Every migrated session that lives."""
        return self.store.list_sessions(
            PUBLIC_APP, ByProvenance(issuer=ISSUER), at=self.clock.now(), limit=100_000
        )

    def later(self, **span: float) -> None:
        """Let time pass."""
        self.clock.advance(timedelta(**span))


def request(
    text: str, *, key: str | None = None, ip: str | None = "203.0.113.7", **headers: str
) -> HttpRequest:
    """`POST /auth/migrate-session`."""
    lines = [("authorization", f"Bearer {text}"), ("origin", "http://localhost:3000")]
    if key is not None:
        lines.append(("idempotency-key", key))
    lines += [(name.replace("_", "-"), value) for name, value in headers.items()]
    return HttpRequest(method="POST", path="/auth/migrate-session", headers=tuple(lines), client_ip=ip)


def code_of(response: HttpResponse) -> str:
    """Result or code."""
    content = json.loads(response.body)
    return str(content.get("result") or content["code"])


def client_key() -> str:
    """That of one more client."""
    return f"{next(_numbers):032x}"


def users(count: int) -> Iterator[str]:
    """Tokens of as many people."""
    for number in range(count):
        yield token(sub=f"user-{number}", sid=f"sign-in-of-{number}", jti=f"token-of-{number}")


def plain(value: object) -> str:
    """Everything that a value says, for a search."""
    return msgspec.json.encode(msgspec.to_builtins(value)).decode()
