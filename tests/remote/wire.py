"""A core's wire as a test plays it: what each host answers is said beforehand, what it was asked is written down."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, TypeVar

from segue.flow import Flow, drive, performer
from segue.ids import PUBLIC_APP, AppId
from segue.migration.web import WebResponse
from segue.remote.exchange import Core
from segue.remote.settings import RemoteCore
from segue.remote.wire import CoreRequest, Unanswered

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
KEY = "an-api-key-of-a-core-0123456789"
DOWN = Unanswered(reason="connection refused", sent=False)
LOST = Unanswered(reason="connection lost", sent=True)
SLOW = Unanswered(reason="no answer in time", sent=True, slow=True)


def said(content: Any, status: int = 200) -> WebResponse:
    """An answer in JSON."""
    return WebResponse(status=status, body=json.dumps(content).encode())


def refused(status: int, text: str) -> WebResponse:
    """An answer in words."""
    return WebResponse(status=status, body=f"{text}\n".encode())


VERSIONS = said({"versions": ["2.7", "3.1", "5.4"]})


class ScriptedWire:
    """The port `CoreWire`: answers each request by a function of host and path."""

    def __init__(self, answer: Callable[[CoreRequest], WebResponse | Unanswered]) -> None:
        self.answer = answer
        self.core = RemoteCore(hosts=("http://localhost:1",))
        self.asked: list[tuple[str, str]] = []
        self.requests: list[CoreRequest] = []
        self.pauses: list[float] = []

    def exchange(self, request: CoreRequest) -> WebResponse | Unanswered:
        """Note it and answer."""
        self.asked.append((request.host.host, request.target.partition("?")[0]))
        self.requests.append(request)
        return self.answer(request)

    def pause(self, seconds: float) -> None:
        """Note it."""
        self.pauses.append(seconds)

    def close(self) -> None:
        """Nothing is open."""

    def run(self, flow: Flow[T]) -> T:
        """Drive a flow over this wire."""
        return drive(flow, performer({"CoreWire": self}))


def core(*hosts: str, app_id: AppId = PUBLIC_APP, api_key: str | None = KEY) -> Core:
    """A core on these hosts."""
    settings = RemoteCore(hosts=hosts or ("http://one:3567",), api_key=api_key)
    return Core(
        settings,
        app_id=app_id,
        api_domain="https://api.example.com",
        website_domain="https://www.example.com",
    )


def on(paths: dict[str, WebResponse | Unanswered]) -> Callable[[CoreRequest], WebResponse | Unanswered]:
    """Answers by path; versions are always told."""
    known: dict[str, WebResponse | Unanswered] = {"/apiversion": VERSIONS, **paths}
    return lambda request: known[request.target.partition("?")[0]]
