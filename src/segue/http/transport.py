"""
How our tokens ride on HTTP: in cookies, or in headers.

New tokens go the way that the client asks for with `st-auth-mode`; tokens of an existing session go back the way they
came. A header wins over a cookie. House rule: nothing is trusted here; candidates are only found, never verified.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, Final

from segue.http.cookies import read_cookies

if TYPE_CHECKING:
    from segue.http.cookies import RequestCookies
    from segue.http.message import HttpRequest
    from segue.http.settings import HttpSettings

ACCESS_COOKIE: Final = "sAccessToken"
REFRESH_COOKIE: Final = "sRefreshToken"
OLD_REFRESH_COOKIE: Final = "sIdRefreshToken"
"""Of back ends before front-end interface 1.16; a refresh deletes it."""

ACCESS_HEADER: Final = "st-access-token"
REFRESH_HEADER: Final = "st-refresh-token"
FRONT_HEADER: Final = "front-token"
ANTI_CSRF_HEADER: Final = "anti-csrf"
MODE_HEADER: Final = "st-auth-mode"

_BEARER = "Bearer "
_CLIENT_TOKENS = (ACCESS_HEADER, REFRESH_HEADER)
_CLIENT_COOKIES = ("sFrontToken", *_CLIENT_TOKENS)
OUR_COOKIES: Final = frozenset(
    {
        ACCESS_COOKIE,
        REFRESH_COOKIE,
        OLD_REFRESH_COOKIE,
        *_CLIENT_COOKIES,
        "sAntiCsrf",
        "st-last-access-token-update",
    }
)
"""What we and the front ends of this protocol write; never a previous provider's."""


class Transport(Enum):
    """The way that the tokens of one session ride."""

    COOKIE = "cookie"
    HEADER = "header"

    @property
    def other(self) -> Transport:
        """The way not taken."""
        return Transport.HEADER if self is Transport.COOKIE else Transport.COOKIE


BOTH = (Transport.COOKIE, Transport.HEADER)


class TransferMethod(Enum):
    """The ways that the deployment allows."""

    ANY = "any"
    COOKIE = "cookie"
    HEADER = "header"


def asked_mode(request: HttpRequest) -> str:
    """The way that the client asks for; empty: it says nothing, and may know nothing of sessions."""
    return (request.header(MODE_HEADER) or "").strip().lower()


def for_new_session(request: HttpRequest, settings: HttpSettings) -> Transport:
    """The way for the tokens of a new session: what the deployment demands, else what the client asks for."""
    match settings.token_transfer:
        case TransferMethod.COOKIE:
            return Transport.COOKIE
        case TransferMethod.HEADER:
            return Transport.HEADER
        case TransferMethod.ANY:
            # Headers unless cookies are asked for: a plain HTTP client would not find its tokens in cookies.
            return Transport.COOKIE if asked_mode(request) == Transport.COOKIE.value else Transport.HEADER


def bearer(request: HttpRequest) -> str | None:
    """The token of an `Authorization: Bearer` header; the scheme is compared with its case, as the SDKs do."""
    value = request.header("authorization")
    if value is None or not value.startswith(_BEARER):
        return None
    return value[len(_BEARER) :].strip() or None


def candidates(
    request: HttpRequest, cookies: RequestCookies, cookie: str, allowed: TransferMethod
) -> list[tuple[Transport, str]]:
    """Texts that may be the token which that cookie or a bearer header carries, in the order to try them."""
    found: list[tuple[Transport, str]] = []
    if allowed is not TransferMethod.COOKIE and (text := bearer(request)) is not None:
        found.append((Transport.HEADER, text))
    if allowed is not TransferMethod.HEADER:
        found += [(Transport.COOKIE, value) for value in cookies.all(cookie) if value]
    return found


def carries_access(request: HttpRequest, cookies: RequestCookies, transport: Transport) -> bool:
    """Whether a request brought an access token, or what may be one, by this way."""
    if transport is Transport.COOKIE:
        return bool(cookies.all(ACCESS_COOKIE))
    return (request.header("authorization") or "").startswith(_BEARER)


def believes_in_session(cookies: RequestCookies) -> bool:
    """Whether the browser behind a request seems to hold a session of ours, judging by its cookies alone."""
    return any(cookies.all(name) for name in (ACCESS_COOKIE, REFRESH_COOKIE, *_CLIENT_COOKIES))


def is_header_client(request: HttpRequest, settings: HttpSettings) -> bool:
    """
    Whether a front end may hold a session in headers while its page sends another token in their place.

    On the status that makes it refresh it would do so, successfully, and repeat the very same request: up to ten times.
    """
    if settings.token_transfer is TransferMethod.HEADER or asked_mode(request) == Transport.HEADER.value:
        return True
    cookies = read_cookies(request)
    return any(cookies.all(name) for name in _CLIENT_TOKENS)
