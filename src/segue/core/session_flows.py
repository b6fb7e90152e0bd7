"""
What the core protocol does with sessions: create, refresh, verify, change, remove (core protocol §7, §8).

The rules of rotation are those of `segue.sessions`; here is which of them applies, and what the protocol checks around
them. House rule: as for every flow, only `ask` is awaited; nothing here knows JSON members or status codes.
"""

from __future__ import annotations

import hmac
import re
from datetime import timedelta

import msgspec
from msgspec.structs import replace

from segue.core.context import Context
from segue.core.mapping_flows import session_user_id
from segue.core.token_flows import recognise_token, verify_token
from segue.errors import AntiCsrfRefused, SessionGone
from segue.flow import ask
from segue.ids import SessionHandle
from segue.json import JsonObject, same
from segue.sessions import branching_flows, flows
from segue.sessions.branching_flows import refresh_branch, verify_branch
from segue.sessions.flows import AntiCsrf
from segue.sessions.issuing import IssuedSession, NewSession, renew
from segue.sessions.model import ByHandle, Position, Selection, Session
from segue.sessions.ports import SessionIndex, SessionStore
from segue.tokens.access import AccessClaims, AccessToken, AccessVersion
from segue.tokens.refresh import digest_hash

PAGE = 1000
"""Sessions looked up at a time."""
_HANDLE = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(_[a-z0-9-]+)?", re.ASCII)


class PayloadRefused(Exception):
    """The payload has a name that access tokens keep for themselves."""


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Tokens as a caller wants them."""

    version: AccessVersion
    static_keys: bool | None = None
    """None: as the session was created."""
    access_lifetime: timedelta | None = None


class Verification(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be checked of an access token."""

    anti_csrf: str | None
    demand_anti_csrf: bool
    check_database: bool
    rotates_at_once: bool
    """The rule of version 5.6: nothing is written, no token handed out."""


class Verified(msgspec.Struct, frozen=True, kw_only=True):
    """An access token that holds."""

    claims: AccessClaims
    payload: JsonObject
    """The application's claims as the caller is to see them."""
    fresh: AccessToken | None = None
    outdated: bool | None = None
    """The stored payload is another one; None: nobody looked."""
    rotated_out: bool = False
    """Its refresh token was replaced by others since; a refresh will tell what that means."""


def refuse_protected(payload: JsonObject, version: AccessVersion) -> None:
    """
    Demand a payload without names that are the token's own; a null counts as there.

    Raises:
        PayloadRefused: it has one.
    """
    if not version.protected.isdisjoint(payload):
        raise PayloadRefused


def is_handle(text: str) -> bool:
    """Whether a text can be a session's handle at all; no other one is worth a look into the store."""
    return len(text) <= 255 and _HANDLE.fullmatch(text) is not None


async def create_session(new: NewSession, wanted: Wanted, context: Context) -> IssuedSession:
    """Create a session of a user, who may be known by another id."""
    user_id = await session_user_id(context.app_id, new.user_id)
    issuance = context.issuance(wanted.version, access_lifetime=wanted.access_lifetime)
    return await flows.create(
        replace(new, user_id=user_id), issuance, randomness=context.random(flows.RANDOMNESS)
    )


async def refresh_session(
    text: str, wanted: Wanted, context: Context, *, anti_csrf: AntiCsrf, rotates_at_once: bool
) -> IssuedSession:
    """
    Exchange a refresh token by one rule or the other.

    Raises:
        RefreshRefused, AntiCsrfRefused: as the rules of rotation say.
        PayloadRefused: the stored payload has a name that tokens of this form keep for themselves.
    """
    issuance = context.issuance(
        wanted.version, static_keys=wanted.static_keys, access_lifetime=wanted.access_lifetime
    )
    if rotates_at_once:
        issued = await flows.refresh(text, issuance, anti_csrf=anti_csrf)
    else:
        randomness = context.random(branching_flows.RANDOMNESS)
        issued = await refresh_branch(text, issuance, anti_csrf=anti_csrf, randomness=randomness)
    refuse_protected(issued.session.payload, wanted.version)
    return issued


