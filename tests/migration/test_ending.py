"""Ending the old session: the request, what an answer means, when it is tried again, and that no crash loses it."""

from __future__ import annotations

from base64 import b64decode
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from msgspec.structs import replace

from segue.errors import FetchFailed, StoreUnavailable
from segue.flow import Ask, drive
from segue.ids import PUBLIC_APP
from segue.migration.ending import (
    MAX_ATTEMPTS,
    DeliveryReport,
    deliver,
    next_attempt,
)
from segue.migration.endings import OldTokens, Revocation7009
from segue.migration.endings.model import Outcome
from segue.migration.endings.rfc7009 import judge_revocation, revocation_requests
from segue.migration.model import Delivery, DeliveryState
from segue.migration.provider import Provider
from segue.migration.silence import SilentProviders
from segue.migration.web import WebRequest, WebResponse
from segue.tokens.secrets import Secrets
from tests.migration.issuer import ISSUER, NOW, token
from tests.migration.world import (
    NEWER_SECRETS,
    OTHER_SECRETS,
    SECRETS,
    World,
    request,
    revoking,
    run_with_fault,
)

URL = f"{ISSUER}/revoke"
PUBLIC = Revocation7009(url=URL, client_id="page")
TOKENS = OldTokens(access_token="old-access", refresh_token="old-refresh")
UNSUPPORTED = WebResponse(status=400, body=b'{"error":"unsupported_token_type"}')
LONG_LEASE = timedelta(minutes=10)


def form(made: WebRequest) -> dict[str, list[str]]:
    """The body of a request."""
    return parse_qs((made.body or b"").decode(), strict_parsing=True)


# --- the request -----------------------------------------------------------------------------------------------------


def test_request_of_a_public_client() -> None:
    """Each token has a request of its own, the refresh token first; a public client names itself in the form."""
    made = revocation_requests(TOKENS, PUBLIC)
    assert [each.url for each in made] == [URL, URL]
    assert {each.method for each in made} == {"POST"}
    assert [form(each) for each in made] == [
        {"token": ["old-refresh"], "token_type_hint": ["refresh_token"], "client_id": ["page"]},
        {"token": ["old-access"], "token_type_hint": ["access_token"], "client_id": ["page"]},
    ]
    assert not any(name == "authorization" for each in made for name, _ in each.headers)


def test_request_of_a_confidential_client() -> None:
    """Id and secret are form-encoded before they are joined for basic authentication (RFC 6749 §2.3.1)."""
    revocation = Revocation7009(url=URL, client_id="page:1", client_secret="s:e c/r%+é")
    made = revocation_requests(TOKENS, revocation)[0]
    scheme, _, encoded = dict(made.headers)["authorization"].partition(" ")
    assert (scheme, b64decode(encoded)) == ("Basic", b"page%3A1:s%3Ae+c%2Fr%25%2B%C3%A9")
    assert "client_id" not in form(made)


def test_request_of_a_token_with_odd_characters() -> None:
    """A token cannot smuggle another field into the form."""
    made = revocation_requests(replace(TOKENS, refresh_token="x&client_id=thief#%00+"), PUBLIC)[0]
    assert form(made)["token"] == ["x&client_id=thief#%00+"]
    assert form(made)["client_id"] == ["page"]


def test_tokens_that_are_not_sent() -> None:
    """A token that the page did not give, or that this provider does not take, has no request."""
    assert len(revocation_requests(replace(TOKENS, refresh_token=None), PUBLIC)) == 1
    only = replace(PUBLIC, allowed_token_types=frozenset({"refresh_token"}))
    assert [form(each)["token"] for each in revocation_requests(TOKENS, only)] == [["old-refresh"]]
    assert not revocation_requests(replace(TOKENS, refresh_token=None), only)


def test_t22_tokens_do_not_show() -> None:
    """Neither tokens nor requests show what they hold, and what is stored is unreadable (T22)."""
    revocation = Revocation7009(url=URL, client_id="page", client_secret="canary-secret")
    tokens = OldTokens(access_token="canary-access", refresh_token="canary-refresh")
    sealed = tokens.sealed(SECRETS, app_id=PUBLIC_APP, nonce=bytes(12))
    assert "canary" not in repr((tokens, revocation, revocation_requests(tokens, revocation), sealed))
    assert OldTokens.opened(sealed, NEWER_SECRETS, app_id=PUBLIC_APP) == tokens


