"""Conformance cases 155 to 165: new access tokens, ends of sessions, lists, tenants, clean-up."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from uuid import uuid4

import pytest
from msgspec.structs import replace

from segue.ids import SessionHandle
from segue.tokens.base64url import encode
from tests.service.core.test_rotation_at_first_use import row
from tests.service.core.world import (
    Body,
    Core,
    access,
    claims,
    handle_of,
    header,
    refresh_of,
)

MISSING = "00000000-0000-4000-8000-000000000001"
SAME = ("exp", "sessionHandle", "refreshTokenHash1", "parentRefreshTokenHash1", "antiCsrfToken")


def regenerate(core: Core, token: str, *, cdi: str = "5.4", **more: object) -> Body:
    """Ask for a new access token."""
    return core.post("/recipe/session/regenerate", {"accessToken": token} | more, cdi=cdi).json


def remove(core: Core, *, prefix: str = "", cdi: str = "5.4", **body: object) -> list[str]:
    """End sessions; the handles that were there."""
    found: list[str] = core.post(f"{prefix}/recipe/session/remove", body, cdi=cdi).json[
        "sessionHandlesRevoked"
    ]
    return found


def listed(core: Core, query: str, *, prefix: str = "") -> list[str]:
    """Handles of a user's sessions."""
    found: list[str] = core.get(f"{prefix}/recipe/session/user?{query}").json["sessionHandles"]
    return found


def test_regenerate(core: Core) -> None:
    """Case 155: all but payload and instant stays; the refresh token is not touched."""
    created = core.create(enableAntiCsrf=True, userDataInJWT={"old": 1})
    before = row(core, created)
    core.pass_time(timedelta(minutes=10))
    answer = regenerate(core, access(created), userDataInJWT={"new": None})
    old, new = claims(access(created)), claims(access(answer))
    assert {name: old[name] for name in SAME} == {name: new[name] for name in SAME}
    assert new["iat"] == old["iat"] + 600
    assert "old" not in new
    assert answer["session"]["userDataInJWT"] == {"new": None}
    assert answer["session"]["recipeUserId"] == "ada"
    stored = row(core, created)
    assert before is not None
    assert stored is not None
    assert stored.family == before.family
    assert stored.expires_at == before.expires_at


def test_regenerate_with_little(core: Core) -> None:
    """Case 156: no payload keeps the stored one, an empty one empties it."""
    created = core.create(userDataInJWT={"old": 1})
    assert regenerate(core, access(created))["session"]["userDataInJWT"] == {"old": 1}
    assert regenerate(core, access(created), userDataInJWT={})["session"]["userDataInJWT"] == {}
    assert core.look(handle_of(created))["userDataInJWT"] == {}


def test_regenerate_when_over(core: Core) -> None:
    """Case 157: for a token that is over the payload is stored, and nothing handed out."""
    created = core.create()
    core.pass_time(timedelta(hours=2))
    answer = regenerate(core, access(created), userDataInJWT={"new": 1})
    assert answer["status"] == "OK"
    assert "accessToken" not in answer
    assert core.look(handle_of(created))["userDataInJWT"] == {"new": 1}


def test_regenerate_after_a_change_of_keys(core: Core) -> None:
    """Case 158: a token of the key before is answered with one of the present key."""
    short = {"access_token_validity": 7000, "access_token_dynamic_signing_key_update_interval": 1}
    other = core.again(config=short)
    other.create()
    other.pass_time(timedelta(minutes=55))
    created = other.create("bob")
    other.pass_time(timedelta(minutes=4, seconds=30))
    other.make_keys()
    other.pass_time(timedelta(minutes=2))
    answer = regenerate(other, access(created))
    assert header(access(answer))["kid"] != header(access(created))["kid"]
    assert other.verify(access(answer))["status"] == "OK"


def test_regenerate_refused(core: Core) -> None:
    """Case 159: an ended session, a protected name, and what is no token."""
    created = core.create()
    protected = {"accessToken": access(created), "userDataInJWT": {"rsub": 1}}
    refusal = core.post("/recipe/session/regenerate", protected).refusal
    assert refusal == (400, "The user payload contains protected field")
    remove(core, sessionHandles=[handle_of(created)])
    assert regenerate(core, access(created)) == {
        "status": "UNAUTHORISED",
        "message": "Session does not exist.",
    }


@pytest.mark.parametrize("text", ["", "nonsense", "a.b", "a..c"])
def test_regenerate_of_no_token(core: Core, text: str) -> None:
    """Case 159: what has not three parts is refused, not answered with a fault."""
    refusal = core.post("/recipe/session/regenerate", {"accessToken": text}).refusal
    assert refusal == (400, "Field name 'accessToken' is invalid in JSON input")


def test_regenerate_of_a_forged_token(core: Core) -> None:
    """Case 159: a token that our key did not sign, or without a session's claims, is unauthorised."""
    created = core.create()
    head, _, signature = access(created).split(".")
    nobody = encode(b"{}").decode()
    foreign = core.create("eve")
    swapped = f"{head}.{access(foreign).split('.')[1]}.{signature}"
    for token in (f"{head}.{nobody}.{signature}", swapped):
        assert regenerate(core, token, userDataInJWT={"x": 1})["status"] == "UNAUTHORISED"
    assert core.look(handle_of(foreign))["userDataInJWT"] == {}


