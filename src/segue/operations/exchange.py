"""
Token exchange for mobile apps and services: the same migration behind another form.

House rule: every attempt is one event, whatever became of it, as at the migration route.
"""

from __future__ import annotations

from segue.errors import ConfigurationError
from segue.http.message import HttpRequest, HttpResponse
from segue.http.token_exchange import exchange_refusal, exchanged_response, read_exchange
from segue.migration.flows import Migrated
from segue.operations.at_hand import AtHand
from segue.operations.attempts import Attempt
from segue.operations.migration import INTERRUPTED, MigrationOperations
from segue.operations.timing import Timed
from segue.sessions.issuing import Issued


class ExchangeOperations:
    """The token endpoint of one app."""

    def __init__(self, at_hand: AtHand, migration: MigrationOperations) -> None:
        """
        Args:
            at_hand: configuration, keys, time.
            migration: does it.
        """
        self._at_hand = at_hand
        self._migration = migration

    async def respond(self, request: HttpRequest) -> HttpResponse:
        """Answer the token endpoint; no refusal is raised."""
        migration = self._migration
        attempt = migration.attempts.begin(request)
        try:
            migrated, issued = await Timed(self._exchanged(request, attempt), attempt.stopwatch)
            settings = self._at_hand.config.http
            response = exchanged_response(issued, request, settings, now=self._at_hand.clock.now())
        except Exception as error:  # noqa: BLE001 - the application's mapping may raise anything; it fails closed
            response = exchange_refusal(migration.failed(error, attempt), request)
        except BaseException:
            migration.attempts.end(attempt, INTERRUPTED)
            raise
        else:
            migration.succeeded(migrated, attempt)
        await migration.attempts.catch_up()
        return response

    async def _exchanged(self, request: HttpRequest, attempt: Attempt) -> tuple[Migrated, Issued]:
        await self._migration.attempts.admit(attempt)
        config, exchange = self._at_hand.config, self._at_hand.config.http.token_exchange
        if exchange is None:
            raise ConfigurationError("there is no token exchange")
        runtime = await self._at_hand.ready()
        asked = read_exchange(
            request,
            config.http,
            exchange,
            providers=config.providers,
            trusted_origins=config.trusted_origins,
        )
        migrated = await self._migration.move(asked, attempt, runtime.now)
        if migrated.issued is None:
            raise LookupError("a migration without a session beside it made no tokens")
        return migrated, migrated.issued
