"""People who are signed in at a real PHP application move over, in whichever way PHP writes its sessions."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from segue import CookieProvider
from segue.adapters.php_files import PhpFiles
from segue.migration.cookies.php import PhpSerializer, PhpSession
from segue.migration.cookies.php_values import PhpObjects
from tests.old_providers import journey
from tests.old_providers.forms import OldForms, written_users
from tests.old_providers.interpreters import launched_php
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from segue.migration.user_state import ValidSince

pytestmark = pytest.mark.processes


class OldPhp(OldForms):
    """PHP's own sessions in files."""

    cookies = ("PHPSESSID",)

    def __init__(self, origin: str, folder: Path, serializer: PhpSerializer) -> None:
        super().__init__(origin)
        self.folder = folder
        self.serializer = serializer


@contextmanager
def application(folder: Path, serializer: PhpSerializer) -> Generator[OldPhp]:
    """The old application, writing its sessions in one of PHP's ways."""
    (folder / "sessions").mkdir()
    written_users(folder)
    settings = (f"session.save_path={folder / 'sessions'}", f"session.serialize_handler={serializer.value}")
    with launched_php("plain_app.php", *settings, log=folder / "log", FOLDER=str(folder)) as software:
        yield OldPhp(software.origin, folder, serializer)


@contextmanager
def moved_from(old: OldPhp, valid_since: ValidSince | None = None) -> Generator[Site]:
    """The new application."""
    files = PhpFiles(old.folder / "sessions")
    how = PhpSession(
        user_id="user_id",
        signed_in_at="signed_in_at",
        serializer=old.serializer,
        objects=PhpObjects.SKIPPED,
    )
    provider = CookieProvider(
        name="php",
        format=how,
        find_session=files.find_session,
        end_session=files.end_session,
        valid_since=valid_since,
    )
    with site(provider, database=old.folder / "new.sqlite3") as made:
        yield made


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldPhp]:
    """The old application, as PHP writes its sessions unless told otherwise."""
    with application(tmp_path_factory.mktemp("php"), PhpSerializer.PHP) as made:
        yield made


@pytest.fixture(scope="module")
def new(old: OldPhp) -> Iterator[Site]:
    """The new application."""
    with moved_from(old) as made:
        yield made


def test_journey(old: OldPhp, new: Site) -> None:
    """A session moves once, and then its file is gone and PHP knows nobody."""
    visitor = journey.moves(new, old, user="ada", user_id="7")
    journey.ends_for_real(new, old, visitor.held)


@pytest.mark.parametrize("serializer", [PhpSerializer.PHP_SERIALIZE, PhpSerializer.PHP_BINARY])
def test_other_serializer(serializer: PhpSerializer, tmp_path: Path) -> None:
    """PHP's other serializers make no difference, also not to an object in a session."""
    with application(tmp_path, serializer) as old, moved_from(old) as new:
        held = old.sign_in("ada")
        with old.browser(held) as browser:
            old.submit(browser, "/cart")
        journey.becomes_a_session(new, held, user_id="7")


def test_session_with_an_object(old: OldPhp, new: Site) -> None:
    """A session in which the application keeps an object of its own moves without it."""
    held = old.sign_in("bob")
    with old.browser(held) as browser:
        old.submit(browser, "/cart")
    journey.becomes_a_session(new, held, user_id="8")


def test_nobody_is_signed_in(old: OldPhp, new: Site) -> None:
    """A visitor's session, one that was signed out, a wrong password's and an id that was made up buy nothing."""
    journey.is_refused(new, old.visit("/sign_in"), code="TOKEN_CLAIMS_INVALID")
    journey.is_refused(new, old.sign_in("ada", password="wrong"), code="TOKEN_CLAIMS_INVALID")
    signed_out = old.sign_in("ada")
    old.sign_out(signed_out)
    journey.is_refused(new, signed_out, code="SIGN_IN_REVOKED")
    journey.is_refused(new, Held(cookies={"PHPSESSID": "a" * 26}), code="SIGN_IN_REVOKED")
    path = "../" * 8 + "etc/passwd"
    journey.is_refused(new, Held(cookies={"PHPSESSID": path}), code="TOKEN_MALFORMED")


def test_planted_id(old: OldPhp, new: Site) -> None:
    """An id that somebody planted before the sign-in is not that of the session afterwards."""
    planted = old.visit("/sign_in")
    held = old.sign_in("ada", held=planted)
    assert held.cookies != planted.cookies
    journey.is_refused(new, planted, code="SIGN_IN_REVOKED")
    journey.becomes_a_session(new, held, user_id="7")


def test_password_change(old: OldPhp) -> None:
    """PHP itself ends nobody's other sessions when a password changes; the application has to say."""
    held, elsewhere = old.sign_in("bob"), old.sign_in("bob")
    with old.browser(held) as browser:
        old.submit(browser, "/password", password="another of bob")
    assert old.accepts(elsewhere)
    changed_at = datetime.now(UTC)
    with moved_from(old, lambda identity: changed_at if identity.subject == "8" else None) as new:
        journey.is_refused(new, elsewhere, code="SIGN_IN_REVOKED")
        journey.becomes_a_session(new, old.sign_in("ada"), user_id="7")
    with old.browser(old.sign_in("bob", password="another of bob")) as browser:
        old.submit(browser, "/password", password="a password of bob")
