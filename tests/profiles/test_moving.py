"""From a provider's token to a session, by way of each profile: once for each sign-in, as far as its tokens name it."""

from __future__ import annotations

import pytest

from segue.errors import AlreadyMigrated
from segue.migration.once import ClientKey
from segue.profiles import PROFILES
from tests.migration.issuer import NOW
from tests.migration.world import World, request
from tests.profiles.sample import Bend, Sample, ago
from tests.profiles.test_contract import SAMPLES

EVERY = pytest.mark.parametrize("sample", SAMPLES.values(), ids=SAMPLES)
SOMEBODY_ELSE = ClientKey(text="11111111-2222-4333-8444-555555555555")


def renewed(sample: Sample) -> Bend:
    """What the provider would hand out a little later, of the same sign-in."""
    times = sample.provider().rules.times
    changes: dict[str, object] = {times.issued: ago(30) * times.unit.value}
    if "jti" in sample.claims:
        changes["jti"] = "renewed"
    return Bend(claims=changes, wrong="")


@EVERY
def test_token_becomes_a_session_of_its_user(sample: Sample) -> None:
    """A good token becomes a session, and its end is no later than that of the sign-in at the provider."""
    world = World(providers=(sample.provider(),))
    migrated = world.migrate(request(sample.token()))
    session = world.session(migrated.handle)
    assert session.user_id == sample.subject
    assert session.absolute_expires_at is not None
    assert session.absolute_expires_at <= NOW + sample.provider().session_lifetime


@EVERY
def test_t8_token_that_was_spent(sample: Sample) -> None:
    """The same token in somebody else's hands becomes no second session (T8)."""
    world = World(providers=(sample.provider(),))
    world.migrate(request(sample.token()))
    with pytest.raises(AlreadyMigrated):
        world.migrate(request(sample.token(), client_key=SOMEBODY_ELSE), number=2)


@EVERY
def test_t8_later_token_of_a_sign_in_that_was_spent(sample: Sample) -> None:
    """A later token becomes no second session where it names its sign-in; where not, the page says so (T8)."""
    world = World(providers=(sample.provider(),))
    world.migrate(request(sample.token()))
    later = request(sample.token(renewed(sample)), client_key=SOMEBODY_ELSE)
    if PROFILES[sample.profile].names_sign_ins or sample.session is not None:
        with pytest.raises(AlreadyMigrated):
            world.migrate(later, number=2)
    else:
        assert world.migrate(later, number=2).handle
