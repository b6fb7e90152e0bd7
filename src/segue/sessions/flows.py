"""
Create, confirm, refresh and revoke a session: each once, as a flow.

The order matters. A token leaves only after the row that stands for it is durable; signing happens when no
transaction is open; a refresh token whose MAC does not hold never causes a question to the store. House rule: these
coroutines await nothing but `ask` and one another, and take time and randomness as arguments.
"""

from __future__ import annotations

import hmac
from datetime import datetime
from typing import assert_never

import msgspec
from msgspec.structs import replace

from segue.errors import (
    AntiCsrfRefused,
    ConfigurationError,
    Contended,
    RefreshExpired,
    ReuseDetected,
    SessionGone,
    TokenExpired,
    UnknownRefreshToken,
)
from segue.flow import ask
from segue.ids import AppId, SessionHandle, whole_milliseconds
from segue.sessions.issuing import (
    Issuance,
    IssuedSession,
    NewSession,
    issue,
    prepare,
)
from segue.sessions.model import ByHandle, Revoked, Rotation, Selection, Session
from segue.sessions.ports import SessionIndex, SessionStore
from segue.sessions.rotation import REUSE, Verdict, judge, rotated
from segue.tokens.access import MAX_ACCESS, AccessClaims
from segue.tokens.refresh import (
    RefreshToken,
    anti_csrf_token,
    digest_hash,
    new_handle,
    read_refresh_token,
    succeed,
)

ATTEMPTS = 5
"""How often a refresh judges again after somebody else changed the session under it."""

REVOCATION_BATCH = 500
"""Sessions in one transaction, so that a tenant of a million can be signed out while the others go on."""

RANDOMNESS = 32
"""Bytes that creating a session consumes: half for the handle, half for the first refresh token."""


class AntiCsrf(msgspec.Struct, frozen=True, kw_only=True):
    """What a refresh demands and hands out against cross-site requests."""

    enabled: bool = False
    """Compare the presented token where the refresh token came with one, and hand out a new one."""
    presented: str | None = None


NO_ANTI_CSRF = AntiCsrf()


async def create(
    new: NewSession, issuance: Issuance, *, randomness: bytes, longest: int = MAX_ACCESS
) -> IssuedSession:
    """
    Create a session from `RANDOMNESS` fresh random bytes, with access tokens of at most *longest* characters.

    Raises:
        PayloadTooLarge: they would have more; nothing was stored.
    """
    at = issuance.now if issuance.ordered_handles else None
    handle = new_handle(randomness[:16], new.tenant_id, at=at)
    session, first = prepare(new, issuance, handle=handle, seed=randomness[16:RANDOMNESS], longest=longest)
    await ask(SessionStore.create_session, session)
    return issue(session, first, issuance)


async def refresh(text: str, issuance: Issuance, *, anti_csrf: AntiCsrf = NO_ANTI_CSRF) -> IssuedSession:
    """
    Exchange a refresh token for the next one and a new access token.

    Args:
        text: as the client sent it.
        issuance: what tokens are made with.
        anti_csrf: what the request proved, and whether to hand out a new proof.

    Raises:
        UnknownRefreshToken: not ours, or its session is gone.
        AntiCsrfRefused: the anti-CSRF token does not match; nothing was rotated.
        RefreshExpired: the session's time is over.
        ReuseDetected: it had been rotated before; the session is now revoked, others are untouched.
        Contended: others kept changing the session.
    """
    presented = read_refresh_token(text, issuance.secrets, app_id=issuance.app_id)
    demand_anti_csrf(presented, anti_csrf, issuance)
    successor = succeed(
        presented, issuance.secrets.primary, app_id=issuance.app_id, anti_csrf=anti_csrf.enabled
    )
    rotation = Rotation(
        app_id=issuance.app_id,
        handle=presented.handle,
        presented=presented.digest,
        successor=successor.digest,
        secret_id=successor.secret_id,
        at=whole_milliseconds(issuance.now),
        static_key=issuance.static_keys,
    )
    for _ in range(ATTEMPTS):
        session = await ask(SessionStore.rotate_family, rotation)
        if session is not None:
            return issue(session, successor, issuance)
        session = await ask(SessionStore.load_session, issuance.app_id, presented.handle)
        if session is None:
            raise UnknownRefreshToken("its session is gone")
        issued = await _settle(session, presented, successor, rotation, issuance)
        if issued is not None:
            return issued
    raise Contended(presented.handle)


