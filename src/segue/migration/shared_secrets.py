"""
Secrets that we share with a provider: whoever can check its tokens can also make them (RFC 7518 §3.2, RFC 8725 §3.5).

House rules: a secret is never mixed with published keys (threat T3), and shows itself nowhere; one that is shorter than
its hash is refused when it is configured, unless somebody says by name that he lives with it.
"""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Final, Self

import msgspec

from segue.errors import ConfigurationError, KeyRefused
from segue.tokens.keys import KeySet, VerificationKey, shared_secret

_FULL = 32
_LEAST = 8
_MOST_SECRETS = 8


class ShortSecrets(Enum):
    """Strength that is given up, by name."""

    SHORT = "short secrets"


SHORT_SECRETS: Final = ShortSecrets.SHORT
"""Take secrets of 8 bytes and more: whoever has one token can try out short ones and then sign as anybody."""


class SharedSecrets(msgspec.Struct, frozen=True, kw_only=True):
    """
    Secrets for HS256, HS384 or HS512; made by `of`.

    Raises:
        ConfigurationError: none, or a date without time zone.
    """

    keys: KeySet
    not_after: datetime | None = None
    """From this instant on they verify nothing."""
    short: ShortSecrets | None = None

    def __post_init__(self) -> None:
        if not len(self.keys):
            raise ConfigurationError(
                "no shared secret is given; give the one that signs the provider's tokens"
            )
        if self.not_after is not None and self.not_after.utcoffset() is None:
            raise ConfigurationError(
                f"not_after has no time zone; write it with one, such as {self.not_after}+00:00"
            )

    @classmethod
    def of(
        cls, *secrets: str | bytes, not_after: datetime | None = None, short: ShortSecrets | None = None
    ) -> Self:
        """
        Take the secrets that sign a provider's tokens.

        Args:
            secrets: the present one and those that it replaced, at most 8; text counts as UTF-8.
            not_after: as the class.
            short: `SHORT_SECRETS`, for secrets that are shorter than a hash and cannot be changed any more.

        Raises:
            ConfigurationError: none, too many, too short, or the text of a public key.
        """
        if len(secrets) > _MOST_SECRETS:
            raise ConfigurationError(f"more than {_MOST_SECRETS} shared secrets; keep those that still sign")
        loaded = tuple(_loaded(secret, short) for secret in secrets)
        return cls(keys=KeySet(keys=loaded, nameless=True), not_after=not_after, short=short)

    def serving(self, now: datetime) -> bool:
        """Whether their time is not over."""
        return self.not_after is None or now < self.not_after


def _loaded(secret: str | bytes, short: ShortSecrets | None) -> VerificationKey:
    material = secret.encode() if isinstance(secret, str) else secret
    least = _FULL if short is None else _LEAST
    if len(material) < least:
        raise ConfigurationError(
            f"a shared secret of {len(material)} bytes is found by trying, from a single token: "
            + (
                "let the old application sign with one of 32 bytes or more and migrate from then on, "
                "or say SHORT_SECRETS (short_secrets) if that cannot be done"
                if short is None and len(material) >= _LEAST
                else f"even by name, secrets under {_LEAST} bytes are not taken; change it at the old application first"
            )
        )
    try:
        return shared_secret(material, algorithms=None, shortest=None if short is None else _LEAST)
    except KeyRefused as error:
        raise ConfigurationError(f"a shared secret is refused: {error.args[0]}") from error
