"""
A session that is an encrypted cookie: what reading one of Auth.js and one of NextAuth have in common.

They differ in how the key comes from the secret, and in the encryption (`authjs`, `nextauth`). House rule: nobody is
asked about it, so the secret has to be one that cannot be guessed.
"""

from __future__ import annotations

from abc import abstractmethod
from datetime import datetime
from functools import cached_property
from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import SignatureRefused
from segue.migration.cookies import configured
from segue.migration.cookies.chunks import join_chunks
from segue.migration.cookies.contents import Required
from segue.migration.cookies.jwe import UnverifiedJwe, decrypt, parse_jwe
from segue.migration.cookies.model import Cookies, OldSession
from segue.migration.cookies.token_claims import ClaimRules, read_claims

MINIMUM_SECRET = 16
"""Characters: the secret alone keeps others from writing such cookies."""


class EncryptedCookie(Discreet, frozen=True, kw_only=True, dict=True):
    """
    The part of the configuration that both have.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    unshown: ClassVar = frozenset({"secrets"})
    label: ClassVar[str]
    encryption: ClassVar[str]

    secrets: tuple[str, ...]
    """All that cookies in use are encrypted with, in any order."""
    cookie_name: str
    user_id: str = "sub"
    """Where in the token the user's id lies."""
    session_id: str | None = None
    """Where the application itself has put an id of the sign-in, if it did (its `jwt` callback)."""
    signed_in_at: str | None = None
    """Where it has put the time of the sign-in, if it did; ISO 8601 or milliseconds."""
    required: Required = ()
    """What a token must hold."""
    forbidden: tuple[str, ...] = ()
    """What it may not hold, for instance the mark of a support agent who acts as the user."""

    def __post_init__(self) -> None:
        configured.require_secrets(self.label, self.secrets, minimum=MINIMUM_SECRET)
        configured.require_cookie_name(self.label, self.cookie_name)
        self._rules.require_usable(self.label)

    @property
    def cookie_names(self) -> frozenset[str]:
        """The one cookie, also for its chunks."""
        return frozenset({self.cookie_name})

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:  # noqa: ARG002 - asks nobody
        """
        Prove a session, see `CookieFormat.read`.

        Raises:
            TokenMissing, TokenMalformed, SignatureRefused, TokenExpired, ClaimsRefused, TokenNotActive: as there.
        """
        jwe = parse_jwe(join_chunks(cookies, self.cookie_name), encryption=self.encryption)
        return read_claims(self._decrypted(jwe), self._rules, now=now)

    @abstractmethod
    def derive(self, secret: str) -> bytes:
        """The key that cookies under this secret are encrypted with."""

    @abstractmethod
    def may_open(self, key: bytes, jwe: UnverifiedJwe) -> bool:
        """Whether the token names this key, or none."""

    def _decrypted(self, jwe: UnverifiedJwe) -> bytes:
        for key in self._keys:
            if self.may_open(key, jwe):
                try:
                    return decrypt(jwe, key)
                except SignatureRefused:
                    continue
        raise SignatureRefused("no secret of ours opens it under this cookie name")

    @cached_property
    def _keys(self) -> tuple[bytes, ...]:
        return tuple(self.derive(secret) for secret in self.secrets)

    @cached_property
    def _rules(self) -> ClaimRules:
        return ClaimRules(
            user_id=self.user_id,
            session_id=self.session_id,
            signed_in_at=self.signed_in_at,
            required=self.required,
            forbidden=self.forbidden,
        )
