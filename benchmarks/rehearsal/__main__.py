"""
A cut-over, rehearsed: 100 000 people move from a provider that rotates its keys and fails, against `segue serve`.

3 % of them bring bad tokens and 1 % bring theirs twice. The provider fails once while its keys are known, and once just
after it has rotated them, so that the newest tokens cannot be verified until it is back. In the end what the pages saw,
the events in the log, the report, the rows of the store and the provider's own list of ended sessions are compared.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import sys
import tempfile
import time
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from benchmarks.rehearsal.agreement import Line, compare, emptied, rows_of
from benchmarks.rehearsal.cases import Case, Crowd
from benchmarks.rehearsal.provider import OldProvider
from benchmarks.rehearsal.service import Service, service
from benchmarks.rehearsal.traffic import CONNECTIONS, Seen, replay
from benchmarks.reporting import RESULTS, describe_machine
from tests.support.postgres import started_server

OUTAGE = 5.0
"""Seconds."""
_ALONE = 1_000
"""People who come one after the other before the crowd: what one of them waits."""


@dataclass(slots=True)
class Play:
    """What happens at the provider while the crowd comes."""

    provider: OldProvider
    people: int
    outage: float
    at: int = 0

    def key_id_of(self, number: int) -> str:
        """Everybody's token is made when he comes; the scenes are played in time for it."""
        self.progress(number)
        part = number / self.people
        if part < 0.5:
            return "key-1"
        return "key-2" if part < 0.6 or number % 20 else "key-3"

    def progress(self, number: int) -> None:
        """The scenes, in order."""
        part = number / self.people
        scenes = (
            (0.2, self._fail),
            (0.5, lambda: self.provider.rotate("key-2")),
            (0.6, self._rotate_and_fail),
        )
        while self.at < len(scenes) and part >= scenes[self.at][0]:
            scenes[self.at][1]()
            self.at += 1

    def _fail(self) -> None:
        """For a time, however many come meanwhile: those whose keys are unknown wait for its end."""
        self.provider.down = True
        asyncio.get_running_loop().call_later(self.outage, self._recover)

    def _recover(self) -> None:
        self.provider.down = False

    def _rotate_and_fail(self) -> None:
        self.provider.rotate("key-3")
        self._fail()


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it."""

    alone: Seen
    crowd: Seen
    cpu: float
    """Seconds of CPU of the service while the crowd came."""
    wall: float
    emptied_in: float
    asked_for_keys: int
    lines: list[Line]

    @property
    def agrees(self) -> bool:
        """Nothing differs and nobody was surprised."""
        surprised = [*self.alone.surprises, *self.crowd.surprises]
        return not surprised and all(line.agrees for line in self.lines)

    def figures(self) -> dict[str, float]:
        """Numbers, by what they are."""
        answers = self.crowd.answers.total()
        return {
            "attempts": answers + self.alone.answers.total(),
            "migrated": self.crowd.answers["MIGRATED"] + self.alone.answers["MIGRATED"],
            "one after the other, p50 in ms": round(self.alone.percentile(0.5), 2),
            "one after the other, p99 in ms": round(self.alone.percentile(0.99), 2),
            f"{CONNECTIONS} at once, p50 in ms": round(self.crowd.percentile(0.5), 2),
            f"{CONNECTIONS} at once, p99 in ms": round(self.crowd.percentile(0.99), 2),
            "service CPU in us an attempt": round(self.cpu / answers * 1e6),
            "attempts a CPU second of the service": round(answers / self.cpu),
            "attempts a second": round(answers / self.wall),
            "requests for keys": self.asked_for_keys,
            "seconds until the outbox was empty": round(self.emptied_in, 1),
        }


async def rehearse(
    database: str, folder: Path, *, people: int, workers: int, outage: float = OUTAGE, ending: bool = True
) -> Result:
    """The whole of it; *outage*: seconds that the provider is gone, each time; *ending*: it is told of each move."""
    provider = OldProvider()
    await provider.start()
    provider.rotate("key-1")
    try:
        with service(
            folder, issuer=provider.issuer, database=database, workers=workers, ending=ending
        ) as running:
            played = await _played(Play(provider, people, outage), running, database)
        # Of a flood of refusals the numbers are written once a minute, and when the service ends.
        seen = Seen(
            answers=played.alone.answers + played.crowd.answers,
            migrated=played.alone.migrated | played.crowd.migrated,
        )
        played.lines.extend(compare(seen, running, provider, rows_of(database, folder), ending=ending))
        return played
    finally:
        provider.stop()


async def _played(play: Play, running: Service, database: str) -> Result:
    provider, people = play.provider, play.people
    crowd = Crowd(provider.issuer, provider.keys, people=people).cases(play.key_id_of)
    alone = await replay(running.port, _first(crowd, people), connections=1)
    cpu, began = running.cpu(), time.perf_counter()
    seen = await replay(running.port, crowd)
    wall, cpu = time.perf_counter() - began, running.cpu() - cpu
    waited = await emptied(rows_of(database, running.folder))
    return Result(
        alone=alone,
        crowd=seen,
        cpu=cpu,
        wall=wall,
        emptied_in=waited,
        asked_for_keys=provider.asked["/jwks"],
        lines=[],
    )


def _first(crowd: Iterator[Case], people: int) -> Iterator[Case]:
    return islice(crowd, min(_ALONE, people // 10))


@contextmanager
def _database(kind: str) -> Generator[str]:
    if kind == "sqlite":
        yield "segue.sqlite3"
        return
    with started_server() as server:
        yield server.dsn(server.empty_database())


def main() -> None:
    """`--people`, `--database`, `--workers`, `--save`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.rehearsal", description=__doc__)
    parser.add_argument("--people", type=int, default=100_000)
    parser.add_argument("--database", choices=("sqlite", "postgres"), default="sqlite")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument(
        "--keep-old", action="store_true", help="end no old session: what the moves alone take"
    )
    parser.add_argument("--save", action="store_true", help="keep the result as the new baseline")
    chosen = parser.parse_args()
    with (
        _database(chosen.database) as database,
        tempfile.TemporaryDirectory(dir=os.environ.get("TMPDIR")) as name,
    ):
        result = asyncio.run(
            rehearse(
                database, Path(name), people=chosen.people, workers=chosen.workers, ending=not chosen.keep_old
            )
        )
    for line in result.lines:
        print(line.text())
    for surprise in [*result.alone.surprises, *result.crowd.surprises][:20]:
        print(f"  SURPRISE {surprise}")
    for what, number in result.figures().items():
        print(f"  {what:<42} {number:>12,g}")
    if chosen.save:
        moves = "-moves" if chosen.keep_old else ""
        file = RESULTS / f"rehearsal-{chosen.database}{moves}.json"
        saved = {
            "machine": describe_machine(),
            "people": chosen.people,
            "workers": chosen.workers,
            "agrees": result.agrees,
            "figures": result.figures(),
        }
        file.write_text(json.dumps(saved, indent=2) + "\n")
    sys.exit(not result.agrees)


if __name__ == "__main__":
    main()
