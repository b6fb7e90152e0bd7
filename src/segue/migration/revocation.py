"""
How the old session is ended at the provider, as configured.

House rule: an address that would not be followed is refused when the value is built, not when a token has to be sent.
"""

from __future__ import annotations

from enum import Enum
from typing import ClassVar

from segue.discreet import Discreet
from segue.errors import ConfigurationError
from segue.migration.urls import UrlRefused, parse_url

_REVOCABLE = frozenset({"refresh_token", "access_token"})


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
