"""
Token revocation (RFC 7009): the old tokens are sent to where the provider takes them back.

200 proves nothing: it is also the answer for a token that was not good any more. What ends is the grant; whether the
provider's own page still knows the user is the provider's affair.
"""

from __future__ import annotations

from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.migration.client_form import client_form
from segue.migration.endings.exchange import exchanged, pause, text_of
from segue.migration.endings.model import (
    DONE,
    GONE,
    Attempt,
    CannotBeEnded,
    EndOldSession,
    Errand,
    OldTokens,
    Outcome,
    Reach,
)
from segue.migration.urls import UrlRefused, parse_url
from segue.migration.web import WebRequest, WebResponse

_REVOCABLE = frozenset({"refresh_token", "access_token"})


class Revocation7009(Discreet, frozen=True, kw_only=True):
    """
    Where and as whom to revoke the old tokens (RFC 7009).

    Raises:
        ConfigurationError: an address that is not followed, or no client.
    """

    kind: ClassVar = "rfc7009"
    unshown: ClassVar = frozenset({"client_secret"})

    url: str
    client_id: str
    client_secret: str | None = None
    """HTTP basic authentication with it; None for a public client, which only names itself."""
    allowed_token_types: frozenset[str] = _REVOCABLE
    """Which of the old tokens are sent there."""
    when: EndOldSession = EndOldSession.AT_ONCE

    def __post_init__(self) -> None:
        try:
            parse_url(self.url)
        except UrlRefused as error:
            raise ConfigurationError(f"the revocation endpoint cannot be asked: {error}") from error
        if not self.client_id:
            raise ConfigurationError("revocation needs the client_id to which the old tokens were given")
        if self.client_secret == "":
            raise ConfigurationError(
                "the client_secret of revocation is empty; give it, or None for a public client"
            )
        if not self.allowed_token_types or not self.allowed_token_types <= _REVOCABLE:
            raise ConfigurationError(
                "allowed_token_types of revocation: name refresh_token, access_token or both; "
                "without revocation leave it out as a whole"
            )

    @property
    def reach(self) -> Reach:
        """What ends with it."""
        return Reach.GRANT

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        requests = revocation_requests(old, self)
        if not requests:
            raise CannotBeEnded("NO_REFRESH_TOKEN" if old.access_token else "NO_TOKEN")
        attempts: list[Attempt] = []
        for request in requests:
            attempt = await exchanged(request, judge_revocation)
            if attempt.outcome in {Outcome.AGAIN, Outcome.WAIT}:
                return attempt
            # Go on: the refresh token is what the caller said it is, and may be junk to keep the other one alive.
            attempts.append(attempt)
        return max(attempts, key=_weight)


NOT_REVOCABLE = Attempt(outcome=Outcome.DONE, error="NOT_REVOCABLE")
"""The provider does not revoke this kind of token: a tombstone here has to do."""


def _weight(attempt: Attempt) -> int:
    """Of the answers for the two tokens: a refusal before a success, and that before what ended nothing."""
    if attempt.outcome is Outcome.HOPELESS:
        return 2
    return 1 if attempt == DONE else 0


def revocation_requests(tokens: OldTokens, revocation: Revocation7009) -> tuple[WebRequest, ...]:
    """One request a token (RFC 7009 §2.1), the refresh token first: many providers end its access tokens with it."""
    present = (("refresh_token", tokens.refresh_token), ("access_token", tokens.access_token))
    return tuple(
        _revocation_request(kind, token, revocation)
        for kind, token in present
        if token and kind in revocation.allowed_token_types
    )


def _revocation_request(kind: str, token: str, revocation: Revocation7009) -> WebRequest:
    return client_form(
        revocation.url,
        {"token": token, "token_type_hint": kind},
        client_id=revocation.client_id,
        client_secret=revocation.client_secret,
        purpose="revocation of an old token",
    )


def judge_revocation(response: WebResponse) -> Attempt:
    """
    Read the answer to a revocation (RFC 7009 §2.2).

    200 also means that the token was not good any more. A provider that cannot revoke this kind of token will never
    be able to: the ledger's tombstone has to do. Only 400 condemns the token; any other refusal (401, 403, 404 …) is
    of our client or our address, which can be mended, and then the tokens must still be there.
    """
    if response.status in {200, 204}:
        return DONE
    error = f"HTTP_{response.status}"
    if response.status == 429:
        return Attempt(outcome=Outcome.WAIT, error=error, retry_after=pause(response))
    if response.status in {408, 425} or response.status >= 500:
        return Attempt(outcome=Outcome.AGAIN, error=error, retry_after=pause(response))
    code = text_of(response, "error")
    if code in {"unsupported_token_type", "invalid_token"}:
        return GONE if code == "invalid_token" else NOT_REVOCABLE
    if code in {"invalid_client", "unauthorized_client"} or response.status in {401, 403}:
        return Attempt(outcome=Outcome.WAIT, error="CLIENT_REFUSED")
    outcome = Outcome.HOPELESS if response.status == 400 else Outcome.WAIT
    return Attempt(outcome=outcome, error=error)
