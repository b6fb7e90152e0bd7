"""The browser routes: which request is for one of them, and its answer. House rule: no refusal is raised from here."""

from __future__ import annotations

import logging

from segue.errors import NoSession, ReuseDetected, SessionError
from segue.http import flows as http_flows
from segue.http.message import HttpRequest, HttpResponse
from segue.http.refresh import refresh_session
from segue.http.routes import Route, discovery_response, jwks_response, route
from segue.http.status import error_response
from segue.operations.at_hand import AtHand
from segue.operations.back_channel import BackChannelOperations
from segue.operations.exchange import ExchangeOperations
from segue.operations.migration import MigrationOperations

logger = logging.getLogger("segue")


class RouteOperations:
    """The browser routes of one app."""

    def __init__(
        self,
        at_hand: AtHand,
        migration: MigrationOperations,
        exchange: ExchangeOperations,
        back_channel: BackChannelOperations,
    ) -> None:
        """
        Args:
            at_hand: keys, configuration, time.
            migration: answers the migration route.
            exchange: answers the token endpoint.
            back_channel: answers providers that sign somebody out.
        """
        self._at_hand = at_hand
        self._migration = migration
        self._exchange = exchange
        self._back_channel = back_channel
        self._settings = at_hand.config.http

    def answers(self, request: HttpRequest) -> bool:
        """See `Engine.answers`."""
        return self._route(request) is not None

    async def respond(self, request: HttpRequest) -> HttpResponse:
        """See `Engine.respond`."""
        known = self._route(request)
        if known is Route.MIGRATE:
            return await self._migration.respond(request)
        if known is Route.TOKEN:
            return await self._exchange.respond(request)
        if known is Route.BACK_CHANNEL_LOGOUT:
            return await self._back_channel.respond(request)
        try:
            response = await self._session_route(known, request)
        except SessionError as error:
            response = self.refuse(error, request)
        if response.status >= 500 and response.cause is not None:
            logger.error("%s %s failed: %s", request.method, request.path, response.cause)
        return response

    def _route(self, request: HttpRequest) -> Route | None:
        found = route(request, self._settings)
        return None if found is Route.BACK_CHANNEL_LOGOUT and not self._back_channel.is_on else found

    def refuse(self, error: SessionError, request: HttpRequest) -> HttpResponse:
        """See `Engine.refuse`."""
        return error_response(error, request, self._settings)

    async def _session_route(self, known: Route | None, request: HttpRequest) -> HttpResponse:
        match known:
            case Route.REFRESH:
                response = await refresh_session(request, await self._at_hand.ready())
                if isinstance(response.cause, ReuseDetected):
                    self._at_hand.distrust()
                return response
            case Route.SIGN_OUT:
                response = await self._at_hand.knowing(lambda runtime: http_flows.sign_out(request, runtime))
                self._at_hand.distrust()
                return response
            case Route.JWKS:
                now = self._at_hand.clock.now()
                return jwks_response((await self._at_hand.keys(now)).published, now=now)
            case Route.DISCOVERY:
                return discovery_response(self._settings)
            case Route.MIGRATE | Route.TOKEN | Route.BACK_CHANNEL_LOGOUT | None:
                raise NoSession("not one of our routes")
