"""
Which pages of other origins may speak to us, with cookies (Fetch §3.2).

An origin is echoed exactly if it is one of those configured, or not at all; there is no wildcard beside credentials
(threat T13). House rule: every answer says `Vary: Origin`, so that no cache hands one origin's answer to another.
"""

from __future__ import annotations

from dataclasses import dataclass

from msgspec.structs import replace

from segue.config import Config
from segue.http.message import EXPOSED, HttpRequest, HttpResponse, json_response
from segue.http.routes import cors_headers

METHODS = ("GET", "POST")
_MAX_AGE = 600
_ALLOW_ORIGIN = "access-control-allow-origin"
_EXPOSE = "access-control-expose-headers"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """The rule of one deployment."""

    origins: frozenset[str]
    """Exactly as browsers write them in `Origin`."""

    @classmethod
    def of(cls, config: Config) -> Cors:
        """Website and trusted origins; the API's own pages need no leave."""
        return cls(origins=config.trusted_origins | {config.http.website_domain})

    def preflight(self, request: HttpRequest) -> HttpResponse | None:
        """The answer to a preflight; None: the request is none."""
        if request.method != "OPTIONS" or request.header("access-control-request-method") is None:
            return None
        vary = ("vary", "Origin, Access-Control-Request-Method, Access-Control-Request-Headers")
        if self._known(request) is None:
            return json_response(403, {"message": "origin not allowed"}, headers=(vary,))
        headers = (
            ("access-control-allow-methods", ", ".join(METHODS)),
            ("access-control-allow-headers", ", ".join(allowed_headers())),
            ("access-control-max-age", str(_MAX_AGE)),
            vary,
        )
        return HttpResponse(status=204, body=b"", headers=headers)

    def applied(self, response: HttpResponse, request: HttpRequest) -> HttpResponse:
        """An answer with what lets the page that asked read it."""
        headers = response.headers
        if all(name != "vary" for name, _ in headers):
            headers = (*headers, ("vary", "Origin"))
        origin = self._known(request)
        if origin is not None:
            public = tuple(line for line in headers if line[0] != _ALLOW_ORIGIN)
            headers = (*public, (_ALLOW_ORIGIN, origin), ("access-control-allow-credentials", "true"))
        return replace(response, headers=headers)

    def exposing(self, lines: list[tuple[str, str]], request: HttpRequest) -> list[tuple[str, str]]:
        """Header lines of an answer, where a known page may read all that the protocol has for it."""
        if self._known(request) is None:
            return lines
        exposed = (_EXPOSE, ", ".join(sorted({*EXPOSED, "retry-after"})))
        return [*(line for line in lines if line[0] != _EXPOSE), exposed]

    def _known(self, request: HttpRequest) -> str | None:
        origins = request.all("origin")
        return origins[0] if len(origins) == 1 and origins[0] in self.origins else None


def allowed_headers() -> tuple[str, ...]:
    """Request headers that pages of other origins may send."""
    return tuple(dict.fromkeys((*cors_headers(), "content-type", "idempotency-key")))
