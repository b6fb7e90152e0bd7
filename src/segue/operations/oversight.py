"""
What an operator asks and sets: the report, the switches of the providers, and what was minted where and when.

House rule: what is asked is exact for all processes but for what another one has not written yet, which is a second old
at most.
"""

from __future__ import annotations

import logging

from segue.errors import ConfigurationError
from segue.flow import ask
from segue.migration.ports import AttemptLog, Limiter, Rollouts
from segue.migration.records import MintedCount
from segue.migration.report import Report, make_report
from segue.migration.rollout import Rollout
from segue.operations.at_hand import AtHand
from segue.operations.migration import MigrationOperations
from segue.sessions.model import ByProvenance

logger = logging.getLogger("segue")


class OversightOperations:
    """Over the migrations of one app."""

    def __init__(self, at_hand: AtHand, migration: MigrationOperations) -> None:
        """
        Args:
            at_hand: configuration, time.
            migration: knows the providers and what waits to be written.
        """
        self._at_hand = at_hand
        self._migration = migration

    async def report(self) -> Report:
        """See `Engine.report`."""
        app_id = self._at_hand.config.app_id
        await self._migration.attempts.flush()
        return make_report(
            app_id,
            self._migration.providers,
            rollouts=await ask(Rollouts.load_rollouts, app_id),
            counts=await ask(AttemptLog.count_attempts, app_id),
            outbox=await ask(AttemptLog.count_deliveries_by_provider, app_id),
            now=self._at_hand.clock.now(),
        )

    async def rollouts(self) -> dict[str, Rollout]:
        """See `Engine.rollouts`."""
        configured = {name: provider.rollout for name, provider in self._migration.providers.items()}
        switches = await ask(Rollouts.load_rollouts, self._at_hand.config.app_id)
        return configured | {name: switch for name, switch in switches.items() if name in configured}

    async def set_rollout(self, provider: str, rollout: Rollout | None) -> None:
        """See `Engine.set_rollout`."""
        if provider not in self._migration.providers:
            known = ", ".join(sorted(self._migration.providers)) or "none is configured"
            raise ConfigurationError(f"there is no provider {provider!r}; known: {known}")
        now = self._at_hand.clock.now()
        await ask(Rollouts.set_rollout, self._at_hand.config.app_id, provider, rollout, at=now)
        self._migration.attempts.switches.forget()
        logger.warning("roll-out of %s: %s", provider, "as configured" if rollout is None else rollout)

    async def count_minted(self, minted: ByProvenance) -> MintedCount:
        """See `Engine.count_minted`."""
        return await ask(
            AttemptLog.count_minted, self._at_hand.config.app_id, minted, at=self._at_hand.clock.now()
        )

    async def flush(self) -> bool:
        """See `Engine.flush`."""
        return await self._migration.attempts.flush(everything=False)

    async def clean_up(self, *, limit: int) -> int:
        """Fold one batch of old records, and forget a batch of empty buckets; how many rows went."""
        config, now = self._at_hand.config, self._at_hand.clock.now()
        folded = await ask(
            AttemptLog.fold_attempts, config.app_id, before=now - config.attempts_kept, limit=limit
        )
        return folded + await ask(Limiter.delete_buckets, empty_before=now, limit=limit)
