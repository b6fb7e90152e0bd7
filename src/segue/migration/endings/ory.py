"""
Ory: the admin APIs of Kratos (sessions) and Hydra (sign-ins and grants).

Both belong on a private network; Ory's hosted ones ask for a key. Hydra's end of one sign-in leaves its tokens alone:
revoke those with `Revocation7009`. Written by the sources of Kratos and Hydra; not run against the programs.
"""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlencode

from segue.discreet import Discreet
from segue.migration.endings.checks import identifier, require_reach, require_texts, require_url, segment
from segue.migration.endings.exchange import api_request, bearer, exchanged, judge_call, said
from segue.migration.endings.model import Attempt, EndOldSession, Errand, OldTokens, Outcome, Reach
from segue.migration.web import WebRequest, WebResponse

_OFFERED = frozenset({Reach.SESSION, Reach.USER})


class _OryEnding(Discreet, frozen=True, kw_only=True):
    """What the two have in common: an admin API, and its key."""

    program: ClassVar[str]
    unshown: ClassVar = frozenset({"api_key"})

    admin_url: str
    """Of the admin API: `https://kratos-admin.internal`; Ory's network: the project's address."""
    api_key: str | None = None
    """Of Ory's network."""
    reach: Reach = Reach.SESSION
    when: EndOldSession = EndOldSession.AT_ONCE

    def __post_init__(self) -> None:
        require_url(self.admin_url, self.program)
        require_texts(self.program, api_key=self.api_key)
        require_reach(self.program, self.reach, _OFFERED)

    def judge(self, response: WebResponse) -> Attempt:
        """A 404 of the API says so once more inside."""
        return judge_call(response, gone=_not_found)

    def _delete(self, path: str) -> WebRequest:
        headers = () if self.api_key is None else (bearer(self.api_key),)
        return api_request("DELETE", f"{self.admin_url.rstrip('/')}/admin/{path}", headers=headers)


class KratosEnding(_OryEnding, frozen=True, kw_only=True):
    """
    End the session at Kratos, by its id.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "kratos"
    program: ClassVar = "Kratos"

    def request(self, old: OldTokens) -> WebRequest:
        """One call."""
        if self.reach is Reach.USER:
            path = f"identities/{segment(old.subject, 'NO_SUBJECT')}/sessions"
        else:
            path = f"sessions/{segment(old.session_id, 'NO_SESSION_ID')}"
        return self._delete(path)

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        return await exchanged(self.request(old), self.judge)


class HydraEnding(_OryEnding, frozen=True, kw_only=True):
    """
    End the sign-in at Hydra by the `sid` of its ID token, or all sign-ins and grants of the user.

    Raises:
        ConfigurationError: what cannot work.
    """

    kind: ClassVar = "hydra"
    program: ClassVar = "Hydra"

    def requests(self, old: OldTokens) -> tuple[WebRequest, ...]:
        """What is sent, in this order: the grants first, since their tokens do the harm."""
        if self.reach is Reach.SESSION:
            return (self._delete_sessions("login", {"sid": identifier(old.session_id, "NO_SESSION_ID")}),)
        subject = identifier(old.subject, "NO_SUBJECT")
        consents = self._delete_sessions("consent", {"subject": subject, "all": "true"})
        return (consents, self._delete_sessions("login", {"subject": subject}))

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:  # noqa: ARG002 - of `EndsSessions`
        """See `EndsSessions.end`."""
        attempts: list[Attempt] = []
        for request in self.requests(old):
            attempts.append(await exchanged(request, self.judge))
            if attempts[-1].outcome is not Outcome.DONE:
                break
        return attempts[-1]

    def _delete_sessions(self, what: str, query: dict[str, str]) -> WebRequest:
        return self._delete(f"oauth2/auth/sessions/{what}?{urlencode(query)}")


def _not_found(response: WebResponse) -> bool:
    error = said(response).get("error")
    return response.status == 404 and isinstance(error, dict) and error.get("code") == 404
