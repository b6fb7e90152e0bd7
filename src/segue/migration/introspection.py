"""
Asking the provider whether a token is still active (RFC 7662): whom, how, and what its answer means.

House rules: pure; an answer is yes, no, or no answer, and no answer is never taken for one of the others. What an
answer proves of a token that says nothing by itself is `opaque`'s to judge.
"""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import (
    ClaimsRefused,
    ConfigurationError,
    FetchFailed,
    SignInRevoked,
    StateUnavailable,
    TokenExpired,
)
from segue.json import JsonObject
from segue.migration.client_form import client_form
from segue.migration.model import Identity
from segue.migration.urls import UrlRefused, parse_url
from segue.migration.web import WebRequest, WebResponse, read_json


class Introspection(Discreet, frozen=True, kw_only=True):
    """
    Where and as whom to ask whether a token is still active (RFC 7662).

    Raises:
        ConfigurationError: an address that is not followed, or no client.
    """

    unshown: ClassVar = frozenset({"client_secret"})

    url: str
    client_id: str
    client_secret: str
    """HTTP basic authentication with it; introspection without any is a public oracle (RFC 7662 §2.1)."""

    def __post_init__(self) -> None:
        try:
            parse_url(self.url)
        except UrlRefused as error:
            raise ConfigurationError(f"the introspection endpoint cannot be asked: {error}") from error
        if not self.client_id or not self.client_secret:
            raise ConfigurationError(
                "introspection needs client_id and client_secret of a client that may ask"
            )


def introspection_request(token: str, introspection: Introspection) -> WebRequest:
    """Ask about a token (RFC 7662 §2.1)."""
    return client_form(
        introspection.url,
        {"token": token, "token_type_hint": "access_token"},
        client_id=introspection.client_id,
        client_secret=introspection.client_secret,
        purpose="introspection of an old token",
    )


def read_active(request: WebRequest, response: WebResponse) -> JsonObject:
    """
    What an answer says of a token that is active (RFC 7662 §2.2).

    Raises:
        SignInRevoked: the token is not active, or never was one; the provider does not say which.
        StateUnavailable: any answer that says neither: a retry may help, and nobody is let in meanwhile.
    """
    try:
        said = read_json(request, response)
    except FetchFailed as error:
        raise StateUnavailable(*error.args) from error
    match said.get("active"):
        case True:
            return said
        case False:
            raise SignInRevoked("introspection says that the token is not active")
        case _:
            raise StateUnavailable(request.place, "introspection says neither active nor inactive")


def judge_introspection(
    request: WebRequest,
    response: WebResponse,
    identity: Identity,
    *,
    issuers: tuple[str, ...],
    parties: frozenset[str] | None,
    now: datetime,
) -> None:
    """
    Read the answer (RFC 7662 §2.2): return if the token is active, for this identity and one of our clients.

    Args:
        request: what was asked.
        response: what came.
        identity: as the token's own signature proves it; the answer may not contradict.
        issuers: of this provider.
        parties: the clients that count; None: any.
        now: aware UTC instant.

    Raises:
        SignInRevoked: it says that the token is not active.
        ClaimsRefused: active, but of another issuer, subject or client (threat T1).
        TokenExpired: active, and over by its own account.
        StateUnavailable: any answer that says neither: a retry may help, and nobody is let in meanwhile.
    """
    said = read_active(request, response)
    _require_same(said, identity, issuers=issuers, parties=parties)
    _require_time(said, now)


def _require_same(
    said: JsonObject, identity: Identity, *, issuers: tuple[str, ...], parties: frozenset[str] | None
) -> None:
    if "iss" in said and said["iss"] not in issuers:
        raise ClaimsRefused("iss", "introspection names another issuer")
    if "sub" in said and said["sub"] != identity.claims.get("sub"):
        raise ClaimsRefused("sub", "introspection names another subject")
    # Without the member the token's own claims have said whose it is, and they are signed.
    if (
        parties is not None and "client_id" in said and said["client_id"] not in tuple(parties)
    ):  # it may be a list
        raise ClaimsRefused("client_id", "introspection: active, but for another client")


def _require_time(said: JsonObject, now: datetime) -> None:
    expires = said.get("exp")
    if expires is None:
        return
    if isinstance(expires, bool) or not isinstance(expires, int | float) or expires <= now.timestamp():
        raise TokenExpired("exp", "by introspection")
