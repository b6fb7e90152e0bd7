"""
The port through which a core is asked: one HTTP exchange, or one pause before it is repeated.

House rule: what cannot be had is a value, not an exception: whether a request may be made again depends on how far it
came, and that is judged in the flow.
"""

from __future__ import annotations

from typing import ClassVar, Protocol

import msgspec

from segue.discreet import Discreet
from segue.migration.web import WebResponse
from segue.remote.settings import CoreHost, RemoteCore


class CoreRequest(Discreet, frozen=True, kw_only=True):
    """One exchange with one host. Its representation shows neither headers nor body: they hold secrets."""

    unshown: ClassVar = frozenset({"target", "headers", "body", "flight"})

    host: CoreHost
    method: str
    target: str
    """Path, with the base path, and query."""
    headers: tuple[tuple[str, str], ...]
    body: bytes | None = None
    flight: object | None = None
    """As `segue.migration.web.WebRequest.flight`."""


class Unanswered(msgspec.Struct, frozen=True, kw_only=True):
    """There was no answer, or none that can be read."""

    reason: str
    """For a log: never path, header or body."""
    sent: bool
    """Whether the request may have been heard; False: no connection was made."""
    slow: bool = False
    """It took too long; another host would be waited for as long again."""


class CoreWire(Protocol):
    """Speaks HTTP with a core."""

    @property
    def core(self) -> RemoteCore:
        """Which one."""
        ...

    def exchange(self, request: CoreRequest) -> WebResponse | Unanswered:
        """Make one exchange; any status is an answer, but a redirect is none."""
        ...

    def pause(self, seconds: float) -> None:
        """Wait before an exchange is made again."""
        ...

    def close(self) -> None:
        """Let go of connections."""
        ...


class AsyncCoreWire(Protocol):
    """`CoreWire` for an event loop."""

    @property
    def core(self) -> RemoteCore:
        """As `CoreWire.core`."""
        ...

    async def exchange(self, request: CoreRequest) -> WebResponse | Unanswered:
        """As `CoreWire.exchange`."""
        ...

    async def pause(self, seconds: float) -> None:
        """As `CoreWire.pause`."""
        ...

    async def close(self) -> None:
        """As `CoreWire.close`."""
        ...
