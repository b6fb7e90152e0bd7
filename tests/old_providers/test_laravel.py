"""People who are signed in at a real Laravel application move over: its ciphers, its store, its password check."""

from __future__ import annotations

import json
from base64 import b64encode
from typing import TYPE_CHECKING

import pytest

from segue import CookieProvider
from segue.adapters.php_files import LaravelFiles
from segue.migration.cookies.laravel import LaravelSession, PasswordMark
from segue.migration.cookies.laravel_box import LaravelCipher
from tests.old_providers import journey
from tests.old_providers.forms import OldForms, written_users
from tests.old_providers.interpreters import launched_laravel
from tests.old_providers.site import Held, Site, site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.processes

KEY = "base64:" + b64encode(b"an APP_KEY of these tests, 32 by").decode()
NEW_KEY = "base64:" + b64encode(b"the APP_KEY that follows, 32 byt").decode()


class OldLaravel(OldForms):
    """Laravel's sessions in files."""

    cookies = ("laravel_session",)

    def __init__(self, origin: str, folder: Path, cipher: LaravelCipher) -> None:
        super().__init__(origin)
        self.folder = folder
        self.cipher = cipher

    def provider(self, *keys: str, mark: PasswordMark = PasswordMark.NOT_COMPARED) -> CookieProvider:
        """As Segue would be configured with these keys."""
        files = LaravelFiles(self.folder / "sessions")
        return CookieProvider(
            name="laravel",
            format=LaravelSession(app_keys=keys, cipher=self.cipher, password_mark=mark),
            find_session=files.find_session,
            end_session=files.end_session,
            password_hash=self.password_hash,
        )

    def password_hash(self, user_id: str) -> str | None:
        """From its table of users."""
        users = json.loads((self.folder / "users.json").read_text())
        return next((each["hash"] for each in users.values() if str(each["id"]) == user_id), None)


@pytest.fixture(
    params=[LaravelCipher.AES_256_CBC, LaravelCipher.AES_256_GCM], ids=["CBC", "GCM"], scope="module"
)
def old(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OldLaravel]:
    """The old application; with GCM it encrypts its files as well."""
    cipher: LaravelCipher = request.param
    folder = tmp_path_factory.mktemp("laravel")
    (folder / "sessions").mkdir()
    written_users(folder)
    env = {
        "FOLDER": str(folder),
        "APP_KEY": KEY,
        "CIPHER": cipher.value,
        "ENCRYPT": "1" if cipher.authenticated else "",
    }
    with launched_laravel(log=folder / "log", **env) as software:
        yield OldLaravel(software.origin, folder, cipher)


@pytest.fixture(scope="module")
def new(old: OldLaravel) -> Iterator[Site]:
    """The new application."""
    with site(old.provider(KEY), database=old.folder / "new.sqlite3") as made:
        yield made


def test_journey(old: OldLaravel, new: Site) -> None:
    """A session moves once, and then its file is gone and Laravel knows nobody."""
    visitor = journey.moves(new, old, user="ada", user_id="7")
    journey.ends_for_real(new, old, visitor.held)


def test_nobody_is_signed_in(old: OldLaravel, new: Site) -> None:
    """A visitor's session, a wrong password's and one that was signed out buy nothing."""
    journey.is_refused(new, old.visit("/sign_in"), code="TOKEN_CLAIMS_INVALID")
    journey.is_refused(new, old.sign_in("ada", password="wrong"), code="TOKEN_CLAIMS_INVALID")
    signed_out = old.sign_in("ada")
    old.sign_out(signed_out)
    journey.is_refused(new, signed_out, code="SIGN_IN_REVOKED")


def test_another_cookie_of_laravel(old: OldLaravel, new: Site) -> None:
    """The CSRF cookie is encrypted with the same key, and is no session."""
    with old.browser() as browser:
        browser.get("/sign_in")
        value = browser.cookies["XSRF-TOKEN"]
    journey.is_refused(new, Held(cookies={"laravel_session": value}), code="TOKEN_CLAIMS_INVALID")


def test_errors_of_a_form(old: OldLaravel, new: Site) -> None:
    """The object that a refused form leaves in the session keeps nobody from moving."""
    held = old.sign_in("bob")
    with old.browser(held) as browser:
        browser.get("/invalid_form")
        held = old.held_by(browser)
    journey.becomes_a_session(new, held, user_id="8")


def test_password_change(old: OldLaravel) -> None:
    """Where AuthenticateSession runs, another password ends the other sessions there and here, not the one at hand."""
    at_hand, elsewhere, fresh = (old.sign_in("bob") for _ in range(3))
    assert old.accepts(elsewhere)
    with old.browser(at_hand) as browser:
        old.submit(browser, "/password", password="another of bob")
    with site(
        old.provider(KEY, mark=PasswordMark.COMPARED), database=old.folder / "marked.sqlite3"
    ) as marked:
        journey.is_refused(marked, elsewhere, code="SIGN_IN_REVOKED")
        assert not old.accepts(elsewhere)
        journey.becomes_a_session(marked, at_hand, user_id="8")
        journey.is_refused(marked, fresh, code="TOKEN_CLAIMS_INVALID")  # never seen since, so without a mark
    with old.browser(old.sign_in("bob", password="another of bob")) as browser:
        old.submit(browser, "/password", password="a password of bob")


def test_key_changes(old: OldLaravel, tmp_path: Path) -> None:
    """Cookies of the key before count as long as it is configured, and are no session's once it is not."""
    kept = [old.sign_in("ada"), old.sign_in("ada")]
    with site(old.provider(NEW_KEY, KEY), database=tmp_path / "both.sqlite3") as both:
        journey.becomes_a_session(both, kept[0], user_id="7")
    with site(old.provider(NEW_KEY), database=tmp_path / "both.sqlite3") as newest:
        journey.is_refused(newest, kept[1], code="TOKEN_SIGNATURE_INVALID")
