"""
Sessions of Flask: all of it in a cookie that itsdangerous has signed, with the user id of Flask-Login or of your own.

Facts: Flask 3.1 (`SecureCookieSessionInterface`, `TaggedJSONSerializer`), Flask-Login 0.6.3, itsdangerous 2.2.0. What
the cookie does not have: an id of the sign-in, and its time. A permanent session is signed anew at every visit;
Flask-Login's `_id` is a hash of address and browser, the same for every sign-in from there. Nor does it end with a
sign-out: only the browser forgets it. House rule: Flask-Login's `remember_token` is never read. It has no time and no
end, it is the same on all devices of a user, and whoever copied it once could sign in with it for ever.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from segue.json import JsonObject, JsonValue
from segue.migration.cookies.itsdangerous_session import ItsDangerousSession
from segue.migration.cookies.signed_payload import parse_content, unpack
from segue.migration.cookies.signed_text import Derive, HmacHash, authenticated


class FlaskSession(ItsDangerousSession, frozen=True, kw_only=True):
    """
    Flask's own sessions, with or without Flask-Login.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    user_id: str = "_user_id"
    """Where the user's id is: Flask-Login's place, or the application's own. Names with dots between them."""
    lifetime: timedelta = timedelta(days=31)
    """`PERMANENT_SESSION_LIFETIME`: Flask takes no cookie that was signed longer ago, permanent or not."""
    salt: str = "cookie-session"
    """Of the session interface; another one only where it is of your own."""
    digest: HmacHash = HmacHash.SHA1
    """Likewise."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_lifetime("lifetime", self.lifetime)

    def _signature(self) -> tuple[Derive, HmacHash]:
        return authenticated(self.salt.encode()), self.digest

    def _counts_for(self) -> timedelta:
        return self.lifetime

    def _content(self, payload: str) -> JsonObject:
        return _without_tags(parse_content(unpack(payload)))


def _without_tags(content: JsonObject) -> JsonObject:
    """The session without the marks of types that JSON has not; a session as a whole has none."""
    return {name: _untagged(member) for name, member in content.items()}


def _untagged(value: JsonValue) -> JsonValue:
    match value:
        case list():
            return [_untagged(item) for item in value]
        case dict() if len(value) == 1:
            ((name, member),) = value.items()
            return _of_tag(name, _untagged(member))
        case dict():
            return {name: _untagged(member) for name, member in value.items()}
        case _:
            return value


def _of_tag(name: str, member: JsonValue) -> JsonValue:
    """Tuples are lists here; bytes, mark-up and times stay the text that they are in the cookie."""
    match name, member:
        case " di", dict() if len(member) == 1:
            ((escaped, inner),) = member.items()
            return {escaped.removesuffix("__"): inner}
        case (" t", list()) | ((" b" | " m" | " d"), str()):
            return member
        case " u", str() if _is_uuid(member):
            return str(UUID(member))
        case _:
            return {name: member}


def _is_uuid(text: str) -> bool:
    return len(text) == 32 and all(letter in "0123456789abcdef" for letter in text)
