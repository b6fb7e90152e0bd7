"""
Clients race for one refresh token, and for one token of a provider: exactly one wins each time (goal 8).

64 clients are at work, 8 for each token; `--rivals 64` sends them all after one.
A race for a refresh token has one winner if the family rotated once and everybody holds the same successor (the others
came inside the grace window, as tabs and retries do). A race for a provider's token has one if one client was given a
session and all others, each with a key of its own, were refused because it was used. `--races 100000` is the goal's
own number and takes several minutes.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from itertools import islice
from pathlib import Path
from typing import TypeVar

from benchmarks import scene
from benchmarks.measuring import Measured, Sample, times
from benchmarks.migrate import old_requests, provider
from benchmarks.reporting import Goal, Report, save
from benchmarks.waiting import LOOP
from segue import AsyncEngine
from segue.http.message import HttpRequest, HttpResponse
from segue.ids import SessionHandle
from segue.stores.sqlite import AsyncSqliteStore
from segue.tokens.algorithms import Algorithm
from segue.tokens.refresh import read_refresh_token

T = TypeVar("T")

CLIENTS = 64
SECRETS = scene.CONFIG.parsed_secrets()
PARTS = 20
"""Contended and uncontended take so many turns each."""


class Contest:
    """Refreshes and migrations on one SQLite file, durable, with and without rivals."""

    def __init__(self, path: Path, *, rivals: int) -> None:
        """*rivals*: how many clients race for one token."""
        self.store = AsyncSqliteStore(path)
        configured = scene.config(Algorithm.ES256, providers=(provider(),))
        self.engine = AsyncEngine(configured, store=self.store)
        self.rivals = range(rivals)
        self.tokens = LOOP.run_until_complete(self.sign_in(CLIENTS))
        self.contested = LOOP.run_until_complete(self.sign_in(CLIENTS // rivals))
        self.requests = old_requests()
        self.prepared: list[HttpRequest] = []
        self.undecided = 0
        """Races that had no winner, or several."""

    async def sign_in(self, count: int) -> list[str]:
        """Refresh tokens of as many sessions."""
        return [(await self.engine.create_session(scene.somebody(n))).refresh.text for n in range(count)]

    def prepare(self, requests: int) -> None:
        """Sign so many tokens of the provider, which is nothing to be measured."""
        self.prepared += islice(self.requests, requests)

    async def race_to_refresh(self, rounds: int) -> None:
        """All clients present their tokens, then the successors, and so on."""
        for _ in range(rounds):
            asking = (self.engine.refresh(token) for token in self.contested for _ in self.rivals)
            races = groups(await asyncio.gather(*asking), len(self.rivals))
            for number, issued in enumerate(races):
                successors = {each.refresh.text for each in issued}
                once = await self._rotated_once(issued[0].session.handle, self.contested[number])
                self.undecided += not (once and len(successors) == 1)
                self.contested[number] = successors.pop()

    async def _rotated_once(self, handle: SessionHandle, presented: str) -> bool:
        app_id = self.engine.config.app_id
        stored = await self.store.load_session(app_id, handle)
        before = read_refresh_token(presented, SECRETS, app_id=app_id).generation
        return stored is not None and stored.family.generation == before + 1

    async def refresh_apart(self, rounds: int) -> None:
        """As many clients and requests, each client with a session of its own."""
        for _ in range(rounds):
            issued = await asyncio.gather(*(self.engine.refresh(token) for token in self.tokens))
            self.tokens = [each.refresh.text for each in issued]

    async def race_to_migrate(self, rounds: int) -> None:
        """All clients present tokens of the provider, each for itself."""
        for _ in range(rounds):
            contested = [self.prepared.pop() for _ in self.contested]
            asking = (
                self.engine.respond(of_client(request, rival))
                for request in contested
                for rival in self.rivals
            )
            for answers in groups(await asyncio.gather(*asking), len(self.rivals)):
                refused = [outcome(answer) for answer in answers].count("ALREADY_MIGRATED")
                migrated = [outcome(answer) for answer in answers].count("MIGRATED")
                self.undecided += (migrated, refused) != (1, len(answers) - 1)

    async def migrate_apart(self, rounds: int) -> None:
        """As many clients and requests, each with a sign-in of its own."""
        for _ in range(rounds):
            mine = [self.prepared.pop() for _ in range(CLIENTS)]
            answers = await asyncio.gather(*(self.engine.respond(request) for request in mine))
            self.undecided += {outcome(answer) for answer in answers} != {"MIGRATED"}


def of_client(request: HttpRequest, number: int) -> HttpRequest:
    """The same request with an Idempotency-Key of a client's own."""
    headers = tuple(
        (name, f"{value}-{number:02}" if name == "idempotency-key" else value)
        for name, value in request.headers
    )
    return HttpRequest(method=request.method, path=request.path, headers=headers, body=request.body)


