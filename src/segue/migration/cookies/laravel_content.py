"""
The content of a Laravel session as some store of Laravel's holds it: PHP's or JSON's text, and what stores put around.

A file holds the text itself; a table holds it in base64; the caches (Redis, Memcached) hold it as a serialized string;
`session.encrypt` puts it into an encrypter's box first. They can be told apart by their first bytes. House rule: at
most as many layers are taken off as Laravel puts on.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from segue.errors import ClaimsRefused, SignatureRefused, TokenMalformed
from segue.json import JsonObject, parse_object
from segue.migration.cookies.laravel_box import LaravelCipher, open_box, parse_box
from segue.migration.cookies.model import MAX_SESSION
from segue.migration.cookies.php_json import as_json
from segue.migration.cookies.php_values import PhpObjects, unserialize
from segue.migration.cookies.strict_base64 import strict_base64

_MAX_LAYERS = 4
"""A table's base64, an encrypter's base64 with its box, and the serialized string that it encrypts."""
_BASE64 = re.compile(rb"[A-Za-z0-9+/]+={0,2}")
_BOX = frozenset({"iv", "value", "mac"})


def read_content(
    stored: bytes, keys: Sequence[bytes], cipher: LaravelCipher, *, objects: PhpObjects
) -> JsonObject:
    """
    The members of a session, as JSON says them.

    Raises:
        TokenMalformed: not of this form, too large, or with objects that are not to be skipped.
        SignatureRefused: encrypted, and by no key of ours.
        ClaimsRefused: there is nothing in it.
    """
    if not stored:
        raise ClaimsRefused("session", "nothing is in it")
    if len(stored) > MAX_SESSION:
        raise TokenMalformed("session content: too large")
    reason = ""
    try:
        return _unwrapped(stored, keys, cipher, objects=objects)
    except ValueError as error:
        reason = str(error)
    raise TokenMalformed(f"session content: {reason}")


def _unwrapped(
    stored: bytes, keys: Sequence[bytes], cipher: LaravelCipher, *, objects: PhpObjects
) -> JsonObject:
    text = stored
    for _ in range(_MAX_LAYERS):
        if text.startswith(b"a:"):
            value = unserialize(text, objects=objects)
            return as_json(value) if isinstance(value, dict) else {}
        if text.startswith(b"s:"):
            inner = unserialize(text)
            text = inner if isinstance(inner, bytes) else b""
        elif text.startswith((b"{", b"[]")):
            return {} if text == b"[]" else parse_object(text)
        elif _BASE64.fullmatch(text):
            text = _decoded(text, keys, cipher)
        else:
            break
    raise ValueError("neither PHP's nor JSON's")


def _decoded(text: bytes, keys: Sequence[bytes], cipher: LaravelCipher) -> bytes:
    """What base64 holds; and if that is an encrypter's box, what is in the box."""
    inner = strict_base64(text)
    if not inner.startswith(b"{"):
        return inner
    if not parse_object(inner).keys() >= _BOX:
        return inner
    opened = open_box(parse_box(text), keys, cipher)
    if opened is None:
        raise SignatureRefused("no APP_KEY of ours made the content of this session")
    return opened[0]
