"""
What holds for every credential of a previous provider, whatever its kind: how old it may be, who is asked about its
user, whose session it becomes and how the old one ends.

The kinds (`provider`, `cookie_provider`, `opaque_provider`, `own_provider`) add to it how a credential is proved. House
rule: what cannot be safe or cannot work is refused when the value is built, not when a credential comes.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from typing import TypeAlias, cast

import msgspec

from segue.errors import ConfigurationError
from segue.ids import PUBLIC_TENANT, TenantId
from segue.migration.carried import STRENGTH, CarriedRole, require_distinct
from segue.migration.endings import Ending
from segue.migration.mapping import SAME_ID, UNSTABLE, FromClaim, ImportedTable, Prefixed, SameId
from segue.migration.model import Identity
from segue.migration.rollout import ON, Rollout
from segue.migration.user_state import LONGEST_UNCHECKED, CheckUser, KeysOnly, ValidSince

MapUser: TypeAlias = Callable[[Identity], str] | Callable[[Identity], Awaitable[str]]
"""The application's own mapping; raises `UserRefused` to say no. Awaitable only under `AsyncEngine`."""

_ASSURANCE = STRENGTH | {"st-role", "st-perm"}
"""Claims of our sessions that somebody believes: factors done, address verified, roles, permissions."""
_MAX_LEEWAY = timedelta(seconds=60)
_MAX_SPAN = timedelta(days=3653)
_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


class ProviderPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """
    The part of a previous provider's configuration that does not depend on what its credentials are.

    Raises:
        ConfigurationError: what cannot be safe or cannot work; the text says how to mend it.
    """

    name: str
    """Ours, for logs and reports: lower-case letters, digits, `-` and `_`."""
    leeway: timedelta = timedelta(seconds=10)
    """For clocks that differ; at most a minute."""
    maximum_age: timedelta = timedelta(hours=24)
    """Tokens issued longer ago are refused, whatever their own `exp` says."""
    session_lifetime: timedelta = timedelta(days=30)
    """How long a sign-in lasts at the provider: the new session ends no later than the old one would have."""
    live_check: KeysOnly | None = None
    """
    KEYS_ONLY: nobody is asked whether the user was blocked or signed out since the token was made. Has to be said where
    neither `introspection`, `valid_since`, `check_user` nor a `map_user` of the application's own is there to ask.
    """
    valid_since: ValidSince | None = None
    """The provider's cut-off for a user ("tokens valid since"), as the application learns it."""
    sign_ins_since: datetime | None = None
    """A cut-off for all: sign-ins at the provider before this instant are void."""
    check_user: CheckUser | None = None
    """The application's own word about the user: active, blocked, deleted, unknown."""
    issued_before: datetime | None = None
    """The cut-over: tokens issued later are forged or stray (threat T25)."""
    deadline: datetime | None = None
    """From this instant on nothing is migrated any more."""
    rollout: Rollout = ON
    """How far the roll-out has come, until somebody sets the provider's switch in the store."""
    tenant_id: TenantId = PUBLIC_TENANT
    """Tenant of the new sessions; never chosen by the caller."""
    tenant_claim: str | None = None
    """The claim that names the tenant instead, such as `org_id`; a token without it is refused (threat T23)."""
    tenants: tuple[tuple[str, TenantId], ...] = ()
    """What values of `tenant_claim` mean here; others are refused. Empty: the value is the tenant's id."""
    map_user: MapUser | SameId | Prefixed | FromClaim | ImportedTable = SAME_ID
    """From identity to our user id: the subject itself, `Prefixed`, `FromClaim`, `ImportedTable`, or a function."""
    carried_claims: frozenset[str] = frozenset()
    """Claims copied into the payload of new sessions. Name no roles: what is taken away later would live on (T11)."""
    carried_roles: tuple[CarriedRole, ...] = ()
    """Roles that the new session shows for a while; empty: none (threat T11)."""
    revocation: Ending | None = None
    """How the old session is ended at the provider; None: the ledger alone keeps the old token from coming back."""

    def __post_init__(self) -> None:
        if not self.name or not set(self.name) <= _NAME:
            raise ConfigurationError(f"provider name {self.name!r}: use lower-case letters, digits, - and _")
        self._require_collections(
            ("tenants", self.tenants, tuple),
            ("carried_claims", self.carried_claims, frozenset),
            ("carried_roles", self.carried_roles, tuple),
        )
        if not isinstance(cast("object", self.revocation), Ending | None):
            raise ConfigurationError(
                f"{self.name}: revocation must be one of segue.migration.endings, or None"
            )
        self._require_carried()
        self._require_tenants()
        self._require_times()
        self._require_live_check()

    @property
    def ending(self) -> Ending | None:
        """How the old session is ended; None: it is not."""
        return self.revocation

    @property
    def asks_provider(self) -> bool:
        """Whether the provider itself is asked whether a sign-in still stands."""
        return False

    @property
    def maps_by_application(self) -> bool:
        """Whether the application is asked who the user is, which may have effects and may say no."""
        return not isinstance(self.map_user, SameId | Prefixed | FromClaim | ImportedTable)

    @property
    def asks_outside(self) -> bool:
        """Whether others than the store are asked about a token, so that a replay had better be known before."""
        mapping = self.map_user
        makes = isinstance(mapping, ImportedTable) and (mapping.create or mapping.find_by_email)
        return bool(self._asks_somebody or makes)

    @property
    def _asks_somebody(self) -> bool:
        return bool(self.asks_provider or self.valid_since or self.check_user)

    def _require_live_check(self) -> None:
        """Trusting signatures alone is a choice that somebody makes, for a short time (threat T12)."""
        asked = self._asks_somebody or self.maps_by_application
        if self.live_check is None and not asked:
            raise ConfigurationError(
                f"{self.name}: nobody is asked whether a user was blocked or signed out since the token was made; give "
                'introspection, valid_since or check_user, or say live_check=KEYS_ONLY (live_check = "keys_only")'
            )
        if self.live_check is None:
            return
        if self._asks_somebody:
            raise ConfigurationError(f"{self.name}: live_check says that nobody is asked, and somebody is")
        if self.maximum_age > LONGEST_UNCHECKED:
            raise ConfigurationError(
                f"{self.name}: where keys alone decide, maximum_age is at most 24 hours; a shorter one is better"
            )

    def _require_carried(self) -> None:
        raised = self.carried_claims & _ASSURANCE
        if raised:
            raise ConfigurationError(
                f"{self.name}: {', '.join(sorted(raised))} would let the provider's token say what only a sign-in here "
                "can prove; leave it out of carried_claims; carried_roles takes roles for a while, and the time of "
                "the sign-in is in the session's provenance"
            )
        try:
            require_distinct(self.carried_roles, self.carried_claims)
        except ConfigurationError as error:
            raise ConfigurationError(f"{self.name}: {error}") from error

    def _require_tenants(self) -> None:
        if self.tenants and self.tenant_claim is None:
            raise ConfigurationError(f"{self.name}: tenants explains the values of tenant_claim; name it")
        if self.tenant_claim is not None and self.tenant_id != PUBLIC_TENANT:
            raise ConfigurationError(f"{self.name}: give tenant_id or tenant_claim, not both")

    def _require_times(self) -> None:
        if not timedelta(0) <= self.leeway <= _MAX_LEEWAY:
            raise ConfigurationError(f"{self.name}: leeway must lie between 0 and 60 seconds")
        for label, span in (("maximum_age", self.maximum_age), ("session_lifetime", self.session_lifetime)):
            if not timedelta(0) < span <= _MAX_SPAN:
                raise ConfigurationError(f"{self.name}: {label} must be positive and at most ten years")
        for label, instant in (
            ("issued_before", self.issued_before),
            ("deadline", self.deadline),
            ("sign_ins_since", self.sign_ins_since),
        ):
            if instant is not None and instant.utcoffset() is None:
                raise ConfigurationError(
                    f"{self.name}: {label} has no time zone; write it with one, such as {instant}+00:00"
                )

    def _require_user_claim(self, claim: str) -> None:
        """
        Refuse a claim that does not name one person for good.

        Raises:
            ConfigurationError: it may be somebody else's tomorrow.
        """
        if not claim or claim in UNSTABLE:
            raise ConfigurationError(
                f"{self.name}: user_claim {claim!r} may be somebody else's tomorrow; name the provider's own "
                "user id, usually sub, and let map_user find the user by other claims if it must"
            )

    def _require_collections(self, *collections: tuple[str, object, type]) -> None:
        """
        A lone text is a collection of its letters to Python, and `in` would then look for parts of it.

        Raises:
            ConfigurationError: one of them (label, value, kind) is not of its kind.
        """
        for label, values, kind in collections:
            if not isinstance(values, kind):
                raise ConfigurationError(
                    f"{self.name}: {label} must be a {kind.__name__} of texts, not a lone text"
                )
