"""Both engines on a remote core: alike, at once where they can be, and honest about what a core cannot do."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from segue import (
    AsyncEngine,
    ByUser,
    Config,
    Engine,
    HttpSettings,
    LiveKeys,
    NewSession,
    Provider,
    RemoteCore,
)
from segue.adapters.core import AsyncHttpCore, HttpCore
from segue.errors import (
    BeyondCore,
    ConfigurationError,
    CoreUnavailable,
    KeysUnavailable,
    KeyUnknown,
    ReuseDetected,
    SessionGone,
    TokenExpired,
)
from segue.http.message import HttpRequest
from segue.ids import PUBLIC_APP, UserId
from segue.stores.memory import MemoryStore
from tests.remote.in_process import AsyncInProcess, InProcess
from tests.sessions.seam_contract import START
from tests.support import issuer
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Generator

CONFIG = Config(
    http=HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000"),
    secrets=("a deployment secret for tests, 0123456789",),
)


class Scene:
    """An engine on a core, and another one on the same."""

    def __init__(self) -> None:
        self.clock = ManualClock(START)
        self.wire = InProcess(self.clock, newest="5.4")
        self.engine, self.other = (Engine(CONFIG, core=self.wire, clock=self.clock) for _ in range(2))

    def sign_in(self, **given: Any) -> Any:
        """A session of Ada's."""
        usual: dict[str, Any] = {"user_id": UserId("ada"), "payload": {"plan": "gold"}, "data": {}}
        return self.engine.create_session(NewSession(**(usual | given)))


@pytest.fixture
def scene() -> Generator[Scene]:
    """A fresh one."""
    made = Scene()
    yield made
    made.engine.close()


def bearing(text: str) -> HttpRequest:
    """A request with a token in its header."""
    return HttpRequest(method="GET", path="/", headers=(("authorization", f"Bearer {text}"),))


def test_life_of_a_session(scene: Scene) -> None:
    """Created, verified without asking, refreshed, settled at its first use, revoked."""
    issued = scene.sign_in()
    scene.engine.verify_access_token(issued.access.text)
    scene.wire.inner.asked.clear()
    for _ in range(3):
        assert scene.engine.verify_access_token(issued.access.text).payload["plan"] == "gold"
    assert scene.wire.inner.asked == []
    refreshed = scene.engine.refresh(issued.refresh.text)
    found = scene.engine.authenticate(bearing(refreshed.access.text))
    assert found is not None
    assert found.access.claims.parent_hash is None
    assert found.actions
    with pytest.raises(ReuseDetected):
        scene.engine.refresh(issued.refresh.text)
    assert scene.engine.load_session(issued.session.handle) is None


def test_life_of_a_session_on_an_event_loop() -> None:
    """The asynchronous shell drives the same flows."""

    async def life() -> None:
        clock = ManualClock(START)
        made = AsyncEngine(CONFIG, core=AsyncInProcess(clock), clock=clock)
        issued = await made.create_session(NewSession(user_id=UserId("ada"), payload={}, data={}))
        refreshed = await made.refresh(issued.refresh.text)
        claims = await made.verify_access_token(refreshed.access.text)
        assert claims.handle == issued.session.handle
        assert [one.handle for one in await made.list_sessions(UserId("ada"))] == [claims.handle]
        assert await made.revoke(ByUser(user_id=UserId("ada"))) == (claims.handle,)
        await made.close()

    asyncio.run(life())


def test_many_cold_requests_fetch_the_keys_once() -> None:
    """Before the first request nothing is known; however many come at once, the engine is not confused by it."""

    async def cold() -> list[str]:
        clock = ManualClock(START)
        wire = AsyncInProcess(clock)
        first = AsyncEngine(CONFIG, core=wire, clock=clock)
        token = (
            await first.create_session(NewSession(user_id=UserId("ada"), payload={}, data={}))
        ).access.text
        made = AsyncEngine(CONFIG, core=wire, clock=clock)
        claims = await asyncio.gather(*[made.verify_access_token(token) for _ in range(20)])
        return [one.user_id for one in claims]

    assert asyncio.run(cold()) == ["ada"] * 20


