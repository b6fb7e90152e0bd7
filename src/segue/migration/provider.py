"""
A previous provider, as configured: whose tokens are believed, and what they must say.

Everything that a check depends on is named here and refused when it is built, not when a token comes
(RFC 8725 §3.8 to §3.12). House rule: no check is switched off by leaving it out; giving one up takes a named value.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from enum import Enum
from typing import ClassVar, Final, TypeAlias, cast

import msgspec

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.ids import PUBLIC_TENANT, TenantId
from segue.migration.key_sources import (
    KeySource,
    LiveKeys,
    PinnedFallback,
    PinnedKeys,
    compared_part,
    live_part,
    pinned_part,
)
from segue.migration.mapping import SAME_ID, UNSTABLE, FromClaim, ImportedTable, Prefixed, SameId
from segue.migration.model import Identity
from segue.migration.rollout import ON, Rollout
from segue.migration.urls import UrlRefused, parse_url
from segue.migration.user_state import LONGEST_UNCHECKED, CheckUser, Introspection, KeysOnly, ValidSince
from segue.tokens.algorithms import SYMMETRIC, Algorithm


class Anyone(Enum):
    """A check that is given up, by name."""

    AUDIENCE = "any audience"
    PARTY = "any authorised party"


ANY_AUDIENCE: Final = Anyone.AUDIENCE
"""Accept tokens for whatever audience: only where the issuer serves this one application (threat T1)."""
ANY_PARTY: Final = Anyone.PARTY
"""Accept tokens that the issuer gave to any client: only where it has no other client (threat T1)."""


MapUser: TypeAlias = Callable[[Identity], str] | Callable[[Identity], Awaitable[str]]
"""The application's own mapping; raises `UserRefused` to say no. Awaitable only under `AsyncEngine`."""


_REVOCABLE = frozenset({"refresh_token", "access_token"})


class CredentialKind(Enum):
    """Which kind of token the pages present; one kind is never taken for another (threat T2)."""

    ACCESS_TOKEN = "access token"  # noqa: S105 - the name of a kind, not a secret
    ID_TOKEN = "ID token"  # noqa: S105


class EndOldSession(Enum):
    """When the old session is ended at the provider."""

    AT_ONCE = "at_once"
    """As soon as the new one is durable."""
    AFTER_FIRST_USE = "after_first_use"
    """When the new one has been used, or ended: whose answer was lost has not lost both."""


class Revocation7009(Discreet, frozen=True, kw_only=True):
    """
    Where and as whom to revoke the old tokens (RFC 7009).

    Raises:
        ConfigurationError: an address that is not followed, or no client.
    """

    unshown: ClassVar = frozenset({"client_secret"})

    url: str
    client_id: str
    client_secret: str | None = None
    """HTTP basic authentication with it; None for a public client, which only names itself."""
    allowed_token_types: frozenset[str] = _REVOCABLE
    """Which of the old tokens are sent there."""
    when: EndOldSession = EndOldSession.AT_ONCE

    def __post_init__(self) -> None:
        try:
            parse_url(self.url)
        except UrlRefused as error:
            raise ConfigurationError(f"the revocation endpoint cannot be asked: {error}") from error
        if not self.client_id:
            raise ConfigurationError("revocation needs the client_id to which the old tokens were given")
        if self.client_secret == "":
            raise ConfigurationError(
                "the client_secret of revocation is empty; give it, or None for a public client"
            )
        if not self.allowed_token_types or not self.allowed_token_types <= _REVOCABLE:
            raise ConfigurationError(
                "allowed_token_types of revocation: name refresh_token, access_token or both; "
                "without revocation leave it out as a whole"
            )


_ASSURANCE = frozenset({"st-mfa", "st-ev", "st-role", "st-perm"})
"""Claims of our sessions that SDKs believe: factors done, address verified, roles, permissions."""
DEFAULT_ALGORITHMS = frozenset(
    {Algorithm.RS256, Algorithm.PS256, Algorithm.ES256, Algorithm.EdDSA, Algorithm.Ed25519}
)
_MAX_LEEWAY = timedelta(seconds=60)
_MAX_SPAN = timedelta(days=3653)


