"""Conformance cases 104 to 118: create a session, look at it, change what it carries."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.service.core.world import (
    NEWEST,
    START,
    Core,
    access,
    claims,
    handle_of,
    header,
    milliseconds,
    new_session,
    refresh_of,
    sha,
)

TOKEN = {"token", "expiry", "createdTime"}
PROTECTED = {
    "2.21": {"sub", "exp", "iat", "sessionHandle", "refreshTokenHash1"},
    "3.1": {"parentRefreshTokenHash1", "antiCsrfToken", "tId"},
    "5.4": {"tId", "rsub", "sub"},
}
MISSING = "00000000-0000-4000-8000-000000000001"


def test_members_of_the_answer(core: Core) -> None:
    """Case 104: exactly these members; an anti-CSRF token only where one is wanted."""
    plain, guarded = core.create(), core.create(enableAntiCsrf=True)
    assert set(plain) == {"status", "session", "accessToken", "refreshToken"}
    assert set(plain["session"]) == {"handle", "userId", "recipeUserId", "userDataInJWT", "tenantId"}
    assert set(plain["accessToken"]) == set(plain["refreshToken"]) == TOKEN
    assert set(guarded) - set(plain) == {"antiCsrfToken"}
    assert claims(access(guarded))["antiCsrfToken"] == guarded["antiCsrfToken"]


@pytest.mark.parametrize(
    ("cdi", "members", "version", "absent"),
    [
        ("3.1", {"handle", "userId", "userDataInJWT", "tenantId"}, "4", {"rsub"}),
        ("3.0", {"handle", "userId", "userDataInJWT", "tenantId"}, "4", {"rsub"}),
        ("2.21", {"handle", "userId", "userDataInJWT"}, "3", {"rsub", "tId"}),
    ],
)
def test_older_versions(core: Core, cdi: str, members: set[str], version: str, absent: set[str]) -> None:
    """Case 105: what older versions do not know is left out."""
    created = core.create(cdi=cdi)
    assert set(created["session"]) == members
    assert header(access(created))["version"] == version
    assert absent.isdisjoint(claims(access(created)))


def test_oldest_versions(core: Core) -> None:
    """Before 2.21: form 2, an id token nobody knows, and public keys in the answer; the list from 2.9 on."""
    created = core.create(cdi="2.9", userDataInJWT={"sub": "mine"})
    assert header(access(created)) == {"alg": "RS256", "typ": "JWT", "version": "2"}
    assert claims(access(created))["userData"] == {"sub": "mine"}
    extra = {
        "idRefreshToken",
        "jwtSigningPublicKey",
        "jwtSigningPublicKeyExpiryTime",
        "jwtSigningPublicKeyList",
    }
    assert set(created) == {"status", "session", "accessToken", "refreshToken"} | extra
    assert set(created["jwtSigningPublicKeyList"][0]) == {"publicKey", "createdAt", "expiryTime"}
    assert "jwtSigningPublicKeyList" not in core.create(cdi="2.7")
    assert core.verify(access(created), cdi="2.9")["session"]["userDataInJWT"] == {"sub": "mine"}


def test_claims(core: Core) -> None:
    """Case 106: form 5, with all nullable claims as nulls."""
    token = access(core.create(userDataInJWT={"role": None, "n": 1.0}))
    assert header(token)["version"] == "5"
    said = claims(token)
    assert (said["tId"], said["rsub"], said["sub"]) == ("public", "ada", "ada")
    assert said["parentRefreshTokenHash1"] is said["antiCsrfToken"] is said["role"] is None
    assert '"n":1.0' in core.post("/recipe/session", new_session() | {"userDataInJWT": {"n": 1.0}}).text


def test_times(core: Core) -> None:
    """Case 107: times of the access token are whole seconds, and those of its claims."""
    created = core.create()
    said, told = claims(access(created)), created["accessToken"]
    assert told["expiry"] == said["exp"] * 1000
    assert told["createdTime"] == said["iat"] * 1000
    assert said["exp"] - said["iat"] == 3600
    assert created["refreshToken"]["createdTime"] == milliseconds(START)
    assert created["refreshToken"]["expiry"] == milliseconds(START + timedelta(minutes=144_000))
    assert isinstance(told["expiry"], int)


def test_hash(core: Core) -> None:
    """Case 108: the access token names the refresh token by its hash."""
    created = core.create()
    assert claims(access(created))["refreshTokenHash1"] == sha(refresh_of(created))


@pytest.mark.parametrize(
    ("cdi", "name"), [(cdi, name) for cdi in PROTECTED for name in sorted(PROTECTED[cdi])]
)
@pytest.mark.parametrize("value", ["x", None], ids=["value", "null"])
def test_protected_names(core: Core, cdi: str, name: str, value: str | None) -> None:
    """Case 109: a payload cannot have the token's own names; nothing is stored."""
    body = new_session() | {"userDataInJWT": {name: value}}
    refusal = core.post("/recipe/session", body, cdi=cdi).refusal
    assert refusal == (400, "The user payload contains protected field")
    assert core.get("/recipe/session/user?userId=ada").json["sessionHandles"] == []