# --- the answer ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "outcome", "error"),
    [
        (200, b"", Outcome.DONE, None),
        (200, b"<html>", Outcome.DONE, None),
        (204, b"", Outcome.DONE, None),
        (400, b'{"error":"unsupported_token_type"}', Outcome.DONE, "NOT_REVOCABLE"),
        (400, b'{"error":"invalid_token"}', Outcome.DONE, "GONE"),
        (400, b'{"error":"invalid_request"}', Outcome.HOPELESS, "HTTP_400"),
        (400, b'{"error":["unsupported_token_type"]}', Outcome.HOPELESS, "HTTP_400"),
        (400, b"unsupported_token_type", Outcome.HOPELESS, "HTTP_400"),
        (400, b"", Outcome.HOPELESS, "HTTP_400"),
        (400, b'{"error":"invalid_client"}', Outcome.WAIT, "CLIENT_REFUSED"),
        (400, b'{"error":"unauthorized_client"}', Outcome.WAIT, "CLIENT_REFUSED"),
        (401, b"", Outcome.WAIT, "CLIENT_REFUSED"),
        (403, b"", Outcome.WAIT, "CLIENT_REFUSED"),
        (404, b"", Outcome.WAIT, "HTTP_404"),
        (405, b"", Outcome.WAIT, "HTTP_405"),
        (302, b"", Outcome.WAIT, "HTTP_302"),
        (408, b"", Outcome.AGAIN, "HTTP_408"),
        (429, b"", Outcome.WAIT, "HTTP_429"),
        (500, b"", Outcome.AGAIN, "HTTP_500"),
        (503, b'{"error":"unsupported_token_type"}', Outcome.AGAIN, "HTTP_503"),
    ],
)
def test_answer(status: int, body: bytes, outcome: Outcome, error: str | None) -> None:
    """Each answer of the provider ends the delivery, has it tried again, has it wait for us, or condemns it."""
    attempt = judge_revocation(WebResponse(status=status, body=body))
    assert (attempt.outcome, attempt.error) == (outcome, error)


def test_back_off() -> None:
    """Attempts come ten seconds after the first failure, then ever later, and at least once an hour for over a day."""
    delays = [(next_attempt(number, now=NOW) - NOW).total_seconds() for number in range(1, MAX_ATTEMPTS)]
    assert delays[:4] == [10, 20, 40, 80]
    assert delays == sorted(delays)
    assert max(delays) == (next_attempt(10**6, now=NOW) - NOW).total_seconds() == 3600
    assert sum(delays) > 24 * 3600


# --- the flow --------------------------------------------------------------------------------------------------------


def migrated(**rules: Any) -> World:
    """A world in which alice has just been migrated."""
    world = World(providers=(revoking(**rules),))
    world.migrate()
    return world


def delivered(
    world: World,
    *,
    at: datetime = NOW,
    secrets: Secrets = SECRETS,
    providers: tuple[Provider, ...] | None = None,
    limit: int = 10,
) -> DeliveryReport:
    """One round of the outbox."""
    known = world.providers if providers is None else providers
    return world.drive(deliver({each.name: each for each in known}, secrets, now=at, limit=limit))


def counted(world: World, **how: Any) -> DeliveryReport:
    """The same, without the reasons."""
    return replace(delivered(world, **how), failures=())


def waiting(world: World) -> Delivery:
    """The one delivery that is not settled."""
    (delivery,) = world.deliveries()
    return delivery


def test_delivered() -> None:
    """The provider is told both tokens once, and then the tokens are forgotten."""
    world = migrated()
    assert counted(world) == DeliveryReport(taken=1, done=1)
    assert [form(made)["token"] for made in world.issuer.seen] == [["old-refresh-token"], [token_of(world)]]
    assert [delivery.sealed for delivery in world.deliveries(DeliveryState.DONE)] == [b""]
    assert counted(world, at=NOW + timedelta(days=1)) == DeliveryReport()


def token_of(world: World) -> str:
    """The access token that the last request carried."""
    text = form(world.issuer.seen[-1])["token"][0]
    assert text.count(".") == 2
    return text


