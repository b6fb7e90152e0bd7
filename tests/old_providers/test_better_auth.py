"""better-auth over PostgreSQL, as published: its rows read from the table, and asked for over its own routes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

import asyncpg
import pytest

from segue import CookieProvider
from segue.adapters.better_auth import AsyncBetterAuthApi
from segue.adapters.web import AsyncHttpWeb, HttpWeb
from segue.flow import drive, performer
from segue.migration.cookies.better_auth import BetterAuth
from segue.migration.cookies.better_auth_api import BetterAuthRoutes
from segue.migration.endings import BetterAuthEnding, OldTokens
from segue.migration.endings.model import Errand, Outcome
from segue.migration.endings.service_tokens import ServiceTokens
from tests.old_providers import journey
from tests.old_providers.launching import OldSoftware, launched_node
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

    from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.processes

SECRET = "the first secret of better-auth, 32 characters and more"
NAME = "better-auth.session_token"
PASSWORD = "correct horse"


class TableRows:
    """What an application writes that reads the old one's database."""

    def __init__(self, dsn: str) -> None:
        self._dsn = dsn

    async def find_session(self, token: str) -> bytes | None:
        """The row as JSON."""
        connection = await asyncpg.connect(self._dsn)
        try:
            row = await connection.fetchval("SELECT row_to_json(s) FROM session s WHERE token = $1", token)
        finally:
            await connection.close()
        return row.encode() if isinstance(row, str) else None

    async def end_session(self, token: str) -> None:
        """The row is deleted."""
        connection = await asyncpg.connect(self._dsn)
        try:
            await connection.execute("DELETE FROM session WHERE token = $1", token)
        finally:
            await connection.close()


@dataclass(kw_only=True)
class Software:
    """The old application as its users see it."""

    software: OldSoftware
    dsn: str
    secrets: tuple[str, ...] = (SECRET,)

    def person(self, name: str) -> str:
        """Sign somebody up; the user's id there."""
        with self.software.client() as browser:
            body = {"email": f"{name}@old.test", "password": PASSWORD, "name": name}
            return str(self._post(browser, "/sign-up/email", body)["user"]["id"])

    def sign_in(self, user: str) -> Held:
        """With e-mail address and password; the browser holds the cookie cache, too."""
        with self.software.client() as browser:
            self._post(browser, "/sign-in/email", {"email": f"{user}@old.test", "password": PASSWORD})
            return held_by(browser)

    def accepts(self, held: Held) -> bool:
        """By its own route and past its cache."""
        with self.software.client(cookies=held.cookies) as browser:
            answer = browser.get("/api/auth/get-session?disableCookieCache=true").raise_for_status().json()
            return answer is not None

    def cache_accepts(self, held: Held) -> bool:
        """By its own route as its pages ask: from the cookie cache, while that lasts."""
        with self.software.client(cookies=held.cookies) as browser:
            return browser.get("/api/auth/get-session").raise_for_status().json() is not None

    def sign_out(self, held: Held) -> None:
        """By its own route."""
        with self.software.client(cookies=held.cookies) as browser:
            self._post(browser, "/sign-out", {})

    def impersonated(self, user_id: str) -> Held:
        """What the browser of an administrator holds who acts as the user."""
        name = f"admin-{user_id[:8].lower()}"
        self.person(name)
        self.software.tell("admin", email=f"{name}@old.test")
        with self.software.client() as browser:
            self._post(browser, "/sign-in/email", {"email": f"{name}@old.test", "password": PASSWORD})
            self._post(browser, "/admin/impersonate-user", {"userId": user_id})
            return held_by(browser)

    def rotate(self) -> None:
        """A new secret signs. Of itself better-auth accepts no cookie of the one before."""
        self.secrets = (f"secret number {len(self.secrets) + 1} of better-auth, newer", *self.secrets)
        self.software.tell("rotate", secret=self.secrets[0])

    def provider(self, way: str) -> CookieProvider:
        """What a deployment writes."""
        old = BetterAuth(secrets=self.secrets, cookie_name=NAME)
        routes = BetterAuthRoutes(format=old, url=f"{self.software.origin}/api/auth")
        rows = TableRows(self.dsn) if way == "rows" else AsyncBetterAuthApi(routes, AsyncHttpWeb())
        return CookieProvider(
            name="better-auth", format=old, find_session=rows.find_session, end_session=rows.end_session
        )

    def _post(self, browser: httpx2.Client, path: str, body: dict[str, str]) -> dict[str, dict[str, str]]:
        reply = browser.post(f"/api/auth{path}", json=body, headers={"origin": self.software.origin})
        found: dict[str, dict[str, str]] = reply.raise_for_status().json()
        return found


def held_by(browser: httpx2.Client) -> Held:
    """All of its cookies."""
    return Held(cookies={cookie.name: cookie.value or "" for cookie in browser.cookies.jar})


