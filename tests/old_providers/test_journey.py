"""The journey's checks hold for tokens of a provider that needs no process, and fail where they have to."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest

from tests.old_providers import journey
from tests.old_providers.site import Held, Site, site
from tests.support import issuer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Tokens:
    """A provider whose tokens live on, whatever happens."""

    def __init__(self) -> None:
        self.sign_ins = 0

    def sign_in(self, user: str) -> Held:
        """A token of a sign-in of its own."""
        self.sign_ins += 1
        return Held(bearer=issuer.token(user, now=datetime.now(UTC), sid=f"sign-in {self.sign_ins}"))

    def accepts(self, held: Held) -> bool:
        """Always."""
        return held.bearer is not None

    def sign_out(self, held: Held) -> None:
        """Does nothing to a token."""


@pytest.fixture(scope="module")
def new(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The new application, which knows the provider."""
    folder: Path = tmp_path_factory.mktemp("site")
    with site(issuer.provider(), database=folder / "new.sqlite3") as made:
        yield made


def test_journey_of_a_token(new: Site) -> None:
    """A token moves its user, its retry repeats, a stranger is refused, and it stays spent after signing out."""
    old = Tokens()
    visitor = journey.moves(new, old, user="ada", user_id="ada")
    journey.leaves_a_tombstone(new, old, visitor.held)


def test_checks_can_fail(new: Site) -> None:
    """A good credential is not refused, a bad one is no session, and another's is not this user's."""
    old = Tokens()
    with pytest.raises(AssertionError):
        journey.is_refused(new, old.sign_in("ada"), code="TOKEN_MALFORMED")
    with pytest.raises(AssertionError):
        journey.becomes_a_session(new, Held(bearer="nonsense"), user_id="ada")
    with pytest.raises(AssertionError):
        journey.moves(new, old, user="bob", user_id="ada")
