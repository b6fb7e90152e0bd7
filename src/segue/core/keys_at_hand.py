"""
Signing keys of one app in one process: loaded when they are due, and when a token names one that is not among them.

What is loaded is swapped whole. House rule: clock and randomness are arguments; while the store does not answer, the
keys at hand stay good.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

from segue.errors import Unavailable
from segue.ids import AppId
from segue.sessions import key_flows
from segue.tokens.access import AccessVerifier
from segue.tokens.secrets import Secrets
from segue.tokens.signing_keys import KeyPlan, KeyPolicy, SigningKey

Randomness: TypeAlias = Callable[[int], bytes]

_RELOAD = timedelta(seconds=30)
"""How often keys of other instances are looked for without a reason."""
_RELOAD_FOR_UNKNOWN = timedelta(milliseconds=500)
"""A token that names an unknown key is a reason, but not more often than this (threat T18)."""
_RETRY = timedelta(seconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)
_REMEMBERED = 2_000
"""Verified access tokens of an app that are remembered: hundreds of apps share the memory of a process."""


class KeysAtHand:
    """The keys, the verifier made of them, and when to look again."""

    def __init__(self, app_id: AppId, policy: KeyPolicy, secrets: Secrets) -> None:
        """Nothing is loaded yet."""
        self.policy = policy
        self.plan: KeyPlan | None = None
        self.verifier = self._verifier_of(())
        self._app_id = app_id
        self._secrets = secrets
        self._asked_at = self._loaded_at = self._reload_at = _NEVER

    def due(self, now: datetime) -> bool:
        """Whether to load before anything is signed or verified."""
        return self.plan is None or now >= self._reload_at or now < self._loaded_at

    def may_be_outdated(self, now: datetime) -> bool:
        """Whether another look is worth it for a token whose key is not at hand."""
        return not self._asked_at <= now < self._asked_at + _RELOAD_FOR_UNKNOWN

    async def reload(self, now: datetime, randomness: Randomness) -> KeyPlan:
        """
        Load the keys and make those that are due.

        Raises:
            ConfigurationError: a stored key was sealed with a deployment secret that is not configured.
            Unavailable: the store does not answer, and nothing is at hand.
        """
        self._asked_at = now  # at once: of many who want to know only the first asks
        needed = key_flows.ATTEMPTS * 2 * key_flows.RANDOMNESS
        try:
            plan = await key_flows.load_keys(
                self._app_id, self.policy, self._secrets, now=now, randomness=randomness(needed)
            )
        except Unavailable:
            if self.plan is None:
                raise
            self._reload_at = now + _RETRY
            return self.plan
        if frozenset(key.key_id for key in plan.verifying) != self.verifier.key_ids:
            self.verifier = self._verifier_of(plan.verifying)
        self.plan, self._loaded_at = plan, now
        self._reload_at = min(max(plan.next_change, now + _RETRY), now + _RELOAD)
        return plan

    def _verifier_of(self, keys: tuple[SigningKey, ...]) -> AccessVerifier:
        return AccessVerifier(keys, capacity=_REMEMBERED, longest=self.policy.access_lifetime)
