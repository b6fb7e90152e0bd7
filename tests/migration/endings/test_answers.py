"""What each provider's answers mean: ended, gone already, our fault, theirs, or nothing to be done."""

from __future__ import annotations

import pytest

from segue.errors import FetchFailed
from segue.migration.endings.model import Attempt, Outcome
from segue.migration.web import WebResponse
from tests.migration.endings.scene import GRANTED, WITH_SERVICE_TOKEN, Provider, ended, endings

WEB = sorted(endings())
OWN_TOKEN = {"cognito, user", "descope", "supabase", "supabase, user"}
"""The user's own token allows these, so a refusal is of that token."""
GOOD = WebResponse(status=200, body=b'{"status":"OK"}')
NULL = WebResponse(status=200, body=b"null")

DONE, AGAIN, WAIT, HOPELESS = Outcome.DONE, Outcome.AGAIN, Outcome.WAIT, Outcome.HOPELESS


def answer(name: str, *answers: WebResponse | Exception) -> Attempt:
    """What an ending makes of these answers, after its token was granted."""
    granted = [GRANTED] if name in WITH_SERVICE_TOKEN else []
    return ended(endings()[name], Provider(*granted, *answers))


@pytest.mark.parametrize("name", WEB)
def test_good_answer(name: str) -> None:
    """Where the provider says that it is done, it is."""
    assert answer(name, GOOD, NULL if name == "better_auth" else GOOD).outcome is DONE


@pytest.mark.parametrize("name", sorted(set(WEB) - {"better_auth", "supertokens"}))
def test_empty_answer(name: str) -> None:
    """Most providers say it by status alone."""
    assert answer(name, *[WebResponse(status=204)] * 2).outcome is DONE


@pytest.mark.parametrize("body", [b"", b"<html>sign in</html>", b'{"status":"NO"}'])
def test_answer_that_does_not_say_so(body: bytes) -> None:
    """Where the answer has to say that it is done, a page of somebody else's does not."""
    attempt = answer("supertokens", WebResponse(status=200, body=body))
    assert (attempt.outcome, attempt.error) == (WAIT, "ANSWER_NOT_UNDERSTOOD")


@pytest.mark.parametrize(
    ("second", "error"),
    [
        (WebResponse(status=200, body=b'{"session":{}}'), "STILL_ALIVE"),
        (WebResponse(status=200), "STILL_ALIVE"),
        (WebResponse(status=401, body=b"null"), "CLIENT_REFUSED"),
        (WebResponse(status=500, body=b"null"), "HTTP_500"),
        (FetchFailed("app.example", "no answer in time"), "FETCH_FAILED"),
    ],
)
def test_better_auth_is_asked_whether_it_is_gone(second: WebResponse | Exception, error: str) -> None:
    """Its sign-out says yes to everything; only `get-session` tells, and no answer of it is no yes."""
    attempt = answer("better_auth", GOOD, second)
    assert (attempt.outcome, attempt.error) == (AGAIN, error)


@pytest.mark.parametrize("name", WEB)
@pytest.mark.parametrize(
    ("status", "outcome", "error"),
    [
        (302, WAIT, "HTTP_302"),
        (405, WAIT, "HTTP_405"),
        (408, AGAIN, "HTTP_408"),
        (425, AGAIN, "HTTP_425"),
        (429, WAIT, "HTTP_429"),
        (500, AGAIN, "HTTP_500"),
        (503, AGAIN, "HTTP_503"),
    ],
)
def test_failure(name: str, status: int, outcome: Outcome, error: str) -> None:
    """Failures that say nothing of the session are tried again, whatever stands in their body."""
    page = WebResponse(status=status, body=b"<html>session not found</html>")
    attempt = answer(name, page)
    assert (attempt.outcome, attempt.error) == (outcome, error)


@pytest.mark.parametrize("name", WEB)
def test_wrong_address(name: str) -> None:
    """A 404 from a web server that knows nothing of sessions ends none: the delivery waits until we have mended it."""
    expected = DONE if name == "propelauth" else WAIT  # its API is at one place, and says no more than 404
    assert answer(name, WebResponse(status=404, body=b"<html>Not Found</html>")).outcome is expected


