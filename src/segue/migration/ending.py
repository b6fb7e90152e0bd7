"""
Ending the old session at the provider: token revocation (RFC 7009), delivered from the outbox.

The old tokens wait encrypted in a row that was written in the same transaction as the new session, so a crash at any
point loses nothing; the worst is that a token is revoked twice, which harms nobody. House rule: building a request,
judging an answer and planning the next attempt are pure; the tokens appear in no text.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import Enum, auto

import msgspec

from segue.errors import ConfigurationError, FetchFailed
from segue.flow import ask
from segue.ids import AppId
from segue.json import dump, parse_object
from segue.migration.client_form import client_form
from segue.migration.model import Delivery, DeliveryState
from segue.migration.policy import ProviderPolicy
from segue.migration.ports import Outbox
from segue.migration.revocation import Revocation7009
from segue.migration.web import Web, WebRequest, WebResponse
from segue.tokens.secrets import Secrets

_PURPOSE = "outbox"
_FIRST_DELAY = timedelta(seconds=10)
_LONGEST_DELAY = timedelta(hours=1)
_LEASE_EACH = timedelta(seconds=30)
"""Longer than the exchanges of one delivery can take, so that a whole round ends before its lease."""
_LONGEST_WAIT = timedelta(days=30)
MAX_ATTEMPTS = 40
"""Then a delivery is dead and an operator has to look; with the longest delay that is more than a day."""


class OldTokens(msgspec.Struct, frozen=True, kw_only=True):
    """What the old session consists of, as far as the page gave it to us."""

    access_token: str
    refresh_token: str | None

    def __repr__(self) -> str:
        return "<OldTokens>"

    def sealed(self, secrets: Secrets, *, app_id: AppId, nonce: bytes) -> bytes:
        """Encrypted for the outbox; *nonce* is 12 fresh random bytes."""
        plain = dump({"access_token": self.access_token, "refresh_token": self.refresh_token})
        return secrets.seal(plain, purpose=_PURPOSE, app_id=app_id, nonce=nonce)

    @classmethod
    def opened(cls, sealed: bytes, secrets: Secrets, *, app_id: AppId) -> OldTokens:
        """
        From the outbox.

        Raises:
            ConfigurationError: its deployment secret is not configured, or the row was changed.
        """
        members = parse_object(secrets.open(sealed, purpose=_PURPOSE, app_id=app_id))
        access, refresh = members.get("access_token"), members.get("refresh_token")
        return cls(
            access_token=access if isinstance(access, str) else "",
            refresh_token=refresh if isinstance(refresh, str) else None,
        )


class Outcome(Enum):
    """What an attempt came to."""

    DONE = auto()
    AGAIN = auto()
    WAIT = auto()
    """As AGAIN, but the fault is in our configuration: it is not held against the delivery for thirty days."""
    HOPELESS = auto()


class Attempt(msgspec.Struct, frozen=True, kw_only=True):
    """An attempt's outcome and, unless it is done, a stable code for why."""

    outcome: Outcome
    error: str | None = None


class DeliveryReport(msgspec.Struct, frozen=True, kw_only=True):
    """What one round of the outbox did."""

    taken: int = 0
    done: int = 0
    postponed: int = 0
    dead: int = 0
    failures: tuple[tuple[str, str], ...] = ()
    """Provider and stable code of each attempt that failed."""


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
        return Attempt(outcome=Outcome.DONE)
    if response.status in {408, 425, 429} or response.status >= 500:
        return Attempt(outcome=Outcome.AGAIN, error=f"HTTP_{response.status}")
    code = _error_code(response)
    if code in {"unsupported_token_type", "invalid_token"}:
        return Attempt(outcome=Outcome.DONE)
    if code in {"invalid_client", "unauthorized_client"} or response.status in {401, 403}:
        return Attempt(outcome=Outcome.WAIT, error="CLIENT_REFUSED")
    outcome = Outcome.HOPELESS if response.status == 400 else Outcome.WAIT
    return Attempt(outcome=outcome, error=f"HTTP_{response.status}")


def _error_code(response: WebResponse) -> str | None:
    try:
        code = parse_object(response.body).get("error")
    except ValueError:
        return None
    return code if isinstance(code, str) else None


def next_attempt(attempts: int, *, now: datetime) -> datetime:
    """When to try again: ten seconds after the first failure, doubling, at most an hour."""
    delay: timedelta = _FIRST_DELAY * (1 << min(max(attempts - 1, 0), 16))
    return now + min(delay, _LONGEST_DELAY)


async def deliver(
    providers: Mapping[str, ProviderPolicy], secrets: Secrets, *, now: datetime, limit: int
) -> DeliveryReport:
    """
    Take what is due from the outbox and tell the providers.

    Args:
        providers: by name; a delivery of one that is no longer configured waits for it.
        secrets: opens the old tokens.
        now: aware UTC instant.
        limit: deliveries in this round.
    """
    taken = await ask(Outbox.take_deliveries, at=now, lease_until=now + limit * _LEASE_EACH, limit=limit)
    states: list[DeliveryState] = []
    failures: list[tuple[str, str]] = []
    for delivery in taken:
        attempt = await _attempt(delivery, providers.get(delivery.provider), secrets)
        state = _state_after(delivery, attempt, now)
        await ask(
            Outbox.settle_delivery,
            delivery.delivery_id,
            state=state,
            at=now,
            due_at=next_attempt(delivery.attempts, now=now),
            last_error=attempt.error,
        )
        states.append(state)
        if attempt.error is not None:
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


async def _attempt(delivery: Delivery, provider: ProviderPolicy | None, secrets: Secrets) -> Attempt:
    if provider is None or provider.revocation is None:
        return Attempt(outcome=Outcome.WAIT, error="PROVIDER_NOT_CONFIGURED")
    try:
        tokens = OldTokens.opened(delivery.sealed, secrets, app_id=delivery.app_id)
    except (ConfigurationError, ValueError):
        return Attempt(outcome=Outcome.WAIT, error="SECRET_NOT_CONFIGURED")
    result = Attempt(outcome=Outcome.DONE)
    for request in revocation_requests(tokens, provider.revocation):
        attempt = await _exchanged(request)
        if attempt.outcome in {Outcome.AGAIN, Outcome.WAIT}:
            return attempt
        if attempt.outcome is Outcome.HOPELESS:
            # Go on: the refresh token is what the caller said it is, and may be junk to keep the other one alive.
            result = attempt
    return result


async def _exchanged(request: WebRequest) -> Attempt:
    try:
        return judge_revocation(await ask(Web.exchange, request))
    except FetchFailed as error:
        return Attempt(outcome=Outcome.AGAIN, error=error.code)
