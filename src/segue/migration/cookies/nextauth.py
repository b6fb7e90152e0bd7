"""
Sessions of NextAuth.js (v4): an encrypted cookie, maybe in chunks.

Facts: next-auth 4.24.15. JWE `dir`, A256GCM; the key is HKDF-SHA256 (RFC 5869) of the secret without salt. Versions
before 4.24.5 encrypted the state of a sign-in that is going on under the same key (CVE-2023-48309): that names no user
and is refused for it. House rule: the only `enc` is A256GCM.
"""

from __future__ import annotations

from typing import ClassVar

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from segue.migration.cookies.encrypted_cookie import EncryptedCookie
from segue.migration.cookies.jwe import A256GCM, UnverifiedJwe

_INFO = b"NextAuth.js Generated Encryption Key"


class NextAuth(EncryptedCookie, frozen=True, kw_only=True, dict=True):
    """
    How NextAuth.js of the previous application is configured, where it keeps sessions in cookies (`strategy: "jwt"`).

    `secrets` is its `NEXTAUTH_SECRET`, and the one before if cookies under it shall still count. Without a database,
    `sub` is the user's id at whichever provider was used: two providers may give the same id to two people.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    label: ClassVar = "NextAuth"
    encryption: ClassVar = A256GCM

    cookie_name: str = "__Secure-next-auth.session-token"
    """Without `__Secure-` where the application's address is `http://`."""

    def derive(self, secret: str) -> bytes:
        """The key of this secret; the cookie's name is no part of it."""
        return HKDF(algorithm=SHA256(), length=32, salt=None, info=_INFO).derive(secret.encode())

    def may_open(self, key: bytes, jwe: UnverifiedJwe) -> bool:  # noqa: ARG002 - its tokens name no key
        """Any: there are as many as there are secrets."""
        return True
