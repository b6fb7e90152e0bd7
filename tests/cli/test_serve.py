"""`segue serve` as a user runs it: a real provider, real HTTP, a real end."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx2
import pytest

from segue.demo.visitor import OldTokens
from tests.cli.world import CANARY, SITE, Deployment, deploy, sign_in
from tests.support.processes import NotReady, Server, children, end_by_themselves, wait_until

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.processes

PAGE = {"origin": SITE, "rid": "anti-csrf", "st-auth-mode": "cookie"}
"""What a page with the front-end SDK sends along."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Served:
    """A deployment that is being served."""

    deployment: Deployment
    server: Server


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, issuer: str) -> Generator[Served]:
    """One service for the tests that leave it running."""
    deployment = deploy(tmp_path_factory.mktemp("served"), issuer)
    server = deployment.serve("--log-level", "debug")
    yield Served(deployment=deployment, server=server)
    server.stop()


def migrate(client: httpx2.Client, tokens: OldTokens, *, key: str) -> httpx2.Response:
    """What a page sends to move its session."""
    return client.post(
        "/auth/migrate-session",
        json={"refreshToken": tokens.refresh},
        headers={"authorization": f"Bearer {tokens.access}", "idempotency-key": key},
    )


def browser(url: str) -> httpx2.Client:
    """A page in a browser: keeps cookies, sends its origin."""
    return httpx2.Client(base_url=url.replace("127.0.0.1", "localhost"), headers=PAGE, trust_env=False)


def refused_by_provider(issuer: str, refresh_token: str) -> bool:
    """Whether the provider takes the old refresh token no more."""
    form = {"grant_type": "refresh_token", "client_id": "demo-page", "refresh_token": refresh_token}
    return httpx2.post(f"{issuer}/token", data=form, trust_env=False).status_code == 400


def test_session_moves_and_is_managed_from_the_command_line(served: Served) -> None:
    """Migrated over HTTP, asked for, refreshed, ended at the old provider, listed and revoked with commands."""
    deployment = served.deployment
    tokens = sign_in(deployment.issuer)
    with browser(served.server.url) as page:
        assert page.get("/auth/session").status_code == 401
        moved = migrate(page, tokens, key="k" * 32)
        assert (moved.status_code, moved.json()["result"]) == (200, "MIGRATED")
        asked = page.get("/auth/session")
        assert asked.status_code == 200
        assert asked.headers["access-control-allow-origin"] == SITE
        assert asked.json()["userId"] == moved.json()["userId"]
        assert page.post("/auth/session/refresh").status_code == 200
        handle = page.get("/auth/session").json()["sessionHandle"]
        wait_until(
            lambda: refused_by_provider(deployment.issuer, tokens.refresh), what="the old session to end"
        )
        wait_until(lambda: "1  done" in deployment.run("outbox").out, what="the outbox to say so")

        listed = deployment.run("sessions", "list", asked.json()["userId"])
        assert (listed.code, handle in listed.out, " old " in listed.out) == (0, True, True)
        assert deployment.run("revoke", handle).code == 0
        assert page.get("/auth/session").status_code == 401
        assert deployment.run("revoke", handle).code == 1
    everything = served.server.log.read_text() + listed.out
    secrets = (
        CANARY,
        tokens.access,
        tokens.refresh,
        deployment.folder.joinpath("segue.secret").read_text().strip(),
    )
    assert [text for text in secrets if text in everything] == []
    assert '"code":"MIGRATED"' in everything


def test_replayed_token_is_refused(served: Served) -> None:
    """The same old token from another client gets no session."""
    tokens = sign_in(served.deployment.issuer)
    with browser(served.server.url) as page:
        assert migrate(page, tokens, key="a" * 32).status_code == 200
    with browser(served.server.url) as thief:
        assert migrate(thief, tokens, key="b" * 32).json()["code"] == "ALREADY_MIGRATED"
        assert dict(thief.cookies) == {}


def test_preflight_of_the_website(served: Served) -> None:
    """The website's origin is echoed exactly, with credentials, the headers that SDK and page send, and Vary."""
    answer = preflight(served.server, SITE)
    assert answer.status_code == 204
    assert answer.headers["access-control-allow-origin"] == SITE
    assert answer.headers["access-control-allow-credentials"] == "true"
    allowed = set(answer.headers["access-control-allow-headers"].split(", "))
    assert {"rid", "authorization", "st-auth-mode", "content-type", "idempotency-key"} <= allowed
    assert "Origin" in answer.headers["vary"]


