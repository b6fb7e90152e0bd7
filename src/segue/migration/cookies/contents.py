"""
What a session of a previous application holds: found in its store, and read member by member.

House rules: a member is found by its whole path or not at all; what is there in a form that we do not know is refused,
never taken for absent; what names a session in our records does not open it in theirs.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import NoReturn, TypeAlias, cast

from segue.errors import ClaimsRefused, SignInRevoked, TokenExpired, TokenMalformed, TokenNotActive
from segue.flow import ask
from segue.json import JsonObject, JsonValue, parse_object
from segue.migration.cookies.model import MAX_SESSION, OldApplication
from segue.migration.said import instant_of, is_text

Required: TypeAlias = tuple[tuple[str, str | int | bool], ...]
"""Paths and what must be there, for instance `("secondFactor", "done")`."""

SKEW = timedelta(seconds=60)
"""No clock of ours is off by more; what was made later than that was not made yet."""


def find_member(content: JsonObject, path: str) -> JsonValue:
    """What lies at a path of names with dots between them; None also where a name on the way is missing."""
    found: JsonValue | JsonObject = content
    for name in path.split("."):
        if not isinstance(found, Mapping):
            return None
        found = found.get(name)
    return cast("JsonValue", found)


def require_members(content: JsonObject, *, required: Required, forbidden: tuple[str, ...]) -> None:
    """
    Refuse a session that is not a complete sign-in of the user himself.

    Raises:
        ClaimsRefused: one of *required* is not what it must be, or one of *forbidden* is there, neither null nor false.
    """
    for path, wanted in required:
        found = find_member(content, path)
        if type(found) is not type(wanted) or found != wanted:
            raise ClaimsRefused(path)
    for path in forbidden:
        if find_member(content, path) not in (None, False):
            raise ClaimsRefused(path)


def read_user_id(content: JsonObject, path: str) -> str:
    """
    The user's id as text; whole numbers are written out.

    Raises:
        ClaimsRefused: nobody is signed in, or what is there is neither a short text nor a whole number.
    """
    found = find_member(content, path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found) if abs(found) < 2**63 else _refuse(path)
    return found if is_text(found) else _refuse(path)


def read_script_time(content: JsonObject, path: str) -> datetime | None:
    """
    An instant as JavaScript writes it: ISO 8601 text with a time zone, or milliseconds; None: it is not there.

    Raises:
        ClaimsRefused: there, but neither.
    """
    found = find_member(content, path)
    match found:
        case None:
            return None
        case str() if len(found) <= 64:
            return _aware(found, path)
        case _:
            instant = instant_of(found, per_second=1000)
            return _refuse(path) if instant is None else instant


def read_numeric_date(content: JsonObject, name: str) -> datetime | None:
    """
    A NumericDate (RFC 7519 §2); None: it is not there.

    Raises:
        ClaimsRefused: there, but no such number.
    """
    found = content.get(name)
    if found is None:
        return None
    instant = instant_of(found)
    return _refuse(name) if instant is None else instant


def read_signed_in_at(content: JsonObject, path: str | None, *, now: datetime) -> datetime | None:
    """
    When the user signed in, as JavaScript writes it; None: the application has not noted it, or it is not asked for.

    Raises:
        ClaimsRefused: there, but no instant.
        TokenNotActive: in the future.
    """
    signed_in_at = None if path is None else read_script_time(content, path)
    require_past("signed_in_at", signed_in_at, now=now)
    return signed_in_at


def read_end(row: JsonObject, name: str, *, now: datetime) -> datetime:
    """
    When a row ends, as JavaScript writes it: rows past their end stay until the application next asks for them.

    Raises:
        ClaimsRefused: it does not say so.
        TokenExpired: it has ended.
    """
    expires_at = read_script_time(row, name)
    if expires_at is None:
        raise ClaimsRefused(name)
    if now >= expires_at:
        raise TokenExpired(name)
    return expires_at


def require_own(row: JsonObject, name: str, *, key: str) -> None:
    """
    Refuse another row than the one that was asked for, if it says which it is.

    Raises:
        ClaimsRefused: likewise.
    """
    said = row.get(name, key)
    if not isinstance(said, str) or not hmac.compare_digest(said.encode(), key.encode()):
        raise ClaimsRefused(name)


def require_past(name: str, instant: datetime | None, *, now: datetime) -> None:
    """
    Refuse what was made in the future.

    Raises:
        TokenNotActive: likewise.
    """
    if instant is not None and instant > now + SKEW:
        raise TokenNotActive(name)


async def find_content(provider: str, key: str) -> JsonObject:
    """
    The JSON of an old session's row (a flow).

    Raises:
        SignInRevoked: there is no row: signed out, or expired.
        TokenMalformed: it is too large, or not one JSON object.
    """
    row = await ask(OldApplication.find_session, provider, key)
    if row is None:
        raise SignInRevoked("the old application has no such session")
    if len(row) > MAX_SESSION:
        raise TokenMalformed(f"the old session has more than {MAX_SESSION} bytes")
    try:
        return parse_object(row)
    except ValueError as error:
        raise TokenMalformed(f"the old session: {error}") from None


def name_of(key: str) -> str:
    """What names the sign-in in our records: the key itself would open the session at the old application."""
    return hashlib.sha256(key.encode()).hexdigest()


def is_key(text: str) -> bool:
    """Whether a text may be asked for in a store: short and printable, as every generator of ids makes them."""
    return is_text(text)


def _aware(text: str, path: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text)
        return _refuse(path) if instant.tzinfo is None else instant.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ClaimsRefused(path) from None


def _refuse(path: str) -> NoReturn:
    raise ClaimsRefused(path)
