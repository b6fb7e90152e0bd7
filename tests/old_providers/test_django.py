"""People who are signed in at a real Django application move over, whichever engine keeps their sessions."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from segue import CookieProvider
from tests.old_providers import journey
from tests.old_providers.applications import SECRET, Django
from tests.old_providers.launching import launched_python
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path

pytestmark = pytest.mark.processes


ENGINES = ["db", "signed_cookies"]


@contextmanager
def running(engine: str, folder: Path) -> Generator[Django]:
    """The old application, with its database in a folder."""
    database = folder / "old.sqlite3"
    settings = {"SECRET": SECRET, "ENGINE": engine, "DATABASE": str(database)}
    with launched_python("django_app.py", log=folder / "django.log", **settings) as software:
        yield Django(software, engine, database)


@pytest.fixture(scope="module", params=ENGINES)
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Django]:
    """The old application; each test has users of its own."""
    with running(request.param, tmp_path_factory.mktemp("old")) as software:
        yield software


def provider(old: Django) -> CookieProvider:
    """As it is configured for a cut-over that is going on."""
    rows = old.engine != "signed_cookies"
    return CookieProvider(
        name="django",
        format=old.format,
        find_session=old.tables.find_session if rows else None,
        end_session=old.tables.end_session if rows else None,
        password_hash=old.tables.password_hash,
        deadline=datetime.now(UTC) + timedelta(days=30),
    )


@pytest.fixture(scope="module")
def new(old: Django, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application."""
    with site(provider(old), database=tmp_path_factory.mktemp("new") / "new.sqlite3") as made:
        yield made


def test_journey(old: Django, new: Site) -> None:
    """A session moves once. A row is deleted then; a signed cookie lives on at Django, and is spent here."""
    visitor = journey.moves(new, old, user="ada", user_id=old.users["ada"])
    if old.engine == "db":
        journey.ends_for_real(new, old, visitor.held)
        journey.is_refused(new, visitor.held, code="SIGN_IN_REVOKED")
    else:
        journey.leaves_a_tombstone(new, old, visitor.held)


def test_users_who_are_not_signed_in(old: Django, new: Site) -> None:
    """Changed password, locked out, anonymous: Django sees nobody, and neither do we."""
    changed, locked = old.sign_in("bob"), old.sign_in("eve")
    old.change("bob", password="another horse")
    old.change("eve", active=False)
    for held in (changed, locked):
        assert not old.accepts(held)
        journey.is_refused(new, held, code="SIGN_IN_REVOKED")
    journey.is_refused(new, old.visit(), code="TOKEN_CLAIMS_INVALID")


def test_sign_out_before_the_migration(old: Django, new: Site) -> None:
    """A row that was deleted is a sign-out; a signed cookie knows of none, and needs a short maximum age."""
    held = old.sign_in("tim")
    old.sign_out(held)
    if old.engine == "db":
        assert not old.accepts(held)
        journey.is_refused(new, held, code="SIGN_IN_REVOKED")
    else:
        assert old.accepts(held)
        journey.becomes_a_session(new, held, user_id=old.users["tim"])


def test_key_that_nobody_has(old: Django, new: Site) -> None:
    """A key that was guessed finds no row; to a signed cookie it is no cookie at all."""
    code = "SIGN_IN_REVOKED" if old.engine == "db" else "TOKEN_MALFORMED"
    journey.is_refused(new, Held(cookies={"sessionid": "k3y0fth3s3ss10nw1th32l3tt3rs1n1t"}), code=code)


def test_cache_in_front_of_the_rows(tmp_path: Path) -> None:
    """With `cached_db` Django goes on without the row, from its cache; asked to end the session itself, it does."""
    with running("cached_db", tmp_path) as cached:
        kept = cached.sign_in("bob")
        cached.tables.end_session(kept.cookies["sessionid"])
        assert cached.accepts(kept)
        by_django = replace(provider(cached), end_session=cached.end)
        with site(by_django, database=tmp_path / "new.sqlite3") as moved_to:
            journey.is_refused(moved_to, kept, code="SIGN_IN_REVOKED")
            visitor = journey.moves(moved_to, cached, user="ada", user_id=cached.users["ada"])
            journey.ends_for_real(moved_to, cached, visitor.held)


@pytest.mark.parametrize("engine", ENGINES)
def test_secret_changes(engine: str, tmp_path: Path) -> None:
    """With fallbacks both secrets count; once Django forgets the old one, so do we."""
    with running(engine, tmp_path) as rotating:

        def open_site() -> AbstractContextManager[Site]:
            return site(provider(rotating), database=tmp_path / "new.sqlite3")

        journey.survives_rotation(open_site, rotating, rotating.users)