@pytest.mark.parametrize("name", sorted(set(WEB) - OWN_TOKEN))
@pytest.mark.parametrize("status", [401, 403])
def test_our_key_is_refused(name: str, status: int) -> None:
    """What we have to mend does not use up the delivery."""
    attempt = answer(name, WebResponse(status=status))
    assert (attempt.outcome, attempt.error) == (WAIT, "CLIENT_REFUSED")


@pytest.mark.parametrize("name", sorted(OWN_TOKEN - {"cognito, user"}))
def test_the_users_own_token_is_refused(name: str) -> None:
    """Nobody can end the session with it any more, and trying again would not help."""
    attempt = answer(name, WebResponse(status=403, body=b'{"error_code":"bad_jwt"}'))
    assert (attempt.outcome, attempt.error) == (HOPELESS, "OLD_TOKEN_REFUSED")


@pytest.mark.parametrize("name", sorted(set(WEB) - {"clerk"}))
def test_bad_request(name: str) -> None:
    """A request that is refused for what it is will be refused again."""
    attempt = answer(name, *[WebResponse(status=400, body=b"{}")] * 2)
    assert (attempt.outcome, attempt.error) == (HOPELESS, "HTTP_400")


@pytest.mark.parametrize("name", WEB)
def test_nobody_answers(name: str) -> None:
    """Silence is tried again."""
    attempt = answer(name, FetchFailed("old.example", "no answer in time"))
    assert (attempt.outcome, attempt.error) == (AGAIN, "FETCH_FAILED")


GONE = [
    ("auth0", 404, b'{"statusCode":404,"errorCode":"session_not_found","message":"x"}', DONE),
    ("auth0", 404, b'{"statusCode":404,"error":"Not Found","message":"Not Found"}', WAIT),
    ("clerk", 404, b'{"errors":[{"code":"resource_not_found"}]}', DONE),
    ("clerk", 404, b'{"errors":[]}', WAIT),
    ("clerk", 404, b'{"errors":"resource_not_found"}', WAIT),
    ("cognito", 400, b'{"__type":"UnsupportedTokenTypeException"}', HOPELESS),
    ("cognito", 400, b'{"__type":"com.amazon#UnauthorizedException"}', WAIT),
    ("cognito", 400, b'{"__type":"UnsupportedOperationException"}', WAIT),
    ("cognito", 400, b'{"__type":"TooManyRequestsException"}', WAIT),
    ("cognito", 400, b'{"__type":["a"]}', HOPELESS),
    ("cognito", 500, b'{"__type":"InternalErrorException"}', AGAIN),
    (
        "cognito, user",
        400,
        b'{"__type":"NotAuthorizedException","message":"Access Token has been revoked"}',
        DONE,
    ),
    (
        "cognito, user",
        400,
        b'{"__type":"NotAuthorizedException","message":"Access Token has expired"}',
        HOPELESS,
    ),
    ("entra", 404, b'{"error":{"code":"Request_ResourceNotFound"}}', DONE),
    ("entra", 404, b'{"error":{"code":"ResourceNotFound"}}', WAIT),
    ("firebase", 400, b'{"error":{"code":400,"message":"USER_NOT_FOUND"}}', DONE),
    ("firebase", 400, b'{"error":{"code":400,"message":"INVALID_ID_TOKEN"}}', HOPELESS),
    ("firebase", 403, b'{"error":{"status":"PERMISSION_DENIED"}}', WAIT),
    ("fusionauth", 404, b"", DONE),
    ("hydra", 404, b'{"error":{"code":404}}', DONE),
    ("keycloak", 400, b'{"error":"invalid_grant","error_description":"Session not active"}', DONE),
    ("keycloak", 400, b'{"error":"invalid_grant","error_description":"Token is not active"}', DONE),
    ("keycloak", 400, b'{"error":"invalid_grant","error_description":"Invalid refresh token"}', HOPELESS),
    ("keycloak", 400, b'{"error":"unauthorized_client"}', WAIT),
    ("keycloak_admin", 404, b'{"error":"Sesssion not found"}', DONE),
    ("keycloak_admin", 404, b'{"error":"Session not found"}', DONE),
    ("keycloak_admin", 404, b'{"error":"Realm not found."}', WAIT),
    ("keycloak_admin, user", 404, b'{"error":"User not found"}', DONE),
    ("kratos", 404, b'{"error":{"code":404,"status":"Not Found"}}', DONE),
    ("kratos", 404, b"404 page not found", WAIT),
    ("kratos", 400, b'{"error":{"code":400}}', HOPELESS),
    ("okta", 404, b'{"errorCode":"E0000007"}', DONE),
    ("okta", 404, b'{"errorCode":"E0000022"}', WAIT),
    ("okta", 401, b'{"errorCode":"E0000011"}', WAIT),
    ("stytch", 404, b'{"status_code":404,"error_type":"session_not_found"}', DONE),
    ("stytch", 404, b'{"status_code":404,"error_type":"route_not_found"}', WAIT),
    ("supabase", 403, b'{"code":403,"error_code":"session_not_found","msg":"x"}', DONE),
    ("supabase", 403, b'{"code":"session_not_found","message":"x"}', DONE),
    ("supabase", 403, b'{"code":403,"error_code":"user_not_found"}', DONE),
    ("supabase", 401, b'{"message":"Invalid API key"}', WAIT),
    ("workos", 404, b'{"code":"entity_not_found"}', DONE),
    ("workos", 404, b'{"message":"Not Found"}', WAIT),
]
"""A provider's own way of saying that there is no such session, and what looks like it."""


