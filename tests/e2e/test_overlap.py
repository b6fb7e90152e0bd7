"""
Two systems alive at once, with the published front-end SDK in Chromium: whatever is expired, nothing goes in circles.

The page sets the old token itself, as it did before anybody thought of moving. No provider runs: the application has
its keys, and the tests make its tokens.
"""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx2
import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import public_jwk
from segue.tokens.jws import sign_jws
from tests.e2e.application import ACCESS_LIFETIME, Application
from tests.e2e.shaky import NOBODY
from tests.e2e.stack import AUDIENCE, page_address
from tests.e2e.tab import Tab, new_tab
from tests.support.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import BrowserContext

pytestmark = [pytest.mark.browser, pytest.mark.processes]

REFRESH = "/auth/session/refresh"
by_both = pytest.mark.parametrize("mode", ["cookie", "header"])


class Overlap:
    """The application, and the old provider's key."""

    def __init__(self, app: Application, key: ec.EllipticCurvePrivateKey) -> None:
        self.app = app
        self.key = key
        self.ahead = timedelta()

    def open(self, profile: BrowserContext, mode: str) -> Tab:
        """A tab with the page, nobody signed in with us."""
        tab = new_tab(profile)
        settings = {"api": self.app.origin, "issuer": NOBODY, "mode": mode}
        tab.open(page_address(self.app.site, settings))
        return tab

    def signed_in(self, profile: BrowserContext, mode: str, user: str) -> Tab:
        """A tab whose user has a session of ours."""
        tab = self.open(profile, mode)
        assert tab.run(f"signIn('{user}')")["status"] == 200
        tab.requests.clear()
        return tab

    def old_token(self, user: str, *, expired: bool = False) -> str:
        """What the page has of the old provider."""
        now = datetime.now(UTC) + self.ahead
        issued = int((now - timedelta(minutes=30 if expired else 1)).timestamp())
        claims = {"iss": NOBODY, "sub": user, "aud": AUDIENCE, "client_id": "spa", "sid": f"of {user}"}
        payload = json.dumps(claims | {"iat": issued, "exp": issued + 900}).encode()
        return sign_jws({"typ": "at+jwt", "kid": "k1"}, payload, self.key, Algorithm.ES256)

    def expire(self) -> None:
        """Our access tokens that are out now are over."""
        seconds = ACCESS_LIFETIME + 1
        self.app.forward(seconds=seconds)
        self.ahead += timedelta(seconds=seconds)


@pytest.fixture(scope="module")
def overlap(pages: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Overlap]:
    """One application for all tests."""
    folder, port = tmp_path_factory.mktemp("overlap"), free_port()
    key = ec.generate_private_key(ec.SECP256R1())
    jwks = folder / "jwks.json"
    jwk = public_jwk(key.public_key(), key_id="k1", algorithm=Algorithm.ES256)
    jwks.write_text(json.dumps({"keys": [dict(jwk)]}))
    site = f"http://localhost:{port}"
    app = Application(ports=(port,), folder=folder, issuer=NOBODY, site=site, pages=pages, jwks=jwks)
    app.start()
    yield Overlap(app, key)
    app.stop()


def call(tab: Tab, token: str, path: str = "/api/either") -> tuple[int, dict[str, Any], int]:
    """Status and body of a call with the old token, and how many refreshes it cost."""
    tab.requests.clear()
    answer = tab.page.evaluate("([token, path]) => flow.callWith(token, path)", [token, path])
    return answer["status"], answer["body"], tab.sent(REFRESH)


@by_both
def test_only_the_old_token_is_there_and_expired(
    overlap: Overlap, profile: BrowserContext, user: str, mode: str
) -> None:
    """The first call costs the one refresh of a first visit, all later ones none; the old front end knows why."""
    tab = overlap.open(profile, mode)
    costs: list[int] = []
    for _ in range(3):
        status, body, refreshes = call(tab, overlap.old_token(user, expired=True))
        assert (status, body["code"]) == (401 if mode == "cookie" else 403, "TOKEN_EXPIRED")
        costs.append(refreshes)
    assert costs == [1, 0, 0]


@by_both
def test_both_are_expired(overlap: Overlap, profile: BrowserContext, user: str, mode: str) -> None:
    """With cookies one refresh finds out that our session is over; with headers it was not even asked about."""
    tab = overlap.signed_in(profile, mode, user)
    overlap.app.revoke(user)
    overlap.expire()
    costs = [call(tab, overlap.old_token(user, expired=True)) for _ in range(3)]
    if mode == "cookie":
        assert [(status, refreshes) for status, _, refreshes in costs] == [(401, 1), (401, 0), (401, 0)]
    else:
        assert [(status, refreshes) for status, _, refreshes in costs] == [(403, 0)] * 3


@by_both
def test_old_token_is_good(overlap: Overlap, profile: BrowserContext, user: str, mode: str) -> None:
    """The user is served, and nothing is refreshed but once on the first visit."""
    tab = overlap.open(profile, mode)
    answers = [call(tab, overlap.old_token(user)) for _ in range(3)]
    assert [(status, body["by"], cost) for status, body, cost in answers] == [
        (200, "old", 1),
        (200, "old", 0),
        (200, "old", 0),
    ]


@by_both
def test_session_is_expired_and_the_old_token_is_good(
    overlap: Overlap, profile: BrowserContext, user: str, mode: str
) -> None:
    """With cookies the session is refreshed once and speaks; with headers the page's own token takes its place."""
    tab = overlap.signed_in(profile, mode, user)
    overlap.expire()
    answers = [call(tab, overlap.old_token(user)) for _ in range(2)]
    wanted = [(200, "session", 1), (200, "session", 0)] if mode == "cookie" else [(200, "old", 0)] * 2
    assert [(status, body["by"], cost) for status, body, cost in answers] == wanted


@by_both
def test_session_is_good_and_the_old_token_is_expired(
    overlap: Overlap, profile: BrowserContext, user: str, mode: str
) -> None:
    """The session speaks where it can be seen; where the old token hides it, nothing is refreshed ten times."""
    tab = overlap.signed_in(profile, mode, user)
    status, body, cost = call(tab, overlap.old_token(user, expired=True))
    if mode == "cookie":
        assert (status, body["by"], cost) == (200, "session", 0)
    else:
        assert (status, body["code"], cost) == (403, "TOKEN_EXPIRED", 0)


def test_moved_on_the_spot(overlap: Overlap, profile: BrowserContext, user: str) -> None:
    """A page that knows nothing of a move is moved by its usual calls, and the SDK sees its session begin."""
    tab = overlap.open(profile, "cookie")
    token = overlap.old_token(user)
    assert call(tab, token, "/api/moving")[:2] == (200, {"userId": user, "by": "old"})
    many = tab.page.evaluate("(token) => flow.callWithAtOnce(token, '/api/moving', 6)", token)
    assert set(many) <= {"migrated", "session"}
    assert tab.run("doesSessionExist()") is True
    assert tab.run("userId()") == user
    assert "SESSION_CREATED" in tab.run("events()")
    assert len(overlap.app.sessions(user)) == 1
    overlap.expire()
    status, body, cost = call(tab, token)
    assert (status, body["by"], cost) == (200, "session", 1)
    tab.run("signOut()")
    assert call(tab, overlap.old_token(user))[:2] == (
        401,
        {"message": "unauthorised", "code": "ALREADY_MIGRATED", "credential": "old"},
    )
    assert httpx2.get(f"{overlap.app.origin}/control/sessions", params={"user": user}).json() == []
