"""Old sessions of every kind but JWTs: a shop with signed cookies and rows, opaque tokens, a verifier of our own."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import msgspec

from segue import (
    ANY_AUDIENCE,
    BearerToken,
    CookieProvider,
    Introspection,
    OldCookies,
    OldSession,
    OpaqueProvider,
    OwnProvider,
    Prefixed,
    Revocation7009,
    Standing,
)
from segue.application import Application
from segue.errors import ClaimsRefused, SignatureRefused, SignInRevoked, TokenMalformed
from segue.flow import Ask, ask
from segue.ids import PUBLIC_APP
from segue.json import parse_object
from segue.migration.cookies.model import Cookies, OldApplication
from segue.migration.credential import Credential
from segue.migration.kinds import AnyProvider
from segue.migration.web import WebRequest, WebResponse
from segue.sessions.model import ByProvenance
from tests.migration.issuer import NOW
from tests.migration.world import World

CANARY = "canary-text"
SECRET = b"the old shop's own secret"
PLACE = "https://opaque.example"
ASKED = Introspection(url=f"{PLACE}/introspect", client_id="api", client_secret="canary-secret")
TOKEN = "2YotnFZFEjr1zCsicMWpAA"
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def cookie(*, by: bytes = SECRET, **content: Any) -> str:
    """A cookie of the shop: content and its MAC. `row` says that the content is in its store."""
    payload = base64.urlsafe_b64encode(json.dumps(content).encode()).decode()
    return f"{payload}|{hmac.new(by, payload.encode(), hashlib.sha256).hexdigest()}"


class ShopCookies(msgspec.Struct, frozen=True, kw_only=True):
    """The shop's format: it takes padding or none, as lenient decoders do."""

    name: str = "shop"

    @property
    def cookie_names(self) -> frozenset[str]:
        """One cookie, in chunks where it is long."""
        return frozenset({self.name})

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:  # noqa: ARG002
        """Prove it, and find its row if it has one."""
        payload, separator, mac = "".join(cookies[name] for name in sorted(cookies)).partition("|")
        if not separator:
            raise TokenMalformed("no MAC")
        whole = payload + "=" * (-len(payload) % 4)
        if not hmac.compare_digest(hmac.new(SECRET, whole.encode(), hashlib.sha256).hexdigest(), mac):
            raise SignatureRefused("MAC")
        content = parse_object(base64.urlsafe_b64decode(whole))
        key = content.get("row")
        if isinstance(key, str):
            row = await ask(OldApplication.find_session, provider, key)
            if row is None:
                raise SignInRevoked("no row")
            content = {**parse_object(row), "sid": key}
        return session_of(content, key if isinstance(key, str) else None)


def session_of(content: Any, record_key: str | None = None) -> OldSession:
    """What the shop writes into a session."""
    if "user" not in content:
        raise ClaimsRefused("user")
    times = {
        name: datetime.fromtimestamp(content[name], UTC) if name in content else None
        for name in ("written_at", "authenticated_at", "expires_at")
    }
    return OldSession(
        subject=content["user"],
        session_id=content.get("sid"),
        record_key=record_key,
        claims={name: value for name, value in content.items() if name not in times},
        **times,
    )


class Rows:
    """The shop's table of sessions, while it answers."""

    def __init__(self, **rows: dict[str, Any]) -> None:
        self.rows = {key: json.dumps(row).encode() for key, row in rows.items()}
        self.down = False

    def find(self, key: str) -> bytes | None:
        """A row."""
        self._answer()
        return self.rows.get(key)

    def end(self, key: str) -> None:
        """Delete it."""
        self._answer()
        self.rows.pop(key, None)

    def _answer(self) -> None:
        if self.down:
            raise ConnectionError(CANARY)


