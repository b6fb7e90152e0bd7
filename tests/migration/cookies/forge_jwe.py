"""Encrypted tokens with any header and any content, for tests."""

from __future__ import annotations

import hmac
import json
import os
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.padding import PKCS7

from segue.migration.cookies.jwe import A256GCM
from segue.tokens import base64url

if TYPE_CHECKING:
    from collections.abc import Mapping


def encrypted(
    plaintext: bytes, key: bytes, *, header: Mapping[str, object], encryption: str, pad: bool = True
) -> str:
    """A compact JWE with `dir` (RFC 7518 §5.2 and §5.3), whatever its header says."""
    associated = base64url.encode(json.dumps(header).encode())
    if encryption == A256GCM:
        iv = os.urandom(12)
        sealed = AESGCM(key).encrypt(iv, plaintext, associated)
        ciphertext, tag = sealed[:-16], sealed[-16:]
    else:
        iv = os.urandom(16)
        padder = PKCS7(128).padder()
        padded = padder.update(plaintext) + padder.finalize() if pad else plaintext
        encryptor = Cipher(algorithms.AES(key[32:]), modes.CBC(iv)).encryptor()
        ciphertext = encryptor.update(padded) + encryptor.finalize()
        length = (len(associated) * 8).to_bytes(8, "big")
        tag = hmac.digest(key[:32], associated + iv + ciphertext + length, "sha512")[:32]
    parts = [associated, b"", *(base64url.encode(part) for part in (iv, ciphertext, tag))]
    return b".".join(parts).decode()