@pytest.mark.parametrize(
    ("cdi", "name"), [("2.21", "tId"), ("2.21", "rsub"), ("3.1", "rsub"), ("2.20", "sub")]
)
def test_names_that_older_forms_leave_free(core: Core, cdi: str, name: str) -> None:
    """Case 109: a name that this form has no use for is the application's."""
    created = core.create(cdi=cdi, userDataInJWT={name: "mine"})
    assert created["session"]["userDataInJWT"] == {name: "mine"}


@pytest.mark.parametrize(
    ("given", "kind"),
    [({"useDynamicSigningKey": True}, "d-"), ({"useDynamicSigningKey": False}, "s-"), ({}, "d-")],
)
def test_kind_of_key(core: Core, given: dict[str, bool], kind: str) -> None:
    """Case 110: which kind of key signs."""
    assert header(access(core.create("ada", cdi="5.4", prefix="", **given)))["kid"].startswith(kind)


def test_lifetime_of_choice(core: Core) -> None:
    """Case 111: version 5.6 may shorten one access token; 5.4 does not look."""
    hour = 3_600_000
    for wanted in (1000, hour):
        said = claims(access(core.create(cdi=NEWEST, accessTokenValidity=wanted)))
        assert said["exp"] - said["iat"] == wanted // 1000
    for wrong in (hour + 1, 0, -1):
        status, sentence = core.post(
            "/recipe/session", new_session() | {"accessTokenValidity": wrong}, cdi=NEWEST
        ).refusal
        assert status == 400
        assert sentence == (
            "accessTokenValidity must be greater than 0 and at most the configured "
            f"access_token_validity ({hour} ms)"
        )
    ignored = claims(access(core.create(accessTokenValidity=-1)))
    assert ignored["exp"] - ignored["iat"] == 3600


def test_jitter(core: Core) -> None:
    """Case 112: lifetimes differ, none is longer than configured."""
    jittery = core.again(config={"access_token_validity_jitter": "0.25"})
    told = [claims(access(jittery.create(f"u{number}"))) for number in range(50)]
    lives = [said["exp"] - said["iat"] for said in told]
    assert all(0.75 * 3600 <= life <= 3600 for life in lives)
    assert len(set(lives)) > 5


def test_look(core: Core) -> None:
    """Case 113: what is told of a session; of one that is over, or never was, that it does not exist."""
    data = {"n": None, "list": [1, {"x": "ü"}]}
    created = core.create(userDataInJWT={"a": None}, userDataInDatabase=data)
    told = core.look(handle_of(created))
    assert told == {
        "status": "OK",
        "sessionHandle": handle_of(created),
        "userId": "ada",
        "recipeUserId": "ada",
        "userDataInDatabase": data,
        "userDataInJWT": {"a": None},
        "expiry": milliseconds(START + timedelta(minutes=144_000)),
        "timeCreated": milliseconds(START),
        "tenantId": "public",
    }
    gone = {"status": "UNAUTHORISED", "message": "Session does not exist."}
    assert core.look(MISSING) == gone
    assert core.look("nonsense") == gone
    core.pass_time(timedelta(minutes=144_000))
    assert core.look(handle_of(created)) == gone


@pytest.mark.parametrize("text", ["a_b_c", "nonsense_here", "x_%3Cscript%3E", "a_T1"])
def test_look_through_an_unknown_tenant(core: Core, text: str) -> None:
    """Case 113: a handle that names a tenant which is not there."""
    status, sentence = core.get(f"/recipe/session?sessionHandle={text}").refusal
    assert status == 400
    assert sentence.startswith("AppId or tenantId not found => ")
    assert "<" not in sentence


