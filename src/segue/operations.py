"""
What an engine can do, as flows bound to one configuration: the whole of `Engine` and `AsyncEngine` but the driving.

Holds the little state that outlives a call, each piece swapped whole so that threads and tasks can share it: the plan
of our signing keys, the verifier made of them, and the caches of the providers' keys. House rule: clock and randomness
are read here and nowhere below; no port is called here.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from threading import Lock
from typing import TypeVar

from segue._version import __version__
from segue.clock import Clock
from segue.config import Config
from segue.errors import KeyUnknown, NoSession, ReuseDetected, SessionError, SessionGone, Unavailable
from segue.flow import Flow, ask
from segue.http import flows as http_flows
from segue.http.flows import Authenticated, Checked
from segue.http.message import Actions, HttpRequest, HttpResponse
from segue.http.migrate import migrated_response, read_migration
from segue.http.refresh import refresh_session
from segue.http.routes import Route, discovery_response, jwks_response, route
from segue.http.runtime import Runtime
from segue.http.site import is_local
from segue.http.status import error_response, migration_refusal
from segue.http.verify import verify_request
from segue.ids import SessionHandle, TenantId, UserId
from segue.json import JsonObject
from segue.migration import ending
from segue.migration import flows as migration_flows
from segue.migration.ending import DeliveryReport
from segue.migration.flows import Migration
from segue.migration.key_cache import KeyCache
from segue.migration.key_flows import refresh_keys
from segue.migration.key_holder import KeyCacheHolder
from segue.migration.key_sources import LiveKeys
from segue.migration.model import Identity
from segue.migration.once import absolute_end, claim_id_of, provenance_of
from segue.migration.ports import Ledger
from segue.sessions import flows as session_flows
from segue.sessions import key_flows
from segue.sessions.claims import ClaimValidator
from segue.sessions.issuing import IssuedSession, NewSession
from segue.sessions.model import ByHandle, ByUser, Selection, Session
from segue.sessions.ports import SessionIndex, SessionStore, SigningKeyStore
from segue.sessions.revocations import RevocationFeed, catch_up
from segue.tokens.access import AccessClaims, AccessVerifier
from segue.tokens.signing_keys import KeyPlan, SigningKey

T = TypeVar("T")

logger = logging.getLogger("segue")

_RELOAD_KEYS = timedelta(seconds=30)
"""How often other instances' new signing keys are looked for without a reason."""
_RELOAD_FOR_UNKNOWN = timedelta(milliseconds=500)
"""A token that names an unknown key is a reason, but not more often than this (threat T18)."""
_RETRY_KEYS = timedelta(seconds=1)

_NEVER = datetime.min.replace(tzinfo=UTC)
_EXPIRY_BATCH = 200
"""Rows; in a table of millions each is on pages of its own, and requests wait for the batch to be written."""

Randomness = Callable[[int], bytes]


