"""Keycloak itself, from Maven Central: unpacked once, started on loopback with the realm of `keycloak/realm.json`."""

from __future__ import annotations

import html
import re
import shutil
import subprocess
import zipfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx2

from tests.old_providers.oauth import Client, Tokens
from tests.old_providers.site import Held
from tests.support.processes import free_port, start
from tests.support.programs import missing, required_program

if TYPE_CHECKING:
    from collections.abc import Generator

VERSION = "26.4.7"
ARTIFACT = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:zip"
HERE = Path(__file__).parent / "keycloak"
START_SECONDS = 600
INSTALL_SECONDS = 900
PASSWORD = "correct horse"
SECRET = "the-secret-of-our-back-end"
_ADMIN = {"KC_BOOTSTRAP_ADMIN_USERNAME": "admin", "KC_BOOTSTRAP_ADMIN_PASSWORD": "the operator's"}
_FORM = re.compile(r'<form[^>]* action="([^"]+)"')


@dataclass(frozen=True, slots=True, kw_only=True)
class Keycloak:
    """The server as the users of its client `shop-web` see it, and as its operator does."""

    origin: str

    @property
    def issuer(self) -> str:
        """Of the realm."""
        return f"{self.origin}/realms/shop"

    @property
    def oidc(self) -> str:
        """Where the realm's endpoints lie."""
        return f"{self.issuer}/protocol/openid-connect"

    def tokens(self, user: str, *, client: str = "shop-web") -> Tokens:
        """By the authorization code flow with PKCE, over its own page; the clients are public."""
        party = Client(
            name=client,
            secret=None,
            authorize=f"{self.oidc}/auth",
            token=f"{self.oidc}/token",
            scope="openid",
        )

        def sign_in(browser: httpx2.Client, page: httpx2.Response) -> httpx2.Response:
            for cookie in browser.cookies.jar:
                cookie.secure = False  # to browsers this machine is safe without TLS, too
            found = _FORM.search(page.text)
            assert found is not None, "its page has no form"
            return browser.post(html.unescape(found[1]), data={"username": user, "password": PASSWORD})

        return party.tokens(sign_in)

    def sign_in(self, user: str) -> Held:
        """The page holds an access token, and a refresh token."""
        tokens = self.tokens(user)
        return Held(bearer=tokens.access, refresh=tokens.refresh)

    def renewed(self, held: Held) -> Held:
        """What the page holds after its refresh token was used."""
        form = {"grant_type": "refresh_token", "client_id": "shop-web", "refresh_token": held.refresh or ""}
        given = httpx2.post(f"{self.oidc}/token", data=form).raise_for_status().json()
        return Held(bearer=given["access_token"], refresh=given["refresh_token"])

    def accepts(self, held: Held) -> bool:
        """By its page of user data, which takes access tokens of sessions that stand."""
        headers = {"authorization": f"Bearer {held.bearer}"}
        return httpx2.get(f"{self.oidc}/userinfo", headers=headers).status_code == 200

    def sign_out(self, held: Held) -> None:
        """As a page's own adapter does."""
        form = {"client_id": "shop-web", "refresh_token": held.refresh or ""}
        httpx2.post(f"{self.oidc}/logout", data=form).raise_for_status()

    def machine(self) -> str:
        """An access token of our back end's own, in nobody's name."""
        form = {"grant_type": "client_credentials", "client_id": "segue", "client_secret": SECRET}
        return str(httpx2.post(f"{self.oidc}/token", data=form).raise_for_status().json()["access_token"])

    def rotate(self) -> None:
        """A key of higher priority signs; the older ones are still published."""
        config = {"priority": [str(200 + 100 * len(self._keys()))]}
        self._operator("POST", "/components", json=_key_provider(config))

    def retire(self) -> None:
        """All keys but the newest are taken out."""
        *older, _ = sorted(self._keys(), key=lambda each: int(each["config"]["priority"][0]))
        for each in older:
            self._operator("DELETE", f"/components/{each['id']}")

    def says_it_to(self, url: str) -> None:
        """Who signs out there is signed out at this address, too."""
        client = self._operator("GET", "/clients?clientId=shop-web").json()[0]
        attributes = {
            **client["attributes"],
            "backchannel.logout.url": url,
            "backchannel.logout.session.required": "true",
        }
        self._operator("PUT", f"/clients/{client['id']}", json={**client, "attributes": attributes})

    def _keys(self) -> list[dict[str, Any]]:
        found = self._operator("GET", "/components?type=org.keycloak.keys.KeyProvider").json()
        return [each for each in found if each["providerId"] == "rsa-generated"]

    def _operator(self, method: str, path: str, *, json: object = None) -> httpx2.Response:
        form = {
            "grant_type": "password",
            "client_id": "admin-cli",
            "username": _ADMIN["KC_BOOTSTRAP_ADMIN_USERNAME"],
            "password": _ADMIN["KC_BOOTSTRAP_ADMIN_PASSWORD"],
        }
        url = f"{self.origin}/realms/master/protocol/openid-connect/token"
        token = httpx2.post(url, data=form).raise_for_status().json()["access_token"]
        headers = {"authorization": f"Bearer {token}"}
        return httpx2.request(
            method, f"{self.origin}/admin/realms/shop{path}", headers=headers, json=json
        ).raise_for_status()


def _key_provider(config: dict[str, list[str]]) -> dict[str, object]:
    kind = "org.keycloak.keys.KeyProvider"
    return {"name": "newer", "providerId": "rsa-generated", "providerType": kind, "config": config}


@contextmanager
def keycloak(folder: Path) -> Generator[Keycloak]:
    """
    Run it for the length of a block.

    Args:
        folder: for its log and its database, which lives as long as the server.
    """
    home, port = _installed(), free_port()
    shutil.copytree(
        HERE, home / "data" / "import", dirs_exist_ok=True, ignore=shutil.ignore_patterns(".work")
    )
    command: list[str | Path] = [
        home / "bin" / "kc.sh",
        *("start-dev", "--import-realm", "--db=dev-mem", "--http-host=127.0.0.1", f"--http-port={port}"),
    ]
    server = start(
        "keycloak",
        command,
        port=port,
        logs=folder,
        ready="/realms/shop",
        env=_ADMIN,
        within=START_SECONDS,
    )
    try:
        yield Keycloak(origin=server.url)
    finally:
        server.stop()


def _installed() -> Path:
    work = HERE / ".work"
    home = work / f"keycloak-{VERSION}"
    if not (home / "bin" / "kc.sh").exists():
        required_program("java", package="openjdk-17-jre-headless")
        maven = required_program("mvn", package="maven")
        command = [
            maven,
            "-q",
            "-B",
            "dependency:copy",
            f"-Dartifact={ARTIFACT}",
            f"-DoutputDirectory={work}",
        ]
        done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=INSTALL_SECONDS)
        if done.returncode != 0:
            missing(f"Maven did not bring Keycloak: {done.stdout[-1000:]}")
        with zipfile.ZipFile(work / f"keycloak-quarkus-dist-{VERSION}.zip") as archive:
            archive.extractall(work)
        (home / "bin" / "kc.sh").chmod(0o755)
    return home
