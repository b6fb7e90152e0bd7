"""
The application behind a network that may lose things, without a previous provider: sessions begin by signing in here.

House rule: what is lost is said by each test; before and after it everything passes.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.application import ACCESS_LIFETIME, Application
from tests.e2e.stack import page_address
from tests.support.flaky_proxy import FlakyProxy, flaky_proxy, untouched
from tests.support.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

NOBODY = "http://127.0.0.1:9"
"""Issuer of a provider that plays no part."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shaky:
    """The application, and the network in front of it."""

    app: Application
    network: FlakyProxy

    def address(self, *, mode: str = "cookie", lock: str = "") -> str:
        """Where a user opens the page."""
        return page_address(
            self.app.site, {"api": self.app.origin, "issuer": NOBODY, "mode": mode, "lock": lock}
        )

    def expire(self) -> None:
        """The access tokens that are out now are over."""
        self.app.forward(seconds=ACCESS_LIFETIME + 1)

    def calm_down(self) -> None:
        """From now on nothing is lost, and nothing that was is remembered."""
        self.network.schedule = untouched
        self.network.exchanges.clear()


@contextmanager
def shaky_world(*, anti_csrf: str, pages: Path, folder: Path) -> Generator[Shaky]:
    """An application that serves the page itself, all of it by way of the proxy."""
    port = free_port()
    with flaky_proxy(upstream=port) as network:
        app = Application(
            ports=(port,),
            proxied=network.port,
            folder=folder,
            issuer=NOBODY,
            site=f"http://localhost:{network.port}",
            pages=pages,
            anti_csrf=anti_csrf,
        )
        app.start()
        try:
            yield Shaky(app=app, network=network)
        finally:
            app.stop()
