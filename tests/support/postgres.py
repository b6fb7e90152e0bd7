"""
A real PostgreSQL server for tests: of Debian's package, in a folder of its own, stopped by its own id.

It refuses to run as root, so under root it runs as the user `postgres`. House rule: `fsync` stays on, and no test
sees what another one left.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

import psycopg
from psycopg import sql

from segue.stores.postgres import upgrade_schema
from tests.support.processes import NotReady, free_port, wait_until
from tests.support.programs import missing

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

PROGRAMS = Path("/usr/lib/postgresql")
ACCOUNT = "postgres"
USER = "segue"
PASSWORD = "canary-4fd1c0"
"""No text of ours may ever show it."""
MEMORY = Path("/dev/shm")  # noqa: S108 - mkdtemp makes a folder of its own
START_SECONDS = 30.0
SETTINGS = {
    "listen_addresses": "127.0.0.1",
    "fsync": "on",
    "synchronous_commit": "on",
    "max_connections": "200",
    "logging_collector": "off",
}
CLEAR = """
    DELETE FROM segue.sessions; DELETE FROM segue.revocations; UPDATE segue.revocation_feed SET newest = 0;
    DELETE FROM segue.signing_keys; DELETE FROM segue.claims; DELETE FROM segue.deliveries;
    DELETE FROM segue.attempts; DELETE FROM segue.attempt_counts; DELETE FROM segue.rollouts;
    DELETE FROM segue.limit_buckets; DELETE FROM segue.identities;
    DELETE FROM segue.apps; DELETE FROM segue.tenants; DELETE FROM segue.user_id_mappings; DELETE FROM segue.users;
"""
ACCESS = "local all all trust\nhost all all 127.0.0.1/32 scram-sha-256\n"


@dataclass(slots=True, kw_only=True)
class PostgresServer:
    """A server that runs, or has been killed and waits to be started again."""

    programs: Path
    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = None
    _shared: str | None = None
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.folder / "log"

    @property
    def socket(self) -> Path:
        """Where it listens, beside TCP."""
        return self.folder / f".s.PGSQL.{self.port}"

    def dsn(self, database: str = "template1") -> str:
        """By socket, without a password."""
        return f"postgresql://{USER}@/{database}?host={self.folder}&port={self.port}"

    def dsn_with_password(self, database: str, *, password: str = PASSWORD) -> str:
        """By TCP, as in real life."""
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def start(self) -> None:
        """Return when it takes connections."""
        command: list[str | Path] = [
            self.programs / "postgres",
            "-D",
            self.folder / "data",
            "-k",
            self.folder,
            "-p",
            str(self.port),
        ]
        command += [word for name, value in SETTINGS.items() for word in ("-c", f"{name}={value}")]
        with self.log.open("ab") as output:
            self.process = _spawn(command, output=output)
        wait_until(self._answers, what="PostgreSQL to take connections", within=START_SECONDS)

    def stop(self) -> None:
        """As an administrator does it: those who are connected are sent away."""
        self._end(signal.SIGINT)

    def stop_at_once(self) -> None:
        """As an administrator in a hurry does it: nobody is told, and the next start has to recover."""
        self._end(signal.SIGQUIT)

    def kill(self) -> None:
        """As a power cut does it."""
        self._end(signal.SIGKILL)

    def new_database(self) -> str:
        """Name of a database with our schema and nothing in it."""
        name = f"test_{next(self._numbers)}"
        self.administer(sql.SQL("CREATE DATABASE {} TEMPLATE segue_template").format(sql.Identifier(name)))
        return name

    def empty_database(self) -> str:
        """Name of a database with nothing at all."""
        name = f"test_{next(self._numbers)}"
        self.administer(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return name

    def clean_database(self) -> str:
        """Address of a database with our schema and nothing in it; always the same one, cleared."""
        if self._shared is None:
            self._shared = self.dsn(self.new_database())
        with psycopg.connect(self._shared, autocommit=True) as connection:
            connection.execute(CLEAR)
        return self._shared

    def administer(self, statement: sql.Composed | sql.SQL) -> None:
        """Run a statement as the server's owner."""
        with psycopg.connect(self.dsn(), autocommit=True) as connection:
            connection.execute(statement)

    def _answers(self) -> bool:
        if self.process is None or self.process.poll() is not None:
            raise NotReady(f"PostgreSQL ended: {self.log.read_text(errors='replace')[-3000:]}")
        try:
            psycopg.connect(self.dsn(), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    def _end(self, how: signal.Signals) -> None:
        process, self.process = self.process, None
        if process is None:
            return
        process.send_signal(how)
        process.wait()
        if how is signal.SIGKILL:
            # Its children end by themselves, and a new server would refuse to start beside them.
            wait_until(lambda: not _children_of(self.folder), what="the killed server's children to end")


@contextmanager
def started_server(*, parent: Path | None = None) -> Generator[PostgresServer]:
    """
    A new server with an empty database.

    Args:
        parent: where to make its folder; in memory unless told.
    """
    programs = _programs()
    parent = parent or (MEMORY if MEMORY.is_dir() else None)
    folder = Path(tempfile.mkdtemp(prefix="segue-postgres-", dir=parent))
    try:
        _make_cluster(programs, folder)
        server = PostgresServer(programs=programs, folder=folder, port=free_port())
        server.start()
        try:
            server.administer(sql.SQL("CREATE DATABASE segue_template"))
            upgrade_schema(server.dsn("segue_template"))
            yield server
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path:
    """The newest version that is installed."""
    found = sorted(PROGRAMS.glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not found:
        missing("PostgreSQL is not installed (Debian: apt-get install postgresql)")
    return found[-1].parent


def _make_cluster(programs: Path, folder: Path) -> None:
    secret = folder / "password"
    secret.write_text(PASSWORD)
    account = server_account()
    if account is not None:
        for path in (folder, secret):
            os.chown(path, account.pw_uid, account.pw_gid)
    command: list[str | Path] = [
        programs / "initdb",
        "-D",
        folder / "data",
        "-U",
        USER,
        "-A",
        "scram-sha-256",
    ]
    command += ["--pwfile", secret, "-E", "UTF8", "--no-locale", "--no-sync"]
    with (folder / "log").open("ab") as output:
        if _spawn(command, output=output).wait() != 0:
            raise NotReady((folder / "log").read_text(errors="replace")[-3000:])
    (folder / "data" / "pg_hba.conf").write_text(ACCESS)


def _spawn(command: Sequence[str | Path], *, output: IO[bytes]) -> subprocess.Popen[bytes]:
    account = server_account()
    return subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=subprocess.STDOUT,
        cwd="/",
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [],
    )


def server_account() -> pwd.struct_passwd | None:
    """Whom to be instead of root; None for anybody else."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(ACCOUNT)
    except KeyError:
        missing(
            "PostgreSQL does not run as root, and there is no user postgres (Debian: apt-get install postgresql)"
        )


def _children_of(folder: Path) -> list[Path]:
    """Processes at work in the data folder."""
    found: list[Path] = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if (process / "cwd").readlink() == folder / "data":
                found.append(process)
        except OSError:  # it has ended, or is another user's
            continue
    return found