async def _settle(
    session: Session,
    presented: RefreshToken,
    successor: RefreshToken,
    rotation: Rotation,
    issuance: Issuance,
) -> IssuedSession | None:
    """Act on a token that did not simply rotate; None: the session changed meanwhile and must be judged again."""
    verdict = judge(session, presented, grace=issuance.lifetimes.grace, now=issuance.now)
    match verdict:
        case Verdict.ROTATE:
            return None
        case Verdict.PROMOTE:
            promoted = rotated(session, rotation, generation=successor.generation)
            written = await ask(SessionStore.replace_family, promoted, if_current=session.family.current)
            return issue(promoted, successor, issuance) if written else None
        case Verdict.REPEAT:
            return await _repeat(session, presented, successor, issuance)
        case Verdict.EXPIRED:
            raise RefreshExpired(session.handle)
        case Verdict.RECENT_PREVIOUS | Verdict.ORPHANED_BRANCH | Verdict.STALE_LINEAGE:
            await revoke(session.app_id, session.handle, at=issuance.now)
            raise ReuseDetected(session.handle, session.user_id, REUSE[verdict])
        case _:
            assert_never(verdict)


def demand_anti_csrf(presented: RefreshToken, anti_csrf: AntiCsrf, issuance: Issuance) -> None:
    """
    Hold the presented anti-CSRF token against the one that went out with the refresh token.

    Raises:
        AntiCsrfRefused: they differ.
    """
    secret = issuance.secrets.find(presented.secret_id)
    if not anti_csrf.enabled or secret is None:
        return
    expected = anti_csrf_token(presented, secret, app_id=issuance.app_id)
    given = (anti_csrf.presented or "").encode()
    if expected is not None and not hmac.compare_digest(expected.encode(), given):
        raise AntiCsrfRefused("refresh")


async def _repeat(
    session: Session, presented: RefreshToken, successor: RefreshToken, issuance: Issuance
) -> IssuedSession | None:
    usual = successor.digest == session.family.current
    same = successor if usual else _same_successor(session, presented, issuance)
    if same is not None:
        return issue(session, same, issuance)
    # The newest was made by rotation at first use (`segue.sessions.branching`) and cannot be derived. It dies here;
    # the window stays where it was.
    family = replace(
        session.family,
        current=successor.digest,
        secret_id=successor.secret_id,
        generation=successor.generation,
    )
    instead = replace(session, family=family)
    written = await ask(SessionStore.replace_family, instead, if_current=session.family.current)
    return issue(instead, successor, issuance) if written else None


def _same_successor(session: Session, presented: RefreshToken, issuance: Issuance) -> RefreshToken | None:
    # The instance that rotated may have had another primary secret, or another anti-CSRF mode.
    secret = issuance.secrets.find(session.family.secret_id)
    if secret is None:
        raise ConfigurationError(
            f"deployment secret {session.family.secret_id.hex()} made a refresh token "
            "that is in use, and is not configured"
        )
    for with_anti_csrf in (False, True):
        successor = succeed(presented, secret, app_id=issuance.app_id, anti_csrf=with_anti_csrf)
        if successor.digest == session.family.current:
            return successor
    return None


async def revoke(app_id: AppId, handle: SessionHandle, *, at: datetime) -> bool:
    """Revoke one session; whether it was there. Other sessions of the user are untouched."""
    gone = await ask(SessionIndex.delete_sessions, app_id, (handle,), at=at)
    return bool(gone)


async def revoke_batch(app_id: AppId, selection: Selection, *, at: datetime) -> Revoked:
    """Revoke `REVOCATION_BATCH` at most of what a selection names."""
    if isinstance(selection, ByHandle) and len(selection.handles) <= REVOCATION_BATCH:
        handles, more = selection.handles, False
    else:
        handles = await ask(SessionIndex.select_handles, app_id, selection, limit=REVOCATION_BATCH)
        more = len(handles) == REVOCATION_BATCH
    gone = await ask(SessionIndex.delete_sessions, app_id, handles, at=at) if handles else ()
    return Revoked(handles=gone, more=more)


async def confirm(claims: AccessClaims, *, app_id: AppId, now: datetime) -> Session:
    """
    Ask the store whether a verified access token's session still stands (`check_database`).

    Raises:
        SessionGone: revoked, over or cleaned up.
        TokenExpired: the refresh token beside it is two or more rotations old. A refresh settles it: were it taken
            for signed out, a slow request would sign out the tab that has refreshed meanwhile.
    """
    session = await ask(SessionStore.load_session, app_id, claims.handle)
    if session is None or now >= session.expires_at:
        raise SessionGone(claims.handle)
    lineage = (session.family.current, session.family.previous)
    hashes = (claims.refresh_hash, claims.parent_hash)
    if not any(digest_hash(known) in lineage for known in hashes if known is not None):
        raise TokenExpired("its refresh token was rotated out")
    return session
