"""T15: 64 callers in two processes with one token, on both stores: one session, whoever asks."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from segue.ids import PUBLIC_APP
from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import public_jwk
from tests.migration.issuer import ISSUER, NOW, key, token
from tests.operations.migrating_worker import opened

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

ROOT = Path(__file__).parents[2]
CALLERS = 64
pytestmark = pytest.mark.processes


@pytest.fixture(params=["sqlite", "postgres"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where the two meet."""
    if request.param == "sqlite":
        return str(tmp_path / "segue.sqlite3")
    server: PostgresServer = request.getfixturevalue("postgres_server")
    return server.dsn(server.new_database())


def race(place: str, keys: list[str]) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Half of the callers in each process, all at once; their answers, and the reports at the end."""
    opened(place).close()  # the schema is there
    jwk = public_jwk(key().public_key(), key_id="k1", algorithm=Algorithm.ES256)
    told = {"jwks": {"keys": [jwk]}, "store": place, "token": token()}
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", "tests.operations.migrating_worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=ROOT,
            env=os.environ | {"PYTHONPATH": f"{ROOT / 'src'}:{ROOT}"},
            text=True,
        )
        for _ in range(2)
    ]
    said: list[dict[str, Any]] = []
    for number, worker in enumerate(workers):
        assert worker.stdin is not None
        assert worker.stdout is not None
        worker.stdin.write(json.dumps(told | {"keys": keys[number::2]}) + "\n")
        worker.stdin.flush()
    for worker in workers:
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
    for worker in workers:
        assert worker.stdin is not None
        worker.stdin.write("go\n")
        worker.stdin.flush()
    for worker in workers:
        out, _ = worker.communicate(timeout=60)
        said.append(json.loads(out))
    return [answer for each in said for answer in each["answers"]], [each["report"] for each in said]


def results(place: str) -> Counter[str]:
    """What the store has on record."""
    store = opened(place)
    counts = Counter({each.outcome.code: each.count for each in store.count_attempts(PUBLIC_APP)})
    store.close()
    return counts


def test_t15_one_client(place: str) -> None:
    """T15: every caller of one client gets the same session with the same tokens; one of them made it."""
    answers, _ = race(place, ["one-client-" + "k" * 30] * CALLERS)
    assert {answer["status"] for answer in answers} == {200}
    assert len({answer["body"]["sessionHandle"] for answer in answers}) == 1
    assert len({tuple(cookie.partition(";")[0] for cookie in answer["tokens"]) for answer in answers}) == 1
    assert results(place) == {"MIGRATED": 1, "REPEATED": CALLERS - 1}


def test_t15_many_clients(place: str) -> None:
    """T15: of as many clients as callers one gets the session, and every other is refused for good."""
    answers, reports = race(place, [f"client-{number:040}" for number in range(CALLERS)])
    codes = Counter(answer["body"].get("result") or answer["body"]["code"] for answer in answers)
    assert codes == {"MIGRATED": 1, "ALREADY_MIGRATED": CALLERS - 1}
    assert results(place) == codes
    assert max(each["providers"][0]["total"]["migrated"] for each in reports) == 1
    assert NOW.isoformat()[:10] in reports[0]["providers"][0]["total"]["last_seen_at"]
    assert ISSUER not in json.dumps(reports)
