"""
What a core answers, read as typed values (core protocol §7); the judgement of a status is one `match` a call.

House rule: an answer of another form than the protocol's is the core's fault, and refuses nobody.
"""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from segue.errors import CoreRefused
from segue.ids import PUBLIC_TENANT, SessionHandle, TenantId, UserId

T = TypeVar("T")


class Versions(msgspec.Struct):
    """Of `/apiversion`."""

    versions: list[str]


class SessionPart(msgspec.Struct):
    """The session in an answer."""

    handle: SessionHandle
    user_id: UserId = msgspec.field(name="userId")
    payload: dict[str, Any] = msgspec.field(name="userDataInJWT", default_factory=dict[str, Any])
    tenant_id: TenantId = msgspec.field(name="tenantId", default=PUBLIC_TENANT)


class TokenPart(msgspec.Struct):
    """A token in an answer; times in milliseconds."""

    token: str
    expiry: int
    created_at: int = msgspec.field(name="createdTime")


class Answer(msgspec.Struct):
    """Of create, refresh, verify and regenerate: what is missing stays None."""

    status: str
    message: str = ""
    session: SessionPart | None = None
    access: TokenPart | None = msgspec.field(name="accessToken", default=None)
    refresh: TokenPart | None = msgspec.field(name="refreshToken", default=None)
    anti_csrf: str | None = msgspec.field(name="antiCsrfToken", default=None)
    subtype: str | None = msgspec.field(name="recentTokenReuseSubtype", default=None)


class Information(msgspec.Struct):
    """Of a session that was asked for."""

    status: str
    handle: SessionHandle = msgspec.field(name="sessionHandle", default=SessionHandle(""))
    user_id: UserId = msgspec.field(name="userId", default=UserId(""))
    data: dict[str, Any] = msgspec.field(name="userDataInDatabase", default_factory=dict[str, Any])
    payload: dict[str, Any] = msgspec.field(name="userDataInJWT", default_factory=dict[str, Any])
    expiry: int = 0
    created_at: int = msgspec.field(name="timeCreated", default=0)
    tenant_id: TenantId = msgspec.field(name="tenantId", default=PUBLIC_TENANT)


class Removed(msgspec.Struct):
    """Of remove."""

    status: str
    handles: list[SessionHandle] = msgspec.field(
        name="sessionHandlesRevoked", default_factory=list[SessionHandle]
    )


class Found(msgspec.Struct):
    """Of the search by user."""

    status: str
    handles: list[SessionHandle] = msgspec.field(name="sessionHandles", default_factory=list[SessionHandle])


class Done(msgspec.Struct):
    """Where the status says all."""

    status: str


def read(body: bytes, form: type[T]) -> T:
    """
    An answer of this form.

    Raises:
        CoreRefused: it is none.
    """
    try:
        return msgspec.json.decode(body, type=form)
    except msgspec.DecodeError:
        pass  # raised outside, because the error that is in flight quotes the answer
    raise CoreRefused(f"an answer that is not of the form {form.__name__}")


def unexpected(status: str) -> CoreRefused:
    """For a status that the call does not have."""
    known = status if status.isascii() and status.replace("_", "").isalnum() else "unreadable"
    return CoreRefused(f"unexpected status {known[:64]}")
