"""
One request as its route sees it, and what a route is.

House rule: a route's handler is a flow: it awaits nothing but `ask` and flows, and gets time and randomness from the
call.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum, auto
from functools import cached_property
from typing import TypeAlias

import msgspec

from segue.core.apps import Apps
from segue.core.context import Context
from segue.flow import Flow
from segue.ids import PUBLIC_APP, PUBLIC_TENANT, AppId, TenantId
from segue.service.core.answers import Answer, Refused, tenant_not_found
from segue.service.core.dialect import Dialect
from segue.service.core.fields import Fields, Query

PUBLIC_ONLY = "Only public tenantId can call this app specific API"


class Call:
    """A request that was let in, with the app that it is for."""

    def __init__(
        self,
        context: Context,
        dialect: Dialect,
        *,
        apps: Apps,
        tenant_id: TenantId,
        body: bytes,
        query: bytes,
    ) -> None:
        """
        Args:
            context: the app, its keys at hand, and the instant.
            dialect: in which the caller speaks.
            apps: all that this process knows.
            tenant_id: of the path; whether there is such a tenant is for the route to ask.
            body: of the request.
            query: behind the question mark.
        """
        self.context = context
        self.dialect = dialect
        self.apps = apps
        self.tenant_id = tenant_id
        self._body = body
        self._query = query

    @property
    def app_id(self) -> AppId:
        """Of the app."""
        return self.context.app_id

    @cached_property
    def fields(self) -> Fields:
        """Members of the body."""
        return Fields(self._body)

    @cached_property
    def query(self) -> Query:
        """Parameters of the query."""
        return Query(self._query)

    def demand_public_tenant(self) -> None:
        """
        Refuse callers that come through a tenant, in versions that do.

        Raises:
            Refused: 403.
        """
        if self.dialect.keeps_tenants_out and self.tenant_id != PUBLIC_TENANT:
            raise Refused(403, PUBLIC_ONLY)

    def demand_public_app(self, sentence: str) -> None:
        """
        Refuse callers that come through an app or a tenant.

        Raises:
            Refused: 403.
        """
        if self.app_id != PUBLIC_APP or self.tenant_id != PUBLIC_TENANT:
            raise Refused(403, sentence)

    async def demand_tenant(self, tenant_id: TenantId) -> None:
        """
        Refuse callers that name a tenant which is not there.

        Raises:
            Refused: 400.
        """
        if not await self.context.app.has_tenant(tenant_id, now=self.context.now):
            raise tenant_not_found(tenant_id)


class Through(Enum):
    """Through which paths a route is reached."""

    TENANT = auto()
    """It acts in the tenant of the path, which has to be there."""
    APP = auto()
    """It acts in the app; newer versions refuse a tenant in the path."""
    ANY = auto()
    """It acts in the app, and finds the tenant elsewhere if it needs one."""


Handler: TypeAlias = Callable[[Call], Flow[Answer]]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """What one method of one path does."""

    method: str
    path: str
    handler: Handler
    through: Through = Through.APP
    open: bool = False
    """Neither key nor version is needed."""
    any_version: bool = False
    """A key is needed, but no version."""
