"""The Firebase Auth emulator: its REST API is the real one, its tokens are not signed."""

from __future__ import annotations

import base64
import json
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from segue.json import JsonObject, parse_object
from tests.old_providers.site import Held
from tests.support.processes import free_port, start
from tests.support.programs import missing, required_program

if TYPE_CHECKING:
    from collections.abc import Generator

VERSION = "15.34.2"
PROJECT = "demo-old"
PASSWORD = "correct horse"
HERE = Path(__file__).parent / "firebase"
START_SECONDS = 300
INSTALL_SECONDS = 900
_OWNER = {"authorization": "Bearer owner"}
"""What the emulator takes for the token of a service account."""


def claims_of(token: str) -> JsonObject:
    """What stands in a token; read here, because nothing of ours reads one that is not signed."""
    return parse_object(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


@dataclass(frozen=True, slots=True, kw_only=True)
class Firebase:
    """The emulator as the users of an application see it, and as its back end does."""

    origin: str

    @property
    def api(self) -> str:
        """Where the REST API lies."""
        return f"{self.origin}/identitytoolkit.googleapis.com"

    def person(self, name: str) -> str:
        """Sign somebody up; the user's id."""
        return str(
            self._call("accounts:signUp?key=any", email=f"{name}@old.test", password=PASSWORD)["localId"]
        )

    def id_token(self, user: str) -> str:
        """As a page gets it; not signed."""
        answer = self._call(
            "accounts:signInWithPassword?key=any",
            email=f"{user}@old.test",
            password=PASSWORD,
            returnSecureToken=True,
        )
        return str(answer["idToken"])

    def anonymous(self) -> str:
        """The ID token of somebody who has not said who he is."""
        return str(self._call("accounts:signUp?key=any", returnSecureToken=True)["idToken"])

    def session_cookie(self, id_token: str) -> str:
        """What the Admin SDK makes of an ID token."""
        made = self._call(
            f"projects/{PROJECT}:createSessionCookie", _OWNER, idToken=id_token, validDuration="86400"
        )
        return str(made["sessionCookie"])

    def valid_since(self, user_id: str) -> datetime | None:
        """What an application writes: the instant before which the user's sign-ins are void, by `accounts:lookup`."""
        found = self._call(f"projects/{PROJECT}/accounts:lookup", _OWNER, localId=[user_id])["users"][0]
        since = found.get("validSince")
        return None if since is None else datetime.fromtimestamp(int(since), UTC)

    def accepts(self, held: Held) -> bool:
        """As the Admin SDK judges with `checkRevoked`: by the time of the sign-in."""
        claims = claims_of(held.bearer or "")
        since = self.valid_since(str(claims["sub"]))
        signed_in = claims["auth_time"]
        assert isinstance(signed_in, int)
        return since is None or datetime.fromtimestamp(signed_in, UTC) >= since

    def sign_out_everywhere(self, user_id: str, *, at: datetime) -> None:
        """What the Admin SDK's `revokeRefreshTokens` does."""
        since = str(int(at.timestamp()))
        self._call(f"projects/{PROJECT}/accounts:update", _OWNER, localId=user_id, validSince=since)

    def _call(self, path: str, headers: dict[str, str] | None = None, **words: object) -> Any:
        reply = httpx2.post(f"{self.api}/v1/{path}", json=words, headers=headers, timeout=30)
        return reply.raise_for_status().json()


@contextmanager
def firebase(folder: Path) -> Generator[Firebase]:
    """
    Run it for the length of a block.

    Args:
        folder: for its settings and its log.
    """
    port = free_port()
    emulators = {
        "auth": {"host": "127.0.0.1", "port": port},
        "hub": {"host": "127.0.0.1", "port": free_port()},
        "logging": {"host": "127.0.0.1", "port": free_port()},
        "ui": {"enabled": False},
    }
    settings = folder / "firebase.json"
    settings.write_text(json.dumps({"emulators": emulators}))
    node = required_program("node", package="nodejs")
    script = _installed() / "firebase-tools" / "lib" / "bin" / "firebase.js"
    command: list[str | Path] = [
        node,
        script,
        "emulators:start",
        "--only",
        "auth",
        "--project",
        PROJECT,
        "--config",
        settings,
    ]
    environment = {
        "CI": "true",
        "HOME": str(folder),
        "XDG_CONFIG_HOME": str(folder),
        "NO_UPDATE_NOTIFIER": "1",
    }
    server = start(
        "firebase",
        command,
        port=port,
        logs=folder,
        ready="/",
        env=environment,
        cwd=folder,
        within=START_SECONDS,
    )
    try:
        yield Firebase(origin=server.url)
    finally:
        server.stop()


def _installed() -> Path:
    """`node_modules` with the emulator. There is no lock file: it would be longer than all the tests here."""
    modules = HERE / "node_modules"
    manifest = modules / "firebase-tools" / "package.json"
    if not manifest.exists() or json.loads(manifest.read_text())["version"] != VERSION:
        npm = required_program("npm", package="nodejs npm")
        command = [npm, "install", "--no-package-lock", "--ignore-scripts", "--no-audit", "--no-fund"]
        done = subprocess.run(
            command, cwd=HERE, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS
        )
        if done.returncode != 0:
            missing(f"npm did not bring the emulator: {done.stderr[-1000:]}")
    return modules