class Provider(msgspec.Struct, frozen=True, kw_only=True):
    """
    One previous provider.

    Raises:
        ConfigurationError: what cannot be safe or cannot work; the text says how to mend it.
    """

    name: str
    """Ours, for logs and reports: lower-case letters, digits, `-` and `_`."""
    issuers: tuple[str, ...]
    """Every exact value of `iss` in its tokens: with or without a slash at the end, as it is there."""
    keys: KeySource
    audiences: frozenset[str] | Anyone
    """At least one must be in the token's `aud`: your API's identifier, or your client id for ID tokens."""
    authorized_parties: frozenset[str] | Anyone
    """The client ids (`azp`, else `client_id`) to which your pages' tokens are given."""
    credential: CredentialKind = CredentialKind.ACCESS_TOKEN
    algorithms: frozenset[Algorithm] = DEFAULT_ALGORITHMS
    token_types: frozenset[str] = frozenset({"at+jwt", "jwt"})
    """Accepted `typ` headers, lower case, without `application/`; a missing one counts as `jwt`."""
    required_claims: tuple[tuple[str, str], ...] = ()
    """Claims that must have exactly this text, for instance `("token_use", "access")`."""
    user_claim: str = "sub"
    session_claims: tuple[str, ...] = ("sid", "session_id", "origin_jti")
    """Where the provider names the sign-in; the first that is there counts."""
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
    introspection: Introspection | None = None
    """Ask the provider about every token before it becomes a session."""
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
    revocation: Revocation7009 | None = None
    """How the old session is ended at the provider; None: the ledger alone keeps the old token from coming back."""

    def __post_init__(self) -> None:
        if not self.name or not set(self.name) <= _NAME:
            raise ConfigurationError(f"provider name {self.name!r}: use lower-case letters, digits, - and _")
        self._require_collections()
        if not isinstance(cast("object", self.keys), LiveKeys | PinnedKeys | PinnedFallback):
            raise ConfigurationError(
                f"{self.name}: keys must be LiveKeys(...), PinnedKeys.from_...(...) or PinnedFallback(...)"
            )
        self._require_issuers()
        self._require_binding()
        if not self.algorithms:
            raise ConfigurationError(
                f"{self.name}: no algorithm is allowed; name those of the provider's keys"
            )
        if self.algorithms & SYMMETRIC:
            raise ConfigurationError(f"{self.name}: HMAC algorithms need a shared secret, not published keys")
        self._require_claim_names()
        self._require_tenants()
        self._require_times()
        self._require_end_of_pins()
        self._require_live_check()

    @property
    def maps_by_application(self) -> bool:
        """Whether the application is asked who the user is, which may have effects and may say no."""
        return not isinstance(self.map_user, SameId | Prefixed | FromClaim | ImportedTable)

    @property
    def asks_outside(self) -> bool:
        """Whether others than the store are asked about a token, so that a replay had better be known before."""
        mapping = self.map_user
        makes = isinstance(mapping, ImportedTable) and (mapping.create or mapping.find_by_email)
        return bool(self.introspection or self.valid_since or self.check_user or makes)

    def _require_end_of_pins(self) -> None:
        """Pinned keys outlive their provider, and so does whoever steals the private ones (threat T25)."""
        pinned = pinned_part(self.keys)
        if pinned is None or pinned.not_after or self.issued_before or self.deadline:
            return
        raise ConfigurationError(
            f"{self.name}: pinned keys without an end would let whoever gets the old private key make tokens for ever; "
            "give issued_before (the cut-over), deadline or the keys' not_after"
        )

    def _require_live_check(self) -> None:
        """Trusting signatures alone is a choice that somebody makes, for a short time (threat T12)."""
        asked = self.introspection or self.valid_since or self.check_user or self.maps_by_application
        if self.live_check is None and not asked:
            raise ConfigurationError(
                f"{self.name}: nobody is asked whether a user was blocked or signed out since the token was made; give "
                'introspection, valid_since or check_user, or say live_check=KEYS_ONLY (live_check = "keys_only")'
            )
        if self.live_check is None:
            return
        if self.introspection or self.valid_since or self.check_user:
            raise ConfigurationError(f"{self.name}: live_check says that nobody is asked, and somebody is")
        if self.maximum_age > LONGEST_UNCHECKED:
            raise ConfigurationError(
                f"{self.name}: where keys alone decide, maximum_age is at most 24 hours; a shorter one is better"
            )

    def _require_claim_names(self) -> None:
        for kind in self.token_types:
            if kind != kind.lower() or kind.startswith("application/"):
                raise ConfigurationError(
                    f"{self.name}: token type {kind!r} never fits; write it in lower case, without application/"
                )
        if not self.token_types:
            raise ConfigurationError(
                f"{self.name}: no token type is accepted; name those of the provider's tokens"
            )
        raised = self.carried_claims & _ASSURANCE
        if raised:
            raise ConfigurationError(
                f"{self.name}: {', '.join(sorted(raised))} would let the provider's token say what only a sign-in here "
                "can prove; leave it out of carried_claims"
            )
        if not self.user_claim or self.user_claim in UNSTABLE:
            raise ConfigurationError(
                f"{self.name}: user_claim {self.user_claim!r} may be somebody else's tomorrow; name the provider's own "
                "user id, usually sub, and let map_user find the user by other claims if it must"
            )

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

    def _require_collections(self) -> None:
        """A lone text is a collection of its letters to Python, and `in` would then look for parts of it."""
        for label, values, kind in (
            ("issuers", self.issuers, tuple),
            ("session_claims", self.session_claims, tuple),
            ("required_claims", self.required_claims, tuple),
            ("tenants", self.tenants, tuple),
            ("token_types", self.token_types, frozenset),
            ("carried_claims", self.carried_claims, frozenset),
        ):
            if not _is_a(values, kind):
                raise ConfigurationError(
                    f"{self.name}: {label} must be a {kind.__name__} of texts, not a lone text"
                )

    def _require_issuers(self) -> None:
        if not self.issuers or not all(self.issuers):
            raise ConfigurationError(f"{self.name}: name every exact value of iss in the provider's tokens")
        for issuer in self.issuers:
            if "*" in issuer or issuer != issuer.strip():
                raise ConfigurationError(
                    f"{self.name}: issuer {issuer!r} is compared letter by letter; list each one, without wildcards"
                )
        for live in (live_part(self.keys), compared_part(self.keys)):
            if live is not None and live.issuer not in self.issuers:
                raise ConfigurationError(
                    f"{self.name}: the live keys are those of {live.issuer!r}, which is not among its issuers"
                )

    def _require_binding(self) -> None:
        bindings: tuple[tuple[str, frozenset[str] | Anyone, Anyone], ...] = (
            ("audiences", self.audiences, ANY_AUDIENCE),
            ("authorized_parties", self.authorized_parties, ANY_PARTY),
        )
        for label, values, surrender in bindings:
            wrong = values is not surrender if isinstance(values, Anyone) else not _names_something(values)
            if wrong:
                raise ConfigurationError(
                    f"{self.name}: {label} names nobody, so another application's tokens would do; "
                    f"give a frozenset of yours, letter by letter, or say {_SURRENDERS[surrender]}"
                )
        if self.audiences is ANY_AUDIENCE and self.authorized_parties is ANY_PARTY:
            raise ConfigurationError(
                f"{self.name}: ANY_AUDIENCE and ANY_PARTY together accept every token of the issuer; name one of them"
            )


