"""
An HTTP request and an HTTP response as values (RFC 9110), and the cookies and headers that a session adds.

House rule: adapters translate, nothing more; what goes on a response is decided in this package and travels as data.
"""

from __future__ import annotations

from datetime import datetime

import msgspec
from msgspec.structs import replace

from segue.errors import SessionError
from segue.ids import from_milliseconds
from segue.json import JsonObject, dump


class HttpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What the protocol looks at in a request."""

    method: str
    """Upper case."""
    path: str
    """Decoded, without the query."""
    headers: tuple[tuple[str, str], ...]
    """Names in lower case, in the order received; a name may come several times. Values as Latin-1."""
    body: bytes = b""
    client_ip: str | None = None
    """The peer's address, or what a trusted proxy says of it."""

    def __repr__(self) -> str:
        return f"<HttpRequest {self.method} {self.path}>"

    def header(self, name: str) -> str | None:
        """The first value of a header, or None. *name* in lower case."""
        for known, value in self.headers:  # twice as fast as a generator, and run several times a request
            if known == name:
                return value
        return None

    def all(self, name: str) -> tuple[str, ...]:
        """Every value of a header. *name* in lower case."""
        return tuple([value for known, value in self.headers if known == name])


class Cookie(msgspec.Struct, frozen=True, kw_only=True):
    """One `Set-Cookie` line (RFC 6265 §4.1)."""

    name: str
    value: str
    """Cookie-safe as it stands: our tokens are."""
    path: str
    expires_at: datetime
    """In the past: the browser drops the cookie."""
    domain: str | None
    same_site: str
    """`Lax`, `Strict` or `None`."""
    secure: bool

    def __repr__(self) -> str:
        return f"<Cookie {self.name}>"

    def render(self) -> str:
        """The value of the header. Always `HttpOnly`: pages have no business with these."""
        parts = [
            f"{self.name}={self.value}",
            f"Path={self.path}",
            *([f"Domain={self.domain}"] if self.domain else []),
            f"Expires={_http_date(self.expires_at)}",
            "HttpOnly",
            *(["Secure"] if self.secure else []),
            f"SameSite={self.same_site}",
        ]
        return "; ".join(parts)

    def expired(self) -> Cookie:
        """The line that makes a browser drop this cookie."""
        return replace(self, value="", expires_at=from_milliseconds(0))


def _http_date(instant: datetime) -> str:
    """RFC 9110 §5.6.7, in English whatever the locale; importing `email` for it would take a tenth of our start."""
    day, month = _DAYS[instant.weekday()], _MONTHS[instant.month - 1]
    return f"{day}, {instant.day:02} {month} {instant.year:04} {instant:%H:%M:%S} GMT"


_DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


class Actions(msgspec.Struct, frozen=True, kw_only=True):
    """What a session adds to a response: headers and cookies, each name once, the later one winning."""

    headers: tuple[tuple[str, str], ...] = ()
    """Names in lower case; to be set, replacing. The session's own are also exposed to scripts."""
    cookies: tuple[Cookie, ...] = ()
    dropped: frozenset[str] = frozenset()
    """Session headers that earlier actions may have set and that must not be sent."""

    def then(self, later: Actions) -> Actions:
        """Both, the later one winning."""
        if not (self or self.dropped):
            return later
        headers = {name: value for name, value in self.headers if name not in later.dropped} | dict(
            later.headers
        )
        cookies = {cookie.name: cookie for cookie in (*self.cookies, *later.cookies)}
        return Actions(
            headers=tuple(headers.items()),
            cookies=tuple(cookies.values()),
            dropped=(self.dropped - {name for name, _ in later.headers}) | later.dropped,
        )

    def __bool__(self) -> bool:
        return bool(self.headers or self.cookies)

    def render(self, *, exposed: str = "") -> list[tuple[str, str]]:
        """
        Header lines in sending order, `Access-Control-Expose-Headers` included.

        Args:
            exposed: what the response already has in that header; kept in front.
        """
        names = [name for name, _ in self.headers if name in EXPOSED]
        known = [name.strip() for name in exposed.split(",") if name.strip()]
        expose = list(dict.fromkeys([*known, *names]))
        lines = list(self.headers)
        if names:
            lines.append(("access-control-expose-headers", ", ".join(expose)))
        return lines + [("set-cookie", cookie.render()) for cookie in self.cookies]


EXPOSED = frozenset({"front-token", "st-access-token", "st-refresh-token", "anti-csrf"})
"""Session headers that scripts of another origin must be able to read."""

NO_ACTIONS = Actions()


class HttpResponse(msgspec.Struct, frozen=True, kw_only=True):
    """An answer made by us, to be sent as it is."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = (("content-type", "application/json; charset=utf-8"),)
    actions: Actions = NO_ACTIONS
    cause: SessionError | None = None
    """What a refusal is about, for the log; never sent."""

    def lines(self) -> list[tuple[str, str]]:
        """All header lines."""
        return [*self.headers, *self.actions.render()]


def json_response(
    status: int,
    content: JsonObject,
    *,
    actions: Actions = NO_ACTIONS,
    headers: tuple[tuple[str, str], ...] = (),
    cause: SessionError | None = None,
) -> HttpResponse:
    """An answer in JSON, never to be stored by a cache unless *headers* say otherwise."""
    named = {name for name, _ in headers}
    cache = () if "cache-control" in named else (("cache-control", "no-store"),)
    return HttpResponse(
        status=status,
        body=dump(content),
        headers=(("content-type", "application/json; charset=utf-8"), *cache, *headers),
        actions=actions,
        cause=cause,
    )
