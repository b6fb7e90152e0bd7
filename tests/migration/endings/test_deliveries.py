"""Endings out of the outbox: what waits in it, what is given up and why, and the pace that a provider asks for."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from segue.errors import FetchFailed
from segue.flow import Ask, drive
from segue.ids import PUBLIC_APP
from segue.json import dump
from segue.migration.ending import deliver, next_attempt
from segue.migration.endings import (
    ApplicationEnding,
    ClerkEnding,
    CognitoEnding,
    EndOldSession,
    KeycloakAdminEnding,
    OldTokens,
    Reach,
    RecordEnding,
    SupabaseEnding,
)
from segue.migration.endings.model import Outcome
from segue.migration.model import Delivery, DeliveryState
from segue.migration.provider import Provider
from segue.migration.web import WebRequest, WebResponse
from tests.migration.endings.scene import GRANTED, errand, old
from tests.migration.issuer import NOW, claims, signed, token
from tests.migration.world import SECRETS, World, request, revoking, run_with_fault

CLERK = ClerkEnding(secret_key="canary-secret")
SUPABASE = SupabaseEnding(url="https://ref.supabase.co/auth/v1")


class Told(World):
    """A world whose provider answers as it is told, and notes what it is asked."""

    def __init__(self, provider: Provider, *answers: WebResponse) -> None:
        super().__init__(providers=(provider,))
        self.answers = list(answers)
        self.asked_for: list[WebRequest] = []

    def perform(self, step: Ask[Any]) -> Any:
        """Answer one ask."""
        if step.port != "Web":
            return super().perform(step)
        self.asked_for.append(step.args[0])
        return self.answers.pop(0)

    def deliver(self, *, minutes: float = 0, limit: int = 10) -> None:
        """One round of the outbox, so much later."""
        known = {each.name: each for each in self.providers}
        at = NOW + timedelta(minutes=minutes)
        drive(deliver(known, SECRETS, now=at, limit=limit), self.perform)

    def settled(self, state: DeliveryState) -> list[str | None]:
        """The reasons of those in a state."""
        return [delivery.last_error for delivery in self.deliveries(state)]


def waiting(world: World) -> Delivery:
    """The one delivery that is not settled."""
    (delivery,) = world.deliveries()
    return delivery


def test_what_the_outbox_keeps() -> None:
    """Everything comes out as it was sealed, for whatever ending is configured by then."""
    tokens = old()
    sealed = tokens.sealed(SECRETS, app_id=PUBLIC_APP, nonce=bytes(12))
    assert OldTokens.opened(sealed, SECRETS, app_id=PUBLIC_APP) == tokens
    assert b"canary" not in sealed


def test_what_an_older_version_kept() -> None:
    """A row from before endings has tokens and nothing else; it is delivered, not refused."""
    plain = dump({"access_token": "a", "refresh_token": None})
    sealed = SECRETS.seal(plain, purpose="outbox", app_id=PUBLIC_APP, nonce=bytes(12))
    assert OldTokens.opened(sealed, SECRETS, app_id=PUBLIC_APP) == OldTokens(
        access_token="a", refresh_token=None
    )


def test_session_of_the_verified_token() -> None:
    """What a migration proved, and nothing that the caller said, names the session that is ended."""
    world = Told(revoking(revocation=CLERK), WebResponse(status=200))
    world.migrate(request(token=token(sid="sess_9")))
    world.deliver()
    assert [each.url for each in world.asked_for] == ["https://api.clerk.com/v1/sessions/sess_9/revoke"]
    assert world.settled(DeliveryState.DONE) == [None]


def test_token_without_a_session_id() -> None:
    """A provider whose tokens do not name the session is not asked; the operator sees why, and no token is kept."""
    world = Told(revoking(revocation=CLERK))
    nameless = {name: value for name, value in claims().items() if name != "sid"}
    world.migrate(request(token=signed(nameless)))
    world.deliver()
    assert world.settled(DeliveryState.DEAD) == ["NO_SESSION_ID"]
    assert [delivery.sealed for delivery in world.deliveries(DeliveryState.DEAD)] == [b""]


def test_refresh_token_that_no_page_gave() -> None:
    """Where only the refresh token can end the session, the operator learns that pages do not give it."""
    world = Told(revoking(revocation=CognitoEnding(region="eu-central-1", client_id="page")))
    world.migrate(request(old_refresh_token=None))
    world.deliver()
    assert (world.settled(DeliveryState.DEAD), world.asked_for) == (["NO_REFRESH_TOKEN"], [])


def test_own_token_is_over() -> None:
    """Where only the user's own token can end the session, the delivery gives up when that is over."""
    world = Told(revoking(revocation=SUPABASE), WebResponse(status=503), WebResponse(status=503))
    world.migrate()
    world.deliver()
    world.deliver(minutes=8.5)
    assert (world.settled(DeliveryState.PENDING), len(world.asked_for)) == (["HTTP_503"], 2)
    world.deliver(minutes=9)
    assert world.settled(DeliveryState.DEAD) == ["OLD_TOKEN_EXPIRED"]
    assert len(world.asked_for) == 2


