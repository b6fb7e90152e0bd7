"""The Python applications of `python/` as their users see them, and how Segue is told of their secrets."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING

from segue.adapters.django_tables import DjangoSchema, DjangoTables, Run
from segue.migration.cookies.django import DjangoSession, DjangoSignedCookie
from segue.migration.cookies.flask import FlaskSession
from segue.migration.cookies.starlette import StarletteSession
from tests.old_providers.site import Held
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import httpx2

    from tests.old_providers.launching import OldSoftware

PASSWORD = "correct horse"
SECRET = "the-first-secret-of-an-old-application-0123456789-abcdef"
NEW_SECRET = "the-second-secret-of-an-old-application-9876543210-fedcba"


class OldPython:
    """What the three have in common: routes of the same names, and secrets."""

    cookie = "session"

    def __init__(self, software: OldSoftware) -> None:
        self.software = software
        self.secrets: tuple[str, ...] = (SECRET,)

    def sign_in(self, user: str) -> Held:
        """As a JSON of the name and the password."""
        with self.software.client() as browser:
            browser.post("/login", json={"user": user, "password": PASSWORD}).raise_for_status()
            return Held(cookies={self.cookie: browser.cookies[self.cookie]})

    def accepts(self, held: Held) -> bool:
        """What its own page says of the visitor."""
        with self.software.client(cookies=held.cookies) as browser:
            return browser.get("/me").json()["user"] is not None

    def sign_out(self, held: Held) -> None:
        """By its own route; the caller keeps what he had, as a thief would."""
        with self.software.client(cookies=held.cookies) as browser:
            browser.post("/logout").raise_for_status()

    def visit(self) -> Held:
        """Somebody who does not sign in, and has a session all the same."""
        with self.software.client() as browser:
            browser.post("/visit").raise_for_status()
            return Held(cookies={self.cookie: browser.cookies[self.cookie]})

    def rotate(self) -> None:
        """A new secret first; the old one is a fallback."""
        self.software.tell("rotate", secret=NEW_SECRET)
        self.secrets = (NEW_SECRET, SECRET)

    def retire(self) -> None:
        """The new secret alone."""
        self.software.tell("retire", secret=NEW_SECRET)
        self.secrets = (NEW_SECRET,)


class FlaskLogin(OldPython):
    """Flask with Flask-Login."""

    def sign_in(self, user: str, *, also: str | None = None, **form: str) -> Held:
        """By the form, with more fields; *also* names a second cookie that is kept."""
        with self.software.client() as browser:
            sent = {"user": user, "password": PASSWORD, **form}
            browser.post("/login", data=sent).raise_for_status()
            return Held(cookies={name: browser.cookies[name] for name in (self.cookie, also) if name})

    def renewed(self, held: Held) -> Held:
        """The cookie after another visit, at another second."""
        return self._after(held, lambda browser: browser.get("/me"))

    def with_basket(self, held: Held, *, size: int) -> Held:
        """The cookie after something was put into the session."""
        return self._after(held, lambda browser: browser.post("/visit", data={"size": str(size)}))

    def _after(self, held: Held, visit: Callable[[httpx2.Client], httpx2.Response]) -> Held:
        def changed() -> str | None:
            with self.software.client(cookies=held.cookies) as browser:
                value = visit(browser).raise_for_status().cookies.get(self.cookie)
                return value if value != held.cookies[self.cookie] else None

        return Held(cookies={self.cookie: wait_until(changed, what="another second of the cookie")})

    @property
    def format(self) -> FlaskSession:
        """As Segue would be configured now."""
        return FlaskSession(secrets=self.secrets)


class Django(OldPython):
    """Django, its sessions in rows or in cookies."""

    cookie = "sessionid"

    def __init__(self, software: OldSoftware, engine: str, database: Path) -> None:
        super().__init__(software)
        self.engine = engine
        self.tables = DjangoTables(run_on(database), DjangoSchema(placeholder="?"))

    @property
    def users(self) -> Mapping[str, str]:
        """Names and ids."""
        users: Mapping[str, str] = self.software.facts["users"]
        return users

    @property
    def format(self) -> DjangoSession | DjangoSignedCookie:
        """As Segue would be configured now."""
        return (DjangoSignedCookie if self.engine == "signed_cookies" else DjangoSession)(
            secrets=self.secrets
        )

    def sign_in(self, user: str) -> Held:
        """By the form, with the token against forgery that came with it."""
        with self.software.client() as browser:
            self._post(browser, "/login", username=user, password=PASSWORD)
            return Held(cookies={self.cookie: browser.cookies[self.cookie]})

    def sign_out(self, held: Held) -> None:
        """By its own route; the caller keeps what he had, as a thief would."""
        with self.software.client(cookies=held.cookies) as browser:
            self._post(browser, "/logout")

    def _post(self, browser: httpx2.Client, path: str, **fields: str) -> None:
        token = browser.get("/login").cookies["csrftoken"]
        reply = browser.post(path, data=fields, headers={"x-csrftoken": token})
        assert reply.status_code == 302, reply.text

    def end(self, key: str) -> None:
        """Have Django itself end a session."""
        self.software.tell("end", key=key)

    def change(self, user: str, **words: object) -> None:
        """What an administrator does to a user: `password`, `active`."""
        self.software.tell("change", user=user, **words)


def run_on(database: Path) -> Run:
    """Statements on SQLite, each in a transaction of its own."""

    def run(statement: str, values: Sequence[object]) -> Sequence[Sequence[object]]:
        connection = sqlite3.connect(database)
        try:
            with connection:
                return connection.execute(statement, tuple(values)).fetchall()
        finally:
            connection.close()

    return run


class Starlette(OldPython):
    """Starlette's middleware, which knows one secret: a new one ends all sessions there."""

    @property
    def format(self) -> StarletteSession:
        """As Segue would be configured now."""
        return StarletteSession(secrets=self.secrets, user_id="user.id")
