"""
Providers that say who has signed out there: their tokens are verified, and what they name is ended here.

House rule: each call leaves one line in the log, without a token and without a person.
"""

from __future__ import annotations

import logging

from segue.errors import SessionError, Unavailable
from segue.http.back_channel import logout_refusal, read_logout_token, taken_response
from segue.http.message import HttpRequest, HttpResponse
from segue.migration.provider import Provider
from segue.migration.sign_out_flows import end_sign_ins
from segue.migration.verifying import Migration, verify_logout_token
from segue.operations.at_hand import AtHand

logger = logging.getLogger("segue")


class BackChannelOperations:
    """The back-channel logout route of one app."""

    def __init__(self, at_hand: AtHand, migration: Migration) -> None:
        """
        Args:
            at_hand: configuration, sessions, time.
            migration: providers and their key caches.
        """
        self._at_hand = at_hand
        self._migration = migration
        self.is_on = any(
            isinstance(provider, Provider) and provider.back_channel_logout is not None
            for provider in migration.providers
        )
        """Whether some provider is believed."""

    async def respond(self, request: HttpRequest) -> HttpResponse:
        """Answer the route; no refusal is raised."""
        try:
            await self._end(request)
        except SessionError as error:
            level = logging.ERROR if isinstance(error, Unavailable) else logging.WARNING
            logger.log(level, "back-channel logout refused: %s", error)
            return logout_refusal(error)
        except Exception as error:
            logger.exception("back-channel logout failed")
            return logout_refusal(error)
        return taken_response()

    async def _end(self, request: HttpRequest) -> None:
        now = self._at_hand.clock.now()
        provider, said = await verify_logout_token(read_logout_token(request), self._migration, now=now)
        ended = await end_sign_ins(
            said,
            provider,
            app_id=self._at_hand.config.app_id,
            sessions=self._at_hand.home.sessions(now),
            now=now,
        )
        if ended:
            self._at_hand.distrust()
        logger.info("back-channel logout of %s: %d session(s) ended", provider.name, ended)
