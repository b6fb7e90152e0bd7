"""Tokens that are fetched for us: one serves many deliveries, and a refused one is replaced once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from segue.errors import FetchFailed
from segue.migration.endings.model import Outcome
from segue.migration.endings.service_tokens import ServiceTokens
from segue.migration.web import WebResponse
from tests.migration.endings.scene import GRANTED, WITH_SERVICE_TOKEN, Provider, ended, endings, errand
from tests.migration.issuer import NOW

GOOD = WebResponse(status=204)
REFUSED = WebResponse(status=401)


@pytest.mark.parametrize("name", sorted(WITH_SERVICE_TOKEN))
def test_one_token_serves_many_deliveries(name: str) -> None:
    """Providers count, and some bill, how often it is asked for."""
    tokens = ServiceTokens()
    provider = Provider(GRANTED, GOOD, GOOD, GOOD)
    for minutes in (0, 1, 59):
        attempt = ended(endings()[name], provider, on=errand(minutes=minutes, tokens=tokens))
        assert attempt.outcome is Outcome.DONE
    assert provider.done


def test_token_is_used_for_an_hour_at_most() -> None:
    """Whatever life the provider gives it."""
    tokens = ServiceTokens()
    provider = Provider(GRANTED, GOOD, GRANTED, GOOD)
    for minutes in (0, 60):
        ended(endings()["auth0"], provider, on=errand(minutes=minutes, tokens=tokens))
    assert provider.done


@pytest.mark.parametrize("lifetime", ["", ',"expires_in":0', ',"expires_in":-5', ',"expires_in":"3600"'])
def test_token_of_unknown_life_is_used_once(lifetime: str) -> None:
    """What does not say how long it lives is not kept."""
    tokens = ServiceTokens()
    granted = WebResponse(status=200, body=f'{{"access_token":"t"{lifetime}}}'.encode())
    provider = Provider(granted, GOOD, granted, GOOD)
    for _ in range(2):
        ended(endings()["auth0"], provider, on=errand(tokens=tokens))
    assert provider.done


def test_token_that_was_withdrawn() -> None:
    """A kept token that is refused is replaced once; a new one that is refused is ours to mend."""
    tokens = ServiceTokens()
    tokens.keep("old", "withdrawn", lifetime=timedelta(hours=1), now=NOW)
    provider = Provider(REFUSED, GRANTED, GOOD)
    assert ended(endings()["auth0"], provider, on=errand(tokens=tokens)).outcome is Outcome.DONE
    sent = [dict(request.headers).get("authorization") for request in provider.seen]
    assert sent == ["Bearer withdrawn", None, "Bearer canary-service-token"]

    provider = Provider(REFUSED, GRANTED, REFUSED)
    attempt = ended(endings()["auth0"], provider, on=errand(tokens=tokens))
    assert (attempt.outcome, attempt.error) == (Outcome.WAIT, "CLIENT_REFUSED")
    assert tokens.find("old", NOW) is None


@pytest.mark.parametrize("name", sorted(WITH_SERVICE_TOKEN))
@pytest.mark.parametrize(
    ("answer", "outcome", "error"),
    [
        (WebResponse(status=400, body=b'{"error":"invalid_grant"}'), Outcome.WAIT, "CLIENT_REFUSED"),
        (WebResponse(status=401, body=b'{"error":"invalid_client"}'), Outcome.WAIT, "CLIENT_REFUSED"),
        (WebResponse(status=403), Outcome.WAIT, "CLIENT_REFUSED"),
        (WebResponse(status=404), Outcome.WAIT, "HTTP_404"),
        (WebResponse(status=429, headers=(("retry-after", "7"),)), Outcome.WAIT, "HTTP_429"),
        (WebResponse(status=500), Outcome.AGAIN, "HTTP_500"),
        (WebResponse(status=204), Outcome.WAIT, "SERVICE_TOKEN_UNUSABLE"),
        (WebResponse(status=200, body=b"<html>"), Outcome.WAIT, "SERVICE_TOKEN_UNUSABLE"),
        (WebResponse(status=200, body=b'{"access_token":"a b"}'), Outcome.WAIT, "SERVICE_TOKEN_UNUSABLE"),
        (
            WebResponse(status=200, body=b'{"access_token":"a\\r\\nx: y"}'),
            Outcome.WAIT,
            "SERVICE_TOKEN_UNUSABLE",
        ),
        (
            WebResponse(status=200, body=b'{"access_token":"t","token_type":"DPoP"}'),
            Outcome.WAIT,
            "SERVICE_TOKEN_UNUSABLE",
        ),
        (FetchFailed("login.example", "no answer in time"), Outcome.AGAIN, "FETCH_FAILED"),
    ],
)
def test_no_token(name: str, answer: WebResponse | Exception, outcome: Outcome, error: str) -> None:
    """Without a token nothing else is asked, and the delivery is never condemned for our own client."""
    provider = Provider(answer)
    attempt = ended(endings()[name], provider)
    assert (attempt.outcome, attempt.error, provider.done) == (outcome, error, True)


def test_tokens_are_few_and_do_not_show() -> None:
    """They are bounded, and their text form says nothing."""
    tokens = ServiceTokens()
    for number in range(1000):
        tokens.keep(f"provider-{number}", "canary", lifetime=timedelta(hours=1), now=NOW)
    found = [number for number in range(1000) if tokens.find(f"provider-{number}", NOW)]
    assert len(found) == 64
    assert "canary" not in repr(tokens) + repr(errand(tokens=tokens))
