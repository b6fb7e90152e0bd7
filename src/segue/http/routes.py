"""
Our routes: which request is whose, the public documents among the answers, and the headers that CORS must allow.

A tenant's name may stand between base path and route. House rule: what is not ours is passed on to the application.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from segue.http.message import HttpRequest, HttpResponse, json_response
from segue.http.settings import HttpSettings
from segue.ids import TenantId
from segue.json import JsonValue
from segue.tokens.published import PublishedKeys

CORS_HEADERS = ("rid", "fdi-version", "anti-csrf", "authorization", "st-auth-mode")
"""Request headers that a front end of another origin sends; the application's CORS layer must allow them."""

MAX_KEY_AGE = timedelta(hours=1)
"""The longest that a cache may keep our public keys."""

GRANT: Final = "urn:ietf:params:oauth:grant-type:token-exchange"
"""The only grant of the token endpoint (RFC 8693 §2.1)."""

_ANYONE = ("access-control-allow-origin", "*")
_TENANT = re.compile(r"/[A-Za-z0-9-]+(?=/)")


class Route(Enum):
    """What we answer: method and path behind the base path."""

    REFRESH = ("POST", "/session/refresh")
    SIGN_OUT = ("POST", "/signout")
    MIGRATE = ("POST", "/migrate-session")
    TOKEN = ("POST", "/token")
    """Only if a client may use it."""
    BACK_CHANNEL_LOGOUT = ("POST", "/backchannel-logout")
    """Only if a provider's logout tokens are believed."""
    JWKS = ("GET", "/jwt/jwks.json")
    DISCOVERY = ("GET", "/.well-known/openid-configuration")


_ROUTES: Mapping[tuple[str, str], Route] = {known.value: known for known in Route}

ROOT_ROUTE: Final = "/migrate-session"
"""The path of the one route that is also answered without the base path."""


def route(request: HttpRequest, settings: HttpSettings) -> Route | None:
    """Which of our routes a request is for; None: the application's business."""
    path = request.path.rstrip("/")
    if path == ROOT_ROUTE:
        return _ROUTES.get((request.method, path))
    if not path.startswith(f"{settings.routes_path}/"):
        return None
    rest = path.removeprefix(settings.routes_path)
    found = _ROUTES.get((request.method, rest)) or _ROUTES.get(
        (request.method, _TENANT.sub("", rest, count=1))
    )
    return None if found is Route.TOKEN and settings.token_exchange is None else found


def tenant_in_path(request: HttpRequest, settings: HttpSettings) -> TenantId | None:
    """The tenant that stands between base path and route, if one does."""
    path = request.path.rstrip("/")
    rest = path.removeprefix(settings.routes_path)
    if (request.method, rest) in _ROUTES or path == ROOT_ROUTE:
        return None
    named = _TENANT.match(rest)
    return None if named is None else TenantId(named.group()[1:])


def cors_headers() -> tuple[str, ...]:
    """Request headers that the application's CORS layer must allow, beside `content-type`."""
    return CORS_HEADERS


def jwks_response(keys: PublishedKeys, *, now: datetime) -> HttpResponse:
    """
    The public halves of all keys that verify (RFC 7517), for anyone.

    Caches may keep them until the next key may appear, which is published before it signs; but no longer than
    `MAX_KEY_AGE`, so that a key that had to be withdrawn is soon forgotten everywhere.
    """
    seconds = max(1, int(min(keys.next_change - now, MAX_KEY_AGE).total_seconds()))
    public: list[JsonValue] = [dict(key) for key in keys.jwks]
    headers = (_ANYONE, ("cache-control", f"max-age={seconds}, must-revalidate"))
    return json_response(200, {"keys": public}, headers=headers)


def discovery_response(settings: HttpSettings) -> HttpResponse:
    """Where our keys are (OpenID Connect Discovery §4). No endpoint is named that is not there."""
    content: dict[str, JsonValue] = {
        "issuer": settings.issuer,
        "jwks_uri": settings.issuer + Route.JWKS.value[1],
    }
    if settings.token_exchange is not None:
        content["token_endpoint"] = settings.issuer + Route.TOKEN.value[1]
        content["grant_types_supported"] = [GRANT]
        content["token_endpoint_auth_methods_supported"] = list(settings.token_exchange.methods)
    return json_response(200, content, headers=(_ANYONE,))
