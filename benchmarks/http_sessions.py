"""
Create and refresh over HTTP, durably, on SQLite and PostgreSQL, with one client and with 64.

CPU is that of the server process, and of PostgreSQL beside it; the client's is nobody's. Every client goes on with the
refresh token that it was given.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks.load import BROWSER, Next, Server, exchange, server
from benchmarks.measuring import Contender, Sample, alternate, times
from benchmarks.reporting import Report, main
from benchmarks.scale.places import cpu_below
from tests.support.postgres import started_server

_TOKEN = b"\r\nst-refresh-token: "
_CREATE = f"POST /create HTTP/1.1\r\n{BROWSER}st-auth-mode: header\r\ncontent-length: 0\r\n\r\n".encode()
CLIENTS = (1, 64)


def creating(_head: bytes) -> bytes:
    """The next request of a client that creates."""
    return _CREATE


class Refreshing:
    """The requests of a client that refreshes, for as long as it likes."""

    def __init__(self) -> None:
        self._token = b""

    def __call__(self, head: bytes) -> bytes:
        """The next request: with the token of the last answer, kept from turn to turn."""
        self._token = head.partition(_TOKEN)[2].partition(b"\r\n")[0] or self._token
        if not self._token:
            return _CREATE
        lines = (
            f"POST /auth/session/refresh HTTP/1.1\r\n{BROWSER}st-auth-mode: header\r\ncontent-length: 0\r\n"
        )
        return lines.encode() + b"authorization: Bearer " + self._token + b"\r\n\r\n"


def contender(
    name: str, served: Server, following: list[Next], database: Callable[[], float], *, count: int
) -> Contender:
    """So many requests a turn."""

    def spent() -> float:
        return served.usage()["cpu"] + database()

    def turn() -> Sample:
        before, started = spent(), time.perf_counter()
        exchange(served.port, following, count)
        wall = time.perf_counter() - started
        time.sleep(0.05)  # a database books its time when it is done
        return Sample((spent() - before) / count * 1e6, wall / count * 1e6)

    return Contender(name, turn)


def measure(report: Report, rounds: int) -> None:
    """Two servers, two routes, two crowds."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="segue-http-")))
        folder.chmod(0o755)
        postgres = stack.enter_context(started_server(parent=folder))
        served = {
            "SQLite": stack.enter_context(server("sessions", str(folder / "sessions.sqlite3"))),
            "PostgreSQL": stack.enter_context(server("sessions", postgres.dsn(postgres.new_database()))),
        }
        database = {"SQLite": lambda: 0.0, "PostgreSQL": lambda: cpu_below(postgres.folder / "data")}
        contenders = [
            contender(
                f"{kind}, {route}, {clients} client{'s' * (clients > 1)}",
                one,
                [creating if route == "create" else Refreshing() for _ in range(clients)],
                database[kind],
                count=200 if clients == 1 else 2_000,
            )
            for kind, one in served.items()
            for route in ("create", "refresh")
            for clients in CLIENTS
        ]
        found = alternate(contenders, rounds=rounds)
    report.add(found)
    for kind in served:
        for route in ("create", "refresh"):
            alone, crowd = (found[f"{kind}, {route}, {clients}"] for clients in ("1 client", "64 clients"))
            text = f"{kind}, {route}: requests a second of 64 over one"
            report.figures[text] = times(alone, crowd, wall=True)


if __name__ == "__main__":
    main("http_sessions", measure)
