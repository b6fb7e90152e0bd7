"""
What has to be done beside answering: have keys at hand, show and revoke them, end old sessions, delete what is over.

House rule: every round is bounded; whoever calls decides how often.
"""

from __future__ import annotations

import logging
from datetime import timedelta

from segue.core.app_flows import clear_removals
from segue.flow import ask
from segue.migration import ending
from segue.migration.ending import DeliveryReport
from segue.migration.endings.service_tokens import ServiceTokens
from segue.migration.model import DeliveryState
from segue.migration.ports import Ledger, Outbox
from segue.migration.silence import SilentProviders
from segue.operations.at_hand import AtHand
from segue.operations.migration import MigrationOperations
from segue.operations.oversight import OversightOperations
from segue.sessions.ports import SessionIndex
from segue.tokens.signing_keys import SigningKey

logger = logging.getLogger("segue")

_EXPIRY_BATCH = 200
"""Rows; in a table of millions each is on pages of its own, and requests wait for the batch to be written."""


_FEED_KEPT = timedelta(minutes=5)
"""Entries of the feed stay longer than any process remembers them: one that starts reads them all."""
_DELIVERIES_KEPT = timedelta(days=30)
"""So long `segue outbox` counts the old sessions that were ended. What was given up stays until somebody has looked."""


class UpkeepOperations:
    """Upkeep of one app's keys, and of the whole store."""

    def __init__(
        self, at_hand: AtHand, migration: MigrationOperations, oversight: OversightOperations
    ) -> None:
        """
        Args:
            at_hand: keys, configuration, time.
            migration: knows the providers.
            oversight: folds old records.
        """
        self._at_hand = at_hand
        self._migration = migration
        self._oversight = oversight
        self._service_tokens = ServiceTokens()
        self._silent = SilentProviders()

    async def warm_up(self) -> bool:
        """See `Engine.warm_up`."""
        await self._at_hand.ready()
        return await self._migration.load_keys()

    async def list_signing_keys(self) -> tuple[SigningKey, ...]:
        """See `Engine.list_signing_keys`."""
        await self._at_hand.reload(self._at_hand.clock.now())
        return self._at_hand.home.signing_keys()

    async def revoke_signing_keys(self, key_ids: tuple[str, ...]) -> tuple[SigningKey, ...]:
        """See `Engine.revoke_signing_keys`."""
        known = {key.key_id for key in await self.list_signing_keys()}
        unknown = [key_id for key_id in key_ids if key_id not in known]
        if unknown:
            raise LookupError(f"there is no signing key {unknown[0]}; nothing was revoked")
        await self._at_hand.home.forget_keys(key_ids)
        return await self.list_signing_keys()

    async def deliver(self, *, limit: int) -> DeliveryReport:
        """See `Engine.deliver`."""
        now = self._at_hand.clock.now()
        if self._migration.awaits_use:
            await self._at_hand.first_use.tell(self._at_hand.config.app_id, now)
        report = await ending.deliver(
            self._migration.providers,
            self._at_hand.secrets,
            now=now,
            limit=limit,
            service_tokens=self._service_tokens,
            silent=self._silent,
        )
        for provider, error in sorted(set(report.failures)):
            logger.warning(
                "old sessions at %s could not be ended: %s, %d time(s); see `segue outbox`",
                provider,
                error,
                report.failures.count((provider, error)),
            )
        return report

    async def clean_up(self) -> int:
        """See `Engine.clean_up`."""
        now = self._at_hand.clock.now()
        kept = self._at_hand.config.lifetimes.access * 2 + _FEED_KEPT
        sessions = await ask(
            SessionIndex.delete_expired, at=now, revocations_before=now - kept, limit=_EXPIRY_BATCH
        )
        claims = await ask(Ledger.delete_claims, kept_until_before=now, limit=_EXPIRY_BATCH)
        deliveries = await ask(
            Outbox.delete_deliveries,
            state=DeliveryState.DONE,
            settled_before=now - _DELIVERIES_KEPT,
            limit=_EXPIRY_BATCH,
        )
        records = await self._oversight.clean_up(limit=_EXPIRY_BATCH)
        gone = sessions + claims + deliveries + records
        # Last, because it looks at every removal, whether or not anything is left of it.
        return gone or await clear_removals(now=now, limit=_EXPIRY_BATCH)
