"""Two cores on one PostgreSQL database: back ends that know both notice neither races, nor new keys, nor a death."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.sdks import apps
from tests.sdks.contract import Device
from tests.sdks.cores import API_KEY, Core, start_core
from tests.sdks.test_sessions import parts
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.postgres import PostgresServer
    from tests.support.processes import Server

pytestmark = pytest.mark.processes


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A back end, and how long the keys of its two cores sign."""

    sdk: str
    hours: float
    changes: bool
    """Whether the key changes while the test looks on."""


PAIRS = [
    Pair(sdk="node", hours=0.001, changes=True),
    Pair(sdk="fastapi", hours=0.001, changes=True),
    # The Go SDK keeps asking one host for keys, for hours also when that host is dead: a new key would be unknown.
    Pair(sdk="go", hours=168, changes=False),
]


@pytest.fixture(params=PAIRS, ids=lambda pair: str(pair.sdk))
def pair(request: pytest.FixtureRequest) -> Pair:
    """Each in turn."""
    given: Pair = request.param
    return given


@pytest.fixture
def cores(pair: Pair, postgres_server: PostgresServer, tmp_path: Path) -> Iterator[list[Core]]:
    """Two that start at the same moment on an empty database."""
    database = postgres_server.dsn(postgres_server.empty_database())
    settings = {
        "SEGUE_DEVELOPMENT": "true",
        "ACCESS_TOKEN_DYNAMIC_SIGNING_KEY_UPDATE_INTERVAL": str(pair.hours),
    }
    with ThreadPoolExecutor(2) as pool:
        starting = [pool.submit(start_core, database, logs=tmp_path, settings=settings) for _ in range(2)]
    started = [one.result() for one in starting]
    yield started
    for core in started:
        core.server.stop()


@pytest.fixture
def application(pair: Pair, cores: list[Core], tmp_path: Path) -> Iterator[Server]:
    """A back end that knows both."""
    both = ";".join(core.url for core in cores)
    with apps.running(pair.sdk, core=both, api_key=API_KEY, logs=tmp_path) as server:
        yield server


def test_nothing_is_noticed(pair: Pair, application: Server, cores: list[Core]) -> None:
    """Parallel refreshes over both, several changes of the signing key, and the death of one."""
    with Device(url=application.url) as device:
        device.sign_in("ada")
        key_ids = set[str]()

        def goes_on(parallel: int) -> int:
            """Refresh in so many tabs at once and verify; how many keys have signed so far."""
            tabs = [device.copy() for _ in range(parallel)]
            with ThreadPoolExecutor(parallel) as pool:
                statuses = {answer.status_code for answer in pool.map(Device.refresh, tabs)}
            assert statuses == {200}
            device.tokens = tabs[0].tokens
            assert device.me()["user"] == "ada"
            assert device.me("/checked")["user"] == "ada"
            key_ids.add(parts(device.tokens.access)[0]["kid"])
            return len(key_ids)

        wanted = 3 if pair.changes else 1
        wait_until(lambda: goes_on(4) >= wanted, what="the signing key to change twice", within=30)
        assert all(key_id.startswith("d-") for key_id in key_ids)
        cores[0].server.kill()
        wanted = len(key_ids) + (1 if pair.changes else 0)
        # One after the other: the SDKs' turns go round for all requests at once, and each gives up after as many tries
        # as there are hosts; two requests side by side may both be sent to the dead one twice.
        wait_until(lambda: goes_on(1) >= wanted, what="another change after the death", within=30)
        with Device(url=application.url) as late:
            late.sign_in("grace")
            assert late.refresh().status_code == 200
            assert late.me()["user"] == "grace"
