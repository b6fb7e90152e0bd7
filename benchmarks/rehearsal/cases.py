"""
Who comes to be migrated: people with good tokens, with bad ones, and with tokens that were used before.

House rule: the same number makes the same crowd; each case knows what must become of it.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import ec

from segue.tokens.algorithms import Algorithm
from segue.tokens.jws import sign_jws

AUDIENCE, CLIENT = "https://api.example.test", "spa"
BAD_SHARE, TWICE_SHARE = 0.03, 0.01

REFUSALS = {
    "expired": "TOKEN_EXPIRED",
    "of another audience": "TOKEN_CLAIMS_INVALID",
    "of another client": "TOKEN_CLAIMS_INVALID",
    "of another kind": "TOKEN_CLAIMS_INVALID",
    "of another issuer": "TOKEN_CLAIMS_INVALID",
    "forged": "TOKEN_SIGNATURE_INVALID",
    "junk": "TOKEN_MALFORMED",
}
"""What is wrong with a bad token, and the code that it must get."""


KeyIdOf: TypeAlias = Callable[[int], str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One request to be made."""

    number: int
    token: str
    client_key: str
    expected: str
    """`MIGRATED`, `REPEATED` …, or the code of a refusal. The two of one sign-in may come in either order."""

    @property
    def address(self) -> str:
        """Everybody comes from an address of his own, as the proxy says."""
        return f"10.{self.number >> 16 & 255}.{self.number >> 8 & 255}.{self.number & 255}"


class Crowd:
    """All the people, in the order in which they come."""

    def __init__(self, issuer: str, keys: dict[str, ec.EllipticCurvePrivateKey], *, people: int) -> None:
        """
        Args:
            issuer: `iss` of good tokens.
            keys: the provider's private keys by id; it may get more while the crowd comes.
            people: how many.
        """
        self._issuer, self._keys, self._people = issuer, keys, people
        self._foreign = ec.generate_private_key(ec.SECP256R1())
        self._random = random.Random(people)  # noqa: S311 - the same crowd each time, nothing secret
        self._issued = int(time.time()) - 60

    def cases(self, key_id_of: KeyIdOf) -> Iterator[Case]:
        """Everybody; *key_id_of* says with which of the provider's keys somebody's token was signed."""
        for number in range(self._people):
            chance = self._random.random()
            if chance < BAD_SHARE:
                wrong = self._random.choice(sorted(REFUSALS))
                yield self._case(number, self._bad(number, wrong, key_id_of(number)), REFUSALS[wrong])
                continue
            token = self._token(number, key_id_of(number), {})
            yield self._case(number, token, "MIGRATED")
            if chance < BAD_SHARE + TWICE_SHARE:
                same_client = self._random.random() < 0.5
                key = number if same_client else number + self._people
                yield self._case(number, token, "REPEATED" if same_client else "ALREADY_MIGRATED", key=key)

    def _case(self, number: int, token: str, expected: str, *, key: int | None = None) -> Case:
        client_key = str(UUID(int=number if key is None else key))
        return Case(number=number, token=token, client_key=client_key, expected=expected)

    def _bad(self, number: int, wrong: str, key_id: str) -> str:
        changes: dict[str, dict[str, object]] = {
            "expired": {"iat": self._issued - 7200, "exp": self._issued - 3600},
            "of another audience": {"aud": "https://other.example.test"},
            "of another client": {"client_id": "somebody-else"},
            "of another kind": {"purpose": "password-reset"},
            "of another issuer": {"iss": "https://other.example.test"},
        }
        if wrong == "junk":
            return f"junk.{number}"
        key = self._foreign if wrong == "forged" else None
        return self._token(number, key_id, changes.get(wrong, {}), key=key)

    def _token(
        self,
        number: int,
        key_id: str,
        changed: dict[str, object],
        *,
        key: ec.EllipticCurvePrivateKey | None = None,
    ) -> str:
        claims = {
            "iss": self._issuer,
            "sub": f"user-{number}",
            "aud": AUDIENCE,
            "client_id": CLIENT,
            "sid": f"session-{number}",
            "jti": f"token-{number}",
            "iat": self._issued,
            "auth_time": self._issued,
            "exp": self._issued + 6 * 3600,
            "scope": "openid profile email",
            **changed,
        }
        header = {"alg": "ES256", "kid": key_id, "typ": "at+jwt"}
        return sign_jws(header, json.dumps(claims).encode(), key or self._keys[key_id], Algorithm.ES256)
