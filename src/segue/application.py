"""
The application's own say, as ports: who a provider's user is here, whether he may come in, and what his claims are.

Under `AsyncEngine` all may be coroutine functions; under `Engine` a coroutine is refused loudly. House rule: what the
application raises is passed on untouched, and `None` from a mapping is not a user.
"""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Sequence
from datetime import datetime
from typing import TypeAlias, TypeVar

from segue.errors import ConfigurationError, UserRefused, UserUnknown
from segue.ids import TenantId, UserId
from segue.json import JsonValue
from segue.migration.endings import ApplicationEnding, OldTokens
from segue.migration.mapping import FromClaim, ImportedTable, Prefixed, SameId
from segue.migration.mapping_flows import require_one
from segue.migration.model import Identity
from segue.migration.policy import MapUser, ProviderPolicy
from segue.migration.user_state import Standing
from segue.old_application import AsyncOldApplication, BlockingOldApplication, OldApplicationHooks

T = TypeVar("T")

FetchClaim: TypeAlias = (
    Callable[[str, UserId, TenantId], JsonValue] | Callable[[str, UserId, TenantId], Awaitable[JsonValue]]
)
"""(claim, user, tenant) → its present value, or None if there is nothing to say."""


class _Hooks(OldApplicationHooks):
    def __init__(self, providers: Sequence[ProviderPolicy], fetch_claim: FetchClaim | None) -> None:
        super().__init__(providers)
        self._map_user: dict[str, MapUser] = {
            provider.name: provider.map_user
            for provider in providers
            if not isinstance(provider.map_user, SameId | Prefixed | FromClaim | ImportedTable)
        }
        self._providers = {provider.name: provider for provider in providers}
        self._fetch_claim = fetch_claim

    def _mapped(self, identity: Identity) -> str | Awaitable[str]:
        return self._map_user[identity.provider](identity)

    def _by_email(self, identity: Identity, address: str) -> tuple[str, ...] | Awaitable[tuple[str, ...]]:
        table = self._providers[identity.provider].map_user
        find = table.find_by_email if isinstance(table, ImportedTable) else None
        return () if find is None else find(address)

    def _create(self, identity: Identity, proposed: UserId) -> str | Awaitable[str]:
        table = self._providers[identity.provider].map_user
        create = table.create if isinstance(table, ImportedTable) else None
        if create is None:
            raise UserUnknown("nobody makes users")
        return create(identity, proposed)

    def _since(self, identity: Identity) -> datetime | Awaitable[datetime | None] | None:
        valid_since = self._providers[identity.provider].valid_since
        return None if valid_since is None else valid_since(identity)

    def _checked(self, identity: Identity, user_id: UserId) -> Standing | Awaitable[Standing]:
        check_user = self._providers[identity.provider].check_user
        return Standing.ACTIVE if check_user is None else check_user(identity, user_id)

    def _ended(self, provider: str, old: OldTokens) -> Awaitable[None] | None:
        ending = self._providers[provider].revocation
        return ending.end_session(old) if isinstance(ending, ApplicationEnding) else None

    def _fetched(self, claim: str, user_id: UserId, tenant_id: TenantId) -> JsonValue | Awaitable[JsonValue]:
        return None if self._fetch_claim is None else self._fetch_claim(claim, user_id, tenant_id)


class Application(_Hooks, BlockingOldApplication):
    """The ports `UserMapper` and `ClaimSource` over plain functions."""

    def map_user(self, identity: Identity) -> UserId:
        """See `UserMapper.map_user`."""
        return _user_id(_at_once(self._mapped(identity), "map_user"))

    def find_by_email(self, identity: Identity, address: str) -> UserId | None:
        """See `UserMapper.find_by_email`."""
        found = require_one(_at_once(self._by_email(identity, address), "find_by_email"))
        return None if found is None else _user_id(found)

    def create_user(self, identity: Identity, proposed: UserId) -> UserId:
        """See `UserMapper.create_user`."""
        return _user_id(_at_once(self._create(identity, proposed), "create"))

    def valid_since(self, identity: Identity) -> datetime | None:
        """See `UserState.valid_since`."""
        return _at_once(self._since(identity), "valid_since")

    def check_user(self, identity: Identity, user_id: UserId) -> Standing:
        """See `UserState.check_user`."""
        return _at_once(self._checked(identity, user_id), "check_user")

    def end_old_session(self, provider: str, old: OldTokens) -> None:
        """See `SessionEnder.end_old_session`."""
        _at_once(self._ended(provider, old), "end_session")

    def fetch_claim(self, claim: str, *, user_id: UserId, tenant_id: TenantId) -> JsonValue:
        """See `ClaimSource.fetch_claim`."""
        return _at_once(self._fetched(claim, user_id, tenant_id), "fetch_claim")


class AsyncApplication(_Hooks, AsyncOldApplication):
    """The same for an event loop; the functions may be coroutine functions."""

    async def map_user(self, identity: Identity) -> UserId:
        """See `UserMapper.map_user`."""
        mapped = self._mapped(identity)
        return _user_id(await mapped if inspect.isawaitable(mapped) else mapped)

    async def find_by_email(self, identity: Identity, address: str) -> UserId | None:
        """See `UserMapper.find_by_email`."""
        answer = self._by_email(identity, address)
        found = require_one(await answer if inspect.isawaitable(answer) else answer)
        return None if found is None else _user_id(found)

    async def create_user(self, identity: Identity, proposed: UserId) -> UserId:
        """See `UserMapper.create_user`."""
        made = self._create(identity, proposed)
        return _user_id(await made if inspect.isawaitable(made) else made)

    async def valid_since(self, identity: Identity) -> datetime | None:
        """See `UserState.valid_since`."""
        since = self._since(identity)
        return await since if inspect.isawaitable(since) else since

    async def check_user(self, identity: Identity, user_id: UserId) -> Standing:
        """See `UserState.check_user`."""
        standing = self._checked(identity, user_id)
        return await standing if inspect.isawaitable(standing) else standing

    async def end_old_session(self, provider: str, old: OldTokens) -> None:
        """See `SessionEnder.end_old_session`."""
        ended = self._ended(provider, old)
        if inspect.isawaitable(ended):
            await ended

    async def fetch_claim(self, claim: str, *, user_id: UserId, tenant_id: TenantId) -> JsonValue:
        """See `ClaimSource.fetch_claim`."""
        fetched = self._fetched(claim, user_id, tenant_id)
        return await fetched if inspect.isawaitable(fetched) else fetched


def _at_once(value: T | Awaitable[T], name: str) -> T:
    if inspect.iscoroutine(value):
        value.close()
    if inspect.isawaitable(value):
        raise ConfigurationError(f"{name} is a coroutine function; use AsyncEngine, or a plain function")
    return value


def _user_id(mapped: object) -> UserId:
    if not isinstance(mapped, str):
        raise UserRefused("map_user returned no text")
    return UserId(mapped)
