"""
Move a session from a provider with pinned RS256 keys: verify, claim, create, sign, durable (goal 9).

64 callers on SQLite for the CPU; for the waiting one caller, on SQLite, and on PostgreSQL if it is there.
"""

from __future__ import annotations

import json
import logging
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric import rsa

from benchmarks import limits, scene
from benchmarks.measuring import Contender, Measured, alternate, here
from benchmarks.reporting import Goal, Report, main
from benchmarks.waiting import LOOP, alone, waiters
from segue import AsyncEngine, PinnedKeys, Provider
from segue.http.message import HttpRequest
from segue.migration.user_state import KEYS_ONLY
from segue.stores.ports import AsyncStore
from segue.stores.sqlite import AsyncSqliteStore
from segue.tokens.algorithms import Algorithm
from segue.tokens.jwk import public_jwk
from segue.tokens.jws import sign_jws

WAITERS = 64
TURN = 500
ALONE = 100
P50_MS = {"SQLite": 5, "PostgreSQL": 8}
"""The longest that half of all may take."""
ISSUER, AUDIENCE, CLIENT, KEY_ID = "https://login.example.test/", "https://api.example.test", "spa", "key-1"
STORE_US = 16.0
"""What a row costs in a shared commit, by the model of the goals; a migration writes two."""

_KEY = rsa.generate_private_key(65537, 2048)


def provider() -> Provider:
    """The previous provider."""
    public = public_jwk(_KEY.public_key(), key_id=KEY_ID, algorithm=Algorithm.RS256)
    return Provider(
        name="old",
        issuers=(ISSUER,),
        keys=PinnedKeys.from_jwks({"keys": [{**public}]}, not_after=datetime(2100, 1, 1, tzinfo=UTC)),
        audiences=frozenset({AUDIENCE}),
        authorized_parties=frozenset({CLIENT}),
        live_check=KEYS_ONLY,
    )


def old_requests() -> Iterator[HttpRequest]:
    """Requests of pages, each with a sign-in of its own at the provider."""
    issued = int(time.time()) - 60
    for number in count():
        claims = {
            "iss": ISSUER,
            "sub": f"user-{number}",
            "aud": AUDIENCE,
            "azp": CLIENT,
            "sid": f"session-{number}",
            "iat": issued,
            "auth_time": issued,
            "exp": issued + 3600,
            "scope": "openid profile email",
        }
        header = {"alg": "RS256", "kid": KEY_ID, "typ": "at+jwt"}
        token = sign_jws(header, json.dumps(claims).encode(), _KEY, Algorithm.RS256)
        headers = (
            ("host", "localhost:8000"),
            ("origin", scene.WEBSITE),
            ("authorization", f"Bearer {token}"),
            ("idempotency-key", str(UUID(int=number))),
            ("content-type", "application/json"),
        )
        yield HttpRequest(method="POST", path="/auth/migrate-session", headers=headers, body=b"{}")


def migrating(engine: AsyncEngine, prepared: list[HttpRequest]) -> Callable[[int, int], Awaitable[object]]:
    """The whole route, `AsyncEngine.respond`; each request is used once."""

    async def migrate(_caller: int, _number: int) -> None:
        response = await engine.respond(prepared.pop())
        assert response.status == 200, response.body

    return migrate


def measure(report: Report, rounds: int) -> None:
    """64 callers, RS256 and ES256; and one."""
    logging.getLogger("segue").setLevel(logging.WARNING)
    requests, stores = old_requests(), list[AsyncStore]()

    def engine(store: AsyncStore, algorithm: Algorithm) -> AsyncEngine:
        stores.append(store)
        return AsyncEngine(scene.config(algorithm, providers=(provider(),)), store=store)

    def prepared(count: int) -> list[HttpRequest]:
        return [next(requests) for _ in range(count * (rounds + 1))]

    with ExitStack() as opened:
        folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="segue-migrate-")))
        contenders = list[Contender]()
        for algorithm in (Algorithm.RS256, Algorithm.ES256):
            ours = engine(AsyncSqliteStore(folder / f"{algorithm.name}.sqlite3"), algorithm)
            migrate = migrating(ours, prepared(TURN))
            name = f"segue, {algorithm.name}, 64 callers"
            contenders.append(waiters(name, migrate, callers=WAITERS, count=TURN))
        places: dict[str, AsyncStore] = {"SQLite": AsyncSqliteStore(folder / "alone.sqlite3")}
        if (postgres := _postgres(opened, folder)) is not None:
            places["PostgreSQL"] = postgres
        for place, store in places.items():
            migrate = migrating(engine(store, Algorithm.ES256), prepared(ALONE))
            contenders.append(alone(_alone(place), migrate, count=ALONE))
        contenders += [
            here("raw RSA-2048 verify", limits.rsa_verify(), count=3_000),
            here("raw RSA-2048 sign", limits.rsa_sign(), count=500),
            here("raw P-256 sign", limits.p256_sign(), count=3_000),
        ]
        found = alternate(contenders, rounds=rounds)
        for store in stores:
            LOOP.run_until_complete(store.close())
    report.add(found)
    report.goals = [
        _goal("RS256", found["segue, RS256, 64 callers"], found, found["raw RSA-2048 sign"], bar=85),
        _goal("ES256", found["segue, ES256, 64 callers"], found, found["raw P-256 sign"], bar=60),
        *(_waited(place, found[_alone(place)]) for place in places),
    ]


def _postgres(opened: ExitStack, folder: Path) -> AsyncStore | None:
    """A store on a server of its own; None without PostgreSQL, or among the peers, where its drivers are missing."""
    try:
        from segue.stores.postgres import AsyncPostgresStore  # noqa: PLC0415 - as above
        from tests.support.postgres import PROGRAMS, started_server  # noqa: PLC0415 - as above
    except ImportError:
        return None
    if not PROGRAMS.is_dir():
        return None
    folder.chmod(0o755)
    server = opened.enter_context(started_server(parent=folder))
    return AsyncPostgresStore(server.dsn(server.new_database()))


def _alone(place: str) -> str:
    return f"segue, ES256, {place}, 1 caller (wall: p50)"


def _waited(place: str, ours: Measured) -> Goal:
    text = f"one caller on {place} waits, p50"
    return Goal(number=9, text=text, value=ours.wall / 1000, bar=P50_MS[place], unit="ms", at_least=False)


def _goal(name: str, ours: Measured, found: dict[str, Measured], signing: Measured, *, bar: float) -> Goal:
    ceiling = found["raw RSA-2048 verify"].cpu + signing.cpu + 2 * STORE_US
    share = ceiling / ours.cpu * 100
    return Goal(number=9, text=f"{name}: of verify + two rows + sign", value=share, bar=bar, unit="%")


if __name__ == "__main__":
    main("migrate", measure)
