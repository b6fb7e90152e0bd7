"""
Where the keys of a previous provider come from: asked for live, pinned, or live with pinned ones for a time of need.

Values of configuration: whatever cannot be safe or cannot work is refused when they are built, with a text that says
how to mend it. House rule: pinned keys need nobody; with them the provider may already be switched off.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from enum import Enum
from os import PathLike
from pathlib import Path
from typing import Self, TypeAlias, assert_never

import msgspec

from segue.errors import ConfigurationError, KeyRefused
from segue.json import JsonObject
from segue.migration.discovery import discovery_url
from segue.migration.key_cache import CacheRules
from segue.migration.shared_secrets import SharedSecrets
from segue.migration.urls import Destination, UrlRefused, parse_authority, parse_url
from segue.migration.web import MAX_BODY
from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import KeySet, key_from_pem, parse_jwks

_RULES = CacheRules()
_COOL_DOWNS = (timedelta(seconds=1), timedelta(minutes=5))
_AGES = (timedelta(seconds=10), timedelta(hours=24))
_STALE = (timedelta(0), timedelta(days=7))


class KeyForm(Enum):
    """How a provider publishes its keys."""

    JWKS = "a JWK set"
    CERTIFICATES = "X.509 certificates by key id"
    """A JSON object: key id to PEM. It has no discovery."""


class LiveKeys(msgspec.Struct, frozen=True, kw_only=True):
    """
    Ask the provider for its keys, now and then.

    By OpenID Connect discovery at the issuer's well-known place or at *discovery_url*, or without it at *jwks_url*.

    Raises:
        ConfigurationError: an address that is not followed, both addresses, or times outside their bounds.
    """

    issuer: str
    """Exactly as in its tokens, with or without a slash at the end."""
    discovery_url: str | None = None
    jwks_url: str | None = None
    form: KeyForm = KeyForm.JWKS
    """What is found at *jwks_url*; discovery leads to JWK sets only."""
    allowed_hosts: frozenset[str] = frozenset()
    """Where discovery may point besides the issuer's own host: `host` or `host:port`, no wildcards."""
    max_age: timedelta = _RULES.max_age
    """How long keys are used before they are asked for again."""
    stale_for: timedelta = _RULES.stale_for
    """How much longer, while the provider does not answer."""
    cool_down: timedelta = _RULES.cool_down
    """The least time between two attempts, whatever is asked for."""

    def __post_init__(self) -> None:
        if not self.issuer:
            raise ConfigurationError("issuer is empty; give the value of iss in the provider's tokens")
        if self.jwks_url is not None and self.discovery_url is not None:
            raise ConfigurationError(self.issuer, "give jwks_url or discovery_url, not both")
        if self.jwks_url is None and self.form is not KeyForm.JWKS:
            raise ConfigurationError(self.issuer, "certificates are not discovered; give jwks_url")
        _require_between("max_age", self.max_age, _AGES)
        _require_between("stale_for", self.stale_for, _STALE)
        _require_between("cool_down", self.cool_down, _COOL_DOWNS)
        for host in self.allowed_hosts:
            _authority(host)
        if self.jwks_url is not None:
            _destination("jwks_url", self.jwks_url)
        else:
            _destination("discovery_url" if self.discovery_url else "issuer", self.document_url)

    @property
    def document_url(self) -> str:
        """The discovery document's URL."""
        return self.discovery_url or discovery_url(self.issuer)

    @property
    def jwks_hosts(self) -> frozenset[str]:
        """Where discovery may point, in the form of `Destination.authority`."""
        own = {parse_url(url).authority for url in (self.document_url, self.issuer) if _is_url(url)}
        return frozenset({*own, *(_authority(host) for host in self.allowed_hosts)})

    @property
    def rules(self) -> CacheRules:
        """What a `KeyCache` has to know."""
        return CacheRules(max_age=self.max_age, stale_for=self.stale_for, cool_down=self.cool_down)


