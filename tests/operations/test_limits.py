"""Limits on failures: whom they stop, and whom they must not (threats T20, T21)."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from segue.errors import ConfigurationError, StoreUnavailable
from segue.migration.buckets import Budget
from segue.migration.throttle import Limits, Outage, Sharing, address_of
from segue.stores.memory import MemoryStore
from segue.stores.sqlite import SqliteStore
from tests.migration.issuer import NOW, claims, provider, signed, token
from tests.operations.watched import Watched, client_key, code_of, users

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from segue.migration.buckets import Spending
    from segue.migration.model import Identity
    from segue.stores.ports import Store

FORGED = token()[:-8] + "AAAAAAAA"
HERE, THERE = "203.0.113.7", "203.0.113.8"


def _subject(identity: Identity) -> str:
    return identity.subject


def _broken(identity: Identity) -> str:
    raise ZeroDivisionError(identity.provider)


def fail(watched: Watched, times: int, *, ip: str = HERE, **headers: str) -> list[str]:
    """What forged tokens are answered."""
    return [watched.code(FORGED, ip=ip, **headers) for _ in range(times)]


def test_t21_ten_failures_then_one_every_ten_minutes() -> None:
    """T21: after ten forged tokens an address is not heard, then once every ten minutes."""
    watched = Watched()
    assert fail(watched, 12) == ["TOKEN_SIGNATURE_INVALID"] * 10 + ["TOO_MANY_ATTEMPTS"] * 2
    watched.later(minutes=9, seconds=59)
    assert fail(watched, 1) == ["TOO_MANY_ATTEMPTS"]
    watched.later(seconds=1)
    assert fail(watched, 2) == ["TOKEN_SIGNATURE_INVALID", "TOO_MANY_ATTEMPTS"]


def test_answer_is_the_route_s_own() -> None:
    """Who is held up gets 429 in the form of the route, with the time to wait in header and body."""
    watched = Watched()
    fail(watched, 10)
    answer = watched.ask()
    body = {"status": "REFUSED", "code": "TOO_MANY_ATTEMPTS", "retryable": True, "retryAfter": 600}
    assert (answer.status, json.loads(answer.body)) == (429, body)
    assert ("retry-after", "600") in answer.lines()
    (event,) = watched.events[10:]
    assert (event.outcome.stage.value, event.outcome.provider, event.subject) == ("limits", "", None)


def test_t21_forged_forwarding() -> None:
    """T21: whatever X-Forwarded-For a client writes, its failures are its own."""
    watched = Watched()
    codes = [watched.code(FORGED, x_forwarded_for=f"198.51.100.{number}") for number in range(12)]
    assert codes[10:] == ["TOO_MANY_ATTEMPTS"] * 2


def test_t21_forged_forwarding_through_our_proxy() -> None:
    """T21: what the client wrote before our proxy's own entry is not believed either; others behind it go on."""
    watched = Watched(limits=Limits(trusted_proxies=("10.0.0.0/8",)))
    last = ""
    for number in range(12):
        chain = f"198.51.100.{number}, {HERE}, 10.1.1.1"
        last = watched.code(FORGED, ip="10.0.0.1", x_forwarded_for=chain)
    assert last == "TOO_MANY_ATTEMPTS"
    assert watched.code(ip="10.0.0.1", x_forwarded_for=THERE) == "MIGRATED"


def test_t21_a_port_behind_the_address() -> None:
    """T21: a proxy that writes the client's port does not make each of its connections somebody else."""
    watched = Watched(limits=Limits(trusted_proxies=("10.0.0.0/8",)))
    codes = [
        watched.code(FORGED, ip="10.0.0.1", x_forwarded_for=f"{HERE}:{50000 + number}")
        for number in range(12)
    ]
    assert codes[10:] == ["TOO_MANY_ATTEMPTS"] * 2


