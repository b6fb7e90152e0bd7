"""Conformance cases 54 to 63: what a route demands of a session beyond its being there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue.http.anti_csrf import AntiCsrfMode
from segue.ids import to_milliseconds
from segue.sessions.claims import ClaimFailure, ClaimRule, ClaimValidator, Rule, holds
from tests.http.over_flows import START
from tests.http.world import Cases, Paths, Setup, Tokens, World, claims_of, local

if TYPE_CHECKING:
    from segue.json import JsonObject, JsonValue

NOW = to_milliseconds(START)
VERIFIED = ClaimRule(claim="st-ev", rule=Rule.HAS_VALUE, expected=True)
EDITOR = ClaimRule(claim="st-role", rule=Rule.INCLUDES, expected="editor")


@dataclass(frozen=True, slots=True, kw_only=True)
class Never:
    """An application's own validator, which never holds and does not say why."""

    claim: str = "own"

    def wants_fetch(self, payload: JsonObject, *, now: datetime) -> bool:
        """Nothing to fetch."""
        return "sub" not in payload or now < START

    def judge(self, payload: JsonObject, *, now: datetime) -> ClaimFailure | None:
        """No, to every session there is."""
        return ClaimFailure(id=self.claim) if "sub" in payload and now >= START else None


class ClaimCases(Cases):
    """Cases 54 to 63."""

    def demanding(self, *validators: ClaimValidator, **claims: JsonValue) -> World:
        """A world whose route demands this, with a source that knows those."""
        return self.open(Setup(validators=validators, claims=dict(claims)))

    def test_case_54_wrong_value(self) -> None:
        """case 54: a failing validator is a 403 that names it and says why."""
        world = self.demanding(VERIFIED)
        tokens = world.signed_in(payload=claim("st-ev", value=False))
        reply = world.send("GET", Paths.CLAIMS, tokens.headers)
        assert reply.status == 403
        assert reply.json == {
            "message": "invalid claim",
            "claimValidationErrors": [
                {
                    "id": "st-ev",
                    "reason": {"message": "wrong value", "expectedValue": True, "actualValue": False},
                }
            ],
        }
        assert reply.session_headers == {}

    def test_case_55_two_failures(self) -> None:
        """case 55: all failures are listed, in the validators' order."""
        world = self.demanding(EDITOR, VERIFIED)
        reply = world.send("GET", Paths.CLAIMS, world.signed_in().headers)
        assert [failure["id"] for failure in reply.json["claimValidationErrors"]] == ["st-role", "st-ev"]

    def test_case_56_fetched(self) -> None:
        """case 56: a missing claim is fetched, judged, stored and shown."""
        world = self.demanding(VERIFIED, **{"st-ev": True})
        tokens = world.signed_in()
        reply = world.send("GET", Paths.CLAIMS, tokens.headers)
        assert reply.status == 200
        assert claims_of(reply.cookies["sAccessToken"].value)["st-ev"] == {"v": True, "t": NOW}
        assert reply.front["up"]["st-ev"] == {"v": True, "t": NOW}
        assert world.stored_payload(tokens.handle)["st-ev"] == {"v": True, "t": NOW}

    def test_case_47_no_echo(self) -> None:
        """case 47: a changed access token brings no anti-CSRF token to a client that sent none."""
        http = local(anti_csrf=AntiCsrfMode.VIA_TOKEN)
        world = self.open(Setup(http=http, validators=(VERIFIED,), claims={"st-ev": True}))
        reply = world.send("GET", Paths.CLAIMS, world.signed_in().headers)
        assert reply.header("front-token")
        assert reply.header("anti-csrf") is None

    def test_case_57_fetched_and_wrong(self) -> None:
        """case 57: a fetched value that fails is stored; the refusal carries nothing of it."""
        world = self.demanding(VERIFIED, **{"st-ev": False})
        tokens = world.signed_in()
        reply = world.send("GET", Paths.CLAIMS, tokens.headers)
        assert reply.status == 403
        assert reply.session_headers == {}
        assert world.stored_payload(tokens.handle)["st-ev"] == {"v": False, "t": NOW}

    def test_case_57_in_the_handler(self) -> None:
        """case 57: the same check inside the handler shows the new access token with the refusal."""
        world = self.demanding(VERIFIED, **{"st-ev": False})
        reply = world.send("GET", Paths.CLAIMS_LATER, world.signed_in().headers)
        assert reply.status == 403
        assert reply.json["claimValidationErrors"][0]["id"] == "st-ev"
        assert reply.front["up"]["st-ev"] == {"v": False, "t": NOW}
        assert claims_of(reply.cookies["sAccessToken"].value) == reply.front["up"]

    def test_case_58_nothing_to_fetch(self) -> None:
        """case 58: a source without an answer leaves the payload alone."""
        world = self.demanding(VERIFIED)
        tokens = world.signed_in()
        before = world.stored_payload(tokens.handle)
        reply = world.send("GET", Paths.CLAIMS, tokens.headers)
        assert reply.json["claimValidationErrors"] == [
            {"id": "st-ev", "reason": {"message": "value does not exist", "expectedValue": True}}
        ]
        assert world.stored_payload(tokens.handle) == before
        assert "update_session" not in world.asked

    def test_case_59_too_old(self) -> None:
        """case 59: a value older than its limit is fetched again; without a limit it is good for ever."""
        rule = ClaimRule(claim="st-ev", rule=Rule.HAS_VALUE, expected=True, max_age=timedelta(seconds=300))
        world = self.demanding(rule, **{"st-ev": True})
        tokens = world.signed_in(payload=claim("st-ev", value=True))
        world.advance(timedelta(seconds=300))
        assert world.send("GET", Paths.CLAIMS, tokens.headers).session_headers == {}
        world.advance(timedelta(seconds=1))
        reply = world.send("GET", Paths.CLAIMS, tokens.headers)
        assert reply.front["up"]["st-ev"]["t"] == NOW + 301_000
        world.setup.claims.clear()
        reply = world.send("GET", Paths.CLAIMS, tokens.headers)
        assert reply.json["claimValidationErrors"][0]["reason"] == {
            "message": "expired",
            "ageInSeconds": 301,
            "maxAgeInSeconds": 300,
        }
        world.setup.validators = (VERIFIED,)
        assert world.send("GET", Paths.CLAIMS, tokens.headers).session_headers == {}

    def test_case_60_no_reason(self) -> None:
        """case 60: a validator need not give a reason."""
        world = self.demanding(Never())
        reply = world.send("GET", Paths.CLAIMS, world.signed_in().headers)
        assert reply.json["claimValidationErrors"] == [{"id": "own"}]

    def test_case_61_none_demanded(self) -> None:
        """case 61: a route that demands nothing is not held up by what others demand."""
        world = self.demanding(VERIFIED)
        assert world.send("GET", Paths.PRIVATE, world.signed_in().headers).status == 200

    def test_case_62_sign_out(self) -> None:
        """case 62: signing out needs no claim."""
        world = self.demanding(VERIFIED)
        tokens: Tokens = world.signed_in()
        assert world.send("POST", "/auth/signout", tokens.headers).status == 200

    @pytest.mark.parametrize(
        ("rule", "expected", "holding", "failing"),
        [
            (Rule.INCLUDES, "a", [["a"], ["b", "a"]], [[], ["b"]]),
            (Rule.EXCLUDES, "a", [[], ["b"]], [["a"], ["b", "a"]]),
            (Rule.INCLUDES_ALL, ["a", "b"], [["a", "b"], ["b", "c", "a"]], [[], ["a"]]),
            (Rule.INCLUDES_ALL, [], [[], ["a"]], []),
            (Rule.INCLUDES_ANY, ["a", "b"], [["a"], ["c", "b"]], [[], ["c"]]),
            (Rule.INCLUDES_ANY, [], [], [[], ["a"]]),
            (Rule.EXCLUDES_ALL, ["a", "b"], [[], ["c"]], [["a"], ["c", "b"]]),
            (Rule.EXCLUDES_ALL, [], [[], ["a"]], []),
        ],
    )
    def test_case_63_lists(
        self, rule: Rule, expected: JsonValue, holding: list[JsonValue], failing: list[JsonValue]
    ) -> None:
        """case 63: each rule about lists, on empty ones too."""
        assert [holds(rule, value, expected) for value in holding] == [True] * len(holding)
        assert [holds(rule, value, expected) for value in failing] == [False] * len(failing)

    @pytest.mark.parametrize(
        ("value", "expected", "same"),
        [(1, True, False), (0, False, False), (1, 1.0, True), ("1", 1, False), ([1], [1], True)],
    )
    def test_equality_is_jsons(self, value: JsonValue, expected: JsonValue, same: bool) -> None:
        """In JSON, 1 is not true."""
        assert holds(Rule.HAS_VALUE, value, expected) is same
        assert holds(Rule.INCLUDES, [value], expected) is same

    @pytest.mark.parametrize("rule", [rule for rule in Rule if rule is not Rule.HAS_VALUE])
    def test_rule_about_lists_refuses_another_value(self, rule: Rule) -> None:
        """A claim that is no list never satisfies a rule about lists, not even one that excludes."""
        assert not holds(rule, "editor", "editor")
        assert not holds(rule, {"a": 1}, "b")


def claim(name: str, *, value: JsonValue) -> JsonObject:
    """A payload with one claim, fetched just now."""
    return {name: {"v": value, "t": NOW}}
