"""`segue core` as a process: how it starts, what it says, how it ends."""

from __future__ import annotations

import os
import signal
import socket
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx2
import pytest

from tests.cli.world import COMMAND, clean_environment, segue
from tests.support.processes import Server, children, end_by_themselves, free_port, start, wait_until

if TYPE_CHECKING:
    from collections.abc import Generator

pytestmark = pytest.mark.processes

SESSION: dict[str, object] = {
    "userId": "ada",
    "enableAntiCsrf": False,
    "userDataInJWT": {},
    "userDataInDatabase": {},
}
OURS = ("API_KEYS", "SUPERTOKENS_HOST", "SUPERTOKENS_PORT", "BASE_PATH", "POSTGRESQL_CONNECTION_URI")


@contextmanager
def running(
    folder: Path, *arguments: str, env: dict[str, str] | None = None, ready: str = "/hello"
) -> Generator[Server]:
    """`segue core` on a free port."""
    port = free_port()
    command = [*COMMAND, "core", "--port", str(port), *arguments]
    server = start("core", command, port=port, logs=folder, ready=ready, env=env, cwd=folder)
    try:
        yield server
    finally:
        server.stop()


def create(server: Server) -> httpx2.Response:
    """Create a session."""
    return httpx2.post(f"{server.url}/recipe/session", json=SESSION, timeout=20)


def end(server: Server) -> int:
    """Ask it to end with SIGTERM, as whoever runs it does; its exit code."""
    server.process.send_signal(signal.SIGTERM)
    return server.process.wait(5)


def test_sessions_outlive_the_process(tmp_path: Path) -> None:
    """What one process keeps in the file, the next one serves: session, keys and secret."""
    with running(tmp_path) as first:
        token = create(first).json()["refreshToken"]["token"]
        assert end(first) == 0
        log = first.last_words()
    assert (tmp_path / "segue-core.sqlite3.secret").stat().st_mode & 0o777 == 0o600
    for line in ("listens on http://127.0.0.1:", "the database is ", "ready", "ended"):
        assert line in log
    assert token not in log
    body = {"refreshToken": token, "enableAntiCsrf": False, "useDynamicSigningKey": True}
    with running(tmp_path) as second:
        answer = httpx2.post(f"{second.url}/recipe/session/refresh", json=body, timeout=20)
        assert answer.json()["status"] == "OK"


def test_end_with_open_connections(tmp_path: Path) -> None:
    """It ends although a client keeps a connection, and another has sent half a request."""
    with running(tmp_path, "--database", ":memory:") as server, httpx2.Client(base_url=server.url) as client:
        assert client.get("/hello").text == "Hello\n"
        with socket.create_connection(("127.0.0.1", server.port)) as half:
            half.sendall(b"POST /recipe/session HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{")
            assert end(server) == 0
            assert b" 503 " in half.recv(1000)
        assert "ASGI" not in server.last_words()


def test_database_in_memory(tmp_path: Path) -> None:
    """A database in memory is said to be one, begins empty, and leaves nothing."""
    with running(tmp_path, "--database", ":memory:") as server:
        assert create(server).json()["status"] == "OK"
        assert "the database is memory" in server.last_words()
    assert [path.name for path in tmp_path.iterdir()] == ["core.log"]


def test_workers(tmp_path: Path) -> None:
    """Several workers share port, database and keys, and none is left when the first process ends."""
    with running(tmp_path, "--workers", "2") as server:
        wait_until(lambda: len(children(server.process.pid)) >= 2, what="two workers")
        keys = {httpx2.get(f"{server.url}/.well-known/jwks.json").text for _ in range(8)}
        assert len(keys) == 1
        watched = [os.pidfd_open(child) for child in children(server.process.pid)]
        assert end(server) == 0
    assert end_by_themselves(watched)


def test_environment_and_file(tmp_path: Path) -> None:
    """Settings by the reference's names, from a file and from variables."""
    file = tmp_path / "config.yaml"
    file.write_text("access_token_validity: 60\nbase_path: /base\nbcrypt_log_rounds: 11\n")
    key = "a-key-of-twenty-characters"
    env = {"API_KEYS": key, "ACCESS_TOKEN_VALIDITY_JITTER": "0"}
    with running(tmp_path, "--config", str(file), env=env, ready="/base/hello") as server:
        refused = httpx2.post(f"{server.url}/base/recipe/session", json=SESSION)
        assert (refused.status_code, refused.text) == (401, "Invalid API key\n")
        answer = httpx2.post(
            f"{server.url}/base/recipe/session", json=SESSION, headers={"api-key": key}, timeout=20
        ).json()["accessToken"]
        assert answer["expiry"] - answer["createdTime"] == 60_000
        log = server.last_words()
    assert "settings that mean nothing here: bcrypt_log_rounds" in log
    assert key not in log


def test_keys_that_change_fast(tmp_path: Path) -> None:
    """In development signing keys change by the second, and the log says what is given up."""
    env = {"ACCESS_TOKEN_DYNAMIC_SIGNING_KEY_UPDATE_INTERVAL": "0.0006"}
    with running(tmp_path, "--database", ":memory:", "--development", env=env) as server:
        assert "bounds that protect production are lifted" in server.last_words()

        def newest() -> str:
            keys = httpx2.get(f"{server.url}/.well-known/jwks.json", timeout=20).json()["keys"]
            return str(keys[0]["kid"])

        first = newest()
        wait_until(lambda: newest() != first, what="the next key", within=20)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--host", "10.0.0.5"), "api_keys"),
        (("--config", "missing.yaml"), "cannot be read"),
        (("--workers", "2", "--database", ":memory:"), "one process"),
        (("--database", "core.log/core.sqlite3"), "core.log"),
        (("--port", "99999"), "'--port'"),
    ],
)
def test_refusals(tmp_path: Path, arguments: tuple[str, ...], words: str) -> None:
    """What cannot be served ends at once with one line."""
    (tmp_path / "core.log").write_text("a file where a folder would have to be")
    done = segue("core", *arguments, cwd=tmp_path)
    assert done.code in {1, 2}
    assert words in done.err
    assert len(done.err.splitlines()) == 1
    assert "Traceback" not in done.err


def test_port_that_is_taken(tmp_path: Path) -> None:
    """A port that somebody has is said, and how to take another."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = segue("core", "--port", str(port), "--database", ":memory:", cwd=tmp_path)
    assert done.code == 2
    assert "choose another address with --host and --port" in done.err


def test_names_do_not_leak_from_here() -> None:
    """The tests' own environment sets nothing of the core's."""
    assert not set(OURS) & set(clean_environment())
