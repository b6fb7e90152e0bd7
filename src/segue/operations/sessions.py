"""
The life of sessions: create, authenticate, refresh, change, find, revoke.

House rule: after whatever may have revoked something, what is at hand is distrusted, so that this process feels it at
its next verification.
"""

from __future__ import annotations

from segue.errors import ReuseDetected, SessionGone
from segue.http import flows as http_flows
from segue.http.flows import Authenticated, Checked
from segue.http.message import Actions, HttpRequest
from segue.http.runtime import Runtime
from segue.ids import SessionHandle, TenantId, UserId, require_user_id
from segue.json import JsonObject
from segue.operations.at_hand import AtHand
from segue.sessions.claims import ClaimValidator
from segue.sessions.flows import NO_ANTI_CSRF
from segue.sessions.issuing import Issued, NewSession
from segue.sessions.model import ByHandle, ByUser, Position, Selection, SessionView
from segue.sessions.seam import Sessions
from segue.tokens.access import AccessClaims

_MOST = 10_000
"""Sessions on one page."""


class SessionOperations:
    """Sessions of one app."""

    def __init__(self, at_hand: AtHand) -> None:
        """*at_hand*: keys, revocations, configuration, time."""
        self._at_hand = at_hand

    async def create_session(self, new: NewSession) -> Issued:
        """See `Engine.create_session`."""
        require_user_id(new.user_id)
        return await (await self._at_hand.ready()).sessions.create(new)

    async def create_session_on(self, request: HttpRequest, new: NewSession) -> tuple[Issued, Actions]:
        """See `Engine.create_session_on`."""
        require_user_id(new.user_id)
        return await http_flows.create_session(request, new, await self._at_hand.ready())

    async def authenticate(
        self,
        request: HttpRequest,
        *,
        session_required: bool,
        anti_csrf_check: bool | None,
        check_database: bool,
        validators: tuple[ClaimValidator, ...],
    ) -> Authenticated | None:
        """See `Engine.authenticate`."""
        found = await self._at_hand.knowing(
            lambda runtime: http_flows.authenticate(
                request,
                runtime,
                session_required=session_required,
                anti_csrf_check=anti_csrf_check,
                check_database=check_database,
                validators=validators,
            )
        )
        if found is not None:
            self._at_hand.first_use.note(found.access.claims.handle)
        return found

    async def verify_access_token(self, text: str) -> AccessClaims:
        """See `Engine.verify_access_token`."""

        async def verify(runtime: Runtime) -> AccessClaims:
            claims = runtime.verifier.verify(text, now=runtime.now).claims
            if claims.handle in runtime.revoked:
                raise SessionGone(claims.handle)
            runtime.used(claims.handle)
            return claims

        return await self._at_hand.knowing(verify)

    async def refresh(self, refresh_token: str) -> Issued:
        """See `Engine.refresh`."""
        runtime = await self._at_hand.ready()
        try:
            issued = await runtime.sessions.refresh(refresh_token, anti_csrf=NO_ANTI_CSRF)
        except ReuseDetected:
            self._at_hand.distrust()
            raise
        runtime.used(issued.session.handle)
        return issued

    async def change_payload(
        self, request: HttpRequest, found: Authenticated, changes: JsonObject
    ) -> Authenticated:
        """See `Engine.change_payload`."""
        return await http_flows.change_payload(request, found, changes, await self._at_hand.ready())

    async def check_claims(
        self, request: HttpRequest, found: Authenticated, validators: tuple[ClaimValidator, ...]
    ) -> Checked:
        """See `Engine.check_claims`."""
        return await http_flows.check_claims(request, found, validators, await self._at_hand.ready())

    async def revoke_session(self, found: Authenticated) -> Actions:
        """See `Engine.revoke_session`."""
        actions = await http_flows.revoke_session(found, await self._at_hand.ready())
        self._at_hand.first_use.note(found.access.claims.handle)
        self._at_hand.distrust()
        return actions

    async def load_session(self, handle: SessionHandle) -> SessionView | None:
        """See `Engine.load_session`."""
        return await self._sessions().load(handle)

    async def list_sessions(
        self, user_id: UserId, *, tenant_id: TenantId | None, limit: int, after: SessionView | None
    ) -> tuple[SessionView, ...]:
        """See `Engine.list_sessions`."""
        if not 0 < limit <= _MOST:
            raise ValueError(f"limit must lie between 1 and {_MOST}")
        selection = ByUser(user_id=user_id, tenant_id=tenant_id)
        place = None if after is None else Position.of(after)
        return await self._sessions().find(selection, limit=limit, after=place)

    async def revoke(self, selection: Selection | SessionHandle) -> tuple[SessionHandle, ...]:
        """See `Engine.revoke`."""
        chosen = ByHandle(handles=(SessionHandle(selection),)) if isinstance(selection, str) else selection
        gone: list[SessionHandle] = []
        more = True
        while more:
            # The time of each batch is its own: the feed forgets by it, and sessions refresh until they are deleted.
            batch = await self._sessions().revoke(chosen)
            self._at_hand.distrust()
            gone += batch.handles
            more = batch.more
        return tuple(gone)

    async def replace_data(self, handle: SessionHandle, data: JsonObject) -> bool:
        """See `Engine.replace_data`."""
        return await self._sessions().replace_data(handle, data)

    def _sessions(self) -> Sessions:
        """For what needs no signing key: none is loaded or made for it."""
        return self._at_hand.home.sessions(self._at_hand.clock.now())
