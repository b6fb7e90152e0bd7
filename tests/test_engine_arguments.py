"""What an engine is given wrongly is refused with words for whoever gave it, before anything is stored."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from segue import AsyncEngine, Config, Engine, HttpSettings, Lifetimes, NewSession
from segue.errors import ConfigurationError, KeyUnknown, PayloadTooLarge
from segue.ids import PUBLIC_APP, UserId
from segue.stores.memory import AsyncMemoryStore, MemoryStore
from tests.support import issuer
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from segue.ids import AppId
    from segue.tokens.signing_keys import StoredSigningKey

CONFIG = Config(
    http=HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000"),
    secrets=("a deployment secret for tests, 0123456789",),
)


def engine(earlier: timedelta = timedelta(0)) -> Engine:
    """An engine in memory."""
    return Engine(CONFIG, store=MemoryStore(), clock=ManualClock(issuer.NOW - earlier))


def new(user_id: Any = "alice", **payload: Any) -> NewSession:
    """A session to be created."""
    return NewSession(user_id=user_id, payload=payload, data={})


@pytest.mark.parametrize("user_id", ["", "a\0b", "x" * 513, 5, None, b"alice"], ids=repr)
def test_user_id(user_id: object) -> None:
    """A user id is text of a reasonable length, whichever store keeps it."""
    with pytest.raises(ValueError, match="user id"):
        engine().create_session(new(user_id))


def test_longest_user_id() -> None:
    """As long as is allowed, in whatever script."""
    made = engine()
    issued = made.create_session(new("\u00e4" * 512))
    assert made.verify_access_token(issued.access.text).user_id == "\u00e4" * 512


@pytest.mark.parametrize("limit", [-1, 0, 10_001])
def test_limit(limit: int) -> None:
    """A page has at least one place, and not millions."""
    with pytest.raises(ValueError, match="limit"):
        engine().list_sessions(UserId("alice"), limit=limit)


def test_deep_payload() -> None:
    """A payload nested beyond what readers take is refused, one just within is not."""
    deep: Any = 1
    for _ in range(31):
        deep = [deep]
    made = engine()
    made.create_session(new(a=deep))
    with pytest.raises(PayloadTooLarge):
        made.create_session(new(a=[[deep]]))


def test_unknown_signing_key() -> None:
    """Revoking a key that is not there is no success, and takes no other key along."""
    made = engine()
    known = made.list_signing_keys()
    with pytest.raises(LookupError, match="d-typo"):
        made.revoke_signing_keys((known[0].key_id, "d-typo"))
    assert [key.key_id for key in made.list_signing_keys()] == [key.key_id for key in known]


def test_session_shorter_than_its_access_token() -> None:
    """An absolute end before the access token's own is refused when the configuration is built."""
    with pytest.raises(ConfigurationError, match="absolute"):
        Lifetimes(access=timedelta(hours=1), absolute=timedelta(minutes=59))


class Watched(AsyncMemoryStore):
    """A store that takes a while, and counts how often the keys are read."""

    reads = 0

    async def load_signing_keys(self, app_id: AppId) -> tuple[StoredSigningKey, ...]:
        """See the port."""
        self.reads += 1
        await asyncio.sleep(0)
        return await super().load_signing_keys(app_id)


def test_unknown_keys_by_the_hundred() -> None:
    """However many tokens with unknown keys come at once, the store is asked once in half a second."""
    foreign = [engine(timedelta(seconds=n)).create_session(new()).access.text for n in range(1, 20)]
    store, clock = Watched(), ManualClock(issuer.NOW)

    async def burst(made: AsyncEngine) -> None:
        outcomes = await asyncio.gather(
            *(made.verify_access_token(text) for text in foreign), return_exceptions=True
        )
        assert {type(each) for each in outcomes} == {KeyUnknown}

    async def bursts() -> list[int]:
        made = AsyncEngine(CONFIG, store=store, clock=clock)
        await made.warm_up()
        assert await store.load_signing_keys(PUBLIC_APP)
        counts: list[int] = []
        for _ in range(3):
            clock.advance(timedelta(milliseconds=500))
            before = store.reads
            await burst(made)
            counts.append(store.reads - before)
        await made.close()
        return counts

    assert asyncio.run(bursts()) == [1, 1, 1]
