"""
Refresh and verify where rotation waits for the first use, for back-end SDKs that speak core protocol 5.5 or older.

Every change is a compare-and-swap on the newest token in use; who loses it judges again. A refresh that changes nothing
writes nothing: it counts as of the moment at which it read. House rule: as for every flow, only `ask` is awaited.
"""

from __future__ import annotations

from typing import assert_never

import msgspec
from msgspec.structs import replace

from segue.errors import Contended, RefreshExpired, ReuseDetected, SessionGone, UnknownRefreshToken
from segue.flow import ask
from segue.json import JsonObject, same
from segue.sessions.branching import (
    BranchVerdict,
    is_child,
    is_newest,
    judge_branch,
    promoted,
    reuse_subtype,
)
from segue.sessions.flows import ATTEMPTS, NO_ANTI_CSRF, AntiCsrf, demand_anti_csrf
from segue.sessions.issuing import Issuance, IssuedSession, issue, settled
from segue.sessions.model import Session
from segue.sessions.ports import SessionStore
from segue.tokens.access import AccessClaims, AccessToken
from segue.tokens.refresh import SEED, branch, digest_hash, read_refresh_token

RANDOMNESS = SEED
"""Bytes that a refresh consumes."""


class VerifiedBranch(msgspec.Struct, frozen=True, kw_only=True):
    """A verified access token held against its session."""

    payload: JsonObject
    """The application's claims as they are now."""
    fresh: AccessToken | None
    """What the client is to use from now on; None: the one it has."""


async def refresh_branch(
    text: str, issuance: Issuance, *, anti_csrf: AntiCsrf = NO_ANTI_CSRF, randomness: bytes
) -> IssuedSession:
    """
    Hand out a child of a refresh token, and an access token that names the parent until the child is used.

    Args:
        text: as the client sent it.
        issuance: what tokens are made with.
        anti_csrf: what the request proved, and whether to hand out a new proof.
        randomness: `RANDOMNESS` fresh bytes.

    Raises:
        UnknownRefreshToken: not ours, or its session is gone.
        AntiCsrfRefused: the anti-CSRF token does not match.
        RefreshExpired: the session's time is over.
        ReuseDetected: its child or a sibling is in use. The session stands: to end it is the caller's part here.
        Contended: others kept changing the session.
    """
    presented = read_refresh_token(text, issuance.secrets, app_id=issuance.app_id)
    demand_anti_csrf(presented, anti_csrf, issuance)
    child = branch(
        presented,
        issuance.secrets.primary,
        app_id=issuance.app_id,
        seed=randomness[:SEED],
        anti_csrf=anti_csrf.enabled,
    )
    for _ in range(ATTEMPTS):
        session = await ask(SessionStore.load_session, issuance.app_id, presented.handle)
        if session is None:
            raise UnknownRefreshToken("its session is gone")
        verdict = judge_branch(session, presented, now=issuance.now)
        match verdict:
            case BranchVerdict.BRANCH:
                wanted = _with_key_kind(session, issuance)
            case BranchVerdict.PROMOTE:
                moved = promoted(session, presented.digest, secret_id=presented.secret_id, now=issuance.now)
                wanted = _with_key_kind(moved, issuance)
            case BranchVerdict.EXPIRED:
                raise RefreshExpired(session.handle)
            case BranchVerdict.REUSED:
                raise ReuseDetected(session.handle, session.user_id, reuse_subtype(session, presented))
            case _:
                assert_never(verdict)
        if await _written(wanted, session):
            return issue(wanted, child, issuance, parent_hash=presented.hash)
    raise Contended(presented.handle)


async def verify_branch(claims: AccessClaims, issuance: Issuance, *, check_database: bool) -> VerifiedBranch:
    """
    Hold a verified access token against its session; the first one of a child promotes it.

    Args:
        claims: of a token whose signature and time hold.
        issuance: what a fresh access token is made with; its lifetime is the full one, without jitter.
        check_database: demand that the session stands, and show its present payload.

    Raises:
        SessionGone: the session was asked for and is not there.
        Contended: others kept changing the session.
    """
    if claims.parent_hash is None and not check_database:
        return VerifiedBranch(payload=claims.custom, fresh=None)
    for _ in range(ATTEMPTS):
        session = await ask(SessionStore.load_session, issuance.app_id, claims.handle)
        if session is None:
            raise SessionGone(claims.handle)
        stale = check_database and not same(claims.custom, session.payload)
        first_use = is_child(session, claims.parent_hash)
        if not (first_use or stale or (claims.parent_hash is not None and is_newest(session, claims))):
            return VerifiedBranch(payload=claims.custom, fresh=None)
        wanted = session
        if first_use:
            wanted = promoted(
                session,
                digest_hash(claims.refresh_hash),
                secret_id=issuance.secrets.primary.id,
                now=issuance.now,
            )
        if await _written(wanted, session):
            full = replace(issuance, access_lifetime=issuance.lifetimes.access)
            return VerifiedBranch(payload=wanted.payload, fresh=settled(wanted, claims, full))
    raise Contended(claims.handle)


def _with_key_kind(session: Session, issuance: Issuance) -> Session:
    if issuance.static_keys is None or issuance.static_keys == session.static_key:
        return session
    return replace(session, static_key=issuance.static_keys)


async def _written(wanted: Session, stored: Session) -> bool:
    if wanted is stored:
        return True
    return await ask(SessionStore.replace_family, wanted, if_current=stored.family.current)