def test_revoked_here_is_felt_at_once(scene: Scene) -> None:
    """What this process has revoked it refuses without asking, for as long as the token would have lived."""
    issued, kept = scene.sign_in(), scene.sign_in()
    scene.engine.verify_access_token(issued.access.text)
    scene.engine.revoke(issued.session.handle)
    for _ in range(2):
        with pytest.raises(SessionGone):
            scene.engine.verify_access_token(issued.access.text)
        scene.clock.advance(timedelta(minutes=20))
    assert scene.engine.verify_access_token(kept.access.text).user_id == "ada"


def test_revoked_elsewhere(scene: Scene) -> None:
    """What others have revoked is felt where the core is asked."""
    issued = scene.sign_in()
    scene.other.revoke(issued.session.handle)
    request = bearing(issued.access.text)
    assert scene.engine.authenticate(request) is not None
    with pytest.raises(SessionGone):
        scene.engine.authenticate(request, check_database=True)


def test_core_away(scene: Scene) -> None:
    """With the keys at hand, good tokens are good; what needs the core says that it is away."""
    issued = scene.sign_in()
    scene.engine.verify_access_token(issued.access.text)
    scene.wire.inner.broken = True
    scene.clock.advance(timedelta(minutes=30))  # longer than keys are used without asking
    assert scene.engine.verify_access_token(issued.access.text).user_id == "ada"
    with pytest.raises(CoreUnavailable):
        scene.engine.refresh(issued.refresh.text)
    with pytest.raises(KeysUnavailable):
        scene.other.verify_access_token(issued.access.text)
    scene.wire.inner.broken = False
    scene.clock.advance(timedelta(seconds=1))
    assert scene.other.verify_access_token(issued.access.text).user_id == "ada"
    assert scene.engine.refresh(issued.refresh.text).session.handle == issued.session.handle


def test_keys_of_the_core_rotate(scene: Scene) -> None:
    """A token of a key that is not at hand yet is verified after one look; the old key's tokens stay good."""
    before = scene.sign_in()
    scene.engine.verify_access_token(before.access.text)
    scene.clock.advance(timedelta(hours=167, minutes=50))
    last = scene.sign_in()
    scene.engine.verify_access_token(last.access.text)
    scene.clock.advance(timedelta(minutes=20))
    after = scene.sign_in()
    assert after.access.key_id != last.access.key_id
    assert scene.engine.verify_access_token(after.access.text).user_id == "ada"
    assert scene.engine.verify_access_token(last.access.text).user_id == "ada"


def test_unknown_key_is_looked_for_twice_a_second_at_most(scene: Scene) -> None:
    """A flood of invented key ids costs the core two fetches a second."""
    head, _, tail = scene.sign_in().access.text.partition(".")
    strange = "eyJhbGciOiJSUzI1NiIsImtpZCI6ImQtMSIsInR5cCI6IkpXVCIsInZlcnNpb24iOiI1In0." + tail
    assert head
    scene.engine.warm_up()
    scene.wire.inner.asked.clear()
    for _ in range(20):
        scene.clock.advance(timedelta(milliseconds=100))
        with pytest.raises(KeyUnknown):
            scene.engine.verify_access_token(strange)
    assert 3 <= scene.wire.inner.asked.count("/.well-known/jwks.json") <= 4


def test_end_of_a_session_is_the_end_of_its_tokens(scene: Scene) -> None:
    """An access token of the core's that lives longer than its session is refused from that instant on."""
    issued = scene.sign_in(absolute_expires_at=START + timedelta(minutes=10))
    scene.engine.verify_access_token(issued.access.text)
    scene.clock.advance(timedelta(minutes=10))
    with pytest.raises(TokenExpired):
        scene.engine.verify_access_token(issued.access.text)


def test_beyond_the_protocol(scene: Scene) -> None:
    """Signing keys are the core's own."""
    with pytest.raises(BeyondCore):
        scene.engine.list_signing_keys()
    with pytest.raises(BeyondCore):
        scene.engine.revoke_signing_keys(("d-1",))
    assert scene.engine.clean_up() == 0


