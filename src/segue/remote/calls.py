"""
What a core is asked: one builder for each call of the core protocol that we make (§7), as values.

House rule: nothing is decided here; names and paths of the wire appear here and in `answers` alone.
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import quote, urlencode

from segue.discreet import Discreet
from segue.ids import SessionHandle, TenantId, UserId
from segue.json import JsonObject, JsonValue


class CoreCall(Discreet, frozen=True, kw_only=True):
    """A call, before it is known which host gets it and in which version."""

    unshown: ClassVar = frozenset({"query", "body"})

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    body: JsonObject | None = None
    repeatable: bool = True
    """It may be made again when it is not known whether it was heard: nothing is made twice by it."""

    def target(self, base: str) -> str:
        """Path and query on the wire; *base* stands in front."""
        return base + self.path + (f"?{urlencode(self.query)}" if self.query else "")


def versions(*, api_domain: str, website_domain: str) -> CoreCall:
    """Which versions are served."""
    query = (("apiDomain", api_domain), ("websiteDomain", website_domain))
    return CoreCall(method="GET", path="/apiversion", query=query)


PUBLIC_KEYS = CoreCall(method="GET", path="/.well-known/jwks.json")
"""The keys of access tokens; asked for without key and version, as SDKs do."""


def create(
    *,
    user_id: UserId,
    tenant_id: TenantId,
    payload: JsonObject,
    data: JsonObject,
    dynamic_key: bool,
    anti_csrf: bool,
) -> CoreCall:
    """Create a session (§7.1)."""
    body: JsonObject = {
        "userId": user_id,
        "userDataInJWT": dict(payload),
        "userDataInDatabase": dict(data),
        "useDynamicSigningKey": dynamic_key,
        "enableAntiCsrf": anti_csrf,
    }
    return CoreCall(method="POST", path=_of(tenant_id) + "/recipe/session", body=body, repeatable=False)


def information(handle: SessionHandle) -> CoreCall:
    """Tell of a session (§7.2)."""
    return CoreCall(method="GET", path="/recipe/session", query=(("sessionHandle", handle),))


def verify(access_token: str, *, check_database: bool) -> CoreCall:
    """
    Confirm an access token (§7.3).

    The proof against cross-site requests is demanded by us, before and without the core.
    """
    body: JsonObject = {
        "accessToken": access_token,
        "doAntiCsrfCheck": False,
        "enableAntiCsrf": False,
        "checkDatabase": check_database,
    }
    return CoreCall(method="POST", path="/recipe/session/verify", body=body)


def refresh(
    refresh_token: str, *, dynamic_key: bool, anti_csrf: bool, anti_csrf_token: str | None
) -> CoreCall:
    """
    Rotate a refresh token (§7.4).

    Repeatable: a core gives a parent that comes again a moment later another successor.
    """
    body: dict[str, JsonValue] = {
        "refreshToken": refresh_token,
        "enableAntiCsrf": anti_csrf,
        "useDynamicSigningKey": dynamic_key,
    }
    if anti_csrf_token is not None:
        body["antiCsrfToken"] = anti_csrf_token
    return CoreCall(method="POST", path="/recipe/session/refresh", body=body)


def regenerate(access_token: str, payload: JsonObject | None) -> CoreCall:
    """Make an access token anew, with another payload or the stored one (§7.5)."""
    body: dict[str, JsonValue] = {"accessToken": access_token}
    if payload is not None:
        body["userDataInJWT"] = dict(payload)
    return CoreCall(method="POST", path="/recipe/session/regenerate", body=body)


def remove(handles: tuple[SessionHandle, ...]) -> CoreCall:
    """Revoke sessions (§7.6)."""
    body: JsonObject = {"sessionHandles": list(handles)}
    return CoreCall(method="POST", path="/recipe/session/remove", body=body)


def remove_user(user_id: UserId, tenant_id: TenantId | None) -> CoreCall:
    """Revoke a user's sessions, in one tenant or in all; linked users are others here."""
    body: JsonObject = {
        "userId": user_id,
        "revokeSessionsForLinkedAccounts": False,
        "revokeAcrossAllTenants": tenant_id is None,
    }
    return CoreCall(method="POST", path=_of(tenant_id) + "/recipe/session/remove", body=body)


def handles_of(user_id: UserId, tenant_id: TenantId | None) -> CoreCall:
    """Find a user's sessions, in one tenant or in all (§7.7)."""
    query = (
        ("userId", user_id),
        ("fetchAcrossAllTenants", "true" if tenant_id is None else "false"),
        ("fetchSessionsForAllLinkedAccounts", "false"),
    )
    return CoreCall(method="GET", path=_of(tenant_id) + "/recipe/session/user", query=query)


def replace_data(handle: SessionHandle, data: JsonObject) -> CoreCall:
    """Replace what stays on the server (§7.8)."""
    body: JsonObject = {"sessionHandle": handle, "userDataInDatabase": dict(data)}
    return CoreCall(method="PUT", path="/recipe/session/data", body=body)


def _of(tenant_id: TenantId | None) -> str:
    return "" if tenant_id is None else f"/{quote(tenant_id, safe='')}"
