"""
What one process knows without asking: the keys of access tokens, the verifier made of them, what was revoked lately.

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
from segue.operations.first_use import FirstUse
from segue.operations.home import RETRY_KEYS, Home, KnownKeys
from segue.sessions.revocations import RevocationFeed
from segue.tokens.access import AccessClaims, AccessToken, AccessVerifier

T = TypeVar("T")

logger = logging.getLogger("segue")

_RELOAD_FOR_UNKNOWN = timedelta(milliseconds=500)
"""A token that names an unknown key is a reason, but not more often than this (threat T18)."""

_SKEW = timedelta(minutes=1)
"""By so much the clock that made a token may be ahead of the one that forgets its session's revocation."""

_NEVER = datetime.min.replace(tzinfo=UTC)

Randomness: TypeAlias = Callable[[int], bytes]


class AtHand:
    """Keys and revocations of one app in one process."""

    def __init__(self, config: Config, home: Home, *, clock: Clock, randomness: Randomness) -> None:
        """
        Args:
            config: checked already.
            home: where sessions live.
            clock: tells the time of every operation.
            randomness: that many bytes, as `os.urandom` gives them.
        """
        self.config = config
        self.home = home
        self.clock = clock
        self.random = randomness
        self.secrets = config.parsed_secrets()
        if config.http.api.scheme == "http" and not is_local(config.http.api.host):
            logger.warning(
                "api_domain %s is plain http: whoever is on the way can take sessions; serve it over https",
                config.http.api_domain,
            )
        self.first_use = FirstUse()
        self._keys: KnownKeys | None = None
        self._loaded_at = _NEVER
        self._sought_at = _NEVER
        self._reload_at = _NEVER
        self._verifier = AccessVerifier((), capacity=config.verified_cache, longest=config.lifetimes.access)
        self._feed = RevocationFeed(app_id=config.app_id, remembered_for=config.lifetimes.access + _SKEW)
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
        if claims.handle in self.first_use.awaited:  # as hardly ever: to ask first saves a call
            self.first_use.note(claims.handle)
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
        if found is None or must_confirm(found):
            return None
        handle = found.access.claims.handle
        if handle in self.first_use.awaited:  # as above
            self.first_use.note(handle)
        return found

    def recognise(self, text: str) -> AccessToken:
        """See `AccessVerifier.recognise`, by the keys at hand."""
        return self._verifier.recognise(text)

    # --- keys --------------------------------------------------------------------------------------------------------

    async def ready(self) -> Runtime:
        """Configuration, keys and the present instant; loads keys when that is due."""
        now = self.clock.now()
        await self.keys(now)
        return self._runtime(now)

    async def keys(self, now: datetime) -> KnownKeys:
        """The keys at hand; loads them when that is due."""
        keys = self._keys
        if keys is None or now >= self._reload_at or now < self._loaded_at:
            keys = await self.reload(now)
        return keys

    async def reload(self, now: datetime, *, sought: bool = False) -> KnownKeys:
        """Load keys, see `Home.load_keys`; while nobody answers, those at hand stay."""
        try:
            keys = await self.home.load_keys(now, sought=sought)
        except Unavailable:
            if self._keys is None:
                raise
            self._reload_at = now + RETRY_KEYS  # the keys at hand still verify; nobody is refused for this
            return self._keys
        self._adopt(keys, now)
        return keys

    def _adopt(self, keys: KnownKeys, now: datetime) -> None:
        if frozenset(key.key_id for key in keys.verifying) != self._verifier.key_ids:
            self._verifier = AccessVerifier(
                keys.verifying,
                capacity=self.config.verified_cache,
                end_claim=keys.end_claim,
                longest=self.config.lifetimes.access,
            )
        self._keys, self._loaded_at, self._reload_at = keys, now, keys.reload_at
        self._trust()

    def _runtime(self, now: datetime) -> Runtime:
        return Runtime(
            settings=self.config.http,
            verifier=self._verifier,
            sessions=self.home.sessions(now),
            now=now,
            revoked=self._feed.handles,
            used=self.first_use.note,
        )

    # --- revocations -------------------------------------------------------------------------------------------------

    async def ready_to_verify(self) -> Runtime:
        """As `ready`, knowing every revocation that is older than the configured lag."""
        if not self._feed.fresh(self.clock.now(), within=self.config.revocation_lag):
            await self.watch_revocations()
        return await self.ready()

    async def watch_revocations(self) -> None:
        """See `Engine.watch_revocations`."""
        await self.home.catch_up(self._feed, self.clock.now())
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
            if runtime.verifier is self._verifier:  # else somebody has loaded keys meanwhile
                self._seek(runtime.now)
                await self.reload(runtime.now, sought=True)
            return await operation(self._runtime(runtime.now))

    def _seek(self, now: datetime) -> None:
        """Refuse the token whose key is unknown, unless nobody has looked for one just now."""
        last = max(self._loaded_at, self._sought_at)
        if now < last + _RELOAD_FOR_UNKNOWN:
            raise KeyUnknown("access token")
        # Before the store is asked: junk comes by the hundred at once, and all but the first find this.
        self._sought_at = now
