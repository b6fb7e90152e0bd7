"""Two cores on one PostgreSQL database: back ends that know both notice neither races, nor new keys, nor a death."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
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

SETTINGS = {
    "SEGUE_CORE_DEVELOPMENT": "1",
    "ACCESS_TOKEN_DYNAMIC_SIGNING_KEY_UPDATE_INTERVAL": "0.001",  # hours: 3.6 seconds
}


@pytest.fixture
def cores(postgres_server: PostgresServer, tmp_path: Path) -> Iterator[list[Core]]:
    """Two that start at the same moment on an empty database."""
    database = postgres_server.dsn(postgres_server.empty_database())
    with ThreadPoolExecutor(2) as pool:
        started = list(pool.map(lambda _: start_core(database, logs=tmp_path, settings=SETTINGS), range(2)))
    yield started
    for core in started:
        core.server.stop()


@pytest.fixture(params=["node", "fastapi", "go"])
def application(request: pytest.FixtureRequest, cores: list[Core], tmp_path: Path) -> Iterator[Server]:
    """A back end that knows both."""
    both = ";".join(core.url for core in cores)
    with apps.running(request.param, core=both, api_key=API_KEY, logs=tmp_path) as server:
        yield server


def test_nothing_is_noticed(application: Server, cores: list[Core]) -> None:
    """Parallel refreshes over both, several changes of the signing key, and the death of one."""
    with Device(url=application.url) as device:
        device.sign_in("ada")
        key_ids = set[str]()

        def goes_on() -> bool:
            tabs = [device.copy() for _ in range(4)]
            with ThreadPoolExecutor(len(tabs)) as pool:
                statuses = {answer.status_code for answer in pool.map(Device.refresh, tabs)}
            assert statuses == {200}
            device.tokens = tabs[0].tokens
            assert device.me()["user"] == "ada"
            assert device.me("/checked")["user"] == "ada"
            key_ids.add(parts(device.tokens.access)[0]["kid"])
            return len(key_ids) > 2

        wait_until(goes_on, what="the signing key to change twice", within=30)
        assert all(key_id.startswith("d-") for key_id in key_ids)
        cores[0].server.kill()
        known = len(key_ids)
        wait_until(
            lambda: goes_on() and len(key_ids) > known, what="another change after the death", within=30
        )
        with Device(url=application.url) as late:
            late.sign_in("grace")
            assert late.refresh().status_code == 200
            assert late.me()["user"] == "grace"
