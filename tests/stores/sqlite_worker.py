"""
A process that uses an SQLite store; started by `test_sqlite_processes.py`.

It says what it has been told on standard output, one line each, and only after the store has answered.
"""

from __future__ import annotations

import asyncio
import os
import sys
from threading import Lock, Thread

from segue.ids import PUBLIC_APP
from segue.stores.contract.examples import NOW, claim, delivery, handle, rotation, session
from segue.stores.sqlite import AsyncSqliteStore, SqliteStore

_saying = Lock()


def say(*words: object) -> None:
    """One line, at once."""
    with _saying:
        os.write(1, (" ".join(map(str, words)) + "\n").encode())


def open_at_once(path: str) -> None:
    """Wait for a line, then make the store; say what was stored of its first session."""
    say("ready")
    sys.stdin.readline()
    with SqliteStore(path) as store:
        say("open", store.load_session(PUBLIC_APP, handle(0)) is not None)


def rotate(path: str, count: str) -> None:
    """Try to be the first to rotate each of so many sessions; say which were won."""
    with SqliteStore(path) as store:
        say("ready")
        sys.stdin.readline()
        for number in range(int(count)):
            if store.rotate_family(rotation(number, 1)) is not None:
                say("won", number)


def write_for_ever(path: str, first: str, threads: str) -> None:
    """From several threads create, rotate and migrate sessions; say each when it is done."""

    def work(start: int) -> None:
        for number in range(start, start + 1_000_000, 2):
            store.create_session(session(number))
            say("created", number)
            store.rotate_family(rotation(number, 1, at=NOW))
            say("rotated", number)
            store.claim_and_create(claim(number + 1), session(number + 1), (delivery(number + 1),))
            say("claimed", number + 1)

    store = SqliteStore(path)
    for thread in range(int(threads)):
        Thread(target=work, args=(int(first) + 1_000_000 * thread,)).start()


def write_for_ever_on_a_loop(path: str, first: str, tasks: str) -> None:
    """The same from tasks."""

    async def work(store: AsyncSqliteStore, start: int) -> None:
        for number in range(start, start + 1_000_000, 2):
            await store.create_session(session(number))
            say("created", number)
            await store.rotate_family(rotation(number, 1, at=NOW))
            say("rotated", number)
            await store.claim_and_create(claim(number + 1), session(number + 1), (delivery(number + 1),))
            say("claimed", number + 1)

    async def main() -> None:
        store = AsyncSqliteStore(path)
        await asyncio.gather(*(work(store, int(first) + 1_000_000 * task) for task in range(int(tasks))))

    asyncio.run(main())


def fork(path: str, used: str) -> None:
    """Fork with a store that was used before or not, use it on both sides, and say what happened on each."""
    store = SqliteStore(path)
    if used == "True":
        store.create_session(session(1))
    child = os.fork()
    name = "parent" if child else "child"
    try:
        store.create_session(session(2 if child else 3))
        say(name, "wrote")
    except Exception as error:  # noqa: BLE001 - to be told
        say(name, error)
    if child:
        os.waitpid(child, 0)
        store.create_session(session(4))
        say("parent wrote again")
        store.close()


if __name__ == "__main__":
    globals()[sys.argv[1]](*sys.argv[2:])
