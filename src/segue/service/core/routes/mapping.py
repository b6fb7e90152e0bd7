"""
Routes of user-id mapping (core protocol §13).

Where published SDKs deviate from the protocol (POST for PUT, a null for nothing, a member that one of them reads under
another name), both are taken: it harms nobody.
"""

from __future__ import annotations

from typing import assert_never

from segue.core import mapping_flows
from segue.core.mapping_flows import Creation, Deletion, IdKind
from segue.core.model import LONGEST_USER_ID, UserIdMapping
from segue.ids import UserId
from segue.json import JsonValue
from segue.service.core import answers
from segue.service.core.answers import Answer, Refused
from segue.service.core.call import Call, Handler, Route

_KINDS = {"SUPERTOKENS": IdKind.USER_ID, "EXTERNAL": IdKind.EXTERNAL_ID, "ANY": IdKind.ANY}
_LONGEST_OWN_ID = 36
"""As the protocol has it; an external id may be longer."""
_IN_USE = "UserId is already in use in Session recipe"


async def create(call: Call) -> Answer:
    """POST /recipe/userid/map."""
    fields = call.fields
    mapping = UserIdMapping(
        app_id=call.app_id,
        user_id=_not_blank("superTokensUserId", fields.text("superTokensUserId"), longest=_LONGEST_OWN_ID),
        external_id=_not_blank("externalUserId", fields.text("externalUserId")),
        info=_info(fields.optional_text("externalUserIdInfo")),
    )
    created = await mapping_flows.create_mapping(
        mapping,
        known=call.context.app.settings.known_users,
        force=fields.optional_flag("force", default=False),
        now=call.context.now,
    )
    return _created(created)


async def find(call: Call) -> Answer:
    """GET /recipe/userid/map."""
    given = _not_blank("userId", call.query.text("userId"))
    kind = _kind(call.query.optional("userIdType"))
    mapping = await mapping_flows.find_mapping(call.app_id, given, kind=kind)
    if mapping is None:
        return answers.outcome("UNKNOWN_MAPPING_ERROR")
    members: dict[str, JsonValue] = {
        "superTokensUserId": mapping.user_id,
        "externalUserId": mapping.external_id,
    }
    if mapping.info is not None:
        members["externalUserIdInfo"] = mapping.info
    return answers.ok(members)


async def remove(call: Call) -> Answer:
    """POST /recipe/userid/map/remove."""
    fields = call.fields
    given = _not_blank("userId", fields.text("userId"))
    kind = _kind(fields.optional_text("userIdType"))
    deleted = await mapping_flows.delete_mapping(
        call.app_id,
        given,
        kind=kind,
        force=fields.optional_flag("force", default=False),
        now=call.context.now,
    )
    if deleted is Deletion.IN_USE:
        raise Refused(400, _IN_USE)
    return answers.ok({"didMappingExist": deleted is Deletion.DELETED})


async def set_info(call: Call) -> Answer:
    """PUT /recipe/userid/external-user-id-info."""
    fields = call.fields
    given = _not_blank("userId", fields.text("userId"))
    kind = _kind(fields.optional_text("userIdType"))
    if not fields.has("externalUserIdInfo"):
        raise Refused(400, "Field name 'externalUserIdInfo' is invalid in JSON input")
    info = _info(fields.optional_text("externalUserIdInfo"))
    found = await mapping_flows.set_mapping_info(call.app_id, given, kind=kind, info=info)
    return answers.ok() if found else answers.outcome("UNKNOWN_MAPPING_ERROR")


def _since_mapping(handler: Handler) -> Handler:
    """A route that is not there in versions before user-id mapping."""

    async def handled(call: Call) -> Answer:
        if not call.dialect.maps_user_ids:
            raise Refused(404, "Not found")
        return await handler(call)

    return handled


def _created(created: Creation) -> Answer:
    match created:
        case Creation.CREATED:
            return answers.ok()
        case Creation.UNKNOWN_USER:
            return answers.outcome("UNKNOWN_SUPERTOKENS_USER_ID_ERROR")
        case Creation.BOTH_MAPPED:
            return _there(user_id=True, external_id=True)
        case Creation.USER_ID_MAPPED:
            return _there(user_id=True, external_id=False)
        case Creation.EXTERNAL_ID_MAPPED:
            return _there(user_id=False, external_id=True)
        case Creation.EXTERNAL_ID_IS_A_USER_ID:
            raise Refused(
                400, "Cannot create a userId mapping where the externalId is also a SuperTokens userID"
            )
        case Creation.IN_USE:
            raise Refused(400, _IN_USE)
        case _:
            assert_never(created)


def _there(*, user_id: bool, external_id: bool) -> Answer:
    return answers.json_answer(
        {
            "status": "USER_ID_MAPPING_ALREADY_EXISTS_ERROR",
            "doesSuperTokensUserIdExist": user_id,
            "doesExternalUserIdExist": external_id,
            "does_external_user_id_exist": external_id,  # read by supertokens-python
        }
    )


def _not_blank(name: str, text: str, *, longest: int = LONGEST_USER_ID) -> UserId:
    trimmed = text.strip()
    if not trimmed:
        raise Refused(400, f"Field name '{name}' cannot be an empty String")
    if len(trimmed) > longest:
        raise Refused(400, f"Field name '{name}' is longer than {longest} characters")
    return UserId(trimmed)


def _info(text: str | None) -> str | None:
    if text is None:
        return None
    if not text.strip():
        raise Refused(400, "Field name 'externalUserIdInfo' cannot be an empty String")
    return text


def _kind(text: str | None) -> IdKind:
    kind = IdKind.ANY if text is None else _KINDS.get(text)
    if kind is None:
        raise Refused(400, "Field name 'userIdType' should be one of 'SUPERTOKENS', 'EXTERNAL' or 'ANY'")
    return kind


ROUTES = (
    Route(method="POST", path="/recipe/userid/map", handler=_since_mapping(create)),
    Route(method="GET", path="/recipe/userid/map", handler=_since_mapping(find)),
    Route(method="POST", path="/recipe/userid/map/remove", handler=_since_mapping(remove)),
    Route(method="PUT", path="/recipe/userid/external-user-id-info", handler=_since_mapping(set_info)),
    Route(method="POST", path="/recipe/userid/external-user-id-info", handler=_since_mapping(set_info)),
)
