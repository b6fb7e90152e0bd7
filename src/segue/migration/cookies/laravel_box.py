"""
What Laravel's encrypter makes: base64 of a JSON object with `iv`, `value`, `mac` and, from Laravel 8 on, `tag`.

AES-CBC with HMAC-SHA256 over the two texts, or AES-GCM with a tag; the key is the application's own (`APP_KEY`). House
rule: the MAC or the tag is checked before anything is decrypted, so that no padding error tells anybody anything.
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable
from enum import Enum
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import padding
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.json import JsonValue, parse_object
from segue.migration.cookies.strict_base64 import strict_base64

_PREFIX = "base64:"
_MEMBERS = frozenset({"iv", "value", "mac", "tag"})
_BLOCK = 16
_GCM_NONCE = 12
_GCM_TAG = 16


class LaravelCipher(Enum):
    """`cipher` of the application's `config/app.php`."""

    AES_256_CBC = "AES-256-CBC"
    """Laravel's default."""
    AES_256_GCM = "AES-256-GCM"
    AES_128_CBC = "AES-128-CBC"
    AES_128_GCM = "AES-128-GCM"

    @property
    def key_size(self) -> int:
        """Bytes of a key."""
        return 32 if "256" in self.value else 16

    @property
    def authenticated(self) -> bool:
        """Whether the cipher brings its own tag."""
        return self.value.endswith("GCM")


class Box(Discreet, frozen=True, kw_only=True):
    """What was encrypted, taken apart; nothing of it is true yet."""

    unshown: ClassVar = frozenset({"iv_text", "value_text", "iv", "value", "mac", "tag"})

    iv_text: str
    value_text: str
    iv: bytes
    value: bytes
    mac: str
    tag: bytes


def read_key(text: str, cipher: LaravelCipher) -> bytes:
    """
    The bytes of an `APP_KEY` as it stands in `.env`.

    Raises:
        ConfigurationError: not of the length that the cipher needs.
    """
    try:
        key = strict_base64(text.removeprefix(_PREFIX)) if text.startswith(_PREFIX) else text.encode()
    except ValueError:
        key = b""
    if len(key) != cipher.key_size:
        raise ConfigurationError(
            f"app_keys: {cipher.value} needs {cipher.key_size} bytes; give APP_KEY as it stands in .env, with base64:"
        )
    return key


def parse_box(text: bytes | str) -> Box:
    """
    Take apart what was encrypted.

    Raises:
        ValueError: it is not of this form.
    """
    members = parse_object(strict_base64(text))
    if members.keys() - _MEMBERS:
        raise ValueError("members that Laravel does not write")
    iv, value, mac, tag = (_text(members.get(name, "")) for name in ("iv", "value", "mac", "tag"))
    return Box(
        iv_text=iv,
        value_text=value,
        iv=strict_base64(iv),
        value=strict_base64(value),
        mac=mac,
        tag=strict_base64(tag),
    )


def open_box(box: Box, keys: Iterable[bytes], cipher: LaravelCipher) -> tuple[bytes, bytes] | None:
    """What is inside, and the key that opened it; None if none of *keys* does."""
    opened = _open_gcm if cipher.authenticated else _open_cbc
    for key in keys:
        inside = opened(box, key)
        if inside is not None:
            return inside, key
    return None


def _open_cbc(box: Box, key: bytes) -> bytes | None:
    made = hmac.digest(key, (box.iv_text + box.value_text).encode(), "sha256").hex()
    if not hmac.compare_digest(made.encode(), box.mac.encode()) or box.tag:
        return None
    if len(box.iv) != _BLOCK or not box.value or len(box.value) % _BLOCK:
        return None
    decryptor = Cipher(algorithms.AES(key), modes.CBC(box.iv)).decryptor()
    unpadder = padding.PKCS7(_BLOCK * 8).unpadder()
    try:
        padded = decryptor.update(box.value) + decryptor.finalize()
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        return None


def _open_gcm(box: Box, key: bytes) -> bytes | None:
    # A shorter tag would be easier to guess, and OpenSSL takes one.
    if len(box.iv) != _GCM_NONCE or len(box.tag) != _GCM_TAG or box.mac:
        return None
    try:
        return AESGCM(key).decrypt(box.iv, box.value + box.tag, b"")
    except InvalidTag:
        return None


def _text(value: JsonValue) -> str:
    if not isinstance(value, str):
        raise ValueError("not a text")  # noqa: TRY004 - the type of the data, not of the argument
    return value
