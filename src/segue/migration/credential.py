"""
What a caller presents to be migrated: one bearer token, or the cookies of an old session.

House rule: a credential has no text form; nothing of it gets into a log or an error.
"""

from __future__ import annotations

from typing import ClassVar, TypeAlias

from segue.discreet import Discreet
from segue.migration.cookies.model import Cookies


class BearerToken(Discreet, frozen=True, kw_only=True):
    """What came in `Authorization: Bearer` (RFC 6750 §2.1)."""

    unshown: ClassVar = frozenset({"text"})

    text: str


class OldCookies(Discreet, frozen=True, kw_only=True):
    """What came in `Cookie`, as far as a provider reads it."""

    unshown: ClassVar = frozenset({"values"})

    values: Cookies
    """By name, as they came; one that came twice is not in it."""
    doubled: frozenset[str] = frozenset()
    """The names that came twice; the provider whose they are reads none of the others in their place."""


Credential: TypeAlias = BearerToken | OldCookies


def digested_text(credential: BearerToken) -> str:
    """
    What of an opaque token tells it from others, whatever a lenient provider lets stand beside it.

    Databases that compare without regard to case find one token under many spellings, and so do decoders that take both
    alphabets of base64 or leave its padding out. Tokens that differ in nothing else are one.
    """
    return credential.text.rstrip("=").translate(_ONE_ALPHABET).casefold()


_ONE_ALPHABET = str.maketrans("+/", "-_")
