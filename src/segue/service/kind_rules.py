"""
How each kind of previous provider proves its credentials, in the words of the settings file.

House rule: what is given up is shown as what it is, `any`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import assert_never

from segue.migration.back_channel import LogoutReach
from segue.migration.binding import Anyone
from segue.migration.cookie_provider import CookieProvider, OncePer
from segue.migration.key_sources import KeySource, LiveKeys, PinnedFallback, PinnedKeys
from segue.migration.kinds import AnyProvider
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.own_provider import OwnProvider
from segue.migration.provider import Provider
from segue.migration.rule_words import rules_in_words
from segue.migration.shared_secrets import SharedSecrets

_REACH = {
    LogoutReach.SIGN_IN: "ends the sign-in that it names",
    LogoutReach.USER: "ends all of the person's",
}
_ONCE = {
    OncePer.PERSON: "sign-in that has an id or a time, else user",
    OncePer.CREDENTIAL: "sign-in that has an id or a time, else credential",
}


def rules_of_kind(provider: AnyProvider) -> Iterable[tuple[str, str]]:
    """What is looked at in a credential of this kind, and what it must be."""
    match provider:
        case Provider():
            return _of_jwts(provider)
        case CookieProvider():
            return _of_cookies(provider)
        case OpaqueProvider():
            return _of_opaque(provider)
        case OwnProvider():
            return _of_own(provider)
        case _:
            assert_never(provider)


def _of_cookies(provider: CookieProvider) -> Iterable[tuple[str, str]]:
    yield "credential", "session cookie"
    yield "cookies", listed(sorted(provider.cookie_names))
    yield "verified by", f"{type(provider.format).__name__}{', and its row' if provider.find_session else ''}"
    yield "one session for each", _ONCE[provider.once_per]


def _of_opaque(provider: OpaqueProvider) -> Iterable[tuple[str, str]]:
    yield "credential", "opaque access token"
    yield "verified by", f"introspection at {provider.introspection.url}"
    yield "audiences", _binding(provider.audiences)
    yield "authorized parties", _binding(provider.authorized_parties)
    if provider.required_claims:
        yield "required claims", listed(f"{name} = {value}" for name, value in provider.required_claims)


def _of_own(provider: OwnProvider) -> Iterable[tuple[str, str]]:
    yield "credential", listed(sorted(provider.cookie_names)) or "bearer token"
    yield "verified by", "the application's own function"
    yield "one session for each", _ONCE[provider.once_per]


def _of_jwts(provider: Provider) -> Iterable[tuple[str, str]]:
    yield "keys", _keys(provider.keys)
    yield "credential", provider.credential.value
    yield "audiences", _binding(provider.audiences)
    yield "authorized parties", _binding(provider.authorized_parties)
    yield "algorithms", listed(sorted(algorithm.value for algorithm in provider.algorithms))
    yield "token types", listed(sorted(provider.token_types))
    if provider.required_claims:
        yield "required claims", listed(f"{name} = {value}" for name, value in provider.required_claims)
    if provider.back_channel_logout is not None:
        logout = provider.back_channel_logout
        yield "back-channel logout", f"for {listed(sorted(logout.audiences))}; {_REACH[logout.reach]}"
    yield from rules_in_words(provider.rules)


def _keys(source: KeySource) -> str:
    match source:
        case PinnedKeys():
            return _pinned(source)
        case SharedSecrets():
            until = f" until {instant_text(source.not_after)}" if source.not_after else ""
            return f"{len(source.keys)} shared secret{'s' if len(source.keys) != 1 else ''}{until}"
        case LiveKeys():
            return f"live from {source.jwks_url}" if source.jwks_url else f"live by {source.document_url}"
        case PinnedFallback():
            return f"{_keys(source.live)}; while it does not answer, {_pinned(source.pinned)}"
        case _:
            assert_never(source)


def _pinned(source: PinnedKeys) -> str:
    count = f"{len(source.keys)} pinned key{'s' if len(source.keys) != 1 else ''}"
    since = f" since {instant_text(source.pinned_at)}" if source.pinned_at else ""
    until = f" until {instant_text(source.not_after)}" if source.not_after else ""
    compared = ", compared with the live ones" if source.compare_with else ""
    return f"{count} ({listed(sorted(source.keys.key_ids)) or 'no key id'}){since}{until}{compared}"


def _binding(values: frozenset[str] | Anyone) -> str:
    return "any" if isinstance(values, Anyone) else listed(sorted(values))


def listed(values: Iterable[str]) -> str:
    """One after the other."""
    return ", ".join(values)


def instant_text(instant: datetime) -> str:
    """To the second."""
    return instant.isoformat(timespec="seconds")
