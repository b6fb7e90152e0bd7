"""
What Auth.js and NextAuth put into an encrypted session cookie: a JWT's claims, made anew at each visit.

So `iat` is the time of the last visit, not of the sign-in; `jti` names this writing of the cookie, not the session; and
a copy goes on working after sign-out until `exp`. House rules: no `sub`, no user (the JWE of an interrupted sign-in has
none, CVE-2023-48309); what the application does not say of the sign-in is None, never guessed.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from segue.errors import ClaimsRefused, TokenExpired, TokenMalformed
from segue.json import parse_object
from segue.migration.cookies import configured, contents
from segue.migration.cookies.contents import Required
from segue.migration.cookies.model import OldSession


class ClaimRules(msgspec.Struct, frozen=True, kw_only=True):
    """What is read from the claims, and what they must say."""

    user_id: str
    session_id: str | None
    signed_in_at: str | None
    required: Required
    forbidden: tuple[str, ...]

    def require_usable(self, format_name: str) -> None:
        """
        Refuse paths that lead nowhere.

        Raises:
            ConfigurationError: likewise.
        """
        paths = (self.user_id, self.session_id, self.signed_in_at)
        configured.require_paths(format_name, *paths, required=self.required, forbidden=self.forbidden)


def read_claims(plaintext: bytes, rules: ClaimRules, *, now: datetime) -> OldSession:
    """
    Judge the claims of a cookie that was decrypted.

    Raises:
        TokenMalformed: not one JSON object.
        TokenExpired: over.
        TokenNotActive: from the future.
        ClaimsRefused: nobody's, without times, or not what the rules demand.
    """
    try:
        claims = parse_object(plaintext)
    except ValueError as error:
        raise TokenMalformed(f"claims: {error}") from None
    contents.require_members(claims, required=rules.required, forbidden=rules.forbidden)
    written_at = contents.read_numeric_date(claims, "iat")
    expires_at = contents.read_numeric_date(claims, "exp")
    if written_at is None or expires_at is None:
        raise ClaimsRefused("exp" if expires_at is None else "iat")
    if now >= expires_at:
        raise TokenExpired("exp")
    contents.require_past("iat", written_at, now=now)
    contents.require_past("nbf", contents.read_numeric_date(claims, "nbf"), now=now)
    signed_in_at = contents.read_signed_in_at(claims, rules.signed_in_at, now=now)
    return OldSession(
        subject=contents.read_user_id(claims, rules.user_id),
        session_id=contents.read_user_id(claims, rules.session_id) if rules.session_id else None,
        written_at=written_at,
        authenticated_at=signed_in_at,
        expires_at=expires_at,
        record_key=None,
        claims=claims,
    )