def test_own_token_before_the_first_use() -> None:
    """A delivery that was held back too long says the same."""
    ending = replace(SUPABASE, when=EndOldSession.AFTER_FIRST_USE)
    world = Told(revoking(revocation=ending))
    session = world.migrate().handle
    world.store.release_deliveries(PUBLIC_APP, (session,), at=NOW + timedelta(minutes=30))
    world.deliver(minutes=30)
    assert (world.settled(DeliveryState.DEAD), world.asked_for) == (["OLD_TOKEN_EXPIRED"], [])


def test_provider_asks_for_a_pause() -> None:
    """One refusal for haste holds back the rest of the round, for as long as the provider asks."""
    slow = WebResponse(status=429, headers=(("retry-after", "600"),))
    world = Told(revoking(revocation=CLERK), slow, *[WebResponse(status=200)] * 3)
    for number in range(3):
        world.migrate(request(token=token(sid=f"sess_{number}")), number=number)
    world.deliver()
    assert (world.settled(DeliveryState.PENDING), len(world.asked_for)) == (["HTTP_429"] * 3, 1)
    world.deliver(minutes=9.99)
    assert len(world.asked_for) == 1
    world.deliver(minutes=10)
    assert world.settled(DeliveryState.DONE) == [None] * 3


def test_pace_of_a_provider_condemns_nothing() -> None:
    """However often a cut-over runs into a limit, its deliveries are not used up by that."""
    world = Told(revoking(revocation=CLERK), *[WebResponse(status=429)] * 100)
    world.migrate()
    minutes = 0.0
    for _ in range(100):
        world.deliver(minutes=minutes)
        minutes = (waiting(world).due_at - NOW).total_seconds() / 60
    assert world.settled(DeliveryState.PENDING) == ["HTTP_429"]


def test_pause_is_no_shorter_than_ours() -> None:
    """A provider that asks for no time at all is not asked faster than any other."""
    at_once = WebResponse(status=503, headers=(("retry-after", "0"),))
    world = Told(revoking(revocation=CLERK), at_once)
    world.migrate()
    world.deliver()
    assert waiting(world).due_at == next_attempt(1, now=NOW)


class Keycloak(Told):
    """A provider that remembers what was ended, over as many rounds and workers as it takes."""

    def __init__(self) -> None:
        ending = KeycloakAdminEnding(
            issuer="https://kc.example/realms/shop", client_id="robot", client_secret="canary"
        )
        super().__init__(revoking(revocation=ending))
        self.ended: list[str] = []
        self.lost: int | None = None
        self.lost_after = False

    def perform(self, step: Ask[Any]) -> Any:
        """Answer one ask."""
        if step.port != "Web":
            return World.perform(self, step)
        (made,) = step.args
        self.asked_for.append(made)
        lost = len(self.asked_for) - 1 == self.lost
        answer = None if lost and not self.lost_after else self._answer(made)
        if lost or answer is None:
            raise FetchFailed("kc.example", "no answer in time")
        return answer

    def _answer(self, made: WebRequest) -> WebResponse:
        if made.method == "POST":
            return GRANTED
        _, _, session = made.url.rpartition("/")
        if session in self.ended:
            return WebResponse(status=404, body=b'{"error":"Session not found"}')
        self.ended.append(session)
        return WebResponse(status=204)


