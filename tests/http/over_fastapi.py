"""
The cases' world over HTTP: the application on FastAPI and SQLite, behind uvicorn on a loopback port.

Time stands still unless a case moves it; what an engine looks up now and then is looked up whenever time was moved.
"""

from __future__ import annotations

import contextlib
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from segue import AsyncEngine, Config, NewSession
from segue.adapters.fastapi import SegueFastAPI
from segue.errors import StoreUnavailable
from segue.flow import drive_async, performer_async
from segue.ids import PUBLIC_APP, SessionHandle, TenantId, UserId
from segue.sessions.key_flows import load_keys
from segue.sessions.model import Session
from segue.stores.sqlite import AsyncSqliteStore, SqliteStore
from tests.http.fastapi_application import application
from tests.http.keys import access_by, key_of_another, signed_with
from tests.http.loopback import Loopback, loopback
from tests.http.over_flows import LIFETIMES, POLICY, SECRETS, START
from tests.http.world import Cases, Reply, Setup, World
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta

    from segue.http.settings import HttpSettings
    from segue.json import JsonObject, JsonValue
    from segue.stores.ports import AsyncStore
    from segue.tokens.signing_keys import KeyPlan

SECRET = "the first deployment secret, long enough"


class Noted:
    """A store that writes down the names of its methods as they are called."""

    def __init__(self, store: AsyncSqliteStore, asked: list[str]) -> None:
        self._store = store
        self._asked = asked

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        async def noted(*args: Any, **kwargs: Any) -> Any:
            self._asked.append(name)
            return await method(*args, **kwargs)

        return noted


class FastApiWorld(World):
    """A back end as it runs in production, but for the clock."""

    def __init__(self, setup: Setup, *, server: Loopback, path: Path) -> None:
        self.setup = setup
        self.asked: list[str] = []
        self._server = server
        self._clock = ManualClock(START)
        self._store = AsyncSqliteStore(path, synchronous="NORMAL")  # no case pulls the plug
        self._engine = self._start()

    def close(self) -> None:
        """Let go of the file."""
        self._server.run(self._store.close())

    def _start(self) -> AsyncEngine:
        engine = AsyncEngine(
            Config(http=self.setup.http, secrets=(SECRET,), lifetimes=LIFETIMES),
            store=cast("AsyncStore", Noted(self._store, self.asked)),
            fetch_claim=self._fetch_claim,
            clock=self._clock,
        )
        self._server.application = application(
            SegueFastAPI(engine), self.setup, take_time=lambda: self._clock.advance(LIFETIMES.access)
        )
        self._engine = engine
        self._look_up()
        return engine

    def _look_up(self) -> None:
        self._server.run(self._engine.warm_up())
        self._server.run(self._engine.watch_revocations())

    def _fetch_claim(self, claim: str, user_id: UserId, tenant_id: TenantId) -> JsonValue:
        assert (user_id, tenant_id) == ("ada", "public")
        return self.setup.claims.get(claim)

    # --- what the cases use ------------------------------------------------------------------------------------------

    def send(
        self, method: str, path: str, headers: Mapping[str, str] | None = None, body: bytes = b""
    ) -> Reply:
        """Send a request."""
        return self._server.send(method, path, headers or {}, body)

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        self._clock.advance(span)
        with contextlib.suppress(StoreUnavailable):
            self._look_up()

    def reconfigure(self, http: HttpSettings) -> None:
        """Restart with other settings on the same store."""
        self.setup.http = http
        self._engine = self._start()

    def revoke(self, handle: str) -> None:
        """End a session behind the client's back, as another process does."""
        selection = (SessionHandle(handle),)
        assert self._server.run(self._store.delete_sessions(PUBLIC_APP, selection, at=self._clock.now()))

    def read_feed(self) -> None:
        """Let the back end learn which sessions were revoked."""
        self._server.run(self._engine.watch_revocations())

    def put_payload(self, handle: str, payload: JsonObject) -> None:
        """Replace a session's payload behind the client's back."""
        put = self._store.update_session(PUBLIC_APP, SessionHandle(handle), payload=payload, data=None)
        assert self._server.run(put)

    def stored_payload(self, handle: str) -> JsonObject:
        """The payload as stored."""
        return self._stored(handle).payload

    def kind_of_key(self, handle: str) -> str:
        """The kind of key with which a session was created, as stored."""
        return "static" if self._stored(handle).static_key else "dynamic"

    def exists(self, handle: str) -> bool:
        """Whether the store still has a session."""
        return self._load(handle) is not None

    def break_store(self) -> None:
        """From now on the store does not answer."""
        self._server.run(self._store.close())

    def sign(self, header: JsonObject, claims: JsonObject, *, static: bool = False) -> str:
        """A JWT signed with our present key; *header* and *claims* stand in for what we would write."""
        return signed_with(self._plan(), header, claims, static=static)

    def rotate_keys_elsewhere(self) -> str:
        """Another instance makes a new dynamic key and signs a session's token with it."""
        now = self._clock.now()
        newest = self._plan().dynamic
        assert newest is not None
        key, sealed = key_of_another(now, SECRETS)
        assert self._server.run(self._store.add_signing_key(PUBLIC_APP, sealed, if_newest=newest.key_id))
        new = NewSession(user_id=UserId("ada"), payload={}, data={})
        issued = self._server.run(self._engine.create_session(new))
        return access_by(key, issued, now=now, lifetime=LIFETIMES.access)

    # --- the store beside the engine ---------------------------------------------------------------------------------

    def _plan(self) -> KeyPlan:
        flow = load_keys(PUBLIC_APP, POLICY, SECRETS, now=self._clock.now(), randomness=b"")
        return self._server.run(drive_async(flow, performer_async({"SigningKeyStore": self._store})))

    def _load(self, handle: str) -> Session | None:
        return self._server.run(self._store.load_session(PUBLIC_APP, SessionHandle(handle)))

    def _stored(self, handle: str) -> Session:
        session = self._load(handle)
        assert session is not None
        return session


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    """One for all cases of a module."""
    with loopback() as running:
        yield running


@pytest.fixture(scope="module")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with our schema; a copy costs less than making one."""
    path = tmp_path_factory.mktemp("empty") / "sessions.sqlite3"
    SqliteStore(path).close()
    return path


class OverFastApi(Cases):
    """Opens worlds on FastAPI, in a folder of the test's own."""

    _server: Loopback
    _empty: Path
    _folder: Path
    _opened: list[FastApiWorld]

    @pytest.fixture(autouse=True)
    def _serving(self, server: Loopback, empty_database: Path, tmp_path: Path) -> Iterator[None]:
        self._server, self._empty, self._folder, self._opened = server, empty_database, tmp_path, []
        yield
        for world in self._opened:
            world.close()

    def open(self, setup: Setup) -> World:
        """A fresh back end."""
        path = Path(shutil.copy(self._empty, self._folder / f"{len(self._opened)}.sqlite3"))
        self._opened.append(FastApiWorld(setup, server=self._server, path=path))
        return self._opened[-1]
