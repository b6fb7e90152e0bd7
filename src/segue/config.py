"""
Everything that an engine is built from, checked when it is built.

House rule: a value that cannot be safe or cannot work is refused here with a text that says how to mend it; nothing
below reads the environment or a file.
"""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar, cast

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.http.settings import HttpSettings
from segue.http.transport import OUR_COOKIES
from segue.ids import PUBLIC_APP, AppId
from segue.migration.kinds import AnyProvider, cookie_names, require_distinct
from segue.migration.throttle import Limits
from segue.sessions.policy import Lifetimes
from segue.sessions.revocations import StaleFeed
from segue.tokens.algorithms import Algorithm
from segue.tokens.secrets import Secrets
from segue.tokens.signing_keys import SIGNING_ALGORITHMS, KeyPolicy


class Config(Discreet, frozen=True, kw_only=True):
    """
    Configuration of an engine.

    Raises:
        ConfigurationError: the first value that cannot be safe or cannot work.
    """

    unshown: ClassVar = frozenset({"secrets"})

    http: HttpSettings
    secrets: tuple[str, ...]
    """
    Deployment secrets, at least 32 characters of randomness each, primary first.

    They sign refresh tokens and seal stored keys; keep them out of the database and the repository.
    """
    providers: tuple[AnyProvider, ...] = ()
    lifetimes: Lifetimes = Lifetimes()
    signing_algorithm: Algorithm = Algorithm.ES256
    """Of access tokens: ES256, RS256 (for SuperTokens back-end SDKs that serve their own JWKS route) or EdDSA."""
    key_update_interval: timedelta = timedelta(hours=168)
    """How long a dynamic signing key signs."""
    app_id: AppId = PUBLIC_APP
    trusted_origins: frozenset[str] = frozenset()
    """Origins of pages, besides website and API domain, that may ask for a migration."""
    revocation_lag: timedelta = timedelta(seconds=1)
    """How long after a revocation a verification that asks no database may still accept an access token."""
    stale_feed: StaleFeed = StaleFeed.REFUSE
    """What such a verification does while the store cannot be asked what was revoked."""
    limits: Limits = Limits()
    """How often migrating may fail."""
    attempts_kept: timedelta = timedelta(days=30)
    """How long every attempt to migrate is kept by itself; after that only their numbers."""
    verified_cache: int = 10_000
    """Access tokens whose verification is remembered; 0 remembers none."""

    def __post_init__(self) -> None:
        self.parsed_secrets()
        if not isinstance(cast("object", self.providers), tuple):
            raise ConfigurationError("providers must be a tuple: providers=(Provider(...),)")
        require_distinct(self.providers)
        self._require_foreign_cookies()
        if self.signing_algorithm not in SIGNING_ALGORITHMS:
            raise ConfigurationError(
                f"signing_algorithm {self.signing_algorithm.value}: choose ES256, RS256 or EdDSA"
            )
        if self.key_update_interval < timedelta(minutes=5):
            raise ConfigurationError("key_update_interval must be at least five minutes")
        if not timedelta(0) <= self.revocation_lag <= self.lifetimes.access:
            raise ConfigurationError("revocation_lag must lie between 0 and lifetimes.access")
        if self.attempts_kept < timedelta(hours=1):
            raise ConfigurationError("attempts_kept must be at least an hour")
        if self.verified_cache < 0:
            raise ConfigurationError("verified_cache must not be negative")

    def _require_foreign_cookies(self) -> None:
        for provider in self.providers:
            ours = cookie_names(provider) & OUR_COOKIES
            if ours:
                raise ConfigurationError(
                    f"{provider.name}: {', '.join(sorted(ours))} is a cookie of our own sessions, and is never read as "
                    "a previous provider's; name the cookie that the old application set"
                )

    def parsed_secrets(self) -> Secrets:
        """The secrets, ready to derive keys from."""
        return Secrets([secret.encode() for secret in self.secrets])

    @property
    def key_policy(self) -> KeyPolicy:
        """How our signing keys come and go."""
        return KeyPolicy(
            algorithm=self.signing_algorithm,
            update_interval=self.key_update_interval,
            access_lifetime=self.lifetimes.access,
        )