class Operations:
    """The operations of an engine, each a flow to be driven with the engine's ports."""

    def __init__(self, config: Config, *, clock: Clock, randomness: Randomness) -> None:
        """
        Args:
            config: checked already.
            clock: tells the time of every operation.
            randomness: that many bytes, as `os.urandom` gives them.
        """
        self.config = config
        self.clock = clock
        self._random = randomness
        self._secrets = config.parsed_secrets()
        if config.http.api.scheme == "http" and not is_local(config.http.api.host):
            logger.warning(
                "api_domain %s is plain http: whoever is on the way can take sessions; serve it over https",
                config.http.api_domain,
            )
        self._plan: KeyPlan | None = None
        self._loaded_at = _NEVER
        self._reload_at = _NEVER
        self._verifier = AccessVerifier((), capacity=config.verified_cache)
        self._feed = RevocationFeed(app_id=config.app_id, remembered_for=config.lifetimes.access)
        # Between these, keys and revocations at hand are new enough. Two instants, because they are compared with the
        # time by every verification: adding up anew takes a third of a repeated one.
        self._trusted_from = self._trusted_until = _NEVER
        self._providers = {provider.name: provider for provider in config.providers}
        self._migration = Migration(
            providers=config.providers,
            key_caches={
                provider.name: KeyCacheHolder(KeyCache(rules=provider.keys.rules), lock=Lock())
                for provider in config.providers
                if isinstance(provider.keys, LiveKeys)
            },
            version=__version__,
        )

    # --- keys at hand ------------------------------------------------------------------------------------------------

    async def ready(self) -> Runtime:
        """Configuration, keys and the present instant; loads and makes signing keys when that is due."""
        now = self.clock.now()
        plan = self._plan
        if plan is None or now >= self._reload_at or now < self._loaded_at:
            plan = await self._reload(now)
        return self._runtime(plan, now)

    async def _ready_for_unknown_key(self, runtime: Runtime) -> Runtime | None:
        """The same with keys loaded again, because a token named one that is not among them; None if too soon."""
        if runtime.now < self._loaded_at + _RELOAD_FOR_UNKNOWN:
            return None
        return self._runtime(await self._reload(runtime.now), runtime.now)

    async def _reload(self, now: datetime) -> KeyPlan:
        needed = key_flows.ATTEMPTS * 2 * key_flows.RANDOMNESS
        try:
            plan = await key_flows.load_keys(
                self.config.app_id,
                self.config.key_policy,
                self._secrets,
                now=now,
                randomness=self._random(needed),
            )
        except Unavailable:
            if self._plan is None:
                raise
            self._reload_at = now + _RETRY_KEYS  # the keys at hand still verify; nobody is refused for this
            return self._plan
        self._adopt(plan, now)
        return plan

    def _adopt(self, plan: KeyPlan, now: datetime) -> None:
        if frozenset(key.key_id for key in plan.verifying) != self._verifier.key_ids:
            self._verifier = AccessVerifier(plan.verifying, capacity=self.config.verified_cache)
        self._plan, self._loaded_at = plan, now
        self._reload_at = min(max(plan.next_change, now + _RETRY_KEYS), now + _RELOAD_KEYS)
        self._trust()

    def _runtime(self, plan: KeyPlan, now: datetime) -> Runtime:
        return Runtime(
            settings=self.config.http,
            app_id=self.config.app_id,
            secrets=self._secrets,
            lifetimes=self.config.lifetimes,
            verifier=self._verifier,
            keys=plan,
            now=now,
            luck=int.from_bytes(self._random(4)) / 2**32,
            revoked=self._feed.handles,
        )

    async def ready_to_verify(self) -> Runtime:
        """As `ready`, knowing every revocation that is older than the configured lag."""
        now = self.clock.now()
        if not self._feed.fresh(now, within=self.config.revocation_lag):
            await self.watch_revocations()
        return await self.ready()

    async def watch_revocations(self) -> None:
        """See `Engine.watch_revocations`."""
        await catch_up(self._feed, now=self.clock.now(), stale=self.config.stale_feed)
        self._trust()

    def _trust(self) -> None:
        """Find out until when nobody has to be asked."""
        asked_at = self._feed.checked_at
        if asked_at is not None:
            self._trusted_from = max(self._loaded_at, asked_at)
            self._trusted_until = min(self._reload_at, asked_at + self.config.revocation_lag)

    def _distrust(self) -> None:
        """Something was revoked just now: the next verification has to ask."""
        self._feed.expire()
        self._trusted_until = _NEVER

    async def _knowing(self, operation: Callable[[Runtime], Flow[T]]) -> T:
        """Run an operation; once more with newer keys if a token names one that is not at hand."""
        runtime = await self.ready_to_verify()
        try:
            return await operation(runtime)
        except KeyUnknown:
            newer = await self._ready_for_unknown_key(runtime)
            if newer is None:
                raise
            return await operation(newer)

    # --- sessions ----------------------------------------------------------------------------------------------------

    async def create_session(self, new: NewSession) -> IssuedSession:
        """See `Engine.create_session`."""
        runtime = await self.ready()
        randomness = self._random(session_flows.RANDOMNESS)
        return await session_flows.create(new, runtime.issuance(), randomness=randomness)

    async def create_session_on(self, request: HttpRequest, new: NewSession) -> tuple[IssuedSession, Actions]:
        """See `Engine.create_session_on`."""
        runtime = await self.ready()
        randomness = self._random(session_flows.RANDOMNESS)
        return await http_flows.create_session(request, new, runtime, randomness=randomness)

    async def authenticate(
        self,
        request: HttpRequest,
        *,
        session_required: bool,
        anti_csrf_check: bool | None,
        check_database: bool,
        validators: tuple[ClaimValidator, ...],
    ) -> Authenticated | None:
        """See `Engine.authenticate`."""
        return await self._knowing(
            lambda runtime: http_flows.authenticate(
                request,
                runtime,
                session_required=session_required,
                anti_csrf_check=anti_csrf_check,
                check_database=check_database,
                validators=validators,
            )
        )

    async def verify_access_token(self, text: str) -> AccessClaims:
        """See `Engine.verify_access_token`."""

        async def verify(runtime: Runtime) -> AccessClaims:
            claims = runtime.verifier.verify(text, now=runtime.now).claims
            if claims.handle in runtime.revoked:
                raise SessionGone(claims.handle)
            return claims

        return await self._knowing(verify)

    def verify_at_once(self, text: str) -> AccessClaims | None:
        """
        As `verify_access_token`, if nobody has to be asked for it; None: ask that.

        Almost every verification is like this. Without a flow it takes 0.9 instead of 9 µs beside the signature.
        """
        now = self.clock.now()
        if not self._trusted_from <= now < self._trusted_until:
            return None
        try:
            claims = self._verifier.verify(text, now=now).claims
        except KeyUnknown:
            return None
        if claims.handle in self._feed.handles:
            raise SessionGone(claims.handle)
        return claims

    def authenticate_at_once(
        self, request: HttpRequest, *, session_required: bool, anti_csrf_check: bool | None
    ) -> Authenticated | None:
        """
        As `authenticate` without database and claims, if nobody has to be asked for it; None: ask that.

        House rule: the same checks in the same function; only the flow around them is left out.
        """
        now = self.clock.now()
        if not self._trusted_from <= now < self._trusted_until:
            return None
        try:
            found = verify_request(
                request,
                self.config.http,
                self._verifier,
                now=now,
                revoked=self._feed.handles,
                session_required=session_required,
                anti_csrf_check=anti_csrf_check,
            )
        except KeyUnknown:
            return None
        return None if found is None or http_flows.must_confirm(found) else found

    async def refresh(self, refresh_token: str) -> IssuedSession:
        """See `Engine.refresh`."""
        runtime = await self.ready()
        try:
            return await session_flows.refresh(refresh_token, runtime.issuance())
        except ReuseDetected:
            self._distrust()
            raise

    async def change_payload(
        self, request: HttpRequest, found: Authenticated, changes: JsonObject
    ) -> Authenticated:
        """See `Engine.change_payload`."""
        return await http_flows.change_payload(request, found, changes, await self.ready())

    async def check_claims(
        self, request: HttpRequest, found: Authenticated, validators: tuple[ClaimValidator, ...]
    ) -> Checked:
        """See `Engine.check_claims`."""
        return await http_flows.check_claims(request, found, validators, await self.ready())

    async def revoke_session(self, found: Authenticated) -> Actions:
        """See `Engine.revoke_session`."""
        actions = await http_flows.revoke_session(found, await self.ready())
        self._distrust()
        return actions

    async def load_session(self, handle: SessionHandle) -> Session | None:
        """See `Engine.load_session`."""
        session = await ask(SessionStore.load_session, self.config.app_id, handle)
        return session if session is not None and self.clock.now() < session.expires_at else None

    async def list_sessions(self, user_id: UserId, *, tenant_id: TenantId | None) -> tuple[Session, ...]:
        """See `Engine.list_sessions`."""
        selection = ByUser(user_id=user_id, tenant_id=tenant_id)
        return await ask(SessionIndex.list_sessions, self.config.app_id, selection, at=self.clock.now())

    async def revoke(self, selection: Selection | SessionHandle) -> tuple[SessionHandle, ...]:
        """See `Engine.revoke`."""
        chosen = ByHandle(handles=(SessionHandle(selection),)) if isinstance(selection, str) else selection
        now = self.clock.now()
        gone = await ask(SessionIndex.delete_sessions, self.config.app_id, chosen, at=now)
        self._distrust()
        return gone

    async def list_signing_keys(self) -> tuple[SigningKey, ...]:
        """See `Engine.list_signing_keys`."""
        return (await self._reload(self.clock.now())).verifying

    async def revoke_signing_keys(self, key_ids: tuple[str, ...]) -> tuple[SigningKey, ...]:
        """See `Engine.revoke_signing_keys`."""
        await ask(SigningKeyStore.delete_signing_keys, self.config.app_id, key_ids)
        return await self.list_signing_keys()

    # --- migration ---------------------------------------------------------------------------------------------------

    async def verify_provider_token(self, token: str) -> Identity:
        """See `Engine.verify_provider_token`."""
        _, identity = await migration_flows.verify(token, self._migration, now=self.clock.now())
        return identity

    async def warm_up(self) -> bool:
        """See `Engine.warm_up`."""
        await self.ready()
        warm = True
        for provider in self.config.providers:
            cache = self._migration.key_caches.get(provider.name)
            if cache is not None:
                warm = await refresh_keys(provider.keys, cache, self.clock.now()) and warm
        return warm

    async def deliver(self, *, limit: int) -> DeliveryReport:
        """See `Engine.deliver`."""
        report = await ending.deliver(self._providers, self._secrets, now=self.clock.now(), limit=limit)
        for provider, error in sorted(set(report.failures)):
            logger.warning(
                "old sessions at %s could not be ended: %s, %d time(s); see `segue outbox`",
                provider,
                error,
                report.failures.count((provider, error)),
            )
        return report

    async def clean_up(self) -> int:
        """See `Engine.clean_up`."""
        now = self.clock.now()
        kept = self.config.lifetimes.access * 2
        sessions = await ask(
            SessionIndex.delete_expired, at=now, revocations_before=now - kept, limit=_EXPIRY_BATCH
        )
        claims = await ask(Ledger.delete_claims, kept_until_before=now, limit=_EXPIRY_BATCH)
        return sessions + claims

    # --- browser routes ----------------------------------------------------------------------------------------------

    def answers(self, request: HttpRequest) -> bool:
        """See `Engine.answers`."""
        return route(request, self.config.http) is not None

    async def respond(self, request: HttpRequest) -> HttpResponse:
        """See `Engine.respond`."""
        known = route(request, self.config.http)
        if known is Route.MIGRATE:
            return await self._migrate(request)
        try:
            response = await self._session_route(known, request)
        except SessionError as error:
            response = self.refuse(error, request)
        if response.status >= 500 and response.cause is not None:
            logger.error("%s %s failed: %s", request.method, request.path, response.cause)
        return response

    def refuse(self, error: SessionError, request: HttpRequest) -> HttpResponse:
        """See `Engine.refuse`."""
        return error_response(error, request, self.config.http)

    async def _session_route(self, known: Route | None, request: HttpRequest) -> HttpResponse:
        match known:
            case Route.REFRESH:
                response = await refresh_session(request, await self.ready())
                if isinstance(response.cause, ReuseDetected):
                    self._distrust()
                return response
            case Route.SIGN_OUT:
                response = await self._knowing(lambda runtime: http_flows.sign_out(request, runtime))
                self._distrust()
                return response
            case Route.JWKS:
                runtime = await self.ready()
                return jwks_response(runtime.keys, now=runtime.now)
            case Route.DISCOVERY:
                return discovery_response(self.config.http)
            case Route.MIGRATE | None:
                raise NoSession("not one of our routes")

    async def _migrate(self, request: HttpRequest) -> HttpResponse:
        """The migration route: every outcome is an answer and one line in the log, joined by an operation id."""
        operation = self._random(8).hex()
        try:
            response = await self._migrated(request, operation)
        except SessionError as error:
            response = self.refuse_migration(error, request, operation)
        except Exception as error:  # the application's mapping may raise anything; it fails closed
            response = migration_refusal(error, request, self.config.http)
            logger.exception("migration %s failed", operation)
        return response

    def refuse_migration(
        self, error: SessionError, request: HttpRequest, operation: str | None = None
    ) -> HttpResponse:
        """See `Engine.refuse_migration`."""
        response = migration_refusal(error, request, self.config.http)
        level = logging.ERROR if response.status == 500 else logging.WARNING
        logger.log(level, "migration %s refused: %s", operation or self._random(8).hex(), error)
        return response

    def inheriting(self, new: NewSession, identity: Identity) -> NewSession:
        """See `Engine.inheriting`."""
        end = absolute_end(identity, self._providers[identity.provider], now=self.clock.now())
        # Nothing is claimed here: the id says which sign-in it was, where the provider gives it one.
        claim_id = claim_id_of(identity, "")
        return replace(
            new,
            tenant_id=identity.tenant_id,
            absolute_expires_at=end if new.absolute_expires_at is None else min(end, new.absolute_expires_at),
            provenance=provenance_of(identity, claim_id, version=__version__),
        )

    async def _migrated(self, request: HttpRequest, operation: str) -> HttpResponse:
        runtime = await self.ready()
        asked = read_migration(
            request,
            self.config.http,
            trusted_origins=self.config.trusted_origins,
            recognise=runtime.verifier.recognise,
            now=runtime.now,
        )
        migrated = await migration_flows.migrate(
            asked,
            self._migration,
            runtime.issuance(),
            randomness=self._random(migration_flows.RANDOMNESS),
        )
        logger.info(
            "migration %s %s: session %s from %s",
            operation,
            migrated.result.value.lower(),
            migrated.handle,
            migrated.provider,
        )
        return migrated_response(migrated, request, self.config.http)
