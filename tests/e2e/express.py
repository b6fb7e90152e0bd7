"""
The Express example as the application of a browser test: sessions in the core service, moves by the engine beside it.

House rule: only what the example's own pages describe is used; sessions are counted by asking the core.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import httpx2

from tests.sdks import apps
from tests.sdks.cores import API_KEY, Core, running_core
from tests.sdks.engines import running_engine
from tests.support.processes import start

CORE_SETTINGS = {"ACCESS_TOKEN_VALIDITY": "300"}


@dataclass(slots=True, kw_only=True)
class ExpressApplication:
    """Core, engine and example, from `start` to `stop`."""

    port: int
    folder: Path
    issuer: str
    """The old provider."""
    site: str
    """Origin of the page."""
    origin: str
    """Where the page finds the API."""
    pages: Path | None = None
    """Folder of the built page, where the application serves it itself."""
    started: ExitStack = field(default_factory=ExitStack)
    core: Core | None = None

    def start(self) -> None:
        """Start all three."""
        database = str(self.folder / "core.sqlite3")
        self.core = self.started.enter_context(
            running_core(database, logs=self.folder, settings=CORE_SETTINGS)
        )
        engine = self.started.enter_context(
            running_engine(self.core, issuer=self.issuer, api=self.origin, site=self.site, folder=self.folder)
        )
        environment = {
            "PORT": str(self.port),
            "API": self.origin,
            "WEBSITE": self.site,
            "CORE": self.core.url,
            "CORE_API_KEY": API_KEY,
            "ENGINE": engine.url,
            "PAGES": str(self.pages or ""),
        }
        server = start(
            "express",
            apps.example("express"),
            port=self.port,
            logs=self.folder,
            ready="/health",
            env=environment,
        )
        self.started.callback(server.stop)

    def stop(self) -> None:
        """Stop all three."""
        self.started.close()

    def sessions(self, user: str) -> list[str]:
        """Handles of the user's live sessions, as the core has them."""
        assert self.core is not None
        answer = httpx2.get(
            f"{self.core.url}/recipe/session/user",
            params={"userId": user, "fetchAcrossAllTenants": "true"},
            headers={"api-key": API_KEY, "cdi-version": "5.4"},
        ).raise_for_status()
        handles: list[str] = answer.json()["sessionHandles"]
        return handles
