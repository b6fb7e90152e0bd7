"""What emptying removed apps and tenants promises."""

from __future__ import annotations

from msgspec.structs import replace

from segue.core.model import Put, Removal, UserIdMapping
from segue.ids import PUBLIC_APP, AppId, TenantId, UserId
from segue.migration.model import DeliveryState
from segue.migration.rollout import SHADOW
from segue.sessions.model import ByTenant
from segue.stores.contract.apps import ACME, app, tenant
from segue.stores.contract.examples import (
    DAY,
    NOW,
    OTHER_APP,
    claim,
    delivery,
    handle,
    link,
    session,
    signing_key,
)
from segue.stores.contract.oversight import record
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store

LATER = NOW + DAY
GONE = Removal(app_id=OTHER_APP, removed_at=NOW)
GONE_TENANT = Removal(app_id=OTHER_APP, tenant_id=ACME, removed_at=NOW)
ADA, GRACE, EXTERNAL = UserId("ada"), UserId("grace"), UserId("external")


def fill(store: Store, app_id: AppId, *, first: int) -> None:
    """An app with two rows of everything that belongs to one; sessions and the like are numbered from *first*."""
    store.put_app(app(app_id))
    for number in (first, first + 1):
        tenant_id = TenantId(f"tenant-{number}")
        store.put_tenant(tenant(tenant_id, app_id=app_id))
        store.create_session(session(number, app_id=app_id, tenant_id=tenant_id))
        mine = replace(claim(number, session_number=number + 10), app_id=app_id)
        queued = (replace(delivery(number), app_id=app_id),)
        store.claim_and_create(mine, session(number + 10, app_id=app_id), queued)
        user_id, external_id = UserId(f"user {number}"), UserId(f"external {number}")
        store.create_mapping(UserIdMapping(app_id=app_id, user_id=user_id, external_id=external_id))
        store.add_users(app_id, (user_id,))
        store.add_attempts((record(number, app_id=app_id), record(number + 10, app_id=app_id)))
        store.link_identity(replace(link(number), app_id=app_id))
        store.set_rollout(app_id, f"old {number}", SHADOW, at=NOW)
    store.fold_attempts(app_id, before=LATER, limit=1)
    store.add_signing_key(app_id, signing_key("k-1"), if_newest=None)
    store.add_signing_key(app_id, signing_key("k-2", created_at=LATER), if_newest="k-1")


def contents(store: Store, app_id: AppId, *, first: int) -> dict[str, int]:
    """How many of the rows that `fill` made are there."""
    pair = (first, first + 1)
    numbers = (*pair, first + 10, first + 11)
    pending = store.list_deliveries(state=DeliveryState.PENDING, limit=100)
    return {
        "sessions": sum(store.load_session(app_id, handle(number)) is not None for number in numbers),
        "claims": sum(store.find_claim(app_id, claim(number).claim_id) is not None for number in pair),
        "deliveries": sum(each.app_id == app_id for each in pending),
        "attempts": sum(each.count for each in store.count_attempts(app_id)),
        "identities": len(store.list_identities(app_id, ADA, limit=10)),
        "rollouts": len(store.load_rollouts(app_id)),
        "mappings": sum(bool(store.find_mappings(app_id, UserId(f"user {number}"))) for number in pair),
        "users": sum(store.user_exists(app_id, UserId(f"user {number}")) for number in pair),
        "keys": len(store.load_signing_keys(app_id)),
        "tenants": len(store.list_tenants(app_id)),
    }


WHOLE = {"sessions": 4, "attempts": 4} | dict.fromkeys(
    ("claims", "deliveries", "identities", "rollouts", "mappings", "users", "keys", "tenants"), 2
)


def clear(store: Store, removal: Removal, *, limit: int = 100, forget: bool = False) -> int:
    """Call until there is nothing left; how often there was."""
    rounds = 0
    while store.clear_removed(removal, at=LATER, limit=limit, forget=forget):
        rounds += 1
    return rounds


