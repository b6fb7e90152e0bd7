"""
The application of the fault tests as processes that are killed and started again on the same port.

House rule: a process is announced as there only when it answers; that it is gone, clients find out for themselves.
"""

from __future__ import annotations

import asyncio
import json
import sys
from dataclasses import dataclass, field
from pathlib import Path

from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import public_jwk
from tests.support import issuer
from tests.support.processes import Server, free_port, start

ROOT = Path(__file__).parents[2]


@dataclass(slots=True, kw_only=True)
class Process:
    """One server process of a deployment."""

    store: str
    """Address of a PostgreSQL database, or path of an SQLite file."""
    folder: Path
    revocation: str
    """Where the previous provider takes revocations."""
    pooler: bool = False
    """Use PostgreSQL as behind a transaction pooler, which cannot tell of revocations."""
    ahead: float = 0.0
    """Seconds that its clock is ahead when it starts."""
    port: int = field(default_factory=free_port)
    up: asyncio.Event = field(default_factory=asyncio.Event)
    server: Server | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Return when it answers."""
        self.server = await asyncio.to_thread(self._start)
        self.up.set()

    async def kill(self) -> None:
        """With SIGKILL, in the middle of whatever it does just then; return when it is gone."""
        if self.server is not None:
            await asyncio.to_thread(self.server.kill)
        self.up.clear()

    def stop(self) -> None:
        """As an administrator does it."""
        self.up.clear()
        if self.server is not None:
            self.server.stop()

    def _start(self) -> Server:
        options = ["--port", str(self.port), "--no-access-log", "--log-level", "warning"]
        return start(
            f"app-{self.port}",
            # A connection that the server closes for being idle looks to its client like one lost in a fault.
            [
                sys.executable,
                *("-m", "uvicorn", "--factory", "tests.faults.app:create_app"),
                *("--timeout-keep-alive", "600"),
                *options,
            ],
            port=self.port,
            logs=self.folder,
            ready="/control/ready",
            cwd=ROOT,
            env={
                "FAULTS_POOLER": "yes" if self.pooler else "",
                "FAULTS_AHEAD": str(self.ahead),
                "FAULTS_JWKS": str(write_jwks(self.folder)),
                "FAULTS_REVOCATION": self.revocation,
                "FAULTS_STORE": self.store,
            },
        )


def write_jwks(folder: Path) -> Path:
    """The public key of `tests/support/issuer.py`, for a process that pins it."""
    path = folder / "jwks.json"
    public = issuer.private_key().public_key()
    jwk = public_jwk(public, key_id=issuer.KEY_ID, algorithm=Algorithm.RS256)
    path.write_text(json.dumps({"keys": [jwk]}))
    return path
