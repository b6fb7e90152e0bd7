"""
Old applications with forms: `/sign_in`, `/sign_out` and `/account`, and the hidden field that guards against forgery.

House rule: a form is fetched before it is sent, as a browser does; nothing is posted past the old software's own check.
"""

from __future__ import annotations

import json
import re
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx2

from tests.old_providers.site import Held

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

_HIDDEN = re.compile(r'type="hidden" name="([^"]+)" value="([^"]+)"')

HASHES = {
    "ada": "$2y$04$vExnZRvUKkvTuhaF8L.CAe53rsh0LrZ8RKo2UB2r22ixRViKfIs0S",
    "bob": "$2y$04$KjtVq1R8mjjUItwMb4YC5.ea9.g5Ic0ecVj15XNWdbNl/EInIL8mW",
}
"""Of `a password of ada` and `a password of bob`, by bcrypt at its least cost: they guard nothing."""


class OldForms:
    """What such applications have in common, as their users see them."""

    cookies: tuple[str, ...] = ()
    """Those that are its session."""
    pages = ""
    """In front of every path."""
    field = "{}"
    """How its forms name a field."""

    def __init__(self, origin: str) -> None:
        self.origin = origin

    @contextmanager
    def browser(self, held: Held | None = None) -> Generator[httpx2.Client]:
        """A browser that holds this."""
        with httpx2.Client(base_url=self.origin, timeout=10) as client:
            for name, value in (held or Held()).cookies.items():
                client.cookies.set(name, value, domain=client.base_url.host)
            yield client

    def submit(self, browser: httpx2.Client, path: str, **fields: str) -> int:
        """Fetch the form at *path*, fill it in, send it; the status of the answer."""
        hidden = _HIDDEN.search(browser.get(self.pages + path).text)
        assert hidden is not None, f"{path} has no form"
        sent = {self.field.format(name): value for name, value in fields.items()}
        return browser.post(self.pages + path, data={hidden[1]: hidden[2], **sent}).status_code

    def sign_in(self, user: str, *, password: str | None = None, held: Held | None = None) -> Held:
        """With the user's password unless another is given, in a browser that may hold something before."""
        with self.browser(held) as browser:
            self.submit(browser, "/sign_in", **self.credentials(user, password or f"a password of {user}"))
            return self.held_by(browser)

    def credentials(self, user: str, password: str) -> dict[str, str]:
        """The fields of the form."""
        return {"user": user, "password": password}

    def visit(self, path: str) -> Held:
        """What somebody gets who only looks at a page."""
        with self.browser() as browser:
            browser.get(self.pages + path)
            return self.held_by(browser)

    def held_by(self, browser: httpx2.Client) -> Held:
        """The session's cookies, the newest of each."""
        newest = {each.name: each.value for each in browser.cookies.jar}
        return Held(cookies={name: str(newest[name]) for name in self.cookies if name in newest})

    def accepts(self, held: Held) -> bool:
        """What its own page says of the visitor."""
        with self.browser(held) as browser:
            return browser.get(self.pages + "/account").status_code == 200

    def sign_out(self, held: Held) -> None:
        """By its own form; the caller keeps what he had, as a thief would."""
        with self.browser(held) as browser:
            assert self.submit(browser, "/sign_out") < 400


def written_users(folder: Path) -> Path:
    """`users.json`, as the PHP applications read it."""
    users = {name: {"id": 7 + place, "name": name, "hash": HASHES[name]} for place, name in enumerate(HASHES)}
    path = folder / "users.json"
    path.write_text(json.dumps(users))
    return path
