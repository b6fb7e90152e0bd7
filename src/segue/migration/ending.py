"""
Ending old sessions, delivered from the outbox: what is due is taken, its provider told, and the outcome noted.

What is known of the old session waits encrypted in a row that was written in the same transaction as the new session,
so a crash at any point loses nothing; the worst is that a session is ended twice, which harms nobody. How a provider is
told is its ending (`segue.migration.endings`). House rule: planning the next attempt is pure; no token is in a text.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

import msgspec

from segue.errors import ConfigurationError, FetchFailed
from segue.flow import ask
from segue.migration.endings.model import Attempt, CannotBeEnded, Errand, OldTokens, Outcome
from segue.migration.endings.service_tokens import ServiceTokens
from segue.migration.model import Delivery, DeliveryState
from segue.migration.policy import ProviderPolicy
from segue.migration.ports import Outbox
from segue.migration.silence import SilentProviders
from segue.tokens.secrets import Secrets

logger = logging.getLogger("segue")

_FIRST_DELAY = timedelta(seconds=10)
_LONGEST_DELAY = timedelta(hours=1)
_LEASE_EACH = timedelta(seconds=45)
"""Longer than the exchanges of one delivery can take, so that a whole round ends before its lease."""
_LONGEST_WAIT = timedelta(days=30)
_NO_ANSWER = Attempt(outcome=Outcome.AGAIN, error=FetchFailed.code)
MAX_ATTEMPTS = 40
"""Then a delivery is dead and an operator has to look; with the longest delay that is more than a day."""


class DeliveryReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one round of the outbox did."""

    taken: int = 0
    done: int = 0
    postponed: int = 0
    dead: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    """Provider and stable code of each attempt that failed; what was put off without being tried is none."""


def next_attempt(attempts: int, *, now: datetime) -> datetime:
    """When to try again: ten seconds after the first failure, doubling, at most an hour."""
    delay: timedelta = _FIRST_DELAY * (1 << min(max(attempts - 1, 0), 16))
    return now + min(delay, _LONGEST_DELAY)


async def deliver(
    providers: Mapping[str, ProviderPolicy],
    secrets: Secrets,
    *,
    now: datetime,
    limit: int,
    service_tokens: ServiceTokens | None = None,
    silent: SilentProviders | None = None,
) -> DeliveryReport:
    """
    Take what is due from the outbox and tell the providers.

    Args:
        providers: by name; a delivery of one that is no longer configured waits for it.
        secrets: opens the old tokens.
        now: aware UTC instant.
        limit: deliveries in this round.
        service_tokens: what providers gave us to speak with, kept from round to round.
        silent: who gives no answer at the moment, kept from round to round.
    """
    tokens, silent = service_tokens or ServiceTokens(), silent or SilentProviders()
    taken = await ask(Outbox.take_deliveries, at=now, lease_until=now + limit * _LEASE_EACH, limit=limit)
    states: list[DeliveryState] = []
    failures: list[tuple[str, str]] = []
    pauses: dict[str, Attempt] = {}
    for delivery in taken:
        untried = silent.is_left_alone(delivery.provider, now)
        attempt = _NO_ANSWER if untried else pauses.get(delivery.provider)
        if attempt is None:
            errand = Errand(provider=delivery.provider, now=now, service_tokens=tokens)
            attempt = await _attempt(delivery, providers.get(delivery.provider), secrets, errand)
            if attempt.error == _NO_ANSWER.error:
                silent.gave_no_answer(delivery.provider, now)
            else:
                silent.answered(delivery.provider)
        if attempt.error == "HTTP_429":
            pauses[delivery.provider] = attempt  # the others of this round would only be refused too
        state = _state_after(delivery, attempt, now)
        await ask(
            Outbox.settle_delivery,
            delivery.delivery_id,
            state=state,
            at=now,
            due_at=max(next_attempt(delivery.attempts, now=now), now + (attempt.retry_after or timedelta(0))),
            last_error=attempt.error,
        )
        states.append(state)
        if attempt.outcome is not Outcome.DONE and attempt.error is not None and not untried:
            failures.append((delivery.provider, attempt.error))
    return DeliveryReport(
        taken=len(taken),
        done=states.count(DeliveryState.DONE),
        postponed=states.count(DeliveryState.PENDING),
        dead=states.count(DeliveryState.DEAD),
        failures=tuple(failures),
    )


def _state_after(delivery: Delivery, attempt: Attempt, now: datetime) -> DeliveryState:
    if attempt.outcome is Outcome.DONE:
        return DeliveryState.DONE
    given_up = {
        Outcome.AGAIN: delivery.attempts >= MAX_ATTEMPTS,
        Outcome.WAIT: now >= delivery.created_at + _LONGEST_WAIT,
        Outcome.HOPELESS: True,
    }
    return DeliveryState.DEAD if given_up[attempt.outcome] else DeliveryState.PENDING


async def _attempt(
    delivery: Delivery, provider: ProviderPolicy | None, secrets: Secrets, errand: Errand
) -> Attempt:
    ending = None if provider is None else provider.ending
    if ending is None:
        return Attempt(outcome=Outcome.WAIT, error="PROVIDER_NOT_CONFIGURED")
    try:
        old = OldTokens.opened(delivery.sealed, secrets, app_id=delivery.app_id)
    except (ConfigurationError, ValueError):
        return Attempt(outcome=Outcome.WAIT, error="SECRET_NOT_CONFIGURED")
    try:
        attempt = await ending.end(old, errand)
    except CannotBeEnded as error:
        return Attempt(outcome=Outcome.HOPELESS, error=error.code)
    if attempt.raised is not None:  # its text stays with the application: it may quote the tokens
        logger.warning("ending an old session of %s raised %s", delivery.provider, attempt.raised)
    return attempt
