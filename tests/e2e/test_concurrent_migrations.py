"""Many real migrations at once, over HTTP, against two worker processes on one SQLite file."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.e2e.application import Application
from tests.e2e.sign_in import OldTokens, sign_in
from tests.support.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from tests.e2e.stack import OldProvider

pytestmark = pytest.mark.processes

CALLS = 32
USER = "ada"


@pytest.fixture
def app(provider: OldProvider, site: str, tmp_path: Path) -> Iterator[Application]:
    """Two workers of one application."""
    workers = Application(
        ports=(free_port(), free_port()), folder=tmp_path, issuer=provider.issuer, site=site
    )
    try:
        workers.start()
        yield workers
    finally:
        workers.stop()


@pytest.fixture
def old(provider: OldProvider, site: str) -> OldTokens:
    """One sign-in at the old provider."""
    return sign_in(provider.issuer, page=site, user=USER)


def test_one_client_gets_one_session(app: Application, old: OldTokens) -> None:
    """With one Idempotency-Key all calls succeed with the same session, and the store holds one."""
    answers = _migrate_at_once(app, old, keys=["the-only-client-there-is"] * CALLS)
    assert [answer.status_code for answer in answers] == [200] * CALLS, _bodies(answers)
    handles = {answer.json()["sessionHandle"] for answer in answers}
    assert list(handles) == app.sessions(USER)
    results = [answer.json()["result"] for answer in answers]
    assert results.count("MIGRATED") == 1, results
    assert set(results) <= {"MIGRATED", "REPEATED"}


@pytest.mark.parametrize(
    "keys",
    [[f"a-client-of-its-own-{number:04}" for number in range(CALLS)], [None] * CALLS],
    ids=["different-keys", "no-key"],
)
def test_many_clients_get_one_session_between_them(
    app: Application, old: OldTokens, keys: Sequence[str | None]
) -> None:
    """Who cannot be shown to be the first client is refused for good: one 200, the others 409."""
    answers = _migrate_at_once(app, old, keys=keys)
    statuses = sorted(answer.status_code for answer in answers)
    assert statuses == [200] + [409] * (CALLS - 1), _bodies(answers)
    refusals = [answer.json() for answer in answers if answer.status_code == 409]
    wanted = {"status": "REFUSED", "code": "ALREADY_MIGRATED", "retryable": False}
    assert all(refusal.items() >= wanted.items() for refusal in refusals), refusals
    assert len(app.sessions(USER)) == 1


def test_all_tokens_of_repeated_answers_work(app: Application, old: OldTokens) -> None:
    """Whichever of the answers the client keeps, its tokens open the API on either worker."""
    answers = _migrate_at_once(app, old, keys=["the-only-client-there-is"] * 4)
    for answer in answers:
        bearer = {"authorization": f"Bearer {answer.headers['st-access-token']}"}
        for server in app.servers:
            assert httpx2.get(f"{server.url}/api/me", headers=bearer).json()["userId"] == USER


def _migrate_at_once(
    app: Application, old: OldTokens, *, keys: Sequence[str | None]
) -> Sequence[httpx2.Response]:
    """Send one migration per key, in turn to each worker, all under way together."""

    async def call(client: httpx2.AsyncClient, number: int, key: str | None) -> httpx2.Response:
        headers = {
            "authorization": f"Bearer {old.access_token}",
            "st-auth-mode": "header",
            "rid": "anti-csrf",
        }
        if key is not None:
            headers["idempotency-key"] = key
        worker = app.servers[number % len(app.servers)]
        body = {"refreshToken": old.refresh_token}
        return await client.post(f"{worker.url}/auth/migrate-session", headers=headers, json=body)

    async def all_calls() -> Sequence[httpx2.Response]:
        limits = httpx2.Limits(max_connections=len(keys))
        async with httpx2.AsyncClient(limits=limits, timeout=30) as client:
            return await asyncio.gather(*(call(client, number, key) for number, key in enumerate(keys)))

    return asyncio.run(all_calls())


def _bodies(answers: Sequence[httpx2.Response]) -> str:
    return "\n".join(f"{answer.status_code} {answer.text}" for answer in answers)