@pytest.mark.parametrize("cdi", ["2.20", "5.4"])
def test_regenerate_of_an_unsigned_token(core: Core, cdi: str) -> None:
    """A living token that no key of ours signed buys nothing, whatever key it names; one that is over, no token."""
    created = core.create(cdi=cdi)
    head, payload, signature = access(created).split(".")
    told = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    never = {"exp": 9_999_999_999} if cdi == "5.4" else {"expiryTime": 9_999_999_999_999}
    over = {"exp": 1} if cdi == "5.4" else {"expiryTime": 1}
    if cdi == "5.4":
        head = encode(json.dumps(header(access(created)) | {"kid": "d-1"}).encode()).decode()
    spell = encode if cdi == "5.4" else base64.b64encode
    for changed, status in ((never, "UNAUTHORISED"), (over, "OK")):
        forged = spell(json.dumps(told | changed).encode()).decode()
        answer = regenerate(core, f"{head}.{forged}.{signature}", cdi=cdi)
        assert answer["status"] == status
        assert "accessToken" not in answer


def test_remove_by_handles(core: Core) -> None:
    """Case 160: those that were there, in the given order, each once."""
    a, b = handle_of(core.create()), handle_of(core.create())
    assert remove(core, sessionHandles=[a, MISSING, b, a]) == [a, b]
    assert remove(core, sessionHandles=[]) == []
    assert remove(core, sessionHandles=[a]) == []
    assert remove(core, sessionHandles=["nonsense"]) == []
    wrong = core.post("/recipe/session/remove", {"sessionHandles": [a, 1]}).refusal
    assert wrong == (400, "Field name 'sessionHandles' is invalid in JSON input")
    assert core.post("/recipe/session/remove", {"sessionHandles": ["x_y"]}).status == 400


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "use one of userId or sessionHandles array"),
        ({"userId": "a", "sessionHandles": []}, "use one of userId or sessionHandles array"),
        (
            {"sessionHandles": [], "revokeAcrossAllTenants": True},
            "revokeAcrossAllTenants can only be set if userId is set",
        ),
        (
            {"sessionHandles": [], "revokeSessionsForLinkedAccounts": False},
            "revokeSessionsForLinkedAccounts can only be set if userId is set",
        ),
    ],
)
def test_remove_of_both_or_neither(core: Core, body: Body, sentence: str) -> None:
    """Case 161: either a user or handles, and what belongs to a user comes with one."""
    refusal = core.post("/recipe/session/remove", body).refusal
    assert refusal == (400, f"Invalid JSON input - {sentence}")


def test_remove_and_list_by_user(core: Core) -> None:
    """Case 162: living sessions, of this user alone."""
    over = handle_of(core.create())
    core.pass_time(timedelta(minutes=144_000))
    mine = {handle_of(core.create()) for _ in range(3)}
    theirs = handle_of(core.create("bob"))
    assert set(listed(core, "userId=ada")) == mine
    gone = remove(core, userId="ada", revokeAcrossAllTenants=True)
    assert set(gone) == mine
    assert over not in gone
    assert listed(core, "userId=ada") == []
    assert listed(core, "userId=bob") == [theirs]


def test_many_sessions_of_a_user(core: Core) -> None:
    """Case 162: however many there are, all are listed and all are ended."""
    stored = row(core, core.create())
    assert stored is not None
    copies = [replace(stored, handle=SessionHandle(str(uuid4()))) for _ in range(1002)]

    async def keep() -> None:
        for copy in copies:
            await core.store.create_session(copy)

    core.run(keep())
    mine = {stored.handle, *(copy.handle for copy in copies)}
    assert set(listed(core, "userId=ada")) == mine
    assert set(remove(core, userId="ada")) == mine
    assert listed(core, "userId=ada") == []


def test_tenants(core: Core) -> None:
    """Case 163: in one tenant, or in all; all of them through the app alone."""
    for tenant in ("t1", "t2"):
        core.put("/recipe/multitenancy/tenant/v2", {"tenantId": tenant})
    one, two = handle_of(core.create(prefix="/t1")), handle_of(core.create(prefix="/t2"))
    assert listed(core, "userId=ada&fetchAcrossAllTenants=false", prefix="/t1") == [one]
    assert set(listed(core, "userId=ada")) == {one, two}
    sentence = "Only public tenantId can call this app specific API"
    assert core.get("/t1/recipe/session/user?userId=ada").refusal == (403, sentence)
    assert core.post("/t1/recipe/session/remove", {"userId": "ada"}).refusal == (403, sentence)
    assert core.get("/t1/recipe/session/user?userId=ada", cdi="4.0").status == 200
    assert remove(core, prefix="/t1", userId="ada", revokeAcrossAllTenants=False) == [one]
    assert listed(core, "userId=ada") == [two]
    assert listed(core, "userId=ada&fetchAcrossAllTenants=false") == []


def test_handle_of_a_tenant(core: Core) -> None:
    """Case 164: the handle names the tenant, and is enough to find the session."""
    core.put("/recipe/multitenancy/tenant/v2", {"tenantId": "t1"})
    created = core.create(prefix="/t1")
    handle = handle_of(created)
    assert handle.endswith("_t1")
    assert created["session"]["tenantId"] == claims(access(created))["tId"] == "t1"
    assert core.look(handle)["tenantId"] == "t1"
    assert core.verify(access(created))["session"]["tenantId"] == "t1"
    assert core.refresh(refresh_of(created))["session"]["tenantId"] == "t1"
    data = {"sessionHandle": handle, "userDataInDatabase": {"x": 1}}
    assert core.put("/recipe/session/data", data).json == {"status": "OK"}
    assert remove(core, sessionHandles=[handle]) == [handle]


def test_clean_up(core: Core) -> None:
    """Case 165: rows that are over go, the others stay."""
    over = core.create()
    core.pass_time(timedelta(minutes=143_999))
    kept = core.create()
    core.pass_time(timedelta(minutes=1))
    core.clean_up()
    assert row(core, over) is None
    assert row(core, kept) is not None
