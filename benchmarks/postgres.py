"""
Rotate on PostgreSQL, durably, 64 at a time: beside one statement each, and beside pgbench with that statement (goal 7).

CPU is that of our process and the server's together; the server runs on this machine, on a disk, with `fsync` and
`synchronous_commit`.
"""

from __future__ import annotations

import os
import resource
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import psycopg

from benchmarks import scene
from benchmarks.measuring import Contender, Sample, alternate, times
from benchmarks.reporting import Goal, Report, main
from benchmarks.scale.fill import Plan, fill_postgres
from benchmarks.scale.places import cpu_below
from benchmarks.waiting import LOOP, waiters
from segue.ids import PUBLIC_APP, Digest, SessionHandle, to_milliseconds
from segue.sessions.model import Rotation
from segue.stores.postgres import AsyncPostgresStore
from segue.stores.sql.statements import Statement, load_texts
from segue.tokens.refresh import read_refresh_token
from tests.support.postgres import USER, PostgresServer, started_server

CALLERS = 64
CONNECTIONS = 16
"""Of the side with one statement each."""
SESSIONS = 10_000
SECONDS = 3
"""A turn of pgbench."""
_SECRETS = scene.CONFIG.parsed_secrets()
_FOR_PGBENCH = """
    UPDATE segue.sessions AS stored SET handle = 'pgbench-' || chosen.number
    FROM (
        SELECT handle, row_number() OVER () - 1 AS number
        FROM segue.sessions WHERE NOT handle = ANY (%s) AND expires_at > %s LIMIT %s
    ) AS chosen
    WHERE stored.handle = chosen.handle
"""
_PGBENCH = """
UPDATE segue.sessions
SET previous_digest = current_digest, current_digest = sha256(current_digest), secret_id = secret_id,
    generation = generation + 1, rotated_at = {now}, refreshed_at = {now},
    expires_at = least({now} + refresh_lifetime, absolute_expires_at), static_key = static_key
WHERE app_id = 'public' AND handle = 'pgbench-' || :client_id AND current_digest <> '' AND expires_at > {now}
RETURNING *;
"""


@dataclass(frozen=True, slots=True)
class Chains:
    """Sessions that rotate again and again, each from the digest that it has to a new one."""

    handles: list[SessionHandle]
    digests: list[Digest]

    def next(self, caller: int) -> Rotation:
        """The next rotation of a caller's session."""
        presented, successor = self.digests[caller], Digest(os.urandom(32))
        self.digests[caller] = successor
        return Rotation(
            app_id=PUBLIC_APP,
            handle=self.handles[caller],
            presented=presented,
            successor=successor,
            secret_id=_SECRETS.primary.id,
            at=datetime.now(UTC),
        )


def chains(tokens: list[str]) -> Chains:
    """From refresh tokens."""
    read = [read_refresh_token(token, _SECRETS, app_id=PUBLIC_APP) for token in tokens]
    return Chains([token.handle for token in read], [token.digest for token in read])


def gathered(store: AsyncPostgresStore, of: Chains) -> Callable[[int, int], Awaitable[None]]:
    """Ours: those who wait share a statement."""

    async def rotate(caller: int, _number: int) -> None:
        assert await store.rotate_family(of.next(caller)) is not None

    return rotate


def apart(pool: asyncpg.Pool, of: Chains) -> Callable[[int, int], Awaitable[None]]:
    """A statement and a commit each, prepared."""
    text = load_texts("postgres")[Statement.ROTATE_FAMILY]

    async def rotate(caller: int, _number: int) -> None:
        step = of.next(caller)
        parameters = (step.app_id, step.handle, step.presented, step.successor, step.secret_id)
        assert await pool.fetchrow(text, *parameters, to_milliseconds(step.at), None) is not None

    return rotate


def pgbench(server: PostgresServer, database: str, script: Path) -> Callable[[], Sample]:
    """64 clients, each with a row of its own; CPU of pgbench and server."""
    now = to_milliseconds(datetime.now(UTC))
    script.write_text(_PGBENCH.format(now=now))
    command = [str(server.programs / "pgbench"), "-h", str(server.folder), "-p", str(server.port), "-U", USER]
    command += [*("-n", "-M", "prepared", "-c", str(CALLERS), "-j", "2", "-T", str(SECONDS))]

    def turn() -> Sample:
        before = cpu_below(server.folder / "data") + _children()
        done = subprocess.run([*command, "-f", script, database], check=True, capture_output=True, text=True)
        spent = cpu_below(server.folder / "data") + _children() - before
        lines = done.stdout.splitlines()
        (rate,) = (float(line.split()[2]) for line in lines if line.startswith("tps"))
        (count,) = (
            int(line.split()[-1].partition("/")[0])
            for line in lines
            if line.startswith("number of transactions actually")
        )
        return Sample(spent / count * 1e6, 1e6 / rate)

    return turn


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def with_server(server: PostgresServer, contender: Contender, *, count: int) -> Contender:
    """The server's CPU added to that of this process."""

    def turn() -> Sample:
        before = cpu_below(server.folder / "data")
        sample = contender.turn()
        time.sleep(0.05)  # its processes book their time when they are done
        spent = cpu_below(server.folder / "data") - before
        return Sample(sample.cpu + spent / count * 1e6, sample.wall)

    return Contender(contender.name, turn)


def measure(report: Report, rounds: int) -> None:
    """All on one table of ten thousand sessions."""
    with tempfile.TemporaryDirectory(prefix="segue-postgres-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        with started_server(parent=folder) as server:
            _measure(report, rounds, server, folder / "rotate.sql")


async def _pool(dsn: str) -> asyncpg.Pool:
    return await asyncpg.create_pool(dsn, min_size=CONNECTIONS, max_size=CONNECTIONS)


def _measure(report: Report, rounds: int, server: PostgresServer, script: Path) -> None:
    database = server.new_database()
    dsn = server.dsn(database)
    tokens = fill_postgres(dsn, Plan(sessions=SESSIONS, expired=0, real=2 * CALLERS))
    ours, theirs = chains(tokens[:CALLERS]), chains(tokens[CALLERS:])
    with psycopg.connect(dsn, autocommit=True) as connection:
        real, now = [*ours.handles, *theirs.handles], to_milliseconds(datetime.now(UTC))
        connection.execute(_FOR_PGBENCH, (real, now + 3_600_000, CALLERS))
    store = AsyncPostgresStore(dsn)
    pool = LOOP.run_until_complete(_pool(dsn))
    together, single = "segue, 64 callers", "asyncpg, one statement each, 64 callers"
    contenders = [
        with_server(
            server, waiters(together, gathered(store, ours), callers=CALLERS, count=6_000), count=6_000
        ),
        with_server(server, waiters(single, apart(pool, theirs), callers=CALLERS, count=3_000), count=3_000),
        Contender("pgbench, 64 clients", pgbench(server, database, script)),
    ]
    found = alternate(contenders, rounds=rounds)
    LOOP.run_until_complete(store.close())
    LOOP.run_until_complete(pool.close())
    report.add(found)
    report.figures["pgbench: times the CPU of ours"] = times(found["pgbench, 64 clients"], found[together])
    share = times(found[single], found[together])
    wall = times(found["pgbench, 64 clients"], found[together], wall=True)
    report.goals = [
        Goal(number=7, text="one statement each: times the CPU of ours", value=share, bar=4),
        Goal(number=7, text="wall rate, times that of pgbench with 64 clients", value=wall, bar=2),
    ]


if __name__ == "__main__":
    main("postgres", measure)
