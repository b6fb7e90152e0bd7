"""
Requests to providers' own APIs, what their answers mean, and the order of the steps where there are two.

House rules: only an answer that is known to say so means "ended"; a refusal of our key is ours to mend and waits; a
limit that we run into waits as long as the provider asks. No redirect is followed (`segue.adapters.web`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import TypeAlias

from segue.errors import FetchFailed
from segue.flow import ask
from segue.json import JsonObject, JsonValue, dump, parse_object
from segue.migration.endings.model import DONE, GONE, Attempt, Errand, Outcome
from segue.migration.web import Headers, Web, WebRequest, WebResponse

Judge: TypeAlias = Callable[[WebResponse], Attempt]
Gone: TypeAlias = Callable[[WebResponse], bool]
"""Whether an answer says that there is no such session (any more)."""

_PURPOSE = "ending of an old session"
_SECONDS = re.compile(r"[0-9]{1,6}")
_LONGEST_PAUSE = timedelta(hours=1)
_TOKEN = re.compile(r"[!-~]{1,8192}")


def bearer(token: str) -> tuple[str, str]:
    """The header that shows a token (RFC 6750 §2.1)."""
    return ("authorization", f"Bearer {token}")


def api_request(
    method: str, url: str, *, headers: Headers, body: Mapping[str, JsonValue] | None = None
) -> WebRequest:
    """A request to a JSON API."""
    sent = (("content-type", "application/json"),) if body is not None else ()
    return WebRequest(
        url=url,
        purpose=_PURPOSE,
        method=method,
        headers=(*headers, *sent, ("accept", "application/json")),
        body=None if body is None else dump(body),
    )


def said(response: WebResponse) -> JsonObject:
    """The object in a response; empty if there is none."""
    try:
        return parse_object(response.body)
    except ValueError:
        return {}


def text_of(response: WebResponse, *names: str) -> str:
    """The text at a place in the response's object; empty if there is none."""
    found: JsonValue | JsonObject = said(response)
    for name in names:
        found = found.get(name) if isinstance(found, Mapping) else None
    return found if isinstance(found, str) else ""


def nowhere(_response: WebResponse) -> bool:
    """No answer of this provider is known to say that there is no such session."""
    return False


def pause(response: WebResponse) -> timedelta | None:
    """What `Retry-After` asks for (RFC 9110 §10.2.3), in seconds; at most an hour."""
    seconds = _SECONDS.fullmatch((response.header("retry-after") or "").strip())
    return None if seconds is None else min(timedelta(seconds=int(seconds[0])), _LONGEST_PAUSE)


def judge_call(response: WebResponse, *, gone: Gone = nowhere) -> Attempt:
    """Read the answer to a call that our own key allows."""
    status = response.status
    if 200 <= status < 300:
        return DONE
    if gone(response):
        return GONE
    error = f"HTTP_{status}"
    if status == 429:
        return Attempt(outcome=Outcome.WAIT, error=error, retry_after=pause(response))
    if status in {408, 425} or status >= 500:
        return Attempt(outcome=Outcome.AGAIN, error=error, retry_after=pause(response))
    if status in {401, 403}:
        return Attempt(outcome=Outcome.WAIT, error="CLIENT_REFUSED")
    return Attempt(outcome=Outcome.HOPELESS if status in {400, 422} else Outcome.WAIT, error=error)


def judge_own(response: WebResponse, *, gone: Gone = nowhere) -> Attempt:
    """Read the answer to a call that the user's own token allows: refused, it is of no more use."""
    if response.status in {401, 403} and not gone(response):
        return Attempt(outcome=Outcome.HOPELESS, error="OLD_TOKEN_REFUSED")
    return judge_call(response, gone=gone)


async def exchanged(request: WebRequest, judge: Judge) -> Attempt:
    """Ask, and judge the answer."""
    try:
        return judge(await ask(Web.exchange, request))
    except FetchFailed as error:
        return Attempt(outcome=Outcome.AGAIN, error=error.code)


async def with_service_token(
    errand: Errand, *, grant: WebRequest, call: Callable[[str], WebRequest], judge: Judge
) -> Attempt:
    """
    Ask with a token that is fetched for us first, unless one is at hand.

    Args:
        errand: whose token it is.
        grant: asks for the token.
        call: the request, made with it.
        judge: of the answer to that.
    """
    token = errand.service_tokens.find(errand.provider, errand.now)
    if token is not None:
        attempt, refused = await _called(call(token), judge)
        if not refused:
            return attempt
        errand.service_tokens.forget(errand.provider)  # it may have been revoked: once more with a new one
    fetched = await _fetched(grant, errand)
    if isinstance(fetched, Attempt):
        return fetched
    attempt, refused = await _called(call(fetched), judge)
    if refused:
        errand.service_tokens.forget(errand.provider)
    return attempt


async def _called(request: WebRequest, judge: Judge) -> tuple[Attempt, bool]:
    """The attempt, and whether the token was refused."""
    try:
        response = await ask(Web.exchange, request)
    except FetchFailed as error:
        return Attempt(outcome=Outcome.AGAIN, error=error.code), False
    return judge(response), response.status == 401


async def _fetched(grant: WebRequest, errand: Errand) -> str | Attempt:
    try:
        response = await ask(Web.exchange, grant)
    except FetchFailed as error:
        return Attempt(outcome=Outcome.AGAIN, error=error.code)
    granted = read_grant(response)
    if isinstance(granted, Attempt):
        return granted
    token, lifetime = granted
    errand.service_tokens.keep(errand.provider, token, lifetime=lifetime, now=errand.now)
    return token


def read_grant(response: WebResponse) -> tuple[str, timedelta] | Attempt:
    """
    Read the answer of a token endpoint (RFC 6749 §5.1): the token and how long it lives, or why there is none.

    Whatever it refuses is our own client: that can be mended, and the delivery waits.
    """
    if response.status != 200:
        attempt = judge_call(response)
        if response.status in {400, 401, 403}:
            return Attempt(outcome=Outcome.WAIT, error="CLIENT_REFUSED")
        return attempt if attempt.outcome is not Outcome.DONE else _unusable()
    members = said(response)
    token, kind, lifetime = (members.get(name) for name in ("access_token", "token_type", "expires_in"))
    if not isinstance(token, str) or not _TOKEN.fullmatch(token):
        return _unusable()
    if isinstance(kind, str) and kind.lower() != "bearer":
        return _unusable()  # bound to a key that we do not have (RFC 9449), or of a kind that we do not know
    seconds = lifetime if isinstance(lifetime, int) and 0 < lifetime < 10**7 else 0
    return token, timedelta(seconds=seconds)


def _unusable() -> Attempt:
    return Attempt(outcome=Outcome.WAIT, error="SERVICE_TOKEN_UNUSABLE")
