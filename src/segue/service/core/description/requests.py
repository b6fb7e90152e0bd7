"""
Bodies and queries of the core protocol (§5, §7, §12 to §16).

House rules: members are in the order in which they are checked; one that may be null may be left out; a member that is
not named here is passed over.
"""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from segue.service.core.description.shapes import (
    IdKindText,
    IdText,
    MappedId,
    Object,
    Shape,
    ThirdParty,
    UserIdText,
)

Payload = Annotated[Object, Meta(description="At most 5000 bytes, and none of the token's own names.")]
AccessTokenValidity = Annotated[
    int, Meta(gt=0, description="Since 5.6: milliseconds, at most the configured lifetime.")
]
UseDynamicSigningKey = Annotated[bool, Meta(description="Since 2.21.")]
LinkedAccounts = Annotated[bool, Meta(description="Without effect: there are no linked accounts.")]
Truth = Annotated[str, Meta(description="`true` in any case; anything else is false.")]
Recipes = Annotated[str, Meta(description="Separated by commas; an unknown one is refused.")]


class CreateSession(Shape):
    """A session for a user."""

    user_id: UserIdText
    enable_anti_csrf: bool
    user_data_in_jwt: Payload
    user_data_in_database: Object
    access_token_validity: AccessTokenValidity | None = None
    use_dynamic_signing_key: UseDynamicSigningKey | None = True


class VerifySession(Shape, kw_only=True):
    """An access token to be looked at."""

    access_token: str
    anti_csrf_token: str | None = None
    do_anti_csrf_check: bool
    enable_anti_csrf: bool
    check_database: Annotated[bool, Meta(description="Since 2.21.")]


class RefreshSession(Shape, kw_only=True):
    """A refresh token to be exchanged."""

    refresh_token: str
    anti_csrf_token: str | None = None
    enable_anti_csrf: bool
    use_dynamic_signing_key: Annotated[bool, Meta(description="Since 3.0; optional before 5.0.")]
    access_token_validity: AccessTokenValidity | None = None


class RegenerateSession(Shape):
    """An access token to be made anew."""

    access_token: str
    user_data_in_jwt: Annotated[Payload, Meta(description="As it was, if left out.")] | None = None


class RemoveSessions(Shape):
    """Either `userId` or `sessionHandles`."""

    user_id: str | None = None
    session_handles: list[str] | None = None
    revoke_across_all_tenants: Annotated[bool, Meta(description="Only with `userId`.")] | None = None
    revoke_sessions_for_linked_accounts: LinkedAccounts | None = None


class PutSessionData(Shape):
    """What a session keeps on the server from now on."""

    session_handle: str
    user_data_in_database: Object


class PutPayload(Shape):
    """What goes into a session's access tokens from now on."""

    session_handle: str
    user_data_in_jwt: Payload


class OfHandle(Shape):
    """A session."""

    session_handle: str


class OfUser(Shape):
    """A user's sessions."""

    user_id: str
    fetch_across_all_tenants: Truth | UnsetType = UNSET
    fetch_sessions_for_all_linked_accounts: Truth | UnsetType = UNSET


class CreateJwt(Shape):
    """A JWT to be signed."""

    algorithm: Annotated[str, Meta(description="RS256, in any case.", examples=["RS256"])]
    jwks_domain: Annotated[str, Meta(description="The issuer, unless the payload has one.")]
    payload: Object
    validity: Annotated[int, Meta(gt=0, le=2**53, description="Seconds.")]
    use_static_signing_key: Annotated[bool, Meta(description="Since 2.21.")] | None = True


class CreateMapping(Shape):
    """A user id and what the application calls it."""

    super_tokens_user_id: MappedId
    external_user_id: MappedId
    external_user_id_info: Annotated[str, Meta(min_length=1)] | None = None
    force: Annotated[bool, Meta(description="Also if the user has sessions.")] | None = False


class FindMapping(Shape):
    """A mapped user id."""

    user_id: MappedId
    user_id_type: IdKindText | UnsetType = UNSET


class RemoveMapping(Shape):
    """A mapping to be deleted."""

    user_id: MappedId
    user_id_type: IdKindText | None = "ANY"
    force: Annotated[bool, Meta(description="Also if the user has sessions.")] | None = False


class SetMappingInfo(Shape, kw_only=True):
    """What is noted beside a mapping; null takes it away, and cannot be left out."""

    user_id: MappedId
    user_id_type: IdKindText | None = "ANY"
    external_user_id_info: Annotated[str, Meta(min_length=1)] | None


class OneUser(Shape):
    """A user."""

    user_id: str


class RemoveUser(Shape):
    """A user to be forgotten."""

    user_id: UserIdText
    remove_all_linked_accounts: LinkedAccounts | None = True


class CountUsers(Shape):
    """Which users are counted."""

    include_recipe_ids: Recipes | UnsetType = UNSET
    include_all_tenants: Truth | UnsetType = UNSET
    allow_approximate: Annotated[Truth, Meta(description="Since 5.6; `true` or not.")] | UnsetType = UNSET


class ListUsers(Shape):
    """Which users are listed."""

    include_recipe_ids: Recipes | UnsetType = UNSET


class CountActive(Shape):
    """Since when somebody counts as active."""

    since: Annotated[int, Meta(ge=0, lt=10**18, description="Milliseconds since the epoch.")]


class AskVersions(Shape):
    """Who asks; without effect."""

    api_domain: str | UnsetType = UNSET
    website_domain: str | UnsetType = UNSET


class PutApp(Shape):
    """An app to be made or configured."""

    app_id: IdText
    core_config: Annotated[Object, Meta(description="By the names of docs/reference/core.md.")] | None = None


class RemoveApp(Shape):
    """An app to be removed."""

    app_id: IdText


class PutTenant(Shape):
    """A tenant to be made or configured."""

    tenant_id: IdText
    core_config: Object | None = None
    first_factors: list[str] | None = None
    required_secondary_factors: list[str] | None = None
    third_party: ThirdParty | None = None


class RemoveTenant(Shape):
    """A tenant to be removed."""

    tenant_id: IdText
