"""People who are signed in at a real Flask application with Flask-Login move over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue import CookieProvider
from segue.migration.user_state import KEYS_ONLY
from tests.old_providers import journey
from tests.old_providers.applications import SECRET, FlaskLogin
from tests.old_providers.launching import launched_python
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

pytestmark = pytest.mark.processes


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[FlaskLogin]:
    """The old application; each test has users of its own."""
    log = tmp_path_factory.mktemp("old") / "flask.log"
    with launched_python("flask_login_app.py", log=log, SECRET=SECRET) as software:
        yield FlaskLogin(software)


def provider(old: FlaskLogin) -> CookieProvider:
    """As it is configured for a cut-over that is going on."""
    return CookieProvider(
        name="flask",
        format=old.format,
        maximum_age=timedelta(hours=24),
        live_check=KEYS_ONLY,
        deadline=datetime.now(UTC) + timedelta(days=30),
    )


@pytest.fixture(scope="module")
def new(old: FlaskLogin, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application, as configured before a secret changes."""
    with site(provider(old), database=tmp_path_factory.mktemp("new") / "new.sqlite3") as made:
        yield made


def test_journey(old: FlaskLogin, new: Site) -> None:
    """A session moves once; it outlives its sign-out at Flask, and our tombstone does not let it in again."""
    visitor = journey.moves(new, old, user="ada", user_id="ada")
    journey.leaves_a_tombstone(new, old, visitor.held)


def test_cookie_that_was_renewed(old: FlaskLogin, new: Site) -> None:
    """A permanent session is signed anew at every visit: it is the same person, and moves no second time."""
    held = old.sign_in("bob", permanent="1")
    journey.becomes_a_session(new, held, user_id="bob")
    journey.is_refused(new, old.renewed(held), code="ALREADY_MIGRATED")


def test_what_is_no_session(old: FlaskLogin, new: Site) -> None:
    """Visitors who are not signed in, a cookie from before a sign-out, and `remember_token` buy nothing."""
    journey.is_refused(new, old.visit(), code="TOKEN_CLAIMS_INVALID")
    held = old.sign_in("eve", remember="1", also="remember_token")
    assert old.accepts(Held(cookies={"remember_token": held.cookies["remember_token"]}))
    journey.is_refused(
        new, Held(cookies={"remember_token": held.cookies["remember_token"]}), code="TOKEN_MISSING"
    )
    swapped = Held(cookies={"session": held.cookies["remember_token"]})
    journey.is_refused(new, swapped, code="TOKEN_MALFORMED")
    journey.becomes_a_session(new, held, user_id="eve")


def test_session_that_is_compressed(old: FlaskLogin, new: Site) -> None:
    """A large session is compressed by Flask and read here."""
    held = old.with_basket(old.sign_in("tim"), size=5000)
    assert held.cookies["session"].startswith(".")
    journey.becomes_a_session(new, held, user_id="tim")


def test_secret_changes(tmp_path: Path) -> None:
    """With fallbacks both secrets count; once Flask forgets the old one, so do we."""
    with launched_python("flask_login_app.py", log=tmp_path / "flask.log", SECRET=SECRET) as software:
        rotating = FlaskLogin(software)

        def open_site() -> AbstractContextManager[Site]:
            return site(provider(rotating), database=tmp_path / "new.sqlite3")

        journey.survives_rotation(open_site, rotating, {name: name for name in ("ada", "bob", "eve", "tim")})
