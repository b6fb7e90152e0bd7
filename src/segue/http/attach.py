"""
What a session adds to a response: tokens put on, and tokens taken off.

House rule: a response that changes the access token says so in the front token, and one that takes a session away
says `remove`; everything travels as `Actions`, which an adapter applies without knowing what they mean.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime, timedelta

from msgspec.structs import replace

from segue.http.anti_csrf import proof_to_echo
from segue.http.cookies import read_cookies
from segue.http.front_token import REMOVE, front_token
from segue.http.message import NO_ACTIONS, Actions, Cookie, HttpRequest
from segue.http.settings import HttpSettings
from segue.http.transport import (
    ACCESS_COOKIE,
    ACCESS_HEADER,
    ANTI_CSRF_HEADER,
    BOTH,
    FRONT_HEADER,
    OLD_REFRESH_COOKIE,
    REFRESH_COOKIE,
    REFRESH_HEADER,
    Transport,
)
from segue.ids import from_milliseconds
from segue.sessions.issuing import Issued
from segue.tokens.access import MAX_ACCESS, AccessToken

ACCESS_COOKIE_LIFETIME = timedelta(days=365)
"""The cookie outlives its token by far: an expired token is what tells us that there is something to refresh."""

_EPOCH = from_milliseconds(0)


_MAX_COOKIE = 4096
"""Characters of one cookie with its attributes that browsers must take (RFC 6265 §6.1); longer ones they drop."""


def longest_access(settings: HttpSettings, transport: Transport) -> int:
    """Characters that an access token may have by this way."""
    if transport is Transport.HEADER:
        return MAX_ACCESS
    return _MAX_COOKIE - len(access_cookie("", settings, expires_at=_EPOCH).render())


def attach(issued: Issued, settings: HttpSettings, transport: Transport) -> Actions:
    """Put a session's new tokens on a response."""
    text, expires_at = issued.refresh.text, issued.session.expires_at
    if transport is Transport.HEADER:
        access = _access(issued.access, settings, transport, proof=None)
        return Actions(headers=(*access.headers, (REFRESH_HEADER, text)))
    access = _access(issued.access, settings, transport, proof=issued.anti_csrf)
    refresh = refresh_cookie(text, settings, expires_at=expires_at)
    return Actions(headers=access.headers, cookies=(*access.cookies, refresh))


def attach_access(
    access: AccessToken, request: HttpRequest, settings: HttpSettings, transport: Transport
) -> Actions:
    """Put a changed access token on a response; the refresh token stays as it is."""
    proof = proof_to_echo(request, access.claims) if transport is Transport.COOKIE else None
    return _access(access, settings, transport, proof=proof)


def _access(
    access: AccessToken, settings: HttpSettings, transport: Transport, *, proof: str | None
) -> Actions:
    shown = transport is Transport.HEADER or settings.expose_access_token
    headers = [(FRONT_HEADER, front_token(access.claims))]
    if shown:
        headers.append((ACCESS_HEADER, access.text))
    if proof is not None:
        headers.append((ANTI_CSRF_HEADER, proof))
    if transport is Transport.HEADER:
        return Actions(headers=tuple(headers))
    cookie = access_cookie(access.text, settings, expires_at=access.claims.issued_at + ACCESS_COOKIE_LIFETIME)
    return Actions(headers=tuple(headers), cookies=(cookie,))


def clear(transports: Collection[Transport], settings: HttpSettings) -> Actions:
    """Take a session's tokens off the client: by one way, or by both."""
    if not transports:
        return NO_ACTIONS
    headers, dropped, cookies = [(FRONT_HEADER, REMOVE)], {ANTI_CSRF_HEADER}, tuple[Cookie, ...]()
    if Transport.HEADER in transports:
        headers += [(ACCESS_HEADER, ""), (REFRESH_HEADER, "")]
    else:
        dropped.add(ACCESS_HEADER)  # in case that this same response was to show the token beside its cookie
    if Transport.COOKIE in transports:
        access = access_cookie("", settings, expires_at=_EPOCH)
        cookies = (access, refresh_cookie("", settings, expires_at=_EPOCH))
    return Actions(headers=tuple(headers), cookies=cookies, dropped=frozenset(dropped))


def clear_all(request: HttpRequest, settings: HttpSettings) -> Actions:
    """Take off the client whatever a session of ours ever put there."""
    return clear(BOTH, settings).then(clear_old_refresh(request, settings))


def clear_older(names: Sequence[str], settings: HttpSettings, *, domain: str) -> Actions:
    """Take cookies off the client that an earlier configuration set for another domain; empty: for none."""
    cookies = {
        ACCESS_COOKIE: access_cookie("", settings, expires_at=_EPOCH, domain=domain),
        REFRESH_COOKIE: refresh_cookie("", settings, expires_at=_EPOCH, domain=domain),
    }
    return Actions(cookies=tuple(cookies[name] for name in names))


def clear_old_refresh(request: HttpRequest, settings: HttpSettings) -> Actions:
    """Take off the cookie that only very old back ends set, if the request brought it."""
    if not read_cookies(request).all(OLD_REFRESH_COOKIE):
        return NO_ACTIONS
    return Actions(cookies=(_cookie(OLD_REFRESH_COOKIE, "", settings, path="/", expires_at=_EPOCH),))


def access_cookie(
    value: str, settings: HttpSettings, *, expires_at: datetime, domain: str | None = None
) -> Cookie:
    """The cookie that carries an access token; *domain* None means the configured one."""
    cookie = _cookie(ACCESS_COOKIE, value, settings, path="/", expires_at=expires_at)
    return cookie if domain is None else replace(cookie, domain=domain or None)


def refresh_cookie(
    value: str, settings: HttpSettings, *, expires_at: datetime, domain: str | None = None
) -> Cookie:
    """The cookie that carries a refresh token, to the refresh route alone; *domain* as above."""
    cookie = _cookie(REFRESH_COOKIE, value, settings, path=settings.refresh_path, expires_at=expires_at)
    return cookie if domain is None else replace(cookie, domain=domain or None)


def _cookie(name: str, value: str, settings: HttpSettings, *, path: str, expires_at: datetime) -> Cookie:
    return Cookie(
        name=name,
        value=value,
        path=path,
        expires_at=expires_at,
        domain=settings.cookie_domain,
        same_site=settings.same_site,
        secure=settings.secure,
    )
