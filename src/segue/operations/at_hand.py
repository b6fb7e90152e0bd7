"""
What one process knows without asking: our signing keys, the verifier made of them, and what was revoked lately.

Each piece is swapped whole, so that threads and tasks can share it. It is loaded again when it is due, when a token
names a key that is not among them, and when the feed of revocations is older than the configured lag. House rule:
whoever answers from here was allowed to a moment ago; otherwise the flows ask first.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias, TypeVar

from segue.clock import Clock
from segue.config import Config
from segue.errors import KeyUnknown, SessionGone, Unavailable
from segue.flow import Flow
from segue.http.flows import Authenticated, must_confirm
from segue.http.message import HttpRequest
from segue.http.runtime import Runtime
from segue.http.site import is_local
from segue.http.verify import verify_request
from segue.sessions import key_flows
from segue.sessions.revocations import RevocationFeed, catch_up
from segue.tokens.access import AccessClaims, AccessVerifier
from segue.tokens.signing_keys import KeyPlan

T = TypeVar("T")

logger = logging.getLogger("segue")

_RELOAD_KEYS = timedelta(seconds=30)
"""How often other instances' new signing keys are looked for without a reason."""
_RELOAD_FOR_UNKNOWN = timedelta(milliseconds=500)
"""A token that names an unknown key is a reason, but not more often than this (threat T18)."""
_RETRY_KEYS = timedelta(seconds=1)

_NEVER = datetime.min.replace(tzinfo=UTC)

Randomness: TypeAlias = Callable[[int], bytes]


class AtHand:
    """Keys and revocations of one app in one process."""

    def __init__(self, config: Config, *, clock: Clock, randomness: Randomness) -> None:
        """
        Args:
            config: checked already.
            clock: tells the time of every operation.
            randomness: that many bytes, as `os.urandom` gives them.
        """
        self.config = config
        self.clock = clock
        self.random = randomness
        self.secrets = config.parsed_secrets()
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

    # --- answering at once -------------------------------------------------------------------------------------------

    def verify(self, text: str) -> AccessClaims | None:
        """
        As `SessionOperations.verify_access_token`, if nobody has to be asked for it; None: ask that.

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

    def authenticate(
        self, request: HttpRequest, *, session_required: bool, anti_csrf_check: bool | None
    ) -> Authenticated | None:
        """
        As `SessionOperations.authenticate` without database and claims, if nobody has to be asked; None: ask that.

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
        return None if found is None or must_confirm(found) else found

    # --- signing keys ------------------------------------------------------------------------------------------------

    async def ready(self) -> Runtime:
        """Configuration, keys and the present instant; loads and makes signing keys when that is due."""
        now = self.clock.now()
        plan = self._plan
        if plan is None or now >= self._reload_at or now < self._loaded_at:
            plan = await self.reload(now)
        return self._runtime(plan, now)

    async def reload(self, now: datetime) -> KeyPlan:
        """Load signing keys, and make those that are due; while the store does not answer, those at hand stay."""
        needed = key_flows.ATTEMPTS * 2 * key_flows.RANDOMNESS
        try:
            plan = await key_flows.load_keys(
                self.config.app_id,
                self.config.key_policy,
                self.secrets,
                now=now,
                randomness=self.random(needed),
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
            secrets=self.secrets,
            lifetimes=self.config.lifetimes,
            verifier=self._verifier,
            keys=plan,
            now=now,
            luck=int.from_bytes(self.random(4)) / 2**32,
            revoked=self._feed.handles,
        )

    # --- revocations -------------------------------------------------------------------------------------------------

    async def ready_to_verify(self) -> Runtime:
        """As `ready`, knowing every revocation that is older than the configured lag."""
        if not self._feed.fresh(self.clock.now(), within=self.config.revocation_lag):
            await self.watch_revocations()
        return await self.ready()

    async def watch_revocations(self) -> None:
        """See `Engine.watch_revocations`."""
        await catch_up(self._feed, now=self.clock.now(), stale=self.config.stale_feed)
        self._trust()

    def distrust(self) -> None:
        """Something was revoked just now: the next verification has to ask."""
        self._feed.expire()
        self._trusted_until = _NEVER

    def _trust(self) -> None:
        """Find out until when nobody has to be asked."""
        asked_at = self._feed.checked_at
        if asked_at is not None:
            self._trusted_from = max(self._loaded_at, asked_at)
            self._trusted_until = min(self._reload_at, asked_at + self.config.revocation_lag)
            if self._feed.checked_at != asked_at:  # another thread has revoked something meanwhile
                self._trusted_until = _NEVER

    # --- both --------------------------------------------------------------------------------------------------------

    async def knowing(self, operation: Callable[[Runtime], Flow[T]]) -> T:
        """Run an operation; once more with newer keys if a token names one that is not at hand."""
        runtime = await self.ready_to_verify()
        try:
            return await operation(runtime)
        except KeyUnknown:
            if runtime.now < self._loaded_at + _RELOAD_FOR_UNKNOWN:
                raise
            return await operation(self._runtime(await self.reload(runtime.now), runtime.now))