ADDRESSES = [
    (HERE, ("1.2.3.4",), (), HERE),
    ("10.0.0.1", ("1.2.3.4",), ("10.0.0.1",), "1.2.3.4"),
    ("10.0.0.1", ("1.2.3.4", "5.6.7.8"), ("10.0.0.1",), "5.6.7.8"),
    ("10.0.0.1", ("9.9.9.9, 1.2.3.4", " 10.0.0.2 "), ("10.0.0.0/8",), "1.2.3.4"),
    ("10.0.0.1", (), ("10.0.0.0/8",), "10.0.0.1"),
    ("10.0.0.1", ("rubbish",), ("10.0.0.0/8",), "rubbish"),
    ("10.0.0.1", ("1.2.3.4:51234",), ("10.0.0.1",), "1.2.3.4"),
    ("10.0.0.1", ("1.2.3.4, 10.0.0.2:443",), ("10.0.0.0/8",), "1.2.3.4"),
    ("10.0.0.1", ("[2001:db8:1:2::9]:443",), ("10.0.0.1",), "2001:db8:1:2::/64"),
    ("10.0.0.1", ("2001:db8:1:2::9",), ("10.0.0.1",), "2001:db8:1:2::/64"),
    ("::ffff:10.0.0.1", ("1.2.3.4",), ("10.0.0.0/8",), "1.2.3.4"),
    ("::ffff:203.0.113.7", (), (), HERE),
    ("2001:db8:1:2:3:4:5:6", (), (), "2001:db8:1:2::/64"),
    ("[2001:db8:1:2::9]", (), (), "2001:db8:1:2::/64"),
    ("testclient", (), (), "testclient"),
    (None, ("1.2.3.4",), ("10.0.0.0/8",), None),
    ("", (), (), None),
]


@pytest.mark.parametrize(("peer", "forwarded", "trusted", "expected"), ADDRESSES)
def test_address_of(
    peer: str | None, forwarded: tuple[str, ...], trusted: tuple[str, ...], expected: str | None
) -> None:
    """The last address counts that nobody whom we trust has vouched for; of IPv6 its network."""
    assert address_of(peer, forwarded, trusted) == expected


def test_nobody_knows_the_address() -> None:
    """Without an address there is none to be limited."""
    watched = Watched()
    assert {watched.code(FORGED, ip=None) for _ in range(30)} == {"TOKEN_SIGNATURE_INVALID"}


def test_good_users_behind_one_address() -> None:
    """Five hundred users of one office migrate at once, with a few late and a few repeated attempts among them."""
    watched = Watched()
    late = token(exp=NOW.timestamp() - 60)
    codes: list[str] = []
    for number, text in enumerate(users(500)):
        key = client_key()
        codes.append(watched.code(text, key=key))
        if number % 50 == 0:
            watched.ask(text, key=key)
            watched.ask(text, key=client_key())
            watched.ask(late)
    assert set(codes) == {"MIGRATED"}


def test_late_tokens_cost_little() -> None:
    """Tokens that are merely over are heard two hundred times; then their address waits half a minute."""
    watched = Watched()
    late = [token(exp=NOW.timestamp() - 60, sub=f"{number}") for number in range(201)]
    codes = [watched.code(text) for text in late]
    # There has to be room for a whole failure.
    assert codes.count("TOKEN_EXPIRED") in range(181, 202)
    assert codes[-1] == "TOO_MANY_ATTEMPTS"


def test_subject() -> None:
    """One person's attempts are limited wherever they come from, and nobody else's with them."""
    watched = Watched(limits=Limits(subject=Budget(burst=5, every=timedelta(minutes=1))))
    codes = [watched.code(key=client_key(), ip=f"198.51.100.{number}") for number in range(8)]
    assert codes[:5] == ["MIGRATED"] + ["ALREADY_MIGRATED"] * 4
    assert codes[-1] == "TOO_MANY_ATTEMPTS"
    assert watched.code(next(users(1))) == "MIGRATED"


def test_masses() -> None:
    """While failures come in masses from everywhere, who has failed once waits, and who has not is served."""
    watched = Watched(limits=Limits(overall=Budget(burst=50, every=timedelta(minutes=1))))
    assert watched.code(FORGED, ip=HERE) == "TOKEN_SIGNATURE_INVALID"
    for number in range(60):
        watched.ask(FORGED, ip=f"198.51.100.{number}")
    assert watched.code(FORGED, ip=HERE) == "TOO_MANY_ATTEMPTS"
    assert watched.code(ip=THERE) == "MIGRATED"


