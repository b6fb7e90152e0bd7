"""A deployment secret is exchanged for another without signing anybody out, and the old one can then go."""

from __future__ import annotations

from datetime import timedelta

import pytest

from segue import Config, Engine, HttpSettings, NewSession
from segue.errors import ConfigurationError, StoreUnavailable
from segue.ids import PUBLIC_APP, AppId, UserId
from segue.stores.memory import MemoryStore
from tests.support import issuer
from tests.support.clock import ManualClock

OLD, NEW = "the old deployment secret, 0123456789", "the new deployment secret, 9876543210"
NEW_SESSION = NewSession(user_id=UserId("alice"), payload={}, data={})


def process(store: MemoryStore, clock: ManualClock, *secrets: str) -> Engine:
    """A process that knows these secrets."""
    http = HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000")
    return Engine(Config(http=http, secrets=secrets), store=store, clock=clock)


def test_old_secret_can_be_dropped() -> None:
    """Once a process with the new secret in front has loaded the keys, they open with that one alone: the same keys."""
    store, clock = MemoryStore(), ManualClock(issuer.NOW)
    before = process(store, clock, OLD).create_session(NEW_SESSION)
    process(store, clock, NEW, OLD).warm_up()
    alone = process(store, clock, NEW)
    assert alone.verify_access_token(before.access.text).handle == before.session.handle
    assert alone.create_session(NEW_SESSION).access.key_id == before.access.key_id
    with pytest.raises(ConfigurationError):
        process(store, clock, OLD).warm_up()


def test_two_steps_sign_nobody_out() -> None:
    """While processes of both orders of the secrets run, each takes the tokens of the other."""
    store, clock = MemoryStore(), ManualClock(issuer.NOW)
    first, second = process(store, clock, OLD, NEW), process(store, clock, NEW, OLD)
    issued = first.create_session(NEW_SESSION)
    for engine in (second, first, second):
        clock.advance(timedelta(minutes=5))
        issued = engine.refresh(issued.refresh.text)
        for each in (first, second):
            each.verify_access_token(issued.access.text)


def test_compromised_secret() -> None:
    """With both configured, revoking every key makes new ones under the new secret, and the old one can go."""
    store, clock = MemoryStore(), ManualClock(issuer.NOW)
    before = process(store, clock, OLD).create_session(NEW_SESSION)
    both = process(store, clock, NEW, OLD)
    known = {key.key_id for key in both.list_signing_keys()}
    clock.advance(timedelta(seconds=1))
    made = {key.key_id for key in both.revoke_signing_keys(tuple(known))}
    assert len(made) == len(known)
    assert not made & known
    alone = process(store, clock, NEW)
    assert {key.key_id for key in alone.list_signing_keys()} == made
    with pytest.raises(Exception, match="TOKEN_KID_UNKNOWN"):
        alone.verify_access_token(before.access.text)


def test_store_that_cannot_be_written() -> None:
    """Keys that cannot be sealed anew just now work all the same."""

    class Full(MemoryStore):
        def reseal_signing_key(
            self,
            app_id: AppId,  # noqa: ARG002
            key_id: str,
            *,
            sealed: bytes,  # noqa: ARG002
            if_sealed: bytes,  # noqa: ARG002
        ) -> bool:
            raise StoreUnavailable(f"full: {key_id}")

    store, clock = Full(), ManualClock(issuer.NOW)
    before = process(store, clock, OLD).create_session(NEW_SESSION)
    stored = store.load_signing_keys(PUBLIC_APP)
    assert process(store, clock, NEW, OLD).verify_access_token(before.access.text).user_id == "alice"
    assert store.load_signing_keys(PUBLIC_APP) == stored