@pytest.fixture(scope="module")
def old(postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Software]:
    """The old application."""
    dsn = postgres_server.dsn(postgres_server.empty_database())
    log = tmp_path_factory.mktemp("better-auth") / "log"
    with launched_node("better_auth.mjs", log=log, SECRET=SECRET, DSN=dsn) as software:
        yield Software(software=software, dsn=dsn)


@pytest.fixture(scope="module", params=["rows", "api"])
def way(request: pytest.FixtureRequest) -> str:
    """How its sessions are found."""
    return str(request.param)


@pytest.fixture(scope="module")
def new(old: Software, way: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application."""
    with site(old.provider(way), database=tmp_path_factory.mktemp("site") / "new.sqlite3") as made:
        yield made


def test_journey(old: Software, way: str, new: Site) -> None:
    """A signed-in user moves once, and his old session is ended."""
    user_id = old.person(f"ada-{way}")
    visitor = journey.moves(new, old, user=f"ada-{way}", user_id=user_id)
    journey.ends_for_real(new, old, visitor.held)
    journey.is_refused(new, visitor.held, code="SIGN_IN_REVOKED")


def test_nothing_for_a_wrong_cookie(old: Software, way: str, new: Site) -> None:
    """Signed out though its cache says otherwise, an administrator's, changed, the cache itself: nothing is bought."""
    user_id = old.person(f"bob-{way}")
    gone = old.sign_in(f"bob-{way}")
    assert "better-auth.session_data" in gone.cookies
    old.sign_out(Held(cookies={NAME: gone.cookies[NAME]}))
    assert old.cache_accepts(gone), "its cache does not speak for dead sessions any more"
    good = old.sign_in(f"bob-{way}")
    refusals = [
        (gone, "SIGN_IN_REVOKED"),
        (old.impersonated(user_id), "TOKEN_CLAIMS_INVALID"),
        (Held(cookies={NAME: "x" + good.cookies[NAME]}), "TOKEN_SIGNATURE_INVALID"),
        (Held(cookies={NAME: good.cookies[NAME].partition(".")[0]}), "TOKEN_MALFORMED"),
        (Held(cookies={NAME: good.cookies["better-auth.session_data"]}), "TOKEN_MALFORMED"),
    ]
    for held, code in refusals:
        journey.is_refused(new, held, code=code)
    journey.becomes_a_session(new, good, user_id=user_id)


def test_ended_from_the_outbox(old: Software) -> None:
    """`BetterAuthEnding` signs out of the one session; told again, better-auth still says that it is gone."""
    old.person("gil")
    ended, other = old.sign_in("gil"), old.sign_in("gil")
    routes = BetterAuthRoutes(
        format=BetterAuth(secrets=old.secrets, cookie_name=NAME), url=f"{old.software.origin}/api/auth"
    )
    token = unquote(ended.cookies[NAME]).partition(".")[0]
    known = OldTokens(access_token="", refresh_token=None, record_key=token)
    errand = Errand(provider="better-auth", now=datetime.now(UTC), service_tokens=ServiceTokens())
    with HttpWeb() as web:
        for _ in range(2):
            flow = BetterAuthEnding(routes=routes).end(known, errand)
            assert drive(flow, performer({"Web": web})).outcome is Outcome.DONE
    assert (old.accepts(ended), old.accepts(other)) == (False, True)


def test_old_application_down(old: Software, tmp_path: Path) -> None:
    """While better-auth does not answer, nobody is let in, and nobody is told that his sign-in was revoked."""
    old.person("fay")
    read = BetterAuth(secrets=old.secrets, cookie_name=NAME)
    routes = BetterAuthRoutes(format=read, url="http://127.0.0.1:9/api/auth")
    api = AsyncBetterAuthApi(routes, AsyncHttpWeb())
    unreachable = CookieProvider(name="better-auth", format=read, find_session=api.find_session)
    with site(unreachable, database=tmp_path / "new.sqlite3") as made:
        journey.is_refused(made, old.sign_in("fay"), code="STATE_UNAVAILABLE")


def test_secret_rotated(old: Software, tmp_path: Path) -> None:
    """Where better-auth itself forgets cookies of the secret before, we need not, until it is taken out."""
    user_id = old.person("eve")
    early, kept = old.sign_in("eve"), old.sign_in("eve")
    old.rotate()
    late = old.sign_in("eve")
    assert not old.accepts(early)
    with site(old.provider("api"), database=tmp_path / "new.sqlite3") as made:
        journey.becomes_a_session(made, early, user_id=user_id)
        journey.becomes_a_session(made, late, user_id=user_id)
    old.secrets = old.secrets[:1]
    with site(old.provider("rows"), database=tmp_path / "new.sqlite3") as made:
        journey.is_refused(made, kept, code="TOKEN_SIGNATURE_INVALID")
