"""
Kinds of members that requests and answers share, and how their names are written.

House rule: what depends on the version of the protocol is optional in an answer, and in a request as the newest version
has it; the member's description says since when.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import UNSET, Meta, Struct, UnsetType

from segue.core.model import LONGEST_USER_ID
from segue.service.core.paths import LONGEST_ID

_AS_THEY_ARE = {
    "user_data_in_jwt": "userDataInJWT",
    "does_external_user_id_exist_snake": "does_external_user_id_exist",
}


def wire_name(name: str) -> str:
    """A member's name as it stands in JSON."""
    first, *rest = name.split("_")
    return _AS_THEY_ARE.get(name) or first + "".join(word.capitalize() for word in rest)


class Shape(Struct, kw_only=True, rename=wire_name):
    """An object of the protocol."""


Anything: TypeAlias = msgspec.Raw
Object: TypeAlias = dict[str, Anything]
Milliseconds = Annotated[int, Meta(description="Milliseconds since the epoch.", ge=0)]
Count = Annotated[int, Meta(ge=0)]
ThirdParty = Annotated[Object, Meta(description="A list `providers`, and what else was sent.")]
UserIdText = Annotated[str, Meta(max_length=LONGEST_USER_ID, description="Without a NUL.")]
MappedId = Annotated[
    str, Meta(min_length=1, max_length=LONGEST_USER_ID, description="Spaces around it are dropped.")
]
IdText = Annotated[
    str, Meta(pattern="^[A-Za-z0-9-]+$", max_length=LONGEST_ID, description="Kept in lower case.")
]
IdKindText = Literal["SUPERTOKENS", "EXTERNAL", "ANY"]
Subtype = Annotated[
    Literal["RECENT_PREV", "ORPHANED_BRANCH", "STALE_LINEAGE"],
    Meta(description="Since 5.6: which old token it was."),
]
RecipeUserId = Annotated[str, Meta(description="Since 4.0.")]
TenantName = Annotated[str, Meta(description="Since 3.0.")]


class Token(Shape):
    """A token and its times."""

    token: str
    expiry: Milliseconds
    created_time: Milliseconds


class PublicKey(Shape):
    """A public key as versions before 2.21 have it."""

    public_key: Annotated[str, Meta(description="Base64 of a SubjectPublicKeyInfo.")]
    created_at: Milliseconds
    expiry_time: Milliseconds


class Jwk(Shape):
    """A public key (RFC 7517)."""

    kty: Literal["RSA"]
    kid: Annotated[str, Meta(pattern="^[ds]-", description="`d-`: it rotates; `s-`: it does not.")]
    n: str
    e: str
    alg: Literal["RS256"]
    use: Literal["sig"]


class SessionObject(Shape, kw_only=True):
    """A session as tokens show it."""

    handle: str
    user_id: str
    recipe_user_id: RecipeUserId | UnsetType = UNSET
    user_data_in_jwt: Object
    tenant_id: TenantName | UnsetType = UNSET


class SessionNames(Shape):
    """Whose session it is."""

    handle: str
    user_id: str
    recipe_user_id: str


class Enabled(Shape):
    """A recipe of a tenant, as version 3.0 has it."""

    enabled: bool


class TenantShape(Shape):
    """A tenant."""

    tenant_id: str
    third_party: ThirdParty
    core_config: Object
    first_factors: list[str] | UnsetType = UNSET
    required_secondary_factors: list[str] | UnsetType = UNSET


class OldTenantShape(Shape):
    """A tenant as version 3.0 has it."""

    tenant_id: str
    email_password: Enabled
    third_party: ThirdParty
    passwordless: Enabled
    core_config: Object


class AppShape(Shape):
    """An app and its tenants."""

    app_id: str
    tenants: list[TenantShape]
