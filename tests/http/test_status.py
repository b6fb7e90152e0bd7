"""From error to answer: the tables are complete, and no answer says more than they do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from segue.errors import (
    AlreadyMigrated,
    ConfigurationError,
    Contended,
    KeyUnknown,
    MigrationRefused,
    SessionError,
    SessionGone,
    StoreUnavailable,
    TokenExpired,
    TokenRefused,
    TooManyAttempts,
    Unavailable,
    UserRefused,
)
from segue.http.message import HttpRequest
from segue.http.status import (
    MIGRATION_STATUSES,
    SESSION_ANSWERS,
    Answer,
    answer_of,
    error_response,
    migration_refusal,
)
from tests.http.world import local

if TYPE_CHECKING:
    from segue.http.message import HttpResponse

SETTINGS = local()
PLAIN = HttpRequest(method="POST", path="/", headers=())


def every_class(root: type[SessionError] = SessionError) -> list[type[SessionError]]:
    """Every error of the package."""
    below = [error for child in root.__subclasses__() for error in every_class(child)]
    return [root, *below] if root.__module__ == "segue.errors" else below


def body(response: HttpResponse) -> object:
    """The JSON of an answer."""
    return json.loads(response.body)


@pytest.mark.parametrize("table", [SESSION_ANSWERS, MIGRATION_STATUSES], ids=["sessions", "migration"])
def test_table_is_complete(table: dict[str, object]) -> None:
    """Every error class has its line in both tables, and no line outlives its class."""
    assert set(table) == {error.code for error in every_class()}


@pytest.mark.parametrize("error", every_class(), ids=lambda error: error.__name__)
def test_families_agree(error: type[SessionError]) -> None:
    """Faults are 500, what a retry may mend 503 (429 if the caller is the cause), and no refusal is either."""
    answer = SESSION_ANSWERS[error.code]
    if issubclass(error, Unavailable):
        status = 429 if error is TooManyAttempts else 503
        assert (answer, MIGRATION_STATUSES[error.code]) == (Answer.TRY_LATER, status)
    elif issubclass(error, ConfigurationError):
        assert (answer, MIGRATION_STATUSES[error.code]) == (Answer.FAULT, 500)
    elif issubclass(error, MigrationRefused):
        assert 400 <= MIGRATION_STATUSES[error.code] < 500
    elif issubclass(error, TokenRefused):
        assert answer in {Answer.NO_SESSION, Answer.TRY_REFRESH}


def test_application_s_own_error_is_answered_like_its_ancestor() -> None:
    """A subclass that an application makes is no stranger."""

    class Blocked(UserRefused):
        """The application's own."""

        code = "BLOCKED"

    refusal = migration_refusal(Blocked("why"), PLAIN, SETTINGS)
    assert (refusal.status, body(refusal)) == (
        403,
        {"status": "REFUSED", "code": "BLOCKED", "retryable": False},
    )

    class Late(TokenExpired):
        """Likewise."""

        code = "late"

    assert answer_of(Late("why")) is Answer.TRY_REFRESH


@pytest.mark.parametrize(
    "error", [ValueError("secret"), ConfigurationError("secret"), SessionError("secret")]
)
def test_fault_says_nothing(error: Exception) -> None:
    """A fault of ours is a 500 without detail, on both kinds of routes."""
    session, migration = (
        error_response(error, PLAIN, SETTINGS),
        migration_refusal(error, PLAIN, SETTINGS),
    )
    assert (session.status, body(session)) == (500, {"message": "internal error"})
    assert (migration.status, body(migration)) == (
        500,
        {"status": "REFUSED", "code": "INTERNAL", "retryable": False},
    )
    assert not session.actions
    assert not migration.actions


@pytest.mark.parametrize("error", [StoreUnavailable("detail"), Contended("detail")], ids=repr)
def test_try_again(error: Unavailable) -> None:
    """What a retry may mend says when, and takes nothing off the client."""
    for response in (error_response(error, PLAIN, SETTINGS), migration_refusal(error, PLAIN, SETTINGS)):
        assert response.status == 503
        assert ("retry-after", str(error.retry_after)) in response.headers
        assert not response.actions
        assert b"detail" not in response.body
    assert body(migration_refusal(error, PLAIN, SETTINGS)) == {
        "status": "REFUSED",
        "code": error.code,
        "retryable": True,
        "retryAfter": error.retry_after,
    }


def test_cause_stays_with_the_answer() -> None:
    """Whoever logs an answer finds the error behind it; the client never does."""
    error = SessionGone("the handle")
    response = error_response(error, PLAIN, SETTINGS)
    assert response.cause is error
    assert b"handle" not in response.body


@pytest.mark.parametrize(
    ("cookie", "status"),
    [
        ("", 401),
        ("other=1", 401),
        ("sAccessToken=x", 403),
        ("sRefreshToken=x", 403),
        ("sFrontToken=x", 403),
        ("st-access-token=x", 403),
    ],
)
def test_refused_migration_does_not_start_a_refresh(cookie: str, status: int) -> None:
    """Where a front end has a session, a refusal is no 401: it would refresh and try again, ten times over."""
    request = HttpRequest(method="POST", path="/migrate-session", headers=(("cookie", cookie),))
    refusal = migration_refusal(KeyUnknown("x"), request, SETTINGS)
    assert (refusal.status, body(refusal)) == (
        status,
        {"status": "REFUSED", "code": "TOKEN_KID_UNKNOWN", "retryable": False},
    )


def test_refused_migration_with_another_expired_status() -> None:
    """It is the configured status that starts a refresh, whichever that is."""
    request = HttpRequest(method="POST", path="/", headers=(("cookie", "sAccessToken=x"),))
    other = local(session_expired_status=440)
    assert migration_refusal(KeyUnknown("x"), request, other).status == 401
    swapped = local(session_expired_status=403, invalid_claim_status=401)
    assert migration_refusal(UserRefused("x"), request, swapped).status == 400
    conflict = local(session_expired_status=409)
    assert migration_refusal(AlreadyMigrated("x"), request, conflict).status == 403