@pytest.mark.parametrize(("name", "status", "body", "outcome"), GONE)
def test_no_such_session(name: str, status: int, body: bytes, outcome: Outcome) -> None:
    """A session that is not there any more is done; what only resembles that is not."""
    attempt = answer(name, WebResponse(status=status, body=body))
    assert (attempt.outcome, attempt.error == "GONE") == (outcome, outcome is DONE)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        (("", "unsupported_token_type"), (DONE, None)),
        (("invalid_token", ""), (DONE, None)),
        (("invalid_token", "unsupported_token_type"), (DONE, "GONE")),
        (("unsupported_token_type", "unsupported_token_type"), (DONE, "NOT_REVOCABLE")),
        (("invalid_request", ""), (HOPELESS, "HTTP_400")),
    ],
)
def test_two_tokens(answers: tuple[str, str], expected: tuple[Outcome, str | None]) -> None:
    """Of refresh and access token one that was ended is enough; a refused one is not hidden by the other."""
    responses = [
        WebResponse(status=400, body=f'{{"error":"{code}"}}'.encode()) if code else WebResponse(status=200)
        for code in answers
    ]
    attempt = answer("rfc7009", *responses)
    assert (attempt.outcome, attempt.error) == expected


@pytest.mark.parametrize(
    ("status", "body", "outcome"),
    [
        (200, b'{"status":"revoked"}', DONE),
        (200, b'{"status":"ended"}', DONE),
        (200, b'{"status":"active"}', HOPELESS),
        (200, b"{}", HOPELESS),
        (404, b'{"errors":[{"code":"resource_not_found"}]}', DONE),
        (503, b"", AGAIN),
        (401, b"", WAIT),
    ],
)
def test_clerk_refuses(status: int, body: bytes, outcome: Outcome) -> None:
    """After a refusal Clerk is asked what has become of the session, since it may have ended before."""
    provider = Provider(WebResponse(status=400), WebResponse(status=status, body=body))
    assert ended(endings()["clerk"], provider).outcome is outcome
    assert provider.seen[1].url == "https://api.clerk.com/v1/sessions/sess_1"


def test_hydra_stops_at_the_first_failure() -> None:
    """The grants are ended before the sign-ins, and both or it is tried again."""
    assert answer("hydra, user", WebResponse(status=204), WebResponse(status=503)).outcome is AGAIN
    assert answer("hydra, user", WebResponse(status=503)).outcome is AGAIN


@pytest.mark.parametrize(
    ("header", "seconds"),
    [("17", 17), (" 5 ", 5), ("99999", 3600), ("-1", None), ("soon", None), ("1e3", None), ("", None)],
)
def test_retry_after(header: str, seconds: int | None) -> None:
    """The pause that a provider asks for in seconds is kept, up to an hour (RFC 9110 §10.2.3)."""
    attempt = answer("workos", WebResponse(status=429, headers=(("Retry-After", header),)))
    assert (attempt.retry_after and attempt.retry_after.total_seconds()) == seconds
