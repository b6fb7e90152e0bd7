"""Conformance cases 119 to 128: what an access token is worth."""

from __future__ import annotations

import base64
import hmac
import json
from datetime import timedelta
from typing import Any

import pytest

from segue.flow import ask
from segue.ids import PUBLIC_APP
from segue.sessions.ports import SigningKeyStore
from segue.tokens.base64url import encode
from segue.tokens.jwt import mint_jwt
from tests.service.core.world import (
    NEWEST,
    START,
    Body,
    Core,
    access,
    claims,
    handle_of,
    header,
    refresh_of,
)


def end(core: Core, created: Body) -> None:
    """End a session."""
    body = {"sessionHandles": [handle_of(created)]}
    assert core.post("/recipe/session/remove", body).json["sessionHandlesRevoked"]


def carry(core: Core, created: Body, payload: Body) -> None:
    """Replace a session's payload by its handle."""
    body = {"sessionHandle": handle_of(created), "userDataInJWT": payload}
    assert core.put("/recipe/jwt/data", body).json == {"status": "OK"}


def test_fresh_token(core: Core) -> None:
    """Case 119: a fresh token holds, and nothing new is handed out."""
    created = core.create(userDataInJWT={"a": None})
    assert core.verify(access(created)) == {
        "status": "OK",
        "session": {
            "handle": handle_of(created),
            "userId": "ada",
            "recipeUserId": "ada",
            "userDataInJWT": {"a": None},
            "tenantId": "public",
        },
    }


@pytest.mark.parametrize("cdi", ["2.21", "5.4", NEWEST])
def test_ended_session(core: Core, cdi: str) -> None:
    """Case 120: whoever asks the database is told that the session has ended."""
    created = core.create()
    end(core, created)
    assert core.verify(access(created), cdi=cdi, checkDatabase=True) == {
        "status": "UNAUTHORISED",
        "message": "Either the session has ended or has been blacklisted",
    }
    assert core.verify(access(created), cdi=cdi)["status"] == "OK"


def test_blacklisting_in_old_versions(core: Core) -> None:
    """Case 120: before 2.21 a setting says whether the database is asked."""
    created = core.create(cdi="2.20")
    end(core, created)
    strict = core.again(config={"access_token_blacklisting": "true"})
    body = {"accessToken": access(created), "doAntiCsrfCheck": False, "enableAntiCsrf": False}
    assert core.post("/recipe/session/verify", body, cdi="2.20").json["status"] == "OK"
    assert strict.post("/recipe/session/verify", body, cdi="2.20").json["status"] == "UNAUTHORISED"


def test_changed_payload(core: Core) -> None:
    """Case 121: version 5.4 hands out a token that shows the new payload, for a full life."""
    created = core.create(userDataInJWT={"role": "old"})
    carry(core, created, {"role": "new"})
    core.pass_time(timedelta(minutes=10))
    answer = core.verify(access(created), checkDatabase=True)
    said = claims(access(answer))
    assert answer["session"]["userDataInJWT"] == {"role": "new"}
    assert said["role"] == "new"
    assert said["exp"] - said["iat"] == 3600
    assert said["iat"] == claims(access(created))["iat"] + 600
    assert said["refreshTokenHash1"] == claims(access(created))["refreshTokenHash1"]


def test_changed_payload_in_the_newest_version(core: Core) -> None:
    """Case 122: version 5.6 says that there is a new payload, and hands out nothing."""
    created = core.create(userDataInJWT={"role": "old", "n": 1})
    same = core.verify(access(created), cdi=NEWEST, checkDatabase=True)
    assert same["payloadUpdateAvailable"] is False
    carry(core, created, {"role": "new"})
    answer = core.verify(access(created), cdi=NEWEST, checkDatabase=True)
    assert answer["payloadUpdateAvailable"] is True
    assert answer["session"]["userDataInJWT"] == {"role": "old", "n": 1}
    assert "accessToken" not in answer
    assert "payloadUpdateAvailable" not in core.verify(access(created), cdi=NEWEST)


@pytest.mark.parametrize("presented", [{}, {"antiCsrfToken": "wrong"}, {"antiCsrfToken": None}])
def test_anti_csrf(core: Core, presented: Body) -> None:
    """Case 123: a wrong or missing anti-CSRF token asks for a refresh, if it is to be looked at."""
    created = core.create(enableAntiCsrf=True)
    demanded: dict[str, Any] = {"enableAntiCsrf": True, "doAntiCsrfCheck": True}
    refused = core.verify(access(created), **demanded, **presented)
    assert refused["status"] == "TRY_REFRESH_TOKEN"
    assert isinstance(refused["message"], str)
    assert core.verify(access(created), enableAntiCsrf=True, **presented)["status"] == "OK"
    right = core.verify(access(created), **demanded, antiCsrfToken=created["antiCsrfToken"])
    assert right["status"] == "OK"
    without = core.create("bob")
    assert core.verify(access(without), **demanded, **presented)["status"] == "TRY_REFRESH_TOKEN"