class RemovalsContract(Contract):
    """`Removals`."""

    def test_everything_of_an_app_goes(self, store: Store) -> None:
        """Clearing a removed app leaves nothing of it, and everything of the others."""
        fill(store, OTHER_APP, first=1)
        fill(store, PUBLIC_APP, first=21)
        assert contents(store, OTHER_APP, first=1) == contents(store, PUBLIC_APP, first=21) == WHOLE
        store.remove_app(OTHER_APP, at=NOW)
        clear(store, GONE)
        assert set(contents(store, OTHER_APP, first=1).values()) == {0}
        assert contents(store, PUBLIC_APP, first=21) == WHOLE

    def test_sessions_that_are_cleared_are_told(self, store: Store) -> None:
        """Each session of a removed app has one entry in the feed, of the instant of the clearing."""
        fill(store, OTHER_APP, first=1)
        store.remove_app(OTHER_APP, at=NOW)
        clear(store, GONE, limit=3)
        told = [(each.app_id, each.handle, each.revoked_at) for each in store.revocations_after(0, limit=99)]
        assert sorted(told) == [(OTHER_APP, handle(number), LATER) for number in (1, 2, 11, 12)]

    def test_clearing_is_bounded(self, store: Store) -> None:
        """At most *limit* rows go in one call, of all tables together."""
        fill(store, OTHER_APP, first=1)
        store.remove_app(OTHER_APP, at=NOW)
        for limit in (1, 2, 4):
            before = sum(contents(store, OTHER_APP, first=1).values())
            assert store.clear_removed(GONE, at=LATER, limit=limit, forget=True)
            after = sum(contents(store, OTHER_APP, first=1).values())
            assert before - after == limit
        assert clear(store, GONE, limit=5) == 4  # 17 of 24 are left

    def test_living_app_is_not_cleared(self, store: Store) -> None:
        """Nothing goes of an app that is not removed, nor by a removal of another instant."""
        fill(store, OTHER_APP, first=1)
        assert not store.clear_removed(GONE, at=LATER, limit=100, forget=True)
        assert contents(store, OTHER_APP, first=1) == WHOLE
        store.remove_app(OTHER_APP, at=LATER)
        assert not store.clear_removed(GONE, at=LATER, limit=100, forget=True)
        assert contents(store, OTHER_APP, first=1)["sessions"] == 4

    def test_removals_are_listed(self, store: Store) -> None:
        """Removed apps and tenants are listed, the oldest first, until they are forgotten."""
        assert store.list_removals() == ()
        store.put_app(app())
        store.put_tenant(tenant())
        store.remove_app(OTHER_APP, at=LATER)
        store.remove_tenant(OTHER_APP, ACME, at=NOW)
        later = Removal(app_id=OTHER_APP, removed_at=LATER)
        assert store.list_removals() == (GONE_TENANT, later)
        clear(store, GONE_TENANT, forget=True)
        assert store.list_removals() == (later,)
        clear(store, later, forget=True)
        assert store.list_removals() == ()

    def test_id_is_free_when_forgotten(self, store: Store) -> None:
        """An app that was cleared but not forgotten keeps its id; once forgotten, it can be made anew, empty."""
        store.put_app(app(config={"old": 1}))
        store.remove_app(OTHER_APP, at=NOW)
        clear(store, GONE)
        assert store.put_app(app()) is Put.REMOVED
        clear(store, GONE, forget=True)
        assert store.put_app(app(config={"new": 1})) is Put.CREATED
        assert store.load_apps() == (app(config={"new": 1}),)

    def test_not_forgotten_before_it_is_empty(self, store: Store) -> None:
        """As long as a row is left, the removal stays, also when it is to be forgotten."""
        fill(store, OTHER_APP, first=1)
        store.remove_app(OTHER_APP, at=NOW)
        while store.clear_removed(GONE, at=LATER, limit=1, forget=True):
            assert store.put_app(app()) is Put.REMOVED
        assert store.list_removals() == ()
        assert set(contents(store, OTHER_APP, first=1).values()) == {0}

    def test_app_made_anew_is_not_cleared(self, store: Store) -> None:
        """Whoever still clears the old app does not touch the new one of the same id."""
        store.put_app(app())
        store.remove_app(OTHER_APP, at=NOW)
        clear(store, GONE, forget=True)
        fill(store, OTHER_APP, first=1)
        assert not store.clear_removed(GONE, at=LATER, limit=100, forget=True)
        assert contents(store, OTHER_APP, first=1) == WHOLE

    def test_written_late(self, store: Store) -> None:
        """What is written after a clearing goes with the next one, as long as the removal is not forgotten."""
        store.put_app(app())
        store.remove_app(OTHER_APP, at=NOW)
        clear(store, GONE)
        store.create_session(session(1, app_id=OTHER_APP))
        assert clear(store, GONE, forget=True) == 1
        assert store.load_session(OTHER_APP, handle(1)) is None

    def test_sessions_of_a_tenant_go(self, store: Store) -> None:
        """Clearing a removed tenant takes its sessions, and nothing else of the app."""
        fill(store, OTHER_APP, first=1)
        store.put_tenant(tenant())
        for number in (5, 6, 7):
            store.create_session(session(number, app_id=OTHER_APP, tenant_id=ACME))
            store.create_session(session(number, app_id=PUBLIC_APP, tenant_id=ACME))
        store.remove_tenant(OTHER_APP, ACME, at=NOW)
        assert clear(store, GONE_TENANT, limit=2) == 2
        assert store.list_sessions(OTHER_APP, ByTenant(tenant_id=ACME), at=NOW, limit=9) == ()
        assert len(store.list_sessions(PUBLIC_APP, ByTenant(tenant_id=ACME), at=NOW, limit=9)) == 3
        assert contents(store, OTHER_APP, first=1) == WHOLE
        told = [(each.handle, each.revoked_at) for each in store.revocations_after(0, limit=99)]
        assert sorted(told) == [(handle(number), LATER) for number in (5, 6, 7)]

    def test_removed_tenant_goes_with_its_app(self, store: Store) -> None:
        """Clearing an app forgets its tenants that were removed before."""
        store.put_app(app())
        store.put_tenant(tenant())
        store.remove_tenant(OTHER_APP, ACME, at=NOW)
        store.remove_app(OTHER_APP, at=NOW)
        clear(store, GONE, forget=True)
        assert store.list_removals() == ()
        assert store.put_tenant(tenant()) is Put.CREATED
