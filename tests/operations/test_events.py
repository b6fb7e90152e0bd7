"""One event an attempt: in the log, at the hook and in the store, with nothing in it that must not be there."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING

import pytest

from segue.errors import StoreUnavailable
from segue.ids import PUBLIC_APP
from segue.migration.events import MigrationEvent
from segue.migration.records import Stage
from segue.stores.memory import MemoryStore
from tests.migration.issuer import NOW, PAGE, provider, token
from tests.operations.watched import Watched, client_key, plain

if TYPE_CHECKING:
    from segue.migration.records import AttemptRecord

EVERY_END = {
    "MIGRATED": (token(), Stage.DONE),
    "TOKEN_MALFORMED": ("no token", Stage.TOKEN),
    "TOKEN_EXPIRED": (token(exp=NOW.timestamp() - 60), Stage.TOKEN),
    "TOKEN_CLAIMS_INVALID": (token(aud="somebody else"), Stage.TOKEN),
    "TOKEN_SIGNATURE_INVALID": (token()[:-8] + "AAAAAAAA", Stage.TOKEN),
    "SIGN_IN_TOO_OLD": (token(auth_time=NOW.timestamp() - 31 * 86400), Stage.SESSION),
    "TOKEN_MISSING": ("", Stage.REQUEST),
}


@pytest.mark.parametrize("code", EVERY_END)
def test_one_event_each(code: str, caplog: pytest.LogCaptureFixture) -> None:
    """However an attempt ends, there is one event, one line in the log and one record, and they agree."""
    caplog.set_level(logging.INFO, "segue")
    watched = Watched()
    text, stage = EVERY_END[code]
    assert watched.code(text) == code
    (event,) = watched.events
    assert (event.outcome.code, event.outcome.stage, event.answer) == (code, stage, code)
    lines = [record.getMessage() for record in caplog.records if record.getMessage().startswith("migration ")]
    (line,) = lines
    told = json.loads(line.removeprefix("migration "))
    assert (told["operation"], told["code"], told["stage"]) == (event.operation_id, code, stage.value)
    assert watched.stored == watched.counts


def test_event_of_a_success() -> None:
    """It names provider, tenant, mode and mapping, digests of user and session, and how long whom was waited for."""
    watched = Watched()
    watched.ask()
    (event,) = watched.events
    outcome = event.outcome
    assert (outcome.provider, outcome.tenant_id, outcome.mode, outcome.verified) == (
        "old",
        "public",
        "on",
        True,
    )
    assert event.mapping == "SameId"
    assert event.user is not None
    assert event.subject is not None
    assert event.session is not None
    assert event.milliseconds["total"] >= event.milliseconds["Ledger"] > 0


def test_same_person_same_digest() -> None:
    """Lines about one person can be joined; a deployment with another secret writes others."""
    watched = Watched()
    key = client_key()
    watched.ask(key=key)
    watched.ask(key=key)
    assert watched.codes == ["MIGRATED", "REPEATED"]
    first, second = watched.events
    assert (first.subject, first.user, first.session) == (second.subject, second.user, second.session)
    assert first.operation_id < second.operation_id or first.at == second.at


def test_listener_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """An exception in the application's hook harms neither the attempt nor the other listeners."""

    def failing(event: MigrationEvent) -> None:
        raise ZeroDivisionError(event.operation_id)

    watched = Watched()
    watched.engine.listen(failing)
    more: list[MigrationEvent] = []
    watched.engine.listen(more.append)
    assert watched.code() == "MIGRATED"
    assert len(more) == len(watched.events) == 1
    assert "a listener to migrations failed" in caplog.text


def test_mapping_that_fails(caplog: pytest.LogCaptureFixture) -> None:
    """What the application's mapping raises is an event, too, without its text."""

    def broken(_: object) -> str:
        raise ValueError("alice@secret.example is unknown")

    watched = Watched(provider(map_user=broken))
    assert watched.code() == "INTERNAL"
    (event,) = watched.events
    assert (event.outcome.stage, event.detail) == (Stage.MAPPING, "ValueError")
    assert "alice" not in event.as_line()
    assert caplog.records


