"""Auth.js (v5) and NextAuth.js (v4), as published: sessions in encrypted cookies and in PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import asyncpg
import psycopg
import pytest

from segue import KEYS_ONLY, CookieProvider, OncePer, Prefixed
from segue.migration.cookies.authjs import AuthJs
from segue.migration.cookies.authjs_rows import AuthJsRows
from segue.migration.cookies.nextauth import NextAuth
from tests.old_providers import journey
from tests.old_providers.launching import OldSoftware, launched_node
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import httpx2

    from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.processes

SECRET = "the first secret of the old application, long"
ROWS_NAME = "rows.session-token"


@dataclass(kw_only=True)
class Cookies:
    """The old application with sessions in cookies."""

    software: OldSoftware
    base: str
    name: str
    secrets: tuple[str, ...] = (SECRET,)

    @property
    def is_v5(self) -> bool:
        """Which of the two it is."""
        return self.base == "/auth"

    def sign_in(self, user: str, *, note: int = 0) -> Held:
        """With user name and password; a long note makes the cookie too long for one."""
        with self.software.client() as browser:
            fields = {"user": user, "password": "correct horse", "note": str(note), "json": "true"}
            browser.post(f"{self.base}/callback/credentials", data=fields | self.csrf(browser))
            return self.held_by(browser)

    def visit(self, held: Held) -> Held:
        """What the browser holds after another visit: the cookie is made anew."""
        with self.software.client(cookies=held.cookies) as browser:
            assert browser.get(f"{self.base}/session").json()
            return self.held_by(browser)

    def accepts(self, held: Held) -> bool:
        """By its own route."""
        with self.software.client(cookies=held.cookies) as browser:
            return bool(browser.get(f"{self.base}/session").json())

    def sign_out(self, held: Held) -> None:
        """By its own route."""
        with self.software.client(cookies=held.cookies) as browser:
            reply = browser.post(f"{self.base}/signout", data=self.csrf(browser))
            assert reply.status_code in (200, 302)

    def rotate(self) -> None:
        """A new secret encrypts; v5 still accepts the old ones."""
        self.secrets = (f"secret number {len(self.secrets) + 1}, newer and long", *self.secrets)
        self.software.tell("rotate", secret=self.secrets[0])

    def retire(self) -> None:
        """Only the newest is accepted."""
        self.secrets = self.secrets[:1]
        if self.is_v5:
            self.software.tell("retire")

    def csrf(self, browser: httpx2.Client) -> dict[str, str]:
        """What its forms hold."""
        return {"csrfToken": str(browser.get(f"{self.base}/csrf").json()["csrfToken"])}

    def held_by(self, browser: httpx2.Client) -> Held:
        """All of its cookies."""
        return Held(cookies={cookie.name: cookie.value or "" for cookie in browser.cookies.jar})

    def provider(self, once_per: OncePer = OncePer.PERSON) -> CookieProvider:
        """What a deployment writes."""
        kind = AuthJs if self.is_v5 else NextAuth
        return CookieProvider(
            name="authjs",
            format=kind(secrets=self.secrets, cookie_name=self.name),
            maximum_age=timedelta(hours=24),
            live_check=KEYS_ONLY,
            deadline=datetime.now(UTC) + timedelta(days=30),
            once_per=once_per,
        )


@dataclass(kw_only=True)
class Rows(Cookies):
    """The old application with sessions in a database."""

    dsn: str

    def sign_in(self, user: str, *, note: int = 0) -> Held:
        """By a link that was sent to an address."""
        address = f"{user}@old.test"
        with self.software.client() as browser:
            browser.post(f"{self.base}/signin/email", data={"email": address} | self.csrf(browser))
            browser.get(self.software.tell("link", email=address)["url"])
            assert ROWS_NAME in browser.cookies, note
            return self.held_by(browser)

    async def find_session(self, token: str) -> bytes | None:
        """The row as JSON."""
        connection = await asyncpg.connect(self.dsn)
        try:
            row = await connection.fetchval(
                'SELECT row_to_json(s) FROM sessions s WHERE "sessionToken" = $1', token
            )
        finally:
            await connection.close()
        return row.encode() if isinstance(row, str) else None

    async def end_session(self, token: str) -> None:
        """The row is deleted."""
        connection = await asyncpg.connect(self.dsn)
        try:
            await connection.execute('DELETE FROM sessions WHERE "sessionToken" = $1', token)
        finally:
            await connection.close()

    def user_id(self, held: Held) -> str:
        """Who that is in the new application."""
        with psycopg.connect(self.dsn) as connection:
            query = 'SELECT "userId" FROM sessions WHERE "sessionToken" = %s'
            row = connection.execute(query, [held.cookies[ROWS_NAME]]).fetchone()
        assert row is not None
        return f"row-{row[0]}"

    def expire(self, held: Held) -> None:
        """Its end has come; the row is still there."""
        with psycopg.connect(self.dsn) as connection:
            update = """UPDATE sessions SET expires = now() - interval '1 hour' WHERE "sessionToken" = %s"""
            connection.execute(update, [held.cookies[ROWS_NAME]])

    def provider(self, once_per: OncePer = OncePer.PERSON) -> CookieProvider:
        """What a deployment writes; a row is a sign-in of its own, whatever is said of those without."""
        return CookieProvider(
            name="authjs-rows",
            once_per=once_per,
            format=AuthJsRows(cookie_name=ROWS_NAME),
            find_session=self.find_session,
            end_session=self.end_session,
            map_user=Prefixed("row-"),
        )


@pytest.fixture(scope="module", params=["authjs", "next_auth"])
def both(
    request: pytest.FixtureRequest, postgres_server: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Cookies, Rows]]:
    """Either version, with sessions in cookies and in rows."""
    dsn = postgres_server.dsn(postgres_server.empty_database())
    log = tmp_path_factory.mktemp(request.param) / "log"
    with launched_node(f"{request.param}.mjs", log=log, SECRET=SECRET, DSN=dsn) as software:
        v5 = request.param == "authjs"
        base, name = ("/auth", "authjs.session-token") if v5 else ("/api/auth", "next-auth.session-token")
        yield (
            Cookies(software=software, base=base, name=name),
            Rows(software=software, base="/rows", name=ROWS_NAME, dsn=dsn),
        )


@pytest.fixture(scope="module")
def old(both: tuple[Cookies, Rows]) -> Cookies:
    """Sessions in cookies."""
    return both[0]


@pytest.fixture(scope="module")
def rows(both: tuple[Cookies, Rows]) -> Rows:
    """Sessions in rows."""
    return both[1]


@pytest.fixture(scope="module")
def new(old: Cookies, rows: Rows, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application, which knows both, and lets a person in once where nothing tells sign-ins apart."""
    database = tmp_path_factory.mktemp("site") / "new.sqlite3"
    with site(old.provider(), rows.provider(), database=database) as made:
        yield made


