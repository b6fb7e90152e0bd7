"""Several processes on one SQLite file: who wins, what is seen, what is left after one of them is killed."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from contextlib import ExitStack
from pathlib import Path

import pytest

from segue.ids import PUBLIC_APP
from segue.stores.contract.examples import NOW, digest, handle, session
from segue.stores.sqlite import SqliteStore

pytestmark = pytest.mark.processes

WORKER = Path(__file__).with_name("sqlite_worker.py")
KILLS = 5
LINES_BEFORE_THE_KILL = 150


def start(*words: object) -> subprocess.Popen[str]:
    """A worker with this task; its context waits for its end."""
    command = [sys.executable, "-W", "error", str(WORKER), *map(str, words)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def lines(process: subprocess.Popen[str]) -> list[str]:
    """What it says until its end, which must be a good one."""
    output, _ = process.communicate(timeout=60)
    assert process.returncode == 0
    return output.splitlines()


def ready(process: subprocess.Popen[str]) -> None:
    """Wait until it says that it waits."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"


@pytest.fixture
def path(folder: Path) -> Path:
    """Of a file to be made."""
    return folder / "segue.sqlite3"


def test_processes_that_make_the_file_at_once(path: Path) -> None:
    """Several processes that open a new file at the same moment all get a working store."""
    for attempt in range(2):
        file = path.with_name(f"{attempt}.sqlite3")
        with ExitStack() as stack:
            workers = [stack.enter_context(start("open_at_once", file)) for _ in range(3)]
            for worker in workers:
                ready(worker)
            assert [lines_after_go(worker) for worker in workers] == [["open False"]] * 3


def lines_after_go(process: subprocess.Popen[str]) -> list[str]:
    """Let it go on, and hear the rest."""
    output, _ = process.communicate("go\n", timeout=60)
    assert process.returncode == 0
    return output.splitlines()


def test_processes_that_rotate(path: Path) -> None:
    """Of two processes that rotate the same sessions, exactly one wins each."""
    count = 100
    with SqliteStore(path) as store:
        for number in range(count):
            store.create_session(session(number))
        with start("rotate", path, count) as one, start("rotate", path, count) as two:
            for worker in (one, two):
                ready(worker)
            for worker in (one, two):
                assert worker.stdin is not None
                worker.stdin.write("go\n")
                worker.stdin.flush()
            won = Counter(lines(one) + lines(two))
        assert won == Counter({f"won {number}": 1 for number in range(count)})
        for number in range(count):
            rotated = store.load_session(PUBLIC_APP, handle(number))
            assert rotated is not None
            assert rotated.family.generation == 1


def test_feed_of_another_process(path: Path) -> None:
    """A revocation in one process is in the feed of another one as soon as it is done."""
    with SqliteStore(path) as here, SqliteStore(path) as there:
        for number in range(3):
            here.create_session(session(number))
            assert there.last_revocation() == number
            there.delete_sessions(PUBLIC_APP, (handle(number),), at=NOW)
            assert here.last_revocation() == number + 1
            assert [each.handle for each in here.revocations_after(number, limit=5)] == [handle(number)]


@pytest.mark.parametrize("task", ["write_for_ever", "write_for_ever_on_a_loop"])
def test_killed_while_writing(path: Path, task: str) -> None:
    """Whatever a killed process was told is there; the file is whole, and nothing stands by halves."""
    told: list[str] = []
    for kill in range(KILLS):
        with start(task, path, kill * 100_000_000, 8) as worker:
            assert worker.stdout is not None
            told += [worker.stdout.readline().strip() for _ in range(LINES_BEFORE_THE_KILL)]
            worker.kill()
            told += [line.strip() for line in worker.stdout if line.endswith("\n")]
    assert len(told) >= KILLS * LINES_BEFORE_THE_KILL
    with SqliteStore(path) as store:
        for line in told:
            check(store, line)
        (connection,) = store._readers.connections()
        assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        halves = connection.execute(
            "SELECT count(*) FROM claims LEFT JOIN sessions USING (app_id, handle) "
            "LEFT JOIN deliveries USING (app_id, handle) "
            "WHERE sessions.handle IS NULL OR deliveries.handle IS NULL"
        )
        assert halves.fetchall() == [(0,)]


def check(store: SqliteStore, line: str) -> None:
    """What a worker was told holds."""
    act, number = line.split()
    stored = store.load_session(PUBLIC_APP, handle(int(number)))
    assert stored is not None, line
    match act:
        case "rotated":
            assert stored.family.current == digest(f"{number}/1")
        case "claimed":
            assert store.find_claim(PUBLIC_APP, digest(f"claim {number}")), line
        case _:
            assert act == "created"


def test_fork_with_an_unused_store(path: Path) -> None:
    """A store that was made but not used before the fork works on both sides."""
    with start("fork", path, False) as process:
        assert sorted(lines(process)) == ["child wrote", "parent wrote", "parent wrote again"]
    with SqliteStore(path) as store:
        assert all(store.load_session(PUBLIC_APP, handle(number)) for number in (2, 3, 4))


def test_fork_with_a_used_store(path: Path) -> None:
    """A store that was used before the fork refuses in the child, with the remedy, and goes on in the parent."""
    with start("fork", path, True) as process:
        child, *parent = sorted(lines(process))
    assert "open another one in each child" in child
    assert parent == ["parent wrote", "parent wrote again"]
    with SqliteStore(path) as store:
        assert all(store.load_session(PUBLIC_APP, handle(number)) for number in (1, 2, 4))