def test_masses_of_one_provider() -> None:
    """Masses of one provider's failures make it strict for that one alone."""
    other = provider(name="other", issuers=("https://other.example",), map_user=_subject)
    watched = Watched(provider(), other, limits=Limits(provider=Budget(burst=50, every=timedelta(minutes=1))))
    watched.ask(FORGED, ip=HERE)
    watched.ask(FORGED, ip=THERE)
    for number in range(60):
        watched.ask(FORGED, ip=f"198.51.100.{number}")
    assert watched.code(FORGED, ip=HERE) == "TOO_MANY_ATTEMPTS"
    elsewhere = signed(claims(iss="https://other.example"))[:-8] + "AAAAAAAA"
    assert watched.code(elsewhere, ip=THERE) == "TOKEN_SIGNATURE_INVALID"


def test_our_own_faults_cost_nothing() -> None:
    """Nobody is held up for what we cannot do at the moment."""
    watched = Watched(provider(map_user=_broken))
    assert {watched.code() for _ in range(30)} == {"INTERNAL"}


@pytest.fixture(params=["memory", "sqlite"])
def shared(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """A store for several processes."""
    return MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "segue.sqlite3")


def test_several_processes(shared: Store) -> None:
    """Failures count over all processes: each of them finds out with at most one attempt more."""
    processes = [Watched(store=shared) for _ in range(4)]
    codes = [processes[number % 4].code(FORGED) for number in range(40)]
    assert codes.count("TOKEN_SIGNATURE_INVALID") <= 10 + 3
    assert set(codes[16:]) == {"TOO_MANY_ATTEMPTS"}
    assert processes[0].code(ip=THERE) == "MIGRATED"


def test_each_process_by_itself() -> None:
    """Without sharing the store hears of no failure."""
    store = MemoryStore()
    processes = [Watched(store=store, limits=Limits(sharing=Sharing.PROCESS)) for _ in range(2)]
    assert [code_of(process.ask(FORGED)) for process in processes for _ in range(10)] == [
        "TOKEN_SIGNATURE_INVALID"
    ] * 20
    assert store.delete_buckets(empty_before=NOW + timedelta(days=9), limit=10) == 0


def test_nowhere() -> None:
    """Limits that are given up hold nobody up."""
    watched = Watched(limits=Limits(sharing=Sharing.NOWHERE))
    assert set(fail(watched, 50)) == {"TOKEN_SIGNATURE_INVALID"}


class _Deaf(MemoryStore):
    """The shared counters do not answer."""

    def spend(self, spending: Spending, *, at: datetime) -> datetime:  # noqa: ARG002
        raise StoreUnavailable("locked")


def test_outage_open() -> None:
    """While the shared counters do not answer, each process counts by itself: by default."""
    watched = Watched(store=_Deaf())
    assert fail(watched, 11)[9:] == ["TOKEN_SIGNATURE_INVALID", "TOO_MANY_ATTEMPTS"]
    assert watched.code(ip=THERE) == "MIGRATED"


def test_outage_closed() -> None:
    """By choice nobody is migrated meanwhile, and everybody is told to come again."""
    watched = Watched(store=_Deaf(), limits=Limits(on_outage=Outage.CLOSED))
    fail(watched, 1)
    answer = watched.ask(ip=THERE)
    assert (answer.status, code_of(answer)) == (503, "STORE_UNAVAILABLE")
    watched.later(seconds=1)
    assert watched.code(ip=THERE) == "MIGRATED"


@pytest.mark.parametrize(
    "wrong",
    [
        {"address": Budget(burst=0, every=timedelta(1))},
        {"subject": Budget(burst=1, every=timedelta(0))},
        {"trusted_proxies": ("proxy.example",)},
    ],
    ids=str,
)
def test_limits_that_cannot_work(wrong: dict[str, object]) -> None:
    """A budget of nothing would refuse everybody, and a name is no address."""
    with pytest.raises(ConfigurationError, match="limits"):
        Limits(**wrong)  # type: ignore[arg-type]


def test_t20_answers_do_not_enumerate() -> None:
    """T20: an unknown user and a blocked one get the same answer to the byte."""
    watched = Watched(provider(map_user={"alice": "a"}.get))
    answers = {watched.ask(text).body for text in users(5)}
    assert len(answers) == 1
