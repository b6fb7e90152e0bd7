"""
A remote core as the home of sessions: its keys and its sessions, our own ledger.

A core has no feed of revocations. What this process has revoked itself it remembers for as long as an access token
lives; what others revoke is felt by `check_database`, or when the access token is over. House rule: as in `home`.
"""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime
from itertools import count
from threading import Lock

from segue.config import Config
from segue.errors import BeyondCore
from segue.ids import SessionHandle
from segue.migration.flows import RANDOMNESS, Migrated, MigrationRequest, migrate
from segue.migration.model import Claim
from segue.migration.urls import is_this_machine
from segue.migration.verifying import Migration
from segue.operations.home import KnownKeys
from segue.remote.exchange import Core
from segue.remote.keys import CoreKeys
from segue.remote.marks import END
from segue.remote.minting import RemoteMinting, is_settled
from segue.remote.sessions import RemoteSessions, Terms
from segue.remote.settings import RemoteCore
from segue.sessions.model import Revocation
from segue.sessions.revocations import RevocationFeed
from segue.tokens.algorithms import SharedSecret
from segue.tokens.jwk import KeySet
from segue.tokens.published import PublishedKeys, public_jwk
from segue.tokens.signing_keys import SigningKey

logger = logging.getLogger("segue")

_KEYS_ARE_THERE = "signing keys are the remote core's own; look at them, and withdraw them, there"


class RemoteHome:
    """A remote core: implements `Home`."""

    def __init__(
        self,
        config: Config,
        settings: RemoteCore,
        *,
        draw: Callable[[int], bytes],
        ended: Callable[[SessionHandle], None],
    ) -> None:
        """
        Args:
            config: checked already.
            settings: which core.
            draw: as many random bytes as asked for.
            ended: is told of each session that this process ends: what waits for its first use need not wait longer.
        """
        self._ended = ended
        self._config = config
        self._secrets = config.parsed_secrets()
        self._draw = draw
        _warn_of_plain_http(settings)
        http = config.http
        self._core = Core(
            settings,
            app_id=config.app_id,
            api_domain=http.api_domain,
            website_domain=http.website_domain,
        )
        self._keys = CoreKeys(self._core, settings, lock=Lock())
        self._terms = Terms(
            app_id=config.app_id,
            issuer=http.issuer,
            static_keys=http.use_static_keys,
            lifetimes=config.lifetimes,
        )
        self._sequence = count(1)
        self._revoked_here: deque[Revocation] = deque()

    async def load_keys(self, now: datetime, *, sought: bool) -> KnownKeys:
        """See `Home.load_keys`."""
        keys = await self._keys.load(now, sought=sought)
        until = self._keys.good_until(now)
        return KnownKeys(
            verifying=keys.keys,
            published=PublishedKeys(jwks=_published(keys), next_change=until),
            reload_at=until,
            end_claim=END,
        )

    async def catch_up(self, feed: RevocationFeed, now: datetime) -> None:
        """See `Home.catch_up`."""
        doubts = feed.doubts
        while self._revoked_here:
            try:
                feed.add((self._revoked_here.popleft(),), now=now)
            except IndexError:  # another thread was faster
                break
        feed.add((), now=now)
        feed.confirm(now, doubts=doubts)

    def sessions(self, now: datetime) -> RemoteSessions:
        """See `Home.sessions`."""

        def note(handles: tuple[SessionHandle, ...]) -> None:
            for handle in handles:
                self._ended(handle)
            self._revoked_here.extend(
                Revocation(
                    sequence=next(self._sequence), app_id=self._config.app_id, handle=handle, revoked_at=now
                )
                for handle in handles
            )

        return RemoteSessions(self._core, self._terms, now=now, revoked=note)

    async def migrate(self, request: MigrationRequest, migration: Migration, now: datetime) -> Migrated:
        """See `Home.migrate`."""
        minting = RemoteMinting(
            self.sessions(now), app_id=self._config.app_id, secrets=self._secrets, now=now
        )
        return await migrate(request, migration, minting, randomness=self._draw(RANDOMNESS))

    def is_settled(self, claim: Claim) -> bool:
        """See `Home.is_settled`."""
        return is_settled(claim)

    def signing_keys(self) -> tuple[SigningKey, ...]:
        """See `Home.signing_keys`."""
        raise BeyondCore(_KEYS_ARE_THERE)

    async def forget_keys(self, key_ids: tuple[str, ...]) -> None:  # noqa: ARG002 - of `Home`
        """See `Home.forget_keys`."""
        raise BeyondCore(_KEYS_ARE_THERE)


def _warn_of_plain_http(settings: RemoteCore) -> None:
    for host in settings.addresses:
        if host.scheme == "http" and not is_this_machine(host.host):
            logger.warning(
                "core %s is asked over plain http: whoever is on the way reads the API key and all tokens; use https, "
                "or a network that nobody else is on",
                host.authority,
            )


def _published(keys: KeySet) -> tuple[dict[str, str], ...]:
    """What we verify with is what we publish: keys with an id and one algorithm, as cores have them."""
    return tuple(
        public_jwk(key.material, key_id=key.key_id, algorithm=next(iter(key.algorithms)))
        for key in keys
        if key.key_id is not None and not isinstance(key.material, SharedSecret) and len(key.algorithms) == 1
    )