@pytest.mark.parametrize("at", range(4), ids=["take", "token", "delete", "settle"])
@pytest.mark.parametrize("done", [False, True], ids=["before", "after"])
def test_t26_worker_stops_between_steps(at: int, done: bool) -> None:
    """Wherever a worker stops, the session is ended once, and the next worker has the delivery done (T26)."""
    world = Keycloak()
    world.migrate()
    flow = deliver({"old": world.providers[0]}, SECRETS, now=NOW, limit=1)
    run_with_fault(flow, world.perform, at=at, done=done, stopped=True)
    world.deliver(minutes=10)
    assert (world.ended, len(world.deliveries(DeliveryState.DONE))) == (["sign-in-1"], 1)


@pytest.mark.parametrize("at", [0, 1], ids=["token", "delete"])
@pytest.mark.parametrize("done", [False, True], ids=["question lost", "answer lost"])
def test_t26_exchange_is_lost(at: int, done: bool) -> None:
    """Whichever exchange fails on its way there or back, the session is ended once, and that is found out (T26)."""
    world = Keycloak()
    world.lost, world.lost_after = at, done
    world.migrate()
    world.deliver()
    assert world.settled(DeliveryState.PENDING) == ["FETCH_FAILED"]
    world.deliver(minutes=1)
    assert world.ended == ["sign-in-1"]
    assert world.settled(DeliveryState.DONE) == ["GONE" if (at, done) == (1, True) else None]


def test_t26_two_workers_at_once() -> None:
    """A worker whose lease ran out and the next one may both tell the provider; the session ends once (T26)."""
    world = Keycloak()
    world.migrate()
    known = {"old": world.providers[0]}
    slow = deliver(known, SECRETS, now=NOW, limit=1)
    step = slow.send(None)
    step = slow.send(world.perform(step))
    step = slow.send(world.perform(step))
    world.deliver(minutes=10)
    assert (world.ended, world.settled(DeliveryState.DONE)) == (["sign-in-1"], [None])
    step = slow.send(world.perform(step))
    assert step.name == "settle_delivery"
    world.perform(step)
    slow.close()
    assert (world.ended, world.settled(DeliveryState.DONE)) == (["sign-in-1"], [None])


# --- by the application -----------------------------------------------------------------------------------------------


class Old:
    """The application's own functions, which fail as often as they are told."""

    def __init__(self, *, fails: int = 0) -> None:
        self.fails = fails
        self.calls: list[tuple[str, object]] = []

    def perform(self, step: Ask[Any]) -> Any:
        """Answer one ask."""
        self.calls.append((f"{step.port}.{step.name}", step.args))
        if self.fails:
            self.fails -= 1
            raise RuntimeError("canary: token of alice")


def test_own_function() -> None:
    """It is given what is known of the old session; what it raises is tried again, and its text is not kept."""
    tokens = old()
    ending = ApplicationEnding(end_session=print, reach=Reach.GRANT)
    application = Old(fails=1)
    attempt = drive(ending.end(tokens, errand()), application.perform)
    assert (attempt.outcome, attempt.error, attempt.raised) == (
        Outcome.AGAIN,
        "APPLICATION_FAILED",
        "RuntimeError",
    )
    assert drive(ending.end(tokens, errand()), application.perform).outcome is Outcome.DONE
    assert application.calls == [("SessionEnder.end_old_session", ("old", tokens))] * 2
    assert ending.reach is Reach.GRANT


def test_row_of_an_old_application() -> None:
    """Its store is asked to delete the row, by provider and key; a row that is gone is no error of it."""
    application = Old(fails=1)
    assert drive(RecordEnding().end(old(), errand()), application.perform).outcome is Outcome.AGAIN
    assert drive(RecordEnding().end(old(), errand()), application.perform).outcome is Outcome.DONE
    assert application.calls == [("OldApplication.end_session", ("old", "canary-row-1"))] * 2


def test_what_an_application_raises_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    """The log names the provider and the class of the error, never its text, which may quote a token (T22)."""

    class Failing(Told):
        def perform(self, step: Ask[Any]) -> Any:
            if step.port == "SessionEnder":
                raise RuntimeError("canary")
            return super().perform(step)

    world = Failing(revoking(revocation=ApplicationEnding(end_session=print)))
    world.migrate()
    with caplog.at_level(logging.DEBUG):
        world.deliver()
    assert world.settled(DeliveryState.PENDING) == ["APPLICATION_FAILED"]
    assert "of old raised RuntimeError" in caplog.text
    assert "canary" not in caplog.text
