"""What the compare-and-swap of a family promises."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from segue.ids import PUBLIC_APP
from segue.sessions.model import Family, Rotation
from segue.stores.contract.examples import (
    DAY,
    MOMENT,
    NOW,
    OTHER_APP,
    OTHER_SECRET,
    SECRET,
    digest,
    handle,
    rotation,
    session,
    whole_session,
)
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store

LATER = NOW + timedelta(hours=1)


class RotationContract(Contract):
    """`rotate_family`, `replace_family`."""

    def test_rotation(self, store: Store) -> None:
        """A rotation writes the new family and the new end, leaves the rest, and returns what is stored."""
        store.create_session(whole_session(1))
        old = whole_session(1)
        rotated = store.rotate_family(
            Rotation(
                app_id=OTHER_APP,
                handle=handle(1),
                presented=old.family.current,
                successor=digest("successor"),
                secret_id=SECRET,
                at=LATER,
            )
        )
        assert rotated == replace(
            old,
            family=Family(
                current=digest("successor"),
                secret_id=SECRET,
                generation=8,
                previous=old.family.current,
                rotated_at=LATER,
            ),
            refreshed_at=LATER,
            expires_at=LATER + old.refresh_lifetime,
        )
        assert store.load_session(OTHER_APP, handle(1)) == rotated

    @pytest.mark.parametrize("stored", [False, True], ids=["was dynamic", "was static"])
    @pytest.mark.parametrize("given", [None, False, True], ids=["keep", "to dynamic", "to static"])
    def test_rotation_may_change_the_kind_of_key(
        self, store: Store, stored: bool, given: bool | None
    ) -> None:
        """A rotation that gives `static_key` writes it; one that gives none keeps what is stored."""
        store.create_session(replace(session(1), static_key=stored))
        rotated = store.rotate_family(replace(rotation(1, 1), static_key=given))
        assert rotated is not None
        assert rotated.static_key is (stored if given is None else given)
        assert store.load_session(PUBLIC_APP, handle(1)) == rotated

    def test_generations(self, store: Store) -> None:
        """Each rotation starts from the one before and counts on."""
        store.create_session(session(1))
        for generation in range(1, 6):
            rotated = store.rotate_family(rotation(1, generation, at=NOW + generation * MOMENT))
            assert rotated is not None
            assert rotated.family.generation == generation
            assert rotated.family.previous == digest(f"1/{generation - 1}")

    @pytest.mark.parametrize("presented", ["1/0", "1/2", "2/0"], ids=["previous", "successor", "foreign"])
    def test_presented_is_not_the_current(self, store: Store, presented: str) -> None:
        """Only the newest token rotates: not its parent, not its successor to be, not another session's."""
        store.create_session(session(1))
        store.create_session(session(2))
        before = store.rotate_family(rotation(1, 1))
        assert store.rotate_family(replace(rotation(1, 2), presented=digest(presented))) is None
        assert store.load_session(PUBLIC_APP, handle(1)) == before
        assert store.load_session(PUBLIC_APP, handle(2)) == session(2)

    def test_rotation_of_no_session(self, store: Store) -> None:
        """Neither an unknown session nor one of another app rotates."""
        store.create_session(session(1))
        assert store.rotate_family(rotation(2, 1)) is None
        assert store.rotate_family(rotation(1, 1, app_id=OTHER_APP)) is None
        assert store.load_session(PUBLIC_APP, handle(1)) == session(1)

    def test_last_moment(self, store: Store) -> None:
        """A session still rotates one millisecond before its end."""
        store.create_session(session(1))
        assert store.rotate_family(rotation(1, 1, at=NOW + DAY - MOMENT)) is not None

    def test_rotation_of_a_session_that_is_over(self, store: Store) -> None:
        """At its end, to the millisecond, a session no longer rotates."""
        store.create_session(session(1))
        assert store.rotate_family(rotation(1, 1, at=NOW + DAY)) is None
        assert store.load_session(PUBLIC_APP, handle(1)) == session(1)

    def test_absolute_end(self, store: Store) -> None:
        """A rotation moves the end by the refresh lifetime, but never beyond the absolute end."""
        store.create_session(session(1, absolute_expires_at=NOW + DAY + 2 * MOMENT))
        ends = [store.rotate_family(rotation(1, number, at=NOW + number * MOMENT)) for number in range(1, 5)]
        assert [None if end is None else end.expires_at - NOW - DAY for end in ends] == [
            MOMENT,
            2 * MOMENT,
            2 * MOMENT,
            2 * MOMENT,
        ]

    def test_rotation_drops_microseconds(self, store: Store) -> None:
        """The instant of a rotation counts in whole milliseconds, rounded down."""
        store.create_session(session(1))
        finer = timedelta(microseconds=999)
        rotated = store.rotate_family(rotation(1, 1, at=NOW + DAY - MOMENT + finer))
        assert rotated is not None
        assert rotated.family.rotated_at == rotated.refreshed_at == NOW + DAY - MOMENT

    def test_replace_family(self, store: Store) -> None:
        """Family, last refresh, end and kind of key are written, and nothing else of the session that is given."""
        store.create_session(whole_session(1))
        old = whole_session(1)
        new = replace(
            old,
            family=Family(current=digest("new"), secret_id=SECRET),
            refreshed_at=LATER,
            expires_at=LATER + MOMENT,
            static_key=False,
        )
        given = replace(new, payload={"not": "written"}, absolute_expires_at=None, provenance=None)
        assert store.replace_family(given, if_current=old.family.current)
        assert store.load_session(OTHER_APP, handle(1)) == new

    def test_replace_after_a_rotation(self, store: Store) -> None:
        """A family that has rotated meanwhile is left alone."""
        store.create_session(session(1))
        rotated = store.rotate_family(rotation(1, 1))
        new = replace(session(1), family=Family(current=digest("new"), secret_id=OTHER_SECRET))
        assert not store.replace_family(new, if_current=digest("1/0"))
        assert store.load_session(PUBLIC_APP, handle(1)) == rotated

    def test_replace_of_no_session(self, store: Store) -> None:
        """Replacing the family of a session that is not there is False and makes none."""
        store.create_session(session(1, app_id=OTHER_APP))
        assert not store.replace_family(session(1), if_current=digest("1/0"))
        assert store.load_session(PUBLIC_APP, handle(1)) is None
