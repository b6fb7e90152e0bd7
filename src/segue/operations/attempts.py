"""
Every attempt to migrate from its beginning to what is remembered of it: one event, one record, and what it cost.

An event goes to the log as one line of JSON, to the application's hook and to whoever else listens. House rules: nobody
who listens can harm an attempt; a record that was written with the claim is not written again.
"""

from __future__ import annotations

import contextlib
import logging
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock
from typing import TypeAlias

import msgspec

from segue.errors import NotYet, SessionError
from segue.flow import ask
from segue.http.message import HttpRequest
from segue.http.status import FAULT_CODE
from segue.migration.buckets import Spending
from segue.migration.events import MigrationEvent
from segue.migration.ports import AttemptLog, Limiter
from segue.migration.records import Outcome, Stage, operation_id
from segue.migration.throttle import Throttle, Weight, address_of, weight_of
from segue.migration.trail import Trail, Watch
from segue.operations.at_hand import AtHand
from segue.operations.record_buffer import RecordBuffer
from segue.operations.switches import Switches
from segue.operations.timing import Stopwatch

logger = logging.getLogger("segue")

OnEvent: TypeAlias = Callable[[MigrationEvent], None]
"""Called at once, on the thread or loop of the request: be quick, or hand it on."""

_SHARED_AT_ONCE = 50
"""Failures that wait to be told to other processes; the oldest go first: the store is for those who migrate."""
_OUTAGE = timedelta(seconds=1)
_DIGEST = 12
"""Bytes of a digest in an event."""


