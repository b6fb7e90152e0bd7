"""
The application of the browser tests as a process: `tests/e2e/app.py` under uvicorn, on SQLite.

House rule: a test that needs time to pass moves the application's clock; the browser's is left alone.
"""

from __future__ import annotations

import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2

from tests.support.processes import Server, start

ROOT = Path(__file__).parents[2]
ACCESS_LIFETIME = 300
"""Seconds that its access tokens live."""


@dataclass(slots=True, kw_only=True)
class Application:
    """One application; several worker processes on ports of their own share its database and secret."""

    ports: tuple[int, ...]
    folder: Path
    issuer: str
    """The old provider."""
    site: str
    """Origin of the page."""
    pages: Path | None = None
    """Folder of the built page, where the application serves it itself."""
    proxied: int | None = None
    """Port of a proxy in front of the first worker, by which the page comes in."""
    anti_csrf: str = ""
    """Mode of proof against cross-site requests; empty: the default."""
    jwks: Path | None = None
    """File with the provider's pinned keys; None asks the provider for them."""
    secret: str = field(default_factory=lambda: secrets.token_hex(32))
    servers: list[Server] = field(default_factory=list[Server])

    @property
    def origin(self) -> str:
        """Where the page finds the API."""
        return f"http://localhost:{self.proxied or self.ports[0]}"

    def start(self) -> None:
        """Start every worker, the first before the others."""
        for port in self.ports:
            self.servers.append(self._worker(port))

    def stop(self) -> None:
        """Stop every worker."""
        while self.servers:
            self.servers.pop().stop()

    def forward(self, *, seconds: int) -> None:
        """Move the clock of every worker on."""
        for server in self.servers:
            httpx2.post(f"{server.url}/control/clock", params={"seconds": seconds}).raise_for_status()

    def sessions(self, user: str) -> list[str]:
        """Handles of the user's live sessions, read from the store."""
        found = httpx2.get(
            f"{self.servers[0].url}/control/sessions", params={"user": user}
        ).raise_for_status()
        handles: list[str] = found.json()
        return handles

    def revoke(self, user: str) -> None:
        """End all sessions of the user behind the browser's back."""
        httpx2.post(f"{self.servers[0].url}/control/revoke", params={"user": user}).raise_for_status()

    def _worker(self, port: int) -> Server:
        return start(
            f"app-{port}",
            [sys.executable, "-m", "uvicorn", "--factory", "tests.e2e.app:create_app", "--port", str(port)],
            port=port,
            logs=self.folder,
            ready="/control/ready",
            cwd=ROOT,
            env=self._settings(),
        )

    def _settings(self) -> dict[str, str]:
        given: dict[str, Any] = {
            "E2E_ACCESS_LIFETIME": ACCESS_LIFETIME,
            "E2E_ANTI_CSRF": self.anti_csrf,
            "E2E_API": self.origin,
            "E2E_DATABASE": self.folder / "app.sqlite3",
            "E2E_ISSUER": self.issuer,
            "E2E_JWKS": self.jwks or "",
            "E2E_PAGES": self.pages or "",
            "E2E_SECRET": self.secret,
            "E2E_SITE": self.site,
        }
        return {name: str(value) for name, value in given.items()}
