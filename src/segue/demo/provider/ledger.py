"""
What the provider remembers: sign-ins, authorization codes, grants and their tokens (RFC 6749 §4.1, RFC 9700 §4.14).

A *sign-in* is one browser's SSO session. A *grant* hangs on a sign-in and owns one live refresh token; ending the
sign-in ends its grants. House rules: tokens are kept as digests only; time and randomness are arguments.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from typing import TYPE_CHECKING

from segue.demo.provider.people import Person
from segue.json import JsonObject

if TYPE_CHECKING:
    from collections.abc import Callable

CODE_LIFETIME = timedelta(minutes=1)
SIGN_IN_LIFETIME = timedelta(days=30)


class GrantRefused(Exception):
    """The code or refresh token does not hold (RFC 6749 §5.2, `invalid_grant`)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """One browser that is signed in at the provider."""

    sid: str
    person: Person
    signed_in_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """What a client asked for at the authorization endpoint, after every check."""

    client_id: str
    redirect_uri: str
    scope: str
    nonce: str | None
    challenge: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """An authorization code that has been handed out, perhaps spent."""

    request: Authorization
    sid: str
    expires_at: datetime
    spent_on: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """What one client may do for one sign-in."""

    grant_id: str
    client_id: str
    scope: str
    nonce: str | None
    sign_in: SignIn


@dataclass(frozen=True, slots=True, kw_only=True)
class Issued:
    """An access or ID token that was given out, without its text."""

    grant_id: str
    sid: str
    claims: JsonObject
    expires_at: datetime
    names_user: bool
    """An ID token: it may vouch for a logout, and is worth nothing at an API."""


