"""People who are signed in at a real Starlette application move over."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue import CookieProvider
from segue.migration.user_state import KEYS_ONLY
from tests.old_providers import journey
from tests.old_providers.applications import NEW_SECRET, SECRET, Starlette
from tests.old_providers.launching import launched_python
from tests.old_providers.site import site

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.processes


@pytest.fixture
def old(tmp_path: Path) -> Iterator[Starlette]:
    """The old application."""
    with launched_python("starlette_app.py", log=tmp_path / "starlette.log", SECRET=SECRET) as software:
        yield Starlette(software)


def provider(old: Starlette) -> CookieProvider:
    """As it is configured for a cut-over that is going on."""
    return CookieProvider(
        name="starlette",
        format=old.format,
        maximum_age=timedelta(hours=24),
        live_check=KEYS_ONLY,
        deadline=datetime.now(UTC) + timedelta(days=30),
    )


def test_journey(old: Starlette, tmp_path: Path) -> None:
    """A session moves once; it outlives its sign-out there, and our tombstone does not let it in again."""
    with site(provider(old), database=tmp_path / "new.sqlite3") as new:
        visitor = journey.moves(new, old, user="ada", user_id="ada")
        journey.leaves_a_tombstone(new, old, visitor.held)
        journey.is_refused(new, old.visit(), code="TOKEN_CLAIMS_INVALID")


def test_secret_changes(old: Starlette, tmp_path: Path) -> None:
    """The middleware knows one secret; we may know the one before as well, so that nobody has to sign in again."""
    early, kept = old.sign_in("ada"), old.sign_in("bob")
    old.retire()
    assert not old.accepts(early)
    old.secrets = (NEW_SECRET, SECRET)
    with site(provider(old), database=tmp_path / "new.sqlite3") as new:
        journey.becomes_a_session(new, early, user_id="ada")
    old.secrets = (NEW_SECRET,)
    with site(provider(old), database=tmp_path / "new.sqlite3") as new:
        journey.is_refused(new, kept, code="TOKEN_SIGNATURE_INVALID")
        journey.becomes_a_session(new, old.sign_in("eve"), user_id="eve")
