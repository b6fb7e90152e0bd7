"""
What a profile is: everything that is known of one provider's tokens, as data, and a function that makes a `Provider`.

Whoever uses one names the provider and two or three values of his own; all else stands here, is printed by
`segue doctor`, and is tested against tokens as the provider's own documentation describes them. House rules: pure; a
fact that was not read in a source stands under `unproven`, and no check is softer because of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from typing import Any, TypedDict, cast

import msgspec
from msgspec.structs import replace

from segue.errors import ConfigurationError
from segue.ids import TenantId
from segue.migration.back_channel import BackChannelLogout
from segue.migration.binding import Anyone
from segue.migration.carried import CarriedRole
from segue.migration.claim_rules import NO_RULES, ClaimPath, ClaimRules, Unwanted
from segue.migration.endings import Ending
from segue.migration.introspection import Introspection
from segue.migration.key_sources import KeySource
from segue.migration.mapping import FromClaim, ImportedTable, Prefixed, SameId
from segue.migration.policy import MapUser
from segue.migration.provider import CredentialKind, Provider
from segue.migration.rollout import Rollout
from segue.migration.shared_secrets import SharedSecrets
from segue.migration.user_state import CheckUser, KeysOnly, ValidSince
from segue.tokens.algorithms import Algorithm


class Policy(TypedDict, total=False):
    """What every profile takes besides its own values: the members of `Provider` that are not facts of the provider."""

    keys: KeySource
    algorithms: frozenset[Algorithm]
    leeway: timedelta
    maximum_age: timedelta
    session_lifetime: timedelta
    live_check: KeysOnly | None
    introspection: Introspection | None
    valid_since: ValidSince | None
    sign_ins_since: datetime | None
    check_user: CheckUser | None
    issued_before: datetime | None
    deadline: datetime | None
    rollout: Rollout
    tenant_id: TenantId
    tenant_claim: str | None
    tenants: tuple[tuple[str, TenantId], ...]
    map_user: MapUser | SameId | Prefixed | FromClaim | ImportedTable
    carried_claims: frozenset[str]
    carried_roles: tuple[CarriedRole, ...]
    revocation: Ending | None
    back_channel_logout: BackChannelLogout | None
    admit: frozenset[Unwanted]
    """Who is let in although the profile refuses him, by name; only what the profile offers."""


class ValueKind(Enum):
    """What a value of a profile is."""

    TEXT = "text"
    TEXTS = "texts"
    SPAN = "a duration"
    PAIRS = "claims and their texts"


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that only the user of a profile knows."""

    name: str
    meaning: str
    example: str | tuple[str, ...] | timedelta | tuple[tuple[str, str], ...]
    kind: ValueKind = ValueKind.TEXT
    required: bool = True


class Profile(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a provider."""

    id: str
    title: str
    make: Callable[..., Provider]
    """The constructor, for whoever has the profile by its id."""
    values: tuple[Value, ...]
    presents: str
    """What the page presents."""
    browser: str
    """How the page has it, and how it signs out."""
    binds_by: str
    """Which claim binds the token to this application."""
    kind_test: str
    """What tells it from other tokens under the same keys."""
    session: str
    """What names the sign-in, or stands for it."""
    names_sign_ins: bool = True
    """Whether all tokens of a sign-in are known as such; otherwise a later token of it would make another session."""
    ending: str
    """What ends the old session there, from our server; the tombstone holds in any case."""
    ends_with: tuple[type[Ending], ...] = ()
    """The values of `revocation` that do it; they need credentials, which only the user has."""
    fresh: str | None = None
    """Where tokens live so shortly that the page has to ask for a new one just before it calls us."""
    unproven: tuple[str, ...] = ()
    """Facts that were not read in a source of the provider, nor seen."""
    run_against: str | None = None
    """The software, or emulators of it, at which people signed in for the tests; None: nobody of us has any."""
    keys_given: bool = False
    """The provider publishes no keys that could be asked for: they are a value."""

    credential: CredentialKind = CredentialKind.ACCESS_TOKEN
    algorithms: frozenset[Algorithm] = frozenset({Algorithm.RS256})
    token_types: frozenset[str] = frozenset({"jwt"})
    rules: ClaimRules = NO_RULES
    admissible: frozenset[Unwanted] = frozenset()
    session_claims: tuple[ClaimPath, ...] = ()
    leeway: timedelta = timedelta(seconds=10)
    maximum_age: timedelta = timedelta(hours=1)
    session_lifetime: timedelta = timedelta(days=30)

    def provider(
        self,
        *,
        name: str,
        issuers: tuple[str, ...],
        keys: KeySource | None,
        audiences: frozenset[str] | Anyone,
        authorized_parties: frozenset[str] | Anyone,
        policy: Policy,
        rules: ClaimRules | None = None,
        credential: CredentialKind | None = None,
        session_claims: tuple[ClaimPath, ...] | None = None,
    ) -> Provider:
        """
        A provider by this profile.

        Args:
            name: for logs and reports.
            issuers: every exact `iss`.
            keys: where they come from, unless *policy* says otherwise; None: it has to.
            audiences: as `Provider`.
            authorized_parties: as `Provider`.
            policy: what the profile leaves to its user.
            rules: the profile's own, with the user's values in them.
            credential: another kind than the profile's own.
            session_claims: others than the profile's own.

        Raises:
            ConfigurationError: no keys, somebody admitted who cannot be, or what `Provider` refuses.
        """
        source = policy.get("keys", keys)
        if source is None:
            raise ConfigurationError(
                f"{name}: the provider's keys have to be given: keys=SharedSecrets.of(...) for a shared secret, "
                "PinnedKeys.from_pem(...) for a public key ([provider.keys] secret_file or pem)"
            )
        settings: dict[str, Any] = {
            "leeway": self.leeway,
            "maximum_age": self.maximum_age,
            "session_lifetime": self.session_lifetime,
            "algorithms": self._algorithms(source),
            **{key: value for key, value in cast("Mapping[str, object]", policy).items() if key != "admit"},
        }
        settings |= {"keys": source}
        return Provider(
            name=name,
            issuers=issuers,
            audiences=audiences,
            authorized_parties=authorized_parties,
            credential=credential or self.credential,
            token_types=self.token_types,
            rules=self._admitting(rules or self.rules, policy.get("admit", frozenset()), name),
            session_claims=self.session_claims if session_claims is None else session_claims,
            **settings,
        )

    def _algorithms(self, source: KeySource) -> frozenset[Algorithm]:
        """Those of the profile that this kind of key can have; a shared secret signs HS256 unless it is said."""
        return frozenset({Algorithm.HS256}) if isinstance(source, SharedSecrets) else self.algorithms

    def _admitting(self, rules: ClaimRules, admit: frozenset[Unwanted], name: str) -> ClaimRules:
        rules = replace(rules, profile=self.id, unproven=self.unproven, run_against=self.run_against)
        if not admit:
            return rules
        wrong = admit - self.admissible
        if wrong:
            possible = ", ".join(sorted(each.name for each in self.admissible)) or "nobody"
            raise ConfigurationError(
                f"{name}: {', '.join(sorted(each.value for each in wrong))} cannot be admitted; {self.id} lets in by "
                f"name: {possible}"
            )
        refused = tuple(mark for mark in rules.refused if mark.because not in admit)
        return replace(rules, refused=refused, admitted=admit)
