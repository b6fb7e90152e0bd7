"""
Which provider a credential is for: by what it is, and by name where that leaves several.

A JWT names its issuer, a cookie has a name; an opaque token has neither. House rules: one provider is chosen before any
key, secret or endpoint is used, and never a second one after the first has refused (threats T6, T17); what may be
somebody's JWT is never sent to an introspection endpoint.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import ClassVar, TypeAlias, assert_never

import msgspec

from segue.discreet import Discreet
from segue.errors import ClaimsRefused, ProviderUnclear, RequestRefused, TokenMalformed, TokenMissing
from segue.migration.cookie_provider import CookieProvider
from segue.migration.credential import BearerToken, Credential, OldCookies
from segue.migration.kinds import AnyProvider, choose_by_issuer, cookie_names
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.own_provider import OwnProvider
from segue.migration.provider import Provider
from segue.migration.verification import parse_token, read_issuer
from segue.tokens.jws import UnverifiedJws, parse_jws

_CHUNK = re.compile(r"\.[0-9]{1,2}\Z")


class ChosenJwt(Discreet, frozen=True, kw_only=True):
    """A provider of JWTs, and the token as parsed; nothing of it is true yet."""

    unshown: ClassVar = frozenset({"text"})

    provider: Provider
    text: str
    unverified: UnverifiedJws


class ChosenOpaque(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that is asked about its tokens."""

    provider: OpaqueProvider
    bearer: BearerToken


class ChosenCookies(msgspec.Struct, frozen=True, kw_only=True):
    """A provider that reads cookies, and those that are its own."""

    provider: CookieProvider
    cookies: OldCookies


class ChosenOwn(msgspec.Struct, frozen=True, kw_only=True):
    """A provider whose credentials the application verifies; of cookies those that are its own."""

    provider: OwnProvider
    credential: Credential


Chosen: TypeAlias = ChosenJwt | ChosenOpaque | ChosenCookies | ChosenOwn


def choose_provider(providers: tuple[AnyProvider, ...], credential: Credential, named: str | None) -> Chosen:
    """
    The one provider that a credential is for.

    Args:
        providers: those that are configured.
        credential: as presented.
        named: the provider that the caller named, if he did.

    Raises:
        RequestRefused: there is no provider of that name, or it does not read this kind of credential.
        ProviderUnclear: there are several, and none was named.
        TokenMissing: none of its cookies is there, or one came twice.
        TokenMalformed: a bearer token that no provider reads.
        ClaimsRefused: a JWT of another issuer.
    """
    if named is not None:
        providers = tuple(each for each in providers if each.name == named)
        if not providers:
            raise RequestRefused("the request names a provider that is not configured")
    match credential:
        case OldCookies():
            return _by_cookies(providers, credential, named)
        case BearerToken():
            return _by_bearer(providers, credential, named)
        case _:
            assert_never(credential)


def is_read(name: str, names: frozenset[str]) -> bool:
    """Whether a request's cookie is one of *names*, or a chunk of one (`name.0`)."""
    return name in names or _CHUNK.sub("", name) in names


def _by_cookies(
    providers: tuple[AnyProvider, ...], credential: OldCookies, named: str | None
) -> ChosenCookies | ChosenOwn:
    if named is not None and not cookie_names(providers[0]):
        raise RequestRefused("the named provider reads no cookies, and there is no bearer token")
    # A cookie that came twice is there, too: else whoever can plant one had only to double those of the user's own.
    found = [found for each in providers if (found := _reading(each, credential)) is not None]
    if not found:
        raise TokenMissing("no cookie of a previous provider")
    if len(found) > 1:
        raise ProviderUnclear(_listed(each.provider for each in found))
    _require_single(found[0].provider, credential)
    return found[0]


def _require_single(provider: AnyProvider, credential: OldCookies) -> None:
    """In chunks or whole, with others beside it or alone: of what came twice, nothing is read (threat T28)."""
    names = cookie_names(provider)
    if any(is_read(name, names) for name in credential.doubled):
        raise TokenMissing(
            "a cookie of the old session came twice, and which one is the user's cannot be known"
        )


def _reading(provider: AnyProvider, credential: OldCookies) -> ChosenCookies | ChosenOwn | None:
    names = cookie_names(provider)
    own = OldCookies(
        values={name: value for name, value in credential.values.items() if is_read(name, names)}
    )
    if not own.values and not any(is_read(name, names) for name in credential.doubled):
        return None
    match provider:
        case CookieProvider():
            return ChosenCookies(provider=provider, cookies=own)
        case OwnProvider():
            return ChosenOwn(provider=provider, credential=own)
        case _:
            return None


def _by_bearer(
    providers: tuple[AnyProvider, ...], credential: BearerToken, named: str | None
) -> ChosenJwt | ChosenOpaque | ChosenOwn:
    if named is not None and cookie_names(providers[0]):
        raise RequestRefused("the named provider reads cookies, and there is a bearer token")
    first = providers[0] if len(providers) == 1 else None
    if isinstance(first, OwnProvider) and not first.cookie_names:
        return ChosenOwn(provider=first, credential=credential)
    opaque = [each for each in providers if isinstance(each, OpaqueProvider)]
    if not opaque or looks_like_jose(credential.text):
        return _by_issuer(providers, credential)
    if len(opaque) > 1:
        raise ProviderUnclear(_listed(opaque))
    return ChosenOpaque(provider=opaque[0], bearer=credential)


def _by_issuer(providers: tuple[AnyProvider, ...], credential: BearerToken) -> ChosenJwt:
    unverified = parse_token(credential.text)
    issuer, _ = read_issuer(unverified)
    provider = choose_by_issuer(providers, issuer)
    if provider is None:
        known = ", ".join(name for each in providers if isinstance(each, Provider) for name in each.issuers)
        raise ClaimsRefused("iss", f"none of those configured: {known}")
    return ChosenJwt(provider=provider, text=credential.text, unverified=unverified)


def looks_like_jose(text: str) -> bool:
    """Whether a text may be a JWS or JWE of somebody's, whole or broken (RFC 7515 §3.1, RFC 7516 §3.1)."""
    if text.startswith("eyJ"):  # `{"` in base64url: a header begins
        return True
    if text.startswith(("ey", "ew")) and text.count(".") in {
        2,
        4,
    }:  # the same with blanks or line ends behind `{`
        return True
    try:
        parse_jws(text)
    except TokenMalformed:
        return False
    return True


def _listed(providers: Iterable[AnyProvider]) -> str:
    return "name one of " + ", ".join(sorted(each.name for each in providers))
