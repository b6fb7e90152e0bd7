"""What finding sessions by something else than their handle promises."""

from __future__ import annotations

import pytest

from segue.ids import PUBLIC_APP, PUBLIC_TENANT, TenantId, UserId
from segue.sessions.model import ByHandle, ByProvenance, ByTenant, ByUser, Position, Selection, Session
from segue.stores.contract.examples import (
    DAY,
    ISSUER,
    MOMENT,
    NOW,
    OTHER_APP,
    handle,
    provenance,
    session,
    sign_out,
)
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store

ACME = TenantId("acme")
ADA = UserId("ada")
GRACE = UserId("grace")

SELECTIONS: dict[str, tuple[Selection, set[int]]] = {
    "one handle": (ByHandle(handles=(handle(3),)), {3}),
    "handles, some unknown": (ByHandle(handles=(handle(1), handle(99), handle(5), handle(1))), {1, 5}),
    "handle of another app": (ByHandle(handles=(handle(9),)), set()),
    "no handles": (ByHandle(handles=()), set()),
    "user": (ByUser(user_id=ADA), {1, 2, 5}),
    "user in a tenant": (ByUser(user_id=ADA, tenant_id=ACME), {2}),
    "user but one session": (ByUser(user_id=ADA, except_handle=handle(1)), {2, 5}),
    "user in a tenant but one": (
        ByUser(user_id=ADA, tenant_id=PUBLIC_TENANT, except_handle=handle(5)),
        {1},
    ),
    "user but a stranger's session": (ByUser(user_id=ADA, except_handle=handle(3)), {1, 2, 5}),
    "unknown user": (ByUser(user_id=UserId("ad")), set()),
    "tenant": (ByTenant(tenant_id=ACME), {2, 4, 6}),
    "unknown tenant": (ByTenant(tenant_id=TenantId("ACME")), set()),
    "issuer": (ByProvenance(issuer=ISSUER), {3, 4, 5}),
    "issuer, exactly": (ByProvenance(issuer=ISSUER.rstrip("/")), {6}),
    "verifier version": (ByProvenance(issuer=ISSUER, verifier_version="1.1"), {4}),
    "made from, inclusive": (ByProvenance(issuer=ISSUER, created_from=NOW + 4 * MOMENT), {4, 5}),
    "made before, exclusive": (ByProvenance(issuer=ISSUER, created_before=NOW + 4 * MOMENT), {3}),
    "window and version": (
        ByProvenance(
            issuer=ISSUER,
            verifier_version="1.0",
            created_from=NOW + 4 * MOMENT,
            created_before=NOW + 6 * MOMENT,
        ),
        {5},
    ),
}
"""Each with the numbers of the sessions of `fill` that it means."""

each_selection = pytest.mark.parametrize(("selection", "meant"), SELECTIONS.values(), ids=list(SELECTIONS))


def fill(store: Store) -> None:
    """Six sessions of the public app, made one millisecond after the other, and two that nothing may find."""
    old = provenance(0)
    newer = provenance(0, verifier_version="1.1")
    twin = provenance(0, issuer=ISSUER.rstrip("/"))
    for made in (
        session(1, user_id=ADA, created_at=NOW + MOMENT),
        session(2, user_id=ADA, tenant_id=ACME, created_at=NOW + 2 * MOMENT),
        session(3, user_id=GRACE, provenance=old, created_at=NOW + 3 * MOMENT),
        session(4, user_id=GRACE, tenant_id=ACME, provenance=newer, created_at=NOW + 4 * MOMENT),
        session(5, user_id=ADA, provenance=old, created_at=NOW + 5 * MOMENT),
        session(6, user_id=GRACE, tenant_id=ACME, provenance=twin, created_at=NOW + 6 * MOMENT),
        session(8, app_id=OTHER_APP, user_id=ADA, provenance=old, created_at=NOW + 5 * MOMENT),
        session(9, app_id=OTHER_APP, user_id=ADA, tenant_id=ACME),
    ):
        store.create_session(made)


