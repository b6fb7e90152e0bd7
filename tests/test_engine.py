"""The two shells: alike to the letter, and a whole life of a session through each."""

from __future__ import annotations

import asyncio
import inspect
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from segue import AsyncEngine, ByTenant, ByUser, Config, Engine, HttpSettings, LiveKeys, NewSession, Provider
from segue.application import Application
from segue.errors import (
    ConfigurationError,
    KeyUnknown,
    ReuseDetected,
    StoreUnavailable,
    TokenExpired,
    TokenRefused,
    UnknownRefreshToken,
)
from segue.ids import PUBLIC_APP, AppId, TenantId, UserId
from segue.migration.mapping import SAME_ID
from segue.migration.user_state import KEYS_ONLY
from segue.stores.contract.examples import session as stored_session
from segue.stores.memory import AsyncMemoryStore, MemoryStore
from tests.support import issuer
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from segue.ids import SessionHandle
    from segue.migration.model import Identity

SECRET = "a deployment secret for tests, 0123456789"


def config(*providers: Provider) -> Config:
    """A deployment on localhost."""
    return Config(
        http=HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000"),
        secrets=(SECRET,),
        providers=providers,
    )


def engine(clock: ManualClock, *providers: Provider) -> Engine:
    """An engine in memory."""
    return Engine(config(*providers), store=MemoryStore(), clock=clock)


def alice() -> NewSession:
    """A session to be created."""
    return NewSession(user_id=UserId("alice"), payload={"plan": "gold"}, data={"cart": 3})


def public(kind: type) -> dict[str, str]:
    """The public methods of a class and their signatures as written."""
    return {
        name: str(inspect.signature(method))
        for name, method in inspect.getmembers(kind, inspect.isfunction)
        if not name.startswith("_")
    }


def test_both_shells_have_the_same_methods() -> None:
    """What one engine can do the other can too, with the same arguments and results."""
    assert public(Engine) == public(AsyncEngine)


def test_life_of_a_session() -> None:
    """Created, verified, refreshed and revoked; the access token shows the payload and never the data."""
    clock = ManualClock(issuer.NOW)
    made = engine(clock)
    issued = made.create_session(alice())
    claims = made.verify_access_token(issued.access.text)
    assert (claims.user_id, claims.payload["plan"], "cart" in claims.payload) == ("alice", "gold", False)
    refreshed = made.refresh(issued.refresh.text)
    assert refreshed.session.handle == issued.session.handle
    assert made.revoke(issued.session.handle) == (issued.session.handle,)
    assert made.load_session(issued.session.handle) is None
    with pytest.raises(UnknownRefreshToken):
        made.refresh(refreshed.refresh.text)


def test_data_is_replaced() -> None:
    """What stays on the server is replaced as a whole; of a session that is gone the caller is told."""
    made = engine(ManualClock(issuer.NOW))
    handle = made.create_session(alice()).session.handle
    assert made.replace_data(handle, {"cart": 4})
    stored = made.load_session(handle)
    assert stored is not None
    assert (stored.data, stored.payload["plan"]) == ({"cart": 4}, "gold")
    made.revoke(handle)
    assert not made.replace_data(handle, {})


def test_life_of_a_session_on_an_event_loop() -> None:
    """The asynchronous shell drives the same flows."""

    async def life() -> None:
        made = AsyncEngine(config(), store=AsyncMemoryStore(), clock=ManualClock(issuer.NOW))
        issued = await made.create_session(alice())
        refreshed = await made.refresh(issued.refresh.text)
        claims = await made.verify_access_token(refreshed.access.text)
        assert claims.handle == issued.session.handle
        assert await made.list_sessions(UserId("alice")) == (refreshed.session,)
        await made.close()

    asyncio.run(life())


def test_a_lost_reply_is_repaired_and_a_thief_is_not() -> None:
    """Inside the window the parent gets the same successor; after its use the family is revoked, another one is not."""
    clock = ManualClock(issuer.NOW)
    made = engine(clock)
    stolen, other = made.create_session(alice()), made.create_session(alice())
    first = made.refresh(stolen.refresh.text)
    clock.advance(timedelta(seconds=29))
    assert made.refresh(stolen.refresh.text).refresh.text == first.refresh.text
    made.refresh(first.refresh.text)
    with pytest.raises(ReuseDetected):
        made.refresh(stolen.refresh.text)
    assert [session.handle for session in made.list_sessions(UserId("alice"))] == [other.session.handle]