def forged(core: Core, token: str) -> dict[str, str]:
    """Tokens that must not hold, by what is wrong with them."""
    head, payload, signature = token.split(".")
    told = header(token)
    none = encode(json.dumps(told | {"alg": "none"}).encode()).decode()
    symmetric = encode(json.dumps(told | {"alg": "HS256"}).encode()).decode()
    key = next(k for k in core.get("/.well-known/jwks.json").json["keys"] if k["kid"] == told["kid"])
    mac = hmac.digest(key["n"].encode(), f"{symmetric}.{payload}".encode(), "sha256")
    return {
        "nothing": "",
        "garbage": "garbage",
        "parts": "a.b.c",
        "not ascii": "ü.ü.ü",
        "null bytes": "\x00.x.y",
        "endless": "x" * 50_000,
        "no signature": f"{none}.{payload}.",
        "alg none": f"{none}.{payload}.{signature}",
        "alg HS256": f"{symmetric}.{payload}.{encode(mac).decode()}",
        "tampered": f"{head}.{encode(json.dumps(claims(token) | {'sub': 'eve'}).encode()).decode()}.{signature}",
        "form 2 of nobody": base64.b64encode(b'{"alg":"RS256","typ":"JWT","version":"2"}').decode()
        + ".e30=.AAAA",
    }


@pytest.mark.parametrize("cdi", ["5.4", NEWEST])
def test_tokens_that_do_not_hold(core: Core, cdi: str) -> None:
    """Case 124: whatever is wrong with a token, the answer asks for a refresh, with a message that is text."""
    created = core.create()
    for wrong, token in forged(core, access(created)).items():
        answer = core.verify(token, cdi=cdi, checkDatabase=True)
        assert answer["status"] == "TRY_REFRESH_TOKEN", wrong
        assert isinstance(answer["message"], str)
    core.pass_time(timedelta(hours=1))
    assert core.verify(access(created), cdi=cdi)["status"] == "TRY_REFRESH_TOKEN"


def test_token_of_another_app(core: Core) -> None:
    """Case 124: a token holds in its app alone."""
    core.put("/recipe/multitenancy/app/v2", {"appId": "a1"})
    other = core.create(prefix="/appid-a1")
    assert core.verify(access(other))["status"] == "TRY_REFRESH_TOKEN"
    assert core.verify(access(other), prefix="/appid-a1")["status"] == "OK"


def test_header_without_version(core: Core) -> None:
    """Case 125: a token whose header names no version is read as the newest form."""
    created = core.create()

    async def signed() -> str:
        assert await core.service.run(stored_keys())
        plan = next(iter(core.service.apps)).keys.plan
        assert plan is not None
        assert plan.dynamic is not None
        return mint_jwt(claims(access(created)), plan.dynamic, issuer="", now=START, lifetime=60)

    async def stored_keys() -> bool:
        return bool(await ask(SigningKeyStore.load_signing_keys, PUBLIC_APP))

    token = core.run(signed())
    assert "version" not in header(token)
    assert core.verify(token)["session"]["userId"] == "ada"


def test_through_a_tenant(core: Core) -> None:
    """Case 126: version 5.6 verifies through the app alone."""
    created = core.create()
    assert core.verify(access(created), prefix="/t1")["status"] == "OK"
    body = {
        "accessToken": access(created),
        "doAntiCsrfCheck": False,
        "enableAntiCsrf": False,
        "checkDatabase": False,
    }
    refusal = core.post("/t1/recipe/session/verify", body, cdi=NEWEST).refusal
    assert refusal == (403, "Only public tenantId can call this app specific API")


def test_first_use_of_a_refreshed_token(core: Core) -> None:
    """Case 127: the first verification hands out a token without a parent; that one gets none."""
    refreshed = core.refresh(refresh_of(core.create()))
    answer = core.verify(access(refreshed))
    assert claims(access(answer))["parentRefreshTokenHash1"] is None
    again = core.verify(access(answer))
    assert again["status"] == "OK"
    assert "accessToken" not in again


def test_token_of_a_branch_that_lost(core: Core) -> None:
    """Case 128: the other branch's access token lives on until it is over, and gets nothing."""
    first = refresh_of(core.create())
    winner, loser = core.refresh(first), core.refresh(first)
    assert "accessToken" in core.verify(access(winner))
    answer = core.verify(access(loser))
    assert answer["status"] == "OK"
    assert "accessToken" not in answer
