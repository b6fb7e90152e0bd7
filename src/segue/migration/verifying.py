"""
Prove a credential, by its provider's own way and that provider's alone; nothing is written.

One flow for every kind: choose, refuse what is switched off or over, prove, and say which sign-in it is. House rule:
awaits only `ask` and other flows; a credential that one provider refuses is shown to no other (threat T17).
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext
from datetime import datetime
from typing import ClassVar, assert_never

import msgspec

from segue.discreet import Discreet
from segue.errors import ClaimsRefused, FetchFailed, MigrationClosed, StateUnavailable
from segue.flow import ask
from segue.ids import Digest
from segue.migration.back_channel import SignOut, verify_sign_out
from segue.migration.choosing import ChosenCookies, ChosenJwt, ChosenOpaque, ChosenOwn, choose_provider
from segue.migration.cookie_provider import CookieProvider
from segue.migration.credential import BearerToken, Credential, OldCookies
from segue.migration.introspection import introspection_request
from segue.migration.key_cache import CacheRules, KeyCache
from segue.migration.key_flows import keys_for
from segue.migration.key_holder import KeyCacheHolder
from segue.migration.key_sources import live_part
from segue.migration.kinds import AnyProvider, choose_by_issuer
from segue.migration.mapping import ImportedTable
from segue.migration.model import Identity
from segue.migration.old_sessions import claim_of, identity_of, require_old_session
from segue.migration.once import claim_id_of
from segue.migration.opaque import claim_of_token, read_answer, require_form
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.own_provider import CredentialVerifier, OwnProvider
from segue.migration.provider import Provider
from segue.migration.records import Stage
from segue.migration.trail import Trail
from segue.migration.verification import read_issuer, require_algorithm, verify_credential
from segue.migration.web import Web
from segue.tokens.jwk import KeySet
from segue.tokens.jws import UnverifiedJws, parse_jws

_NO_CACHE = KeyCacheHolder(KeyCache(rules=CacheRules()), lock=nullcontext())
"""For pinned keys, which need none; it stays empty."""


class Migration(msgspec.Struct, frozen=True, kw_only=True):
    """What is configured for it."""

    providers: tuple[AnyProvider, ...]
    key_caches: Mapping[str, KeyCacheHolder]
    """By provider name; pinned keys need none."""
    version: str
    """Ours, for provenance."""

    @property
    def has_table(self) -> bool:
        """Whether some people's user ids are in the table of identities."""
        return any(isinstance(provider.map_user, ImportedTable) for provider in self.providers)


class Verified(Discreet, frozen=True, kw_only=True):
    """A credential that holds."""

    unshown: ClassVar = frozenset({"identity", "bearer", "record_key"})

    provider: AnyProvider
    identity: Identity
    claim_id: Digest
    """The sign-in that it is of: what becomes a session once."""
    bearer: str | None
    """The token as presented, if it is one."""
    record_key: str | None = None
    """The old session's key in the application's own store, by which it is ended there."""


async def verify(
    credential: Credential,
    migration: Migration,
    *,
    now: datetime,
    trail: Trail | None = None,
    named: str | None = None,
) -> Verified:
    """
    Verify a credential by its provider's rules; nothing is written.

    Args:
        credential: as presented.
        migration: what is configured.
        now: aware UTC instant.
        trail: where the flow notes how far it comes.
        named: the provider that the caller named, if he did.

    Raises:
        TokenRefused: one of its kinds.
        RequestRefused: the caller named a provider that does not read it, or has to name one.
        SignInRevoked: the provider says so of an opaque token or a row.
        MigrationClosed: the provider's deadline has passed.
        NotYet: the provider is switched off.
        TooManyAttempts: of this address or this person.
        Unavailable: what proves it cannot be had at the moment.
    """
    trail = trail or Trail()
    trail.reached(Stage.TOKEN)
    chosen = choose_provider(migration.providers, credential, named)
    provider = chosen.provider
    trail.chose(provider)
    if provider.deadline is not None and now >= provider.deadline:
        raise MigrationClosed(provider.name)
    match chosen:
        case ChosenJwt():
            verified = await _by_keys(chosen, migration, now)
        case ChosenOpaque():
            verified = await _by_introspection(chosen.bearer, chosen.provider, now)
        case ChosenCookies():
            verified = await _by_format(chosen.cookies, chosen.provider, now)
        case ChosenOwn():
            verified = await _by_application(chosen.credential, chosen.provider, now)
        case _:
            assert_never(chosen)
    trail.identified(verified.identity)
    return verified


async def verify_logout_token(text: str, migration: Migration, *, now: datetime) -> tuple[Provider, SignOut]:
    """
    Verify what a provider says over the back channel; nothing is written.

    Raises:
        TokenRefused: it is no logout token of a provider that is believed.
        KeysUnavailable: its keys cannot be had at the moment.
    """
    unverified = parse_jws(text)
    issuer, _ = read_issuer(unverified)
    provider = choose_by_issuer(migration.providers, issuer)
    if provider is None or provider.back_channel_logout is None:
        raise ClaimsRefused("iss", "no provider whose logout tokens are believed")
    require_algorithm(unverified, provider)
    keys = await _keys(unverified, provider, migration, now)
    said = verify_sign_out(
        unverified,
        keys,
        provider.back_channel_logout,
        issuers=provider.issuers,
        algorithms=provider.algorithms,
        leeway=provider.leeway,
        now=now,
    )
    return provider, said


async def _keys(unverified: UnverifiedJws, provider: Provider, migration: Migration, now: datetime) -> KeySet:
    cache = _NO_CACHE if live_part(provider.keys) is None else migration.key_caches[provider.name]
    return await keys_for(provider.keys, cache, unverified.key_id, now)


async def _by_keys(chosen: ChosenJwt, migration: Migration, now: datetime) -> Verified:
    provider, unverified = chosen.provider, chosen.unverified
    require_algorithm(unverified, provider)
    keys = await _keys(unverified, provider, migration, now)
    identity = verify_credential(unverified, keys, provider, now=now)
    return Verified(
        provider=provider,
        identity=identity,
        claim_id=claim_id_of(identity, chosen.text),
        bearer=chosen.text,
    )


async def _by_format(cookies: OldCookies, provider: CookieProvider, now: datetime) -> Verified:
    old = await provider.format.read(cookies.values, provider.name, now=now)
    identity = identity_of(old, provider, now=now)
    return Verified(
        provider=provider,
        identity=identity,
        claim_id=claim_of(identity, old, provider.once_per),
        bearer=None,
        record_key=old.record_key,
    )


async def _by_introspection(bearer: BearerToken, provider: OpaqueProvider, now: datetime) -> Verified:
    require_form(bearer)
    request = introspection_request(bearer.text, provider.introspection)
    try:
        response = await ask(Web.exchange, request)
    except FetchFailed as error:
        raise StateUnavailable(*error.args) from error
    identity = read_answer(request, response, provider, now=now)
    return Verified(
        provider=provider,
        identity=identity,
        claim_id=claim_of_token(identity, bearer),
        bearer=bearer.text,
    )


async def _by_application(credential: Credential, provider: OwnProvider, now: datetime) -> Verified:
    answer: object = await ask(CredentialVerifier.verify_credential, provider.name, credential)
    old = require_old_session(answer)
    identity = identity_of(old, provider, now=now)
    return Verified(
        provider=provider,
        identity=identity,
        claim_id=claim_of(identity, old, provider.once_per),
        bearer=credential.text if isinstance(credential, BearerToken) else None,
        record_key=old.record_key,
    )
