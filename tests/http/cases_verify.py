"""Conformance cases 23 to 53: who a request is from, and changing a session inside a request."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from segue.http.anti_csrf import AntiCsrfMode
from tests.http.over_flows import LIFETIMES
from tests.http.world import Cases, Paths, Reply, Tokens, World, claims_of, header_of, local, tokens_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from segue.json import JsonValue

VIA_TOKEN = AntiCsrfMode.VIA_TOKEN
VIA_HEADER = AntiCsrfMode.VIA_CUSTOM_HEADER
by_both = pytest.mark.parametrize("mode", ["cookie", "header"])


def assert_unauthorised(reply: Reply) -> None:
    """There is no session here, and nothing is said about any other."""
    assert (reply.status, reply.json) == (401, {"message": "unauthorised"})
    assert reply.session_headers == {}


def assert_try_refresh(reply: Reply) -> None:
    """There may be a session; nothing is taken away."""
    assert (reply.status, reply.json) == (401, {"message": "try refresh token"})
    assert reply.session_headers == {}


def get(world: World, tokens: Tokens, path: str = Paths.PRIVATE) -> Reply:
    """A GET with an access token."""
    return world.send("GET", path, tokens.headers)


def bearing(access: str) -> dict[str, str]:
    """The header that carries an access token."""
    return {"authorization": f"Bearer {access}"}


def merge(world: World, tokens: Tokens, changes: Mapping[str, Any]) -> Reply:
    """A POST whose handler merges into the payload."""
    return world.send("POST", Paths.MERGE, tokens.proven, json.dumps(changes).encode())


class VerifyCases(Cases):
    """Cases 23 to 48."""

    @by_both
    def test_case_23_valid(self, mode: str) -> None:
        """case 23: a valid token costs no question to the store and puts nothing on the answer."""
        world = self.world()
        tokens = world.signed_in(mode)
        world.asked.clear()
        reply = get(world, tokens)
        assert (reply.status, reply.json["session"]) == (200, tokens.handle)
        assert reply.session_headers == {}
        assert world.asked == []

    def test_case_24_nothing_sent(self) -> None:
        """case 24: without a token the answer is 401 and clears nothing."""
        assert_unauthorised(self.world().send("GET", Paths.PRIVATE))

    def test_case_25_optional(self) -> None:
        """case 25: where a session is optional, none is fine."""
        reply = self.world().send("GET", Paths.OPTIONAL)
        assert (reply.status, reply.json) == (200, {"session": None})

    @pytest.mark.parametrize("token", ["abc", "a.b.c", "eyJhbGciOiJub25lIn0.e30.", "é.é.é", "." * 9000])
    def test_case_26_other_bearer(self, token: str) -> None:
        """case 26: a bearer token that is none of ours does not count, and a cookie beside it does."""
        world = self.world()
        tokens = world.signed_in("cookie")
        assert get_with(world, {**tokens.headers, **bearing(token)}).json["session"] == tokens.handle
        assert_unauthorised(get_with(world, bearing(token)))
        assert world.send("GET", Paths.OPTIONAL, bearing(token)).json == {"session": None}

    def test_case_27_header_before_cookie(self) -> None:
        """case 27: of two sessions in one request, the header's counts."""
        world = self.world()
        by_cookie, by_header = world.signed_in("cookie"), world.signed_in("header")
        reply = get_with(world, {**by_cookie.headers, **by_header.headers})
        assert reply.json["session"] == by_header.handle

    @by_both
    def test_case_28_expired(self, mode: str) -> None:
        """case 28: an expired token asks for a refresh, also where a session is optional."""
        world = self.world()
        tokens = world.signed_in(mode)
        world.advance(LIFETIMES.access)
        assert_try_refresh(get(world, tokens))
        assert_try_refresh(get(world, tokens, Paths.OPTIONAL))

    @by_both
    def test_case_29_tampered(self, mode: str) -> None:
        """case 29: a changed token with the old signature asks for a refresh."""
        world = self.world()
        tokens, other = world.signed_in(mode), world.signed_in(mode)
        head, payload, _ = tokens.access.split(".")
        forged = ".".join((head, payload, other.access.split(".")[2]))
        assert_try_refresh(get_with(world, bearing(forged)))

    def test_case_30_unknown_key(self) -> None:
        """case 30: an unknown key id makes the keys be loaded once, then asks for a refresh."""
        world = self.world()
        claims = claims_of(world.signed_in().access)
        world.advance(timedelta(seconds=1))
        world.asked.clear()
        assert_try_refresh(get_with(world, bearing(world.sign({"kid": "d-1"}, claims))))
        assert world.asked.count("load_signing_keys") == 1

    def test_case_31_new_key(self) -> None:
        """case 31: a key that another instance made since is found."""
        world = self.world()
        access = world.rotate_keys_elsewhere()
        world.advance(timedelta(seconds=1))
        reply = get_with(world, bearing(access))
        assert (reply.status, reply.json["session"]) == (200, claims_of(access)["sessionHandle"])

    @by_both
    @pytest.mark.parametrize("static", [True, False])
    def test_case_32_kind_of_key(self, static: bool, mode: str) -> None:
        """case 32: after a change of the kind of key, one refresh brings a token of the new kind."""
        world = self.world(use_static_keys=not static)
        tokens = world.signed_in(mode)
        world.reconfigure(local(use_static_keys=static))
        assert_try_refresh(get(world, tokens))
        fresh = tokens_of(world.refresh(tokens))
        assert header_of(fresh.access)["kid"].startswith("s-" if static else "d-")
        assert get(world, fresh).status == 200
        changed = merge(world, fresh, {"a": 1})
        renewed = claims_of(changed.header("st-access-token") or changed.cookies["sAccessToken"].value)
        assert renewed["a"] == 1
        assert get(world, fresh).status == 200

    def test_case_33_not_a_session_token(self) -> None:
        """case 33: a JWT of ours without a session's claims is no token here."""
        world = self.world()
        access = world.sign({}, {"sub": "ada", "exp": 9_999_999_999, "iat": 1})
        assert_unauthorised(get_with(world, bearing(access)))
        assert world.send("GET", Paths.OPTIONAL, bearing(access)).json == {"session": None}

    @pytest.mark.parametrize(
        ("version", "missing", "accepted"),
        [
            ("3", {"tId", "rsub"}, True),
            ("4", {"rsub"}, True),
            ("5", set[str](), True),
            (None, {"tId", "rsub"}, True),
            (5, set[str](), False),
            ("6", set[str](), False),
            ("2", set[str](), False),
        ],
    )
    def test_case_34_versions(self, version: object, missing: set[str], accepted: bool) -> None:
        """case 34: versions 3 to 5 are read with the claims that they have; anything else is not our token."""
        world = self.world()
        claims = {k: v for k, v in claims_of(world.signed_in().access).items() if k not in missing}
        header: Any = {"version": version}
        reply = get_with(world, bearing(world.sign(header, claims)))
        if accepted:
            assert (reply.status, reply.json["userId"]) == (200, "ada")
        else:
            assert_unauthorised(reply)

    def test_case_35_nullable_claims_absent(self) -> None:
        """case 35: claims that may be null may also be absent."""
        world = self.world()
        claims = claims_of(world.signed_in().access)
        del claims["parentRefreshTokenHash1"], claims["antiCsrfToken"]
        assert get_with(world, bearing(world.sign({"version": "3"}, claims))).status == 200

    @pytest.mark.parametrize(
        ("kind", "accepted"), [(1, False), (True, False), ("0", False), (0, True), (None, True)]
    )
    def test_case_36_other_kind_of_token(self, kind: JsonValue, accepted: bool) -> None:
        """case 36: a token that says it is of another kind is no session token."""
        world = self.world()
        claims = {**claims_of(world.signed_in().access), "stt": kind}
        reply = get_with(world, bearing(world.sign({}, claims)))
        assert reply.status == 200 if accepted else reply.json == {"message": "unauthorised"}

    def test_case_37_anti_csrf_token(self) -> None:
        """case 37: with tokens against CSRF, a POST by cookie needs the right one."""
        world = self.world(anti_csrf=VIA_TOKEN)
        tokens = world.signed_in()
        assert_try_refresh(world.send("POST", Paths.PRIVATE, tokens.headers))
        for wrong in ("", "x", "é", "null"):
            assert_try_refresh(world.send("POST", Paths.PRIVATE, {**tokens.headers, "anti-csrf": wrong}))
        assert world.send("POST", Paths.PRIVATE, tokens.proven).status == 200

    def test_case_38_anti_csrf_on_get(self) -> None:
        """case 38: a GET needs no proof unless the route says so."""
        world = self.world(anti_csrf=VIA_TOKEN)
        tokens = world.signed_in()
        assert get(world, tokens).status == 200
        assert_try_refresh(get(world, tokens, Paths.PROVEN))
        assert world.send("GET", Paths.PROVEN, tokens.proven).status == 200

    def test_case_39_anti_csrf_by_header(self) -> None:
        """case 39: header mode needs no proof."""
        world = self.world(anti_csrf=VIA_TOKEN)
        assert world.send("POST", Paths.PRIVATE, world.signed_in("header").headers).status == 200

    def test_anti_csrf_token_missing_from_the_session(self) -> None:
        """A session from before the mode was switched on is asked to refresh, which hands out a token."""
        world = self.world()
        tokens = world.signed_in()
        world.reconfigure(local(anti_csrf=VIA_TOKEN))
        assert_try_refresh(world.send("POST", Paths.PRIVATE, {**tokens.headers, "anti-csrf": "null"}))
        fresh = tokens_of(world.refresh(tokens))
        assert world.send("POST", Paths.PRIVATE, fresh.proven).status == 200

    def test_case_40_custom_header(self) -> None:
        """case 40: with the custom header, a POST by cookie needs it, whatever its value; by header it does not."""
        world = self.world(anti_csrf=VIA_HEADER)
        tokens = world.signed_in()
        assert_try_refresh(world.send("POST", Paths.PRIVATE, tokens.headers))
        assert world.send("POST", Paths.PRIVATE, {**tokens.headers, "rid": ""}).status == 200
        assert world.send("POST", Paths.PRIVATE, {**tokens.headers, "rid": "anything"}).status == 200
        assert world.send("POST", Paths.PRIVATE, world.signed_in("header").headers).status == 200

    @pytest.mark.parametrize(
        ("website", "mode", "status"),
        [
            ("https://other.org", None, 401),
            ("https://www.example.com", None, 200),
            ("https://other.org", AntiCsrfMode.NONE, 200),
            ("https://www.example.com", AntiCsrfMode.NONE, 200),
        ],
    )
    def test_case_41_default(self, website: str, mode: AntiCsrfMode | None, status: int) -> None:
        """case 41: proof is demanded by default where cookies cross sites, and never if switched off."""
        world = self.world(api_domain="https://api.example.com", website_domain=website, anti_csrf=mode)
        assert world.send("POST", Paths.PRIVATE, world.signed_in().headers).status == status

    def test_case_42_no_token_no_proof(self) -> None:
        """case 42: without a token there is nothing to prove."""
        world = self.world(anti_csrf=VIA_HEADER)
        assert world.send("POST", Paths.OPTIONAL).json == {"session": None}

    def test_case_43_two_cookies(self) -> None:
        """case 43: two access tokens in cookies ask for a refresh; a header makes them irrelevant."""
        world = self.world()
        one, two, header = world.signed_in(), world.signed_in(), world.signed_in("header")
        doubled = {"cookie": f"sAccessToken={one.access}; sAccessToken={two.access}"}
        assert_try_refresh(get_with(world, doubled))
        assert_try_refresh(world.send("GET", Paths.OPTIONAL, doubled))
        assert get_with(world, {**doubled, **header.headers}).json["session"] == header.handle

    @pytest.mark.parametrize(
        "odd",
        [
            "%E0%A4%A=x",
            "a=%FF%FE",
            "=",
            ";;;",
            "novalue",
            'q="a;b"',
            "%73AccessTokenX=1",
            "a=b=c",
            "\xff=\xfe",
        ],
    )
    def test_case_44_odd_cookies(self, odd: str) -> None:
        """case 44: whatever else is in the cookie header, ours is found."""
        world = self.world()
        tokens = world.signed_in()
        for cookie in (f"{odd}; sAccessToken={tokens.access}", f"sAccessToken={tokens.access}; {odd}"):
            assert get_with(world, {"cookie": cookie}).json["session"] == tokens.handle
        assert_unauthorised(get_with(world, {"cookie": odd}))

    def test_case_44_encoded_cookie(self) -> None:
        """case 44: names and values may be percent-encoded or quoted."""
        world = self.world()
        access = world.signed_in().access
        for cookie in (f'sAccessToken="{access}"', f"sAccess%54oken={access.replace('.', '%2E')}"):
            assert get_with(world, {"cookie": cookie}).status == 200

    def test_case_45_session_removed(self) -> None:
        """case 45: a removed session's token lives on without the database, and not with it."""
        world = self.world()
        tokens = world.signed_in()
        world.revoke(tokens.handle)
        assert get(world, tokens).status == 200
        reply = get(world, tokens, Paths.STRICT)
        assert (reply.status, reply.json) == (401, {"message": "unauthorised"})
        reply.assert_cleared()

    @by_both
    def test_revoked_without_the_database(self, mode: str) -> None:
        """Once the feed of revocations has told, a revoked session's token is refused without asking the database."""
        world = self.world()
        tokens, other = world.signed_in(mode), world.signed_in(mode)
        world.revoke(tokens.handle)
        world.read_feed()
        world.asked.clear()
        reply = get(world, tokens)
        assert (reply.status, reply.json) == (401, {"message": "unauthorised"})
        reply.assert_cleared()
        assert get(world, other).status == 200
        assert world.asked == []

    def test_case_46_after_a_refresh(self) -> None:
        """case 46: a refreshed token is settled at once: no question to the store, nothing on the answer."""
        world = self.world()
        fresh = tokens_of(world.refresh(world.signed_in()))
        assert claims_of(fresh.access)["parentRefreshTokenHash1"] is None
        world.asked.clear()
        assert get(world, fresh).session_headers == {}
        assert world.asked == []

    def test_case_46_with_a_parent(self) -> None:
        """case 46: a token that names a parent, as other cores make them, is held against the store."""
        world = self.world()
        claims = claims_of(world.signed_in().access)
        access = world.sign({}, {**claims, "parentRefreshTokenHash1": "0" * 64})
        world.asked.clear()
        assert get_with(world, bearing(access)).status == 200
        assert world.asked == ["load_session"]
        stranger = world.sign(
            {}, {**claims, "parentRefreshTokenHash1": "0" * 64, "refreshTokenHash1": "1" * 64}
        )
        assert_try_refresh(get_with(world, bearing(stranger)))

    def test_case_47_echo(self) -> None:
        """case 47: with a changed access token the request's anti-CSRF token comes back, if there was one."""
        world = self.world(anti_csrf=VIA_TOKEN)
        tokens = world.signed_in()
        reply = merge(world, tokens, {"a": 1})
        assert reply.header("anti-csrf") == tokens.anti_csrf
        assert reply.exposed == {"front-token", "anti-csrf"}
        assert claims_of(reply.cookies["sAccessToken"].value)["antiCsrfToken"] == tokens.anti_csrf

    @pytest.mark.parametrize("method", ["OPTIONS", "TRACE"])
    def test_case_48_preflight(self, method: str) -> None:
        """case 48: a preflight is nobody's session."""
        assert self.world().send(method, Paths.PRIVATE).status == 200


