"""Who signs out at npm's oidc-provider is signed out at `segue serve`, by the provider's own logout token."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.e2e.sign_in import OldTokens, sign_out, signed_in
from tests.e2e.stack import AUDIENCE, OldProvider
from tests.support.processes import free_port, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.processes import Server

pytestmark = pytest.mark.processes

SITE = "http://localhost:3000"
SETTINGS = """
[http]
api_domain = "{api}"
website_domain = "{site}"

[keys]
secret = "a deployment secret of this test alone, 0123456789"

[[provider]]
name = "old"
issuers = ["{issuer}"]
audiences = ["{audience}"]
authorized_parties = ["spa"]
live_check = "keys_only"

[provider.back_channel_logout]
reach = "user"
"""


@pytest.fixture
def parties(node_modules: Path, tmp_path: Path) -> Iterator[tuple[OldProvider, Server]]:
    """The provider, which knows where to say it, and the service, which believes it."""
    port = free_port()
    api = f"http://127.0.0.1:{port}"
    old = OldProvider(
        port=free_port(),
        web_origins=[SITE],
        folder=tmp_path,
        logout_uri=f"{api}/auth/backchannel-logout",
    )
    file = tmp_path / "segue.toml"
    file.write_text(SETTINGS.format(api=api, site=SITE, issuer=old.issuer, audience=AUDIENCE))
    file.chmod(0o600)
    old.start()
    serve = [sys.executable, "-m", "segue.cli", "serve", "--port", str(port)]
    server = start("serve", serve, port=port, logs=tmp_path, ready="/auth/jwt/jwks.json", cwd=tmp_path)
    yield old, server
    server.stop()
    old.kill()


def migrated(page: httpx2.Client, tokens: OldTokens) -> str:
    """What the migrate route says."""
    answer = page.post(
        "/auth/migrate-session", json={}, headers={"authorization": f"Bearer {tokens.access_token}"}
    )
    return str(answer.json().get("result") or answer.json()["code"])


def test_signing_out_at_the_provider(parties: tuple[OldProvider, Server]) -> None:
    """The migrated session is over within moments, the old token buys no other one, and a new sign-in does."""
    old, server = parties
    headers = {"origin": SITE, "st-auth-mode": "cookie"}
    with (
        httpx2.Client() as browser,
        httpx2.Client(base_url=server.url, headers=headers, trust_env=False) as page,
    ):
        tokens = signed_in(browser, old.issuer, page=SITE, user="ada")
        assert migrated(page, tokens) == "MIGRATED"
        assert page.get("/auth/session").status_code == 200
        sign_out(browser, old.issuer)
        wait_until(lambda: page.get("/auth/session").status_code == 401, what="the session to end")
        page.cookies.clear()
        assert migrated(page, tokens) == "SIGN_IN_REVOKED"
    assert "back-channel logout of old: 1 session(s) ended" in server.log.read_text()
