"""
A previous provider whose access tokens say nothing by themselves: it is asked about each (RFC 7662), as configured.

House rule: a token counts only if the answer says for which of our clients it was given out (threat T1); nothing of an
answer is kept for the next time.
"""

from __future__ import annotations

from segue.errors import ConfigurationError
from segue.migration.binding import Anyone, require_binding
from segue.migration.introspection import Introspection
from segue.migration.named_issuer import NamedIssuerPolicy


class OpaqueProvider(NamedIssuerPolicy, frozen=True, kw_only=True):
    """
    A previous provider whose credentials are opaque access tokens.

    Raises:
        ConfigurationError: what cannot be safe or cannot work; the text says how to mend it.
    """

    introspection: Introspection
    """Where it is asked, and as whom. The token goes there and nowhere else."""
    audiences: frozenset[str] | Anyone
    """At least one must be in the answer's `aud`; ANY_AUDIENCE where the provider names none."""
    authorized_parties: frozenset[str] | Anyone
    """The client ids (`client_id` of the answer) to which your pages' tokens are given."""
    user_claim: str = "sub"
    """The member of the answer that is the user's id; `username` where there is no `sub`, and it never changes."""
    required_claims: tuple[tuple[str, str], ...] = ()
    """Members of the answer that must have exactly this text, for instance `("token_use", "access")`."""
    session_claims: tuple[str, ...] = ("sid", "session_id")
    """Where the answer names the sign-in; the first that is there counts."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require_collections(
            ("session_claims", self.session_claims, tuple), ("required_claims", self.required_claims, tuple)
        )
        require_binding(self.name, audiences=self.audiences, authorized_parties=self.authorized_parties)
        self._require_user_claim(self.user_claim)
        if self.maximum_age >= self.session_lifetime:
            raise ConfigurationError(
                f"{self.name}: maximum_age must be shorter than session_lifetime; a token whose age is not known is "
                "taken to be that old"
            )

    @property
    def asks_provider(self) -> bool:
        """The provider is asked about every token."""
        return True
