"""
Where sessions live, as far as a process has to know it: in our own store (here), or in a remote core (`remote`).

`AtHand` keeps what both have in common. House rule: what is loaded is swapped whole, so that threads and tasks can
share a home; only `ask` and other flows are awaited.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Protocol

import msgspec

from segue.config import Config
from segue.flow import ask
from segue.migration.flows import RANDOMNESS, Migrated, MigrationRequest, migrate
from segue.migration.minting import LocalMinting
from segue.migration.model import Claim
from segue.migration.verifying import Migration
from segue.sessions import key_flows
from segue.sessions.issuing import Issuance
from segue.sessions.local import LocalSessions
from segue.sessions.ports import SigningKeyStore
from segue.sessions.revocations import RevocationFeed, catch_up
from segue.sessions.seam import Sessions
from segue.tokens.keys import VerificationKey
from segue.tokens.published import PublishedKeys
from segue.tokens.signing_keys import KeyPlan, SigningKey

_RELOAD_KEYS = timedelta(seconds=30)
"""How often other instances' new signing keys are looked for without a reason."""
RETRY_KEYS = timedelta(seconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
_NO_KEYS = KeyPlan(dynamic=None, static=None, verifying=(), outdated=(), make=(), next_change=_NEVER)


class KnownKeys(msgspec.Struct, frozen=True, kw_only=True):
    """The keys that verify access tokens at the moment."""

    verifying: tuple[SigningKey | VerificationKey, ...]
    published: PublishedKeys
    reload_at: datetime
    """When to look again without a reason."""
    end_claim: str | None = None
    """The name under which a token may state an end that comes before its own."""


class Home(Protocol):
    """Where the sessions of one app live."""

    async def load_keys(self, now: datetime, *, sought: bool) -> KnownKeys:
        """
        The keys as they are now.

        Args:
            now: aware UTC instant.
            sought: a token names one that is not at hand, so that what is remembered here will not do.

        Raises:
            Unavailable: they could not be asked for.
        """
        ...

    async def catch_up(self, feed: RevocationFeed, now: datetime) -> None:
        """Bring the feed up to date, as far as revocations are told of here."""
        ...

    def sessions(self, now: datetime) -> Sessions:
        """The sessions at an instant; tokens can be made once keys were loaded."""
        ...

    async def migrate(self, request: MigrationRequest, migration: Migration, now: datetime) -> Migrated:
        """A migration onto a session here; keys were loaded before."""
        ...

    def is_settled(self, claim: Claim) -> bool:
        """Whether the session of a claim was ever made known to anybody."""
        ...

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """
        Our own keys, as loaded last.

        Raises:
            BeyondCore: they are a remote core's.
        """
        ...

    async def forget_keys(self, key_ids: tuple[str, ...]) -> None:
        """
        Delete keys of ours.

        Raises:
            BeyondCore: they are a remote core's.
        """
        ...


class LocalHome:
    """Our own store: implements `Home`."""

    def __init__(self, config: Config, *, draw: Callable[[int], bytes]) -> None:
        """
        Args:
            config: checked already.
            draw: as many random bytes as asked for.
        """
        self._config = config
        self._secrets = config.parsed_secrets()
        self._draw = draw
        self._plan = _NO_KEYS

    async def load_keys(self, now: datetime, *, sought: bool) -> KnownKeys:  # noqa: ARG002 - the store is always asked
        """See `Home.load_keys`; makes signing keys that are due."""
        config = self._config
        plan = await key_flows.load_keys(
            config.app_id,
            config.key_policy,
            self._secrets,
            now=now,
            randomness=self._draw(key_flows.ATTEMPTS * 2 * key_flows.RANDOMNESS),
        )
        self._plan = plan
        return KnownKeys(
            verifying=plan.verifying,
            published=plan.published(),
            reload_at=min(max(plan.next_change, now + RETRY_KEYS), now + _RELOAD_KEYS),
        )

    async def catch_up(self, feed: RevocationFeed, now: datetime) -> None:
        """See `Home.catch_up`."""
        await catch_up(feed, now=now, stale=self._config.stale_feed)

    def sessions(self, now: datetime) -> LocalSessions:
        """See `Home.sessions`."""
        return LocalSessions(self._issuance(now), draw=self._draw)

    async def migrate(self, request: MigrationRequest, migration: Migration, now: datetime) -> Migrated:
        """See `Home.migrate`."""
        minting = LocalMinting(self._issuance(now))
        return await migrate(request, migration, minting, randomness=self._draw(RANDOMNESS))

    def is_settled(self, claim: Claim) -> bool:  # noqa: ARG002 - claim and session are one transaction
        """See `Home.is_settled`."""
        return True

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """See `Home.signing_keys`."""
        return self._plan.verifying

    async def forget_keys(self, key_ids: tuple[str, ...]) -> None:
        """See `Home.forget_keys`."""
        await ask(SigningKeyStore.delete_signing_keys, self._config.app_id, key_ids)

    def _issuance(self, now: datetime) -> Issuance:
        config = self._config
        return Issuance(
            app_id=config.app_id,
            issuer=config.http.issuer,
            secrets=self._secrets,
            lifetimes=config.lifetimes,
            keys=self._plan,
            now=now,
            luck=int.from_bytes(self._draw(4)) / 2**32,
            static_keys=config.http.use_static_keys,
        )
