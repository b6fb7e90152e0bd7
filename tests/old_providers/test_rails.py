"""People who are signed in at a real Rails application move over, by Devise or by a user id in the session."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue import CookieProvider
from segue.migration.cookies.devise import Devise
from segue.migration.cookies.rails import RailsSession
from tests.old_providers import journey
from tests.old_providers.forms import OldForms
from tests.old_providers.interpreters import launched_rails
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tests.old_providers.launching import OldSoftware

pytestmark = pytest.mark.processes

SECRET = "a secret_key_base of these tests, long enough for Rails"
USERS = {"ada": "7", "bob": "8", "cyd": "9", "dan": "10"}
NEW_SECRET = "the secret_key_base that follows it, long enough as well"


class OldRails(OldForms):
    """Rails' cookie store."""

    cookies = ("_old_session",)
    field = "user[{}]"

    def __init__(self, software: OldSoftware, pages: str) -> None:
        super().__init__(software.origin)
        self.software = software
        self.pages = pages
        self.secrets: tuple[str, ...] = (SECRET,)

    def credentials(self, user: str, password: str) -> dict[str, str]:
        """By the e-mail address."""
        return {"email": f"{user}@example.test", "password": password}

    def rotate(self) -> None:
        """A new secret first; the old one is still accepted."""
        self.software.tell("rotate", secret=NEW_SECRET)
        self.secrets = (NEW_SECRET, SECRET)

    def retire(self) -> None:
        """The new secret alone."""
        self.software.tell("retire")
        self.secrets = (NEW_SECRET,)

    def password_hash(self, user_id: str) -> str | None:
        """From its table of users."""
        with closing(sqlite3.connect(self.software.facts["database"])) as database:
            row = database.execute("SELECT encrypted_password FROM users WHERE id = ?", (user_id,)).fetchone()
        return None if row is None else str(row[0])

    @property
    def provider(self) -> CookieProvider:
        """As Segue would be configured now."""
        devise = self.pages == "/users"
        return CookieProvider(
            name="rails",
            format=RailsSession(
                secret_key_bases=self.secrets,
                cookie_name="_old_session",
                user=Devise(timeout_in=timedelta(minutes=30)) if devise else "user_id",
                expire_after=timedelta(days=14),
                signed_in_at=None if devise else "signed_in_at",
            ),
            password_hash=self.password_hash,
            deadline=datetime.now(UTC) + timedelta(days=30),
        )


@pytest.fixture
def software(tmp_path: Path) -> Iterator[OldSoftware]:
    """The old application."""
    (tmp_path / "old").mkdir()
    with launched_rails(
        tmp_path / "old", log=tmp_path / "log", SECRET_KEY_BASE=SECRET, EXPIRE_AFTER="1209600"
    ) as started:
        yield started


def test_rails(software: OldSoftware, tmp_path: Path) -> None:
    """
    With Devise and without it: sessions move once and are spent, though Rails would take them for ever; a visitor, a
    wrong password, another cookie and a changed password buy nothing; secrets change in the middle.
    """
    for pages in ("/users", "/plain"):
        old = OldRails(software, pages)
        with site(old.provider, database=tmp_path / f"{pages[1:]}.sqlite3") as new:
            visitor = journey.moves(new, old, user="ada", user_id="7")
            journey.leaves_a_tombstone(new, old, visitor.held)
            nobody_is_signed_in(new, old)
            (password_changes if pages == "/users" else another_cookie)(new, old)
    secret_changes(OldRails(software, "/plain"), tmp_path)


def nobody_is_signed_in(new: Site, old: OldRails) -> None:
    """A visitor's session and that of a wrong password are nobody's."""
    journey.is_refused(new, old.visit("/sign_in"), code="TOKEN_CLAIMS_INVALID")
    journey.is_refused(new, old.sign_in("ada", password="wrong"), code="TOKEN_CLAIMS_INVALID")


def password_changes(new: Site, old: OldRails) -> None:
    """Devise ends the other sessions when the password changes, and so do we; the one at hand stays."""
    at_hand, elsewhere = old.sign_in("eve"), old.sign_in("eve")
    with old.browser(at_hand) as browser:
        assert old.submit(browser, "/password", password="another of eve") == 204
        at_hand = old.held_by(browser)
    assert not old.accepts(elsewhere)
    journey.is_refused(new, elsewhere, code="SIGN_IN_REVOKED")
    journey.becomes_a_session(new, at_hand, user_id="11")


def another_cookie(new: Site, old: OldRails) -> None:
    """Another encrypted cookie of the application is no session, whatever is in it."""
    with old.browser() as browser:
        old.submit(browser, "/sign_in", **old.credentials("ada", "a password of ada"))
        value = browser.cookies["prefs"]
    journey.is_refused(new, Held(cookies={"_old_session": value}), code="TOKEN_CLAIMS_INVALID")


def secret_changes(old: OldRails, tmp_path: Path) -> None:
    """What either secret made is good until Rails forgets the older one."""

    def open_site() -> AbstractContextManager[Site]:
        return site(old.provider, database=tmp_path / "rotated.sqlite3")

    journey.survives_rotation(open_site, old, USERS)
