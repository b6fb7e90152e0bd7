"""
The header of a compact JWS: the one form of it that we understand (RFC 7515 §4, RFC 8725 §3.10).

House rule: a header is judged as a whole, when it is read; whoever holds a `JoseHeader` need not ask again.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import TokenMalformed
from segue.json import JsonObject, parse_object
from segue.tokens import base64url
from segue.tokens.keys import is_key_id

_MAX_REMEMBERED = 512
_NOT_UNDERSTOOD = {
    "crit": "it demands header extensions, and we know none",
    "b64": "its payload is not base64url (RFC 7797)",
    "zip": "it is compressed",
}


class JoseHeader(Discreet, frozen=True, kw_only=True):
    """What the first part says, as far as it concerns us."""

    unshown: ClassVar = frozenset({"members", "encoded"})

    members: JsonObject
    encoded: bytes
    algorithm_name: str
    key_id: str | None
    flat: bool

    def copy(self) -> JsonObject:
        """The members, for a caller to keep: a header that is read once serves many tokens."""
        return dict(self.members) if self.flat else copy.deepcopy(self.members)


def read_header(encoded: bytes) -> JoseHeader:
    """
    Read the first part; one issuer's tokens share few headers, so each is read once, unless it is unusually long.

    Raises:
        TokenMalformed: not the strict JSON of an object, an extension that we do not know, no algorithm, no proper kid.
    """
    return _remembered_header(encoded) if len(encoded) <= _MAX_REMEMBERED else _parsed_header(encoded)


def _parsed_header(encoded: bytes) -> JoseHeader:
    data = decode_part(encoded, "header")
    try:
        members = parse_object(data)
    except ValueError as error:
        raise TokenMalformed(f"header: {error}") from None
    for name, reason in _NOT_UNDERSTOOD.items():
        if name in members:
            raise TokenMalformed(reason)
    return JoseHeader(
        members=members,
        encoded=data,
        algorithm_name=_algorithm_name(members),
        key_id=_key_id(members),
        flat=not any(isinstance(member, list | dict) for member in members.values()),
    )


_remembered_header = lru_cache(maxsize=256)(_parsed_header)


def _algorithm_name(members: JsonObject) -> str:
    name = members.get("alg")
    if not isinstance(name, str):
        raise TokenMalformed("alg is missing or not a string")
    if name.strip().casefold() == "none":
        raise TokenMalformed("unsigned token")
    return name


def _key_id(members: JsonObject) -> str | None:
    if "kid" not in members:
        return None
    key_id = members["kid"]
    if not isinstance(key_id, str) or not is_key_id(key_id):
        raise TokenMalformed("kid is not a short printable string")
    return key_id


def decode_part(encoded: bytes, part: str) -> bytes:
    """
    Read one of the three parts.

    Raises:
        TokenMalformed: not the canonical base64url; *part* says which of the three.
    """
    try:
        return base64url.decode(encoded)
    except ValueError:
        pass  # raised outside: an error in flight carries the text
    raise TokenMalformed(f"{part} is not canonical base64url")