class IndexContract(Contract):
    """`list_sessions`, `select_handles`, `delete_sessions` and what they select."""

    @each_selection
    def test_list_sessions(self, store: Store, selection: Selection, meant: set[int]) -> None:
        """A selection finds exactly what it says, whole and newest first, and nothing of another app."""
        fill(store)
        found = store.list_sessions(PUBLIC_APP, selection, at=NOW, limit=100)
        assert [each.handle for each in found] == [handle(number) for number in sorted(meant, reverse=True)]
        for each in found:
            assert each == store.load_session(PUBLIC_APP, each.handle)

    @each_selection
    def test_delete_sessions(self, store: Store, selection: Selection, meant: set[int]) -> None:
        """Deleting takes exactly what listing finds, tells the handles, and leaves the others."""
        fill(store)
        deleted = sign_out(store, selection)
        assert sorted(deleted) == [handle(number) for number in sorted(meant)]
        left = {number for number in range(1, 7) if store.load_session(PUBLIC_APP, handle(number))}
        assert left == {1, 2, 3, 4, 5, 6} - meant
        assert store.load_session(OTHER_APP, handle(8))
        assert store.load_session(OTHER_APP, handle(9))

    @each_selection
    def test_delete_is_told_to_the_feed(self, store: Store, selection: Selection, meant: set[int]) -> None:
        """Every deleted session has one entry in the feed, with the instant; the others have none."""
        fill(store)
        sign_out(store, selection)
        entries = store.revocations_after(0, limit=100)
        assert sorted((each.app_id, each.handle, each.revoked_at) for each in entries) == [
            (PUBLIC_APP, handle(number), NOW) for number in sorted(meant)
        ]

    def test_made_in_the_same_moment(self, store: Store) -> None:
        """Sessions of one millisecond are listed in the order of their handles."""
        for number in (2, 3, 1):
            store.create_session(session(number))
        found = store.list_sessions(PUBLIC_APP, ByUser(user_id=ADA), at=NOW, limit=100)
        assert [each.handle for each in found] == [handle(1), handle(2), handle(3)]

    @each_selection
    def test_list_of_sessions_that_are_over(
        self, store: Store, selection: Selection, meant: set[int]
    ) -> None:
        """A session is listed until one millisecond before its end."""
        fill(store)
        for number in meant:
            end = NOW + number * MOMENT + DAY
            for at, listed in ((end - MOMENT, True), (end, False)):
                found = store.list_sessions(PUBLIC_APP, selection, at=at, limit=100)
                assert (handle(number) in {each.handle for each in found}) == listed

    @each_selection
    @pytest.mark.parametrize("size", [1, 2, 5])
    def test_pages(self, store: Store, selection: Selection, meant: set[int], size: int) -> None:
        """Page by page the same sessions come in the same order, each once, also those of one moment."""
        fill(store)
        store.create_session(session(7, user_id=ADA, created_at=NOW + 5 * MOMENT, provenance=provenance(0)))
        whole = store.list_sessions(PUBLIC_APP, selection, at=NOW, limit=100)
        assert len(whole) >= len(meant)
        pages: list[Session] = []
        after = None
        while page := store.list_sessions(PUBLIC_APP, selection, at=NOW, limit=size, after=after):
            assert len(page) <= size
            pages += page
            after = Position.of(page[-1])
        assert tuple(pages) == whole

    def test_page_after_a_session_that_went(self, store: Store) -> None:
        """A list goes on where it was although its last session is gone and newer ones have come."""
        for number in range(1, 5):
            store.create_session(session(number, created_at=NOW + number * MOMENT))
        ada = ByUser(user_id=ADA)
        first = store.list_sessions(PUBLIC_APP, ada, at=NOW, limit=2)
        store.delete_sessions(PUBLIC_APP, (handle(3),), at=NOW)
        store.create_session(session(5, created_at=NOW + 5 * MOMENT))
        rest = store.list_sessions(PUBLIC_APP, ada, at=NOW, limit=10, after=Position.of(first[-1]))
        assert [each.handle for each in (*first, *rest)] == [handle(number) for number in (4, 3, 2, 1)]

    @each_selection
    def test_select_handles(self, store: Store, selection: Selection, meant: set[int]) -> None:
        """A selection names what it says, over or not, at most *limit*; what is deleted makes room for the others."""
        fill(store)
        store.create_session(session(7, user_id=UserId("over"), lifetime=MOMENT, created_at=NOW - DAY))
        everything = store.select_handles(PUBLIC_APP, selection, limit=100)
        assert sorted(everything) == [handle(number) for number in sorted(meant)]
        assert store.select_handles(PUBLIC_APP, ByUser(user_id=UserId("over")), limit=1) == (handle(7),)
        gone: list[str] = []
        while some := store.select_handles(PUBLIC_APP, selection, limit=2):
            assert len(some) <= 2
            gone += store.delete_sessions(PUBLIC_APP, some, at=NOW)
        assert sorted(gone) == sorted(everything)
