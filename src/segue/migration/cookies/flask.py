"""
Sessions of Flask: all of it in a cookie that itsdangerous has signed, with the user id of Flask-Login or of your own.

Facts: Flask 3.1 (`SecureCookieSessionInterface`, `TaggedJSONSerializer`), Flask-Login 0.6.3, itsdangerous 2.2.0. What
the cookie does not have: an id of the sign-in, and its time. A permanent session is signed anew at every visit;
Flask-Login's `_id` is a hash of address and browser, the same for every sign-in from there. Nor does it end with a
sign-out: only the browser forgets it. House rule: Flask-Login's `remember_token` is never read. It has no time and no
end, it is the same on all devices of a user, and whoever copied it once could sign in with it for ever.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from segue.json import JsonObject, JsonValue
from segue.migration.cookies.contents import read_user_id
from segue.migration.cookies.model import Cookies, OldSession
from segue.migration.cookies.python_session import PythonSession, read_sign_in
from segue.migration.cookies.signed_payload import big_endian_time, later, parse_content, require_time, unpack
from segue.migration.cookies.signed_text import HmacHash, authenticated, read_cookie, unsign


class FlaskSession(PythonSession, frozen=True, kw_only=True):
    """
    Flask's own sessions, with or without Flask-Login.

    Raises:
        ConfigurationError: what cannot be safe or cannot work.
    """

    user_id: str = "_user_id"
    """Where the user's id is: Flask-Login's place, or the application's own. Names with dots between them."""
    session_id: str | None = None
    """Where the application keeps something random that it makes at each sign-in; None: it has no such thing."""
    lifetime: timedelta = timedelta(days=31)
    """`PERMANENT_SESSION_LIFETIME`: Flask takes no cookie that was signed longer ago, permanent or not."""
    salt: str = "cookie-session"
    """Of the session interface; another one only where it is of your own."""
    digest: HmacHash = HmacHash.SHA1
    """Likewise."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_lifetime("lifetime", self.lifetime)
        self._require_paths(self.user_id, self.session_id)

    async def read(self, cookies: Cookies, provider: str, *, now: datetime) -> OldSession:  # noqa: ARG002 - nobody is asked
        """
        Prove a session, see `CookieFormat.read`; nobody is asked.

        Raises:
            TokenMissing, TokenMalformed, SignatureRefused, TokenExpired, ClaimsRefused, TokenNotActive: as there.
        """
        payload, time = unsign(
            read_cookie(cookies, self.cookie_name),
            separator=".",
            secrets=self.secrets,
            derive=authenticated(self.salt.encode()),
            kinds=(self.digest,),
        )
        written_at = big_endian_time(time)
        expires_at = later(written_at, self.lifetime)
        require_time(written_at, expires_at, now=now)
        content = _without_tags(parse_content(unpack(payload)))
        return self._judged(
            content,
            read_user_id(content, self.user_id),
            session_id=read_sign_in(content, self.session_id),
            written_at=written_at,
            expires_at=expires_at,
            record_key=None,
            now=now,
        )


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
