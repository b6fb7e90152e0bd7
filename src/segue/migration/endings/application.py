"""
Ending by the application itself: a function of its own, or the row of a previous application's session store.

For block lists (flask-jwt-extended, simplejwt), for providers that are not here, and for sessions that are rows. House
rule: whatever the application raises means that nothing is known, and it is asked again.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import ClassVar, Protocol, TypeAlias

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.flow import ask
from segue.migration.cookies.model import OldApplication
from segue.migration.endings.model import (
    DONE,
    Attempt,
    CannotBeEnded,
    EndOldSession,
    Errand,
    OldTokens,
    Outcome,
    Reach,
)

EndSession: TypeAlias = Callable[[OldTokens], None] | Callable[[OldTokens], Awaitable[None]]
"""Ends the session; called again for the same one, it is done. Awaitable only under `AsyncEngine`."""


class SessionEnder(Protocol):
    """The application's own functions, as the flows ask for them."""

    def end_old_session(self, provider: str, old: OldTokens) -> None:
        """End it; any exception means that it has to be tried again."""
        ...


class ApplicationEnding(Discreet, frozen=True, kw_only=True):
    """End the session by the application's own function."""

    kind: ClassVar = "application"
    unshown: ClassVar = frozenset({"end_session"})

    end_session: EndSession
    reach: Reach = Reach.SESSION
    """What the function ends: for the report."""
    when: EndOldSession = EndOldSession.AT_ONCE

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:
        """See `EndsSessions.end`."""
        try:
            await ask(SessionEnder.end_old_session, errand.provider, old)
        except ConfigurationError as error:
            return Attempt(outcome=Outcome.WAIT, error=error.code)
        except Exception as error:  # noqa: BLE001 - the application's own; what it raises may quote the tokens
            return _failed(error)
        return DONE


class RecordEnding(Discreet, frozen=True, kw_only=True):
    """Delete the session's row in the previous application's store, through its `end_session`."""

    kind: ClassVar = "record"
    when: EndOldSession = EndOldSession.AFTER_FIRST_USE
    """The row proves who asks: without it, nobody whose answer was lost could ask again."""

    @property
    def reach(self) -> Reach:
        """What ends with it."""
        return Reach.SESSION

    async def end(self, old: OldTokens, errand: Errand) -> Attempt:
        """See `EndsSessions.end`."""
        if not old.record_key:
            raise CannotBeEnded("NO_RECORD_KEY")
        try:
            await ask(OldApplication.end_session, errand.provider, old.record_key)
        except ConfigurationError as error:
            return Attempt(outcome=Outcome.WAIT, error=error.code)
        except Exception as error:  # noqa: BLE001 - likewise
            return _failed(error)
        return DONE


def _failed(error: Exception) -> Attempt:
    return Attempt(outcome=Outcome.AGAIN, error="APPLICATION_FAILED", raised=type(error).__name__)
