"""
Proof that our own page sent a request that carries cookies, where SameSite alone does not prove it.

A page of another site can make a browser send cookies, but it cannot add a header without our leave (CORS), nor read a
token that we gave to our page. House rule: headers carry their tokens by hand, so header mode needs no proof.
"""

from __future__ import annotations

import hmac
from enum import Enum

from segue.errors import AntiCsrfRefused
from segue.http.message import HttpRequest
from segue.http.transport import ANTI_CSRF_HEADER
from segue.tokens.access import AccessClaims

CUSTOM_HEADER = "rid"
"""Any value will do: what counts is that a header is there which forms and images cannot send."""


class AntiCsrfMode(Enum):
    """Which proof is demanded."""

    NONE = "NONE"
    """None: SameSite keeps the cookies at home."""
    VIA_CUSTOM_HEADER = "VIA_CUSTOM_HEADER"
    VIA_TOKEN = "VIA_TOKEN"  # noqa: S105 - a mode's name


def demand_header(request: HttpRequest, mode: AntiCsrfMode) -> None:
    """
    Demand the custom header, if the mode says so.

    Raises:
        AntiCsrfRefused: it is missing.
    """
    if mode is AntiCsrfMode.VIA_CUSTOM_HEADER and request.header(CUSTOM_HEADER) is None:
        raise AntiCsrfRefused("the custom header is missing")


def demand_proof(request: HttpRequest, claims: AccessClaims, mode: AntiCsrfMode) -> None:
    """
    Demand what the mode wants beside an access token that came in a cookie.

    Raises:
        AntiCsrfRefused: the proof is missing or wrong, or the session began without one; a refresh hands one out.
    """
    demand_header(request, mode)
    if mode is not AntiCsrfMode.VIA_TOKEN:
        return
    given = (request.header(ANTI_CSRF_HEADER) or "").encode()
    if claims.anti_csrf is None or not hmac.compare_digest(claims.anti_csrf.encode(), given):
        raise AntiCsrfRefused("the anti-CSRF token is missing or wrong")


def proof_to_echo(request: HttpRequest, claims: AccessClaims) -> str | None:
    """The session's anti-CSRF token, for a client that sent one: it goes along with every changed access token."""
    # From the claims, not from the header: what a request brings is never reflected.
    return claims.anti_csrf if request.header(ANTI_CSRF_HEADER) is not None else None
