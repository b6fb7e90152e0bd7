"""
Sessions in a remote core, behind the seam: each method one or a few calls (core protocol §7).

The core makes tokens, rotates and detects reuse; we hold it to the absolute end of a session, which it does not know:
tokens that come after it are never handed out, and the session is removed. House rule: as for every flow, only `ask`
and other flows are awaited.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import TypeVar, assert_never

import msgspec
from msgspec import structs

from segue.errors import (
    BeyondCore,
    CoreRefused,
    RefreshExpired,
    ReuseDetected,
    SessionGone,
    TokenExpired,
    TokenMalformed,
    UnknownRefreshToken,
)
from segue.ids import AppId, Digest, SessionHandle, from_milliseconds
from segue.json import JsonObject
from segue.remote import calls
from segue.remote.answers import Answer, Done, Found, Information, Removed, TokenPart, unexpected
from segue.remote.exchange import Core
from segue.remote.marks import (
    END,
    Mark,
    end_of,
    kept_mark,
    mark_of,
    with_end,
    with_mark,
    without_end,
    without_mark,
)
from segue.sessions.flows import AntiCsrf
from segue.sessions.issuing import Issued, NewSession, application_payload, require_room
from segue.sessions.model import (
    ByHandle,
    ByProvenance,
    ByTenant,
    ByUser,
    Position,
    Revoked,
    Selection,
    SessionHead,
    SessionView,
)
from segue.sessions.payload_flows import merge
from segue.sessions.policy import Lifetimes
from segue.tokens.access import MAX_ACCESS, AccessToken, ended_by, read_issued_access

T = TypeVar("T")

_MAX_TOKEN = 8192
_JWT, _CORE_TAIL = "eyJ", ".V2"
"""How every JWT begins (`{"` in base64url), and how the reference's refresh tokens end, which begin at random."""
_ANY_HANDLE = SessionHandle("0" * 72)
"""As long as a core's handle and the tenant behind it are."""
_NOT_BY = "a remote core finds sessions by handle and by user, not by {}"


class OpaqueToken(msgspec.Struct, frozen=True):
    """A refresh token of the core's; what is in it is the core's business."""

    text: str

    def __repr__(self) -> str:
        return "<OpaqueToken>"


class Terms(msgspec.Struct, frozen=True, kw_only=True):
    """What we decide about sessions that the core keeps."""

    app_id: AppId
    issuer: str
    """The `iss` of access tokens: API domain and base path."""
    static_keys: bool
    lifetimes: Lifetimes = Lifetimes()
    """Of these, `absolute` alone: the others are the core's."""


