"""
Conformance cases 145 to 154: refresh in version 5.6, where the token is replaced at once.

Where the reference makes a new successor for every replay inside the grace window, and kills the one before, ours hands
out the same one again: nobody who lost an answer is signed out by another who did not. Cases 146, 147 and 154 are
stated as they hold for us; every token that the reference would accept is accepted.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from segue.json import JsonObject
from tests.service.core.test_rotation_at_first_use import digest, present, row
from tests.service.core.world import NEWEST, START, Body, Core, access, claims, handle_of, refresh_of

SUBTYPE = "recentTokenReuseSubtype"
MILD: JsonObject = {"recent_token_reuse_behaviour": "UNAUTHORISED", "access_token_validity_jitter": 0}


def rotate(core: Core, token: str) -> Body:
    """Refresh as version 5.6 does."""
    return core.refresh(token, cdi=NEWEST)


def test_refresh(core: Core) -> None:
    """Case 145: the successor is in place at once, and the session has a new term."""
    created = core.create(cdi=NEWEST)
    core.pass_time(timedelta(minutes=5))
    refreshed = rotate(core, refresh_of(created))
    assert claims(access(refreshed))["parentRefreshTokenHash1"] is None
    stored = present(core, created)
    assert stored.family.current == digest(refresh_of(refreshed))
    assert stored.family.previous == digest(refresh_of(created))
    assert stored.family.rotated_at == START + timedelta(minutes=5)
    assert stored.expires_at == START + timedelta(minutes=144_005)


def test_replay_within_the_window(core: Core) -> None:
    """Case 146, ours: the same successor again, still alive; previous, instant and term stay as they were."""
    created = core.create(cdi=NEWEST)
    first = rotate(core, refresh_of(created))
    before = row(core, created)
    core.pass_time(timedelta(seconds=29))
    again = rotate(core, refresh_of(created))
    assert again["status"] == "OK"
    assert refresh_of(again) == refresh_of(first)
    assert row(core, created) == before


def test_successor_after_a_replay(core: Core) -> None:
    """Case 147, ours: what the first answer brought is no theft, for it is what the second one brought."""
    created = core.create(cdi=NEWEST)
    first = rotate(core, refresh_of(created))
    rotate(core, refresh_of(created))
    assert rotate(core, refresh_of(first))["status"] == "OK"


def test_sibling(core: Core) -> None:
    """Case 147: a child that another version made, whose parent was then replaced, is an orphaned branch."""
    created = core.create()
    child = core.refresh(refresh_of(created))
    rotate(core, refresh_of(created))
    answer = rotate(core, refresh_of(child))
    assert (answer["status"], answer[SUBTYPE]) == ("TOKEN_THEFT_DETECTED", "ORPHANED_BRANCH")
    assert answer["session"] == {"handle": handle_of(created), "userId": "ada", "recipeUserId": "ada"}
    assert row(core, created) is None


def test_replay_after_the_window(core: Core) -> None:
    """Case 148: after the window it is theft, and the session is gone."""
    created = core.create(cdi=NEWEST)
    rotate(core, refresh_of(created))
    core.pass_time(timedelta(seconds=31))
    answer = rotate(core, refresh_of(created))
    assert (answer["status"], answer[SUBTYPE]) == ("TOKEN_THEFT_DETECTED", "RECENT_PREV")
    assert row(core, created) is None


def test_replay_after_the_window_told_mildly(core: Core) -> None:
    """Case 148: where a setting says so it is an ended session, with its subtype; gone it is all the same."""
    mild = core.again(config=MILD)
    created = mild.create(cdi=NEWEST)
    rotate(mild, refresh_of(created))
    mild.pass_time(timedelta(seconds=31))
    assert rotate(mild, refresh_of(created)) == {
        "status": "UNAUTHORISED",
        "message": "refresh token reuse detected",
        SUBTYPE: "RECENT_PREV",
    }
    assert row(mild, created) is None


@pytest.mark.parametrize("config", [{}, MILD], ids=["theft", "mild"])
def test_two_generations_old(core: Core, config: JsonObject) -> None:
    """Case 149: an older token is theft whatever the setting."""
    other = core.again(config=config)
    created = other.create(cdi=NEWEST)
    rotate(other, refresh_of(rotate(other, refresh_of(created))))
    answer = rotate(other, refresh_of(created))
    assert (answer["status"], answer[SUBTYPE]) == ("TOKEN_THEFT_DETECTED", "STALE_LINEAGE")
    assert row(other, created) is None


def test_no_window(core: Core) -> None:
    """Case 150: with a window of nothing every replay is theft."""
    strict = core.again(config={"refresh_token_rotation_grace_period": 0})
    created = strict.create(cdi=NEWEST)
    rotate(strict, refresh_of(created))
    assert rotate(strict, refresh_of(created))[SUBTYPE] == "RECENT_PREV"


def test_child_of_an_older_version(core: Core) -> None:
    """Case 151: a child that 5.4 made is replaced by 5.6, and is then the one before."""
    created = core.create()
    child = core.refresh(refresh_of(created))
    answer = rotate(core, refresh_of(child))
    assert answer["status"] == "OK"
    stored = present(core, created)
    assert stored.family.previous == digest(refresh_of(child))
    assert stored.family.current == digest(refresh_of(answer))


def test_older_version_afterwards(core: Core) -> None:
    """Case 152: what 5.6 handed out is good for 5.4."""
    rotated = rotate(core, refresh_of(core.create(cdi=NEWEST)))
    assert core.refresh(refresh_of(rotated))["status"] == "OK"


def test_lineage(core: Core) -> None:
    """Case 153: the access token of the generation before is good, that of two before is not; unless nobody looks."""
    created = core.create(cdi=NEWEST)
    second = rotate(core, refresh_of(created))
    assert core.verify(access(created), cdi=NEWEST, checkDatabase=True)["status"] == "OK"
    rotate(core, refresh_of(second))
    assert core.verify(access(created), cdi=NEWEST, checkDatabase=True) == {
        "status": "UNAUTHORISED",
        "message": "rotated-out token branch; refresh required",
    }
    assert core.verify(access(created), cdi=NEWEST)["status"] == "OK"


def test_refreshes_at_once(core: Core) -> None:
    """Case 154, ours: all at once are answered with one and the same successor, so that nobody's is displaced."""
    created = core.create(cdi=NEWEST)
    body = {"refreshToken": refresh_of(created), "enableAntiCsrf": False, "useDynamicSigningKey": True}

    async def all_at_once() -> list[Body]:
        asked = (core.ask("POST", "/recipe/session/refresh", body, cdi=NEWEST) for _ in range(12))
        return [reply.json for reply in await asyncio.gather(*asked)]

    answers = core.run(all_at_once())
    assert {answer["status"] for answer in answers} == {"OK"}
    (successor,) = {refresh_of(answer) for answer in answers}
    assert present(core, created).family.current == digest(successor)
    assert rotate(core, successor)["status"] == "OK"


def test_setting_that_forces_it(core: Core) -> None:
    """A setting gives version 5.4 this rule, too: no parent is named, so its SDKs need not ask at the first use."""
    forced = core.again(config={"segue_rotate_at_refresh": True})
    created = forced.create()
    refreshed = forced.refresh(refresh_of(created))
    assert claims(access(refreshed))["parentRefreshTokenHash1"] is None
    assert refresh_of(forced.refresh(refresh_of(created))) == refresh_of(refreshed)
    forced.pass_time(timedelta(seconds=31))
    answer = forced.refresh(refresh_of(created))
    assert answer["status"] == "TOKEN_THEFT_DETECTED"
    assert SUBTYPE not in answer
    assert row(forced, created) is None
