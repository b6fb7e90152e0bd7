"""Conformance cases 83 to 90: signing out, the public documents, CORS, and what is not ours."""

from __future__ import annotations

import pytest

from segue.http.anti_csrf import AntiCsrfMode
from segue.http.routes import cors_headers
from tests.http.over_flows import LIFETIMES
from tests.http.world import LOCAL, Cases, Paths, header_of

SIGN_OUT = "/auth/signout"
JWKS = "/auth/jwt/jwks.json"
DISCOVERY = "/auth/.well-known/openid-configuration"


class RouteCases(Cases):
    """Cases 83 to 90."""

    @pytest.mark.parametrize("body", [b"", b"{}", b"text"])
    def test_case_83_sign_out(self, body: bytes) -> None:
        """case 83: signing out answers OK, takes the cookies away and deletes the session."""
        world = self.world()
        tokens = world.signed_in()
        reply = world.send("POST", SIGN_OUT, tokens.headers, body)
        assert (reply.status, reply.json) == (200, {"status": "OK"})
        assert reply.header("front-token") == "remove"
        assert reply.exposed == {"front-token"}
        assert reply.cookies["sAccessToken"].gone
        assert reply.cookies["sRefreshToken"].gone
        assert reply.cookies["sRefreshToken"].attributes["path"] == "/auth/session/refresh"
        assert reply.header("st-access-token") is None
        assert not world.exists(tokens.handle)

    def test_case_84_already_gone(self) -> None:
        """case 84: signing out of a session that is gone already is just as good."""
        world = self.world()
        tokens = world.signed_in()
        world.revoke(tokens.handle)
        reply = world.send("POST", SIGN_OUT, tokens.headers)
        assert (reply.status, reply.json) == (200, {"status": "OK"})
        assert reply.header("front-token") == "remove"

    def test_case_85_no_token(self) -> None:
        """case 85: without a session there is nothing to sign out of."""
        reply = self.world().send("POST", SIGN_OUT)
        assert (reply.status, reply.json) == (401, {"message": "unauthorised"})
        assert reply.session_headers == {}

    def test_sign_out_with_an_expired_token(self) -> None:
        """An expired token asks for a refresh first, and nothing is revoked."""
        world = self.world()
        tokens = world.signed_in()
        world.advance(LIFETIMES.access)
        reply = world.send("POST", SIGN_OUT, tokens.headers)
        assert (reply.status, reply.json) == (401, {"message": "try refresh token"})
        assert world.exists(tokens.handle)

    def test_sign_out_needs_proof(self) -> None:
        """Another site's form cannot sign anybody out."""
        world = self.world(anti_csrf=AntiCsrfMode.VIA_CUSTOM_HEADER)
        tokens = world.signed_in()
        assert world.send("POST", SIGN_OUT, tokens.headers).status == 401
        assert world.exists(tokens.handle)
        assert world.send("POST", SIGN_OUT, {**tokens.headers, "rid": "session"}).status == 200

    def test_case_86_by_header(self) -> None:
        """case 86: in header mode the headers are emptied and no cookie is touched."""
        reply_to = self.world()
        reply = reply_to.send("POST", SIGN_OUT, reply_to.signed_in("header").headers)
        assert (reply.header("st-access-token"), reply.header("st-refresh-token")) == ("", "")
        assert reply.header("front-token") == "remove"
        assert reply.exposed == {"front-token", "st-access-token", "st-refresh-token"}
        assert reply.cookies == {}

    def test_case_87_keys(self) -> None:
        """case 87: our public keys are for anyone, and for caches until the next key may come."""
        world = self.world()
        reply = world.send("GET", JWKS)
        assert reply.status == 200
        assert reply.header("access-control-allow-origin") == "*"
        assert reply.header("cache-control") == "max-age=60, must-revalidate"  # a new key's first minute
        kids = {key["kid"] for key in reply.json["keys"]}
        assert header_of(world.signed_in().access)["kid"] in kids
        assert {kid[:2] for kid in kids} == {"d-", "s-"}
        assert all("d" not in key for key in reply.json["keys"])

    @pytest.mark.parametrize("base", ["/auth", "/custom/a", ""])
    def test_case_88_discovery(self, base: str) -> None:
        """case 88: the discovery document names the issuer of our tokens and where their keys are."""
        world = self.world(api_base_path=base)
        reply = world.send("GET", f"{base}/.well-known/openid-configuration")
        issuer = f"{LOCAL}{base}"
        assert reply.json == {"issuer": issuer, "jwks_uri": f"{issuer}/jwt/jwks.json"}
        assert reply.header("access-control-allow-origin") == "*"
        assert world.send("GET", f"{base}/jwt/jwks.json").status == 200

    def test_case_89_cors(self) -> None:
        """case 89: the application's CORS layer learns which request headers front ends send."""
        assert cors_headers() == ("rid", "fdi-version", "anti-csrf", "authorization", "st-auth-mode")

    @pytest.mark.parametrize(
        ("method", "path"),
        [
            ("GET", "/auth/unknown"),
            ("GET", "/auth"),
            ("GET", "/auth/session/refresh"),
            ("POST", JWKS),
            ("POST", "/authsession/refresh"),
            ("POST", "/session/refresh"),
            ("POST", "/auth/a/b/session/refresh"),
            ("POST", "/auth/t_1/session/refresh"),
            ("POST", "/auth/session/refresh/more"),
            ("POST", "/AUTH/session/refresh"),
            ("GET", "/"),
        ],
    )
    def test_case_90_not_ours(self, method: str, path: str) -> None:
        """case 90: what is none of our routes is the application's."""
        reply = self.world().send(method, path)
        assert (reply.status, reply.json) == (404, {"message": "not here"})

    def test_answers_are_not_cached(self) -> None:
        """Answers about a session are for one client alone."""
        world = self.world()
        for reply in (world.refresh(world.signed_in()), world.send("GET", Paths.PRIVATE)):
            assert reply.header("cache-control") == "no-store"
            assert reply.header("content-type") == "application/json; charset=utf-8"
