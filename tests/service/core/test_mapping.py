"""Conformance cases 175 to 181: user-id mapping, and the answers that SDKs need about users."""

from __future__ import annotations

from typing import Any

import pytest

from segue.ids import PUBLIC_APP, UserId
from tests.service.core.world import Body, Core, access, claims, handle_of

MAP, INFO = "/recipe/userid/map", "/recipe/userid/external-user-id-info"
IN_USE = (400, "UserId is already in use in Session recipe")


def create(core: Core, user: str = "st-1", external: str = "ext-1", **more: Any) -> Body:
    """Map a user id."""
    return core.post(MAP, {"superTokensUserId": user, "externalUserId": external} | more).json


def find(core: Core, user: str, kind: str | None = None) -> Body:
    """Look a mapping up."""
    query = f"?userId={user}" + (f"&userIdType={kind}" if kind else "")
    return core.get(MAP + query).json


def test_create_and_find(core: Core) -> None:
    """Case 175: found by either id, or by whichever it is; without info there is no member for it."""
    assert create(core) == {"status": "OK"}
    both = {"status": "OK", "superTokensUserId": "st-1", "externalUserId": "ext-1"}
    assert find(core, "st-1", "SUPERTOKENS") == find(core, "ext-1", "EXTERNAL") == both
    assert find(core, "st-1") == find(core, "ext-1", "ANY") == both
    assert find(core, "st-1", "EXTERNAL") == find(core, "ext-1", "SUPERTOKENS")
    create(core, "st-2", "ext-2", externalUserIdInfo="note")
    assert find(core, "st-2")["externalUserIdInfo"] == "note"


def test_find_an_id_of_both_kinds(core: Core) -> None:
    """Case 175: an id that is of one kind here and of the other there means the user id."""
    create(core, "one", "two")
    create(core, "two", "three")
    assert find(core, "two", "ANY")["externalUserId"] == "three"


@pytest.mark.parametrize(
    ("user", "external", "flags"),
    [("st-1", "ext-1", (True, True)), ("st-1", "ext-2", (True, False)), ("st-2", "ext-1", (False, True))],
)
def test_create_twice(core: Core, user: str, external: str, flags: tuple[bool, bool]) -> None:
    """Case 176: which of the two ids is mapped already."""
    create(core)
    answer = create(core, user, external)
    assert answer["status"] == "USER_ID_MAPPING_ALREADY_EXISTS_ERROR"
    assert (answer["doesSuperTokensUserIdExist"], answer["doesExternalUserIdExist"]) == flags
    assert answer["does_external_user_id_exist"] == flags[1]


def test_unknown(core: Core) -> None:
    """Case 177: with a registry an id has to be in it; what is not mapped is not found and not removed."""
    strict = core.again(config={"segue_user_registry": True})
    assert create(strict) == {"status": "UNKNOWN_SUPERTOKENS_USER_ID_ERROR"}
    core.run(core.store.add_users(PUBLIC_APP, (UserId("st-1"), UserId("st-2"))))
    assert create(strict) == {"status": "OK"}
    refusal = core.again(config={"segue_user_registry": True}).post(
        MAP, {"superTokensUserId": "st-2", "externalUserId": "st-1"}
    )
    assert refusal.refusal == (
        400,
        "Cannot create a userId mapping where the externalId is also a SuperTokens userID",
    )
    assert find(core, "nobody") == {"status": "UNKNOWN_MAPPING_ERROR"}
    removed = core.post(f"{MAP}/remove", {"userId": "nobody"}).json
    assert removed == {"status": "OK", "didMappingExist": False}


BLANK = "Field name '{}' cannot be an empty String"
KIND = "Field name 'userIdType' should be one of 'SUPERTOKENS', 'EXTERNAL' or 'ANY'"


@pytest.mark.parametrize(
    ("path", "body", "sentence"),
    [
        (MAP, {"superTokensUserId": " ", "externalUserId": "x"}, BLANK.format("superTokensUserId")),
        (
            MAP,
            {"superTokensUserId": "x" * 37, "externalUserId": "y"},
            "Field name 'superTokensUserId' is longer than 36 characters",
        ),
        (MAP, {"superTokensUserId": "x", "externalUserId": ""}, BLANK.format("externalUserId")),
        (MAP, {"externalUserId": "x"}, "Field name 'superTokensUserId' is invalid in JSON input"),
        (MAP, {"superTokensUserId": "x"}, "Field name 'externalUserId' is invalid in JSON input"),
        (
            MAP,
            {"superTokensUserId": "x", "externalUserId": "y", "externalUserIdInfo": " "},
            BLANK.format("externalUserIdInfo"),
        ),
        (
            MAP,
            {"superTokensUserId": "x", "externalUserId": "y", "force": "true"},
            "Field name 'force' is invalid in JSON input",
        ),
        (f"{MAP}/remove", {"userId": "  "}, BLANK.format("userId")),
        (f"{MAP}/remove", {"userId": "x", "userIdType": "any"}, KIND),
        (INFO, {"userId": "x"}, "Field name 'externalUserIdInfo' is invalid in JSON input"),
        (INFO, {"userId": "x", "externalUserIdInfo": ""}, BLANK.format("externalUserIdInfo")),
        (INFO, {"userId": "x", "userIdType": "X", "externalUserIdInfo": None}, KIND),
    ],
)
def test_wrong_members(core: Core, path: str, body: Body, sentence: str) -> None:
    """Case 178: blank and missing ids, and kinds that there are not."""
    assert core.post(path, body).refusal == (400, sentence)


