"""
A core's public keys, cached as previous providers' are (`segue.migration.key_cache`).

One set for all: fetched once for many who ask at once, again when it is old, and for a token that names an unknown key,
at most every half second; while the core does not answer, the last good set serves. House rule: as for every flow, only
`ask` and other flows are awaited.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from datetime import datetime, timedelta

from segue.errors import CoreRefused, CoreUnavailable, KeyRefused, KeysUnavailable
from segue.migration.key_cache import Attempt, FetchKeys, KeyCache, UseKeys
from segue.migration.key_holder import KeyCacheHolder
from segue.remote.exchange import Core
from segue.remote.settings import RemoteCore
from segue.tokens.jwk import KeySet, parse_jwks

_RETRY = timedelta(seconds=1)


class CoreKeys:
    """The keys of one core in one process."""

    def __init__(self, core: Core, settings: RemoteCore, *, lock: AbstractContextManager[object]) -> None:
        """
        Args:
            core: who is asked.
            settings: how often.
            lock: held while what is known is replaced, never across I/O.
        """
        self._core = core
        self._max_age = settings.keys_max_age
        self._cache = KeyCacheHolder(KeyCache(rules=settings.key_rules), lock=lock)

    async def load(self, now: datetime, *, sought: bool) -> KeySet:
        """
        The keys that serve now.

        Args:
            now: aware UTC instant.
            sought: a token names one that is not among those at hand.

        Raises:
            KeysUnavailable: there are none, and the core does not answer or was asked a moment ago.
        """
        attempt = self._sought(now) if sought else self._due(now)
        if attempt is not None:
            await self._fetch(attempt, now)
        state = self._cache.state
        keys = state.usable(now)
        if keys is None:
            raise KeysUnavailable("the remote core", state.failure or "asked a moment ago")
        return keys

    def good_until(self, now: datetime) -> datetime:
        """When to ask again without a reason."""
        fetched = self._cache.state.fetched
        due = now if fetched is None else fetched.begun_at + self._max_age
        return max(due, now + _RETRY)

    def _due(self, now: datetime) -> Attempt | None:
        match self._cache.decide(None, now):
            case UseKeys(refresh=Attempt() as attempt) | FetchKeys(attempt=attempt):
                return attempt
            case _:
                return None

    def _sought(self, now: datetime) -> Attempt | None:
        attempt = self._cache.begin(now)
        state = self._cache.state
        return attempt or (state.attempt if state.running else None)

    async def _fetch(self, attempt: Attempt, now: datetime) -> None:
        try:
            keys = _usable(await self._core.public_keys(flight=attempt, now=now))
        except (CoreUnavailable, CoreRefused, KeyRefused) as error:
            self._cache.failed(attempt, str(error))
        else:
            self._cache.succeeded(attempt, keys, None)


def _usable(document: bytes) -> KeySet:
    keys = parse_jwks(document)
    if not len(keys):
        raise KeyRefused("no key of the set can be used", *keys.skipped[:3])
    return keys
