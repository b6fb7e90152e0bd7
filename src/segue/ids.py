"""Names for what must not be swapped; shared by every layer."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NewType

AppId = NewType("AppId", str)
TenantId = NewType("TenantId", str)
UserId = NewType("UserId", str)
SessionHandle = NewType("SessionHandle", str)
"""UUID version 7 text, and `_<tenant>` behind it when the tenant is not the public one."""
Digest = NewType("Digest", bytes)
"""32 bytes of SHA-256: the only thing that a store keeps of a secret token."""
TokenHash = NewType("TokenHash", str)
"""Lower-case hex SHA-256 of a refresh token; travels in access tokens and in the successor, never in the store."""
SecretId = NewType("SecretId", bytes)
"""Four bytes that name the deployment secret with which a refresh token was made."""

PUBLIC_APP = AppId("public")
PUBLIC_TENANT = TenantId("public")

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def from_milliseconds(value: int) -> datetime:
    """The aware UTC instant of milliseconds since the epoch."""
    return _EPOCH + timedelta(milliseconds=value)  # no float: far instants would lose their last digits


def to_milliseconds(instant: datetime) -> int:
    """Milliseconds since the epoch, rounded down."""
    since = instant - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1000 + since.microseconds // 1000


def whole_milliseconds(instant: datetime) -> datetime:
    """The instant without what no store keeps."""
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def require_user_id(value: object) -> None:
    """
    Hold against what every store keeps as a user id.

    Raises:
        ValueError: no text, empty, with a NUL character, or over 512 characters.
    """
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_USER_ID or "\0" in value:
        raise ValueError(f"a user id is text of 1 to {_MAX_USER_ID} characters without NUL")


_MAX_USER_ID = 512
