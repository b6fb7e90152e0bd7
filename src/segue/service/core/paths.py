"""
Paths of the core protocol: `[base path][/appid-<id>][/<tenant>]<path>` (core protocol §2).

Matched without regard to case and to a slash at the end; an exact path is tried before anything is taken for an app or
a tenant. House rule: an id that leaves here is made of `a-z`, `0-9` and `-`.
"""

from __future__ import annotations

import re
from collections.abc import Container

import msgspec

from segue.ids import PUBLIC_APP, PUBLIC_TENANT, AppId, TenantId

STOP_WORDS = frozenset({"recipe", "config", "users", "hello"})
"""Segments of paths; no tenant can be called so."""
_LONGEST = 2048
LONGEST_ID = 64
_APP = re.compile(r"/appid-([a-z0-9-]*)(?=/|$)", re.ASCII)
_TENANT = re.compile(r"/([a-z0-9-]+)(?=/)", re.ASCII)
_ID = re.compile(r"[a-z0-9-]+", re.ASCII)


class Target(msgspec.Struct, frozen=True):
    """Whom a request is for."""

    path: str
    """One of those that are served."""
    app_id: AppId = PUBLIC_APP
    tenant_id: TenantId = PUBLIC_TENANT


def target_of(path: str, *, base_path: str, served: Container[str]) -> Target | None:
    """
    Find the path that is meant; None: none that is served.

    Args:
        path: decoded, as it came.
        base_path: begins with a slash and ends without, in lower case; or empty.
        served: exact paths, without a slash at the end but `/` itself.
    """
    if len(path) > _LONGEST:
        return None
    rest = path.lower()
    if base_path:
        if rest != base_path and not rest.startswith(base_path + "/"):
            return None
        rest = rest[len(base_path) :]
    rest = rest.rstrip("/") or "/"
    if rest in served:
        return Target(rest)
    app_id = PUBLIC_APP
    app = _APP.match(rest)
    if app is not None:
        app_id = AppId(app[1] or PUBLIC_APP)
        rest = rest[app.end() :] or "/"
        if rest in served:
            return Target(rest, app_id)
    tenant = _TENANT.match(rest)
    if tenant is None or tenant[1] in STOP_WORDS or rest[tenant.end() :] not in served:
        return None
    return Target(rest[tenant.end() :], app_id, TenantId(tenant[1]))


def is_id(text: str) -> bool:
    """Whether an app or a tenant can be called so."""
    return len(text) <= LONGEST_ID and _ID.fullmatch(text) is not None and not text.startswith("appid-")


def normalised_base_path(text: str | None) -> str:
    """A configured base path in the form that is compared; empty for none."""
    stripped = (text or "").strip().strip("/").lower()
    return f"/{stripped}" if stripped else ""
