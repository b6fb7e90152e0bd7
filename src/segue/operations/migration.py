"""
Previous providers' tokens: verified alone, taken to a new session, or exchanged for one by the migration route.

Holds the caches of the providers' keys. House rule: every migration is one line in the log, whatever became of it; its
operation id joins that line with those of the layers below.
"""

from __future__ import annotations

import logging
from threading import Lock

from msgspec.structs import replace

from segue._version import __version__
from segue.errors import SessionError
from segue.http.message import HttpRequest, HttpResponse
from segue.http.migrate import migrated_response, read_migration
from segue.http.status import migration_refusal
from segue.migration import flows as migration_flows
from segue.migration.flows import Migrated, Migration
from segue.migration.key_cache import KeyCache
from segue.migration.key_flows import refresh_keys
from segue.migration.key_holder import KeyCacheHolder
from segue.migration.key_sources import live_part
from segue.migration.minting import MigrationResult
from segue.migration.model import Identity
from segue.migration.once import absolute_end, claim_id_of, provenance_of
from segue.migration.pins import PinDifference, PinReport, check_pins
from segue.migration.provider import EndOldSession, Provider
from segue.operations.at_hand import AtHand
from segue.sessions.issuing import NewSession

logger = logging.getLogger("segue")


class MigrationOperations:
    """Migration onto sessions of one app."""

    def __init__(self, at_hand: AtHand) -> None:
        """*at_hand*: keys, configuration, time."""
        self._at_hand = at_hand
        config = at_hand.config
        self.providers = {provider.name: provider for provider in config.providers}
        self._alarms: dict[str, PinDifference] = {}
        self._migration = Migration(
            providers=config.providers,
            key_caches={
                provider.name: KeyCacheHolder(KeyCache(rules=live.rules), lock=Lock())
                for provider in config.providers
                if (live := live_part(provider.keys)) is not None
            },
            version=__version__,
        )

    async def verify_provider_token(self, token: str) -> Identity:
        """See `Engine.verify_provider_token`."""
        _, identity = await migration_flows.verify(token, self._migration, now=self._at_hand.clock.now())
        return identity

    async def load_keys(self) -> bool:
        """Have the providers' live keys at hand; False: one did not answer."""
        warm = True
        for provider in self.providers.values():
            cache = self._migration.key_caches.get(provider.name)
            if cache is not None:
                warm = await refresh_keys(provider.keys, cache, self._at_hand.clock.now()) and warm
        return warm

    async def check_pins(self) -> tuple[PinReport, ...]:
        """See `Engine.check_pins`."""
        now, reports = self._at_hand.clock.now(), list[PinReport]()
        for provider in self.providers.values():
            cache = self._migration.key_caches.get(provider.name)
            report = await check_pins(provider.name, provider.keys, cache, now)
            if report is not None:
                self._sound_alarm(report)
                reports.append(report)
        return tuple(reports)

    def _sound_alarm(self, report: PinReport) -> None:
        """One line for each difference that is new; a provider that is switched off is no news."""
        if report.difference is None or self._alarms.get(report.provider) == report.difference:
            return
        if report.difference:
            logger.warning("keys of %s are not the pinned ones; %s", report.provider, report.difference)
        elif report.provider in self._alarms:
            logger.info("keys of %s are the pinned ones again", report.provider)
        self._alarms[report.provider] = report.difference

    def inheriting(self, new: NewSession, identity: Identity) -> NewSession:
        """See `Engine.inheriting`."""
        end = absolute_end(identity, self.providers[identity.provider], now=self._at_hand.clock.now())
        # Nothing is claimed here: the id says which sign-in it was, where the provider gives it one.
        claim_id = claim_id_of(identity, "")
        return replace(
            new,
            tenant_id=identity.tenant_id,
            absolute_expires_at=end if new.absolute_expires_at is None else min(end, new.absolute_expires_at),
            provenance=provenance_of(identity, claim_id, version=__version__),
        )

    async def respond(self, request: HttpRequest) -> HttpResponse:
        """Answer the migration route; no refusal is raised."""
        operation = self._operation_id()
        try:
            response = await self._migrated(request, operation)
        except SessionError as error:
            response = self.refuse(error, request, operation)
        except Exception as error:  # the application's mapping may raise anything; it fails closed
            response = migration_refusal(error, request, self._at_hand.config.http)
            logger.exception("migration %s failed", operation)
        return response

    def refuse(self, error: SessionError, request: HttpRequest, operation: str | None = None) -> HttpResponse:
        """See `Engine.refuse_migration`."""
        response = migration_refusal(error, request, self._at_hand.config.http)
        level = logging.ERROR if response.status == 500 else logging.WARNING
        logger.log(level, "migration %s refused: %s", operation or self._operation_id(), error)
        return response

    def _operation_id(self) -> str:
        return self._at_hand.random(8).hex()

    @property
    def awaits_use(self) -> bool:
        """Whether some provider's sessions are ended only after the first use of the new ones."""
        return any(_after_use(provider) for provider in self.providers.values())

    def _awaits_use(self, migrated: Migrated) -> bool:
        return migrated.result is MigrationResult.MIGRATED and _after_use(self.providers[migrated.provider])

    async def _migrated(self, request: HttpRequest, operation: str) -> HttpResponse:
        runtime, config = await self._at_hand.ready(), self._at_hand.config
        asked = read_migration(
            request,
            config.http,
            trusted_origins=config.trusted_origins,
            recognise=runtime.verifier.recognise,
            now=runtime.now,
        )
        migrated = await self._at_hand.home.migrate(asked, self._migration, runtime.now)
        if self._awaits_use(migrated):
            self._at_hand.first_use.expect(migrated.handle)
        logger.info(
            "migration %s %s: session %s from %s",
            operation,
            migrated.result.value.lower(),
            migrated.handle,
            migrated.provider,
        )
        return migrated_response(migrated, request, config.http)


def _after_use(provider: Provider) -> bool:
    revocation = provider.revocation
    return revocation is not None and revocation.when is EndOldSession.AFTER_FIRST_USE
