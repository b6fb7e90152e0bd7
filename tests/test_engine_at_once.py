"""The short way of a verification that asks nobody says what the long way says."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from segue import Config, Engine, HttpSettings, NewSession
from segue.errors import SessionError, SessionGone, TokenExpired
from segue.http.message import HttpRequest
from segue.ids import UserId
from segue.stores.memory import MemoryStore
from tests.support import issuer
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.sessions.model import Revocation

SECRET = "a deployment secret for tests, 0123456789"


class CountingStore(MemoryStore):
    """Counts how often the revocation feed is read."""

    asked = 0

    def revocations_after(self, sequence: int, *, limit: int) -> tuple[Revocation, ...]:
        """As `MemoryStore`."""
        self.asked += 1
        return super().revocations_after(sequence, limit=limit)


class Scene:
    """An engine in memory, a session, and requests that carry its token."""

    def __init__(self) -> None:
        self.clock, self.store = ManualClock(issuer.NOW), CountingStore()
        http = HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000")
        self.engine = Engine(Config(http=http, secrets=(SECRET,)), store=self.store, clock=self.clock)
        self.issued = self.engine.create_session(NewSession(user_id=UserId("alice"), payload={}, data={}))
        self.token = self.issued.access.text

    def request(self, token: str, method: str = "GET") -> HttpRequest:
        """A request with a token in its header."""
        return HttpRequest(method=method, path="/", headers=(("authorization", f"Bearer {token}"),))

    def outcome(self) -> tuple[object, object]:
        """What both ways in say of the token: a user, or the kind of refusal."""
        return self._said(lambda: self.engine.verify_access_token(self.token).user_id), self._said(self._user)

    def _user(self) -> object:
        found = self.engine.authenticate(self.request(self.token))
        return None if found is None else found.access.claims.user_id

    def _said(self, ask: Callable[[], object]) -> object:
        try:
            return ask()
        except SessionError as error:
            return type(error)


def test_known_token_is_read_without_asking() -> None:
    """Within the revocation lag the store is asked once, however often the token comes."""
    scene = Scene()
    for _ in range(5):
        assert scene.outcome() == ("alice", "alice")
    assert scene.store.asked == 1
    scene.clock.advance(timedelta(seconds=1))
    scene.outcome()
    assert scene.store.asked == 2


def test_revocation_here_is_felt_at_once() -> None:
    """A token that was verified a moment ago is refused after its session was revoked by this engine."""
    scene = Scene()
    scene.outcome()
    scene.engine.revoke(scene.issued.session.handle)
    assert scene.outcome() == (SessionGone, SessionGone)


def test_revocation_elsewhere_is_felt_after_the_lag() -> None:
    """What another engine on the store revoked is refused as soon as the lag is over."""
    scene = Scene()
    scene.outcome()
    Engine(scene.engine.config, store=scene.store, clock=scene.clock).revoke(scene.issued.session.handle)
    scene.clock.advance(timedelta(seconds=1))
    assert scene.outcome() == (SessionGone, SessionGone)


def test_known_token_that_is_over() -> None:
    """Expiry is looked at on every use."""
    scene = Scene()
    scene.outcome()
    scene.clock.advance(timedelta(hours=1))
    assert scene.outcome() == (TokenExpired, TokenExpired)


def test_clock_that_was_put_back() -> None:
    """What was asked in the future is not trusted: the store is asked again."""
    scene = Scene()
    scene.outcome()
    scene.clock.advance(timedelta(seconds=-30))
    scene.outcome()
    assert scene.store.asked > 1


@pytest.mark.parametrize("required", [True, False])
def test_key_of_another_engine(required: bool) -> None:
    """A token signed by a key that this engine has not loaded yet is verified after one look into the store."""
    scene = Scene()
    scene.outcome()
    scene.clock.advance(timedelta(hours=168, minutes=1))
    other = Engine(scene.engine.config, store=scene.store, clock=scene.clock)
    token = other.create_session(NewSession(user_id=UserId("bob"), payload={}, data={})).access.text
    found = scene.engine.authenticate(scene.request(token), session_required=required)
    assert found is not None
    assert found.access.claims.user_id == "bob"
