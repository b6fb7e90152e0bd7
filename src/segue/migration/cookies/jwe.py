"""
Encrypted tokens (RFC 7516) of the one kind that Auth.js and NextAuth make: compact, `dir`, under a key that both sides
derive from a secret.

House rules: `alg` and `enc` are configuration's, never the token's to choose; nothing is compressed or wrapped; the tag
is judged before anything is decrypted; every accepted token has one spelling.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import ClassVar

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

from segue.discreet import Discreet
from segue.errors import SignatureRefused, TokenMalformed
from segue.json import dump
from segue.migration.cookies.model import MAX_COOKIES
from segue.tokens import base64url
from segue.tokens.jose_header import decode_part, read_header

A256CBC_HS512 = "A256CBC-HS512"
A256GCM = "A256GCM"
_IV_AND_TAG = {A256CBC_HS512: (16, 32), A256GCM: (12, 16)}
_KEY_LENGTHS = {A256CBC_HS512: 64, A256GCM: 32}
_BLOCK = 16


class UnverifiedJwe(Discreet, frozen=True, kw_only=True):
    """A token in its parts; nothing of it is true yet."""

    unshown: ClassVar = frozenset({"associated", "iv", "ciphertext", "tag"})

    encryption: str
    key_id: str | None
    associated: bytes
    """The first part as it came, which the tag covers."""
    iv: bytes
    ciphertext: bytes
    tag: bytes


def parse_jwe(text: str, *, encryption: str) -> UnverifiedJwe:
    """
    Take a compact JWE apart.

    Args:
        text: at most `MAX_COOKIES` characters.
        encryption: the only `enc` that is taken.

    Raises:
        TokenMalformed: not the strict form, with an encrypted key, compressed, with unknown extensions, or with another
            `alg` or `enc`.
    """
    if len(text) > MAX_COOKIES or not text.isascii():
        raise TokenMalformed(f"not ASCII, or longer than {MAX_COOKIES} characters")
    parts = text.encode().split(b".", 5)
    if len(parts) != 5:
        raise TokenMalformed("not five parts")
    encoded_header, wrapped_key, iv, ciphertext, tag = parts
    header = read_header(encoded_header)
    if header.algorithm_name != "dir" or header.members.get("enc") != encryption:
        raise TokenMalformed(f"not encrypted with dir and {encryption}")
    if wrapped_key:
        raise TokenMalformed("it has an encrypted key, and dir has none (RFC 7518 §4.5)")
    parsed = UnverifiedJwe(
        encryption=encryption,
        key_id=header.key_id,
        associated=encoded_header,
        iv=decode_part(iv, "initialisation vector"),
        ciphertext=decode_part(ciphertext, "ciphertext"),
        tag=decode_part(tag, "tag"),
    )
    if (len(parsed.iv), len(parsed.tag)) != _IV_AND_TAG[encryption]:
        raise TokenMalformed("initialisation vector or tag has another length")
    return parsed


def decrypt(jwe: UnverifiedJwe, key: bytes) -> bytes:
    """
    What was encrypted under the key.

    Raises:
        SignatureRefused: not under this key, or changed since.
        TokenMalformed: whoever has the key has encrypted no whole blocks.
        ValueError: the key is of another length than the encryption takes; a mistake of ours.
    """
    if len(key) != _KEY_LENGTHS[jwe.encryption]:
        raise ValueError("a key of another length")
    return _decrypt_cbc(jwe, key) if jwe.encryption == A256CBC_HS512 else _decrypt_gcm(jwe, key)


def thumbprint(key: bytes) -> str:
    """The SHA-512 thumbprint of a symmetric key (RFC 7638 §3.2, members in order)."""
    canonical = dump({"k": base64url.encode(key).decode(), "kty": "oct"})
    return base64url.encode(hashlib.sha512(canonical).digest()).decode()


def _decrypt_cbc(jwe: UnverifiedJwe, key: bytes) -> bytes:
    """RFC 7518 §5.2.2.2: the tag first; only what holds is decrypted, so the padding tells a stranger nothing."""
    mac_key, encryption_key = key[:32], key[32:]
    length = (len(jwe.associated) * 8).to_bytes(8, "big")
    made = hmac.digest(mac_key, jwe.associated + jwe.iv + jwe.ciphertext + length, "sha512")[:32]
    if not hmac.compare_digest(made, jwe.tag):
        raise SignatureRefused("not encrypted under a key of ours, or changed")
    if not jwe.ciphertext or len(jwe.ciphertext) % _BLOCK:
        raise TokenMalformed("not whole blocks")
    decryptor = Cipher(algorithms.AES(encryption_key), modes.CBC(jwe.iv)).decryptor()
    padded = decryptor.update(jwe.ciphertext) + decryptor.finalize()
    unpadder = PKCS7(_BLOCK * 8).unpadder()
    try:
        return unpadder.update(padded) + unpadder.finalize()
    except ValueError:
        raise TokenMalformed("wrong padding") from None


def _decrypt_gcm(jwe: UnverifiedJwe, key: bytes) -> bytes:
    """RFC 7518 §5.3."""
    try:
        return AESGCM(key).decrypt(jwe.iv, jwe.ciphertext + jwe.tag, jwe.associated)
    except InvalidTag:
        raise SignatureRefused("not encrypted under a key of ours, or changed") from None