@pytest.mark.parametrize(("cdi", "status"), [("2.14", 404), ("2.15", 200)])
def test_since(core: Core, cdi: str, status: int) -> None:
    """Versions before user-id mapping do not know its paths."""
    assert core.post(MAP, {"superTokensUserId": "x" * 36, "externalUserId": "y"}, cdi=cdi).status == status
    assert core.get(f"{MAP}?userId=y", cdi=cdi).status == status
    assert core.put(INFO, {"userId": "y", "externalUserIdInfo": "z"}, cdi=cdi).status == status
    assert core.post(f"{MAP}/remove", {"userId": "y"}, cdi=cdi).status == status


def test_wrong_parameters(core: Core) -> None:
    """Case 178: likewise in a query."""
    assert core.get(MAP).refusal == (400, "Field name 'userId' is missing in GET request")
    assert core.get(f"{MAP}?userId=%20").refusal == (400, BLANK.format("userId"))
    assert core.get(f"{MAP}?userId=x&userIdType=").refusal == (400, KIND)


def test_user_with_sessions(core: Core) -> None:
    """Case 179: an id that sessions carry is mapped or unmapped only by force."""
    core.create("st-1")
    body = {"superTokensUserId": "st-1", "externalUserId": "ext-1"}
    assert core.post(MAP, body).refusal == IN_USE
    assert create(core, force=True) == {"status": "OK"}
    core.create("st-1")
    assert core.post(f"{MAP}/remove", {"userId": "ext-1"}).refusal == IN_USE
    forced = core.post(f"{MAP}/remove", {"userId": "ext-1", "force": True, "userIdType": None}).json
    assert forced == {"status": "OK", "didMappingExist": True}


@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_info(core: Core, method: str) -> None:
    """Case 180: info is set and taken away, by PUT and by the POST of one SDK."""
    create(core)
    for info, shown in (("note", {"externalUserIdInfo": "note"}), (None, {})):
        body = {"userId": "st-1", "externalUserIdInfo": info, "userIdType": None}
        assert core.run(core.ask(method, INFO, body)).json == {"status": "OK"}
        told = find(core, "st-1")
        assert {name: told[name] for name in told if name == "externalUserIdInfo"} == shown
    nobody = core.run(core.ask(method, INFO, {"userId": "x", "externalUserIdInfo": "y"})).json
    assert nobody == {"status": "UNKNOWN_MAPPING_ERROR"}


@pytest.mark.parametrize("given", ["st-1", "ext-1"])
def test_session_of_a_mapped_user(core: Core, given: str) -> None:
    """Case 181: a mapped user's sessions carry the external id, by whichever they are created."""
    create(core)
    created = core.create(given)
    said = claims(access(created))
    assert created["session"]["userId"] == created["session"]["recipeUserId"] == "ext-1"
    assert said["sub"] == said["rsub"] == "ext-1"
    listed = core.get("/recipe/session/user?userId=ext-1").json["sessionHandles"]
    assert listed == [handle_of(created)]


def test_user_of_a_new_session(core: Core) -> None:
    """Case 183, seen from here: SDKs ask for the user of every new session and must get an answer."""
    assert core.get("/user/id?userId=ada").json == {"status": "UNKNOWN_USER_ID_ERROR"}
    assert core.get("/user/id").refusal == (400, "Field name 'userId' is missing in GET request")


def test_remove_a_user(core: Core) -> None:
    """A removed user has no session and no mapping; one who never was is fine, too."""
    create(core)
    created = core.create("st-1")
    for _ in range(2):
        assert core.post("/user/remove", {"userId": "st-1", "removeAllLinkedAccounts": True}).json == {
            "status": "OK"
        }
    assert core.look(handle_of(created))["status"] == "UNAUTHORISED"
    assert find(core, "ext-1") == {"status": "UNKNOWN_MAPPING_ERROR"}


def test_counts(core: Core) -> None:
    """There are no users to be counted, but active ones."""
    assert core.get("/users/count?includeRecipeIds=&includeAllTenants=true").json == {
        "status": "OK",
        "count": 0,
    }
    unknown = core.get("/users/count?includeRecipeIds=emailpassword,what").refusal
    assert unknown == (400, "Unknown recipe ID: what")
    assert "<" not in core.get("/users/count?includeRecipeIds=%3Cb%3E").text
    approximate = core.get("/users/count?allowApproximate=true", cdi="5.6").json
    assert set(approximate) == {"status", "count", "approximate", "asOf"}
    assert core.get("/users").json == {"status": "OK", "users": []}
    core.create("ada")
    core.create("bob")
    core.create("bob")
    assert core.get("/users/count/active?since=0").json == {"status": "OK", "count": 2}
    assert core.get("/users/count/active?since=999999999999999999").json["count"] == 0
    assert core.get("/users/count/active?since=-1").status == 400


@pytest.mark.parametrize("path", [MAP + "?userId=x", "/user/id?userId=x", "/recipe/jwt/jwks", "/apiversion"])
def test_app_routes_through_a_tenant(core: Core, path: str) -> None:
    """What is of the app is not to be had through a tenant, from 5.0 on."""
    sentence = "Only public tenantId can call this app specific API"
    assert core.get(f"/t1{path}").refusal == (403, sentence)
    assert core.get(f"/t1{path}", cdi="4.0").status == 200
