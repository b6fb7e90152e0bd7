"""People who are signed in at a real fastapi-users move over: by its JWTs, and by its table of tokens."""

from __future__ import annotations

import sqlite3
import uuid
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from segue import KEYS_ONLY, CookieProvider, OldSession, SharedSecrets
from segue.errors import SignInRevoked, TokenMissing
from segue.flow import ask
from segue.migration.cookies.model import Cookies, OldApplication
from segue.profiles import jwt
from tests.old_providers import journey
from tests.old_providers.applications import NEW_SECRET, PASSWORD, SECRET
from tests.old_providers.launching import OldSoftware, launched_python
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue import Provider

pytestmark = pytest.mark.processes

COOKIE = "fastapiusersauth"
LIFETIME = timedelta(hours=1)


class TokenTable(msgspec.Struct, frozen=True, kw_only=True):
    """What an application writes: its cookie is the key of a row, which has the user and a time."""

    cookie_names: frozenset[str] = frozenset({COOKIE})

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:
        """See `CookieFormat.read`."""
        if COOKIE not in cookies:
            raise TokenMissing
        row = await ask(OldApplication.find_session, provider, cookies[COOKIE])
        if row is None:
            raise SignInRevoked("no such row")
        said = msgspec.json.decode(row, type=dict[str, str])
        made = datetime.fromisoformat(said["created_at"]).replace(tzinfo=UTC)
        if made + LIFETIME <= now:
            raise SignInRevoked("the row is over")
        return OldSession(
            subject=said["user_id"],
            session_id=cookies[COOKIE],
            written_at=made,
            authenticated_at=made,
            expires_at=made + LIFETIME,
            record_key=cookies[COOKIE],
        )


@dataclass(frozen=True, slots=True)
class FastApiUsers:
    """The old application as its users see it; what they hold is a JWT."""

    software: OldSoftware

    @property
    def users(self) -> dict[str, str]:
        """Ids by name."""
        return dict(self.software.facts["users"])

    def sign_in(self, user: str) -> Held:
        """By its form."""
        with self.software.client() as client:
            form = {"username": f"{user}@example.com", "password": PASSWORD}
            answer = client.post("/auth/jwt/login", data=form).raise_for_status().json()
        return Held(bearer=answer["access_token"])

    def accepts(self, held: Held) -> bool:
        """What its own route says."""
        with self.software.client(cookies=held.cookies) as client:
            headers = {} if held.bearer is None else {"authorization": f"Bearer {held.bearer}"}
            return client.get("/me", headers=headers).status_code == 200

    def sign_out(self, held: Held) -> None:
        """By its own route, which does nothing about a JWT."""
        with self.software.client() as client:
            headers = {"authorization": f"Bearer {held.bearer}"}
            client.post("/auth/jwt/logout", headers=headers).raise_for_status()

    def mailed(self, user: str) -> dict[str, str]:
        """The tokens of the links that it mails for a new password, and to prove an address."""
        with self.software.client() as client:
            for path in ("forgot-password", "request-verify-token"):
                body = {"email": f"{user}@example.com"}
                client.post(f"/auth/{path}", json=body).raise_for_status()
        return dict(self.software.tell("mailbox"))

    def provider(self, *secrets: str) -> Provider:
        """What a deployment writes."""
        return jwt(
            name="fastapi-users",
            user_claim="sub",
            audience="fastapi-users:auth",
            token_lifetime=LIFETIME,
            keys=SharedSecrets.of(*secrets),
            live_check=KEYS_ONLY,
            deadline=datetime.now(UTC) + timedelta(days=30),
        )