def test_provider_that_cannot_revoke_access_tokens() -> None:
    """oidc-provider answers 400 for its JWT access tokens: the ledger's tombstone is what ends those."""
    world = migrated(revocation=replace(PUBLIC, allowed_token_types=frozenset({"access_token"})))
    world.issuer.revocation = UNSUPPORTED
    assert counted(world) == DeliveryReport(taken=1, done=1)
    assert len(world.issuer.seen) == 1


def test_t26_provider_down_for_a_while() -> None:
    """While the provider does not answer the delivery waits ever longer, and ends when it is back (T26)."""
    world = migrated()
    world.issuer.down = True
    now = NOW
    for attempt in range(1, 4):
        report = delivered(world, at=now)
        assert [code for _, code in report.failures] == ["FETCH_FAILED"]
        assert replace(report, failures=()) == DeliveryReport(taken=1, postponed=1)
        assert (waiting(world).attempts, waiting(world).last_error) == (attempt, "FETCH_FAILED")
        assert counted(world, at=waiting(world).due_at - timedelta(milliseconds=1)) == DeliveryReport()
        now = waiting(world).due_at
    assert len(world.issuer.seen) == 3
    world.issuer.down = False
    assert counted(world, at=now) == DeliveryReport(taken=1, done=1)


def test_given_up() -> None:
    """A provider that never answers is given up after the last attempt; the operator sees why, the tokens are gone."""
    world = migrated()
    world.issuer.revocation = WebResponse(status=503)
    now, rounds = NOW, 0
    while world.deliveries():
        now = max(now, waiting(world).due_at)
        delivered(world, at=now)
        rounds += 1
    assert rounds == MAX_ATTEMPTS
    (dead,) = world.deliveries(DeliveryState.DEAD)
    assert (dead.last_error, dead.sealed) == ("HTTP_503", b"")


def test_t26_junk_refresh_token_does_not_shield_the_access_token() -> None:
    """The caller's refresh token may be junk that is refused: the access token is ended all the same (T26)."""
    world = migrated()
    world.issuer.refuses = frozenset({"token=old-refresh-token"})
    assert counted(world) == DeliveryReport(taken=1, dead=1)
    assert len(world.issuer.seen) == 2
    assert world.deliveries(DeliveryState.DEAD)[0].last_error == "HTTP_400"


@pytest.mark.parametrize(
    ("how", "error"),
    [
        ({"secrets": OTHER_SECRETS}, "SECRET_NOT_CONFIGURED"),
        ({"providers": ()}, "PROVIDER_NOT_CONFIGURED"),
        ({"providers": (revoking(revocation=None),)}, "PROVIDER_NOT_CONFIGURED"),
        ({"status": 401}, "CLIENT_REFUSED"),
        ({"status": 404}, "HTTP_404"),
    ],
    ids=["secret missing", "provider missing", "revocation missing", "client refused", "wrong address"],
)
def test_t26_our_own_configuration_is_wrong(how: dict[str, Any], error: str) -> None:
    """What we have to mend does not use up the delivery: mended after weeks, it still ends the old session (T26)."""
    world = migrated()
    world.issuer.revocation = WebResponse(status=how.pop("status", 200))
    now = NOW
    while now < NOW + timedelta(days=29):
        assert counted(world, at=now, **how) == DeliveryReport(taken=1, postponed=1)
        assert waiting(world).last_error == error
        now = waiting(world).due_at
    world.issuer.revocation = WebResponse(status=200)
    assert counted(world, at=now) == DeliveryReport(taken=1, done=1)


def test_configuration_is_never_mended() -> None:
    """After thirty days even these tokens are forgotten: they are of no use to anybody any more."""
    world = migrated()
    assert counted(world, at=NOW + timedelta(days=30), providers=()) == DeliveryReport(taken=1, dead=1)
    assert world.deliveries(DeliveryState.DEAD)[0].sealed == b""


def test_one_failure_does_not_hold_up_the_others() -> None:
    """Each delivery of a round is settled by itself."""
    world = World(
        providers=(revoking(), revoking(name="gone", issuers=("https://gone.example",), map_user=str))
    )
    world.migrate(request(token=token(iss="https://gone.example")), number=1)
    world.migrate(number=2)
    assert counted(world, providers=(revoking(),)) == DeliveryReport(taken=2, done=1, postponed=1)