class PinnedKeys(msgspec.Struct, frozen=True, kw_only=True):
    """
    Use these keys and never ask anybody.

    Raises:
        ConfigurationError: no usable key, or dates without a time zone or in the wrong order.
    """

    keys: KeySet
    pinned_at: datetime | None = None
    """When they were the provider's keys."""
    not_after: datetime | None = None
    """From this instant on they verify nothing."""
    left_out: frozenset[str] = frozenset()
    """Ids of published keys that were left out on purpose; no alarm is raised for them."""
    compare_with: LiveKeys | None = None
    """The provider's keys as they are now: a difference raises an alarm, and never refuses anybody."""

    def __post_init__(self) -> None:
        if not len(self.keys):
            reasons = "; ".join(self.keys.skipped) or "the set is empty"
            raise ConfigurationError(
                f"no pinned key can be used ({reasons}); pin the provider's signing keys"
            )
        for name, instant in (("pinned_at", self.pinned_at), ("not_after", self.not_after)):
            if instant is not None and instant.utcoffset() is None:
                raise ConfigurationError(
                    f"{name} has no time zone; write it with one, such as {instant}+00:00"
                )
        if self.pinned_at and self.not_after and self.not_after <= self.pinned_at:
            raise ConfigurationError("not_after is before pinned_at; the keys would never serve")

    @classmethod
    def from_jwks(
        cls,
        jwks: bytes | str | JsonObject,
        *,
        key_ids: frozenset[str] | None = None,
        pinned_at: datetime | None = None,
        not_after: datetime | None = None,
        compare_with: LiveKeys | None = None,
    ) -> Self:
        """
        Pin a JWK set, as JSON text or as an object.

        Args:
            jwks: the set.
            key_ids: the only ids of it that count; None: all.
            pinned_at: as the class.
            not_after: as the class.
            compare_with: as the class.

        Raises:
            ConfigurationError: as the class, not a JWK set, or it lacks one of *key_ids*.
        """
        every = parse_jwks(jwks)
        return cls(
            keys=every if key_ids is None else _only(every, key_ids),
            pinned_at=pinned_at,
            not_after=not_after,
            left_out=frozenset() if key_ids is None else every.key_ids - key_ids,
            compare_with=compare_with,
        )

    @classmethod
    def from_pem(
        cls,
        *pems: bytes | str,
        key_id: str | None = None,
        algorithms: frozenset[Algorithm] | None = None,
        pinned_at: datetime | None = None,
        not_after: datetime | None = None,
        compare_with: LiveKeys | None = None,
    ) -> Self:
        """
        Pin public keys or certificates in PEM.

        Args:
            pems: one text for each key.
            key_id: what tokens call the key; for a single one.
            algorithms: what the keys may verify; all that fit, if it is not given.
            pinned_at: as the class.
            not_after: as the class.
            compare_with: as the class.

        Raises:
            ConfigurationError: as the class, not one PEM public key each, or one id for several keys.
        """
        if key_id is not None and len(pems) != 1:
            raise ConfigurationError("key_id names one key; pin several by their JWK set")
        keys = tuple(key_from_pem(pem, key_id=key_id, algorithms=algorithms) for pem in pems)
        return cls(
            keys=KeySet(keys=keys), pinned_at=pinned_at, not_after=not_after, compare_with=compare_with
        )

    @classmethod
    def from_file(
        cls,
        path: str | PathLike[str],
        *,
        key_ids: frozenset[str] | None = None,
        pinned_at: datetime | None = None,
        not_after: datetime | None = None,
        compare_with: LiveKeys | None = None,
    ) -> Self:
        """
        Pin what a file holds, JWK set or PEM; it is read now and not again.

        Args:
            path: of the file.
            key_ids: as `from_jwks`; PEM has no ids.
            pinned_at: as the class.
            not_after: as the class.
            compare_with: as the class.

        Raises:
            ConfigurationError: as `from_jwks` and `from_pem`, or the file cannot be read.
        """
        try:
            with Path(path).open("rb") as file:
                content = file.read(MAX_BODY + 1)
        except OSError as error:
            raise ConfigurationError(
                f"{path} cannot be read ({error.strerror}); give a JWK set or PEM"
            ) from error
        if len(content) > MAX_BODY:
            raise ConfigurationError(f"{path} is larger than {MAX_BODY} bytes; give a JWK set or PEM")
        try:
            if b"-----BEGIN " not in content:
                return cls.from_jwks(
                    content,
                    key_ids=key_ids,
                    pinned_at=pinned_at,
                    not_after=not_after,
                    compare_with=compare_with,
                )
            if key_ids is not None:
                raise ConfigurationError(f"{path}: key_ids choose from a JWK set, and PEM has no ids")
            return cls.from_pem(content, pinned_at=pinned_at, not_after=not_after, compare_with=compare_with)
        except KeyRefused as error:
            raise ConfigurationError(f"{path}: {error}") from error

    def serving(self, now: datetime) -> bool:
        """Whether their time is not over."""
        return self.not_after is None or now < self.not_after


class PinnedFallback(msgspec.Struct, frozen=True, kw_only=True):
    """
    Ask the provider for its keys; while no set of it can be had, use pinned ones.

    What the provider withdraws stays withdrawn: as long as a set of its own is at hand, only that one counts.
    """

    live: LiveKeys
    pinned: PinnedKeys

    def __post_init__(self) -> None:
        if self.pinned.compare_with is not None:
            raise ConfigurationError("the pinned keys of a fallback are compared with its live ones already")


KeySource: TypeAlias = LiveKeys | PinnedKeys | PinnedFallback | SharedSecrets


def live_part(source: KeySource) -> LiveKeys | None:
    """The part of a source that is asked for when a token comes."""
    match source:
        case LiveKeys():
            return source
        case PinnedFallback():
            return source.live
        case PinnedKeys() | SharedSecrets():
            return None
        case _:
            assert_never(source)


def pinned_part(source: KeySource) -> PinnedKeys | None:
    """The part of a source that asks nobody."""
    match source:
        case LiveKeys() | SharedSecrets():
            return None
        case PinnedFallback():
            return source.pinned
        case PinnedKeys():
            return source
        case _:
            assert_never(source)


def compared_part(source: KeySource) -> LiveKeys | None:
    """The live keys that the pinned ones of a source are compared with."""
    pinned = pinned_part(source)
    return None if pinned is None else pinned.compare_with or live_part(source)


def _only(every: KeySet, key_ids: frozenset[str]) -> KeySet:
    missing = key_ids - every.key_ids
    if missing or not key_ids:
        raise ConfigurationError(
            f"key_ids names {', '.join(sorted(missing)) or 'nothing'}, which is not among the pinned keys"
        )
    return KeySet(keys=tuple(key for key in every if key.key_id in key_ids), skipped=every.skipped)


def _require_between(name: str, span: timedelta, bounds: tuple[timedelta, timedelta]) -> None:
    shortest, longest = bounds
    if not shortest <= span <= longest:
        raise ConfigurationError(f"{name} is {span}; it must lie between {shortest} and {longest}")


def _destination(name: str, url: str) -> Destination:
    try:
        return parse_url(url)
    except UrlRefused as error:
        raise ConfigurationError(f"{name} cannot be asked for keys: {error}") from error


def _is_url(text: str) -> bool:
    try:
        parse_url(text)
    except UrlRefused:
        return False
    return True


def _authority(host: str) -> str:
    try:
        return parse_authority(host)
    except UrlRefused as error:
        raise ConfigurationError(f"allowed_hosts: {error}") from error
