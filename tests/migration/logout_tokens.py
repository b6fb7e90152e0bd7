"""Logout tokens of the provider in `tests.migration.issuer`, with any claim or header bent."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from segue.migration.back_channel import EVENT, BackChannelLogout, LogoutReach
from segue.migration.provider import Provider
from segue.tokens.algorithms import PrivateKey
from tests.migration.issuer import ABSENT, ISSUER, NOW, PAGE, provider, seconds, signed

LOGOUT = BackChannelLogout(audiences=frozenset({PAGE}))


def logout_token(
    *, header: dict[str, Any] | None = None, private: PrivateKey | None = None, **changes: Any
) -> str:
    """Alice has signed out at the provider, a second ago."""
    claims: dict[str, Any] = {
        "iss": ISSUER,
        "aud": PAGE,
        "sub": "alice",
        "sid": "sign-in-1",
        "iat": seconds(NOW - timedelta(seconds=1)),
        "exp": seconds(NOW + timedelta(minutes=2)),
        "jti": "logout-1",
        "events": {EVENT: {}},
        **changes,
    }
    kept = {name: value for name, value in claims.items() if value is not ABSENT}
    return signed(kept, header={"typ": "logout+jwt", **(header or {})}, private=private)


def telling(*, reach: LogoutReach = LogoutReach.SIGN_IN, **changes: Any) -> Provider:
    """A provider that says who has signed out."""
    logout = BackChannelLogout(audiences=frozenset({PAGE}), reach=reach)
    return provider(back_channel_logout=logout, **changes)