class Introspector:
    """The provider of opaque tokens, while it answers."""

    def __init__(self, **said: Any) -> None:
        good = {"active": True, "sub": "alice", "client_id": "page", "iat": seconds(NOW - MINUTE)}
        self.answers: dict[str, Any] = {TOKEN: {**good, **said}}
        self.status = 200
        self.seen: list[WebRequest] = []

    def exchange(self, request: WebRequest) -> WebResponse:
        """Introspection and revocation."""
        self.seen.append(request)
        if request.url != ASKED.url:
            return WebResponse(status=200)
        (token,) = parse_qs((request.body or b"").decode())["token"]
        answer = self.answers.get(token, {"active": False})
        return WebResponse(status=self.status, body=json.dumps(answer).encode())


def seconds(instant: datetime) -> float:
    """A NumericDate."""
    return instant.timestamp()


def own_verifier(credential: Credential) -> OldSession:
    """Tokens of the application's own: `user:sign-in:signed in at:MAC`."""
    if not isinstance(credential, BearerToken) or credential.text.count(":") != 3:
        raise TokenMalformed("not user:sign-in:time:MAC")
    text, _, mac = credential.text.rpartition(":")
    if not hmac.compare_digest(hmac.new(SECRET, text.encode(), hashlib.sha256).hexdigest(), mac):
        raise SignatureRefused("MAC")
    user, sign_in, time = text.split(":")
    at = datetime.fromtimestamp(int(time), UTC)
    return OldSession(subject=user, session_id=sign_in, written_at=at, authenticated_at=at)


def own_token(
    user: str = "alice", sign_in: str = "s1", *, at: datetime = NOW - MINUTE, by: bytes = SECRET
) -> str:
    """One of those tokens."""
    text = f"{user}:{sign_in}:{int(at.timestamp())}"
    return f"{text}:{hmac.new(by, text.encode(), hashlib.sha256).hexdigest()}"


def shop(rows: Rows | None = None, **changes: Any) -> CookieProvider:
    """The shop, with rows or with signed cookies alone."""
    settings: dict[str, Any] = {
        "name": "shop",
        "format": ShopCookies(),
        "map_user": Prefixed("shop|"),
        "deadline": NOW + 365 * DAY,
        "check_user": _welcome,
    }
    if rows is not None:
        settings |= {"find_session": rows.find, "end_session": rows.end}
    return CookieProvider(**{**settings, **changes})


def opaque(**changes: Any) -> OpaqueProvider:
    """The provider of opaque tokens."""
    settings: dict[str, Any] = {
        "name": "opaque",
        "introspection": ASKED,
        "audiences": ANY_AUDIENCE,
        "authorized_parties": frozenset({"page"}),
        "map_user": Prefixed("opaque|"),
        "revocation": Revocation7009(url=f"{PLACE}/revoke", client_id="page"),
    }
    return OpaqueProvider(**{**settings, **changes})


def own(**changes: Any) -> OwnProvider:
    """The application's own."""
    settings: dict[str, Any] = {"name": "own", "verify": own_verifier, "map_user": Prefixed("own|")}
    return OwnProvider(**{**settings, **changes})


def _welcome(_identity: object, _user_id: object) -> Standing:
    return Standing.ACTIVE


@dataclass(kw_only=True)
class Shop(World):
    """A deployment that moves such sessions."""

    providers: tuple[AnyProvider, ...] = ()
    introspector: Introspector = field(default_factory=Introspector)

    def perform(self, step: Ask[Any]) -> Any:
        """As `World`, with the application's own storage and verifier, and the provider of opaque tokens."""
        if step.port in {"OldApplication", "CredentialVerifier", "UserState"}:
            self.asked.append(step.name)
            answer: Callable[..., Any] = getattr(Application(self.providers, None), step.name)
            return answer(*step.args, **step.kwargs)
        if step.port == "Web":
            self.asked.append(step.name)
            return self.introspector.exchange(*step.args)
        return super().perform(step)

    @property
    def all_sessions(self) -> int:
        """How many sessions of ours there are of these providers."""
        return sum(
            len(self.store.list_sessions(PUBLIC_APP, ByProvenance(issuer=issuer), at=NOW, limit=100))
            for each in self.providers
            for issuer in each.issuers
        )


def cookies_of(value: str, name: str = "shop") -> OldCookies:
    """What the browser attaches."""
    return OldCookies(values={name: value})
