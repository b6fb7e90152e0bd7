"""
Real parties for tests of the command line: the old provider's process, the `segue` command, a served settings file.

House rule: commands run as a user runs them, in a folder of their own and with an environment without our variables.
"""

from __future__ import annotations

import asyncio
import os
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2

from segue.cli.app import run
from segue.demo.provider.__main__ import SECRET_VARIABLE
from segue.demo.visitor import OldTokens, Visitor
from tests.support.processes import Server, free_port, start

if TYPE_CHECKING:
    from collections.abc import Generator

CANARY = "canary-" + "5ecret" * 6
"""The back end's secret at the provider; it must show up nowhere."""
SITE = "http://localhost:3000"
COMMAND = (sys.executable, "-m", "segue.cli")


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """A command that has ended."""

    code: int
    out: str
    err: str


def segue(*arguments: str, cwd: Path, env: dict[str, str] | None = None) -> Done:
    """Run `segue` with these arguments in *cwd*."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        cwd=cwd,
        env=clean_environment() | (env or {}),
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )
    return Done(code=done.returncode, out=done.stdout, err=done.stderr)


def clean_environment() -> dict[str, str]:
    """The environment of the tests without our variables."""
    return {name: value for name, value in os.environ.items() if not name.startswith("SEGUE_")}


@contextmanager
def old_provider(*app_origins: str) -> Generator[str]:
    """The demo's provider in a process of its own; yields its issuer. It ends with its standard input."""
    origins = [argument for origin in app_origins for argument in ("--app-origin", origin)]
    with subprocess.Popen(
        [sys.executable, "-m", "segue.demo.provider", "--port", "0", *origins],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env=os.environ | {SECRET_VARIABLE: CANARY},
        text=True,
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.stdin.close()
        process.wait(10)


def sign_in(issuer: str, *, home: str = f"{SITE}/", name: str = "Ada Lindqvist") -> OldTokens:
    """What a user who signs in at the provider holds afterwards."""

    async def story() -> OldTokens:
        async with httpx2.AsyncClient(follow_redirects=False, trust_env=False) as browser:
            visitor = Visitor(browser=browser, issuer=issuer, redirect_uri=home, verifier="v" * 43)
            return await visitor.signed_in(name)

    return asyncio.run(story())


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment:
    """A folder with a settings file for one old provider, as `segue init` and a few edits make it."""

    folder: Path
    issuer: str
    port: int

    @property
    def settings(self) -> Path:
        """The file."""
        return self.folder / "segue.toml"

    def edit(self, pattern: str, replacement: str) -> None:
        """Change the one place of the settings file that matches."""
        text, count = re.subn(pattern, replacement, self.settings.read_text(), flags=re.MULTILINE)
        assert count == 1, f"{pattern} matches {count} times"
        self.settings.write_text(text)

    def run(self, *arguments: str, env: dict[str, str] | None = None) -> Done:
        """Run `segue` in the folder."""
        return segue(*arguments, cwd=self.folder, env=env)

    def serve(self, *arguments: str, env: dict[str, str] | None = None) -> Server:
        """Start `segue serve`."""
        return start(
            "serve",
            [*COMMAND, "serve", "--config", self.settings, "--port", str(self.port), *arguments],
            port=self.port,
            logs=self.folder,
            ready="/health",
            env=env,
        )


def deploy(folder: Path, issuer: str) -> Deployment:
    """What a user does first: `segue init`, then the revocation endpoint and its secret."""
    port = free_port()
    known = ("--issuer", issuer, "--audience", "demo-api", "--client-id", "demo-page")
    domains = ("--api-domain", f"http://localhost:{port}", "--website-domain", SITE)
    assert run(["init", str(folder / "segue.toml"), *known, *domains]) == 0
    secret = folder / "client.secret"
    secret.touch(0o600)
    secret.write_text(CANARY)
    deployment = Deployment(folder=folder, issuer=issuer, port=port)
    with deployment.settings.open("a") as file:
        file.write(
            f'\n[provider.revocation]\nurl = "{issuer}/revoke"\nclient_id = "demo-backend"\n'
            'client_secret_file = "client.secret"\n'
        )
    return deployment
