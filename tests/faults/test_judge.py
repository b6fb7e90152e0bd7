"""The judge of the fault tests sees what it is there for: a store that has lost or kept what it must not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from segue.ids import UserId
from segue.stores.contract.examples import NOW, claim, delivery, digest, provenance, session
from segue.stores.memory import MemoryStore
from tests.faults.journal import End, Journal, Life
from tests.faults.judge import judge_life, judge_store

if TYPE_CHECKING:
    from segue.sessions.model import Session

TOKENS = ["first", "second"]


def life(end: End = End.LIVING, *, old_token: str | None = None) -> Life:
    """A session that was refreshed once."""
    stored = session(1)
    return Life(
        user=stored.user_id,
        handle=stored.handle,
        access="",
        tokens=TOKENS,
        old_token=old_token,
        end=end,
    )


def stored_at(generation: int) -> Session:
    """The session as a store holds it after so many rotations; those after the first were not acknowledged."""
    digests = [*life().digests, digest("unheard"), digest("unheard of")]
    made = session(1, provenance=provenance(1))
    family = replace(
        made.family,
        current=digests[generation],
        previous=digests[generation - 1] if generation else None,
        generation=generation,
    )
    return replace(made, family=family)


@pytest.mark.parametrize("generation", [1, 2])
def test_right(generation: int) -> None:
    """A store that holds what was acknowledged, or one rotation whose answer was lost, is right."""
    assert judge_life(life(), stored_at(generation)) == []


def test_right_after_the_end() -> None:
    """An ended session is not there; one whose end was asked for may be there or not."""
    assert judge_life(life(End.ENDED), None) == []
    assert judge_life(life(End.ENDING), None) == []
    assert judge_life(life(End.ENDING), stored_at(1)) == []


WRONG: dict[str, tuple[End, Session | None]] = {
    "session lost": (End.LIVING, None),
    "rotation lost": (End.LIVING, stored_at(0)),
    "rotations that nobody asked for": (End.LIVING, stored_at(3)),
    "another token at the same rotation": (
        End.LIVING,
        replace(stored_at(1), family=replace(stored_at(1).family, current=digest("other"))),
    ),
    "another branch": (
        End.LIVING,
        replace(stored_at(2), family=replace(stored_at(2).family, previous=digest("other"))),
    ),
    "end lost": (End.ENDED, stored_at(1)),
    "another user": (End.LIVING, replace(stored_at(1), user_id=UserId("mallory"))),
}


@pytest.mark.parametrize(("end", "stored"), WRONG.values(), ids=list(WRONG))
def test_wrong(end: End, stored: Session | None) -> None:
    """Each way of contradicting the client is seen."""
    assert len(judge_life(life(end), stored)) == 1


def test_migration_without_outbox_row_or_claim() -> None:
    """A migrated session must have both."""
    store = MemoryStore()
    store.create_session(stored_at(1))
    journal = Journal(lives=[life(old_token="old")])
    assert len(judge_store(store, journal, now=NOW)) == 2
    whole = MemoryStore()
    whole.claim_and_create(claim(1), stored_at(1), (delivery(1),))
    assert judge_store(whole, journal, now=NOW) == []


def test_two_sessions_of_one_sign_in() -> None:
    """One sign-in is one session, acknowledged or not."""
    store = MemoryStore()
    for number in (1, 2):
        store.create_session(session(number, user_id=UserId("moved")))
    assert len(judge_store(store, Journal(migrating={"moved"}), now=NOW)) == 1
