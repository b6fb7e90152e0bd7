"""Signing keys for tests, made on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

from segue.tokens.signing_keys import KeyKind, SigningKey, make_private_key, name_signing_key

if TYPE_CHECKING:
    from datetime import datetime

    from segue.tokens.algorithms import Algorithm


def make_signing_key(kind: KeyKind, algorithm: Algorithm, *, now: datetime, unique: str) -> SigningKey:
    """A new key with its name."""
    return name_signing_key(make_private_key(algorithm), kind, algorithm, now=now, unique=unique)
