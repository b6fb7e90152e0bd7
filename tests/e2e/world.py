"""
Everybody who takes part in one setting of the journey: where the page lives, and how tokens travel.

House rule: tests of one setting share the processes and differ in user and browser profile.
"""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.e2e.application import Application
from tests.e2e.stack import OldProvider, page_address, start_site
from tests.support.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """Where the page lives in relation to the API, and how tokens travel."""

    site_host: str | None
    """Host of a static site on a port of its own; None: the API serves the page."""
    mode: str


SETTINGS = {
    "same-origin-cookie": Setting(site_host=None, mode="cookie"),
    "same-origin-header": Setting(site_host=None, mode="header"),
    "cross-origin-cookie": Setting(site_host="localhost", mode="cookie"),
    "cross-origin-header": Setting(site_host="localhost", mode="header"),
    "cross-site-header": Setting(site_host="127.0.0.1", mode="header"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """The running parties of one setting."""

    provider: OldProvider
    app: Application
    mode: str

    @property
    def address(self) -> str:
        """Where a user opens the page for the first time."""
        settings = {"api": self.app.origin, "issuer": self.provider.issuer, "mode": self.mode}
        return page_address(self.app.site, settings)


@contextmanager
def running(setting: Setting, *, pages: Path, folder: Path) -> Generator[World]:
    """Start the parties of a setting, and stop them when done."""
    api_port, site_port = free_port(), free_port()
    own_site = setting.site_host is not None
    site = f"http://{setting.site_host}:{site_port}" if own_site else f"http://localhost:{api_port}"
    provider = OldProvider(port=free_port(), web_origins=[site], folder=folder)
    served = None if own_site else pages
    app = Application(ports=(api_port,), folder=folder, issuer=provider.issuer, site=site, pages=served)
    with ExitStack() as started:
        if own_site:
            started.callback(start_site(site_port, pages=pages, logs=folder).stop)
        started.callback(provider.kill)
        provider.start()
        started.callback(app.stop)
        app.start()
        yield World(provider=provider, app=app, mode=setting.mode)
