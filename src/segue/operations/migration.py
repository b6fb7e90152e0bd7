"""
Previous providers' tokens: verified alone, taken to a new session, or exchanged for one by the migration route.

Holds the caches of the providers' keys. House rule: every attempt is one event, whatever became of it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime
from threading import Lock
from typing import TypeAlias

from msgspec.structs import replace

from segue._version import __version__
from segue.errors import AlreadyMigrated, NotYet, SessionError, TokenRefused, Unavailable
from segue.http.message import HttpRequest, HttpResponse
from segue.http.migrate import migrated_response, read_migration
from segue.http.status import FAULT_CODE, code_of, migration_refusal
from segue.migration.credential import BearerToken, Credential
from segue.migration.endings import EndOldSession
from segue.migration.flows import Migrated, MigrationRequest
from segue.migration.key_cache import KeyCache
from segue.migration.key_flows import refresh_keys
from segue.migration.key_holder import KeyCacheHolder
from segue.migration.key_sources import live_part
from segue.migration.kinds import cookie_names
from segue.migration.minting import MigrationResult
from segue.migration.model import Identity
from segue.migration.once import ClientKey, absolute_end, claim_id_of, provenance_of
from segue.migration.overlap import Accepted, accept
from segue.migration.pins import PinDifference, PinEvent, PinReport, check_pins
from segue.migration.policy import ProviderPolicy
from segue.migration.provider import Provider
from segue.migration.records import Stage
from segue.migration.verifying import Migration, verify
from segue.operations.at_hand import AtHand
from segue.operations.attempts import Attempt, Attempts, Ending, OnEvent
from segue.operations.timing import Timed
from segue.sessions.issuing import NewSession

logger = logging.getLogger("segue")

OnPins: TypeAlias = Callable[[PinEvent], None]
INTERRUPTED = Ending(code="INTERRUPTED", answer="INTERRUPTED", retryable=True)
"""The caller has gone."""


class MigrationOperations:
    """Migration onto sessions of one app."""

    def __init__(self, at_hand: AtHand, *, on_event: OnEvent | None = None) -> None:
        """
        Args:
            at_hand: keys, configuration, time.
            on_event: told of every attempt.
        """
        self._at_hand = at_hand
        self.attempts = Attempts(at_hand, on_event=on_event)
        config = at_hand.config
        self.providers = {provider.name: provider for provider in config.providers}
        self._old_cookies = frozenset[str]().union(*map(cookie_names, config.providers))
        self._alarms: dict[str, PinDifference] = {}
        self._pin_listeners: list[OnPins] = []
        self.configured = Migration(
            providers=config.providers,
            key_caches={
                provider.name: KeyCacheHolder(KeyCache(rules=live.rules), lock=Lock())
                for provider in config.providers
                if isinstance(provider, Provider) and (live := live_part(provider.keys)) is not None
            },
            version=__version__,
        )

    async def verify_provider_token(self, token: str) -> Identity:
        """See `Engine.verify_provider_token`."""
        return await self.verify_credential(BearerToken(text=token))

    async def verify_credential(self, credential: Credential, *, provider: str | None = None) -> Identity:
        """See `Engine.verify_credential`."""
        now = self._at_hand.clock.now()
        return (await verify(credential, self.configured, now=now, named=provider)).identity

    async def load_keys(self) -> bool:
        """Have the providers' live keys at hand; False: one did not answer."""
        warm = True
        for provider in self.providers.values():
            cache = self.configured.key_caches.get(provider.name)
            if cache is not None and isinstance(provider, Provider):
                warm = await refresh_keys(provider.keys, cache, self._at_hand.clock.now()) and warm
        return warm

    async def check_pins(self) -> tuple[PinReport, ...]:
        """See `Engine.check_pins`."""
        now, reports = self._at_hand.clock.now(), list[PinReport]()
        for provider in self.providers.values():
            if not isinstance(provider, Provider):
                continue
            cache = self.configured.key_caches.get(provider.name)
            report = await check_pins(provider.name, provider.keys, cache, now)
            if report is not None:
                self._tell_of_pins(report, now)
                reports.append(report)
        return tuple(reports)

    def listen_to_pins(self, listener: OnPins) -> None:
        """See `Engine.listen_to_pins`."""
        self._pin_listeners.append(listener)

    def _tell_of_pins(self, report: PinReport, now: datetime) -> None:
        before = self._alarms.get(report.provider)
        news = report.difference is not None and report.difference != (before or PinDifference())
        self._sound_alarm(report)
        for listener in self._pin_listeners:
            try:
                listener(PinEvent(at=now, report=report, news=news))
            except Exception:
                logger.exception("a listener to pins failed; the comparison did not")

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
        attempt = self.attempts.begin(request)
        try:
            migrated = await Timed(self._migrated(request, attempt), attempt.stopwatch)
            response = migrated_response(migrated, request, self._at_hand.config.http)
        except Exception as error:  # noqa: BLE001 - the application's mapping may raise anything; it fails closed
            response = self._refused(error, request, attempt)
        except BaseException:  # the caller has gone, and nobody knows how far it came
            self.attempts.end(attempt, INTERRUPTED)
            raise
        else:
            self.succeeded(migrated, attempt)
        await self.attempts.catch_up()
        return response

    async def accept(
        self, request: HttpRequest, credential: Credential, client_key: ClientKey | None
    ) -> Accepted:
        """Let an old credential speak for its user, see `segue.migration.overlap`."""
        attempt, now = self.attempts.begin(request), self._at_hand.clock.now()
        trail = attempt.trail
        trail.migrating = False
        await self.attempts.admit(attempt)
        home = self._at_hand.home
        try:
            return await accept(
                credential,
                self.configured,
                app_id=self._at_hand.config.app_id,
                sessions=home.sessions(now),
                is_settled=home.is_settled,
                now=now,
                trail=trail,
                client_key=client_key,
            )
        except SessionError as error:
            self.attempts.count_forgery(attempt, error.code)
            await self.attempts.catch_up()
            raise

    async def try_to_move(self, request: HttpRequest, asked: MigrationRequest) -> Migrated | None:
        """Migrate in answer to a request of the application's own; None: not now, and nobody fails for it."""
        attempt, migrated = self.attempts.begin(request), None
        try:
            migrated = await Timed(self._moved(asked, attempt), attempt.stopwatch)
            self.succeeded(migrated, attempt)
        except AlreadyMigrated as error:
            # Another request of the same page was faster: what makes a replay suspicious elsewhere is usual here.
            ending = Ending(code=error.code, answer=error.code, detail=str(error), harmless=True)
            self.attempts.end(attempt, ending)
        except Exception as error:  # noqa: BLE001 - as below; whoever was let in a moment ago goes on as he came
            self._refused(error, request, attempt)
        except BaseException:
            self.attempts.end(attempt, INTERRUPTED)
            raise
        await self.attempts.catch_up()
        return migrated

    def refuse(self, error: SessionError, request: HttpRequest) -> HttpResponse:
        """See `Engine.refuse_migration`."""
        attempt = self.attempts.begin(request)
        attempt.trail.reached(Stage.TOKEN if isinstance(error, TokenRefused) else Stage.REQUEST)
        return self._refused(error, request, attempt)

    @property
    def awaits_use(self) -> bool:
        """Whether some provider's sessions are ended only after the first use of the new ones."""
        return any(_after_use(provider) for provider in self.providers.values())

    def _awaits_use(self, migrated: Migrated) -> bool:
        return migrated.result is MigrationResult.MIGRATED and _after_use(self.providers[migrated.provider])

    async def _migrated(self, request: HttpRequest, attempt: Attempt) -> Migrated:
        await self.attempts.admit(attempt)
        at_hand, now = self._at_hand, self._at_hand.clock.now()
        await at_hand.keys(now)
        asked = read_migration(
            request,
            at_hand.config.http,
            trusted_origins=at_hand.config.trusted_origins,
            old_cookies=self._old_cookies,
            recognise=at_hand.recognise,
            now=now,
        )
        return await self.move(asked, attempt, now)

    async def _moved(self, asked: MigrationRequest, attempt: Attempt) -> Migrated:
        await self.attempts.admit(attempt)
        now = self._at_hand.clock.now()
        await self._at_hand.keys(now)
        return await self.move(asked, attempt, now)

    async def move(self, asked: MigrationRequest, attempt: Attempt, now: datetime) -> Migrated:
        """Migrate within an attempt that was let in."""
        watched = replace(asked, trail=attempt.trail)
        migrated = await self._at_hand.home.migrate(watched, self.configured, now)
        if self._awaits_use(migrated):
            self._at_hand.first_use.expect(migrated.handle)
        if migrated.result is MigrationResult.ALREADY and _after_use(self.providers[migrated.provider]):
            self._at_hand.first_use.show(migrated.handle)
        return migrated

    def succeeded(self, migrated: Migrated, attempt: Attempt) -> None:
        """An attempt is over, and well."""
        result = migrated.result.value
        self.attempts.end(attempt, Ending(code=result, answer=result, recorded=migrated.recorded))

    def _refused(self, error: Exception, request: HttpRequest, attempt: Attempt) -> HttpResponse:
        return migration_refusal(self.failed(error, attempt), request, self._at_hand.config.http)

    def failed(self, error: Exception, attempt: Attempt) -> Exception:
        """An attempt is over; what to answer. In shadow every answer leaves the old session as it is."""
        trail = attempt.trail
        if not isinstance(error, SessionError):
            logger.error("migration %s failed", attempt.watch.operation_id, exc_info=error)
        shown = NotYet("rehearsed in shadow") if trail.rehearsing and trail.provider else error
        if trail.would is not None:
            trail.reached(Stage.SESSION if trail.would == AlreadyMigrated.code else Stage.DONE)
        ending = Ending(
            code=trail.would or (error.code if isinstance(error, SessionError) else FAULT_CODE),
            answer=code_of(shown),
            retryable=isinstance(error, Unavailable),
            detail=str(error) if isinstance(error, SessionError) else type(error).__name__,
        )
        self.attempts.end(attempt, ending)
        return shown


def _after_use(provider: ProviderPolicy) -> bool:
    ending = provider.ending
    return ending is not None and ending.when is EndOldSession.AFTER_FIRST_USE