@pytest.fixture(scope="module")
def each(old: Cookies, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """A new application for which each cookie counts."""
    provider = old.provider(OncePer.CREDENTIAL)
    with site(provider, database=tmp_path_factory.mktemp("each") / "new.sqlite3") as made:
        yield made


def test_journey(old: Cookies, new: Site) -> None:
    """A signed-in user moves once; the old cookie would live on for ever, also after signing out, and buys nothing."""
    visitor = journey.moves(new, old, user="ada", user_id="ada")
    journey.leaves_a_tombstone(new, old, visitor.held)


def test_cookie_in_chunks(old: Cookies, each: Site) -> None:
    """A cookie that is too long for one comes in chunks; other cuts of it are the same cookie."""
    held = old.sign_in("bob", note=3000)
    chunks = {name: held.cookies[name] for name in held.cookies if name.startswith(f"{old.name}.")}
    assert len(chunks) > 1, held
    journey.is_refused(each, Held(cookies=dict(list(chunks.items())[:-1])), code="TOKEN_MALFORMED")
    journey.becomes_a_session(each, held, user_id="bob")
    whole = "".join(chunks[f"{old.name}.{number}"] for number in range(len(chunks)))
    cut = {f"{old.name}.0": whole[:100], f"{old.name}.1": whole[100:]}
    journey.is_refused(each, Held(cookies=cut), code="ALREADY_MIGRATED")


def test_cookie_of_another_visit(old: Cookies, new: Site, each: Site) -> None:
    """Each visit makes a new cookie of the same sign-in: one session a person, unless each cookie shall count."""
    first = old.sign_in("cleo")
    second = old.visit(first)
    assert second.cookies[old.name] != first.cookies[old.name]
    journey.becomes_a_session(new, first, user_id="cleo")
    journey.is_refused(new, second, code="ALREADY_MIGRATED")
    journey.becomes_a_session(each, first, user_id="cleo")
    journey.becomes_a_session(each, second, user_id="cleo")


def test_nothing_for_a_wrong_cookie(old: Cookies, new: Site) -> None:
    """Changed, of another purpose, under another name: nothing is bought."""
    good = old.sign_in("dan")
    value = good.cookies[old.name]
    csrf = next(value for name, value in good.cookies.items() if name.endswith("csrf-token"))
    head, _, tag = value.rpartition(".")
    changed = f"{head}.{'B' if tag[0] == 'A' else 'A'}{tag[1:]}"
    refusals = [
        (Held(cookies={old.name: changed}), "TOKEN_SIGNATURE_INVALID"),
        (Held(cookies={old.name: csrf}), "TOKEN_MALFORMED"),
        (Held(cookies={f"__Secure-{old.name}": value}), "TOKEN_MISSING"),
        (Held(cookies={ROWS_NAME: value}), "SIGN_IN_REVOKED"),
    ]
    for held, code in refusals:
        journey.is_refused(new, held, code=code)


def test_secrets_rotated(old: Cookies, tmp_path: Path) -> None:
    """Secrets change in the middle: v5 knows several; v4 itself forgets the old cookies, and we need not."""
    database = tmp_path / "new.sqlite3"
    if old.is_v5:
        users = {name: name for name in ("eve", "flo", "gil", "hal")}
        journey.survives_rotation(lambda: site(old.provider(), database=database), old, users)
        return
    early, kept = old.sign_in("eve"), old.sign_in("flo")
    old.rotate()
    assert not old.accepts(early)
    with site(old.provider(), database=database) as made:
        journey.becomes_a_session(made, early, user_id="eve")
        journey.becomes_a_session(made, old.sign_in("gil"), user_id="gil")
    old.retire()
    with site(old.provider(), database=database) as made:
        journey.is_refused(made, kept, code="TOKEN_SIGNATURE_INVALID")


def test_journey_with_rows(rows: Rows, new: Site) -> None:
    """Where sessions are rows, each sign-in moves once, and its row is gone."""
    other = rows.sign_in("ada")
    user_id = rows.user_id(other)
    visitor = journey.moves(new, rows, user="ada", user_id=user_id)
    journey.ends_for_real(new, rows, visitor.held)
    journey.is_refused(new, visitor.held, code="SIGN_IN_REVOKED")
    journey.becomes_a_session(new, other, user_id=user_id)


def test_nothing_for_a_wrong_row(rows: Rows, new: Site) -> None:
    """Signed out, invented, expired: nothing is bought."""
    gone = rows.sign_in("bob")
    rows.sign_out(gone)
    assert not rows.accepts(gone)
    over = rows.sign_in("bob")
    rows.expire(over)
    refusals = [
        (gone, "SIGN_IN_REVOKED"),
        (Held(cookies={ROWS_NAME: "5b2f0c1e-7d1b-4a53-9a5e-0f5b8b6f9d11"}), "SIGN_IN_REVOKED"),
        (over, "TOKEN_EXPIRED"),
    ]
    for held, code in refusals:
        journey.is_refused(new, held, code=code)
