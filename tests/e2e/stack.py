"""
The parties of a browser test, each a process of its own: the old provider, the page's site, and Chromium.

House rule: the provider lives on `127.0.0.1` and the application on `localhost`, because the front-end SDK takes every
request to its API's host name for its own, whatever the port.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from tests.support.processes import Server, start
from tests.support.programs import required_program

if TYPE_CHECKING:
    from collections.abc import Mapping

    from playwright.sync_api import Browser, Playwright

HERE = Path(__file__).parent
AUDIENCE = "https://api.example.test"
CHROMIUM_FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


@dataclass(slots=True, kw_only=True)
class OldProvider:
    """npm's oidc-provider on a fixed port; may be killed and started again with the same keys."""

    port: int
    web_origins: Sequence[str]
    folder: Path
    algorithm: str = "RS256"
    logout_uri: str = ""
    """Where it says that somebody has signed out; empty: to itself."""
    server: Server | None = None

    @property
    def issuer(self) -> str:
        """The issuer in its tokens, and its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, also again; everything but its keys is forgotten."""
        self.server = start(
            "provider",
            [required_program("node", package="nodejs npm"), HERE / "provider" / "server.mjs"],
            port=self.port,
            logs=self.folder,
            ready="/favicon.ico",
            env={
                "PORT": str(self.port),
                "ALG": self.algorithm,
                "AUDIENCE": AUDIENCE,
                "WEB_ORIGINS": ",".join(self.web_origins),
                "KEYS_FILE": str(self.folder / "provider-keys.json"),
                "LOGOUT_URI": self.logout_uri,
            },
        )

    def kill(self) -> None:
        """It is gone, as if somebody had switched the machine off."""
        if self.server is not None:
            self.server.kill()
        self.server = None

    def keys(self) -> dict[str, Any]:
        """The JWKS that it publishes."""
        return dict(httpx2.get(f"{self.issuer}/jwks").raise_for_status().json())

    def seen(self, path: str) -> int:
        """How often *path* was asked for since it was started."""
        return int(httpx2.get(f"{self.issuer}/_control/seen").json().get(path, 0))

    def is_active(self, opaque: str) -> bool:
        """Whether the provider still accepts a refresh token or opaque access token (RFC 7662)."""
        answer = httpx2.post(
            f"{self.issuer}/token/introspection", data={"token": opaque}, auth=("web", "web-secret")
        )
        return bool(answer.raise_for_status().json()["active"])


def build_pages(esbuild: Path, folder: Path) -> None:
    """Bundle the pages with their SDKs, and with our package from its sources, into *folder*."""
    options = [
        "--bundle",
        "--format=esm",
        f"--outdir={folder}",
        f"--tsconfig={HERE / 'web' / 'tsconfig.json'}",
    ]
    sources = [str(HERE / "web" / name) for name in ("page.ts", "moving.ts")]
    subprocess.run([str(esbuild), *sources, *options], check=True, capture_output=True)
    for name in ("index.html", "moving.html"):
        shutil.copy(HERE / "web" / name, folder)


def start_site(port: int, *, pages: Path, logs: Path) -> Server:
    """Serve the built page and nothing else, as a static host would."""
    options = ["--bind", "127.0.0.1", "--directory", str(pages)]
    command = [sys.executable, "-m", "http.server", *options, str(port)]
    return start("site", command, port=port, logs=logs, ready="/")


def launch_chromium(playwright: Playwright) -> Browser:
    """Debian's Chromium, without a window."""
    return playwright.chromium.launch(
        executable_path=required_program("chromium", package="chromium"), args=CHROMIUM_FLAGS
    )


def page_address(site: str, settings: Mapping[str, str]) -> str:
    """The first address of the page, which carries its settings."""
    return f"{site}/?{httpx2.QueryParams(dict(settings))}"
