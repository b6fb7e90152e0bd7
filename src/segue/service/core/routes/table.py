"""All routes, by path and method."""

from __future__ import annotations

from collections.abc import Mapping

from segue.service.core.call import Route
from segue.service.core.routes import (
    apps,
    dashboard,
    description,
    general,
    jwt,
    mapping,
    sessions,
    tokens,
    users,
)

_PROTOCOL: tuple[Route, ...] = (
    *general.ROUTES,
    *tokens.ROUTES,
    *sessions.ROUTES,
    *jwt.ROUTES,
    *mapping.ROUTES,
    *users.ROUTES,
    *apps.ROUTES,
    *dashboard.ROUTES,
)
ROUTES = (*_PROTOCOL, description.describing(_PROTOCOL))


def _table() -> Mapping[str, Mapping[str, Route]]:
    table: dict[str, dict[str, Route]] = {}
    for route in ROUTES:
        table.setdefault(route.path, {})[route.method] = route
    return table


TABLE = _table()
OPEN = frozenset(route.path for route in ROUTES if route.open)
"""Paths that need no key, whatever the method."""