class Ledger:
    """The provider's memory. Methods are synchronous, so each is atomic on the event loop."""

    def __init__(self, new_secret: Callable[[], str]) -> None:
        self._new_secret = new_secret
        self._sign_ins: dict[str, SignIn] = {}
        self._cookies: dict[bytes, str] = {}
        self._codes: dict[bytes, Code] = {}
        self._grants: dict[str, Grant] = {}
        self._refresh: dict[bytes, tuple[str, bool]] = {}
        self._issued: dict[bytes, Issued] = {}

    def sign_in(self, person: Person, now: datetime) -> tuple[str, SignIn]:
        """Begin an SSO session; returns the cookie's value beside it."""
        cookie = self._new_secret()
        started = SignIn(sid=self._new_secret(), person=person, signed_in_at=now)
        self._sign_ins[started.sid] = started
        self._cookies[_digest(cookie)] = started.sid
        return cookie, started

    def signed_in_by(self, cookie: str | None, now: datetime) -> SignIn | None:
        """The live SSO session of a browser, if it has one."""
        sign_in = self._sign_ins.get(self._cookies.get(_digest(cookie or ""), ""))
        return sign_in if sign_in and now < sign_in.signed_in_at + SIGN_IN_LIFETIME else None

    def is_live(self, sid: str) -> bool:
        """Whether that sign-in has not been ended."""
        return sid in self._sign_ins

    def has_grants(self, sid: str) -> bool:
        """Whether some client can still get tokens for that sign-in."""
        return any(grant.sign_in.sid == sid for grant in self._grants.values())

    def hand_out_code(self, request: Authorization, sign_in: SignIn, now: datetime) -> str:
        """A code for the client to redeem within a minute, once."""
        code = self._new_secret()
        self._codes[_digest(code)] = Code(request=request, sid=sign_in.sid, expires_at=now + CODE_LIFETIME)
        return code

    def redeem_code(
        self, code: str, *, client_id: str, redirect_uri: str, verifier: str, now: datetime
    ) -> Grant:
        """
        Turn a code into a grant.

        Raises:
            GrantRefused: unknown, spent, late, another client's, or without its PKCE verifier (RFC 7636 §4.6). A code
                that comes back after it was spent ends the grant it made (RFC 6749 §4.1.2).
        """
        known = self._codes.get(_digest(code))
        if known is None:
            raise GrantRefused("unknown code")
        if known.spent_on is not None:
            self.end_grant(known.spent_on)
            raise GrantRefused("spent code")
        request, sign_in = known.request, self._sign_ins.get(known.sid)
        if now >= known.expires_at or sign_in is None:
            raise GrantRefused("late code")
        if (client_id, redirect_uri) != (request.client_id, request.redirect_uri):
            raise GrantRefused("code of another request")
        if not hmac.compare_digest(s256(verifier), request.challenge):
            raise GrantRefused("wrong verifier")
        grant = Grant(
            grant_id=self._new_secret(),
            client_id=client_id,
            scope=request.scope,
            nonce=request.nonce,
            sign_in=sign_in,
        )
        self._grants[grant.grant_id] = grant
        self._codes[_digest(code)] = replace(known, spent_on=grant.grant_id)
        return grant

    def new_refresh_token(self, grant: Grant) -> str:
        """The grant's next refresh token."""
        token = self._new_secret()
        self._refresh[_digest(token)] = (grant.grant_id, True)
        return token

    def rotate(self, refresh_token: str, *, client_id: str) -> Grant:
        """
        Spend a refresh token.

        Raises:
            GrantRefused: not one of ours, or ended. One that was spent before ends its grant (RFC 9700 §4.14.2).
        """
        grant_id, unspent = self._refresh.get(_digest(refresh_token), ("", False))
        grant = self._grants.get(grant_id)
        if grant is None or grant.client_id != client_id:
            raise GrantRefused("unknown refresh token")
        if not unspent:
            self.end_grant(grant_id)
            raise GrantRefused("spent refresh token")
        self._refresh[_digest(refresh_token)] = (grant_id, False)
        return grant

    def remember_issued(self, token: str, issued: Issued) -> None:
        """Know an access or ID token again when it comes back to be revoked, introspected or hinted with."""
        self._issued[_digest(token)] = issued

    def grant_of(self, token: str) -> Grant | None:
        """The live grant behind a token of any kind, if there is one."""
        digest = _digest(token)
        issued = self._issued.get(digest)
        grant_id = issued.grant_id if issued else self._refresh.get(digest, ("", False))[0]
        return self._grants.get(grant_id)

    def sid_hinted_by(self, id_token: str) -> str | None:
        """The sign-in that an ID token speaks of, also when its grant was revoked or its time is over."""
        issued = self._issued.get(_digest(id_token))
        return issued.sid if issued is not None and issued.names_user else None

    def active(self, token: str, now: datetime) -> JsonObject | None:
        """What a token still says: its claims, or the subject for a refresh token; None when it is worth nothing."""
        digest, grant = _digest(token), self.grant_of(token)
        issued, (_, unspent) = self._issued.get(digest), self._refresh.get(digest, ("", False))
        if grant is None:
            return None
        if issued is not None:
            return issued.claims if now < issued.expires_at else None
        return {"sub": grant.sign_in.person.subject, "token_type": "refresh_token"} if unspent else None

    def end_grant(self, grant_id: str) -> None:
        """End one grant; its tokens are worth nothing afterwards."""
        self._grants.pop(grant_id, None)

    def end_grants(self, sid: str) -> None:
        """End every grant of a sign-in; the browser stays signed in here."""
        for grant in [grant for grant in self._grants.values() if grant.sign_in.sid == sid]:
            self.end_grant(grant.grant_id)

    def end_sign_in(self, sid: str) -> None:
        """End an SSO session and every grant that hangs on it."""
        self._sign_ins.pop(sid, None)
        self.end_grants(sid)


def s256(verifier: str) -> str:
    """The PKCE challenge of a verifier (RFC 7636 §4.2)."""
    return base64.urlsafe_b64encode(sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def _digest(token: str) -> bytes:
    return sha256(token.encode()).digest()
