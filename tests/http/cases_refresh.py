"""Conformance cases 64 to 82: new tokens for a refresh token, and what takes a session off the client."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from segue.http.anti_csrf import AntiCsrfMode
from segue.http.refresh import CLEARED_OLDER
from segue.http.transport import TransferMethod
from tests.http.over_flows import LIFETIMES
from tests.http.world import Cases, Paths, Reply, Tokens, World, claims_of, local, tokens_of

if TYPE_CHECKING:
    from collections.abc import Mapping

REFRESH = "/auth/session/refresh"
VIA_TOKEN = AntiCsrfMode.VIA_TOKEN
VIA_HEADER = AntiCsrfMode.VIA_CUSTOM_HEADER
by_both = pytest.mark.parametrize("mode", ["cookie", "header"])


def post(world: World, headers: Mapping[str, str] | None = None, body: bytes = b"") -> Reply:
    """A POST to the refresh route."""
    return world.send("POST", REFRESH, headers, body)


def bearing(text: str) -> dict[str, str]:
    """The header that carries a refresh token."""
    return {"authorization": f"Bearer {text}"}


def assert_signed_out(reply: Reply, message: str = "unauthorised") -> None:
    """Refused, and everything is taken off the client."""
    assert (reply.status, reply.json) == (401, {"message": message})
    reply.assert_cleared()


class RefreshCases(Cases):
    """Cases 64 to 82."""

    def test_case_64_by_cookie(self) -> None:
        """case 64: new cookies and a new front token for the same session."""
        world = self.world()
        tokens = world.signed_in()
        world.advance(timedelta(hours=2))
        reply = world.refresh(tokens)
        assert (reply.status, reply.json) == (200, {})
        fresh = tokens_of(reply)
        assert fresh.handle == tokens.handle
        assert fresh.refresh != tokens.refresh
        assert reply.exposed == {"front-token"}
        assert reply.header("st-access-token") is None
        old, new = claims_of(tokens.access), claims_of(fresh.access)
        assert reply.front["up"] == new
        assert new["iat"] == old["iat"] + 7200
        assert new["exp"] == old["exp"] + 7200
        assert reply.cookies["sRefreshToken"].attributes["path"] == REFRESH

    def test_case_65_by_header(self) -> None:
        """case 65: the same in headers, without cookies."""
        world = self.world()
        tokens = world.signed_in("header")
        reply = world.refresh(tokens)
        assert (reply.status, reply.json) == (200, {})
        assert tokens_of(reply).handle == tokens.handle
        assert reply.exposed == {"front-token", "st-access-token", "st-refresh-token"}
        assert reply.cookies == {}

    def test_case_66_by_both(self) -> None:
        """case 66: with two refresh tokens the header's counts, and the cookies go."""
        world = self.world()
        by_cookie, by_header = world.signed_in("cookie"), world.signed_in("header")
        reply = post(world, {**by_cookie.for_refresh, **by_header.for_refresh})
        assert reply.front["up"]["sessionHandle"] == by_header.handle
        assert all(cookie.gone for cookie in reply.cookies.values())
        assert len(reply.cookies) == 2
        assert reply.header("st-refresh-token")

    def test_bearer_of_another(self) -> None:
        """A previous provider's bearer, which a page may still add to every call, does not spoil a good cookie."""
        world = self.world()
        tokens = world.signed_in("cookie")
        reply = post(world, {**tokens.for_refresh, **bearing("eyJhbGciOiJSUzI1NiJ9.e30.c2lnbmF0dXJl")})
        assert reply.status == 200
        assert reply.front["up"]["sessionHandle"] == tokens.handle
        assert not reply.cookies["sRefreshToken"].gone
        assert reply.header("st-refresh-token") is None

    def test_bearer_and_cookie_of_another(self) -> None:
        """Where neither is ours, the refresh is refused as ever."""
        world = self.world()
        assert_signed_out(post(world, {"cookie": "sRefreshToken=abc", **bearing("eyJ.e30.abc")}))

    def test_more_cookies_than_are_read(self) -> None:
        """Cookies beyond what is read are no session; a refresh says so, and takes nothing off the client."""
        world = self.world()
        tokens = world.signed_in("cookie")
        many = {**tokens.for_refresh, "cookie": f"{tokens.for_refresh['cookie']}; {'a=;' * 30_000}"}
        reply = post(world, many)
        assert (reply.status, reply.json) == (401, {"message": "unauthorised"})
        assert reply.session_headers == {}
        assert world.send("GET", Paths.PRIVATE, many).status == 401
        assert world.send("GET", Paths.OPTIONAL, many).json == world.send("GET", Paths.OPTIONAL).json

    @pytest.mark.parametrize(
        "headers", [{}, {"st-auth-mode": "cookie"}, {"cookie": "sRefreshToken="}], ids=str
    )
    def test_case_67_nothing(self, headers: dict[str, str]) -> None:
        """case 67: a first-time visitor's refresh is refused without a question to the store."""
        world = self.world()
        world.asked.clear()
        assert_signed_out(post(world, headers))
        assert world.asked == []

    @pytest.mark.parametrize("later", [timedelta(0), timedelta(days=1)])
    def test_case_68_access_token_alone(self, later: timedelta) -> None:
        """case 68: an access token does not refresh, expired or not."""
        world = self.world()
        tokens = world.signed_in()
        world.advance(later)
        world.asked.clear()
        assert_signed_out(post(world, tokens.headers))
        assert world.asked == []

    @pytest.mark.parametrize("text", ["abc", "é", "a" * 2000, "....", "AAAA" * 32])
    @by_both
    def test_case_69_junk(self, mode: str, text: str) -> None:
        """case 69: what we did not make is refused, without a question to the store."""
        world = self.world()
        world.asked.clear()
        headers = bearing(text) if mode == "header" else {"cookie": f"sRefreshToken={text}"}
        assert_signed_out(post(world, headers))
        assert world.asked == []

    @by_both
    def test_case_69_unknown(self, mode: str) -> None:
        """case 69: a token of a session that is gone is refused in the same words."""
        world = self.world()
        tokens = world.signed_in(mode)
        world.revoke(tokens.handle)
        assert_signed_out(world.refresh(tokens))

    def test_case_70_expired(self) -> None:
        """case 70: the refresh token's own time ends at the instant that its cookie says."""
        world = self.world()
        first, second = world.signed_in(), world.signed_in()
        world.advance(LIFETIMES.refresh - timedelta(milliseconds=1))
        assert world.refresh(first).status == 200
        world.advance(timedelta(milliseconds=1))
        assert_signed_out(world.refresh(second))

    def test_case_71_custom_header(self) -> None:
        """case 71: a refresh by cookie without the custom header is refused for good, unasked."""
        world = self.world(anti_csrf=VIA_HEADER)
        tokens = world.signed_in()
        world.asked.clear()
        assert_signed_out(world.refresh(tokens))
        assert world.asked == []
        assert world.refresh(tokens, {"rid": ""}).status == 200
        assert world.refresh(world.signed_in("header")).status == 200

    def test_case_72_anti_csrf_token(self) -> None:
        """case 72: a refresh by cookie needs the right anti-CSRF token, and gets a new one."""
        world = self.world(anti_csrf=VIA_TOKEN)
        tokens = world.signed_in()
        assert tokens.anti_csrf is not None
        for wrong in ("", "x", "é", "null"):
            assert_signed_out(world.refresh(tokens, {"anti-csrf": wrong}))
        assert_signed_out(world.refresh(replace(tokens, anti_csrf=None)))
        reply = world.refresh(tokens)
        fresh = tokens_of(reply)
        assert reply.exposed == {"front-token", "anti-csrf"}
        assert fresh.anti_csrf not in {None, tokens.anti_csrf}
        assert claims_of(fresh.access)["antiCsrfToken"] == fresh.anti_csrf

    def test_case_73_session_without_anti_csrf(self) -> None:
        """case 73: a session from before the mode was switched on gets its token at the next refresh."""
        world = self.world()
        tokens = world.signed_in()
        world.reconfigure(local(anti_csrf=VIA_TOKEN))
        reply = world.refresh(tokens)
        assert reply.status == 200
        assert reply.header("anti-csrf")

    def test_anti_csrf_switched_off_and_on(self) -> None:
        """A session outlives the mode: no token while it is off, a new one when it is on again."""
        world = self.world(anti_csrf=VIA_TOKEN)
        tokens = world.signed_in()
        world.reconfigure(local())
        without = tokens_of(world.refresh(replace(tokens, anti_csrf=None)))
        assert without.anti_csrf is None
        world.reconfigure(local(anti_csrf=VIA_TOKEN))
        assert world.refresh(without).header("anti-csrf")

    @by_both
    def test_case_74_reuse(self, mode: str) -> None:
        """case 74: a refresh token that comes back late ends the session, and says so."""
        world = self.world()
        tokens = world.signed_in(mode)
        world.refresh(tokens)
        world.advance(LIFETIMES.grace)
        assert_signed_out(world.refresh(tokens), "token theft detected")
        assert not world.exists(tokens.handle)

    @by_both
    def test_lost_answer(self, mode: str) -> None:
        """Inside the grace window the same token buys the same successor again: nobody is signed out."""
        world = self.world(anti_csrf=VIA_TOKEN)
        tokens = world.signed_in(mode)
        first = tokens_of(world.refresh(tokens))
        world.advance(LIFETIMES.grace - timedelta(milliseconds=1))
        again = tokens_of(world.refresh(tokens))
        assert (again.refresh, again.anti_csrf) == (first.refresh, first.anti_csrf)
        assert world.refresh(first).status == 200

    def test_case_75_store_down(self) -> None:
        """case 75: a fault of ours takes nothing off the client; it is a 503 that may be tried again."""
        world = self.world()
        tokens = world.signed_in()
        world.break_store()
        reply = world.refresh(tokens)
        assert reply.status == 503
        assert reply.header("retry-after")
        assert reply.session_headers == {}
        assert world.send("GET", Paths.PRIVATE, tokens.headers).status == 200

    @pytest.mark.parametrize("name", ["sAccessToken", "sRefreshToken"])
    def test_case_76_doubled(self, name: str) -> None:
        """case 76: doubled cookies that nobody foresaw are our fault to mend: 500, nothing cleared."""
        world = self.world()
        reply = post(world, doubled(world.signed_in(), name))
        assert reply.status == 500
        assert reply.session_headers == {}

    @pytest.mark.parametrize("older", ["old.example.com", ""])
    @pytest.mark.parametrize(
        "names", [{"sAccessToken"}, {"sRefreshToken"}, {"sAccessToken", "sRefreshToken"}]
    )
    def test_case_77_older_domain(self, older: str, names: set[str]) -> None:
        """case 77: with the older domain known, its cookies go, and nothing is refreshed."""
        world = self.world(older_cookie_domain=older)
        tokens = world.signed_in()
        world.asked.clear()
        reply = post(world, doubled(tokens, *names))
        assert (reply.status, reply.json) == (200, {"message": CLEARED_OLDER})
        assert set(reply.cookies) == names
        for cookie in reply.cookies.values():
            assert cookie.gone
            assert cookie.attributes.get("domain", "") == older
        assert reply.header("front-token") is None
        assert world.asked == []
        assert world.refresh(tokens).status == 200

    def test_case_77_by_header_alone(self) -> None:
        """case 77: a deployment without cookies does not look at them."""
        world = self.world()
        tokens = world.signed_in("header")
        world.reconfigure(local(token_transfer=TransferMethod.HEADER))
        cookies = {"cookie": "sRefreshToken=a; sRefreshToken=b"}
        assert post(world, {**tokens.for_refresh, **cookies}).status == 200

    def test_case_78_old_cookie_on_get(self) -> None:
        """case 78: a cookie of very old back ends asks for a refresh."""
        world = self.world()
        tokens = world.signed_in()
        cookie = f"{tokens.headers['cookie']}; sIdRefreshToken=1"
        reply = world.send("GET", Paths.PRIVATE, {"cookie": cookie})
        assert (reply.status, reply.json) == (401, {"message": "try refresh token"})
        assert reply.session_headers == {}

    def test_case_78_old_cookie_on_refresh(self) -> None:
        """case 78: a refresh takes it away, whether it succeeds or not."""
        world = self.world()
        tokens = world.signed_in()
        reply = post(world, {"cookie": f"{tokens.for_refresh['cookie']}; sIdRefreshToken=1"})
        assert reply.status == 200
        assert reply.cookies["sIdRefreshToken"].gone
        assert not reply.cookies["sRefreshToken"].gone
        reply = post(world, {"cookie": "sIdRefreshToken=1"})
        assert_signed_out(reply)
        assert reply.cookies["sIdRefreshToken"].gone
        assert reply.cookies["sIdRefreshToken"].attributes["path"] == "/"

    @by_both
    def test_case_79_revoked_during_refresh(self, mode: str) -> None:
        """case 79: a session that ends in the response that refreshed it is taken off the client."""
        world = self.world()
        tokens = world.signed_in(mode)
        reply = world.send("POST", Paths.REFRESH_AND_LEAVE, {**tokens.for_refresh, "st-auth-mode": mode})
        assert reply.header("front-token") == "remove"
        if mode == "cookie":
            assert reply.cookies["sAccessToken"].gone
            assert reply.cookies["sRefreshToken"].gone
        else:
            assert (reply.header("st-access-token"), reply.header("st-refresh-token")) == ("", "")
        assert not world.exists(tokens.handle)

    @pytest.mark.parametrize(
        "path", ["/auth/public/session/refresh", "/auth/t1-x/session/refresh", f"{REFRESH}/"]
    )
    def test_case_80_tenant_in_the_path(self, path: str) -> None:
        """case 80: a tenant's name in the path, or a slash at its end, changes nothing."""
        world = self.world()
        tokens = world.signed_in()
        reply = world.send("POST", path, tokens.for_refresh)
        assert tokens_of(reply).handle == tokens.handle
        assert reply.cookies["sRefreshToken"].attributes["path"] == REFRESH

    @pytest.mark.parametrize("body", [b"{}", b"", b"text", b"\xff", b"[1"])
    def test_case_81_body(self, body: bytes) -> None:
        """case 81: the body of a refresh is nobody's concern."""
        world = self.world()
        assert post(world, world.signed_in().for_refresh, body).status == 200

    def test_case_82_changed_payload(self) -> None:
        """case 82: what was changed behind the client's back shows after the refresh."""
        world = self.world()
        tokens = world.signed_in(payload={"a": 1})
        world.put_payload(tokens.handle, {"b": 2})
        claims = claims_of(tokens_of(world.refresh(tokens)).access)
        assert claims["b"] == 2
        assert "a" not in claims

    @pytest.mark.parametrize("status", [401, 440])
    def test_configured_status(self, status: int) -> None:
        """The configured status stands for every refusal that makes a client refresh or forget."""
        world = self.world(session_expired_status=status)
        assert post(world).status == status
        assert world.send("GET", Paths.PRIVATE).status == status


def doubled(tokens: Tokens, *names: str) -> dict[str, Any]:
    """A refresh whose cookies of these names come twice."""
    both = {"sAccessToken": tokens.access, "sRefreshToken": tokens.refresh}
    pairs = [*both.items(), *((name, "other") for name in sorted(names))]
    return {"cookie": "; ".join(f"{name}={value}" for name, value in pairs)}
