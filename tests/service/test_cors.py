"""Which pages of other origins may speak to us."""

from __future__ import annotations

import pytest

from segue.http.message import HttpRequest, json_response
from segue.service.cors import Cors

SITE = "https://example.com"
CORS = Cors(origins=frozenset({SITE}))


def request(method: str, *headers: tuple[str, str]) -> HttpRequest:
    """A request for a route."""
    return HttpRequest(method=method, path="/auth/session", headers=headers)


ASKING = ("access-control-request-method", "POST")


def test_preflight_is_only_what_asks() -> None:
    """OPTIONS without the question, and other methods with it, are no preflights."""
    assert CORS.preflight(request("OPTIONS", ("origin", SITE))) is None
    assert CORS.preflight(request("GET", ("origin", SITE), ASKING)) is None


def test_known_origin_wins_over_the_wildcard() -> None:
    """Public documents are for anyone; a known page gets its own origin, which alone goes with credentials."""
    public = json_response(200, {}, headers=(("access-control-allow-origin", "*"),))
    known = CORS.applied(public, request("GET", ("origin", SITE)))
    stranger = CORS.applied(public, request("GET", ("origin", "https://evil.example")))
    assert [value for name, value in known.headers if name == "access-control-allow-origin"] == [SITE]
    assert ("access-control-allow-credentials", "true") in known.headers
    assert ("access-control-allow-origin", "*") in stranger.headers
    assert "access-control-allow-credentials" not in dict(stranger.headers)


@pytest.mark.parametrize(
    "origins", [(), ("https://evil.example",), (SITE, SITE), (SITE, "https://evil.example")]
)
def test_no_or_doubled_or_foreign_origin(origins: tuple[str, ...]) -> None:
    """Without exactly one known origin nothing is allowed, and caches still learn that the origin matters."""
    asked = request("GET", *(("origin", origin) for origin in origins))
    answer = dict(CORS.applied(json_response(200, {}), asked).headers)
    assert answer["vary"] == "Origin"
    assert [name for name in answer if name.startswith("access-control")] == []
