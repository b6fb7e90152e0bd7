"""
Outgoing HTTP, without the I/O: a request as a value, a response as a value, and the judgement of one.

Between the two stands one port, `Web`, with one method. House rule: what is asked and what is believed is decided
here and in the flows; the port adds only what is the same for all (no redirects, deadlines, sizes, addresses).
"""

from __future__ import annotations

from typing import ClassVar, Protocol, TypeAlias

from segue.discreet import Discreet
from segue.errors import FetchFailed
from segue.json import JsonObject, parse_object
from segue.migration.urls import UrlRefused, parse_url

MAX_BODY = 1024 * 1024
"""Bytes of a response that we read."""

Headers: TypeAlias = tuple[tuple[str, str], ...]


class WebRequest(Discreet, frozen=True, kw_only=True):
    """One HTTP exchange to be made. Its representation shows neither headers nor body: they may hold secrets."""

    unshown: ClassVar = frozenset({"headers", "body", "flight"})

    url: str
    purpose: str
    """What for, in words for a log: `keys of https://issuer.example`."""
    method: str = "GET"
    headers: Headers = ()
    body: bytes | None = None
    flight: object | None = None
    """
    Equal GETs that run at the same time are one exchange. Those with the same `flight` (compared by identity) are one
    exchange also when the first has just ended, so that nobody who decided to ask before its end asks once more.
    """

    @property
    def place(self) -> str:
        """Host and port for error texts; never path or query."""
        try:
            return parse_url(self.url).authority
        except UrlRefused:
            return "an address that is refused"


class WebResponse(Discreet, frozen=True, kw_only=True):
    """What came back. Its representation does not show the body."""

    unshown: ClassVar = frozenset({"body"})

    status: int
    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """The first header of this name, in any case."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), None)


class Web(Protocol):
    """Speaks HTTP for us."""

    def exchange(self, request: WebRequest) -> WebResponse:
        """
        Make one exchange; any status but a redirect is an answer.

        Raises:
            FetchFailed: refused by policy, no answer in time, a redirect, or too large.
        """
        ...


class AsyncWeb(Protocol):
    """`Web` for an event loop."""

    async def exchange(self, request: WebRequest) -> WebResponse:
        """As `Web.exchange`."""
        ...


def read_json(request: WebRequest, response: WebResponse) -> JsonObject:
    """
    The JSON object in a response of status 200.

    The media type is not looked at: providers serve keys as `application/json`, `application/jwk-set+json` and
    `text/plain`, and strict parsing tells more.

    Raises:
        FetchFailed: another status, too large, or not one strict JSON object.
    """
    if response.status != 200:
        raise FetchFailed(request.place, f"status {response.status} for {request.purpose}")
    if len(response.body) > MAX_BODY:
        raise FetchFailed(request.place, f"more than {MAX_BODY} bytes for {request.purpose}")
    try:
        return parse_object(response.body)
    except ValueError as error:
        raise FetchFailed(request.place, f"{error} for {request.purpose}") from error
