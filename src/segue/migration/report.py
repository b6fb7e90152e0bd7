"""
How far the move has come, and when the old provider can be switched off.

The counts are exact over all processes and restarts; the date is as good as what is known. Who is still with the old
provider has a session there that ends by itself, counted from the last sign-in that can have been: before the cut-over
where one is configured, else the latest that was seen. House rule: pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

import msgspec

from segue.ids import AppId, TenantId
from segue.migration.endings.model import in_words
from segue.migration.model import DeliveryState
from segue.migration.policy import ProviderPolicy
from segue.migration.records import AttemptCount, DeliveryCount, Stage
from segue.migration.rollout import Mode, Rollout

ALL_TENANTS = TenantId("")
_GOOD = ("MIGRATED", "REPEATED", "ALREADY")


class Because(StrEnum):
    """What a date of switching off stands on."""

    DEADLINE = "deadline"
    """Nothing is migrated after it."""
    CUT_OVER = "cut-over"
    """`issued_before`: no old session that began before it lives longer."""
    LAST_SEEN = "last seen"
    """No cut-over is configured: with every newer sign-in at the provider the date moves on."""
    NOTHING_SEEN = "nothing seen"
    """There is no date."""


class TenantReport(msgspec.Struct, frozen=True, kw_only=True):
    """One tenant of a provider; an empty name stands for attempts that came to none."""

    tenant_id: TenantId
    migrated: int
    repeated: int
    already: int
    refused: dict[str, int]
    """By code."""
    shadow: dict[str, int]
    """What would have been, by code."""
    first_migrated_at: datetime | None
    last_migrated_at: datetime | None
    last_seen_at: datetime | None
    """When the last good token of the provider came, whatever became of it."""
    old_sessions_end_at: datetime | None
    """When the last old session that was seen ends by itself."""


class ProviderReport(msgspec.Struct, frozen=True, kw_only=True):
    """One provider: all tenants together, and each."""

    provider: str
    configured: bool
    rollout: str
    """`off`, `shadow`, `on` or a percentage, as it is in effect."""
    total: TenantReport
    tenants: tuple[TenantReport, ...]
    ending: str | None
    """How and how far old sessions are ended there; None: not at all, a tombstone here is all there is."""
    outbox: dict[str, int]
    """Old sessions to be ended there, by state."""
    nothing_ended: dict[str, int]
    """Those that are done because there was no such session (any more), or nothing that could be ended; by code."""
    failing: dict[str, int]
    """Those that are tried again, by the code of the last failure."""
    given_up: dict[str, int]
    """Those that were not ended there, by code."""
    deadline: datetime | None
    safe_to_switch_off_at: datetime | None
    because: Because
    waiting_for: tuple[str, ...]
    """What has to be done before, whatever the date says."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """Everything."""

    at: datetime
    app_id: AppId
    providers: tuple[ProviderReport, ...]
    unrecognised: dict[str, int]
    """Attempts that named no provider of ours, by code."""

    def as_json(self) -> dict[str, object]:
        """The same as plain values: instants as ISO 8601 text."""
        plain: dict[str, object] = msgspec.json.decode(msgspec.json.encode(self))
        return plain


def make_report(
    app_id: AppId,
    providers: Mapping[str, ProviderPolicy],
    *,
    rollouts: Mapping[str, Rollout],
    counts: tuple[AttemptCount, ...],
    outbox: tuple[DeliveryCount, ...],
    now: datetime,
) -> Report:
    """
    Put it together.

    Args:
        app_id: whose.
        providers: those that are configured, by name.
        rollouts: switches above the configuration.
        counts: of all attempts.
        outbox: deliveries by provider, state and reason.
        now: aware UTC instant.
    """
    named = sorted(
        {*providers, *(each.outcome.provider for each in counts), *(each.provider for each in outbox)} - {""}
    )
    return Report(
        at=now,
        app_id=app_id,
        providers=tuple(
            _provider(
                name,
                providers.get(name),
                switch=rollouts.get(name),
                counts=[each for each in counts if each.outcome.provider == name],
                deliveries=[each for each in outbox if each.provider == name],
                now=now,
            )
            for name in named
        ),
        unrecognised=_by_code([each for each in counts if not each.outcome.provider]),
    )


def _provider(
    name: str,
    provider: ProviderPolicy | None,
    *,
    switch: Rollout | None,
    counts: list[AttemptCount],
    deliveries: list[DeliveryCount],
    now: datetime,
) -> ProviderReport:
    total = _tenant(ALL_TENANTS, counts)
    tenants = sorted({each.outcome.tenant_id for each in counts})
    safe_at, because = _safe(provider, total)
    states = [state for state in DeliveryState if any(each.state is state for each in deliveries)]
    outbox = {state.value: sum(each.count for each in deliveries if each.state is state) for state in states}
    rollout = switch or (provider.rollout if provider else None)
    return ProviderReport(
        provider=name,
        configured=provider is not None,
        rollout=str(rollout or Mode.OFF.value),
        total=total,
        tenants=tuple(
            _tenant(tenant, [each for each in counts if each.outcome.tenant_id == tenant])
            for tenant in tenants
        ),
        ending=None if provider is None or provider.ending is None else in_words(provider.ending),
        outbox=outbox,
        nothing_ended=_by_error(deliveries, DeliveryState.DONE),
        failing=_by_error(deliveries, DeliveryState.PENDING),
        given_up=_by_error(deliveries, DeliveryState.DEAD),
        deadline=provider.deadline if provider else None,
        safe_to_switch_off_at=safe_at,
        because=because,
        waiting_for=tuple(_waiting(safe_at, outbox, rollout, now)),
    )


def _safe(provider: ProviderPolicy | None, total: TenantReport) -> tuple[datetime | None, Because]:
    dates: list[tuple[datetime, Because]] = []
    if provider is not None and provider.issued_before is not None:
        end = provider.issued_before + provider.session_lifetime
        dates.append((end, Because.CUT_OVER))
    elif total.old_sessions_end_at is not None:
        dates.append((total.old_sessions_end_at, Because.LAST_SEEN))
    if provider is not None and provider.deadline is not None:
        dates.append((provider.deadline, Because.DEADLINE))
    return min(dates, default=(None, Because.NOTHING_SEEN))


def _waiting(
    safe_at: datetime | None, outbox: Mapping[str, int], rollout: Rollout | None, now: datetime
) -> list[str]:
    waiting: list[str] = []
    if rollout is not None and (rollout.mode is not Mode.ON or rollout != Rollout(mode=Mode.ON)):
        waiting.append(f"the roll-out, which is {rollout}")
    if safe_at is None or now < safe_at:
        waiting.append("old sessions that may still be alive")
    left = [state.value for state in (DeliveryState.PENDING, DeliveryState.DEAD) if outbox.get(state.value)]
    return waiting + [f"{outbox[state]} {state} in the outbox" for state in left]


def _tenant(tenant_id: TenantId, counts: list[AttemptCount]) -> TenantReport:
    earnest = [each for each in counts if each.outcome.mode != Mode.SHADOW.value]
    made = [each for each in earnest if each.outcome.code == "MIGRATED"]
    seen = [each for each in counts if each.outcome.verified]
    good = {code: sum(each.count for each in earnest if each.outcome.code == code) for code in _GOOD}
    return TenantReport(
        tenant_id=tenant_id,
        migrated=good["MIGRATED"],
        repeated=good["REPEATED"],
        already=good["ALREADY"],
        refused=_by_code([each for each in earnest if each.outcome.stage is not Stage.DONE]),
        shadow=_by_code([each for each in counts if each.outcome.mode == Mode.SHADOW.value]),
        first_migrated_at=min((each.first_at for each in made), default=None),
        last_migrated_at=max((each.last_at for each in made), default=None),
        last_seen_at=max((each.last_at for each in seen), default=None),
        old_sessions_end_at=max(
            (each.old_ends_at for each in counts if each.old_ends_at is not None), default=None
        ),
    )


def _by_error(deliveries: list[DeliveryCount], state: DeliveryState) -> dict[str, int]:
    return {each.error: each.count for each in deliveries if each.state is state and each.error is not None}


def _by_code(counts: list[AttemptCount]) -> dict[str, int]:
    codes = sorted({each.outcome.code for each in counts})
    return {code: sum(each.count for each in counts if each.outcome.code == code) for code in codes}
