"""
The switches of the providers, as this process knows them: asked for at most once a second, while somebody migrates.

House rule: while the store does not answer, the last word counts; nothing can be migrated without it anyway.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from segue.errors import Unavailable
from segue.flow import ask
from segue.ids import AppId
from segue.migration.ports import Rollouts
from segue.migration.rollout import Rollout

RELOAD_EVERY = timedelta(seconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class Switches:
    """Those of one app."""

    def __init__(self, app_id: AppId) -> None:
        """*app_id*: whose providers they are."""
        self._app_id = app_id
        self._known: Mapping[str, Rollout] | None = None
        self._asked_at = _NEVER

    async def at(self, now: datetime) -> Mapping[str, Rollout]:
        """
        What somebody has set, not older than a second.

        Raises:
            StoreUnavailable: nobody ever answered.
        """
        known = self._known
        if known is not None and self._asked_at <= now < self._asked_at + RELOAD_EVERY:
            return known
        self._asked_at = now  # at once, so that others go on with what is known while this one asks
        try:
            known = await ask(Rollouts.load_rollouts, self._app_id)
        except Unavailable:
            if known is None:
                raise
            return known
        self._known = known
        return known

    def forget(self) -> None:
        """Somebody has just set one here."""
        self._asked_at = _NEVER
