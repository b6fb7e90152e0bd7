"""
How far one attempt to migrate has come, and what is known of it so far.

The flow writes it while it goes, so that whoever began the attempt can tell afterwards, of a success and of a refusal
alike, in which stage it ended and whom it was about. House rule: nothing of it is ever shown to the caller; people are
in it as keyed digests only.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from segue.errors import NotYet
from segue.ids import AppId, SessionHandle, TenantId, UserId
from segue.migration.model import Identity
from segue.migration.policy import ProviderPolicy
from segue.migration.records import AttemptRecord, Outcome, Stage
from segue.migration.rollout import ON, Mode, Rollout
from segue.migration.throttle import Throttle


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """What holds for an attempt from its beginning."""

    operation_id: str
    app_id: AppId
    now: datetime
    throttle: Throttle
    address: str | None
    """Where it comes from, as far as that can be believed."""
    digest: Callable[[str, bytes], str]
    """A keyed digest of something, by what it is."""
    elapsed: Callable[[], float]
    """Seconds since the beginning."""


class Trail:
    """One attempt."""

    __slots__ = (
        "_subject",
        "end",
        "handle",
        "identity",
        "mapping",
        "migrating",
        "provider",
        "rollout",
        "rollouts",
        "stage",
        "user_id",
        "watch",
        "would",
    )

    def __init__(self, watch: Watch | None = None, *, migrating: bool = True) -> None:
        """
        Args:
            watch: None where nobody watches; then configuration alone counts, and nothing is limited.
            migrating: False where an old credential is to speak for its user and nobody is moved.
        """
        self.watch = watch
        self.migrating = migrating
        self._subject: str | None = None
        self.rollouts: Mapping[str, Rollout] = {}
        """Switches above the configuration."""
        self.stage = Stage.LIMITS
        self.provider: ProviderPolicy | None = None
        self.rollout: Rollout = ON
        self.identity: Identity | None = None
        self.end: datetime | None = None
        """When the old session ends by itself at the latest."""
        self.mapping: str | None = None
        """How the user was found."""
        self.user_id: UserId | None = None
        self.handle: SessionHandle | None = None
        self.would: str | None = None
        """In shadow: the code that the attempt would have had."""

    def reached(self, stage: Stage) -> None:
        """The flow comes to another stage."""
        self.stage = stage

    def chose(self, provider: ProviderPolicy) -> None:
        """
        The token names this provider.

        Raises:
            NotYet: which is switched off.
            TooManyAttempts: so much fails of its tokens that this address has to wait.
        """
        self.provider, watch = provider, self.watch
        self.rollout = self.rollouts.get(provider.name, provider.rollout)
        if self.rollout.mode is Mode.OFF and self.migrating:
            raise self._refused(Stage.ROLLOUT, NotYet("switched off"))
        if watch is not None:
            watch.throttle.admit(watch.address, provider.name, now=watch.now)

    def identified(self, identity: Identity) -> None:
        """
        The token holds.

        Raises:
            TooManyAttempts: by this person.
        """
        self.identity = identity
        if self.provider is not None:
            self.end = identity.authenticated_at + self.provider.session_lifetime
        if self.watch is not None:
            self.watch.throttle.admit_subject(identity.subject_digest, now=self.watch.now)

    def mapped(self, user_id: UserId, how: object) -> None:
        """The identity is a user of ours."""
        self.user_id = user_id
        self.mapping = type(how).__name__

    @property
    def rehearsing(self) -> bool:
        """Whether nothing may be written."""
        return self.rollout.mode is Mode.SHADOW

    @property
    def subject(self) -> str | None:
        """The person at the provider, as records and events name him."""
        if self._subject is None and self.identity is not None and self.watch is not None:
            self._subject = self.watch.digest("subject", self.identity.subject_digest)
        return self._subject

    def outcome(self, code: str, *, stage: Stage | None = None, retryable: bool = False) -> Outcome:
        """What became of it."""
        return Outcome(
            provider=self.provider.name if self.provider else "",
            tenant_id=self.identity.tenant_id if self.identity else TenantId(""),
            mode=self.rollout.mode.value if self.provider else "",
            stage=stage or self.stage,
            code=code,
            retryable=retryable,
            verified=self.identity is not None,
        )

    def record(self, outcome: Outcome) -> AttemptRecord | None:
        """The same for the store; None if nobody watches."""
        watch = self.watch
        if watch is None:
            return None
        return AttemptRecord(
            operation_id=watch.operation_id,
            app_id=watch.app_id,
            at=watch.now,
            outcome=outcome,
            subject=self.subject,
            old_ends_at=self.end,
            milliseconds=math.ceil(watch.elapsed() * 1000),
        )

    def _refused(self, stage: Stage, error: NotYet) -> NotYet:
        self.stage = stage
        return error