def groups(values: list[T], size: int) -> list[list[T]]:
    """The values of each race."""
    return [values[start : start + size] for start in range(0, len(values), size)]


def outcome(answer: HttpResponse) -> str:
    """How a migration ended: its result, or the code of its refusal."""
    for word in ("ALREADY_MIGRATED", "MIGRATED"):
        if f'"{word}"'.encode() in answer.body:
            return word
    return answer.body.decode()


def timed(run: Callable[[int], Awaitable[None]], rounds: int) -> Sample:
    """Per request."""
    count = rounds * CLIENTS
    cpu, wall = time.process_time(), time.perf_counter()
    LOOP.run_until_complete(run(rounds))
    return Sample((time.process_time() - cpu) / count * 1e6, (time.perf_counter() - wall) / count * 1e6)


def measure(report: Report, *, races: int, rivals: int) -> None:
    """Half of the races are for refresh tokens, half for provider tokens, in turns with the same work uncontended."""
    logging.getLogger("segue").setLevel(logging.CRITICAL)
    at_once = CLIENTS // rivals
    rounds = -(-races // (2 * PARTS * at_once))
    apart = min(rounds, 10)
    found: dict[str, list[Sample]] = {}
    with tempfile.TemporaryDirectory() as name:
        contest = Contest(Path(name) / "contest.sqlite3", rivals=rivals)
        turns = (
            ("refresh, contended", contest.race_to_refresh, rounds),
            ("refresh, uncontended", contest.refresh_apart, apart),
            ("migrate, contended", contest.race_to_migrate, rounds),
            ("migrate, uncontended", contest.migrate_apart, apart),
        )
        for _ in range(PARTS):
            contest.prepare(rounds * at_once + apart * CLIENTS)
            for text, run, count in turns:
                found.setdefault(text, []).append(timed(run, count))
        LOOP.run_until_complete(contest.store.close())
    measured = {text: Measured(text, tuple(samples)) for text, samples in found.items()}
    report.add(measured)
    report.figures = {
        "races": rounds * at_once * PARTS * 2,
        "clients in each": rivals,
        "clients at once": CLIENTS,
    }
    report.goals = [
        Goal(
            number=8, text="races without exactly one winner", value=contest.undecided, bar=0, at_least=False
        )
    ]
    for kind in ("refresh", "migrate"):
        one, own = (measured[f"{kind}, {which}"] for which in ("contended", "uncontended"))
        text = f"{kind}: contended rate, of the uncontended"
        report.goals.append(Goal(number=8, text=text, value=times(own, one) * 100, bar=80, unit="%"))


def main() -> None:
    """`--races`, `--rivals`, `--save`."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.races", description=__doc__)
    parser.add_argument(
        "--races", type=int, default=4_000, help="half for refresh tokens, half for a provider's"
    )
    parser.add_argument("--rivals", type=int, default=8, help="clients in one race, of 64 at a time")
    parser.add_argument("--save", action="store_true", help="keep the result as the new baseline")
    chosen = parser.parse_args()
    report = Report("races")
    measure(report, races=chosen.races, rivals=chosen.rivals)
    print(report.text(), flush=True)
    if chosen.save:
        save(report)
    sys.exit(report.goals[0].value != 0)


if __name__ == "__main__":
    main()
