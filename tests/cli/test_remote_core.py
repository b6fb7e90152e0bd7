"""`segue serve` and the commands with sessions in a `segue core` of its own: as an operator runs them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.cli.world import COMMAND, SITE, Deployment, deploy, sign_in
from tests.support.processes import Server, free_port, start

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.processes

KEY = "a-key-of-the-core-in-tests-0123456789"
PAGE = {"origin": SITE, "rid": "anti-csrf", "st-auth-mode": "cookie"}


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """Where the sessions live."""
    folder, port = tmp_path_factory.mktemp("core"), free_port()
    command = [*COMMAND, "core", "--port", str(port), "--database", ":memory:"]
    server = start("core", command, port=port, logs=folder, ready="/hello", env={"API_KEYS": KEY}, cwd=folder)
    yield server
    server.stop()


@pytest.fixture(scope="module")
def deployment(core: Server, issuer: str, tmp_path_factory: pytest.TempPathFactory) -> Deployment:
    """A settings file that names the core."""
    made = deploy(tmp_path_factory.mktemp("served"), issuer)
    key = made.folder / "core.key"
    key.touch(0o600)
    key.write_text(KEY + "\n")
    with made.settings.open("a") as file:
        file.write(f'\n[core]\nhosts = ["{core.url}"]\napi_key_file = "core.key"\n')
    return made


def test_sessions_live_in_the_core(core: Server, deployment: Deployment) -> None:
    """Migrated by `segue serve`, the session is the core's; commands list and end it, and say what they cannot."""
    server = deployment.serve()
    try:
        tokens = sign_in(deployment.issuer)
        with httpx2.Client(
            base_url=server.url.replace("127.0.0.1", "localhost"), headers=PAGE, trust_env=False
        ) as page:
            moved = page.post(
                "/auth/migrate-session",
                headers={"authorization": f"Bearer {tokens.access}", "idempotency-key": "k" * 32},
            ).json()
            assert moved["result"] == "MIGRATED"
            user, handle = moved["userId"], moved["sessionHandle"]
            assert page.post("/auth/session/refresh").status_code == 200
            there = httpx2.get(
                f"{core.url}/recipe/session/user",
                params={"userId": user},
                headers={"api-key": KEY},
                trust_env=False,
            ).json()
            assert there["sessionHandles"] == [handle]

            listed = deployment.run("sessions", "list", user)
            assert (listed.code, handle in listed.out, " old " in listed.out) == (0, True, True)
            refused = deployment.run("revoke", "--issuer", deployment.issuer)
            assert (refused.code, "cannot find them by --issuer" in refused.err) == (2, True)
            status = deployment.run("status")
            assert (status.code, "old: on" in status.out) == (0, True)
            looked = deployment.run("doctor")
            assert "and it answers" in " ".join(looked.out.split())

            assert deployment.run("revoke", handle).code == 0
            assert page.get("/auth/session").status_code == 401
            assert deployment.run("revoke", handle).code == 1
        log = server.log.read_text()
        assert "sessions live in the core at" in log
        assert KEY not in log + listed.out + looked.out + refused.err
    finally:
        server.stop()


def test_doctor_of_a_core_that_is_away_or_refuses(deployment: Deployment) -> None:
    """It names the address, and never the key."""
    for env in (
        {"SEGUE_CORE_HOSTS": f"http://127.0.0.1:{free_port()}"},
        {"SEGUE_CORE_API_KEY": "another-key-0123456789-0123456789"},
    ):
        looked = deployment.run("doctor", env=env)
        said = " ".join(looked.out.split())
        assert looked.code == 1
        assert "core: sessions live at http://127.0.0.1:" in said
        assert "and it answers" not in said
        assert "another-key" not in said
