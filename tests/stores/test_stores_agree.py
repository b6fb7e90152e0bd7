"""Whatever is done to them, the SQLite store and the memory store say the same."""

from __future__ import annotations

import shutil
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, rule
from msgspec.structs import replace

from segue.core.model import App, Removal, Tenant, UserIdMapping
from segue.errors import StoreUnavailable
from segue.ids import PUBLIC_APP, PUBLIC_TENANT, TenantId, UserId
from segue.migration.model import DeliveryState
from segue.sessions.model import ByHandle, ByProvenance, ByTenant, ByUser, Family, Position, Selection
from segue.stores.contract.examples import (
    ISSUER,
    NOW,
    OTHER_APP,
    SECRET,
    claim,
    delivery,
    digest,
    handle,
    provenance,
    rotation,
    session,
    signing_key,
)
from segue.stores.memory import MemoryStore
from segue.stores.sqlite import SqliteStore
from segue.tokens.signing_keys import KeyKind
from tests.stores.conftest import MEMORY

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.ids import AppId
    from segue.json import JsonObject
    from segue.stores.ports import Store

numbers = st.integers(0, 5)
instants = st.integers(-5, 30).map(lambda steps: NOW + steps * timedelta(milliseconds=500.5))
apps = st.sampled_from([PUBLIC_APP, OTHER_APP])
tenants = st.sampled_from([PUBLIC_TENANT, TenantId("acme")])
users = st.sampled_from([UserId("ada"), UserId("grace")])
limits = st.integers(1, 3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
json_objects = st.dictionaries(st.text(max_size=5), json_values, max_size=3)
codes = st.none() | st.text(st.characters(exclude_characters="\0", codec="utf-8"), max_size=20)
"""Of failed deliveries; ours are plain words, and not every database keeps a NUL."""
settings_changes = st.dictionaries(
    st.sampled_from("ab"),
    st.none() | st.integers(0, 2) | st.dictionaries(st.sampled_from("xy"), st.none() | st.just(1)),
    max_size=2,
)
external_ids = st.sampled_from("abcd").map(UserId)
mappings = st.builds(
    UserIdMapping,
    app_id=st.just(PUBLIC_APP),
    user_id=external_ids,
    external_id=external_ids,
    info=st.none() | st.sampled_from(["i", "j"]),
)
selections: st.SearchStrategy[Selection] = st.one_of(
    st.builds(ByHandle, handles=st.lists(numbers.map(handle), max_size=3).map(tuple)),
    st.builds(
        ByUser,
        user_id=users,
        tenant_id=st.none() | tenants,
        except_handle=st.none() | numbers.map(handle),
    ),
    st.builds(ByTenant, tenant_id=tenants),
    st.builds(
        ByProvenance,
        issuer=st.just(ISSUER),
        verifier_version=st.none() | st.sampled_from(["1.0", "1.1"]),
        created_from=st.none() | instants,
        created_before=st.none() | instants,
    ),
)


class Twins(RuleBasedStateMachine):
    """Every operation is done to a store and to the memory store, and both must answer alike."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self.store = store
        self.memory = MemoryStore()

    def same(self, call: Callable[[Store], object]) -> None:
        """Both answer alike, to the text of numbers, or both refuse."""
        assert _answer(call, self.store) == _answer(call, self.memory)

    def ends_before(self, app_id: AppId, number: int, at: datetime) -> bool:
        """
        Whether the clock of a writer at this instant has gone back.

        Such a one may move a session's end to an earlier instant, and clean-up may then find it only at the former.
        """
        stored = self.memory.load_session(app_id, handle(number))
        return stored is not None and at < stored.refreshed_at

    @rule(
        number=numbers,
        app_id=apps,
        tenant_id=tenants,
        user_id=users,
        at=instants,
        seconds=st.integers(0, 10),
        absolute=st.none() | instants,
        payload=json_objects,
        migrated=st.sampled_from([None, "1.0", "1.1"]),
    )
    def create(  # noqa: PLR0917 - Hypothesis names them
        self,
        number: int,
        app_id: AppId,
        tenant_id: TenantId,
        user_id: UserId,
        at: datetime,
        seconds: int,
        absolute: datetime | None,
        payload: JsonObject,
        migrated: str | None,
    ) -> None:
        """Make a session, perhaps one that is there."""
        made = session(
            number,
            app_id=app_id,
            tenant_id=tenant_id,
            user_id=user_id,
            created_at=at,
            lifetime=timedelta(seconds=seconds),
            absolute_expires_at=absolute,
            payload=payload,
            provenance=None if migrated is None else provenance(number, verifier_version=migrated),
        )
        self.same(lambda store: store.create_session(made))
        self.same(lambda store: store.load_session(app_id, handle(number)))

    @rule(
        number=numbers,
        app_id=apps,
        generation=st.integers(1, 4),
        at=instants,
        static_key=st.none() | st.booleans(),
    )
    def rotate(
        self, number: int, app_id: AppId, generation: int, at: datetime, static_key: bool | None
    ) -> None:
        """Rotate, perhaps with an old token or too late, perhaps to another kind of key."""
        if self.ends_before(app_id, number, at):
            return
        tried = replace(rotation(number, generation, at=at, app_id=app_id), static_key=static_key)
        self.same(lambda store: store.rotate_family(tried))

    @rule(number=numbers, generation=st.integers(0, 3), to=st.integers(0, 3), at=instants)
    def replace_family(self, number: int, generation: int, to: int, at: datetime) -> None:
        """Put another family there."""
        if self.ends_before(PUBLIC_APP, number, at):
            return
        stored = self.memory.load_session(PUBLIC_APP, handle(number))
        lifetime = timedelta(days=1) if stored is None else stored.refresh_lifetime
        new = replace(
            session(number, created_at=at, lifetime=lifetime),
            family=Family(current=digest(f"{number}/{to}"), secret_id=SECRET, generation=to, rotated_at=at),
        )
        current = digest(f"{number}/{generation}")
        self.same(lambda store: store.replace_family(new, if_current=current))

    @rule(number=numbers, payload=st.none() | json_objects, data=st.none() | json_objects)
    def update(self, number: int, payload: JsonObject | None, data: JsonObject | None) -> None:
        """Write payload, data, both or neither."""
        self.same(lambda store: store.update_session(PUBLIC_APP, handle(number), payload=payload, data=data))

    @rule(number=numbers, payload=json_objects, expected=json_objects)
    def update_if(self, number: int, payload: JsonObject, expected: JsonObject) -> None:
        """Write a payload in the place of another one."""
        self.same(
            lambda store: store.update_session(
                PUBLIC_APP, handle(number), payload=payload, data=None, if_payload=expected
            )
        )

    @rule(app_id=apps, selection=selections, at=instants)
    def list_sessions(self, app_id: AppId, selection: Selection, at: datetime) -> None:
        """Find some."""
        self.same(lambda store: store.list_sessions(app_id, selection, at=at, limit=100))
        self.same(lambda store: sorted(store.select_handles(app_id, selection, limit=100)))

    @rule(app_id=apps, selection=selections, at=instants, number=numbers, created_at=instants, limit=limits)
    def list_a_page(  # noqa: PLR0917 - Hypothesis names them
        self,
        app_id: AppId,
        selection: Selection,
        at: datetime,
        number: int,
        created_at: datetime,
        limit: int,
    ) -> None:
        """Find some from a place on, perhaps one where nothing is."""
        place = Position(created_at=created_at, handle=handle(number))
        self.same(lambda store: store.list_sessions(app_id, selection, at=at, limit=limit, after=place))

    @rule(app_id=apps, selection=selections, at=instants, after=st.integers(0, 5), limit=limits)
    def delete(self, app_id: AppId, selection: Selection, at: datetime, after: int, limit: int) -> None:
        """Delete some; the feeds agree but for the order within one deletion."""
        handles = self.memory.select_handles(app_id, selection, limit=100)
        self.same(lambda store: sorted(store.delete_sessions(app_id, handles, at=at)))
        self.same(lambda store: store.last_revocation())
        self.same(lambda store: sorted(_feed(store)))
        self.same(lambda store: [each.sequence for each in store.revocations_after(after, limit=limit)])

    @rule(at=instants, before=instants)
    def clean_up(self, at: datetime, before: datetime) -> None:
        """Let time pass."""
        self.same(lambda store: store.delete_expired(at=at, revocations_before=before, limit=100))
        self.same(lambda store: sorted(_feed(store)))

    @rule(number=numbers, other=numbers, deliveries=st.lists(numbers, max_size=2), at=instants)
    def migrate(self, number: int, other: int, deliveries: list[int], at: datetime) -> None:
        """Claim, perhaps what is claimed or with a session or delivery that is there."""
        mine = claim(number, session_number=other, keep_until=at)
        queued = tuple(delivery(each, due_at=at, created_at=at) for each in deliveries)
        self.same(lambda store: store.claim_and_create(mine, session(other), queued))
        self.same(lambda store: store.find_claim(PUBLIC_APP, mine.claim_id))

    @rule(at=instants)
    def delete_claims(self, at: datetime) -> None:
        """Forget claims."""
        self.same(lambda store: store.delete_claims(kept_until_before=at, limit=100))

    @rule(at=instants, until=instants, limit=limits)
    def take(self, at: datetime, until: datetime, limit: int) -> None:
        """Take deliveries."""
        self.same(lambda store: store.take_deliveries(at=at, lease_until=until, limit=limit))

    @rule(state=st.sampled_from(DeliveryState), at=instants)
    def forget_deliveries(self, state: DeliveryState, at: datetime) -> None:
        """Forget deliveries that were settled."""
        self.same(lambda store: store.delete_deliveries(state=state, settled_before=at, limit=100))

    @rule(number=numbers, state=st.sampled_from(DeliveryState), at=instants, error=codes)
    def settle(self, number: int, state: DeliveryState, at: datetime, error: str | None) -> None:
        """Settle a delivery, perhaps one that is not there."""
        name = delivery(number).delivery_id
        self.same(lambda store: store.settle_delivery(name, state=state, at=at, due_at=at, last_error=error))
        self.same(lambda store: store.list_deliveries(state=state, limit=2))
        self.same(
            lambda store: sorted((state.value, count) for state, count in store.count_deliveries().items())
        )

    @rule(
        number=numbers,
        kind=st.sampled_from(KeyKind),
        at=instants,
        if_newest=st.none() | numbers.map(lambda number: f"k-{number}"),
    )
    def add_key(self, number: int, kind: KeyKind, at: datetime, if_newest: str | None) -> None:
        """Add a key, perhaps when another was faster."""
        key = signing_key(f"k-{number}", kind=kind, created_at=at)
        self.same(lambda store: store.add_signing_key(PUBLIC_APP, key, if_newest=if_newest))
        self.same(lambda store: store.load_signing_keys(PUBLIC_APP))

    @rule(app_id=apps, config=settings_changes, at=instants)
    def put_app(self, app_id: AppId, config: JsonObject, at: datetime) -> None:
        """Make or change an app."""
        self.same(lambda store: store.put_app(App(app_id=app_id, config=config, created_at=at)))
        self.same(lambda store: store.load_apps())

    @rule(app_id=apps, tenant_id=tenants, config=settings_changes, at=instants)
    def put_tenant(self, app_id: AppId, tenant_id: TenantId, config: JsonObject, at: datetime) -> None:
        """Make or change a tenant."""
        put = Tenant(app_id=app_id, tenant_id=tenant_id, config=config, created_at=at)
        self.same(lambda store: store.put_tenant(put))
        self.same(lambda store: store.list_tenants(app_id))

    @rule(app_id=apps, tenant_id=tenants, whole=st.booleans(), at=instants)
    def remove(self, app_id: AppId, tenant_id: TenantId, whole: bool, at: datetime) -> None:
        """Remove an app or a tenant, perhaps one that is not there."""
        if whole:
            self.same(lambda store: store.remove_app(app_id, at=at))
        else:
            self.same(lambda store: store.remove_tenant(app_id, tenant_id, at=at))
        self.same(lambda store: sorted(map(repr, store.list_removals())))

    @rule(forget=st.booleans(), at=instants)
    def clear(self, forget: bool, at: datetime) -> None:
        """Empty what is removed; all at once, because which rows go first is nobody's business."""
        for removal in sorted(self.memory.list_removals(), key=repr):

            def empty(store: Store, removal: Removal = removal) -> None:
                while store.clear_removed(removal, at=at, limit=1000, forget=forget):
                    pass

            self.same(empty)
        self.same(lambda store: sorted(_feed(store)))

    @rule(app_id=apps, mapping=mappings)
    def create_mapping(self, app_id: AppId, mapping: UserIdMapping) -> None:
        """Map a user id, perhaps one that is mapped."""
        self.same(lambda store: store.create_mapping(replace(mapping, app_id=app_id)))
        self.same(lambda store: store.find_mappings(app_id, mapping.external_id))

    @rule(mapping=mappings, delete=st.booleans())
    def change_mapping(self, mapping: UserIdMapping, delete: bool) -> None:
        """Forget a mapping, or write its info."""
        if delete:
            self.same(lambda store: store.delete_mapping(mapping))
        else:
            self.same(lambda store: store.set_mapping_info(mapping))
        self.same(lambda store: store.find_mappings(PUBLIC_APP, mapping.user_id))

    @rule(app_id=apps, batch=st.lists(mappings, max_size=6).map(tuple), register=st.booleans())
    def add_mappings(self, app_id: AppId, batch: tuple[UserIdMapping, ...], register: bool) -> None:
        """Add many, some of which conflict, with what is there or with one another."""
        self.same(lambda store: store.preview_mappings(app_id, batch))
        self.same(lambda store: store.add_mappings(app_id, batch, register=register))

    @rule(app_id=apps, some=st.lists(external_ids, max_size=3).map(tuple), gone=external_ids, at=instants)
    def know_users(self, app_id: AppId, some: tuple[UserId, ...], gone: UserId, at: datetime) -> None:
        """Register users, let one go, and ask for others."""
        self.same(lambda store: store.add_users(app_id, some))
        self.same(lambda store: store.delete_user(app_id, gone))
        self.same(lambda store: [store.user_exists(app_id, each) for each in some])
        self.same(lambda store: store.has_session(app_id, UserId("ada"), at=at))
        self.same(lambda store: store.count_active_users(app_id, since=at))

    @rule(gone=st.lists(numbers, max_size=2))
    def delete_keys(self, gone: list[int]) -> None:
        """Forget keys."""
        self.same(lambda store: store.delete_signing_keys(PUBLIC_APP, tuple(f"k-{each}" for each in gone)))


def _answer(call: Callable[[Store], object], store: Store) -> tuple[str, object]:
    try:
        answer = call(store)
    except StoreUnavailable:
        return "refused", None
    return repr(answer), answer  # the text tells 1 from 1.0, the value tells what the text leaves out


def _feed(store: Store) -> list[tuple[AppId, str, datetime]]:
    return [(each.app_id, each.handle, each.revoked_at) for each in store.revocations_after(0, limit=1000)]


class SqliteTwins(Twins):
    """SQLite and memory."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(dir=MEMORY if MEMORY.is_dir() else None))
        super().__init__(SqliteStore(self.folder / "segue.sqlite3", synchronous="NORMAL"))

    def teardown(self) -> None:
        """Leave nothing behind."""
        self.store.close()
        shutil.rmtree(self.folder)


TestTwins = SqliteTwins.TestCase
TestTwins.settings = settings(
    max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
