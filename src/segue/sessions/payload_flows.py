"""
Change what a session carries in its access tokens, and make a token that shows it.

The refresh token and the family stay as they are. House rule: as in `segue.sessions.flows`.
"""

from __future__ import annotations

from segue.errors import Contended, SessionGone
from segue.flow import ask
from segue.json import JsonObject
from segue.sessions.issuing import Issuance, application_payload, renew, require_room
from segue.sessions.model import Session
from segue.sessions.ports import SessionStore
from segue.tokens.access import MAX_ACCESS, AccessClaims, AccessToken

ATTEMPTS = 20
"""How often a merge is tried; each time that it is lost, another one was written."""


async def change_payload(
    claims: AccessClaims, payload: JsonObject, issuance: Issuance
) -> tuple[Session, AccessToken | None]:
    """
    Replace a session's payload and make an access token that shows it.

    The new token keeps expiry, lineage and anti-CSRF token of the given one and gets a fresh `issued_at`; it is None
    if the given one is over. The refresh token stays.

    Raises:
        SessionGone: there is no such session.
    """
    cleaned = application_payload(payload, issuer=issuance.issuer)
    session = await ask(
        SessionStore.update_session, issuance.app_id, claims.handle, payload=cleaned, data=None
    )
    return _shown(session, claims, issuance)


async def merge_payload(
    claims: AccessClaims, changes: JsonObject, issuance: Issuance, *, longest: int = MAX_ACCESS
) -> tuple[Session, AccessToken | None]:
    """
    As `change_payload`, but merge: members that *changes* does not name stay, null takes one away.

    However many merge at once, none undoes what another one wrote.

    Raises:
        SessionGone: there is no such session.
        Contended: others kept changing the payload.
        PayloadTooLarge: an access token would have more than *longest* characters; nothing was stored.
    """
    for _ in range(ATTEMPTS):
        # What is stored is merged into, not what the token says: it may have been changed since the token was made.
        stored = await ask(SessionStore.load_session, issuance.app_id, claims.handle)
        if stored is None:
            raise SessionGone(claims.handle)
        merged = application_payload(merge(stored.payload, changes), issuer=issuance.issuer)
        require_room(
            merged, longest, user_id=stored.user_id, tenant_id=stored.tenant_id, handle=stored.handle
        )
        written = await ask(
            SessionStore.update_session,
            issuance.app_id,
            claims.handle,
            payload=merged,
            data=None,
            if_payload=stored.payload,
        )
        if written is not None:
            return _shown(written, claims, issuance)
    raise Contended(claims.handle)


def merge(payload: JsonObject, changes: JsonObject) -> JsonObject:
    """The payload with the changes made, one level deep; null takes a member away."""
    gone = {name for name, value in changes.items() if value is None}
    return {name: value for name, value in {**payload, **changes}.items() if name not in gone}


def _shown(
    session: Session | None, claims: AccessClaims, issuance: Issuance
) -> tuple[Session, AccessToken | None]:
    """A session whose payload was changed, and a token that shows it unless the given one is over."""
    if session is None or issuance.now >= session.expires_at:
        raise SessionGone(claims.handle)
    if issuance.now >= claims.expires_at:
        return session, None
    return session, renew(session, claims, issuance)
