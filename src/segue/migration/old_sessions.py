"""
From what a format or a verifier of the application's own proved to an identity, by the provider's policy.

Cookies say less of themselves than tokens do: some not when they were made, many not when the user signed in. House
rules: pure; what is not said is taken for the worse: a time that is missing fails every check that needs it, and a
credential of unknown age counts only if its session was found in the old store just now.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import cast

import msgspec

from segue.errors import ClaimsRefused, ConfigurationError, TokenExpired, TokenNotActive
from segue.ids import Digest
from segue.json import JsonObject
from segue.migration.cookie_provider import CookieProvider, OncePer
from segue.migration.cookies.model import OldSession
from segue.migration.model import Identity, digest_of
from segue.migration.named_issuer import NamedIssuerPolicy
from segue.migration.own_provider import OwnProvider
from segue.migration.said import is_text
from segue.migration.tenant import tenant_of


def require_old_session(answer: object) -> OldSession:
    """
    What a verifier answered, if it is the proof of a session.

    Raises:
        ConfigurationError: it is not, or its times have no time zone; nobody can be let in on that.
    """
    if not isinstance(answer, OldSession):
        raise ConfigurationError("a verifier must return an OldSession, or raise one of the TokenRefused")
    if not isinstance(cast("object", answer.claims), Mapping):
        raise ConfigurationError("the claims of an OldSession must be a JSON object")
    for instant in (answer.written_at, answer.authenticated_at, answer.expires_at):
        if instant is not None and (not _is_instant(instant) or instant.utcoffset() is None):
            raise ConfigurationError("the times of an OldSession must have a time zone")
    return answer


def identity_of(old: OldSession, provider: CookieProvider | OwnProvider, *, now: datetime) -> Identity:
    """
    The identity that an old session proves.

    Args:
        old: proved.
        provider: whose it is.
        now: aware UTC instant.

    Raises:
        TokenExpired: over, or older than `maximum_age`.
        TokenNotActive: made, or signed in with, only in the future.
        ClaimsRefused: its age cannot be known, it was made after the cut-over, or it names no user or tenant.
    """
    issued_at = _issued(old, provider, now)
    authenticated_at = old.authenticated_at or old.written_at
    dated = authenticated_at is not None
    return Identity(
        provider=provider.name,
        issuer=provider.issuers[0],
        subject=_text(old.subject, "sub"),
        tenant_id=tenant_of(old.claims, provider),
        provider_session_id=None if old.session_id is None else _text(old.session_id, "sid"),
        token_id=None,
        issued_at=issued_at,
        authenticated_at=min(_utc(authenticated_at), issued_at) if authenticated_at else now,
        expires_at=None if old.expires_at is None else _utc(old.expires_at),
        claims=old.claims,
        dated=dated,
        # Where nothing says when it began, it ends with the old one (threat T10).
        session_ends_at=None if dated or old.expires_at is None else _utc(old.expires_at),
    )


def claim_of(identity: Identity, old: OldSession, once_per: OncePer) -> Digest:
    """
    The sign-in that an old session is of: by its id, else by when the user signed in, else as `once_per` says.

    A cookie that is written anew at every visit cannot be told from one of a second sign-in, so by default one session
    is all that a user gets for such cookies (threats T8, T9, T10). Where each counts, it is told by what was decoded
    and proved: another base64 spelling, other chunks or another compression of one content are the same cookie.
    """
    who = (identity.issuer, identity.subject)
    if identity.provider_session_id is not None:
        return digest_of("claim sid", *who, identity.provider_session_id)
    if old.authenticated_at is not None:
        return digest_of("claim sign-in", *who, _utc(old.authenticated_at).isoformat())
    if once_per is OncePer.PERSON:
        return digest_of("claim person", *who)
    times = (old.written_at, old.expires_at)
    said = ["" if each is None else _utc(each).isoformat() for each in times]
    return digest_of("claim content", *who, *said, _canonical(old.claims))


def _issued(old: OldSession, provider: NamedIssuerPolicy, now: datetime) -> datetime:
    """When it was made, after everything that is said of time was looked at."""
    written_at, authenticated_at = old.written_at, old.authenticated_at
    earliest, latest = now - provider.leeway, now + provider.leeway
    for name, instant in (("iat", written_at), ("auth_time", authenticated_at)):
        if instant is not None and instant > latest:
            raise TokenNotActive(name)
    if old.expires_at is not None and earliest >= old.expires_at:
        raise TokenExpired("exp")
    found_now = old.record_key is not None
    made_at = written_at or authenticated_at
    if made_at is None and not found_now:
        raise ClaimsRefused("iat", "it does not say when it was made, and no row of it was found just now")
    # A row that is there just now lives, however old the sign-in: how long that may be is session_lifetime's to say.
    counted = written_at if found_now else made_at
    if counted is not None and earliest - provider.maximum_age >= counted:
        raise TokenExpired("iat")
    if provider.issued_before is not None and (made_at is None or made_at >= provider.issued_before):
        raise ClaimsRefused("iat", "made after issued_before, or it does not say when")
    return now if made_at is None else _utc(made_at)


def _canonical(claims: JsonObject) -> str:
    """One text for one content, whatever order its members came in."""
    return msgspec.json.encode(claims, order="deterministic").decode()


def _text(value: object, name: str) -> str:
    if not is_text(value):
        raise ClaimsRefused(name)
    return value


def _is_instant(value: object) -> bool:
    return isinstance(value, datetime)


def _utc(instant: datetime) -> datetime:
    return instant.astimezone(UTC)
