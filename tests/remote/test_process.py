"""A `segue core` of its own, over real sockets and in real time, and both engines on it; of two hosts one is down."""

from __future__ import annotations

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from segue import AsyncEngine, Config, Engine, HttpSettings, NewSession, RemoteCore
from segue.adapters.core import AsyncHttpCore, HttpCore
from segue.errors import CoreRefused, SessionGone, Unavailable
from segue.http.message import HttpRequest
from segue.ids import UserId
from tests.support.processes import Server, free_port, start

if TYPE_CHECKING:
    from collections.abc import Generator

KEY = "a-key-of-the-core-in-tests-0123456789"
CONFIG = Config(
    http=HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000"),
    secrets=("a deployment secret for tests, 0123456789",),
)
ADA = NewSession(user_id=UserId("ada"), payload={"plan": "gold"}, data={"cart": 3})


@pytest.fixture(scope="module", params=["5.6", "5.4"])
def served(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Generator[Server]:
    """A core that serves versions up to one."""
    folder, port = tmp_path_factory.mktemp("core"), free_port()
    command = [sys.executable, "-m", "segue.cli", "core", "--port", str(port), "--database", ":memory:"]
    settings = {"SUPERTOKENS_MAX_CDI_VERSION": request.param, "API_KEYS": KEY}
    server = start("core", command, port=port, logs=folder, ready="/hello", env=settings, cwd=folder)
    yield server
    server.stop()


def at(server: Server, *, api_key: str = KEY) -> RemoteCore:
    """The core, and a host at which nobody listens."""
    return RemoteCore(hosts=(f"http://127.0.0.1:{free_port()}", server.url), api_key=api_key)


def bearing(text: str) -> HttpRequest:
    """A request with a token in its header."""
    return HttpRequest(method="GET", path="/", headers=(("authorization", f"Bearer {text}"),))


def test_life_of_a_session(served: Server) -> None:
    """Created, verified with the core's keys, refreshed and settled, listed, revoked."""
    engine = Engine(CONFIG, core=HttpCore(at(served)))
    issued = engine.create_session(ADA)
    assert engine.verify_access_token(issued.access.text).payload["plan"] == "gold"
    refreshed = engine.refresh(issued.refresh.text)
    found = engine.authenticate(bearing(refreshed.access.text))
    assert found is not None
    assert found.access.claims.parent_hash is None
    stored = engine.load_session(issued.session.handle)
    assert stored is not None
    assert stored.data == {"cart": 3}
    assert issued.session.handle in {session.handle for session in engine.list_sessions(UserId("ada"))}
    engine.revoke(issued.session.handle)
    with pytest.raises(SessionGone):
        engine.authenticate(bearing(found.access.text), check_database=True)
    engine.close()


def test_many_at_once_in_threads(served: Server) -> None:
    """Threads share connections, keys and the agreed version."""
    engine = Engine(CONFIG, core=HttpCore(at(served)))

    def life(_: int) -> str:
        issued = engine.create_session(ADA)
        refreshed = engine.refresh(issued.refresh.text)
        return engine.verify_access_token(refreshed.access.text).user_id

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(life, range(24))) == {"ada"}
    engine.close()


def test_many_at_once_on_a_loop(served: Server) -> None:
    """So do the tasks of an event loop."""

    async def lives() -> set[str]:
        engine = AsyncEngine(CONFIG, core=AsyncHttpCore(at(served)))

        async def life() -> str:
            issued = await engine.create_session(ADA)
            refreshed = await engine.refresh(issued.refresh.text)
            return (await engine.verify_access_token(refreshed.access.text)).user_id

        users = set(await asyncio.gather(*[life() for _ in range(24)]))
        await engine.close()
        return users

    assert asyncio.run(lives()) == {"ada"}


def test_wrong_key(served: Server) -> None:
    """The core's own words are in the text for the operator."""
    engine = Engine(CONFIG, core=HttpCore(at(served, api_key="another-key-0123456789")))
    with pytest.raises(CoreRefused, match="Invalid API key"):
        engine.create_session(ADA)
    engine.close()


def test_nobody_there() -> None:
    """Every host is named."""
    ports = free_port(), free_port()
    core = RemoteCore(hosts=tuple(f"http://127.0.0.1:{port}" for port in ports), api_key=KEY)
    engine = Engine(CONFIG, core=HttpCore(core))
    with pytest.raises(Unavailable) as away:
        engine.create_session(ADA)
    assert all(str(port) in str(away.value) for port in ports)
    engine.close()
