"""
Assertions that we sign with a private key of ours, for a token to speak with (RFC 7523).

House rules: short-lived; the key appears in no text, and is read when the configuration is built.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from segue.errors import ConfigurationError
from segue.json import JsonValue, dump
from segue.tokens.algorithms import Algorithm
from segue.tokens.jws import sign_jws


def private_key(pem: str, who: str) -> RSAPrivateKey:
    """
    Read an RSA key.

    Raises:
        ConfigurationError: it is none, or too short for RS256; nothing of it is shown.
    """
    try:
        key = load_pem_private_key(pem.encode(), password=None)
    except (ValueError, TypeError):
        key = None  # raised below: the library's text may quote the key
    if not isinstance(key, RSAPrivateKey) or key.key_size < 2048:
        raise ConfigurationError(
            f"{who} needs an RSA private key of 2048 bits or more, as PEM, without a password"
        )
    return key


def signed_assertion(
    claims: Mapping[str, JsonValue],
    pem: str,
    *,
    key_id: str | None,
    now: datetime,
    lifetime: timedelta,
    who: str,
) -> str:
    """A JWT over *claims* with its times, signed with RS256."""
    issued = int(now.timestamp())
    timed = {**claims, "iat": issued, "exp": issued + int(lifetime.total_seconds())}
    named: dict[str, JsonValue] = {} if key_id is None else {"kid": key_id}
    return sign_jws({"typ": "JWT", **named}, dump(timed), private_key(pem, who), Algorithm.RS256)
