"""
The conformance cases' view of a back end: something to send requests to, and the few things a case must arrange.

The cases know neither framework nor flow: whatever can open a `World` can run them. The application behind it has the
routes in `Paths`; every other path is answered by it with 404 and `{"message": "not here"}`.
"""

from __future__ import annotations

import base64
import json
from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from segue.http.settings import HttpSettings

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import timedelta

    from segue.json import JsonObject, JsonValue
    from segue.sessions.claims import ClaimValidator

LOCAL: Final = "http://localhost:8000"
WEBSITE: Final = "http://localhost:3000"
E0: Final = "Thu, 01 Jan 1970 00:00:00 GMT"


class Paths:
    """What the application behind the cases offers."""

    SIGN_IN = "/sign-in"
    """POST: creates a session from `userId` and `payload` of the body."""
    SIGN_IN_TWICE = "/sign-in-twice"
    """POST: does so twice in one response."""
    PRIVATE = "/private"
    """Any method: demands a session and says which."""
    OPTIONAL = "/optional"
    """Any method: says which session, or none."""
    PROVEN = "/proven"
    """Any method: demands proof against cross-site requests even of a GET."""
    STRICT = "/strict"
    """Any method: asks the database."""
    MERGE = "/merge"
    """POST: merges the body into the payload."""
    LEAVE = "/leave"
    """POST: ends the session inside a request of the application's own."""
    CLAIMS = "/claims"
    """GET: demands the claims that the world was opened with."""
    CLAIMS_LATER = "/claims-later"
    """GET: the same, checked by the handler itself."""
    REFRESH_AND_LEAVE = "/refresh-and-leave"
    """POST: refreshes, then ends the session in the same response."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetCookie:
    """One `Set-Cookie` line, read."""

    value: str
    attributes: Mapping[str, str]
    """Names in lower case; flags have empty values."""

    @property
    def gone(self) -> bool:
        """Whether the browser drops the cookie on this."""
        return self.value == "" and self.attributes["expires"] == E0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it came over the wire."""

    status: int
    lines: list[tuple[str, str]]
    body: bytes

    @property
    def json(self) -> Any:
        """The body."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The one value of a header; several would be a mistake."""
        values = [value for known, value in self.lines if known.lower() == name]
        assert len(values) <= 1, f"{name} came {len(values)} times"
        return values[0] if values else None

    @property
    def exposed(self) -> set[str]:
        """Headers that scripts of another origin may read."""
        listed = self.header("access-control-expose-headers") or ""
        return {name.strip() for name in listed.split(",") if name.strip()}

    @property
    def cookies(self) -> dict[str, SetCookie]:
        """Cookies set, by name; one twice would be a mistake."""
        found: dict[str, SetCookie] = {}
        for name, line in self.lines:
            if name.lower() == "set-cookie":
                pair, *rest = line.split("; ")
                key, _, value = pair.partition("=")
                assert key not in found, f"{key} is set twice"
                attributes = {part.partition("=")[0].lower(): part.partition("=")[2] for part in rest}
                found[key] = SetCookie(value=value, attributes=attributes)
        return found

    @property
    def front(self) -> Any:
        """The front token, decoded as strictly as the strictest SDK does."""
        text = self.header("front-token")
        assert text is not None, "no front token"
        return json.loads(base64.b64decode(text, validate=True).decode())

    @property
    def session_headers(self) -> dict[str, str]:
        """Whatever of a session is on the answer; empty where nothing changed."""
        names = {"front-token", "st-access-token", "st-refresh-token", "anti-csrf", "set-cookie"}
        return {name.lower(): value for name, value in self.lines if name.lower() in names}

    def assert_cleared(self) -> None:
        """Cookies and headers are taken off the client, and scripts learn of it."""
        assert self.header("front-token") == "remove"
        assert self.header("st-access-token") == ""
        assert self.header("st-refresh-token") == ""
        assert self.header("anti-csrf") is None
        assert self.exposed >= {"front-token", "st-access-token", "st-refresh-token"}
        assert self.cookies["sAccessToken"].gone
        assert self.cookies["sRefreshToken"].gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a client holds after it signed in or refreshed."""

    access: str
    refresh: str
    anti_csrf: str | None = None
    by_cookie: bool
    handle: str = ""

    @property
    def headers(self) -> dict[str, str]:
        """For a request to the application."""
        return (
            {"cookie": f"sAccessToken={self.access}"}
            if self.by_cookie
            else {"authorization": f"Bearer {self.access}"}
        )

    @property
    def proven(self) -> dict[str, str]:
        """The same with the anti-CSRF token."""
        return {**self.headers, **({"anti-csrf": self.anti_csrf} if self.anti_csrf else {})}

    @property
    def for_refresh(self) -> dict[str, str]:
        """For the refresh route, as a browser or an SDK sends it."""
        proof = {"anti-csrf": self.anti_csrf} if self.anti_csrf else {}
        if self.by_cookie:
            return {"cookie": f"sAccessToken={self.access}; sRefreshToken={self.refresh}", **proof}
        return {"authorization": f"Bearer {self.refresh}"}


def tokens_of(reply: Reply) -> Tokens:
    """What the client keeps from an answer that carries a whole session."""
    by_cookie = "sAccessToken" in reply.cookies and not reply.cookies["sAccessToken"].gone
    access = reply.cookies["sAccessToken"].value if by_cookie else reply.header("st-access-token")
    refresh = reply.cookies["sRefreshToken"].value if by_cookie else reply.header("st-refresh-token")
    assert access, "no access token on the answer"
    assert refresh, "no refresh token on the answer"
    return Tokens(
        access=access,
        refresh=refresh,
        anti_csrf=reply.header("anti-csrf"),
        by_cookie=by_cookie,
        handle=claims_of(access)["sessionHandle"],
    )


def claims_of(access: str) -> Any:
    """The claims of an access token, read as a stranger would."""
    return _segment(access, 1)


def header_of(access: str) -> Any:
    """The header of an access token."""
    return _segment(access, 0)


def _segment(access: str, place: int) -> Any:
    text = access.split(".")[place]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


@dataclass(kw_only=True)
class Setup:
    """How a case wants its world."""

    http: HttpSettings = field(default_factory=lambda: HttpSettings(api_domain=LOCAL, website_domain=WEBSITE))
    validators: tuple[ClaimValidator, ...] = ()
    claims: dict[str, JsonValue] = field(default_factory=dict[str, "JsonValue"])
    """What the application's own source says of every user; may be changed during a case."""


