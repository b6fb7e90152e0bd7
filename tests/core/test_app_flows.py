"""Apps and tenants are made, changed and removed, whoever dies or comes between."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from segue.core import app_flows
from segue.core.app_flows import LINGER
from segue.core.model import App, Put, Tenant
from segue.errors import Contended, StoreUnavailable
from segue.flow import drive, performer
from segue.ids import PUBLIC_APP, PUBLIC_TENANT, AppId, TenantId, UserId
from segue.stores.contract.examples import handle, session
from segue.stores.memory import MemoryStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.flow import Ask, Flow
    from segue.json import JsonObject

NOW = datetime(2026, 11, 5, 9, 30, tzinfo=UTC)
SOON = NOW + timedelta(seconds=5)
SHOP = AppId("shop")
ACME = TenantId("acme")
SESSIONS = 2500


def asking(store: MemoryStore) -> Callable[[Ask[Any]], Any]:
    """The ports of the flows."""
    return performer({"AppStore": store, "Removals": store})


def put(store: MemoryStore, config: JsonObject | None = None, *, now: datetime = NOW) -> bool:
    """Put the app."""
    app = App(app_id=SHOP, config=config or {}, created_at=now)
    return drive(app_flows.put_app(app, now=now), asking(store))


def delete(store: MemoryStore, *, now: datetime = NOW) -> bool:
    """Delete the app."""
    return drive(app_flows.delete_app(SHOP, now=now), asking(store))


def clear(store: MemoryStore, *, now: datetime) -> int:
    """Upkeep, until it has nothing to do; how often it had."""
    rounds = 0
    while drive(app_flows.clear_removals(now=now, limit=1000), asking(store)):
        rounds += 1
    return rounds


def finish(flow: Flow[bool], step: Ask[Any], store: MemoryStore) -> bool:
    """Run a flow that waits at this step to its end."""
    while True:
        try:
            step = flow.send(asking(store)(step))
        except StopIteration as done:
            result: bool = done.value
            return result


def left(store: MemoryStore) -> int:
    """How many of its sessions are there."""
    return sum(store.load_session(SHOP, handle(number)) is not None for number in range(SESSIONS))


@pytest.fixture
def store() -> MemoryStore:
    """One with an app of a tenant and many sessions."""
    made = MemoryStore()
    put(made, {"old": 1})
    made.put_tenant(Tenant(app_id=SHOP, tenant_id=ACME, config={}, created_at=NOW))
    for number in range(SESSIONS):
        tenant_id = ACME if number % 2 else PUBLIC_TENANT
        made.create_session(session(number, app_id=SHOP, tenant_id=tenant_id))
    return made


def test_put(store: MemoryStore) -> None:
    """An app is made once, and then changed."""
    assert not put(store, {"new": 2})
    assert not put(store, {"old": None})
    assert store.load_apps() == (App(app_id=SHOP, config={"new": 2}, created_at=NOW),)


def test_delete(store: MemoryStore) -> None:
    """Deleting an app leaves nothing of it, tells of every session, and is done once."""
    assert delete(store)
    assert (store.load_apps(), store.list_tenants(SHOP), left(store)) == ((), (), 0)
    assert store.last_revocation() == SESSIONS
    assert not delete(store)


def test_unknown_app() -> None:
    """An app that is not there is not deleted."""
    assert not delete(MemoryStore())


def test_public_ones_stay(store: MemoryStore) -> None:
    """The public app and a public tenant cannot be deleted."""
    with pytest.raises(ValueError, match="public"):
        drive(app_flows.delete_app(PUBLIC_APP, now=NOW), asking(store))
    with pytest.raises(ValueError, match="public"):
        drive(app_flows.delete_tenant(SHOP, PUBLIC_TENANT, now=NOW), asking(store))


def test_delete_tenant(store: MemoryStore) -> None:
    """Deleting a tenant takes its sessions and leaves the others; it can be made anew."""
    assert drive(app_flows.delete_tenant(SHOP, ACME, now=NOW), asking(store))
    assert not drive(app_flows.delete_tenant(SHOP, ACME, now=NOW), asking(store))
    assert left(store) == SESSIONS // 2
    new = Tenant(app_id=SHOP, tenant_id=ACME, config={"new": 1}, created_at=SOON)
    assert drive(app_flows.put_tenant(new, now=SOON), asking(store))
    assert not drive(app_flows.put_tenant(new, now=SOON), asking(store))
    assert store.list_tenants(SHOP) == (new,)


def test_made_anew(store: MemoryStore) -> None:
    """An app made under the id of a deleted one has none of its settings, sessions or tenants."""
    delete(store)
    assert put(store, {"new": 2}, now=SOON)
    assert store.load_apps() == (App(app_id=SHOP, config={"new": 2}, created_at=SOON),)
    assert store.list_removals() == ()
    assert left(store) == 0


@pytest.mark.parametrize("after", [False, True], ids=["before the step", "after the step"])
@pytest.mark.parametrize("dies", range(5))
def test_killed_at_every_step(store: MemoryStore, dies: int, after: bool) -> None:
    """Wherever deleting breaks off, nobody uses the app once it is marked, and upkeep finishes the work."""
    asked = 0

    def perform(step: Ask[Any]) -> Any:
        nonlocal asked
        asked += 1
        answer = asking(store)(step) if asked <= dies or after else None
        if asked > dies:
            raise StoreUnavailable("killed")
        return answer

    with pytest.raises(StoreUnavailable, match="killed"):
        drive(app_flows.delete_app(SHOP, now=NOW), perform)
    marked = dies > 0 or after
    assert (store.load_apps() == ()) == marked
    clear(store, now=SOON)
    assert left(store) == (0 if marked else SESSIONS)
    assert store.last_revocation() == (SESSIONS if marked else 0)


@pytest.mark.parametrize("steps", range(1, 5))
def test_made_anew_while_it_is_deleted(store: MemoryStore, steps: int) -> None:
    """Whoever makes the app anew finishes what the deleter has begun, who then touches nothing of the new one."""
    deleting = app_flows.delete_app(SHOP, now=NOW)
    step = deleting.send(None)
    for _ in range(steps):
        step = deleting.send(asking(store)(step))
    assert put(store, {"new": 2}, now=SOON)
    store.create_session(session(1, app_id=SHOP, user_id=UserId("new")))
    assert finish(deleting, step, store) is True
    kept = store.load_session(SHOP, handle(1))
    assert kept is not None
    assert kept.user_id == "new"
    assert len(store.load_apps()) == 1


def test_deletion_and_upkeep_share_the_work(store: MemoryStore) -> None:
    """Where upkeep clears while a deletion does, each session is told once, and both end."""
    deleting = app_flows.delete_app(SHOP, now=NOW)
    step = deleting.send(None)
    for _ in range(2):
        step = deleting.send(asking(store)(step))
    assert clear(store, now=SOON) == 2
    assert finish(deleting, step, store) is True
    assert left(store) == 0
    assert store.last_revocation() == SESSIONS


def test_removal_lingers(store: MemoryStore) -> None:
    """What an instance writes that has not heard of the deletion goes within the hour; then the id is forgotten."""
    delete(store)
    store.create_session(session(1, app_id=SHOP))
    assert clear(store, now=SOON) == 1
    assert left(store) == 0
    assert len(store.list_removals()) == 1
    clear(store, now=NOW + LINGER)
    assert store.list_removals() == ()
    assert store.put_app(App(app_id=SHOP, config={}, created_at=SOON)) is Put.CREATED


def test_removed_again_and_again(store: MemoryStore) -> None:
    """An app that others remove before each attempt to make it is given up on, and says so."""
    delete(store)

    def perform(step: Ask[Any]) -> Any:
        return Put.REMOVED if step.name == "put_app" else asking(store)(step)

    with pytest.raises(Contended):
        drive(app_flows.put_app(App(app_id=SHOP, config={}, created_at=SOON), now=SOON), perform)