def test_t26_a_silent_provider_does_not_hold_up_the_others() -> None:
    """Who gives no answer three times running is left alone for a minute, and what is due to him is put off (T26)."""
    gone = revoking(
        name="gone",
        issuers=("https://gone.example",),
        map_user=str,
        revocation=replace(PUBLIC, url="https://gone.example/revoke"),
    )
    world, silent, asked = World(providers=(revoking(), gone)), SilentProviders(), list[str]()
    for number in range(1, 6):
        lost = token(iss="https://gone.example", sub=f"user {number}", sid=f"sign-in {number}")
        world.migrate(request(token=lost), number=number)
    world.migrate(number=6)
    away = True

    def perform(step: Ask[Any]) -> Any:
        if step.port == "Web" and "gone.example" in step.args[0].url:
            asked.append(step.args[0].url)
            if away:
                raise FetchFailed(step.args[0].place, "no answer in time")
            return WebResponse(status=200)
        return world.perform(step)

    def deliver_all(at: datetime) -> DeliveryReport:
        known = {each.name: each for each in world.providers}
        return drive(deliver(known, SECRETS, now=at, limit=10, silent=silent), perform)

    report = deliver_all(NOW)
    assert len(asked) == 3
    assert report == DeliveryReport(taken=6, done=1, postponed=5, failures=(("gone", "FETCH_FAILED"),) * 3)
    assert {delivery.last_error for delivery in world.deliveries()} == {"FETCH_FAILED"}
    assert deliver_all(NOW + timedelta(seconds=30)) == DeliveryReport(taken=5, postponed=5)
    assert len(asked) == 3, "a minute is not over"
    deliver_all(NOW + timedelta(minutes=2))
    assert len(asked) == 4, "one is tried; he is silent still"
    away = False
    assert deliver_all(NOW + timedelta(minutes=10)) == DeliveryReport(taken=5, done=5)


@pytest.mark.parametrize("at", range(4), ids=["take", "refresh token", "access token", "settle"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_t26_worker_dies(at: int, done: bool) -> None:
    """A worker that stops at any step loses nothing: when its lease is over, the next one delivers (T26)."""
    world = migrated()
    flow = deliver({"old": world.providers[0]}, SECRETS, now=NOW, limit=1)
    run_with_fault(flow, world.perform, at=at, done=done, stopped=True)
    later = delivered(world, at=NOW + LONG_LEASE)
    settled = at == 3 and done
    assert later == (DeliveryReport() if settled else DeliveryReport(taken=1, done=1))
    assert len(world.deliveries(DeliveryState.DONE)) == 1


@pytest.mark.parametrize("at", [0, 3], ids=["take", "settle"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_store_fails(at: int, done: bool) -> None:
    """A store that fails ends the round, not the delivery."""
    world = migrated()
    flow = deliver({"old": world.providers[0]}, SECRETS, now=NOW, limit=1)
    error = run_with_fault(flow, world.perform, at=at, done=done, stopped=False)
    assert isinstance(error, StoreUnavailable)
    delivered(world, at=NOW + LONG_LEASE)
    assert len(world.deliveries(DeliveryState.DONE)) == 1


@pytest.mark.parametrize("limit", [1, 20])
def test_lease_covers_the_whole_round(limit: int) -> None:
    """Nobody else takes a delivery before its round can have ended, each of its exchanges taking ten seconds."""
    world = migrated()
    taking = deliver({"old": world.providers[0]}, SECRETS, now=NOW, limit=limit)
    run_with_fault(taking, world.perform, at=0, done=True, stopped=True)
    assert counted(world, at=NOW + limit * timedelta(seconds=20)) == DeliveryReport()
    assert waiting(world).attempts == 1


def test_slow_worker_does_not_undo_a_faster_one() -> None:
    """Who settles after his lease ran out changes nothing that is done."""
    world = migrated()
    slow = deliver({"old": world.providers[0]}, SECRETS, now=NOW, limit=1)
    taken = world.perform(slow.send(None))
    exchange = slow.send(taken)
    assert counted(world, at=NOW + LONG_LEASE) == DeliveryReport(taken=1, done=1)
    settled = world.perform(slow.send(WebResponse(status=503)))
    with pytest.raises(StopIteration):
        slow.send(settled)
    assert exchange.name == "exchange"
    assert [delivery.state for delivery in world.deliveries(DeliveryState.DONE)] == [DeliveryState.DONE]
    assert not world.deliveries()
