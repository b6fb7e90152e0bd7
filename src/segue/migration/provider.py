"""
A previous provider whose credentials are JWTs, as configured: whose tokens are believed, and what they must say.

Everything that a check depends on is named here and refused when it is built, not when a token comes
(RFC 8725 §3.8 to §3.12). House rule: no check is switched off by leaving it out; giving one up takes a named value.
"""

from __future__ import annotations

from datetime import timedelta
from enum import Enum
from typing import cast

from segue.errors import ConfigurationError
from segue.migration.back_channel import BackChannelLogout
from segue.migration.binding import Anyone, require_binding
from segue.migration.claim_rules import NO_RULES, ClaimPath, ClaimRules, IssuerClaim
from segue.migration.endings import FusionAuthEnding, Reach
from segue.migration.introspection import Introspection
from segue.migration.key_sources import (
    KeySource,
    LiveKeys,
    PinnedFallback,
    PinnedKeys,
    compared_part,
    live_part,
    pinned_part,
)
from segue.migration.policy import ProviderPolicy
from segue.migration.shared_secrets import SharedSecrets
from segue.tokens.algorithms import SYMMETRIC, Algorithm


class CredentialKind(Enum):
    """Which kind of token the pages present; one kind is never taken for another (threat T2)."""

    ACCESS_TOKEN = "access token"  # noqa: S105 - the name of a kind, not a secret
    ID_TOKEN = "ID token"  # noqa: S105 - the name of a kind


DEFAULT_ALGORITHMS = frozenset(
    {Algorithm.RS256, Algorithm.PS256, Algorithm.ES256, Algorithm.EdDSA, Algorithm.Ed25519}
)


_WITHOUT_END = {
    False: "pinned keys without an end would let whoever gets the old private key",
    True: "a shared secret without an end would let whoever gets it",
}


class Provider(ProviderPolicy, frozen=True, kw_only=True):
    """
    A previous provider whose credentials are JWTs.

    Raises:
        ConfigurationError: what cannot be safe or cannot work; the text says how to mend it.
    """

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
    rules: ClaimRules = NO_RULES
    """What its tokens must and must not say besides: as a profile says it, or you."""
    user_claim: str = "sub"
    session_claims: tuple[ClaimPath, ...] = ("sid", "session_id", "origin_jti")
    """Where the provider names the sign-in; the first that is there counts."""
    introspection: Introspection | None = None
    """Ask the provider about every token before it becomes a session."""
    back_channel_logout: BackChannelLogout | None = None
    """Believe its logout tokens; None: signing out there ends nothing here."""

    def __post_init__(self) -> None:
        self._require_collections(
            ("issuers", self.issuers, tuple),
            ("session_claims", self.session_claims, tuple),
            ("required_claims", self.required_claims, tuple),
            ("token_types", self.token_types, frozenset),
        )
        super().__post_init__()
        if not isinstance(cast("object", self.keys), LiveKeys | PinnedKeys | PinnedFallback | SharedSecrets):
            raise ConfigurationError(
                f"{self.name}: keys must be LiveKeys(...), PinnedKeys.from_...(...), PinnedFallback(...) or "
                "SharedSecrets.of(...)"
            )
        self._require_issuers()
        require_binding(
            self.name,
            audiences=self.audiences,
            authorized_parties=self.authorized_parties,
            issuer_only=self.rules.issuer_only,
        )
        self._require_algorithms()
        self._require_rules()
        self._require_claim_names()
        self._require_end_of_pins()
        self._require_ending()

    @property
    def asks_provider(self) -> bool:
        """Whether the provider itself is asked whether a sign-in still stands."""
        return self.introspection is not None

    def _require_ending(self) -> None:
        ending = self.revocation
        by_token_id = isinstance(ending, FusionAuthEnding) and ending.reach is Reach.GRANT
        if by_token_id and self.credential is CredentialKind.ID_TOKEN:
            raise ConfigurationError(
                f"{self.name}: the sid of FusionAuth's ID tokens is not what its API deletes, and it would answer as "
                "if there was nothing to end; let the pages present access tokens, or leave revocation out"
            )

    def _require_end_of_pins(self) -> None:
        """Pinned keys outlive their provider, and so does whoever steals the private ones (threat T25)."""
        pinned = self.keys if isinstance(self.keys, SharedSecrets) else pinned_part(self.keys)
        if pinned is None or pinned.not_after or self.issued_before or self.deadline:
            return
        raise ConfigurationError(
            f"{self.name}: {_WITHOUT_END[isinstance(pinned, SharedSecrets)]} make tokens for ever; "
            "give issued_before (the cut-over), deadline or the keys' not_after"
        )

    def _require_algorithms(self) -> None:
        """Keys that others may know never serve an HMAC, and a secret nothing else (threat T3)."""
        if not self.algorithms:
            raise ConfigurationError(
                f"{self.name}: no algorithm is allowed; name those of the provider's keys"
            )
        if not isinstance(self.keys, SharedSecrets):
            if self.algorithms & SYMMETRIC:
                raise ConfigurationError(
                    f"{self.name}: HMAC algorithms need a shared secret, not published keys"
                )
            return
        if not self.algorithms <= SYMMETRIC:
            raise ConfigurationError(
                f"{self.name}: a shared secret serves HS256, HS384 and HS512 only; name the one that its tokens have"
            )
        for key in self.keys.keys:
            if not self.algorithms <= key.algorithms:
                raise ConfigurationError(
                    f"{self.name}: a shared secret is shorter than the hash of one of the algorithms; "
                    "name only the algorithm that the provider's tokens have, or let it sign with a longer secret"
                )

    def _require_rules(self) -> None:
        """Rules that would let everything pass, or nothing."""
        rules, times = self.rules, self.rules.times
        lives = (live_part(self.keys), compared_part(self.keys))
        if rules.issuer_claim is IssuerClaim.ABSENT and (
            len(self.issuers) != 1 or any(live is not None and live.jwks_url is None for live in lives)
        ):
            raise ConfigurationError(
                f"{self.name}: tokens without iss need one name of yours in issuers, and keys that are not discovered: "
                "a jwks_url, pinned ones or a shared secret"
            )
        if times.without_exp is not None:
            accepted = times.without_exp.accepted_for
            if not timedelta(0) < accepted <= self.maximum_age:
                raise ConfigurationError(
                    f"{self.name}: accepted_for of tokens without exp must be positive and at most maximum_age"
                )
        if times.lifetime is not None and not timedelta(0) < times.lifetime <= self.session_lifetime:
            raise ConfigurationError(
                f"{self.name}: lifetime of tokens without iat must be positive and at most session_lifetime"
            )
        plain = rules.subject is None and self.user_claim == "sub" and rules.issuer_claim is IssuerClaim.NAMED
        if self.back_channel_logout is not None and not plain:
            raise ConfigurationError(
                f"{self.name}: a logout token names people by iss and sub, and this provider's are known by something "
                "else; leave back_channel_logout out"
            )
        if rules.subject is None:
            return
        if self.user_claim != "sub":
            raise ConfigurationError(f"{self.name}: give user_claim or a rule of the subject, not both")
        for path in rules.subject.claims:
            self._require_user_claim(path if isinstance(path, str) else path[-1])

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
        self._require_user_claim(self.user_claim)

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
