"""express-session and Passport, as published: rows in files and in Redis."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

import pytest
import redis

from segue import CookieProvider
from segue.adapters.express_files import ExpressFiles
from segue.migration.cookies.express_session import ExpressSession
from segue.migration.cookies.signed_value import sign
from tests.old_providers import journey
from tests.old_providers.launching import OldSoftware, launched_node
from tests.old_providers.site import Held, Site, site
from tests.support.processes import wait_until
from tests.support.redis import started_redis

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

pytestmark = pytest.mark.processes

SECRET = "the first secret of the old application"
NAME = "connect.sid"


class RedisRows:
    """What an application writes that has its own Redis client."""

    def __init__(self, port: int) -> None:
        self._client = redis.Redis(host="127.0.0.1", port=port)

    def find_session(self, key: str) -> bytes | None:
        """One GET."""
        found: Any = self._client.get(f"sess:{key}")
        return found if isinstance(found, bytes) else None

    def end_session(self, key: str) -> None:
        """One DEL."""
        self._client.delete(f"sess:{key}")

    def close(self) -> None:
        """Close its connections."""
        self._client.close()


@dataclass(kw_only=True)
class Express:
    """The old application as its users see it, and its store."""

    software: OldSoftware
    rows: ExpressFiles | RedisRows
    secrets: tuple[str, ...] = field(default=(SECRET,))

    def sign_in(self, user: str) -> Held:
        """By Passport's local strategy."""
        with self.software.client() as browser:
            body = {"username": user, "password": "correct horse"}
            browser.post("/login", json=body).raise_for_status()
            return Held(cookies={NAME: browser.cookies[NAME]})

    def accepts(self, held: Held) -> bool:
        """By its own route."""
        with self.software.client(cookies=held.cookies) as browser:
            return browser.get("/me").json()["user"] is not None

    def sign_out(self, held: Held) -> None:
        """By its own route."""
        with self.software.client(cookies=held.cookies) as browser:
            browser.post("/logout").raise_for_status()

    def rotate(self) -> None:
        """A new secret signs, the old ones are still accepted."""
        self.secrets = (f"secret number {len(self.secrets) + 1}, newer", *self.secrets)
        self.software.tell("rotate", secret=self.secrets[0])

    def retire(self) -> None:
        """Only the newest is accepted."""
        self.secrets = self.secrets[:1]
        self.software.tell("retire")

    def signed(self, text: str) -> Held:
        """What its visitors can have it sign: a cookie of another purpose, presented as its session."""
        with self.software.client() as browser:
            browser.post("/theme", json={"theme": text}).raise_for_status()
            return Held(cookies={NAME: browser.cookies["theme"]})

    def provider(self) -> CookieProvider:
        """What a deployment writes."""
        return CookieProvider(
            name="express",
            format=ExpressSession(secrets=self.secrets, user_id="passport.user", signed_in_at="signedInAt"),
            find_session=self.rows.find_session,
            end_session=self.rows.end_session,
        )


@pytest.fixture(scope="module", params=["files", "redis"])
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Express]:
    """The old application with either store."""
    folder = tmp_path_factory.mktemp("express")
    log = folder / "log"
    with ExitStack() as stack:
        rows: ExpressFiles | RedisRows
        if request.param == "redis":
            port = stack.enter_context(started_redis(folder))
            rows = RedisRows(port)
            stack.callback(rows.close)
            where = {"REDIS_PORT": str(port)}
        else:
            (folder / "sessions").mkdir()
            rows = ExpressFiles(folder / "sessions")
            where = {"FOLDER": str(folder / "sessions")}
        software = stack.enter_context(launched_node("express_session.mjs", log=log, SECRET=SECRET, **where))
        yield Express(software=software, rows=rows)


@pytest.fixture(scope="module")
def new(old: Express, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application."""
    with site(old.provider(), database=tmp_path_factory.mktemp("site") / "new.sqlite3") as made:
        yield made


def ends(old: Express, held: Held) -> None:
    """
    The row is deleted, and so the old application refuses what is held.

    It is not asked meanwhile: a request that is under way while the row goes may write it back.
    """
    wait_until(lambda: old.rows.find_session(session_id(held)) is None, what="the row to be deleted")
    assert not old.accepts(held)


def session_id(held: Held) -> str:
    """The id that is signed in a cookie."""
    return unquote(held.cookies[NAME]).removeprefix("s:").rpartition(".")[0]


def test_journey(old: Express, new: Site) -> None:
    """A signed-in user moves once, and his row is gone; his other device is not touched, and moves by itself."""
    phone = old.sign_in("ada")
    visitor = journey.moves(new, old, user="ada", user_id="ada")
    ends(old, visitor.held)
    journey.is_refused(new, visitor.held, code="SIGN_IN_REVOKED")
    assert old.accepts(phone)
    journey.becomes_a_session(new, phone, user_id="ada")


def test_nothing_for_a_wrong_cookie(old: Express, new: Site) -> None:
    """Signed out, anonymous, forged, changed, or signed for another purpose: nothing is bought, and nothing breaks."""
    with old.software.client() as browser:
        browser.post("/basket", json={"item": 1}).raise_for_status()
        anonymous = Held(cookies={NAME: browser.cookies[NAME]})
    gone = old.sign_in("cleo")
    old.sign_out(gone)
    good = old.sign_in("dan")
    key = session_id(good)
    forged = sign(key, "another secret", padded=False).decode()
    changed = good.cookies[NAME].replace("s%3A", "s%3Ax")
    refusals = [
        (anonymous, "TOKEN_CLAIMS_INVALID"),
        (gone, "SIGN_IN_REVOKED"),
        (Held(cookies={NAME: quote(f"s:{key}.{forged}", safe="")}), "TOKEN_SIGNATURE_INVALID"),
        (Held(cookies={NAME: changed}), "TOKEN_SIGNATURE_INVALID"),
        (Held(cookies={NAME: key}), "TOKEN_MALFORMED"),
        (old.signed("dark"), "SIGN_IN_REVOKED"),
        (old.signed(f"../sessions/{key}"), "SIGN_IN_REVOKED"),
    ]
    for held, code in refusals:
        journey.is_refused(new, held, code=code)
    journey.becomes_a_session(new, good, user_id="dan")


def test_secrets_rotated(old: Express, tmp_path: Path) -> None:
    """Secrets change in the middle, as express-session lets them."""

    def open_site() -> AbstractContextManager[Site]:
        return site(old.provider(), database=tmp_path / "new.sqlite3")

    journey.survives_rotation(open_site, old, {name: name for name in ("eve", "flo", "gil", "hal")})
