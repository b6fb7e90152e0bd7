"""
Sessions of Auth.js (v5): an encrypted cookie, maybe in chunks.

Facts: @auth/core 0.41.3. JWE `dir`, A256CBC-HS512; the key is HKDF-SHA256 (RFC 5869) of the secret with the cookie's
name as salt and in the info, so a cookie under another name, such as the state of a sign-in that is going on, does not
open; `kid` is the key's thumbprint and chooses among several secrets. House rule: its looser readings (A256GCM, a `kid`
that is no key of ours) are refused.
"""

from __future__ import annotations

from typing import ClassVar

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from segue.migration.cookies.encrypted_cookie import EncryptedCookie
from segue.migration.cookies.jwe import A256CBC_HS512, UnverifiedJwe, thumbprint


class AuthJs(EncryptedCookie, frozen=True, kw_only=True, dict=True):
    """
    How Auth.js of the previous application is configured, where it keeps sessions in cookies (`strategy: "jwt"`).

    `secrets` is its `AUTH_SECRET`, one or several. Without a database, `sub` of OAuth sign-ins is new at each of them:
    then `user_id` has to name another claim, which the application must have put there.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    label: ClassVar = "Auth.js"
    encryption: ClassVar = A256CBC_HS512

    cookie_name: str = "__Secure-authjs.session-token"
    """Without `__Secure-` where the application's address is `http://`. It is part of the key."""

    def derive(self, secret: str) -> bytes:
        """The key of this secret and cookie name."""
        info = f"Auth.js Generated Encryption Key ({self.cookie_name})"
        derivation = HKDF(algorithm=SHA256(), length=64, salt=self.cookie_name.encode(), info=info.encode())
        return derivation.derive(secret.encode())

    def may_open(self, key: bytes, jwe: UnverifiedJwe) -> bool:
        """By `kid`; the first versions wrote none."""
        return jwe.key_id is None or jwe.key_id == thumbprint(key)