@pytest.mark.parametrize("origin", ["http://localhost:3001", "null", f"{SITE}.evil.example", SITE.upper()])
def test_preflight_of_a_stranger(served: Served, origin: str) -> None:
    """An origin that differs in whatever way is not echoed."""
    answer = preflight(served.server, origin)
    assert answer.status_code == 403
    assert [name for name in answer.headers if name.startswith("access-control")] == []


def preflight(server: Server, origin: str) -> httpx2.Response:
    """What a browser asks before it sends a migration."""
    asked = {"origin": origin, "access-control-request-method": "POST"}
    return httpx2.options(f"{server.url}/auth/migrate-session", headers=asked, trust_env=False)


@pytest.mark.parametrize("path", ["/", "/auth", "/auth/session/x", "/health/x", "/me"])
def test_unknown_path(served: Served, path: str) -> None:
    """What is no route is 404 in JSON."""
    answer = httpx2.get(served.server.url + path, trust_env=False)
    assert (answer.status_code, answer.json()) == (404, {"message": "not found"})


def test_path_cannot_forge_a_log_line(served: Served) -> None:
    """A line feed in a path stays in its line of the log."""
    httpx2.get(f"{served.server.url}/a%0a2030-01-01 info forged", trust_env=False)
    assert "\n2030" not in served.server.log.read_text()


def test_start_says_address_and_policy(served: Served) -> None:
    """The first lines name the address, whose tokens are believed, and nothing about the network on loopback."""
    said = served.server.log.read_text()
    assert f"listens on http://127.0.0.1:{served.server.port}" in said
    assert "audiences demo-api, authorized parties demo-page" in said
    assert "network" not in said


def test_other_address_is_pointed_out(deployment: Deployment) -> None:
    """Whoever listens on more than loopback is told that there is no TLS."""
    server = deployment.serve("--host", "0.0.0.0")  # noqa: S104 - that is what is tested
    server.stop()
    assert "there is no TLS here: put a proxy with TLS in front" in server.log.read_text()


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["terminated", "interrupted"])
def test_signal_ends_it(deployment: Deployment, number: signal.Signals) -> None:
    """SIGTERM or Ctrl-C, also while a client holds a connection open: ended with 0, and soon."""
    server = deployment.serve()
    with httpx2.Client(base_url=server.url, trust_env=False) as idle:
        idle.get("/health")
        server.process.send_signal(number)
        assert server.process.wait(5) == 0
    assert server.log.read_text().rstrip().endswith("ended")


_AT_ONCE = 16


def moved_by(url: str, tokens: OldTokens, *, key: str) -> str:
    """What comes of a migration by a browser of its own."""
    with browser(url) as page:
        answer = migrate(page, tokens, key=key).json()
    return str(answer.get("result") or answer["code"])


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=["terminated", "killed"])
def test_workers_share_a_port_and_leave_nothing_behind(
    deployment: Deployment, number: signal.Signals
) -> None:
    """Two workers on one database: one token moved many times at once is one session; all end with their parent."""
    server = deployment.serve("--workers", "2")
    tokens = sign_in(deployment.issuer)
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        started = [pool.submit(moved_by, server.url, tokens, key=f"{count:032}") for count in range(_AT_ONCE)]
    results = [future.result() for future in started]
    assert sorted(results) == ["ALREADY_MIGRATED"] * (_AT_ONCE - 1) + ["MIGRATED"]
    watched = [os.pidfd_open(child) for child in children(server.process.pid)]
    assert len(watched) >= 2
    server.process.send_signal(number)
    server.process.wait(10)
    assert end_by_themselves(watched)


def test_taken_port(served: Served) -> None:
    """A port that another program has is named, with what to do."""
    taken = served.deployment.run("serve", "--port", str(served.server.port))
    assert taken.code == 2
    assert "choose another address with --host and --port" in taken.err


def test_provider_that_does_not_answer_delays_no_start(deployment: Deployment) -> None:
    """With a provider out of reach the service starts, and says that it will ask again."""
    deployment.edit(r"^issuers = .*", 'issuers = ["http://127.0.0.1:9"]')
    server = deployment.serve()
    try:
        wait_until(lambda: "requests will ask again" in server.log.read_text(), what="a warning")
    finally:
        server.stop()


def test_worker_that_cannot_start_ends_the_service(deployment: Deployment) -> None:
    """A database that cannot be used is one line and an exit code, not a loop of restarts."""
    deployment.folder.joinpath("segue.sqlite3").write_text("no database, but long enough to be looked at" * 9)
    with pytest.raises(NotReady):
        deployment.serve("--workers", "2")
    said = deployment.run("serve", "--workers", "2")
    assert said.code == 2
    assert "is not an SQLite database" in said.err
    assert "Traceback" not in said.err
