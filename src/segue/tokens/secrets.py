"""
The deployment secrets: what makes our refresh tokens unforgeable and our stored keys unreadable.

They live outside the database, so neither a leaked backup nor a leaked secret alone yields a token. Several may be
configured, the first being the primary: make a new one known to every
process as the second, then put it first, keep the old one until the longest refresh lifetime has passed, then drop it.
House rule: keys for different purposes are derived (HKDF, RFC 5869) and never shared.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from segue.errors import ConfigurationError
from segue.ids import AppId, SecretId

MINIMUM_LENGTH = 32
"""Bytes that a deployment secret must have at least."""

_NONCE = 12
_KNOWN = 4096
"""Bounds what is remembered: app ids come from requests."""
_BLOCK = 64
"""Bytes that SHA-256 takes in at a time, to which HMAC fills up its key."""
_INNER, _OUTER = bytes(byte ^ 0x36 for byte in range(256)), bytes(byte ^ 0x5C for byte in range(256))


class Secret:
    """One deployment secret. Its bytes leave it only as derived keys, and never through `repr`."""

    __slots__ = ("_derived", "_keyed", "_material", "id")

    def __init__(self, material: bytes) -> None:
        """
        Args:
            material: at least 32 bytes of randomness.

        Raises:
            ConfigurationError: too short, or the same byte again and again.
        """
        if len(material) < MINIMUM_LENGTH or len(set(material)) < 8:
            raise ConfigurationError(
                f"the deployment secret needs at least {MINIMUM_LENGTH} random bytes; "
                "make one with: python -c 'import secrets; print(secrets.token_urlsafe(48))'"
            )
        self._material = material
        self._derived: dict[tuple[str, AppId], bytes] = {}
        self._keyed: dict[tuple[str, AppId], Callable[[bytes], bytes]] = {}
        self.id = SecretId(self.derive("secret id", AppId(""))[:4])

    def __repr__(self) -> str:
        return f"<Secret {self.id.hex()}>"

    def derive(self, purpose: str, app_id: AppId) -> bytes:
        """32 bytes of key for one purpose of one app."""
        key = self._derived.get((purpose, app_id))
        if key is None:
            info = f"segue 1\x00{purpose}\x00{app_id}".encode()
            key = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(self._material)
            if len(self._derived) < _KNOWN:
                self._derived[purpose, app_id] = key
        return key

    def authenticate(self, purpose: str, app_id: AppId, message: bytes) -> bytes:
        """32 bytes of HMAC-SHA256 over the message (RFC 2104)."""
        keyed = self._keyed.get((purpose, app_id))
        if keyed is None:
            keyed = _hmac(self.derive(purpose, app_id))
            if len(self._keyed) < _KNOWN:
                self._keyed[purpose, app_id] = keyed
        return keyed(message)


def _hmac(key: bytes) -> Callable[[bytes], bytes]:
    """HMAC-SHA256 with a key that is taken in once: 0.7 instead of 1.6 µs, and a refresh makes three."""
    padded = key.ljust(_BLOCK, b"\0")
    inner, outer = hashlib.sha256(padded.translate(_INNER)), hashlib.sha256(padded.translate(_OUTER))

    def authenticate(message: bytes) -> bytes:
        hashed, authenticated = inner.copy(), outer.copy()
        hashed.update(message)
        authenticated.update(hashed.digest())
        return authenticated.digest()

    return authenticate


class Secrets:
    """The deployment secrets, primary first."""

    __slots__ = ("_by_id", "primary")

    def __init__(self, materials: Sequence[bytes]) -> None:
        """
        Args:
            materials: primary first; the others are still accepted.

        Raises:
            ConfigurationError: none given, or one that cannot be safe.
        """
        if not materials:
            raise ConfigurationError("no deployment secret is configured")
        secrets = [Secret(material) for material in materials]
        self.primary = secrets[0]
        self._by_id = {secret.id: secret for secret in reversed(secrets)}

    def __repr__(self) -> str:
        return f"<Secrets {', '.join(secret_id.hex() for secret_id in self._by_id)}>"

    def __iter__(self) -> Iterator[Secret]:
        """Each of them, primary first."""
        return iter([self.primary, *(each for each in self._by_id.values() if each is not self.primary)])

    def find(self, secret_id: bytes) -> Secret | None:
        """The secret of this id, if it is still configured."""
        return self._by_id.get(SecretId(secret_id))

    def seal(self, plain: bytes, *, purpose: str, app_id: AppId, nonce: bytes) -> bytes:
        """
        Encrypt for storage (AES-256-GCM) with the primary secret.

        Args:
            plain: what must not be readable in the database.
            purpose: separates keys, and is authenticated: what was sealed for one purpose opens for no other.
            app_id: likewise.
            nonce: 12 fresh random bytes.
        """
        if len(nonce) != _NONCE:
            raise ValueError("a nonce has 12 bytes")
        key = self.primary.derive(purpose, app_id)
        return self.primary.id + nonce + AESGCM(key).encrypt(nonce, plain, None)

    def sealed_by_primary(self, sealed: bytes) -> bool:
        """Whether what `seal` made was made with the secret that is the primary now."""
        return sealed[:4] == self.primary.id

    def open(self, sealed: bytes, *, purpose: str, app_id: AppId) -> bytes:
        """
        Decrypt what `seal` made, with whichever configured secret made it.

        Raises:
            ConfigurationError: its secret is no longer configured, or the stored bytes were changed.
        """
        secret = self.find(sealed[:4])
        if secret is None:
            raise ConfigurationError(
                f"stored {purpose} was sealed with deployment secret {sealed[:4].hex()}, which is not configured; "
                "add that secret behind the primary one"
            )
        try:
            nonce, encrypted = sealed[4 : 4 + _NONCE], sealed[4 + _NONCE :]
            return AESGCM(secret.derive(purpose, app_id)).decrypt(nonce, encrypted, None)
        except (InvalidTag, ValueError) as error:
            raise ConfigurationError(
                f"stored {purpose} does not open: it was changed in the database"
            ) from error
