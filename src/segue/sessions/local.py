"""
Sessions in our own store, behind the seam.

House rule: nothing is decided here; each method is one of the flows of this package.
"""

from __future__ import annotations

from collections.abc import Callable

from segue.errors import UnknownRefreshToken
from segue.flow import ask
from segue.ids import SessionHandle
from segue.json import JsonObject
from segue.sessions import flows
from segue.sessions.flows import AntiCsrf
from segue.sessions.issuing import Issuance, IssuedSession, NewSession, renew
from segue.sessions.model import Position, Revoked, Selection, Session
from segue.sessions.payload_flows import merge_payload
from segue.sessions.ports import SessionIndex, SessionStore
from segue.tokens.access import MAX_ACCESS, AccessToken
from segue.tokens.refresh import read_refresh_token


class LocalSessions:
    """Implements `segue.sessions.seam.Sessions`."""

    __slots__ = ("_draw", "issuance")

    def __init__(self, issuance: Issuance, *, draw: Callable[[int], bytes]) -> None:
        """
        Args:
            issuance: what tokens are made with, and when.
            draw: as many random bytes as asked for.
        """
        self.issuance = issuance
        self._draw = draw

    async def create(self, new: NewSession, *, longest: int = MAX_ACCESS) -> IssuedSession:
        """See `Sessions.create`."""
        randomness = self._draw(flows.RANDOMNESS)
        return await flows.create(new, self.issuance, randomness=randomness, longest=longest)

    def may_refresh(self, text: str) -> bool:
        """See `Sessions.may_refresh`: its MAC holds."""
        try:
            read_refresh_token(text, self.issuance.secrets, app_id=self.issuance.app_id)
        except UnknownRefreshToken:
            return False
        return True

    async def refresh(self, text: str, *, anti_csrf: AntiCsrf) -> IssuedSession:
        """See `Sessions.refresh`."""
        return await flows.refresh(text, self.issuance, anti_csrf=anti_csrf)

    async def confirm(self, access: AccessToken, *, check_database: bool) -> None:  # noqa: ARG002 - always
        """See `Sessions.confirm`. Our own doors rotate inside the refresh, so nothing is left for a first use."""
        await flows.confirm(access.claims, app_id=self.issuance.app_id, now=self.issuance.now)

    async def merge_payload(
        self, access: AccessToken, changes: JsonObject, *, longest: int = MAX_ACCESS
    ) -> AccessToken | None:
        """See `Sessions.merge_payload`."""
        _, fresh = await merge_payload(access.claims, changes, self.issuance, longest=longest)
        return fresh

    async def show(self, access: AccessToken) -> AccessToken | None:
        """See `Sessions.show`."""
        session = await self.load(access.claims.handle)
        return None if session is None else renew(session, access.claims, self.issuance)

    async def load(self, handle: SessionHandle) -> Session | None:
        """See `Sessions.load`."""
        session = await ask(SessionStore.load_session, self.issuance.app_id, handle)
        return session if session is not None and self.issuance.now < session.expires_at else None

    async def find(self, selection: Selection, *, limit: int, after: Position | None) -> tuple[Session, ...]:
        """See `Sessions.find`."""
        now, app_id = self.issuance.now, self.issuance.app_id
        return await ask(SessionIndex.list_sessions, app_id, selection, at=now, limit=limit, after=after)

    async def replace_data(self, handle: SessionHandle, data: JsonObject) -> bool:
        """See `Sessions.replace_data`."""
        session = await ask(
            SessionStore.update_session, self.issuance.app_id, handle, payload=None, data=data
        )
        return session is not None and self.issuance.now < session.expires_at

    async def revoke(self, selection: Selection) -> Revoked:
        """See `Sessions.revoke`."""
        return await flows.revoke_batch(self.issuance.app_id, selection, at=self.issuance.now)
