"""Conformance cases 129 to 144: refresh in versions up to 5.5, where rotation waits for the first use."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from itertools import product
from typing import TYPE_CHECKING

import pytest

from segue.ids import PUBLIC_APP, SessionHandle
from tests.service.core.world import (
    NEWEST,
    START,
    Body,
    Core,
    access,
    claims,
    handle_of,
    header,
    milliseconds,
    refresh_of,
    sha,
)

if TYPE_CHECKING:
    from segue.sessions.model import Session

THEFT, OVER = "TOKEN_THEFT_DETECTED", "UNAUTHORISED"
TERM = timedelta(minutes=144_000)


def row(core: Core, created: Body) -> Session | None:
    """The session as stored."""
    return core.run(core.store.load_session(PUBLIC_APP, SessionHandle(handle_of(created))))


def present(core: Core, created: Body) -> Session:
    """The session as stored; it is there."""
    found = row(core, created)
    assert found is not None
    return found


def digest(refresh_token: str) -> bytes:
    """As the store knows a refresh token."""
    return bytes.fromhex(sha(sha(refresh_token)))


def test_refresh(core: Core) -> None:
    """Case 129: a child, whose access token names the parent; the row stays as it is."""
    created = core.create()
    before = row(core, created)
    core.pass_time(timedelta(minutes=5))
    refreshed = core.refresh(refresh_of(created))
    assert refresh_of(refreshed) != refresh_of(created)
    said = claims(access(refreshed))
    assert said["parentRefreshTokenHash1"] == sha(refresh_of(created))
    assert said["refreshTokenHash1"] == sha(refresh_of(refreshed))
    assert handle_of(refreshed) == handle_of(created)
    assert row(core, created) == before
    assert refreshed["refreshToken"]["expiry"] == milliseconds(START + timedelta(minutes=5) + TERM)


def test_lost_answers(core: Core) -> None:
    """Case 130: a parent may come as often as it likes, while no child is used."""
    first = refresh_of(core.create())
    answers = [core.refresh(first) for _ in range(3)]
    assert [answer["status"] for answer in answers] == ["OK"] * 3
    assert len({refresh_of(answer) for answer in answers}) == 3


def test_refreshes_at_once(core: Core) -> None:
    """Case 131: two at once are both answered."""
    first = refresh_of(core.create())
    body = {"refreshToken": first, "enableAntiCsrf": False, "useDynamicSigningKey": True}

    async def both() -> list[str]:
        replies = await asyncio.gather(*(core.ask("POST", "/recipe/session/refresh", body) for _ in range(2)))
        return [reply.json["status"] for reply in replies]

    assert core.run(both()) == ["OK", "OK"]


@pytest.mark.parametrize("used", ["verified", "refreshed"])
def test_parent_after_its_child_was_used(core: Core, used: str) -> None:
    """Case 132: once a child is in use its parent is theft; the session stands until the back end ends it."""
    created = core.create()
    child = core.refresh(refresh_of(created))
    if used == "verified":
        core.verify(access(child))
    else:
        core.refresh(refresh_of(child))
    assert core.refresh(refresh_of(created))["status"] == THEFT
    assert row(core, created) is not None


def test_sibling_after_the_other_was_used(core: Core) -> None:
    """Case 133: of two children the one that was not used first is theft."""
    first = refresh_of(core.create())
    one, other = core.refresh(first), core.refresh(first)
    core.verify(access(one))
    assert core.refresh(refresh_of(other))["status"] == THEFT


def test_child_that_is_itself_presented(core: Core) -> None:
    """Case 134: a child that comes for a refresh takes its parent's place, and the session a new term."""
    created = core.create()
    child = core.refresh(refresh_of(created))
    core.pass_time(timedelta(minutes=5))
    assert core.refresh(refresh_of(child))["status"] == "OK"
    stored = present(core, created)
    assert stored.family.current == digest(refresh_of(child))
    assert stored.family.previous == digest(refresh_of(created))
    assert stored.expires_at == START + timedelta(minutes=5) + TERM


def test_grandparent_verified(core: Core) -> None:
    """Case 135: the access token of two refreshes ago is good, and promotes nothing."""
    created = core.create()
    child = core.refresh(refresh_of(created))
    core.refresh(refresh_of(child))
    before = row(core, created)
    assert core.verify(access(created))["status"] == "OK"
    assert row(core, created) == before


def test_refresh_after_the_end(core: Core) -> None:
    """Case 136: when the row is over, so is the refresh token."""
    created = core.create()
    core.pass_time(TERM)
    assert core.refresh(refresh_of(created)) == {
        "status": OVER,
        "message": "Session missing in db or has expired",
    }


@pytest.mark.parametrize("cdi", ["2.21", "3.1", "5.4"])
def test_theft_names_the_session(core: Core, cdi: str) -> None:
    """Case 137: whose session it is, for the back end to end it."""
    created = core.create()
    core.verify(access(core.refresh(refresh_of(created))))
    assert core.refresh(refresh_of(created), cdi=cdi) == {
        "status": THEFT,
        "session": {"handle": handle_of(created), "userId": "ada", "recipeUserId": "ada"},
    }


@pytest.mark.parametrize("cdi", ["2.21", "5.4"])
def test_no_id_token(core: Core, cdi: str) -> None:
    """Case 138: since 2.21 there is no id refresh token; before, there was."""
    created = core.create()
    assert "idRefreshToken" not in core.refresh(refresh_of(created), cdi=cdi)
    assert "idRefreshToken" in core.refresh(refresh_of(created), cdi="2.20")