def test_engine_without_a_place() -> None:
    """Neither store nor core is a mistake, said when the engine is built."""
    with pytest.raises(ConfigurationError, match="store"):
        Engine(CONFIG)


def test_core_of_the_other_kind() -> None:
    """A blocking core in the asynchronous engine is refused when it is built, and the other way round."""
    settings = RemoteCore(hosts=("http://localhost:3567",))
    with pytest.raises(ConfigurationError, match="AsyncHttpCore"):
        AsyncEngine(CONFIG, core=HttpCore(settings))  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="HttpCore"):
        Engine(CONFIG, core=AsyncHttpCore(settings))  # type: ignore[arg-type]


def test_providers_without_a_ledger() -> None:
    """Migration needs a store, also where sessions live elsewhere."""
    with_provider = Config(http=CONFIG.http, secrets=CONFIG.secrets, providers=(issuer.provider(),))
    core = HttpCore(RemoteCore(hosts=("http://localhost:3567",)))
    with pytest.raises(ConfigurationError, match="ledger"):
        Engine(with_provider, core=core)
    Engine(with_provider, store=MemoryStore(), core=core).close()


def test_plain_http_is_said_aloud(caplog: pytest.LogCaptureFixture) -> None:
    """Tokens and keys that travel unencrypted are an operator's decision; this machine is nobody else's."""
    Engine(CONFIG, core=HttpCore(RemoteCore(hosts=("http://localhost:3567", "https://core.example")))).close()
    assert not caplog.text
    Engine(CONFIG, core=HttpCore(RemoteCore(hosts=("http://core-1:3567",)))).close()
    assert "core-1:3567" in caplog.text


def test_migration_route() -> None:
    """The browser route moves a signed-in user onto the core, once, and the session ends with the old one."""
    clock = ManualClock(issuer.NOW)
    wire, store = InProcess(clock), MemoryStore()
    config = Config(http=CONFIG.http, secrets=CONFIG.secrets, providers=(issuer.provider(),))
    engine = Engine(config, store=store, core=wire, clock=clock)
    headers = (
        ("authorization", f"Bearer {issuer.token()}"),
        ("idempotency-key", "0e0e7bd4-4dbb-4a6f-9f0a-0d3d6e3f2a51"),
        ("st-auth-mode", "header"),
    )
    request = HttpRequest(method="POST", path="/auth/migrate-session", headers=headers)
    response = engine.respond(request)
    assert response.status == 200, response.body
    refresh = dict(response.actions.headers)["st-refresh-token"]
    (session,) = engine.list_sessions(UserId("alice"))
    assert session.provenance is not None
    assert session.absolute_expires_at is not None
    assert engine.refresh(refresh).session.absolute_expires_at == session.absolute_expires_at
    stranger = ("idempotency-key", "4f6a1c0e-9a3c-4a43-8a39-7a6f7a1d9b02")
    refused = engine.respond(
        HttpRequest(method="POST", path="/auth/migrate-session", headers=(headers[0], stranger))
    )
    assert refused.status == 409
    counted = {each.outcome.code: each.count for each in store.count_attempts(PUBLIC_APP)}
    assert counted["MIGRATED"] == 1
    wire.inner.broken = True
    away = engine.respond(request)
    assert away.status == 503
    wire.inner.broken = False
    engine.close()


def test_live_keys_need_outgoing_http() -> None:
    """As with a store: what could never be asked for is refused when the engine is built."""
    live = Provider(
        name="old",
        issuers=(issuer.ISSUER,),
        keys=LiveKeys(issuer=issuer.ISSUER),
        audiences=frozenset({issuer.AUDIENCE}),
        authorized_parties=frozenset({issuer.CLIENT}),
        issued_before=issuer.NOW,
        check_user=issuer.provider().check_user,
        live_check=issuer.provider().live_check,
    )
    config = Config(http=CONFIG.http, secrets=CONFIG.secrets, providers=(live,))
    with pytest.raises(ConfigurationError, match="HttpWeb"):
        Engine(config, store=MemoryStore(), core=HttpCore(RemoteCore(hosts=("http://localhost:1",))))