def test_a_restored_copy_signs_nobody_out() -> None:
    """A store that lost two rotations takes the client's newest token, and still knows a thief's older one after it."""
    made = engine(ManualClock(issuer.NOW))
    stolen = made.create_session(alice())
    backup = made.store.load_session(PUBLIC_APP, stolen.session.handle)
    newest = made.refresh(made.refresh(stolen.refresh.text).refresh.text)
    made.revoke(stolen.session.handle)
    assert backup is not None
    made.store.create_session(backup)  # what a restore does behind the engine's back
    following = made.refresh(newest.refresh.text)
    assert made.refresh(following.refresh.text).session.handle == stolen.session.handle
    with pytest.raises(ReuseDetected):
        made.refresh(stolen.refresh.text)


def test_keys_rotate_and_old_tokens_stay_good() -> None:
    """A token signed by the previous key verifies until its own end, and not a second longer."""
    clock = ManualClock(issuer.NOW)
    made = engine(clock)
    made.create_session(alice())
    clock.advance(timedelta(hours=167, minutes=50))
    before = made.create_session(alice())
    clock.advance(timedelta(minutes=30))
    after = made.create_session(alice())
    assert before.access.key_id != after.access.key_id
    assert made.verify_access_token(before.access.text).user_id == "alice"
    clock.advance(timedelta(hours=1))
    with pytest.raises(TokenExpired):
        made.verify_access_token(before.access.text)


def test_two_engines_on_one_store_know_each_others_keys() -> None:
    """Whichever instance makes the keys, the other verifies what it signs."""
    clock, store = ManualClock(issuer.NOW), MemoryStore()
    one, two = (Engine(config(), store=store, clock=clock) for _ in range(2))
    assert two.verify_access_token(one.create_session(alice()).access.text).user_id == "alice"
    clock.advance(timedelta(hours=168, minutes=1))
    issued = one.create_session(alice())
    assert two.verify_access_token(issued.access.text).user_id == "alice"


def test_revoked_signing_key() -> None:
    """After a key became known its tokens are refused everywhere, and nobody has to sign in again for it."""
    clock, store = ManualClock(issuer.NOW), MemoryStore()
    here, there = (Engine(config(), store=store, clock=clock) for _ in range(2))
    issued = here.create_session(alice())
    there.verify_access_token(issued.access.text)
    clock.advance(timedelta(seconds=1))
    keys = here.revoke_signing_keys((issued.access.key_id,))
    assert issued.access.key_id not in {key.key_id for key in keys}
    with pytest.raises(KeyUnknown):
        here.verify_access_token(issued.access.text)
    clock.advance(timedelta(seconds=30))
    with pytest.raises(KeyUnknown):
        there.verify_access_token(issued.access.text)
    refreshed = here.refresh(issued.refresh.text)
    assert there.verify_access_token(refreshed.access.text).handle == issued.session.handle


def test_nothing_crosses_between_apps() -> None:
    """Two apps on one store and with one secret: neither's tokens, users or handles mean anything to the other."""
    clock, store = ManualClock(issuer.NOW), MemoryStore()
    here = Engine(config(), store=store, clock=clock)
    there = Engine(replace(config(), app_id=AppId("other")), store=store, clock=clock)
    issued = here.create_session(alice())
    with pytest.raises(TokenRefused):
        there.verify_access_token(issued.access.text)
    with pytest.raises(UnknownRefreshToken):
        there.refresh(issued.refresh.text)
    assert there.list_sessions(UserId("alice")) == ()
    assert there.revoke(issued.session.handle) == ()
    assert here.verify_access_token(issued.access.text).user_id == "alice"


def test_tenant_of_many_is_signed_out() -> None:
    """More sessions than one batch holds go all, each told once, and a failure between two batches undoes none."""

    class Failing(MemoryStore):
        batches = 0

        def delete_sessions(
            self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime
        ) -> tuple[SessionHandle, ...]:
            """Fails once, at the second batch."""
            self.batches += 1
            if self.batches == 2:
                raise StoreUnavailable("away")
            return super().delete_sessions(app_id, handles, at=at)

    store, acme = Failing(), ByTenant(tenant_id=TenantId("acme"))
    made = Engine(config(), store=store, clock=ManualClock(issuer.NOW))
    for number in range(1100):
        store.create_session(stored_session(number, tenant_id=acme.tenant_id, created_at=issuer.NOW))
    with pytest.raises(StoreUnavailable):
        made.revoke(acme)
    left = store.select_handles(PUBLIC_APP, acme, limit=2000)
    assert 0 < len(left) < 1100
    assert sorted(made.revoke(acme)) == sorted(left)
    assert store.select_handles(PUBLIC_APP, acme, limit=1) == ()
    assert len({entry.handle for entry in store.revocations_after(0, limit=2000)}) == 1100