def get_with(world: World, headers: Mapping[str, str]) -> Reply:
    """A GET of the private page."""
    return world.send("GET", Paths.PRIVATE, headers)


class ChangeCases(Cases):
    """Cases 49 to 53."""

    def test_case_49_merge(self) -> None:
        """case 49: a merge shows at once; expiry and other keys stay, the time of issue is fresh."""
        world = self.world()
        tokens = world.signed_in(payload={"kept": None, "b": [1]})
        before = claims_of(tokens.access)
        world.advance(timedelta(minutes=5))
        reply = merge(world, tokens, {"a": 1})
        assert set(reply.cookies) == {"sAccessToken"}
        after = claims_of(reply.cookies["sAccessToken"].value)
        assert reply.front["up"] == after
        assert reply.exposed == {"front-token"}
        assert after == {**before, "a": 1, "iat": before["iat"] + 300}

    def test_case_49_null_takes_away(self) -> None:
        """case 49: null removes a key, one level deep, and leaves other nulls alone."""
        world = self.world()
        tokens = world.signed_in("header", payload={"a": 1, "nothing": None, "deep": {"x": 1, "y": 2}})
        reply = merge(world, tokens, {"a": None, "deep": {"x": None}})
        after = claims_of(reply.header("st-access-token") or "")
        assert "a" not in after
        assert after["nothing"] is None
        assert after["deep"] == {"x": None}
        assert reply.cookies == {}

    def test_merge_keeps_what_was_stored_meanwhile(self) -> None:
        """A merge is made into the stored payload, not into what an older token remembers of it."""
        world = self.world()
        tokens = world.signed_in(payload={"role": "guest"})
        world.put_payload(tokens.handle, {"role": "member"})
        merge(world, tokens, {"a": 1})
        assert world.stored_payload(tokens.handle)["role"] == "member"

    def test_case_50_merge_into_nothing(self) -> None:
        """case 50: merging into a deleted session signs the client out."""
        world = self.world()
        tokens = world.signed_in()
        world.revoke(tokens.handle)
        reply = merge(world, tokens, {"a": 1})
        assert (reply.status, reply.json) == (401, {"message": "unauthorised"})
        reply.assert_cleared()

    def test_case_51_merge_too_late(self) -> None:
        """case 51: a merge when the token has just expired is stored and shows after the refresh."""
        world = self.world()
        tokens = world.signed_in()
        reply = merge(world, tokens, {"a": 1, "slow": True})
        assert reply.status == 200
        assert reply.session_headers == {}
        assert world.stored_payload(tokens.handle)["a"] == 1
        world.advance(LIFETIMES.access)
        assert claims_of(tokens_of(world.refresh(tokens)).access)["a"] == 1

    def test_case_52_protected_names(self) -> None:
        """case 52: protected names never reach the store, and do not change the token."""
        world = self.world()
        tokens = world.signed_in()
        reply = merge(world, tokens, {"sub": "eve", "exp": 9_999_999_999, "tId": "t", "iat": None, "a": 1})
        assert set(world.stored_payload(tokens.handle)) == {"a", "iss"}
        after = claims_of(reply.cookies["sAccessToken"].value)
        assert (after["sub"], after["tId"]) == ("ada", "public")
        assert after["exp"] == claims_of(tokens.access)["exp"]

    def test_case_53_leave_by_cookie(self) -> None:
        """case 53: ending the session inside a request takes its cookies away and deletes it."""
        world = self.world()
        tokens = world.signed_in()
        reply = world.send("POST", Paths.LEAVE, tokens.headers)
        assert reply.header("front-token") == "remove"
        assert {name: cookie.gone for name, cookie in reply.cookies.items()} == {
            "sAccessToken": True,
            "sRefreshToken": True,
        }
        assert reply.header("st-access-token") is None
        assert not world.exists(tokens.handle)

    def test_case_53_leave_by_header(self) -> None:
        """case 53: likewise in header mode, without touching cookies."""
        world = self.world()
        reply = world.send("POST", Paths.LEAVE, world.signed_in("header").headers)
        assert (reply.header("st-access-token"), reply.header("st-refresh-token")) == ("", "")
        assert reply.header("front-token") == "remove"
        assert reply.cookies == {}