def test_kind_of_key_at_refresh(core: Core) -> None:
    """Case 139: demanded from 5.0 on, optional from 3.0 on, ignored before."""
    static = refresh_of(core.create(useDynamicSigningKey=False))
    body = {"refreshToken": static, "enableAntiCsrf": False}
    missing = (400, "Field name 'useDynamicSigningKey' is invalid in JSON input")
    assert core.post("/recipe/session/refresh", body, cdi="5.4").refusal == missing
    kept = core.post("/recipe/session/refresh", body, cdi="4.0").json
    assert header(access(kept))["kid"].startswith("s-")
    ignored = core.refresh(static, cdi="2.21", useDynamicSigningKey="what")
    assert header(access(ignored))["kid"].startswith("s-")


def test_change_of_the_kind_of_key(core: Core) -> None:
    """Case 140: a refresh changes the kind of key, and everything later follows."""
    created = core.create()
    refreshed = core.refresh(refresh_of(created), useDynamicSigningKey=False)
    assert header(access(refreshed))["kid"].startswith("s-")
    verified = core.verify(access(refreshed))
    assert header(access(verified))["kid"].startswith("s-")
    renewed = core.post("/recipe/session/regenerate", {"accessToken": access(verified)}).json
    assert header(access(renewed))["kid"].startswith("s-")


@pytest.mark.parametrize(
    ("old", "new", "form"), [("2.21", "5.4", "5"), ("2.20", "5.4", "5"), ("5.4", "3.1", "4")]
)
def test_change_of_version(core: Core, old: str, new: str, form: str) -> None:
    """Case 141: whoever refreshes gets the form of access token that it knows."""
    created = core.create(cdi=old)
    refreshed = core.refresh(refresh_of(created), cdi=new)
    assert header(access(refreshed))["version"] == form
    assert core.verify(access(refreshed), cdi=new)["status"] == "OK"


def test_old_payload_with_a_protected_name(core: Core) -> None:
    """Case 141: a payload that a newer form has no room for ends with the upgrade."""
    created = core.create(cdi="2.20", userDataInJWT={"sub": "mine"})
    answer = core.refresh(refresh_of(created))
    assert answer == {"status": OVER, "message": "The user payload contains protected field"}
    assert core.refresh(refresh_of(created), cdi="2.20")["status"] == "OK"


def test_anti_csrf_at_refresh(core: Core) -> None:
    """Case 142: an anti-CSRF token is demanded where one was handed out, and only while it is wanted."""
    issued = core.refresh(refresh_of(core.create()), enableAntiCsrf=True)
    token = issued["antiCsrfToken"]
    mismatch = {"status": OVER, "message": "Anti CSRF token missing, or not matching"}
    assert core.refresh(refresh_of(issued), enableAntiCsrf=True) == mismatch
    assert core.refresh(refresh_of(issued), enableAntiCsrf=True, antiCsrfToken="wrong") == mismatch
    assert core.refresh(refresh_of(issued), enableAntiCsrf=True, antiCsrfToken=token)["status"] == "OK"
    off = core.refresh(refresh_of(issued))
    assert "antiCsrfToken" not in off
    assert "antiCsrfToken" in core.refresh(refresh_of(off), enableAntiCsrf=True)


def test_refresh_in_another_app_or_tenant(core: Core) -> None:
    """Case 143: a refresh token is of its app; the path's tenant does not matter."""
    core.put("/recipe/multitenancy/app/v2", {"appId": "a1"})
    created = core.create()
    assert core.refresh(refresh_of(created), prefix="/appid-a1")["status"] == OVER
    assert core.refresh(refresh_of(created), prefix="/t1")["status"] == "OK"


@pytest.mark.parametrize("text", ["", "x", "a.b.V2", "ü", "x" * 100_000, "\x00" * 8])
def test_unreadable_token(core: Core, text: str) -> None:
    """Case 143: what is no refresh token is unauthorised, never theft."""
    body = {"refreshToken": text, "enableAntiCsrf": False, "useDynamicSigningKey": True}
    for anti_csrf in ({}, {"antiCsrfToken": text}):
        reply = core.post("/recipe/session/refresh", {**body, **anti_csrf})
        assert reply.json["status"] == OVER


@pytest.mark.parametrize("rounds", range(5))
def test_refresh_beside_removal(core: Core, rounds: int) -> None:
    """Case 144: a session that is ended beside a refresh is ended."""
    created = core.create()
    child = refresh_of(core.refresh(refresh_of(created)))
    refresh = {"refreshToken": child, "enableAntiCsrf": False, "useDynamicSigningKey": True}
    remove = {"sessionHandles": [handle_of(created)]}

    async def both() -> list[Body]:
        asked = [
            core.ask("POST", "/recipe/session/refresh", refresh),
            core.ask("POST", "/recipe/session/remove", remove),
        ]
        replies = await asyncio.gather(*(asked if rounds % 2 else reversed(asked)))
        return [reply.json for reply in replies]

    statuses = [answer["status"] for answer in core.run(both())]
    assert set(statuses) <= {"OK", OVER}
    assert row(core, created) is None
    assert core.refresh(child)["status"] == OVER


@pytest.mark.parametrize(("one", "other"), list(product(["2.20", "2.21", "3.1", "5.4"], repeat=2)))
def test_clients_of_many_versions(core: Core, one: str, other: str) -> None:
    """A session that clients of two versions use in turn stays one line."""
    token = refresh_of(core.create(cdi=one))
    for cdi in (other, one, other, NEWEST, one):
        answer = core.refresh(token, cdi=cdi)
        assert answer["status"] == "OK"
        token = refresh_of(answer)