def test_list_page_by_page() -> None:
    """A list goes on after the last session of the page before."""
    clock = ManualClock(issuer.NOW)
    made = engine(clock)
    for _ in range(5):
        made.create_session(alice())
        clock.advance(timedelta(seconds=1))
    whole = made.list_sessions(UserId("alice"))
    first = made.list_sessions(UserId("alice"), limit=3)
    assert first + made.list_sessions(UserId("alice"), limit=3, after=first[-1]) == whole


def test_tenants_of_one_app() -> None:
    """A tenant is in the handle, in the access token and in what is listed and revoked; keys are the app's."""
    made = engine(ManualClock(issuer.NOW))
    public = made.create_session(alice())
    acme = made.create_session(replace(alice(), tenant_id=TenantId("acme")))
    assert acme.session.handle.endswith("_acme")
    assert made.verify_access_token(acme.access.text).tenant_id == "acme"
    assert made.refresh(acme.refresh.text).session.tenant_id == "acme"
    assert [one.handle for one in made.list_sessions(UserId("alice"), tenant_id=TenantId("acme"))] == [
        acme.session.handle
    ]
    assert made.revoke(ByTenant(tenant_id=TenantId("acme"))) == (acme.session.handle,)
    assert made.load_session(public.session.handle) is not None


def test_sign_out_other_devices() -> None:
    """All sessions of the user but one are revoked; another user's are untouched."""
    made = engine(ManualClock(issuer.NOW))
    kept, gone = made.create_session(alice()), made.create_session(alice())
    bob = made.create_session(NewSession(user_id=UserId("bob"), payload={}, data={}))
    revoked = made.revoke(ByUser(user_id=UserId("alice"), except_handle=kept.session.handle))
    assert revoked == (gone.session.handle,)
    assert made.load_session(kept.session.handle) is not None
    assert made.load_session(bob.session.handle) is not None


def test_plain_http_on_a_public_name_is_said_aloud(caplog: pytest.LogCaptureFixture) -> None:
    """Tokens that travel unencrypted are an operator's decision, never a silent one."""
    settings = HttpSettings(api_domain="http://api.example.com", website_domain="http://example.com")
    Engine(replace(config(), http=settings), store=MemoryStore())
    assert "https" in caplog.text
    caplog.clear()
    Engine(config(), store=MemoryStore())
    assert not caplog.text


def test_store_of_the_other_kind() -> None:
    """A blocking store in the asynchronous engine is refused when it is built, not at the first request."""
    with pytest.raises(ConfigurationError, match="MemoryStore"):
        AsyncEngine(config(), store=MemoryStore())  # type: ignore[arg-type]


def test_live_keys_without_outgoing_http() -> None:
    """An engine that could never ask for keys is refused when it is built."""
    live = Provider(
        name="old",
        issuers=(issuer.ISSUER,),
        keys=LiveKeys(issuer=issuer.ISSUER),
        audiences=frozenset({issuer.AUDIENCE}),
        authorized_parties=frozenset({issuer.CLIENT}),
        live_check=KEYS_ONLY,
    )
    with pytest.raises(ConfigurationError, match="HttpWeb"):
        engine(ManualClock(issuer.NOW), live)


def test_a_providers_token_is_verified_alone() -> None:
    """The low-level part: whom does this token speak of? Nothing is written."""
    made = engine(ManualClock(issuer.NOW), issuer.provider())
    identity = made.verify_provider_token(issuer.token())
    assert (identity.issuer, identity.subject) == (issuer.ISSUER, "alice")


async def _mapped_later(_: Identity) -> str:
    return "later"


@pytest.mark.parametrize("mapping", [_mapped_later], ids=["coroutine function"])
def test_mapping_that_the_blocking_engine_cannot_await(mapping: Callable[[Identity], str]) -> None:
    """A coroutine function under the blocking engine fails loudly, never as a user called `<coroutine>`."""
    provider = replace(issuer.provider(), map_user=mapping)
    assert provider.map_user is not SAME_ID
    made = engine(ManualClock(issuer.NOW), provider)
    identity = made.verify_provider_token(issuer.token())
    with pytest.raises(ConfigurationError, match="AsyncEngine"):
        Application((provider,), None).map_user(identity)