class RemoteSessions:
    """Implements `segue.sessions.seam.Sessions`."""

    __slots__ = ("_core", "_now", "_revoked", "_terms")

    def __init__(
        self,
        core: Core,
        terms: Terms,
        *,
        now: datetime,
        revoked: Callable[[tuple[SessionHandle, ...]], None],
    ) -> None:
        """
        Args:
            core: where they live.
            terms: what we decide.
            now: aware UTC instant.
            revoked: is told of every session that is removed here, so that this process feels it at once.
        """
        self._core = core
        self._terms = terms
        self._now = now
        self._revoked = revoked

    async def create(self, new: NewSession, *, longest: int = MAX_ACCESS) -> Issued:
        """See `Sessions.create`."""
        return await self.create_marked(new, after=None, longest=longest)

    async def create_marked(
        self, new: NewSession, *, after: SessionHandle | None, longest: int = MAX_ACCESS
    ) -> Issued:
        """Create a session, and write down with it which attempt at a migration made it."""
        mark = Mark(provenance=new.provenance, device=new.device, after=after)
        end = self._end(new)
        payload = with_end(application_payload(new.payload, issuer=self._terms.issuer), end)
        require_room(payload, longest, user_id=new.user_id, tenant_id=new.tenant_id, handle=_ANY_HANDLE)
        call = calls.create(
            user_id=new.user_id,
            tenant_id=new.tenant_id,
            payload=payload,
            data=with_mark(new.data, mark),
            dynamic_key=not self._terms.static_keys,
            anti_csrf=new.anti_csrf,
        )
        answer = await self._core.call(call, Answer, now=self._now)
        if answer.status != "OK":
            raise unexpected(answer.status)
        return self._issued(answer)

    def may_refresh(self, text: str) -> bool:
        """See `Sessions.may_refresh`: what a core makes of it cannot be told, but it makes no JWTs."""
        jwt = text.startswith(_JWT) and not text.endswith(_CORE_TAIL)
        return 0 < len(text) <= _MAX_TOKEN and text.isascii() and text.isprintable() and not jwt

    async def refresh(self, text: str, *, anti_csrf: AntiCsrf) -> Issued:
        """See `Sessions.refresh`."""
        if not 0 < len(text) <= _MAX_TOKEN or not text.isascii() or not text.isprintable():
            raise UnknownRefreshToken("not a refresh token")
        call = calls.refresh(
            text,
            dynamic_key=not self._terms.static_keys,
            anti_csrf=anti_csrf.enabled,
            anti_csrf_token=anti_csrf.presented if anti_csrf.enabled else None,
        )
        answer = await self._core.call(call, Answer, now=self._now)
        match answer.status:
            case "OK":
                return await self._in_time(self._issued(answer))
            case "UNAUTHORISED":
                raise UnknownRefreshToken("the core does not take it")
            case "TOKEN_THEFT_DETECTED":
                session = _required(answer.session)
                # Up to version 5.5 the core leaves that to whoever asked; later it has done so itself.
                await self._remove((session.handle,))
                raise ReuseDetected(session.handle, session.user_id, answer.subtype or "NOT_TOLD")
            case other:
                raise unexpected(other)

    async def confirm(self, access: AccessToken, *, check_database: bool) -> AccessToken | None:
        """See `Sessions.confirm`; the first use of a token that names a parent settles its rotation in the core."""
        call = calls.verify(access.text, check_database=check_database)
        answer = await self._core.call(call, Answer, now=self._now)
        match answer.status:
            case "OK":
                return None if answer.access is None else _token(answer.access)
            case "UNAUTHORISED" if "refresh required" in answer.message:
                raise TokenExpired("its refresh token was rotated out")
            case "UNAUTHORISED":
                raise SessionGone(access.claims.handle)
            case "TRY_REFRESH_TOKEN":
                raise TokenExpired("the core does not take it")
            case other:
                raise unexpected(other)

    async def merge_payload(
        self, access: AccessToken, changes: JsonObject, *, longest: int = MAX_ACCESS
    ) -> AccessToken | None:
        """See `Sessions.merge_payload`. Of two merges at the same moment the core keeps the later one alone."""
        stored = await self._information(access.claims.handle)
        if stored is None:
            raise SessionGone(access.claims.handle)
        # What is stored is merged into, not what the token says: it may have been changed since the token was made.
        merged = application_payload(merge(stored.payload, changes), issuer=self._terms.issuer)
        payload = with_end(merged, end_of(stored.payload))
        claims = access.claims
        require_room(
            payload, longest, user_id=claims.user_id, tenant_id=claims.tenant_id, handle=claims.handle
        )
        return await self._regenerated(access, payload)

    async def show(self, access: AccessToken) -> AccessToken | None:
        """See `Sessions.show`."""
        return await self._regenerated(access, None)

    async def load(self, handle: SessionHandle) -> SessionView | None:
        """See `Sessions.load`."""
        stored = await self._information(handle)
        return None if stored is None else self._view(stored)

    async def find(
        self, selection: Selection, *, limit: int, after: Position | None
    ) -> tuple[SessionView, ...]:
        """See `Sessions.find`; one call for all handles, and one for each session whatever the limit."""
        found = [await self.load(handle) for handle in await self._handles(selection)]
        living = sorted(filter(None, found), key=_place, reverse=True)
        start = None if after is None else (after.created_at, after.handle)
        return tuple([each for each in living if start is None or _place(each) < start][:limit])

    async def replace_data(self, handle: SessionHandle, data: JsonObject) -> bool:
        """See `Sessions.replace_data`; our own mark stays."""
        stored = await self._information(handle)
        if stored is None:
            return False
        call = calls.replace_data(handle, kept_mark(data, stored.data))
        return (await self._core.call(call, Done, now=self._now)).status == "OK"

    async def attempts(
        self, claim_id: Digest, selection: ByUser
    ) -> tuple[tuple[SessionHandle, SessionHandle], ...]:
        """Living sessions that were made for a claim, each with the handle that the claim then named."""
        found: list[tuple[SessionHandle, SessionHandle]] = []
        for handle in await self._handles(selection):
            stored = await self._information(handle)
            mark = Mark() if stored is None else mark_of(stored.data)
            if (
                mark.after is not None
                and mark.provenance is not None
                and mark.provenance.claim_id == claim_id
            ):
                found.append((handle, mark.after))
        return tuple(found)

    async def revoke(self, selection: Selection) -> Revoked:
        """See `Sessions.revoke`; never in batches."""
        if isinstance(selection, ByUser) and selection.except_handle is None:
            call = calls.remove_user(selection.user_id, selection.tenant_id)
            gone = self._noted(await self._core.call(call, Removed, now=self._now))
        else:
            gone = await self._remove(await self._handles(selection))
        return Revoked(handles=gone, more=False)

    # --- how ------------------------------------------------------------------------------------------------

    async def _handles(self, selection: Selection) -> tuple[SessionHandle, ...]:
        match selection:
            case ByHandle(handles=handles):
                return handles
            case ByUser(user_id=user_id, tenant_id=tenant_id, except_handle=kept):
                found = await self._core.call(calls.handles_of(user_id, tenant_id), Found, now=self._now)
                return tuple(handle for handle in found.handles if handle != kept)
            case ByTenant():
                raise BeyondCore(_NOT_BY.format("tenant"))
            case ByProvenance():
                raise BeyondCore(_NOT_BY.format("provenance"))
            case _:
                assert_never(selection)

    async def _remove(self, handles: tuple[SessionHandle, ...]) -> tuple[SessionHandle, ...]:
        if not handles:
            return ()
        return self._noted(await self._core.call(calls.remove(handles), Removed, now=self._now))

    def _noted(self, removed: Removed) -> tuple[SessionHandle, ...]:
        if removed.status != "OK":
            raise unexpected(removed.status)
        gone = tuple(removed.handles)
        self._revoked(gone)
        return gone

    async def _information(self, handle: SessionHandle) -> Information | None:
        """What the core has of a session, while it lives, also by our own measure."""
        stored = await self._core.call(calls.information(handle), Information, now=self._now)
        if stored.status == "UNAUTHORISED":
            return None
        if stored.status != "OK":
            raise unexpected(stored.status)
        end = end_of(stored.payload)
        return stored if end is None or self._now < end else None

    async def _regenerated(self, access: AccessToken, payload: JsonObject | None) -> AccessToken | None:
        answer = await self._core.call(calls.regenerate(access.text, payload), Answer, now=self._now)
        match answer.status:
            case "OK":
                return None if answer.access is None else _token(answer.access)
            case "UNAUTHORISED":
                raise SessionGone(access.claims.handle)
            case other:
                raise unexpected(other)

    async def _in_time(self, issued: Issued) -> Issued:
        """What may be handed out: nothing once the absolute end is reached, whatever lifetime the core has given."""
        session = issued.session
        end = session.absolute_expires_at
        if end is not None and self._now >= end:
            await self._remove((session.handle,))
            raise RefreshExpired(session.handle)
        return issued

    def _end(self, new: NewSession) -> datetime | None:
        configured = self._terms.lifetimes.absolute
        ends = [] if configured is None else [self._now + configured]
        ends += [] if new.absolute_expires_at is None else [new.absolute_expires_at]
        return min(ends, default=None)

    def _issued(self, answer: Answer) -> Issued:
        session, refresh = _required(answer.session), _required(answer.refresh)
        end, sliding = end_of(session.payload), from_milliseconds(refresh.expiry)
        head = SessionHead(
            app_id=self._terms.app_id,
            tenant_id=session.tenant_id,
            handle=session.handle,
            user_id=session.user_id,
            payload=without_end(session.payload),
            expires_at=sliding if end is None else min(sliding, end),
            absolute_expires_at=end,
        )
        return Issued(
            session=head,
            access=_token(_required(answer.access)),
            refresh=OpaqueToken(refresh.token),
            anti_csrf=answer.anti_csrf,
        )

    def _view(self, stored: Information) -> SessionView:
        end, mark, sliding = end_of(stored.payload), mark_of(stored.data), from_milliseconds(stored.expiry)
        return SessionView(
            app_id=self._terms.app_id,
            tenant_id=stored.tenant_id,
            handle=stored.handle,
            user_id=stored.user_id,
            payload=without_end(stored.payload),
            data=without_mark(stored.data),
            created_at=from_milliseconds(stored.created_at),
            refreshed_at=None,
            expires_at=sliding if end is None else min(sliding, end),
            absolute_expires_at=end,
            provenance=mark.provenance,
            device=mark.device,
        )


def _token(part: TokenPart) -> AccessToken:
    """
    An access token that the core has just made: it is taken as it is, but for the end that it states.

    Raises:
        CoreRefused: it is not of a form that we read.
    """
    try:
        token = read_issued_access(part.token)
    except TokenMalformed:
        pass  # raised outside, because no error of a token may be taken for the client's
    else:
        return structs.replace(token, claims=ended_by(token.claims, END))
    raise CoreRefused("an access token of a form that is not known here")


def _place(session: SessionView) -> tuple[datetime, str]:
    return session.created_at, session.handle


def _required(part: T | None) -> T:
    if part is None:
        raise CoreRefused("a part of the answer is missing")
    return part
