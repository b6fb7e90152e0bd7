"""A real PgBouncer before a test's PostgreSQL server, which lends its few connections by transaction."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg

from tests.support.postgres import USER, server_account
from tests.support.processes import NotReady, free_port, wait_until
from tests.support.programs import required_program

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.support.postgres import PostgresServer

SERVER_CONNECTIONS = 2
"""Fewer than a store opens, so that a client rarely meets the connection that it had before."""
CONFIGURATION = """
[databases]
* = host={server.folder} port={server.port} user={user}

[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users
pool_mode = transaction
default_pool_size = {connections}
max_client_conn = 200
logfile = {folder}/log
"""


@contextmanager
def started_pgbouncer(server: PostgresServer) -> Generator[Callable[[str], str]]:
    """
    What turns the name of a database into its address by way of PgBouncer.

    Needs Debian's package `pgbouncer`.
    """
    program = required_program("pgbouncer", package="pgbouncer")
    folder, port = Path(tempfile.mkdtemp(prefix="segue-pgbouncer-")), free_port()
    account = server_account()
    text = CONFIGURATION.format(
        server=server, user=USER, port=port, folder=folder, connections=SERVER_CONNECTIONS
    )
    (folder / "pgbouncer.ini").write_text(text)
    (folder / "users").write_text(f'"{USER}" ""\n')
    if account is not None:
        os.chown(folder, account.pw_uid, account.pw_gid)
    process = subprocess.Popen(
        [program, "-q", str(folder / "pgbouncer.ini")],
        stdin=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        user=None if account is None else account.pw_uid,
        group=None if account is None else account.pw_gid,
        extra_groups=None if account is None else [],
    )

    def address(database: str) -> str:
        return f"postgresql://{USER}@127.0.0.1:{port}/{database}"

    def answers() -> bool:
        if process.poll() is not None:
            raise NotReady(f"PgBouncer ended: {(folder / 'log').read_text(errors='replace')[-3000:]}")
        try:
            psycopg.connect(address("template1"), connect_timeout=2).close()
        except psycopg.OperationalError:
            return False
        return True

    try:
        wait_until(answers, what="PgBouncer to take connections")
        yield address
    finally:
        process.terminate()
        process.wait()
        shutil.rmtree(folder)