_SURRENDERS = {ANY_AUDIENCE: "ANY_AUDIENCE", ANY_PARTY: "ANY_PARTY"}


def _is_a(values: object, kind: type) -> bool:
    return isinstance(values, kind)  # asked of an object, because type checkers believe what is declared


def _names_something(values: object) -> bool:
    """Whether it is a set of exact texts. A lone text is none: Python would take it for a set of letters."""
    if not isinstance(values, frozenset):
        return False
    names = cast("frozenset[object]", values)
    return bool(names) and all(
        isinstance(name, str) and name and "*" not in name and name == name.strip() for name in names
    )


_NAME = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-_")


def choose_provider(providers: tuple[Provider, ...], issuer: str) -> Provider | None:
    """The provider that has this exact issuer; keys are never tried one after the other (threat T6)."""
    return next((provider for provider in providers if issuer in provider.issuers), None)


def require_distinct(providers: tuple[Provider, ...]) -> None:
    """
    Refuse providers that could be taken for one another.

    Raises:
        ConfigurationError: a name or an issuer twice, or several providers whose subjects would share one id space.
    """
    names = [provider.name for provider in providers]
    issuers = [issuer for provider in providers for issuer in provider.issuers]
    for label, values in (("provider name", names), ("issuer", issuers)):
        doubled = sorted({value for value in values if values.count(value) > 1})
        if doubled:
            raise ConfigurationError(f"{label} {doubled[0]!r} is configured twice")
    same = [provider.name for provider in providers if provider.map_user is SAME_ID]
    if len(same) > 1:
        raise ConfigurationError(
            f"providers {', '.join(same)} would all use their subjects as user ids, so that one's user could become "
            "another's; give all but one of them map_user"
        )