class _Moody(MemoryStore):
    """A store that does not take records while it is told not to."""

    def __init__(self) -> None:
        super().__init__()
        self.refuses = self.forgets = False

    def add_attempts(self, records: tuple[AttemptRecord, ...]) -> None:
        if self.refuses:
            raise StoreUnavailable("locked")
        super().add_attempts(records)
        if self.forgets:
            raise StoreUnavailable("the connection was lost after the commit")


@pytest.mark.parametrize("after_all", [False, True])
def test_store_down(*, after_all: bool) -> None:
    """Refusals wait while the store does not take them, and count once even if it took them after all."""
    store = _Moody()
    watched = Watched(store=store)
    store.refuses, store.forgets = not after_all, after_all
    for _ in range(5):
        watched.later(seconds=1)
        assert watched.code("no token") == "TOKEN_MALFORMED"
    store.refuses = store.forgets = False
    assert sum(watched.stored.values()) == len(watched.events) == 5


def test_flood_of_bad_tokens() -> None:
    """Ten thousand bad tokens become a few hundred rows and are counted to the last one."""
    store = MemoryStore()
    watched = Watched(store=store)
    for number in range(10_000):
        watched.later(milliseconds=1)
        watched.ask("no token", ip=f"198.51.{number // 250 % 250}.{number % 250}")
    watched.engine.close()
    rows = store.fold_attempts(PUBLIC_APP, before=watched.clock.now(), limit=100_000)
    assert rows < 300
    assert sum(each.count for each in store.count_attempts(PUBLIC_APP)) == 10_000 == len(watched.events)


def test_old_records_are_folded() -> None:
    """Clean-up keeps the numbers of old attempts and lets the attempts go."""
    watched = Watched()
    watched.ask()
    watched.ask("no token")
    before = watched.stored
    watched.later(days=31)
    assert watched.engine.clean_up() >= 2
    assert watched.stored == before
    assert watched.store.fold_attempts(PUBLIC_APP, before=watched.clock.now(), limit=10) == 0


CANARY = "canary-7f3a9c"


def test_t22_canaries(caplog: pytest.LogCaptureFixture) -> None:
    """T22: tokens and ids in every field of a request are in no log, event, record or report."""
    caplog.set_level(logging.DEBUG, "segue")
    watched = Watched()
    good = token(
        sub=f"{CANARY}-sub", sid=f"{CANARY}-sid", jti=f"{CANARY}-jti", email=f"{CANARY}@example.com", azp=PAGE
    )
    broken = good[:-4] + "AAAA"
    fields = {
        "idempotency_key": f"{CANARY}-{'k' * 30}",
        "user_agent": f"{CANARY}-agent",
        "cookie": f"sAccessToken={good}; sRefreshToken={CANARY}",
        "x_forwarded_for": f"{CANARY}",
        "st_auth_mode": CANARY,
    }
    for text in (
        good,
        good,
        broken,
        f"{CANARY}.{CANARY}.{CANARY}",
        token(aud=f"{CANARY}-aud"),
        f"{CANARY} {CANARY}",
    ):
        for more in ({}, fields, {**fields, "origin": f"https://{CANARY}.example"}, {"rid": CANARY}):
            watched.ask(text, **more)
    handles = [session.handle for session in watched.sessions()]
    assert handles
    told = [record.getMessage() + str(record.exc_info or "") for record in caplog.records]
    told += [plain(event) for event in watched.events] + [event.as_line() for event in watched.events]
    told += [plain(watched.engine.report()), plain(watched.store.count_attempts(PUBLIC_APP))]
    told += [plain(record) for record in watched.store._attempts.values()]  # type: ignore[attr-defined]
    signatures = [good.split(".")[number] for number in (1, 2)]
    for needle in (CANARY, *signatures, *handles):
        assert not [text for text in told if needle in text]
