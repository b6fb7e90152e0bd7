"""Create a session: row durable on SQLite, both tokens made (goal 5)."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import limits, scene
from benchmarks.measuring import Measured, alternate, here, times
from benchmarks.peers import better_auth, django_sessions
from benchmarks.reporting import Goal, Report, main
from segue import Engine
from segue.stores.memory import MemoryStore
from segue.stores.sqlite import SqliteStore
from segue.tokens.algorithms import Algorithm

CEILING = 17_800
"""ES256 creations per CPU second that SQLite and OpenSSL allow by the model of the specification."""


def creating(made: Engine) -> Callable[[int], None]:
    """`Engine.create_session`, one by one."""

    def run(count: int) -> None:
        for number in range(count):
            made.create_session(scene.somebody(number))

    return run


def measure(report: Report, rounds: int) -> None:
    """One caller, each session its own durable commit; peers with the same `synchronous`."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _measure(report, rounds, folder)


def _measure(report: Report, rounds: int, folder: Path) -> None:
    def durable(algorithm: Algorithm) -> Engine:
        return scene.engine(algorithm, store=SqliteStore(folder / f"{algorithm.name}.sqlite3"))

    def in_memory(algorithm: Algorithm) -> Engine:
        return scene.engine(algorithm, store=MemoryStore())

    django_sessions.set_up(folder, synchronous="FULL")
    rs, es = durable(Algorithm.RS256), durable(Algorithm.ES256)
    with better_auth.creating(folder, synchronous="FULL", count=300) as betters:
        found = alternate(
            [
                here("segue, RS256, SQLite FULL", creating(rs), count=500),
                here("raw RSA-2048 sign", limits.rsa_sign(), count=500),
                here("segue, ES256, SQLite FULL", creating(es), count=1_000),
                here("raw P-256 sign", limits.p256_sign(), count=5_000),
                here("bare SQLite commit, FULL", limits.sqlite_inserts(folder, batch=1), count=1_000),
                here("Django, db, SQLite FULL", django_sessions.creating("db"), count=300),
                here("Django, signed cookies", django_sessions.creating("signed_cookies"), count=300),
                *betters,
                here("segue, ES256, in memory", creating(in_memory(Algorithm.ES256)), count=2_000),
            ],
            rounds=rounds,
        )
    for made in (rs, es):
        made.close()
    report.add(found)
    report.goals = list(_goals(found))
    report.figures["ES256: % of (raw sign + bare commit of this machine)"] = (
        (found["raw P-256 sign"].cpu + found["bare SQLite commit, FULL"].cpu)
        / found["segue, ES256, SQLite FULL"].cpu
        * 100
    )


def _goals(found: dict[str, Measured]) -> list[Goal]:
    rs, es = found["segue, RS256, SQLite FULL"], found["segue, ES256, SQLite FULL"]
    signing = times(found["raw RSA-2048 sign"], rs) * 100
    goals = [
        Goal(number=5, text="RS256, durable: of the raw RSA signing rate", value=signing, bar=90, unit="%"),
        Goal(number=5, text="ES256, durable", value=1e6 / es.cpu, bar=CEILING * 0.65, unit="/CPU s"),
        Goal(
            number=5,
            text="ES256: times Django db save",
            value=times(found["Django, db, SQLite FULL"], es),
            bar=9,
        ),
    ]
    better = found.get("better-auth, sign-in without its hash")
    if better is not None:
        goals.append(
            Goal(number=5, text="ES256: times better-auth session creation", value=times(better, es), bar=20)
        )
    return goals


if __name__ == "__main__":
    main("create", measure)