class Ending(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an attempt."""

    code: str
    answer: str
    """What the caller saw of it."""
    retryable: bool = False
    detail: str | None = None
    recorded: bool = False
    """The store has its record already."""
    harmless: bool = False
    """Nobody is to blame for it, whatever its code says elsewhere."""


class Attempt:
    """One that is under way."""

    __slots__ = ("now", "stopwatch", "trail", "watch")

    def __init__(self, watch: Watch, stopwatch: Stopwatch) -> None:
        self.watch = watch
        self.stopwatch = stopwatch
        self.trail = Trail(watch)
        self.now = watch.now


class Attempts:
    """The attempts of one process."""

    def __init__(self, at_hand: AtHand, *, on_event: OnEvent | None) -> None:
        """
        Args:
            at_hand: configuration and time.
            on_event: the application's hook.
        """
        config = at_hand.config
        self._at_hand = at_hand
        self._app_id = config.app_id
        self._listeners: list[OnEvent] = [] if on_event is None else [on_event]
        self._throttle = Throttle(config.limits, lock=Lock())
        self.switches = Switches(config.app_id)
        self._buffer = RecordBuffer()
        self._untold: deque[tuple[str, datetime]] = deque(maxlen=_SHARED_AT_ONCE)
        """Addresses that failed, and when: other processes have not heard of it."""

    def listen(self, listener: OnEvent) -> None:
        """Tell somebody else, too."""
        self._listeners.append(listener)

    def begin(self, request: HttpRequest) -> Attempt:
        """An attempt begins."""
        now, stopwatch = self._at_hand.clock.now(), Stopwatch()
        watch = Watch(
            operation_id=operation_id(now, self._at_hand.random(8)),
            app_id=self._app_id,
            now=now,
            throttle=self._throttle,
            address=address_of(
                request.client_ip, request.all("x-forwarded-for"), self._throttle.limits.trusted_proxies
            ),
            digest=self._digest,
            elapsed=stopwatch.elapsed,
        )
        return Attempt(watch, stopwatch)

    async def admit(self, attempt: Attempt) -> None:
        """
        Let it go on.

        Raises:
            TooManyAttempts: from this address.
            StoreUnavailable: whether a provider is switched on could never be learned.
        """
        self._throttle.admit(attempt.watch.address, now=attempt.now)
        attempt.trail.rollouts = await self.switches.at(attempt.now)
        attempt.trail.reached(Stage.REQUEST)

    def end(self, attempt: Attempt, ending: Ending) -> None:
        """It is over: count, remember and tell; no listener can harm it."""
        trail, watch = attempt.trail, attempt.watch
        outcome = trail.outcome(ending.code, retryable=ending.retryable)
        if not ending.recorded and (record := trail.record(outcome)) is not None:
            self._buffer.add(record)
        shared = self._throttle.count(
            watch.address,
            trail.provider.name if trail.provider else None,
            trail.identity.subject_digest if trail.identity else None,
            ending.code,
            retryable=ending.retryable
            or ending.harmless
            or ending.answer == FAULT_CODE,  # ours to mend, not to be held against anybody
            now=watch.now,
        )
        if shared:
            self._share_later(watch)
        level = _level(outcome, ending.answer)
        if self._listeners or logger.isEnabledFor(level):  # else nobody pays for its digests
            self._tell(self._event(attempt, ending, outcome), level)

    def count_forgery(self, attempt: Attempt, code: str) -> None:
        """Count what looks like forging where nobody tried to migrate; anything else there costs nothing."""
        trail, watch = attempt.trail, attempt.watch
        if weight_of(code, retryable=False) is not Weight.GRAVE:
            return
        provider = trail.provider.name if trail.provider else None
        if self._throttle.count(watch.address, provider, None, code, retryable=False, now=watch.now):
            self._share_later(watch)

    def _share_later(self, watch: Watch) -> None:
        if watch.address is not None:
            self._untold.append((watch.address, watch.now))

    async def catch_up(self) -> None:
        """Write what has waited long enough, and tell other processes what failed; never raises what a store raises."""
        if self._untold:
            await self._share()
        if self._buffer.due(self._at_hand.clock.now()):
            await self.flush(everything=False)

    async def flush(self, *, everything: bool = True) -> bool:
        """Write what waits; False: the store did not take it, and it waits on."""
        if self._buffer.empty:
            return True
        records = self._buffer.take(self._at_hand.clock.now(), everything=everything)
        if not records:
            return True
        written = False
        try:
            await ask(AttemptLog.add_attempts, records)
            written = True
        except Exception as error:  # noqa: BLE001 - whatever a store raises, the attempts themselves are over
            logger.warning("records of %d attempt(s) wait for the store: %s", len(records), _said(error))
        finally:  # also when the task is cancelled, and nobody knows what was written
            if not written:
                self._buffer.give_back(records)
        return written

    async def _share(self) -> None:
        budget = self._throttle.limits.address
        with contextlib.suppress(IndexError):  # another task was faster
            while True:
                address, at = self._untold.popleft()
                bucket = self._digest("address", address.encode())
                spending = Spending(bucket=bucket, cost=budget.every, capacity=budget.capacity)
                try:
                    self._throttle.heard(address, await ask(Limiter.spend, spending, at=at))
                except Exception as error:  # noqa: BLE001 - as above
                    self._throttle.heard_nothing(until=at + _OUTAGE)
                    logger.warning("failures are counted by this process alone: %s", _said(error))
                    return

    def _event(self, attempt: Attempt, ending: Ending, outcome: Outcome) -> MigrationEvent:
        trail, digest = attempt.trail, self._digest
        return MigrationEvent(
            operation_id=attempt.watch.operation_id,
            at=attempt.now,
            outcome=outcome,
            answer=ending.answer,
            subject=trail.subject,
            user=digest("user", trail.user_id.encode()) if trail.user_id is not None else None,
            session=digest("session", trail.handle.encode()) if trail.handle is not None else None,
            mapping=trail.mapping,
            milliseconds=attempt.stopwatch.milliseconds(),
            detail=ending.detail,
        )

    def _tell(self, event: MigrationEvent, level: int) -> None:
        if logger.isEnabledFor(level):
            logger.log(level, "migration %s", event.as_line())
        for listener in self._listeners:
            try:
                listener(event)
            except Exception:
                logger.exception("a listener to migrations failed; the migration did not")

    def _digest(self, what: str, value: bytes) -> str:
        secret = self._at_hand.secrets.primary
        return secret.authenticate(f"event {what}", self._app_id, value)[:_DIGEST].hex()


def _level(outcome: Outcome, answer: str) -> int:
    if outcome.stage is Stage.LIMITS:
        return logging.DEBUG  # a flood of them is what the limits are for
    if answer == FAULT_CODE:
        return logging.ERROR
    return logging.INFO if outcome.stage is Stage.DONE or answer == NotYet.code else logging.WARNING


def _said(error: Exception) -> str:
    """An error of ours in its words; of another one only its kind, for the text may hold anything."""
    return str(error) if isinstance(error, SessionError) else type(error).__name__