@dataclass(frozen=True, slots=True)
class ByTable(FastApiUsers):
    """The same application; what its users hold is the key of a row."""

    database: str

    def sign_in(self, user: str) -> Held:
        """By the form of the other backend."""
        with self.software.client() as client:
            form = {"username": f"{user}@example.com", "password": PASSWORD}
            client.post("/auth/cookie/login", data=form).raise_for_status()
            return Held(cookies={COOKIE: client.cookies[COOKIE]})

    def sign_out(self, held: Held) -> None:
        """By its own route, which deletes the row."""
        with self.software.client(cookies=held.cookies) as client:
            client.post("/auth/cookie/logout").raise_for_status()

    def find(self, key: str) -> bytes | None:
        """What an application writes to read the row."""
        rows = self._run("SELECT user_id, created_at FROM accesstoken WHERE token = ?", key)
        if not rows:
            return None
        return msgspec.json.encode({"user_id": str(uuid.UUID(rows[0][0])), "created_at": rows[0][1]})

    def end(self, key: str) -> None:
        """What an application writes to delete it."""
        self._run("DELETE FROM accesstoken WHERE token = ?", key)

    def cookie_provider(self) -> CookieProvider:
        """What a deployment writes."""
        return CookieProvider(
            name="fastapi-users-table", format=TokenTable(), find_session=self.find, end_session=self.end
        )

    def _run(self, statement: str, key: str) -> list[tuple[Any, ...]]:
        with closing(sqlite3.connect(self.database)) as connection, connection:
            return connection.execute(statement, (key,)).fetchall()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The old application's file."""
    return str(tmp_path_factory.mktemp("fastapi-users") / "old.sqlite3")


@pytest.fixture(scope="module")
def software(database: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldSoftware]:
    """The old application."""
    log = tmp_path_factory.mktemp("fastapi-users") / "log"
    with launched_python("fastapi_users_app.py", log=log, SECRET=SECRET, DATABASE=database) as started:
        yield started


@pytest.fixture(scope="module")
def old(software: OldSoftware) -> FastApiUsers:
    """Its users with JWTs."""
    return FastApiUsers(software)


@pytest.fixture(autouse=True)
def _first_secret(software: OldSoftware) -> None:
    """Each test begins as the old application was started."""
    software.tell("retire", secret=SECRET)


@pytest.fixture(scope="module")
def new(old: FastApiUsers, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application, for JWTs."""
    with site(old.provider(SECRET), database=tmp_path_factory.mktemp("new") / "new.sqlite3") as made:
        yield made


def test_journey(old: FastApiUsers, new: Site) -> None:
    """A JWT moves once; nothing ends it at the old application, and our tombstone does not let it in again."""
    visitor = journey.moves(new, old, user="ada", user_id=old.users["ada"])
    journey.leaves_a_tombstone(new, old, visitor.held)


@pytest.mark.parametrize("link", ["reset", "verify"])
def test_mailed_links(old: FastApiUsers, new: Site, link: str) -> None:
    """The token of a mailed link is signed with the same secret, and buys nothing."""
    journey.is_refused(new, Held(bearer=old.mailed("bob")[link]), code="TOKEN_CLAIMS_INVALID")


def test_secret_changes(old: FastApiUsers, tmp_path: Path) -> None:
    """The old application forgets a secret at once; here both count until the older one is taken out."""
    early, kept = old.sign_in("ada"), old.sign_in("eve")
    old.software.tell("retire", secret=NEW_SECRET)
    late = old.sign_in("bob")
    assert (old.accepts(early), old.accepts(late)) == (False, True)
    with site(old.provider(NEW_SECRET, SECRET), database=tmp_path / "new.sqlite3") as made:
        journey.becomes_a_session(made, early, user_id=old.users["ada"])
        journey.becomes_a_session(made, late, user_id=old.users["bob"])
    with site(old.provider(NEW_SECRET), database=tmp_path / "new.sqlite3") as made:
        journey.is_refused(made, kept, code="TOKEN_SIGNATURE_INVALID")
        journey.becomes_a_session(made, old.sign_in("tim"), user_id=old.users["tim"])


def test_table_of_tokens(software: OldSoftware, database: str, tmp_path: Path) -> None:
    """A row moves once and is deleted; one that its user deleted by signing out, or that was invented, buys nothing."""
    old = ByTable(software, database)
    with site(old.cookie_provider(), database=tmp_path / "new.sqlite3") as made:
        visitor = journey.moves(made, old, user="ada", user_id=old.users["ada"])
        journey.ends_for_real(made, old, visitor.held)
        gone = old.sign_in("bob")
        old.sign_out(gone)
        journey.is_refused(made, gone, code="SIGN_IN_REVOKED")
        invented = Held(cookies={COOKIE: old.sign_in("bob").cookies[COOKIE][::-1]})
        journey.is_refused(made, invented, code="SIGN_IN_REVOKED")
