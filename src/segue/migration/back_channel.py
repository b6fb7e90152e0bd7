"""
What a provider says when somebody signs out there: logout tokens (OpenID Connect Back-Channel Logout 1.0 §2.4 to §2.6).

A logout token speaks for the provider and not for a user, so it is believed for one thing only: that a sign-in, or all
sign-ins of a person before an instant, are over. House rules: pure; the provider's keys and issuer as for its other
tokens; what names somebody is compared with what was migrated, never looked up in a third place.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from typing import ClassVar, cast

import msgspec

from segue.discreet import Discreet
from segue.errors import ClaimsRefused, ConfigurationError, TokenExpired, TokenMalformed, TokenNotActive
from segue.ids import Digest
from segue.json import JsonObject, JsonValue
from segue.migration.model import digest_of
from segue.migration.said import instant_of, is_text
from segue.tokens.algorithms import Algorithm
from segue.tokens.jws import UnverifiedJws, verify_parsed
from segue.tokens.keys import KeySet

EVENT = "http://schemas.openid.net/event/backchannel-logout"
"""The member of `events` that makes a token a logout token (§2.4)."""
FRESH_FOR = timedelta(minutes=2)
"""How old a logout token may be; the specification advises at most two minutes (§2.4)."""
_TYPES = frozenset({"logout+jwt", "jwt"})
"""Typed explicitly, or by a provider that does not do so yet (§2.4, §2.6)."""


class LogoutReach(Enum):
    """How much is over when the provider signs somebody out."""

    SIGN_IN = "sign_in"
    """The sign-in that the token names by its session id; all of the person's if it names none."""
    USER = "user"
    """All of the person's, whatever it names: for providers whose presented tokens have no session id."""


class BackChannelLogout(msgspec.Struct, frozen=True, kw_only=True):
    """
    Believe the provider's logout tokens.

    Raises:
        ConfigurationError: it is addressed to nobody.
    """

    audiences: frozenset[str]
    """The client ids to which the provider addresses them: those of your pages."""
    reach: LogoutReach = LogoutReach.SIGN_IN

    def __post_init__(self) -> None:
        if not _names_clients(self.audiences):
            raise ConfigurationError(
                "back-channel logout: audiences must be a frozenset of the client ids of your pages"
            )


class SignOut(Discreet, frozen=True, kw_only=True):
    """What a verified logout token says is over."""

    unshown: ClassVar = frozenset({"subject", "session_id", "token_id"})

    issuer: str
    subject: str
    session_id: str | None
    """None: all sign-ins of the person are over."""
    token_id: str
    at: datetime
    """When the provider says so: what began later is not meant."""

    @property
    def token_digest(self) -> Digest:
        """By which the token is known if it comes again."""
        return digest_of("logout token", self.issuer, self.token_id)


def verify_sign_out(
    unverified: UnverifiedJws,
    keys: KeySet,
    logout: BackChannelLogout,
    *,
    issuers: tuple[str, ...],
    algorithms: frozenset[Algorithm],
    leeway: timedelta,
    now: datetime,
) -> SignOut:
    """
    Accept a logout token, or say why not (§2.6).

    Args:
        unverified: as parsed.
        keys: of the provider and no other.
        logout: as configured.
        issuers: of the provider.
        algorithms: of its tokens.
        leeway: for clocks that differ.
        now: aware UTC instant.

    Raises:
        SignatureRefused: no key fits, or the signature is wrong.
        ClaimsRefused: it is no logout token, not this provider's, or not for us.
        TokenExpired: over, or older than two minutes.
        TokenNotActive: from the future.
        TokenMalformed: the payload is no JSON object.
    """
    verified = verify_parsed(unverified, keys, algorithms=algorithms)
    try:
        claims = unverified.claims
    except ValueError as error:
        raise TokenMalformed("payload") from error
    _require_kind(verified.header, claims)
    issuer = _text(claims, "iss")
    if issuer is None or issuer not in issuers:
        raise ClaimsRefused("iss")
    _require_audience(claims.get("aud"), logout.audiences)
    issued = _time(claims, "iat", now, leeway)
    token_id = _text(claims, "jti")
    if token_id is None:
        raise ClaimsRefused("jti")
    subject = _text(claims, "sub")
    if subject is None:
        raise ClaimsRefused("sub", "a session id without the person; let the provider send sub as well")
    return SignOut(
        issuer=issuer, subject=subject, session_id=_text(claims, "sid"), token_id=token_id, at=issued
    )


def _require_kind(header: JsonObject, claims: JsonObject) -> None:
    """A logout token, and nothing else that the provider signs (threat T27)."""
    kind = header.get("typ", "jwt")
    if not isinstance(kind, str) or kind.lower().removeprefix("application/") not in _TYPES:
        raise ClaimsRefused("typ")
    events = claims.get("events")
    if not isinstance(events, dict) or not isinstance(events.get(EVENT), dict):
        raise ClaimsRefused("events")
    if "nonce" in claims:
        raise ClaimsRefused("nonce", "an ID token has one, a logout token never (§2.4)")


def _require_audience(value: JsonValue, audiences: frozenset[str]) -> None:
    named = value if isinstance(value, list) else [value]
    if not any(isinstance(one, str) and one in audiences for one in named):
        raise ClaimsRefused("aud")


def _time(claims: JsonObject, name: str, now: datetime, leeway: timedelta) -> datetime:
    issued = instant_of(claims.get(name))
    if issued is None:
        raise ClaimsRefused(name)
    if issued > now + leeway:
        raise TokenNotActive(name)
    if issued <= now - (FRESH_FOR + leeway):
        raise TokenExpired(name)
    expires = instant_of(claims.get("exp"))
    if expires is None and claims.get("exp") is not None:
        raise ClaimsRefused("exp")
    if expires is not None and expires <= now - leeway:
        raise TokenExpired("exp")
    return issued


def _text(claims: JsonObject, name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not is_text(value):
        raise ClaimsRefused(name)
    return value


def _names_clients(values: object) -> bool:
    """Asked of an object: type checkers believe what is declared."""
    if not isinstance(values, frozenset):
        return False
    names = cast("frozenset[object]", values)
    return len(names) > 0 and all(isinstance(name, str) and name for name in names)
