"""Conformance cases 1 to 22: what a new session puts on a response."""

from __future__ import annotations

import json
from datetime import timedelta
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING

import pytest

from segue.errors import ConfigurationError
from segue.http.anti_csrf import AntiCsrfMode
from tests.http.over_flows import LIFETIMES, START
from tests.http.world import LOCAL, WEBSITE, Cases, Paths, claims_of, header_of, local, tokens_of

if TYPE_CHECKING:
    from segue.json import JsonObject

SESSION_COOKIES = {"sAccessToken", "sRefreshToken"}


class CreateCases(Cases):
    """Cases 1 to 22."""

    def test_case_1_cookie_mode(self) -> None:
        """case 1: two HttpOnly cookies, each to its path, and an exposed front token; no token headers."""
        reply = self.world().sign_in("cookie")
        access, refresh = reply.cookies["sAccessToken"], reply.cookies["sRefreshToken"]
        assert access.attributes["path"] == "/"
        assert refresh.attributes["path"] == "/auth/session/refresh"
        assert "httponly" in access.attributes
        assert "httponly" in refresh.attributes
        year = parsedate_to_datetime(access.attributes["expires"]) - START
        assert abs(year - timedelta(days=365)) < timedelta(seconds=2)
        life = parsedate_to_datetime(refresh.attributes["expires"]) - START
        assert abs(life - LIFETIMES.refresh) < timedelta(seconds=2)
        assert reply.exposed == {"front-token"}
        assert reply.header("st-access-token") is None
        assert reply.header("st-refresh-token") is None

    @pytest.mark.parametrize(("mode", "room"), [("cookie", 2000), ("header", 4700)])
    def test_payload_that_does_not_fit(self, mode: str, room: int) -> None:
        """A payload whose token a browser or verification would drop is refused, and nothing changes for anybody."""
        world = self.world()
        tokens = world.signed_in(mode, payload={"a": "x" * room})
        body = json.dumps({"b": "x" * 1500}).encode()
        for _ in range(2):
            refused = world.send("POST", Paths.MERGE, tokens.proven, body)
            assert (refused.status, refused.session_headers) == (500, {})
            assert set(world.stored_payload(tokens.handle)) == {"a", "iss"}
            assert world.send("GET", Paths.PRIVATE, tokens.headers).status == 200
        refused = world.sign_in(mode, payload={"a": "x" * (room + 1500)})
        assert (refused.status, refused.session_headers) == (500, {})
        smaller = world.send("POST", Paths.MERGE, tokens.proven, json.dumps({"a": None, "b": 1}).encode())
        assert smaller.status == 200

    def test_case_2_header_mode(self) -> None:
        """case 2: three headers, all exposed; no cookie."""
        reply = self.world().sign_in("header")
        assert reply.exposed == {"front-token", "st-access-token", "st-refresh-token"}
        assert reply.header("st-access-token")
        assert reply.header("st-refresh-token")
        assert reply.front["uid"] == "ada"
        assert reply.cookies == {}

    def test_case_3_nothing_asked(self) -> None:
        """case 3: a client that does not say gets headers."""
        reply = self.world().sign_in(None)
        assert reply.header("st-access-token")
        assert reply.cookies == {}

    @pytest.mark.parametrize(
        ("asked", "by_cookie"), [("COOKIE", True), ("Cookie", True), ("garbage", False), ("", False)]
    )
    def test_case_4_spelling(self, asked: str, by_cookie: bool) -> None:
        """case 4: the mode is read without its case; garbage means headers."""
        assert bool(self.world().sign_in(asked).cookies) is by_cookie

    def test_case_5_anti_csrf_by_cookie(self) -> None:
        """case 5: the anti-CSRF token is sent, exposed and in the access token."""
        reply = self.world(anti_csrf=AntiCsrfMode.VIA_TOKEN).sign_in("cookie")
        assert reply.exposed == {"front-token", "anti-csrf"}
        assert reply.header("anti-csrf")
        assert claims_of(tokens_of(reply).access)["antiCsrfToken"] == reply.header("anti-csrf")

    def test_case_6_anti_csrf_by_header(self) -> None:
        """case 6: header mode needs no anti-CSRF token and gets none."""
        reply = self.world(anti_csrf=AntiCsrfMode.VIA_TOKEN).sign_in("header")
        assert reply.header("anti-csrf") is None
        assert claims_of(tokens_of(reply).access)["antiCsrfToken"] is None

    def test_case_7_cookies_in_the_way(self) -> None:
        """case 7: cookies of an earlier session go when the new one rides in headers."""
        reply = self.world().sign_in("header", headers={"cookie": "sAccessToken=old"})
        assert set(reply.cookies) == SESSION_COOKIES
        assert all(cookie.gone for cookie in reply.cookies.values())
        assert reply.front["uid"] == "ada"
        assert reply.header("st-access-token")

    @pytest.mark.parametrize("token", ["abc", "a.b.c", ""])
    def test_case_8_headers_in_the_way(self, token: str) -> None:
        """case 8: any bearer token makes the headers be emptied when the new session rides in cookies."""
        reply = self.world().sign_in("cookie", headers={"authorization": f"Bearer {token}"})
        assert reply.header("st-access-token") == ""
        assert reply.header("st-refresh-token") == ""
        assert reply.front["uid"] == "ada"
        assert not reply.cookies["sAccessToken"].gone

    def test_case_9_protected_names(self) -> None:
        """case 9: protected names in the payload are silently dropped."""
        asked: JsonObject = {
            "sub": "eve",
            "exp": 1,
            "iat": 1,
            "tId": "t",
            "rsub": "eve",
            "sessionHandle": "h",
            "refreshTokenHash1": "x",
            "parentRefreshTokenHash1": "x",
            "antiCsrfToken": "x",
            "stt": 1,
            "kept": True,
        }
        claims = claims_of(tokens_of(self.world().sign_in("header", payload=asked)).access)
        assert (claims["sub"], claims["rsub"], claims["tId"]) == ("ada", "ada", "public")
        assert claims["exp"] - claims["iat"] == LIFETIMES.access.total_seconds()
        assert claims["parentRefreshTokenHash1"] is None
        assert claims["antiCsrfToken"] is None
        assert "stt" not in claims
        assert claims["kept"] is True

    def test_case_10_any_json(self) -> None:
        """case 10: null and text of any script are kept in the access token and in the front token."""
        asked: JsonObject = {"nothing": None, "name": "Zoë 李 🦊", "deep": {"list": [1, None, "é"]}}
        reply = self.world().sign_in("cookie", payload=asked)
        claims = claims_of(tokens_of(reply).access)
        assert {name: claims[name] for name in asked} == asked
        assert {name: reply.front["up"][name] for name in asked} == asked

    def test_case_11_front_token(self) -> None:
        """case 11: the front token is padded standard base64 and shows exactly the access token."""
        reply = self.world().sign_in("cookie", payload={"role": "x" * 7})
        claims = claims_of(tokens_of(reply).access)
        assert set(reply.front) == {"uid", "ate", "up"}
        assert reply.front["uid"] == claims["sub"]
        assert reply.front["ate"] == claims["exp"] * 1000
        assert reply.front["up"] == claims
        assert claims["iat"] == int(START.timestamp())

    def test_case_12_issuer(self) -> None:
        """case 12: the issuer is ours whatever the caller says."""
        reply = self.world().sign_in("cookie", payload={"iss": "https://elsewhere.example"})
        assert claims_of(tokens_of(reply).access)["iss"] == f"{LOCAL}/auth"

    def test_case_13_cookies_that_would_be_dropped(self) -> None:
        """case 13: cookies that browsers would drop are a server error, headers still work."""
        world = self.world(api_domain="http://api.example.com", website_domain="http://other.org")
        assert world.sign_in("cookie").status == 500
        assert world.sign_in("cookie").session_headers == {}
        assert world.sign_in("header").status == 200

    def test_case_14_two_ports_of_localhost(self) -> None:
        """case 14: two ports of this machine are one site."""
        for cookie in self.world().sign_in("cookie").cookies.values():
            assert cookie.attributes["samesite"] == "Lax"
            assert "secure" not in cookie.attributes

    def test_case_15_two_sites(self) -> None:
        """case 15: across sites, cookies are SameSite=None and Secure."""
        world = self.world(api_domain="https://api.example.com", website_domain="https://other.org")
        for cookie in world.sign_in("cookie").cookies.values():
            assert cookie.attributes["samesite"] == "None"
            assert "secure" in cookie.attributes

    def test_case_16_two_schemes(self) -> None:
        """case 16: one site with two schemes is two sites to a browser."""
        world = self.world(api_domain="https://api.example.com", website_domain="http://example.com")
        for cookie in world.sign_in("cookie").cookies.values():
            assert cookie.attributes["samesite"] == "None"

    @pytest.mark.parametrize("domain", [".example.com", None])
    def test_case_17_domain(self, domain: str | None) -> None:
        """case 17: the configured domain is on both cookies, or on none."""
        world = self.world(
            api_domain="https://api.example.com", website_domain="https://example.com", cookie_domain=domain
        )
        for cookie in world.sign_in("cookie").cookies.values():
            assert cookie.attributes.get("domain") == domain

    @pytest.mark.parametrize(
        ("written", "api", "meant"),
        [
            ("https://Api.Example.com:80/x", "https://api.example.com", "api.example.com"),
            (".EXAMPLE.com", "https://api.example.com", ".example.com"),
            ("127.0.0.1", "http://127.0.0.1:8000", "127.0.0.1"),
            (".localhost", LOCAL, "localhost"),
        ],
    )
    def test_case_18_domain_as_written(self, written: str, api: str, meant: str) -> None:
        """case 18: a cookie's domain is understood as people write it."""
        world = self.world(api_domain=api, website_domain=api, cookie_domain=written)
        assert world.sign_in("cookie").cookies["sAccessToken"].attributes["domain"] == meant

    def test_case_19_exposed_access_token(self) -> None:
        """case 19: on demand, scripts see the access token beside its cookie, never the refresh token."""
        reply = self.world(expose_access_token=True).sign_in("cookie")
        assert reply.header("st-access-token") == reply.cookies["sAccessToken"].value
        assert reply.exposed == {"front-token", "st-access-token"}
        assert reply.header("st-refresh-token") is None

    def test_case_20_two_sessions_in_one_response(self) -> None:
        """case 20: of two sessions made in one response, only the last one's tokens are sent."""
        reply = self.world().sign_in("cookie", path=Paths.SIGN_IN_TWICE)
        assert set(reply.cookies) == SESSION_COOKIES
        assert reply.front["up"]["sessionHandle"] == tokens_of(reply).handle

    @pytest.mark.parametrize(
        ("settings", "path"),
        [
            ({"api_base_path": "/custom/a"}, "/custom/a/session/refresh"),
            ({"api_base_path": "custom/a/"}, "/custom/a/session/refresh"),
            ({"api_gateway_path": "/gate", "api_base_path": "/auth"}, "/gate/auth/session/refresh"),
            ({"api_base_path": "/"}, "/session/refresh"),
        ],
        ids=str,
    )
    def test_case_21_base_path(self, settings: dict[str, str], path: str) -> None:
        """case 21: the refresh token travels to the refresh route alone, wherever that is."""
        world = self.world(**settings)
        reply = world.sign_in("cookie")
        assert reply.cookies["sRefreshToken"].attributes["path"] == path
        assert world.send("POST", path, tokens_of(reply).for_refresh).status == 200

    def test_case_22_equal_statuses(self) -> None:
        """case 22: one status for two meanings is refused at start."""
        with pytest.raises(ConfigurationError, match="must differ"):
            local(session_expired_status=403)

    def test_session_is_not_replaced_in_the_store(self) -> None:
        """Signing in again in one browser makes a second session and leaves the first one alone."""
        world = self.world()
        first = world.signed_in()
        second = tokens_of(world.sign_in("cookie", headers=first.headers))
        assert second.handle != first.handle
        assert world.exists(first.handle)

    @pytest.mark.parametrize("kind", ["static", "dynamic"])
    def test_kind_of_key_is_stored(self, kind: str) -> None:
        """A session keeps the kind of key that the deployment used when it began."""
        world = self.world(use_static_keys=kind == "static")
        tokens = world.signed_in()
        assert world.kind_of_key(tokens.handle) == kind
        assert header_of(tokens.access)["kid"][0] == kind[0]

    def test_answer_is_the_applications(self) -> None:
        """Status and body of the answer that carries a new session are the application's."""
        reply = self.world().sign_in("cookie")
        assert reply.status == 200
        assert json.loads(reply.body)["status"] == "OK"
        assert WEBSITE not in reply.body.decode()
