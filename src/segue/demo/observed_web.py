"""
The server's outgoing HTTP, told to the feed: every word between it and the old provider.

House rule: what is told is the address without its query, the purpose and the status; bodies and headers may hold
secrets.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING
from urllib.parse import parse_qs

from segue.demo.feed import Event, Feed
from segue.errors import FetchFailed

if TYPE_CHECKING:
    from segue.json import JsonValue
    from segue.migration.web import AsyncWeb, WebRequest, WebResponse

AFTER_THE_MOVE = "Moved across"
"""The page's chapter to which the end of the old session belongs."""
ELSEWHERE = "The server asks the old provider"
_TITLES = {
    "refresh_token": "Old refresh token revoked at the provider",
    "access_token": "Old access token revoked at the provider",
}
_WHY = "By the server (RFC 7009), from a row that was written together with the new session: no crash can lose it."


class ObservedWeb:
    """The port `AsyncWeb`, watched."""

    def __init__(self, web: AsyncWeb, feed: Feed) -> None:
        self._web = web
        self._feed = feed

    async def exchange(self, request: WebRequest) -> WebResponse:
        """As `Web.exchange`; tells the feed how it went."""
        began = time.perf_counter()
        try:
            response = await self._web.exchange(request)
        except FetchFailed:
            self._feed.tell(_failed(request))
            raise
        self._feed.tell(_answered(request, response, seconds=time.perf_counter() - began))
        return response


def _answered(request: WebRequest, response: WebResponse, *, seconds: float) -> Event:
    facts: dict[str, JsonValue] = {
        request.method: _address(request),
        "status": response.status,
        "took": f"{seconds * 1000:.0f} ms",
    }
    kind = _kind_of_token(request)
    if kind in _TITLES and response.status == 200:
        why = _WHY if kind == "refresh_token" else ""
        return Event(chapter=AFTER_THE_MOVE, title=_TITLES[kind], why=why, kind="old", facts=facts)
    return Event(chapter=ELSEWHERE, title=_sentence(request.purpose), why="", kind="old", facts=facts)


def _failed(request: WebRequest) -> Event:
    title = f"No answer: {request.purpose}"
    why = "It will be tried again by itself."
    return Event(
        chapter=ELSEWHERE, title=title, why=why, kind="fault", facts={request.method: _address(request)}
    )


def _kind_of_token(request: WebRequest) -> str:
    hints = parse_qs((request.body or b"").decode()).get("token_type_hint", [""])
    return hints[0]


def _address(request: WebRequest) -> str:
    return request.url.partition("://")[2].partition("?")[0]


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]
