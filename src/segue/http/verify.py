"""
Who sends this request: the access token found, verified and held against everything that may speak against it.

A token that does not look like ours is nobody's business here and counts as none; one that does and fails is refused,
also where no session is required. House rule: no I/O unless the route asks for the database or for claims.
"""

from __future__ import annotations

from collections.abc import Container
from datetime import datetime
from enum import Enum

import msgspec

from segue.errors import CookiesRefused, NoSession, SessionGone, SignatureRefused, TokenMalformed
from segue.http.anti_csrf import CUSTOM_HEADER, demand_proof
from segue.http.cookies import RequestCookies, read_cookies
from segue.http.message import NO_ACTIONS, Actions, HttpRequest
from segue.http.settings import HttpSettings
from segue.http.transport import ACCESS_COOKIE, ANTI_CSRF_HEADER, OLD_REFRESH_COOKIE, Transport, candidates
from segue.ids import SessionHandle, TenantId, UserId
from segue.tokens.access import AccessToken, AccessVerifier
from segue.tokens.signing_keys import KeyKind

UNAUTHENTICATED_METHODS: Container[str] = frozenset({"OPTIONS", "TRACE"})
"""Never verified: a preflight carries no credentials (Fetch §4.9)."""

SESSION_HEADERS = frozenset({"authorization", "cookie", CUSTOM_HEADER, ANTI_CSRF_HEADER})
"""The headers that are looked at from here on until the session of a request is verified and its claims are fetched."""

_DYNAMIC = f"{KeyKind.DYNAMIC.value}-"


class Source(Enum):
    """What spoke for the user of a request, where a previous provider's credential may do so too."""

    SESSION = "session"
    """A session of ours."""
    OLD = "old"
    """The credential of a previous provider, which goes on as it is."""
    MIGRATED = "migrated"
    """Such a credential, which this very response turns into a session."""


class Authenticated(msgspec.Struct, frozen=True, kw_only=True):
    """A request with a session behind it; a struct, because every request makes one: 0.1 µs instead of 0.6."""

    access: AccessToken
    """The newest: the request's own, or what has replaced it since."""
    transport: Transport
    """How the request's token came, and how a new one goes back."""
    actions: Actions = NO_ACTIONS
    """What the response must carry: nothing, unless the access token changed."""
    source: Source = Source.SESSION

    @property
    def user_id(self) -> UserId:
        """Whose session it is."""
        return self.access.claims.user_id

    @property
    def tenant_id(self) -> TenantId:
        """Where the user signed in."""
        return self.access.claims.tenant_id


def verify_request(
    request: HttpRequest,
    settings: HttpSettings,
    verifier: AccessVerifier,
    *,
    now: datetime,
    revoked: Container[SessionHandle],
    session_required: bool,
    anti_csrf_check: bool | None,
) -> Authenticated | None:
    """
    Find and verify the access token of a request; None: there is none, and none is required.

    Args:
        request: whose sender is asked for.
        settings: which transports count, and what proof they need.
        verifier: of all keys at hand.
        now: aware UTC instant.
        revoked: handles whose access tokens may still have time left.
        session_required: refuse a request without a session.
        anti_csrf_check: demand proof beside a cookie; None: for all methods but GET.

    Raises:
        NoSession: none is there.
        CookiesRefused: two access tokens in cookies, or a cookie of very old back ends.
        TokenExpired, KeyUnknown, SignatureRefused: it does not hold (any more).
        SessionGone: its session was revoked.
        AntiCsrfRefused: it came in a cookie, without the proof that our own page sent it.
    """
    cookies = read_cookies(request)
    if cookies.all(OLD_REFRESH_COOKIE):
        raise CookiesRefused(OLD_REFRESH_COOKIE)
    found = _find(request, cookies, settings, verifier, now=now)
    if found is None:
        if session_required:
            raise NoSession
        return None
    _require_kind(found.access, settings)
    if found.access.claims.handle in revoked:
        raise SessionGone(found.access.claims.handle)
    if found.transport is Transport.COOKIE and _wants_proof(request, anti_csrf_check):
        demand_proof(request, found.access.claims, settings.anti_csrf_mode)
    return found


def _find(
    request: HttpRequest,
    cookies: RequestCookies,
    settings: HttpSettings,
    verifier: AccessVerifier,
    *,
    now: datetime,
) -> Authenticated | None:
    for transport, text in candidates(request, cookies, ACCESS_COOKIE, settings.token_transfer):
        try:
            access = verifier.verify(text, now=now)
        except TokenMalformed:
            continue
        if transport is Transport.COOKIE and cookies.doubled(ACCESS_COOKIE):
            raise CookiesRefused(ACCESS_COOKIE)
        return Authenticated(access=access, transport=transport)
    return None


def _require_kind(access: AccessToken, settings: HttpSettings) -> None:
    # Whoever changes the setting wants all tokens signed the new way: one refresh brings each session there.
    if access.key_id.startswith(_DYNAMIC) == settings.use_static_keys:
        raise SignatureRefused(access.key_id)


def _wants_proof(request: HttpRequest, anti_csrf_check: bool | None) -> bool:
    return request.method != "GET" if anti_csrf_check is None else anti_csrf_check
