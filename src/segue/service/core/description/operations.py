"""
What each method of each path takes and answers; a test holds this against the table of routes.

House rule: statuses other than 200 follow from the route and stand in `document`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias

import msgspec

from segue.service.core.description import requests, results
from segue.service.core.description.shapes import Shape

Key: TypeAlias = tuple[str, str]
"""Method and path."""


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One method of one path."""

    summary: str
    results: tuple[type[Shape], ...] = ()
    """Answers with 200; none: a line of text, or this description."""
    body: type[Shape] | None = None
    query: type[Shape] | None = None


def _told(summary: str, *answers: type[Shape]) -> Operation:
    return Operation(summary=summary, results=answers)


def _sent(summary: str, body: type[Shape], *answers: type[Shape]) -> Operation:
    return Operation(summary=summary, body=body, results=answers)


def _asked(summary: str, query: type[Shape], *answers: type[Shape]) -> Operation:
    return Operation(summary=summary, query=query, results=answers)


_HELLO = Operation(summary="Whether the service and its database answer.")
_GENERAL: Mapping[Key, Operation] = {
    **{(method, path): _HELLO for path in ("/hello", "/") for method in ("GET", "POST", "PUT", "DELETE")},
    ("GET", "/openapi.json"): Operation(summary="This description."),
    ("GET", "/apiversion"): _asked("Versions of the protocol.", requests.AskVersions, results.Versions),
    ("GET", "/.well-known/jwks.json"): _told("Public keys, for whoever verifies.", results.KeySet),
    ("GET", "/recipe/jwt/jwks"): _told("Public keys, for old SDKs.", results.OldKeySet),
    ("GET", "/telemetry"): _told("Nothing is told to anybody.", results.Telemetry),
}
_TOKENS: Mapping[Key, Operation] = {
    ("POST", "/recipe/session"): _sent("Create a session.", requests.CreateSession, results.SessionTokens),
    ("POST", "/recipe/session/verify"): _sent(
        "Verify an access token.",
        requests.VerifySession,
        *(results.Verified, results.Unauthorised, results.TryRefreshToken),
    ),
    ("POST", "/recipe/session/refresh"): _sent(
        "Exchange a refresh token.",
        requests.RefreshSession,
        *(results.SessionTokens, results.Unauthorised, results.TokenTheftDetected),
    ),
    ("POST", "/recipe/session/regenerate"): _sent(
        "A new access token with another payload.",
        requests.RegenerateSession,
        *(results.Regenerated, results.Unauthorised),
    ),
    ("POST", "/recipe/jwt"): _sent(
        "Sign a JWT.", requests.CreateJwt, results.Jwt, results.UnsupportedAlgorithm
    ),
    ("POST", "/recipe/handshake"): _told("What SDKs before 2.21 ask once.", results.Handshake),
}
_SESSIONS: Mapping[Key, Operation] = {
    ("GET", "/recipe/session"): _asked(
        "Look at a session.", requests.OfHandle, results.SessionInformation, results.Unauthorised
    ),
    ("PUT", "/recipe/session/data"): _sent(
        "Replace what a session keeps on the server.",
        requests.PutSessionData,
        *(results.Done, results.Unauthorised),
    ),
    ("GET", "/recipe/session/data"): _asked(
        "What a session keeps on the server.",
        requests.OfHandle,
        *(results.SessionData, results.Unauthorised),
    ),
    ("PUT", "/recipe/jwt/data"): _sent(
        "Replace what goes into a session's access tokens.",
        requests.PutPayload,
        *(results.Done, results.Unauthorised),
    ),
    ("GET", "/recipe/jwt/data"): _asked(
        "What goes into a session's access tokens.",
        requests.OfHandle,
        *(results.SessionPayload, results.Unauthorised),
    ),
    ("POST", "/recipe/session/remove"): _sent(
        "End sessions by handle or by user.", requests.RemoveSessions, results.SessionsRemoved
    ),
    ("GET", "/recipe/session/user"): _asked(
        "Handles of a user's sessions.", requests.OfUser, results.SessionHandles
    ),
}
_MAPPING: Mapping[Key, Operation] = {
    ("POST", "/recipe/userid/map"): _sent(
        "Map a user id.",
        requests.CreateMapping,
        *(results.Done, results.UnknownSuperTokensUserId, results.MappingAlreadyExists),
    ),
    ("GET", "/recipe/userid/map"): _asked(
        "Look a mapping up.", requests.FindMapping, results.Mapping, results.UnknownMapping
    ),
    ("POST", "/recipe/userid/map/remove"): _sent(
        "Delete a mapping.", requests.RemoveMapping, results.MappingRemoved
    ),
    **{
        (method, "/recipe/userid/external-user-id-info"): _sent(
            "Change what is noted beside a mapping.",
            requests.SetMappingInfo,
            *(results.Done, results.UnknownMapping),
        )
        for method in ("PUT", "POST")
    },
}
_USERS: Mapping[Key, Operation] = {
    ("GET", "/user/id"): _asked("A user.", requests.OneUser, results.UnknownUserId),
    ("GET", "/users/count"): _asked("How many users there are.", requests.CountUsers, results.UserCount),
    ("GET", "/users"): _asked("All users.", requests.ListUsers, results.Users),
    ("POST", "/user/remove"): _sent(
        "End a user's sessions and forget the mapping.", requests.RemoveUser, results.Done
    ),
    ("GET", "/users/count/active"): _asked(
        "How many users had a session made or refreshed.", requests.CountActive, results.UserCount
    ),
}
_PUT_APP = _sent("Make or configure an app.", requests.PutApp, results.Created)
_PUT_TENANT = _sent("Make or configure a tenant.", requests.PutTenant, results.Created)
_TENANCY = "/recipe/multitenancy"
_APPS: Mapping[Key, Operation] = {
    ("PUT", f"{_TENANCY}/app"): _PUT_APP,
    ("PUT", f"{_TENANCY}/app/v2"): _PUT_APP,
    ("POST", f"{_TENANCY}/app/remove"): _sent(
        "Remove an app with everything in it.", requests.RemoveApp, results.Removed
    ),
    ("GET", f"{_TENANCY}/app/list/v2"): _told("All apps with their tenants.", results.Apps),
    ("PUT", f"{_TENANCY}/tenant"): _PUT_TENANT,
    ("PUT", f"{_TENANCY}/tenant/v2"): _PUT_TENANT,
    ("GET", f"{_TENANCY}/tenant/v2"): _told(
        "The tenant of the path.", results.Tenant, results.TenantNotFound
    ),
    ("GET", f"{_TENANCY}/tenant"): _told(
        "The tenant of the path, as version 3.0 has it.", results.OldTenant, results.TenantNotFound
    ),
    ("POST", f"{_TENANCY}/tenant/remove"): _sent(
        "Remove a tenant with its sessions.", requests.RemoveTenant, results.Removed
    ),
    ("GET", f"{_TENANCY}/tenant/list/v2"): _told("All tenants of the app.", results.Tenants),
    ("GET", f"{_TENANCY}/tenant/list"): _told(
        "All tenants of the app, as version 3.0 has them.", results.OldTenants
    ),
}
_DASHBOARD: Mapping[Key, Operation] = {
    ("GET", "/ee/featureflag"): _told("Nothing is to be paid for.", results.Features),
    ("GET", "/ee/license"): _told("No licence is needed.", results.NoLicenseKey),
    ("PUT", "/ee/license"): _told("No licence is needed.", results.Done),
    ("DELETE", "/ee/license"): _told("No licence is needed.", results.Done),
    ("GET", "/requests/stats"): _told("Nothing is counted.", results.Statistics),
}

OPERATIONS: Mapping[Key, Operation] = {
    **_GENERAL,
    **_TOKENS,
    **_SESSIONS,
    **_MAPPING,
    **_USERS,
    **_APPS,
    **_DASHBOARD,
}
