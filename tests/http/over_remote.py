"""
The cases' world on a remote core: FastAPI and uvicorn in front, `segue core` behind, in the same process and time.

Of the core's two hosts one is down, and its dialect is a case class's choice. House rule: what stands behind the
client's back here goes to the core's own store.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from segue import AsyncEngine, Config, NewSession
from segue.adapters.fastapi import SegueFastAPI
from segue.errors import SessionError
from segue.flow import drive_async, performer_async
from segue.ids import PUBLIC_APP, SessionHandle, TenantId, UserId
from segue.sessions.key_flows import load_keys
from segue.sessions.model import Session
from segue.tokens.algorithms import Algorithm
from segue.tokens.signing_keys import KeyKind, KeyPlan, KeyPolicy, seal_signing_key
from tests.http.fastapi_application import application
from tests.http.keys import access_by, signed_with
from tests.http.loopback import Loopback, loopback
from tests.http.over_flows import LIFETIMES, START
from tests.http.world import Cases, Reply, Setup, World
from tests.remote.in_process import AsyncInProcess
from tests.support.clock import ManualClock
from tests.support.keys import make_signing_key

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta

    from segue.http.settings import HttpSettings
    from segue.json import JsonObject, JsonValue

SECRET = "the first deployment secret, long enough"
POLICY = KeyPolicy(
    algorithm=Algorithm.RS256, update_interval=LIFETIMES.access * 168, access_lifetime=LIFETIMES.access
)


class RemoteWorld(World):
    """A back end as it runs in production, but for the clock and the network between it and its core."""

    def __init__(self, setup: Setup, *, server: Loopback, newest: str) -> None:
        self.setup = setup
        self._server = server
        self._clock = ManualClock(START)
        self._core = AsyncInProcess(
            self._clock,
            newest=newest,
            access_token_validity=int(LIFETIMES.access.total_seconds()),
            refresh_token_validity=int(LIFETIMES.refresh.total_seconds()) // 60,
        )
        self.asked: list[str] = self._core.asked
        self._engine = self._start()

    def close(self) -> None:
        """Let go of engine and core."""
        self._server.run(self._engine.close())

    def _start(self) -> AsyncEngine:
        engine = AsyncEngine(
            Config(http=self.setup.http, secrets=(SECRET,), lifetimes=LIFETIMES),
            core=self._core,
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
        with contextlib.suppress(SessionError):
            self._look_up()

    def reconfigure(self, http: HttpSettings) -> None:
        """Restart with other settings on the same core."""
        self.setup.http = http
        self._engine = self._start()

    def revoke(self, handle: str) -> None:
        """End a session behind the client's back, as another back end does."""
        gone = self._core.store.delete_sessions(PUBLIC_APP, (SessionHandle(handle),), at=self._clock.now())
        assert self._server.run(gone)

    def read_feed(self) -> None:
        """There is no feed; what a core revokes is felt when it is asked."""
        pytest.skip("a remote core tells of no revocations")

    def put_payload(self, handle: str, payload: JsonObject) -> None:
        """Replace a session's payload behind the client's back."""
        put = self._core.store.update_session(PUBLIC_APP, SessionHandle(handle), payload=payload, data=None)
        assert self._server.run(put)

    def stored_payload(self, handle: str) -> JsonObject:
        """The payload as stored."""
        return self._stored(handle).payload

    def kind_of_key(self, handle: str) -> str:
        """The kind of key with which a session was created, as stored."""
        return "static" if self._stored(handle).static_key else "dynamic"

    def exists(self, handle: str) -> bool:
        """Whether the core still has a session."""
        return self._load(handle) is not None

    def break_store(self) -> None:
        """From now on the core does not answer."""
        self._core.broken = True

    def sign(self, header: JsonObject, claims: JsonObject, *, static: bool = False) -> str:
        """A JWT signed with the core's present key; *header* and *claims* stand in for what it would write."""
        return signed_with(self._plan(), header, claims, static=static)

    def rotate_keys_elsewhere(self) -> str:
        """Another instance of the core makes a new dynamic key and signs a session's token with it."""
        now = self._clock.now()
        newest = self._plan().dynamic
        assert newest is not None
        made = make_signing_key(
            KeyKind.DYNAMIC, Algorithm.RS256, now=now + LIFETIMES.access / 3600, unique=""
        )
        sealed = seal_signing_key(made, self._core.secrets, app_id=PUBLIC_APP, nonce=bytes(12))
        added = self._core.store.add_signing_key(PUBLIC_APP, sealed, if_newest=newest.key_id)
        assert self._server.run(added)
        new = NewSession(user_id=UserId("ada"), payload={}, data={})
        issued = self._server.run(self._engine.create_session(new))
        self._core.service.apps = type(self._core.service.apps)({}, self._core.secrets, development=False)
        return access_by(made, issued, now=now, lifetime=LIFETIMES.access)

    # --- the core's store --------------------------------------------------------------------------------------------

    def _plan(self) -> KeyPlan:
        flow = load_keys(PUBLIC_APP, POLICY, self._core.secrets, now=self._clock.now(), randomness=b"")
        return self._server.run(drive_async(flow, performer_async({"SigningKeyStore": self._core.store})))

    def _load(self, handle: str) -> Session | None:
        return self._server.run(self._core.store.load_session(PUBLIC_APP, SessionHandle(handle)))

    def _stored(self, handle: str) -> Session:
        session = self._load(handle)
        assert session is not None
        return session


@pytest.fixture(scope="module")
def server() -> Iterator[Loopback]:
    """One for all cases of a module."""
    with loopback() as running:
        yield running


class OverRemote(Cases):
    """Opens worlds on a core."""

    newest: str
    _server: Loopback
    _opened: list[RemoteWorld]

    @pytest.fixture(autouse=True)
    def _serving(self, server: Loopback) -> Iterator[None]:
        self._server, self._opened = server, []
        yield
        for world in self._opened:
            world.close()

    def open(self, setup: Setup) -> World:
        """A fresh back end."""
        self._opened.append(RemoteWorld(setup, server=self._server, newest=self.newest))
        return self._opened[-1]
