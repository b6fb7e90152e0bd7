"""Create a session: row durable on SQLite, both tokens made (goal 5)."""

from __future__ import annotations

import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

from benchmarks import limits, scene
from benchmarks.measuring import Contender, Measured, alternate, here, times
from benchmarks.peers import better_auth, django_sessions
from benchmarks.reporting import Goal, Report, main
from benchmarks.waiting import LOOP, waiters
from segue import AsyncEngine, Engine
from segue.stores.sqlite import AsyncSqliteStore, SqliteStore
from segue.tokens.algorithms import Algorithm

WAITERS = 64
STORE_US = 16.0
"""What a row costs in a shared commit, by the model of the goals."""

RS256, ES256 = "segue, RS256, FULL, 64 callers", "segue, ES256, FULL, 64 callers"
DJANGO, BETTER = "Django, db, FULL", "better-auth, sign-in without its hash, FULL"


def creating(made: Engine) -> Callable[[int], None]:
    """`Engine.create_session`, one by one."""

    def run(count: int) -> None:
        for number in range(count):
            made.create_session(scene.somebody(number))

    return run


def creating_together(
    store: AsyncSqliteStore, algorithm: Algorithm
) -> Callable[[int, int], Awaitable[object]]:
    """`AsyncEngine.create_session`."""
    engine = AsyncEngine(scene.config(algorithm), store=store)
    return lambda _caller, number: engine.create_session(scene.somebody(number))


def measure(report: Report, rounds: int) -> None:
    """Ours with 64 callers who share commits and with one who does not; peers as they are, all with FULL."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        django_sessions.set_up(folder, synchronous="FULL")
        stores = [AsyncSqliteStore(folder / f"{kind}.sqlite3") for kind in ("rs", "es")]
        with better_auth.creating(folder, synchronous="FULL", count=200) as betters:
            found = alternate([*_ours(folder, *stores), *_others(folder), *betters], rounds=rounds)
        for store in stores:
            LOOP.run_until_complete(store.close())
    report.add(found)
    report.goals = list(_goals(found))
    report.figures["one caller, ES256: times faster than Django db"] = times(
        found[DJANGO], found["segue, ES256, FULL, 1 caller"]
    )


def _ours(folder: Path, rs: AsyncSqliteStore, es: AsyncSqliteStore) -> list[Contender]:
    alone = scene.engine(Algorithm.ES256, store=SqliteStore(folder / "alone.sqlite3"))
    return [
        waiters(RS256, creating_together(rs, Algorithm.RS256), callers=WAITERS, count=1_000),
        here("raw RSA-2048 sign", limits.rsa_sign(), count=500),
        waiters(ES256, creating_together(es, Algorithm.ES256), callers=WAITERS, count=3_000),
        here("raw P-256 sign", limits.p256_sign(), count=3_000),
        here("segue, ES256, FULL, 1 caller", creating(alone), count=300),
        here("segue, ES256, in memory, 1 caller", creating(scene.engine(Algorithm.ES256)), count=2_000),
    ]


def _others(folder: Path) -> list[Contender]:
    return [
        here("bare SQLite commit, FULL", limits.sqlite_inserts(folder, batch=1), count=500),
        here("bare SQLite rows, FULL, 64 a commit", limits.sqlite_inserts(folder, batch=64), count=6_400),
        here(DJANGO, django_sessions.creating("db"), count=200),
        here("Django, signed cookies", django_sessions.creating("signed_cookies"), count=300),
    ]


def _goals(found: dict[str, Measured]) -> list[Goal]:
    rs, es = found[RS256], found[ES256]
    signing = times(found["raw RSA-2048 sign"], rs) * 100
    ceiling = (found["raw P-256 sign"].cpu + STORE_US) / es.cpu * 100
    goals = [
        Goal(number=5, text="RS256, durable: of the raw RSA signing rate", value=signing, bar=90, unit="%"),
        Goal(number=5, text="ES256, durable: of sign + one row", value=ceiling, bar=65, unit="%"),
        Goal(number=5, text="ES256: times Django db save", value=times(found[DJANGO], es), bar=9),
    ]
    better = found.get(BETTER)
    if better is not None:
        goals.append(
            Goal(number=5, text="ES256: times better-auth session creation", value=times(better, es), bar=20)
        )
    return goals


if __name__ == "__main__":
    main("create", measure)
