"""
The keys for a token, wherever they have to come from.

Flows: they ask for one thing only, an HTTP exchange. What to do is `KeyCache`'s decision, what an answer is worth is
judged by plain functions. House rule: whatever goes wrong while fetching, keys that we have and may use are used.
"""

from __future__ import annotations

from datetime import datetime
from typing import assert_never

from segue.errors import FetchFailed, KeyRefused, KeysUnavailable, KeyUnknown
from segue.flow import ask
from segue.migration.discovery import discovery_request, read_discovery
from segue.migration.key_cache import (
    Attempt,
    FetchKeys,
    KeyConfirmedUnknown,
    KeysSuppressed,
    UseKeys,
    knows,
)
from segue.migration.key_holder import KeyCacheHolder
from segue.migration.key_sources import KeyForm, KeySource, LiveKeys, PinnedFallback, PinnedKeys
from segue.migration.shared_secrets import SharedSecrets
from segue.migration.web import Web, WebRequest, WebResponse, read_json
from segue.tokens.jwk import KeySet, parse_certificates, parse_jwks


async def keys_for(source: KeySource, cache: KeyCacheHolder, key_id: str | None, now: datetime) -> KeySet:
    """
    A key set with candidates for a token that names *key_id*.

    Args:
        source: as configured.
        cache: of this source and no other; pinned keys need none of it.
        key_id: from the token's header, not yet trusted; None if it names none.
        now: aware UTC instant.

    Raises:
        KeyUnknown: the issuer, just asked, has no such key, or the time of the pinned keys is over: final.
        KeysUnavailable: the issuer did not answer, or may not be asked again yet: a retry may help.
    """
    match source:
        case PinnedKeys() | SharedSecrets():
            return _pinned(source, key_id, now)
        case LiveKeys():
            return await _live(source, cache, key_id, now)
        case PinnedFallback():
            return await _live_or_pinned(source, cache, key_id, now)
        case _:
            assert_never(source)


async def refresh_keys(source: KeySource, cache: KeyCacheHolder, now: datetime) -> bool:
    """
    Fetch live keys without waiting for a token: at start-up, or ahead of `max_age` so that no caller ever waits.

    Returns:
        Whether keys are at hand afterwards that may be used.
    """
    match source:
        case PinnedKeys() | SharedSecrets():
            return source.serving(now)
        case LiveKeys():
            attempt = cache.begin(now)
            if attempt is not None:
                await _fetched(source, cache, attempt, key_id=None, now=now)
            return cache.state.usable(now) is not None
        case PinnedFallback():
            return await refresh_keys(source.live, cache, now) or source.pinned.serving(now)
        case _:
            assert_never(source)


async def _live_or_pinned(
    source: PinnedFallback, cache: KeyCacheHolder, key_id: str | None, now: datetime
) -> KeySet:
    pinned = source.pinned
    at_hand = pinned.serving(now) and knows(pinned.keys, key_id)
    if at_hand and cache.state.resting(now):
        return pinned.keys
    try:
        return await _live(source.live, cache, key_id, now)
    except KeysUnavailable:
        # With a set of the provider's own at hand, a key that it lacks was withdrawn or never was.
        if at_hand and cache.state.usable(now) is None:
            return pinned.keys
        raise


def _pinned(source: PinnedKeys | SharedSecrets, key_id: str | None, now: datetime) -> KeySet:
    if not source.serving(now):
        raise KeyUnknown(f"the keys served until {source.not_after}")
    return _containing(source.keys, key_id)


def _containing(keys: KeySet, key_id: str | None) -> KeySet:
    if not knows(keys, key_id):
        raise KeyUnknown("the issuer has no key of this id")
    return keys


async def _live(source: LiveKeys, cache: KeyCacheHolder, key_id: str | None, now: datetime) -> KeySet:
    match cache.decide(key_id, now):
        case UseKeys(keys=keys, refresh=attempt):
            if attempt is None:
                return keys
            newer = await _fetched(source, cache, attempt, key_id=key_id, now=now)
            return keys if isinstance(newer, FetchFailed) else _containing(newer, key_id)
        case FetchKeys(attempt=attempt):
            newer = await _fetched(source, cache, attempt, key_id=key_id, now=now)
            if isinstance(newer, FetchFailed):
                brought = cache.state.usable(now)  # an older attempt may have come back meanwhile
                if brought is not None and knows(brought, key_id):
                    return brought
                raise KeysUnavailable(source.issuer, str(newer)) from newer
            return _containing(newer, key_id)
        case KeyConfirmedUnknown():
            raise KeyUnknown("the issuer, asked a moment ago, has no key of this id")
        case KeysSuppressed(failure=failure):
            raise KeysUnavailable(source.issuer, failure or "asked for other keys a moment ago")


async def _fetched(
    source: LiveKeys, cache: KeyCacheHolder, attempt: Attempt, *, key_id: str | None, now: datetime
) -> KeySet | FetchFailed:
    """One attempt, its outcome written down."""
    try:
        url = await _located(source, cache, attempt, now)
        request = jwks_request(url, issuer=source.issuer, flight=attempt)
        keys = read_keys(request, await ask(Web.exchange, request), form=source.form)
    except FetchFailed as error:
        cache.failed(attempt, str(error))
        return error
    cache.succeeded(attempt, keys, key_id)
    return keys


async def _located(source: LiveKeys, cache: KeyCacheHolder, attempt: Attempt, now: datetime) -> str:
    """The JWKS URL: configured, discovered lately, or discovered now."""
    if source.jwks_url is not None:
        return source.jwks_url
    known = cache.state.located(now)
    if known is not None:
        return known
    request = discovery_request(source.document_url, issuer=source.issuer, flight=attempt)
    response = await ask(Web.exchange, request)
    url = read_discovery(request, response, issuer=source.issuer, hosts=source.jwks_hosts)
    cache.discovered(url, now)
    return url


def jwks_request(url: str, *, issuer: str, flight: object | None = None) -> WebRequest:
    """Ask for the keys."""
    accept = ("accept", "application/jwk-set+json, application/json")
    return WebRequest(url=url, purpose=f"keys of {issuer}", headers=(accept,), flight=flight)


def read_keys(request: WebRequest, response: WebResponse, *, form: KeyForm) -> KeySet:
    """
    The keys in a response, in the form that its provider publishes.

    Raises:
        FetchFailed: not of that form, or none of the keys can be used.
    """
    if form is KeyForm.JWKS:
        return read_jwks(request, response)
    try:
        keys = parse_certificates(read_json(request, response))
    except KeyRefused as error:
        raise FetchFailed(request.place, str(error)) from error
    return _usable(request, keys)


def read_jwks(request: WebRequest, response: WebResponse) -> KeySet:
    """
    The keys in a response.

    Raises:
        FetchFailed: not a JWK set, or none of its keys can be used: such an answer must not replace good keys.
    """
    try:
        keys = parse_jwks(read_json(request, response))
    except KeyRefused as error:
        raise FetchFailed(request.place, str(error)) from error
    return _usable(request, keys)


def _usable(request: WebRequest, keys: KeySet) -> KeySet:
    if not len(keys):
        reasons = "; ".join(keys.skipped[:3]) or "it is empty"
        raise FetchFailed(request.place, f"no key of the set can be used: {reasons}")
    return keys
