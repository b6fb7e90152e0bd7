"""
Import mappings of user ids: beside the fastest way the database itself has for the same rows.

    python -m benchmarks.mappings --rows 1000000 --database sqlite
    python -m benchmarks.mappings --rows 1000000 --database postgres

The peers write into a table of ours that is empty: `executemany` in one transaction for SQLite, `COPY` for PostgreSQL.
They find no conflicts, skip nothing, and lose everything if they break off. Wall time, because a server does the work.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import tempfile
import time
import uuid
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

from benchmarks.reporting import RESULTS, describe_machine
from segue.cli.importing import BATCH, adding, import_mappings
from segue.cli.mapping_files import read_mappings
from segue.core.model import Imported, UserIdMapping
from segue.ids import PUBLIC_APP, UserId
from segue.stores.ports import Store
from segue.stores.postgres import PostgresStore
from segue.stores.sqlite import SqliteStore, upgrade_schema
from tests.support.postgres import started_server

GOAL = 0.5
"""Of the peer's rate."""

_INSERT = "INSERT INTO user_id_mappings (app_id, user_id, external_id, info) VALUES (?, ?, ?, ?)"
_COPY = b"COPY segue.user_id_mappings (app_id, user_id, external_id, info) FROM STDIN"


@dataclass(frozen=True, slots=True, kw_only=True)
class Spent:
    """Seconds."""

    wall: float
    cpu: float
    """Of this process alone, not of a database server."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A database with our tables; each call of the first two is on a new, empty one."""

    peer: Callable[[Iterable[UserIdMapping]], None]
    store: Callable[[], Store]
    name: str


def rows(count: int) -> Iterator[UserIdMapping]:
    """Ids as they are: UUIDs on one side, those of an old provider on the other, in no order."""
    chance = random.Random(4)  # noqa: S311 - the same rows for everybody
    for _ in range(count):
        user_id = UserId(str(uuid.UUID(int=chance.getrandbits(128))))
        external_id = UserId(f"auth0|{chance.getrandbits(96):024x}")
        yield UserIdMapping(app_id=PUBLIC_APP, user_id=user_id, external_id=external_id)


def import_rows(store: Store, mappings: list[UserIdMapping]) -> None:
    """`Store.add_mappings`, batch by batch."""
    for start in range(0, len(mappings), BATCH):
        batch = tuple(mappings[start : start + BATCH])
        assert set(store.add_mappings(PUBLIC_APP, batch, register=False)) == {Imported.ADDED}


def import_file(store: Store, path: Path) -> None:
    """As `segue users import` does, without its progress bar."""
    with path.open("rb") as file:
        lines = read_mappings(file, form="csv", app_id=PUBLIC_APP)
        for batch in import_mappings(lines, adding(store, PUBLIC_APP, register=False)):
            assert not batch.bad


def measure(place: Place, count: int, folder: Path) -> dict[str, Spent]:
    """The peer twice, before and after; the quicker of the two counts."""
    mappings = list(rows(count))
    path = folder / "users.csv"
    with path.open("w") as file:
        file.write("superTokensUserId,externalUserId\n")
        file.writelines(f"{each.user_id},{each.external_id}\n" for each in mappings)

    def peer() -> Spent:
        return timed(lambda: place.peer(mappings))

    def ours(act: Callable[[Store], None]) -> Spent:
        with closing(place.store()) as store:
            return timed(lambda: act(store))

    before = peer()
    stored = ours(lambda store: import_rows(store, mappings))
    filed = ours(lambda store: import_file(store, path))
    after = peer()
    quicker = min(before, after, key=lambda spent: spent.wall)
    return {place.name: quicker, "add_mappings": stored, "segue users import": filed}


def timed(act: Callable[[], None]) -> Spent:
    """Run it once."""
    wall, cpu = time.perf_counter(), time.process_time()
    act()
    return Spent(wall=time.perf_counter() - wall, cpu=time.process_time() - cpu)


@contextmanager
def sqlite_place(folder: Path) -> Generator[Place]:
    """Files on the disk, durable."""
    numbers = iter(range(10))

    def fresh() -> Path:
        path = folder / f"{next(numbers)}.sqlite3"
        upgrade_schema(path)
        return path

    def peer(mappings: Iterable[UserIdMapping]) -> None:
        with closing(sqlite3.connect(fresh(), isolation_level=None)) as connection:
            connection.execute("PRAGMA synchronous = FULL")
            connection.execute("BEGIN IMMEDIATE")
            connection.executemany(_INSERT, map(_columns, mappings))
            connection.execute("COMMIT")

    yield Place(peer=peer, store=lambda: SqliteStore(fresh()), name="executemany, one transaction")


@contextmanager
def postgres_place(folder: Path) -> Generator[Place]:
    """A server of our own, on the disk, durable."""
    folder.chmod(0o755)
    with started_server(parent=folder) as server:

        def fresh() -> str:
            return server.dsn(server.new_database())

        def peer(mappings: Iterable[UserIdMapping]) -> None:
            with psycopg.connect(fresh()) as connection, connection.cursor().copy(_COPY) as copy:
                for each in mappings:
                    copy.write_row(_columns(each))

        yield Place(peer=peer, store=lambda: PostgresStore(fresh()), name="COPY")


def _columns(mapping: UserIdMapping) -> tuple[str | None, ...]:
    return mapping.app_id, mapping.user_id, mapping.external_id, mapping.info


PLACES = {"sqlite": sqlite_place, "postgres": postgres_place}


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mappings")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=sorted(PLACES), default="sqlite")
    parser.add_argument("--folder", help="on the disk to be measured; else that of temporary files")
    parser.add_argument("--save", action="store_true", help="keep the result as the new baseline")
    chosen = parser.parse_args()
    with (
        tempfile.TemporaryDirectory(prefix="segue-mappings-", dir=chosen.folder) as name,
        PLACES[chosen.database](Path(name)) as place,
    ):
        found = measure(place, chosen.rows, Path(name))
    bar = next(iter(found.values()))
    for contender, spent in found.items():
        share = bar.wall / spent.wall
        verdict = "" if spent is bar else "met" if share >= GOAL else f"missed by {1 - share / GOAL:.0%}"
        rate = chosen.rows / spent.wall
        print(f"{contender:<32}{rate:>10,.0f} rows/s{spent.cpu:>8.1f} s CPU here{share:>8.0%}  {verdict}")
    if chosen.save:
        rates = {name: round(chosen.rows / spent.wall) for name, spent in found.items()}
        result = {
            "machine": describe_machine(),
            "rows": chosen.rows,
            "batch": BATCH,
            "rows_per_second": rates,
        }
        (RESULTS / f"mappings-{chosen.database}.json").write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
