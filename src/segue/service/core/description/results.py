"""
Answers to understood requests (core protocol §6, §7, §12 to §16): one class for each status that a path can answer.

House rule: the class's tag is the status; the few answers without one derive from `Shape`.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from segue.service.core.description.shapes import (
    Anything,
    AppShape,
    Count,
    Jwk,
    Milliseconds,
    Object,
    OldTenantShape,
    PublicKey,
    RecipeUserId,
    SessionNames,
    SessionObject,
    Shape,
    Subtype,
    TenantName,
    TenantShape,
    Token,
)


class Done(Shape, tag_field="status", tag="OK"):
    """Done."""


class WithKeys(Shape):
    """Versions before 2.21 get public keys with their tokens; the list since 2.9."""

    jwt_signing_public_key: str | UnsetType = UNSET
    jwt_signing_public_key_expiry_time: Milliseconds | UnsetType = UNSET
    jwt_signing_public_key_list: list[PublicKey] | UnsetType = UNSET


class SessionTokens(WithKeys, tag_field="status", tag="OK", kw_only=True):
    """A session and its tokens."""

    session: SessionObject
    access_token: Token
    refresh_token: Token
    anti_csrf_token: str | UnsetType = UNSET
    id_refresh_token: Annotated[Token, Meta(description="Before 2.21.")] | UnsetType = UNSET


class Verified(WithKeys, tag_field="status", tag="OK", kw_only=True):
    """The token holds; a new one comes with it after a first use of a refresh token, or of a changed payload."""

    session: SessionObject
    access_token: Token | UnsetType = UNSET
    payload_update_available: Annotated[bool, Meta(description="Since 5.6.")] | UnsetType = UNSET


class Regenerated(Shape, tag_field="status", tag="OK"):
    """The session, and its token unless the given one had expired."""

    session: SessionObject
    access_token: Token | UnsetType = UNSET


class TryRefreshToken(WithKeys, tag_field="status", tag="TRY_REFRESH_TOKEN", kw_only=True):
    """The access token does not hold; a refresh may help."""

    message: str


class Unauthorised(Shape, tag_field="status", tag="UNAUTHORISED"):
    """There is no such session."""

    message: str
    recent_token_reuse_subtype: Subtype | UnsetType = UNSET


class TokenTheftDetected(Shape, tag_field="status", tag="TOKEN_THEFT_DETECTED"):
    """A refresh token was used again after its successor; the session has ended."""

    session: SessionNames
    recent_token_reuse_subtype: Subtype | UnsetType = UNSET


class SessionInformation(Shape, tag_field="status", tag="OK", kw_only=True):
    """A stored session."""

    session_handle: str
    user_id: str
    recipe_user_id: RecipeUserId | UnsetType = UNSET
    user_data_in_database: Object
    user_data_in_jwt: Object
    expiry: Milliseconds
    time_created: Milliseconds
    tenant_id: TenantName | UnsetType = UNSET


class SessionData(Shape, tag_field="status", tag="OK"):
    """What a session keeps on the server."""

    user_data_in_database: Object


class SessionPayload(Shape, tag_field="status", tag="OK"):
    """What goes into its access tokens."""

    user_data_in_jwt: Object


class SessionsRemoved(Shape, tag_field="status", tag="OK"):
    """Handles of those that were there."""

    session_handles_revoked: list[str]


class SessionHandles(Shape, tag_field="status", tag="OK"):
    """Handles of sessions that have not ended."""

    session_handles: list[str]


class Jwt(Shape, tag_field="status", tag="OK"):
    """A signed JWT."""

    jwt: str


class UnsupportedAlgorithm(Shape, tag_field="status", tag="UNSUPPORTED_ALGORITHM_ERROR"):
    """Only RS256 is."""


class Handshake(WithKeys, tag_field="status", tag="OK", kw_only=True):
    """What an old SDK has to know of the core; spans in milliseconds."""

    access_token_blacklisting_enabled: bool
    access_token_validity: Count
    refresh_token_validity: Count


class Versions(Shape):
    """Versions of the protocol that are served."""

    versions: list[Annotated[str, Meta(pattern=r"^\d+\.\d+$")]]


class KeySet(Shape):
    """Public keys, the newest of those that rotate first (RFC 7517)."""

    keys: list[Jwk]


class OldKeySet(Shape, tag_field="status", tag="OK"):
    """The same with a status."""

    keys: list[Jwk]


class Telemetry(Shape):
    """There is none."""

    exists: bool


class Mapping(Shape, tag_field="status", tag="OK"):
    """A mapped user id."""

    super_tokens_user_id: str
    external_user_id: str
    external_user_id_info: str | UnsetType = UNSET


class MappingAlreadyExists(Shape, tag_field="status", tag="USER_ID_MAPPING_ALREADY_EXISTS_ERROR"):
    """One of the two ids is mapped."""

    does_super_tokens_user_id_exist: bool
    does_external_user_id_exist: bool
    does_external_user_id_exist_snake: Annotated[bool, Meta(description="Read by supertokens-python.")]


class UnknownSuperTokensUserId(Shape, tag_field="status", tag="UNKNOWN_SUPERTOKENS_USER_ID_ERROR"):
    """The user is not registered; only with `segue_user_registry`."""


class UnknownMapping(Shape, tag_field="status", tag="UNKNOWN_MAPPING_ERROR"):
    """The id is not mapped."""


class MappingRemoved(Shape, tag_field="status", tag="OK"):
    """Whether there was one."""

    did_mapping_exist: bool


class UnknownUserId(Shape, tag_field="status", tag="UNKNOWN_USER_ID_ERROR"):
    """There are no users in a core for sessions."""


class Users(Shape, tag_field="status", tag="OK"):
    """Nobody."""

    users: Annotated[list[Anything], Meta(max_length=0)]


class UserCount(Shape, tag_field="status", tag="OK"):
    """How many."""

    count: Count
    approximate: Annotated[bool, Meta(description="Since 5.6, if it was allowed.")] | UnsetType = UNSET
    as_of: Milliseconds | UnsetType = UNSET


class Created(Shape, tag_field="status", tag="OK"):
    """It is there now; whether it is new."""

    created_new: bool


class Removed(Shape, tag_field="status", tag="OK"):
    """It is not there now; whether it was."""

    did_exist: bool


class Apps(Shape, tag_field="status", tag="OK"):
    """All apps."""

    apps: list[AppShape]


class Tenant(TenantShape, tag_field="status", tag="OK"):
    """A tenant."""


class OldTenant(OldTenantShape, tag_field="status", tag="OK"):
    """A tenant as version 3.0 has it."""


class TenantNotFound(Shape, tag_field="status", tag="TENANT_NOT_FOUND_ERROR"):
    """There is no such tenant."""


class Tenants(Shape, tag_field="status", tag="OK"):
    """All tenants of an app."""

    tenants: list[TenantShape]


class OldTenants(Shape, tag_field="status", tag="OK"):
    """All tenants of an app as version 3.0 has them."""

    tenants: list[OldTenantShape]


class Features(Shape, tag_field="status", tag="OK"):
    """Nothing is to be paid for."""

    features: Annotated[list[str], Meta(max_length=0)]
    usage_stats: Object


class NoLicenseKey(Shape, tag_field="status", tag="NO_LICENSE_KEY_FOUND_ERROR"):
    """None is needed."""


class Statistics(Shape, tag_field="status", tag="OK"):
    """Nothing is counted."""

    at_minute: Count
    average_requests_per_second: Annotated[list[float], Meta(max_length=0)]
    peak_requests_per_second: Annotated[list[float], Meta(max_length=0)]
