"""What the applications on the published Python SDK share: its set-up, and what they can be told to call."""

from __future__ import annotations

import os

from supertokens_python import InputAppInfo, SupertokensConfig, init
from supertokens_python import asyncio as users
from supertokens_python.recipe import multitenancy, session
from supertokens_python.recipe.multitenancy import asyncio as tenants
from supertokens_python.recipe.multitenancy.interfaces import TenantConfigCreateOrUpdate
from supertokens_python.recipe.session import asyncio as sessions
from supertokens_python.recipe.session.claim_base_classes.primitive_claim import PrimitiveClaim
from supertokens_python.recipe.session.interfaces import GetClaimValueOkResult
from supertokens_python.types import RecipeUserId

PORT = int(os.environ["PORT"])
ORIGIN = f"http://127.0.0.1:{PORT}"
ROLE = PrimitiveClaim("role", lambda *_: None)


def set_up(framework, mode):
    """Initialise the SDK."""
    init(
        app_info=InputAppInfo(
            app_name="segue", api_domain=ORIGIN, website_domain=os.environ.get("WEBSITE") or ORIGIN
        ),
        supertokens_config=SupertokensConfig(
            connection_uri=os.environ["CORE"], api_key=os.environ.get("API_KEY") or None
        ),
        framework=framework,
        recipe_list=[
            session.init(
                anti_csrf=os.environ.get("ANTI_CSRF") or None,
                use_dynamic_access_token_signing_key=os.environ.get("STATIC") != "1",
                expose_access_token_to_frontend_in_cookie_based_auth=True,
            ),
            multitenancy.init(),
        ],
        mode=mode,
    )


async def sign_in(request, body):
    """Create a session on a request."""
    return await sessions.create_new_session(
        request,
        body.get("tenant") or "public",
        RecipeUserId(body["user"]),
        body.get("payload") or {},
        body.get("data") or {},
    )


def shown(container):
    """What a session looks like in an answer."""
    return {
        "user": container.get_user_id(),
        "handle": container.get_handle(),
        "tenant": container.get_tenant_id(),
        "payload": container.get_access_token_payload(),
    }


def with_role(known, *_):
    """The claim validators of the administrators' route."""
    return [*known, ROLE.validators.has_value("admin")]


async def _info(args):
    found = await sessions.get_session_information(args["handle"])
    return (
        None
        if found is None
        else {
            "sessionHandle": found.session_handle,
            "userId": found.user_id,
            "tenantId": found.tenant_id,
            "timeCreated": found.time_created,
            "expiry": found.expiry,
            "sessionDataInDatabase": found.session_data_in_database,
            "customClaimsInAccessTokenPayload": found.custom_claims_in_access_token_payload,
        }
    )


async def _set_data(args):
    return await sessions.update_session_data_in_database(args["handle"], args["data"])


async def _merge(args):
    return await sessions.merge_into_access_token_payload(args["handle"], args["changes"])


async def _set_role(args):
    return await sessions.set_claim_value(args["handle"], ROLE, args["role"])


async def _get_role(args):
    found = await sessions.get_claim_value(args["handle"], ROLE)
    return found.value if isinstance(found, GetClaimValueOkResult) else "SESSION_DOES_NOT_EXIST_ERROR"


async def _revoke(args):
    return await sessions.revoke_session(args["handle"])


async def _revoke_many(args):
    return await sessions.revoke_multiple_sessions(args["handles"])


async def _revoke_user(args):
    return await sessions.revoke_all_sessions_for_user(args["user"], tenant_id=args.get("tenant"))


async def _handles(args):
    return await sessions.get_all_session_handles_for_user(args["user"], tenant_id=args.get("tenant"))


async def _jwt(args):
    made = await sessions.create_jwt(args["payload"], args.get("seconds"), args.get("static"))
    return made.jwt


async def _map(args):
    made = await users.create_user_id_mapping(
        args["internal"], args["external"], args.get("info"), args.get("force")
    )
    name = type(made).__name__
    if name == "UserIdMappingAlreadyExistsError":
        return {
            "status": "USER_ID_MAPPING_ALREADY_EXISTS_ERROR",
            "doesSuperTokensUserIdExist": made.does_super_tokens_user_id_exist,
            "doesExternalUserIdExist": made.does_external_user_id_exist,
        }
    return "OK" if name == "CreateUserIdMappingOkResult" else "UNKNOWN_SUPERTOKENS_USER_ID_ERROR"


async def _mapping(args):
    found = await users.get_user_id_mapping(args["id"], args.get("kind"))
    if type(found).__name__ != "GetUserIdMappingOkResult":
        return "UNKNOWN_MAPPING_ERROR"
    return {
        "internal": found.supertokens_user_id,
        "external": found.external_user_id,
        "info": found.external_user_info,
    }


async def _unmap(args):
    return (
        await users.delete_user_id_mapping(args["id"], args.get("kind"), args.get("force"))
    ).did_mapping_exist


async def _map_info(args):
    done = await users.update_or_delete_user_id_mapping_info(args["id"], args.get("kind"), args.get("info"))
    return (
        "OK" if type(done).__name__ == "UpdateOrDeleteUserIdMappingInfoOkResult" else "UNKNOWN_MAPPING_ERROR"
    )


async def _put_tenant(args):
    return (await tenants.create_or_update_tenant(args["tenant"], TenantConfigCreateOrUpdate())).created_new


async def _tenants(_args):
    return [tenant.tenant_id for tenant in (await tenants.list_all_tenants()).tenants]


async def _delete_tenant(args):
    return (await tenants.delete_tenant(args["tenant"])).did_exist


async def _user_count(_args):
    return await users.get_user_count()


async def _delete_user(args):
    await users.delete_user(args["user"])
    return "OK"


CALLS = {
    "info": _info,
    "set_data": _set_data,
    "merge": _merge,
    "set_role": _set_role,
    "get_role": _get_role,
    "revoke": _revoke,
    "revoke_many": _revoke_many,
    "revoke_user": _revoke_user,
    "handles": _handles,
    "jwt": _jwt,
    "map": _map,
    "mapping": _mapping,
    "unmap": _unmap,
    "map_info": _map_info,
    "put_tenant": _put_tenant,
    "tenants": _tenants,
    "delete_tenant": _delete_tenant,
    "user_count": _user_count,
    "delete_user": _delete_user,
}
