"""`segue serve` as an operator runs it, on SQLite or PostgreSQL, with its log in a file."""

from __future__ import annotations

import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from benchmarks.rehearsal.cases import AUDIENCE, CLIENT
from benchmarks.scale.places import cpu_below
from tests.support.processes import free_port

SECRET = "the deployment secret of a rehearsal, long enough"  # noqa: S105 - of nothing else
WEBSITE = "http://localhost:3000"

_SETTINGS = """
[server]
host = "127.0.0.1"
port = {port}
workers = {workers}
log_level = "info"
trusted_proxies = ["127.0.0.1"]

[http]
api_domain = "http://localhost:{port}"
website_domain = "{website}"

[keys]
secret = "{secret}"

[store]
database = "{database}"

[[provider]]
name = "old"
issuers = ["{issuer}"]
audiences = ["{audience}"]
authorized_parties = ["{client}"]
live_check = "keys_only"

[provider.keys]
cool_down = "2s"

"""
_ENDING = """
[provider.revocation]
url = "{issuer}/revoke"
client_id = "{client}"
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The service, running."""

    port: int
    pid: int
    log: Path
    folder: Path

    def cpu(self) -> float:
        """Seconds of CPU of its processes so far."""
        return cpu_below(self.folder.resolve())

    def events(self) -> Iterator[dict[str, Any]]:
        """The event of each attempt, as its log has them."""
        with self.log.open() as lines:
            for line in lines:
                _, found, event = line.partition(" migration {")
                if found:
                    yield cast("dict[str, Any]", json.loads("{" + event))

    def status(self) -> dict[str, Any]:
        """`segue status --json`."""
        command = [sys.executable, "-m", "segue.cli", "status", "--json"]
        done = subprocess.run(command, cwd=self.folder, check=True, capture_output=True)
        return cast("dict[str, Any]", json.loads(done.stdout))


@contextmanager
def service(
    folder: Path, *, issuer: str, database: str, workers: int, ending: bool = True
) -> Iterator[Service]:
    """One that answers."""
    port = free_port()
    settings = (_SETTINGS + (_ENDING if ending else "")).format(
        port=port,
        workers=workers,
        website=WEBSITE,
        secret=SECRET,
        database=database,
        issuer=issuer,
        audience=AUDIENCE,
        client=CLIENT,
    )
    file = folder / "segue.toml"
    file.write_text(settings)
    file.chmod(0o600)
    log = folder / "serve.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "segue.cli", "serve"], cwd=folder, stdout=output, stderr=output
        )
        try:
            _wait_for(f"http://127.0.0.1:{port}/auth/jwt/jwks.json", process, log)
            yield Service(port=port, pid=process.pid, log=log, folder=folder)
        finally:
            process.terminate()
            process.wait(20)


def _wait_for(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    until = time.perf_counter() + 30
    while time.perf_counter() < until:
        if process.poll() is not None:
            raise RuntimeError(f"the service ended: {log.read_text()[-2000:]}")
        try:
            urllib.request.urlopen(url, timeout=5).close()  # noqa: S310 - our own address
        except (urllib.error.URLError, ConnectionError, TimeoutError):  # they listen before they serve
            time.sleep(0.01)
        else:
            return
    raise TimeoutError(url)