class World(ABC):
    """A back end under test."""

    setup: Setup
    asked: list[str]
    """Names of the store's methods that were called; a case may empty it."""

    @abstractmethod
    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """Send a request."""

    @abstractmethod
    def advance(self, span: timedelta) -> None:
        """Let time pass."""

    @abstractmethod
    def reconfigure(self, http: HttpSettings) -> None:
        """Restart with other settings on the same store."""

    @abstractmethod
    def revoke(self, handle: str) -> None:
        """End a session behind the client's back."""

    @abstractmethod
    def read_feed(self) -> None:
        """Let the back end learn which sessions were revoked, as it does by itself within a second."""

    @abstractmethod
    def put_payload(self, handle: str, payload: JsonObject) -> None:
        """Replace a session's payload behind the client's back."""

    @abstractmethod
    def stored_payload(self, handle: str) -> JsonObject:
        """The payload as stored."""

    @abstractmethod
    def kind_of_key(self, handle: str) -> str:
        """The kind of key with which a session was created, `static` or `dynamic`, as stored."""

    @abstractmethod
    def exists(self, handle: str) -> bool:
        """Whether the store still has a session."""

    @abstractmethod
    def break_store(self) -> None:
        """From now on the store does not answer."""

    @abstractmethod
    def sign(self, header: JsonObject, claims: JsonObject, *, static: bool = False) -> str:
        """A JWT signed with our present key; *header* and *claims* stand in for what we would write."""

    @abstractmethod
    def rotate_keys_elsewhere(self) -> str:
        """Another instance makes a new dynamic key, signs for it at once; an access token of ours made by it."""

    def sign_in(
        self,
        mode: str | None = "cookie",
        *,
        headers: Mapping[str, str] | None = None,
        payload: JsonObject | None = None,
        path: str = Paths.SIGN_IN,
    ) -> Reply:
        """Create a session as an application does."""
        asked = {"st-auth-mode": mode} if mode is not None else {}
        body = json.dumps({"userId": "ada", "payload": payload or {}}).encode()
        return self.send("POST", path, {**asked, **(headers or {})}, body)

    def signed_in(self, mode: str = "cookie", payload: JsonObject | None = None) -> Tokens:
        """The tokens of a new session."""
        return tokens_of(self.sign_in(mode, payload=payload))

    def refresh(self, tokens: Tokens, extra: Mapping[str, str] | None = None) -> Reply:
        """Refresh as the client would."""
        return self.send("POST", "/auth/session/refresh", {**tokens.for_refresh, **(extra or {})})


class Cases(ABC):
    """Base of the case classes: a subclass says how a world is opened."""

    @abstractmethod
    def open(self, setup: Setup) -> World:
        """A fresh back end."""

    def world(self, **settings: Any) -> World:
        """A fresh back end on localhost, but for these settings."""
        return self.open(Setup(http=local(**settings)))


def local(**settings: Any) -> HttpSettings:
    """Settings for localhost, but for these."""
    here: dict[str, Any] = {"api_domain": LOCAL, "website_domain": WEBSITE}
    return HttpSettings(**(here | settings))
