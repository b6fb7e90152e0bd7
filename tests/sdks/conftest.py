"""Cores on both databases, and an application of every published SDK on them."""

from __future__ import annotations

import contextlib
import itertools
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tests.sdks import apps
from tests.sdks.contract import Device, Transport
from tests.sdks.cores import API_KEY, Core, running_core

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.postgres import PostgresServer


@dataclass(frozen=True, slots=True, kw_only=True)
class Setting:
    """One application: on which SDK, over which store, with which of the SDK's settings."""

    sdk: str
    store: str
    transport: Transport = "header"
    settings: dict[str, str] = field(default_factory=dict[str, str])

    def __str__(self) -> str:
        """As a test's id."""
        return "-".join(
            [self.sdk, self.store, self.transport, *(value.lower() for value in self.settings.values())]
        )


SETTINGS = [
    Setting(sdk="node", store="sqlite"),
    Setting(sdk="node", store="postgres", transport="cookie", settings={"ANTI_CSRF": "VIA_TOKEN"}),
    Setting(sdk="fastapi", store="sqlite", transport="cookie", settings={"ANTI_CSRF": "VIA_CUSTOM_HEADER"}),
    Setting(sdk="fastapi", store="postgres", settings={"STATIC": "1"}),
    Setting(sdk="flask", store="sqlite", transport="cookie", settings={"ANTI_CSRF": "VIA_TOKEN"}),
    Setting(sdk="flask", store="postgres"),
    Setting(sdk="django", store="sqlite"),
    Setting(sdk="django", store="postgres", transport="cookie", settings={"ANTI_CSRF": "NONE"}),
    Setting(sdk="go", store="sqlite"),
    Setting(sdk="go", store="postgres", transport="cookie", settings={"ANTI_CSRF": "VIA_TOKEN"}),
]


@dataclass(slots=True, kw_only=True)
class World:
    """An application that runs, and devices that use it."""

    url: str
    setting: Setting
    core: Core
    _numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def device(self) -> Device:
        """One more browser or phone."""
        return Device(url=self.url, transport=self.setting.transport)

    def unique(self, name: str) -> str:
        """A name that no other test uses on the same core."""
        return f"{name}-{self.setting.sdk}-{os.getpid()}-{next(self._numbers)}"


@pytest.fixture(scope="session")
def cores(
    tmp_path_factory: pytest.TempPathFactory, postgres_server: PostgresServer
) -> Iterator[dict[str, Core]]:
    """A core on each database."""
    folder = tmp_path_factory.mktemp("cores")
    databases = {
        "sqlite": str(folder / "core.sqlite3"),
        "postgres": postgres_server.dsn(postgres_server.empty_database()),
    }
    with contextlib.ExitStack() as stack:
        yield {
            name: stack.enter_context(running_core(database, logs=folder))
            for name, database in databases.items()
        }


@pytest.fixture(scope="module", params=SETTINGS, ids=str)
def world(
    request: pytest.FixtureRequest, cores: dict[str, Core], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[World]:
    """An application of each SDK."""
    setting: Setting = request.param
    core, logs = cores[setting.store], tmp_path_factory.mktemp("apps")
    with apps.running(
        setting.sdk, core=core.url, api_key=API_KEY, logs=logs, settings=setting.settings
    ) as server:
        yield World(url=server.url, setting=setting, core=core)