def test_look_in_older_versions(core: Core) -> None:
    """Case 114: the tenant from 3.0 on, the id of the sign-in from 4.0 on."""
    handle = handle_of(core.create())
    assert {"tenantId", "recipeUserId"}.isdisjoint(core.look(handle, cdi="2.21"))
    assert {"tenantId", "recipeUserId"} & set(core.look(handle, cdi="3.0")) == {"tenantId"}
    assert {"tenantId", "recipeUserId"} <= set(core.look(handle, cdi="5.4"))


def test_put_data(core: Core) -> None:
    """Case 115: data are replaced, not merged, and nulls stay."""
    handle = handle_of(core.create(userDataInDatabase={"old": 1}))
    body = {"sessionHandle": handle, "userDataInDatabase": {"new": None}}
    assert core.put("/recipe/session/data", body).json == {"status": "OK"}
    assert core.look(handle)["userDataInDatabase"] == {"new": None}
    old = core.get(f"/recipe/session/data?sessionHandle={handle}").json
    assert old == {"status": "OK", "userDataInDatabase": {"new": None}}
    gone = core.put("/recipe/session/data", body | {"sessionHandle": MISSING}).json
    assert gone == {"status": "UNAUTHORISED", "message": "Session does not exist."}


def test_put_payload(core: Core) -> None:
    """Case 116: a payload with a protected name is refused; a session that is not there is said so."""
    handle = handle_of(core.create())
    body = {"sessionHandle": handle, "userDataInJWT": {"rsub": 1}}
    refusal = core.put("/recipe/jwt/data", body).refusal
    assert refusal == (400, "The user payload contains protected field")
    assert core.put("/recipe/jwt/data", body, cdi="3.1").json == {"status": "OK"}
    gone = core.put("/recipe/jwt/data", {"sessionHandle": MISSING, "userDataInJWT": {}}).json
    assert gone["status"] == "UNAUTHORISED"


def test_payload_comes_with_the_refresh(core: Core) -> None:
    """Case 117: issued tokens keep the old payload; a refresh shows the new one."""
    created = core.create(userDataInJWT={"role": "old"})
    body = {"sessionHandle": handle_of(created), "userDataInJWT": {"role": "new"}}
    assert core.put("/recipe/jwt/data", body).json == {"status": "OK"}
    assert core.verify(access(created))["session"]["userDataInJWT"] == {"role": "old"}
    refreshed = core.refresh(refresh_of(created))
    assert claims(access(refreshed))["role"] == "new"
    shown = core.get(f"/recipe/jwt/data?sessionHandle={handle_of(created)}").json
    assert shown == {"status": "OK", "userDataInJWT": {"role": "new"}}


@pytest.mark.parametrize("cdi", ["2.21", "3.1", "5.4", NEWEST])
def test_handshake(core: Core, cdi: str) -> None:
    """Case 118: the handshake ended with 2.20."""
    assert core.post("/recipe/handshake", {}, cdi=cdi).refusal == (404, "Not found")
    told = core.post("/recipe/handshake", {}, cdi="2.20").json
    assert told["accessTokenValidity"] == 3_600_000
    assert told["refreshTokenValidity"] == 144_000 * 60_000
    assert told["accessTokenBlacklistingEnabled"] is False
    assert told["jwtSigningPublicKeyList"]


def test_payload_too_large(core: Core) -> None:
    """A payload for which no access token has room is refused, whichever way it comes."""
    large = {"x": "y" * 5000}
    created = core.create()
    for reply in (
        core.post("/recipe/session", new_session() | {"userDataInJWT": large}),
        core.put("/recipe/jwt/data", {"sessionHandle": handle_of(created), "userDataInJWT": large}),
        core.post("/recipe/session/regenerate", {"accessToken": access(created), "userDataInJWT": large}),
    ):
        assert reply.refusal[1].startswith("Field name 'userDataInJWT' is too large for an access token")
    fits = core.create("u" * 128, userDataInJWT={"x": "y" * 4990}, enableAntiCsrf=True)
    assert core.verify(access(fits))["status"] == "OK"
    refreshed = core.refresh(refresh_of(fits))
    assert core.verify(access(refreshed))["status"] == "OK"