async def verify_session(text: str, wish: Verification, context: Context) -> Verified:
    """
    Verify an access token, and as far as wanted the session behind it.

    Raises:
        TokenRefused: it does not hold, or the anti-CSRF token does not match.
        SessionGone: the session was asked for and is not there.
    """
    claims = await verify_token(text, context)
    if wish.demand_anti_csrf and not _same_text(claims.anti_csrf, wish.anti_csrf):
        raise AntiCsrfRefused("verify")
    if wish.rotates_at_once:
        return await _confirmed(claims, context) if wish.check_database else _as_it_says(claims)
    found = await verify_branch(claims, context.issuance(), check_database=wish.check_database)
    return Verified(claims=claims, payload=found.payload, fresh=found.fresh)


async def regenerate(
    text: str, payload: JsonObject | None, context: Context, *, protect: bool
) -> tuple[Session, AccessToken | None]:
    """
    Replace a session's payload, or keep it, and make the access token anew; None if the given one is over.

    Raises:
        TokenMalformed, SignatureRefused: not an access token of ours.
        PayloadRefused: see `refuse_protected`.
        SessionGone: there is no such session.
    """
    claims = await recognise_token(text, context)
    if payload is not None and protect:
        refuse_protected(payload, claims.version)
    session = await change(claims.handle, context, payload=payload, data=None)
    if context.now >= claims.expires_at:
        return session, None
    return session, renew(session, claims, context.issuance())


async def change(
    handle: SessionHandle, context: Context, *, payload: JsonObject | None, data: JsonObject | None
) -> Session:
    """
    Replace what is given; the session as it then is.

    Raises:
        SessionGone: there is no such session.
    """
    session = await find(handle, context)
    if payload is None and data is None:
        return session
    changed = await ask(SessionStore.update_session, context.app_id, handle, payload=payload, data=data)
    if changed is None:
        raise SessionGone(handle)
    return changed


async def find(handle: SessionHandle, context: Context) -> Session:
    """
    A session that lives.

    Raises:
        SessionGone: there is no such session.
    """
    if is_handle(handle):
        session = await ask(SessionStore.load_session, context.app_id, handle)
        if session is not None and context.now < session.expires_at:
            return session
    raise SessionGone(handle)


async def remove(handles: tuple[SessionHandle, ...], context: Context) -> tuple[SessionHandle, ...]:
    """End sessions by their handles; those that were there, in the given order."""
    real = tuple(dict.fromkeys(handle for handle in handles if is_handle(handle)))
    gone = frozenset(await end_all(ByHandle(handles=real), context))
    return tuple(handle for handle in real if handle in gone)


async def end_all(selection: Selection, context: Context) -> tuple[SessionHandle, ...]:
    """End every session that a selection names, in bounded batches; those that were living."""
    gone: list[SessionHandle] = []
    more = True
    while more:
        batch = await flows.revoke_batch(context.app_id, selection, at=context.now)
        gone += batch.handles
        more = batch.more
    return tuple(gone)


async def handles_of(selection: Selection, context: Context) -> tuple[SessionHandle, ...]:
    """Handles of all sessions that a selection names and that live, newest first."""
    found: list[SessionHandle] = []
    after: Position | None = None
    while True:
        page = await ask(
            SessionIndex.list_sessions, context.app_id, selection, at=context.now, limit=PAGE, after=after
        )
        found += [session.handle for session in page]
        if len(page) < PAGE:
            return tuple(found)
        after = Position.of(page[-1])


async def _confirmed(claims: AccessClaims, context: Context) -> Verified:
    session = await ask(SessionStore.load_session, context.app_id, claims.handle)
    if session is None:
        raise SessionGone(claims.handle)
    lineage = (session.family.current, session.family.previous)
    hashes = (claims.refresh_hash, claims.parent_hash)
    in_line = any(digest_hash(known) in lineage for known in hashes if known is not None)
    changed = not same(session.payload, claims.custom)
    return Verified(claims=claims, payload=claims.custom, outdated=changed, rotated_out=not in_line)


def _as_it_says(claims: AccessClaims) -> Verified:
    return Verified(claims=claims, payload=claims.custom)


def _same_text(one: str | None, other: str | None) -> bool:
    return one is not None and other is not None and hmac.compare_digest(one.encode(), other.encode())
